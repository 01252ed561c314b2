"""A registry whose worker reaches a real node through a bad network: what every fault is tried on.

    worker ──> proxy ──> anvil (--slots-in-an-epoch 1)        database: SQLite or PostgreSQL

Whoever looks from outside (the assertions, the test) asks the node itself.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from eth_utils.crypto import keccak
from sqlalchemy import Row, select
from web3 import Web3

from anchor_worker.cycle import Worker
from registry.adapters.database import open_engine, read_transaction
from registry.adapters.tables import attempt
from registry.settings import GWEI
from registry.store_ports import AnchorRecord, AnchorState
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anvil import Anvil, run_anvil
from tests.faults.proxy import FaultProxy, run_proxy

MAX_ROUNDS: Final = 8
"""An epoch needs two with finality between them; what was interrupted or blocked a few more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One registry, its node, and the network between them."""

    site: Site
    proxy: FaultProxy
    node_url: str
    """Of the node itself, which never lies."""

    def round(self, **changes: Any) -> None:  # noqa: ANN401  # any setting
        """Let a worker that was just started do one round."""
        self.site.run_once(**changes)

    @contextmanager
    def worker(self, **changes: Any) -> Iterator[Worker]:  # noqa: ANN401  # any setting
        """Open a worker."""
        with self.site.worker(**changes) as worker:
            yield worker

    def seal(self) -> None:
        """Seal what waits, and let nothing be sent."""
        with self.worker() as worker:
            worker.seal()

    def finish(self, **changes: Any) -> None:  # noqa: ANN401  # any setting
        """Let workers and blocks go on until everything is final and published."""
        for _ in range(MAX_ROUNDS):
            self.round(**changes)
            if self.is_done():
                return
            self.site.mine(BLOCKS_TO_FINALITY)
        raise AssertionError(f"still open after {MAX_ROUNDS} rounds: {self.anchor()}")

    def is_done(self) -> bool:
        """Tell whether nothing waits, is open or unpublished."""
        with self.site.store.read() as unit:
            newest = unit.epochs.newest()
            final = newest is None or unit.epochs.anchor(newest.number).state is AnchorState.FINAL
            return final and unit.epochs.waiting().credentials == 0 and unit.epochs.to_publish() == ()

    def anchor(self, epoch: int = 1) -> AnchorRecord:
        """Read where an anchor stands."""
        return self.site.anchor(epoch)

    def state(self, epoch: int = 1) -> AnchorState:
        """Read the state of an anchor."""
        return self.anchor(epoch).state

    def blocked_reason(self, epoch: int = 1) -> str:
        """Read the word for why an anchor is blocked; empty when it is not."""
        return (self.anchor(epoch).blocked_reason or "").partition(":")[0]

    def attempts(self, epoch: int = 1) -> list[Row[Any]]:  # Any: rows of all columns have no type
        """Read every signed transaction of an epoch, cheapest first."""
        return attempts_of(self.site.settings.database_url, epoch)

    def hold_blocks(self) -> None:
        """Let transactions wait in the pool until somebody asks for a block."""
        self.site.command("evm_setAutomine", False)

    def pooled(self) -> list[str]:
        """List the hashes of what waits in the node's pool."""
        content: Any = self.site.command("txpool_content")
        return [each["hash"] for kind in content.values() for nonces in kind.values() for each in nonces.values()]

    def send_raw(self, raw: bytes) -> None:
        """Let somebody send bytes to the node itself."""
        self.site.command("eth_sendRawTransaction", "0x" + raw.hex())

    def send_foreign(self, *, to: str, data: bytes = b"") -> str:
        """Let somebody else send a transaction with the anchoring account's key, and return its hash."""
        raw = self.sign_foreign(to=to, data=data)
        self.send_raw(raw)
        return hex_of(keccak(raw))

    def sign_foreign(self, *, to: str, data: bytes = b"", max_fee_gwei: int = 100, tip_gwei: int = 5) -> bytes:
        """Sign a transaction with the anchoring account's key, under its next nonce by the newest block."""
        signed = self.site.account.sign_transaction(
            {
                "chainId": self.site.log.name.chain_id,
                "nonce": self.site.web3.eth.get_transaction_count(self.site.account.address),
                "to": Web3.to_checksum_address(to),
                "data": data,
                "value": 0,
                "gas": 100_000,
                "maxFeePerGas": max_fee_gwei * GWEI,
                "maxPriorityFeePerGas": tip_gwei * GWEI,
            }
        )
        return bytes(signed.raw_transaction)


def attempts_of(database_url: str, epoch: int) -> list[Row[Any]]:  # Any: as above
    """Read every signed transaction of an epoch from a database, cheapest first."""
    engine = open_engine(database_url)
    try:
        with read_transaction(engine) as connection:
            rows = connection.execute(select(attempt).where(attempt.c.epoch == epoch)).all()
    finally:
        engine.dispose()
    return sorted(rows, key=lambda row: row.max_fee_wei)


@contextmanager
def world_on(node: Anvil, folder: Path, database_url: str) -> Iterator[World]:
    """Set a world up on a node."""
    with site_on_anvil(node.url, folder, database_url=database_url) as site, run_proxy(node.url) as proxy:
        settings = site.settings.model_copy(update={"rpc_urls": (proxy.url,)})
        yield World(site=replace(site, settings=settings), proxy=proxy, node_url=node.url)


@contextmanager
def fresh_world(folder: Path, database_url: str, *arguments: str) -> Iterator[World]:
    """Set a world up on a node of its own: it starts in a tenth of a second, and no test inherits another's chain."""
    with run_anvil(*ANVIL_ARGUMENTS, *arguments) as node, world_on(node, folder, database_url) as world:
        yield world


@contextmanager
def restarted(node: Anvil, how: signal.Signals, *arguments: str) -> Iterator[Anvil]:
    """End a node with a signal and start it again with these arguments, at the same address."""
    os.killpg(node.process.pid, how)
    node.process.wait()
    with run_anvil(*ANVIL_ARGUMENTS, *arguments, port=int(node.url.rpartition(":")[2])) as again:
        yield again


def hex_of(data: bytes | None) -> str:
    """Spell bytes as a node does."""
    return "0x" + (data or b"").hex()

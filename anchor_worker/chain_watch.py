"""Looking at the chain for those who watch: every node is asked the same few questions, now and then.

The worker observes the chain only while an anchor is open, and through one node. Whoever watches it wants to know all
the time whether each node answers, how far behind it is, and whether the account can pay. Nothing here decides anything.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from web3 import Web3

from registry.adapters.rpc import (
    block_parameter,
    connect,
    read_data,
    read_hash,
    read_member,
    read_quantity,
    read_time,
    request,
)
from registry.adapters.rpc_exchange import redact
from registry.domain.canonical import JsonValue
from registry.domain.errors import Unavailable
from registry.domain.log_name import LogName

WATCH_SECONDS: Final = 30.0
"""Two to three blocks of Ethereum; eight requests a node each time, a tenth of what an open anchor takes."""

ANCHOR_GAS: Final = 61_440
"""What an anchor is allowed: about 51,200, and a fifth more."""

_WORD_SIZE: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBlock:
    """A block as a node told it."""

    number: int
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFacts:
    """What one node said, all of it at its newest block."""

    head: SeenBlock
    finalized: SeenBlock | None
    base_fee_wei: int
    account: str
    """The one bound to our log, lower-case hex with 0x: whoever anchors, pays."""
    balance_wei: int
    nonce_latest: int
    nonce_finalized: int | None
    epochs: int
    """In our log."""

    @property
    def anchor_cost_wei(self) -> int:
        """What an anchor may cost at most, while the base fee is what it is."""
        return ANCHOR_GAS * 2 * self.base_fee_wei


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReport:
    """One node after a look at it."""

    place: str
    """Host and port: the rest of its address may be a key."""
    latency_seconds: float
    """Of the first question."""
    facts: ChainFacts | None
    """None when it gave no usable answer."""
    failure: str = ""
    """Why, in words."""
    failures: int = 0
    """Looks that failed, since the start."""


def place_of(url: str) -> str:
    """Return host and port of a node's address. Raises Malformed."""
    return urlsplit(redact(url)).netloc


def look(node: Web3, *, place: str, log: LogName, failures: int = 0) -> NodeReport:
    """Ask one node; what it fails to tell is part of the answer."""
    started = time.monotonic()
    try:
        latest = request(node, "eth_getBlockByNumber", ["latest", False])
        latency = time.monotonic() - started
        facts = _facts(node, log, latest)
    except Unavailable as error:
        passed = time.monotonic() - started
        return NodeReport(place=place, latency_seconds=passed, facts=None, failure=error.message, failures=failures + 1)
    return NodeReport(place=place, latency_seconds=latency, facts=facts, failures=failures)


class ChainWatch:
    """Looks at every node again and again, in a thread of its own: a node that hangs keeps nobody waiting."""

    def __init__(self, urls: Sequence[str], *, log: LogName, timeout_seconds: float) -> None:
        """Take connections of its own: the worker's are the worker's."""
        self._nodes = [(connect(url, timeout_seconds=timeout_seconds), place_of(url)) for url in urls]
        self._log = log
        self._stop = threading.Event()
        self.reports: tuple[NodeReport, ...] = ()
        """The newest of every node; replaced as a whole."""

    def look_at_all(self) -> None:
        """Look at every node once."""
        before = {report.place: report.failures for report in self.reports}
        self.reports = tuple(
            look(node, place=place, log=self._log, failures=before.get(place, 0)) for node, place in self._nodes
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look at once, and then every now and then until the block is left."""
        thread = threading.Thread(target=self._run, name="chain-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            # Not waited for: it may be in the middle of a question, and holds nothing.
            self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look_at_all()
            self._stop.wait(WATCH_SECONDS)


def _facts(node: Web3, log: LogName, latest: JsonValue) -> ChainFacts:
    at = block_parameter(read_hash(read_member(latest, "hash"), where="head hash"))
    finalized = request(node, "eth_getBlockByNumber", ["finalized", False])
    account = f"0x{_view(node, log, 'anchorerOf(uint256)', at):040x}"
    final = None if finalized is None else _block(finalized)
    return ChainFacts(
        head=_block(latest),
        finalized=final,
        base_fee_wei=read_quantity(read_member(latest, "baseFeePerGas"), where="base fee"),
        account=account,
        balance_wei=read_quantity(request(node, "eth_getBalance", [account, at]), where="balance"),
        nonce_latest=_nonce(node, account, at),
        nonce_finalized=None if final is None else _nonce(node, account, hex(final.number)),
        epochs=_view(node, log, "latestEpoch(uint256)", at),
    )


def _block(block: JsonValue) -> SeenBlock:
    return SeenBlock(
        number=read_quantity(read_member(block, "number"), where="block number"),
        time=read_time(read_member(block, "timestamp"), where="block time"),
    )


def _nonce(node: Web3, account: str, at: JsonValue) -> int:
    return read_quantity(request(node, "eth_getTransactionCount", [account, at]), where="nonce")


def _view(node: Web3, log: LogName, signature: str, at: JsonValue) -> int:
    calldata = Web3.keccak(text=signature)[:4] + log.number.to_bytes(_WORD_SIZE, "big")
    call: JsonValue = {"to": log.contract, "data": "0x" + calldata.hex()}
    answer = read_data(request(node, "eth_call", [call, at]), where=signature)
    if len(answer) != _WORD_SIZE:
        raise Unavailable("rpc-answer", f"the node's answer for {signature} is not 32 bytes: no contract of ours?")
    return int.from_bytes(answer, "big")

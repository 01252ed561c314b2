"""A registry with a database, a log on a real chain and an anchoring account: what a worker needs to run."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.types import BlockIdentifier

from anchor_worker.cycle import Worker
from anchor_worker.wiring import opened_worker
from registry.adapters.artifacts import load_artifact
from registry.adapters.deployment import deploy, identify_chain, open_log
from registry.adapters.networks import Network
from registry.adapters.rpc import connect, request
from registry.adapters.sql_store import SqlStore
from registry.devchain.accounts import development_accounts
from registry.domain.canonical import JsonValue
from registry.settings import Settings
from registry.store_ports import AnchorRecord, LogRecord
from tests.anvil import ANVIL_CHAIN_ID, ANVIL_KEYS
from tests.store_samples import NOW, Tenant, add_tenant, issue, opened_store

ARTIFACT: Final = load_artifact()
BLOCKS_TO_FINALITY: Final = 2
# anvil --slots-in-an-epoch 1: a block is finalized when two more stand on it.
ANVIL_ARGUMENTS: Final = ("--slots-in-an-epoch", "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One registry."""

    store: SqlStore
    web3: Web3
    account: LocalAccount
    log: LogRecord
    folder: Path
    settings: Settings
    tenant: Tenant

    @property
    def published(self) -> Path:
        """The folder of published files."""
        return self.settings.published_dir

    @property
    def environment(self) -> dict[str, str]:
        """The same settings for a process of its own."""
        names = ("database_url", "published_dir", "anchor_key_file", "seal_after_seconds", "poll_seconds")
        given = {f"CREDROOT_{name.upper()}": str(getattr(self.settings, name)) for name in names}
        return {**os.environ, **given, "CREDROOT_RPC_URLS": ",".join(self.settings.rpc_urls)}

    @contextmanager
    def worker(self, **changes: Any) -> Iterator[Worker]:  # noqa: ANN401  # any setting
        """Open a worker; two of them know nothing of each other."""
        with opened_worker(self.settings.model_copy(update=changes)) as worker:
            yield worker

    def run_once(self, **changes: Any) -> None:  # noqa: ANN401  # any setting
        """Let a worker that was just started do one round."""
        with self.worker(**changes) as worker:
            worker.run_once()

    def issue(self, count: int = 1) -> None:
        """Let credentials wait."""
        issue(self.store, self.tenant, count)

    def anchor(self, epoch: int) -> AnchorRecord:
        """Read where an anchor stands."""
        with self.store.read() as unit:
            return unit.epochs.anchor(epoch)

    def root_on_chain(self, epoch: int, block: BlockIdentifier = "finalized") -> bytes:
        """Ask the contract."""
        contract = self.web3.eth.contract(address=Web3.to_checksum_address(ARTIFACT.address), abi=ARTIFACT.abi)
        return bytes(contract.functions.rootAt(self.log.name.number, epoch).call(block_identifier=block))

    def epochs_on_chain(self) -> int:
        """Ask the contract."""
        contract = self.web3.eth.contract(address=Web3.to_checksum_address(ARTIFACT.address), abi=ARTIFACT.abi)
        return int(contract.functions.latestEpoch(self.log.name.number).call())

    def command(self, method: str, *parameters: JsonValue) -> JsonValue:
        """Make a test node do what only a test node does."""
        return request(self.web3, method, list(parameters))

    def mine(self, blocks: int = 1) -> None:
        """Make empty blocks, or such with what waits."""
        for _ in range(blocks):
            self.command("evm_mine")


@contextmanager
def site_on(
    url: str,
    *,
    chain_id: int,
    account: LocalAccount,
    folder: Path,
    database_url: str,
    settings: Mapping[str, Any] | None = None,
    blocks_to_finality: int = 0,
) -> Iterator[Site]:
    """Deploy the contract if need be, open a log for the account, and set a registry up with one issuer."""
    web3 = connect(url)
    network = Network(name="test", chain_id=chain_id, genesis_hash=None)
    deploy(web3, account, artifact=ARTIFACT, network=network)
    opened = open_log(web3, account, artifact=ARTIFACT, network=network)
    for _ in range(blocks_to_finality):
        request(web3, "evm_mine", [])
    key_file = folder / "anchor.key"
    key_file.touch(mode=0o600)
    key_file.write_text(bytes(account.key).hex())
    with opened_store(database_url) as store:
        record = LogRecord(
            name=opened.name,
            genesis_hash=identify_chain(web3, network),
            deploy_block=opened.block_number or 0,
            created_at=NOW,
        )
        with store.write() as unit:
            unit.access.set_log(record)
        yield Site(
            store=store,
            web3=web3,
            account=account,
            log=record,
            folder=folder,
            settings=Settings(
                database_url=database_url,
                rpc_urls=(url,),
                published_dir=folder / "published",
                anchor_key_file=key_file,
                seal_after_seconds=0.0,
                poll_seconds=0.1,
                **(settings or {}),
            ),
            tenant=add_tenant(store, "north"),
        )


@contextmanager
def site_on_anvil(url: str, folder: Path, **options: Any) -> Iterator[Site]:  # noqa: ANN401  # of site_on
    """Set a registry up on anvil, its log final."""
    account: LocalAccount = Account.from_key(ANVIL_KEYS[0])
    with site_on(
        url,
        chain_id=ANVIL_CHAIN_ID,
        account=account,
        folder=folder,
        database_url=options.pop("database_url", f"sqlite:///{folder / 'registry.db'}"),
        blocks_to_finality=BLOCKS_TO_FINALITY,
        **options,
    ) as site:
        yield site


def funded_account(url: str, chain_id: int) -> LocalAccount:
    """Make an account of its own on a development chain, with ten ether of no value."""
    web3, bank = connect(url), development_accounts()[0]
    account: LocalAccount = Account.create()
    signed = bank.sign_transaction(
        {
            "chainId": chain_id,
            "nonce": web3.eth.get_transaction_count(bank.address),
            "to": account.address,
            "value": 10**19,
            "gas": 21_000,
            "maxFeePerGas": 10**11,
            "maxPriorityFeePerGas": 10**9,
        }
    )
    web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(signed.raw_transaction))
    return account

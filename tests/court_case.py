"""A registry under a court on anvil: its log with a bond and a promise key, and somebody who looks for its fraud."""

import io
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.types import RPCEndpoint, TxReceipt, Wei

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.adapters.calls import Call, Caller
from registry.adapters.court import court_address, encode_call, name_refusal, read_marks, read_number
from registry.adapters.deployment import deploy
from registry.adapters.networks import Network
from registry.adapters.rpc import connect
from registry.cli import main as credroot
from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.fraud import Fraud, Mark, parse_fraud
from registry.domain.hashing import Digest
from registry.domain.promise import Promise
from scripts import answer_challenge, prove_fraud
from tests.anvil import ANVIL_CHAIN_ID, ANVIL_KEYS, run_anvil
from tests.audit_world import Outcome, call_script
from tests.epochs import Issued, World, build_world
from tests.frauds import PROMISE_KEY, promise
from tests.node_chain import NodeChain, node_chain

BOND_WEI: Final = 10**18
FUNDS_WEI: Final = 100 * 10**18
DAY: Final = 86_400
GAS_LIMIT: Final = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtNode:
    """A chain with the anchor log and the court on it."""

    url: str
    web3: Web3

    def new_account(self) -> LocalAccount:
        """Return an account with funds."""
        account: LocalAccount = Account.from_key(secrets.token_bytes(32))
        self.command("anvil_setBalance", account.address, hex(FUNDS_WEI))
        return account

    def command(self, method: str, *parameters: object) -> None:
        """Tell the node to do something that only test nodes do."""
        answer = self.web3.provider.make_request(RPCEndpoint(method), list(parameters))
        assert "error" not in answer, answer

    def settle(self) -> None:
        """Make what was mined final."""
        for _ in range(4):
            self.command("evm_mine")

    def pass_time(self, *, days: int) -> None:
        """Move the chain's clock on."""
        self.command("evm_increaseTime", days * DAY)
        self.settle()

    def now(self) -> datetime:
        """Return the time of the newest block."""
        return datetime.fromtimestamp(self.web3.eth.get_block("latest")["timestamp"], UTC)

    def send(self, account: LocalAccount, *, to: str, data: bytes, value: int = 0) -> TxReceipt:
        """Send a transaction and return its transaction receipt, reverted or not."""
        signed = account.sign_transaction(
            {
                "chainId": ANVIL_CHAIN_ID,
                "nonce": self.web3.eth.get_transaction_count(account.address),
                "to": Web3.to_checksum_address(to),
                "data": data,
                "value": Wei(value),
                "gas": GAS_LIMIT,
                "maxPriorityFeePerGas": 10**9,
                "maxFeePerGas": 10 * 10**9,
            }
        )
        sent = self.web3.eth.send_raw_transaction(signed.raw_transaction)
        return self.web3.eth.wait_for_transaction_receipt(sent, timeout=30, poll_latency=0.02)

    def court(self, account: LocalAccount, function: str, *arguments: object, value: int = 0) -> None:
        """Send a call to the court that must not revert."""
        done = self.send(account, to=court_address(), data=encode_call(function, *arguments), value=value)
        assert done["status"] == 1, function

    def refusal(self, data: bytes, *, value: int = 0) -> str | None:
        """Return the name of the error that the court reverts a call with, None when it does not revert."""
        call = Call(contract=court_address(), data=data, value_wei=value)
        refused = Caller(self.url, Account.from_key(ANVIL_KEYS[0]), chain_id=ANVIL_CHAIN_ID).try_call(call)
        return None if refused is None else (name_refusal(refused.data) or refused.data.hex()).split("(")[0]

    def ask(self, function: str, *arguments: object) -> bytes:
        """Ask the court at the newest block."""
        return bytes(
            self.web3.eth.call(
                {"to": Web3.to_checksum_address(court_address()), "data": encode_call(function, *arguments)}
            )
        )

    def held_wei(self) -> int:
        """Return what the court holds."""
        return self.web3.eth.get_balance(Web3.to_checksum_address(court_address()))


@contextmanager
def serve_court() -> Iterator[CourtNode]:
    """Run a node with both contracts until the block is left."""
    with run_anvil("--slots-in-an-epoch", "1") as anvil:
        web3 = connect(anvil.url)
        network = Network(name="test", chain_id=ANVIL_CHAIN_ID, genesis_hash=None)
        for artifact in (load_artifact(), load_artifact(FRAUD_COURT)):
            deploy(web3, Account.from_key(ANVIL_KEYS[0]), artifact=artifact, network=network)
        yield CourtNode(url=anvil.url, web3=web3)


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtCase:
    """A registry with a bond, and a reporter with an account of its own."""

    node: CourtNode
    chain: NodeChain
    world: World
    folder: Path
    reporter: LocalAccount

    @property
    def owner(self) -> LocalAccount:
        """The owner of the log, who anchors too."""
        return self.chain.account

    @property
    def published(self) -> Path:
        """The published folder."""
        return self.folder / "published"

    @property
    def evidence(self) -> Path:
        """Where evidence is written."""
        return self.folder / "evidence"

    @property
    def key_file(self) -> Path:
        """The reporter's key."""
        return self.folder / "reporter.key"

    def publish(self) -> None:
        """Publish all epochs and make them final."""
        self.world.publish(self.published)
        self.node.settle()

    def prove(self, *more: object, published: bool = True) -> Outcome:
        """Run the search."""
        return call_script(prove_fraud.main, *self._arguments(published), "--evidence", self.evidence, *more)

    def report(self, *more: object, published: bool = True) -> Outcome:
        """Run the search, report what it finds and collect what is due."""
        done = self.prove("--report", "--collect", "--key-file", self.key_file, *more, published=published)
        self.node.settle()
        return done

    def answer(self, *more: object) -> Outcome:
        """Answer the open challenges, as anybody may."""
        done = call_script(
            answer_challenge.main, *self._arguments(published=True), "--answer", "--key-file", self.key_file, *more
        )
        self.node.settle()
        return done

    def _arguments(self, published: bool) -> tuple[object, ...]:
        files = ("--published", self.published) if published else ()
        return ("--rpc", self.node.url, "--log", self.world.log, *files)

    def found(self) -> list[Fraud]:
        """Read the evidence files that were written."""
        return [parse_fraud(parse_object(file.read_bytes())) for file in sorted(self.evidence.glob("*.json"))]

    def marks(self) -> tuple[Mark, ...]:
        """Return the marks of the log."""
        return read_marks(self.node.ask("marksOf", self.world.log.number))

    def bond_wei(self) -> int:
        """Return the bond of the log."""
        return int.from_bytes(self.node.ask("stakeOf", self.world.log.number)[:32], "big")

    def stake_wei(self) -> int:
        """Return the smallest stake of a challenge."""
        return read_number("minimumStake", self.node.ask("minimumStake"))

    def balance_wei(self) -> int:
        """Return what the reporter has."""
        return self.node.web3.eth.get_balance(self.reporter.address)

    def transactions(self) -> int:
        """Return how many transactions the reporter has sent."""
        return self.node.web3.eth.get_transaction_count(self.reporter.address)

    def promise(self, *, leaf: Digest | None = None, slot: int, epoch: int, days: int = 8) -> Promise:
        """Sign a promise of the registry."""
        deadline = self.node.now() + timedelta(days=days)
        return promise(self.world.log, leaf=leaf, slot=slot, epoch=epoch, deadline=deadline)

    def write(self, name: str, document: JsonObject) -> Path:
        """Write a receipt, promise or credential."""
        file = self.folder / f"{name}.json"
        file.write_bytes(canonicalize(document))
        return file

    def receipt(self, issued: Issued) -> Path:
        """Write a credential's receipt, with its status in its own epoch."""
        own = self.world.find(issued)[0].manifest.epoch
        return self.write(f"receipt-{issued.slot}-{own}", self.world.receipt(issued, status_epoch=own).to_json())

    def verify(self, issued: Issued) -> Any:  # noqa: ANN401  any JSON; each test knows its form
        """Run `credroot verify` and return the verdict it prints."""
        credential = self.write("credential", issued.document)
        receipt = self.write("receipt", self.world.receipt(issued).to_json())
        output = io.StringIO()
        with redirect_stdout(output):
            credroot.main(["verify", str(credential), "--receipt", str(receipt), "--rpc", self.node.url, "--json"])
        return json.loads(output.getvalue())


def court_case(node: CourtNode, folder: Path) -> CourtCase:
    """Open a log, post its bond and register its promise key."""
    owner, reporter = node.new_account(), node.new_account()
    chain = node_chain(node.url, owner, chain_id=ANVIL_CHAIN_ID)
    node.court(owner, "postBond", chain.log.number, value=BOND_WEI)
    node.court(owner, "registerKey", chain.log.number, PROMISE_KEY.address)
    case = CourtCase(node=node, chain=chain, world=build_world(chain), folder=folder, reporter=reporter)
    case.key_file.write_text(reporter.key.hex(), encoding="ascii")
    case.key_file.chmod(0o600)
    return case

"""Worlds for audits: a real development chain served over HTTP, with a clock that a test may move forward.

    with serve_chain() as node:   world = build_world(node.open_log())   ->   issue, seal, publish

The chain is the one `credroot devchain` runs, in this process: an hour that must pass is not waited for.
"""

import http.client
import io
import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from eth_account import Account
from eth_account.signers.local import LocalAccount
from typing_extensions import override
from web3 import Web3
from web3.types import TxReceipt, Wei

from registry.adapters.artifacts import load_artifact
from registry.adapters.deployment import deploy, open_log
from registry.adapters.networks import DEVCHAIN, Network
from registry.adapters.rpc import connect
from registry.devchain.accounts import development_accounts
from registry.devchain.chain import DevChain
from registry.devchain.server import RpcHandler, RpcServer
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.receipt import Anchor
from tests.paths import REPO_ROOT

FUNDS_WEI: Final = Wei(10**18)
PROCESS_SECONDS: Final = 120.0
# An audit takes two; a machine that runs other test processes too may need many times that.


@dataclass(slots=True, kw_only=True)
class Clock:
    """The chain's clock."""

    ahead_seconds: int = 0

    def now(self) -> int:
        """Return seconds since 1970."""
        return int(time.time()) + self.ahead_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A running chain with the anchor log on it."""

    url: str
    web3: Web3
    network: Network
    clock: Clock

    def open_log(self) -> "NodeLog":
        """Open a log of a new account and return it."""
        account = Account.from_key(secrets.token_bytes(32))
        self.send(development_accounts()[0], to=account.address, data=b"", value=FUNDS_WEI)
        opened = open_log(self.web3, account, artifact=load_artifact(), network=self.network)
        return NodeLog(node=self, account=account, log=opened.name)

    def pass_time(self, *, seconds: int) -> None:
        """Make an empty block that is so much later than the newest one."""
        # Blocks made within one second are dated a second apart: the newest one may be ahead of the clock.
        head = self.web3.eth.get_block("latest")["timestamp"]
        self.clock.ahead_seconds = head + seconds - int(time.time())
        self.mine()

    def mine(self) -> None:
        """Make an empty block."""
        self.web3.provider.make_request("evm_mine", [])  # type: ignore[arg-type]  # the node's own method

    def head(self) -> int:
        """Return the number of the newest block, which is final."""
        return self.web3.eth.block_number

    def send(self, account: LocalAccount, *, to: str, data: bytes, value: int = 0) -> TxReceipt:
        """Send a transaction and return its transaction receipt."""
        base_fee = self.web3.eth.get_block("latest")["baseFeePerGas"]
        signed = account.sign_transaction(
            {
                "chainId": self.network.chain_id,
                "nonce": self.web3.eth.get_transaction_count(account.address),
                "to": Web3.to_checksum_address(to),
                "data": data,
                "value": Wei(value),
                "gas": 200_000,
                "maxPriorityFeePerGas": 10**9,
                "maxFeePerGas": 2 * base_fee + 10**9,
            }
        )
        receipt = self.web3.eth.wait_for_transaction_receipt(
            self.web3.eth.send_raw_transaction(signed.raw_transaction), timeout=30, poll_latency=0.02
        )
        assert receipt["status"] == 1
        return receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLog:
    """One log of the chain, to anchor roots in."""

    node: Node
    account: LocalAccount
    log: LogName

    def anchor(self, root: Digest) -> Anchor:
        """Anchor a root as the next epoch and return where it stands."""
        receipt = self.node.send(self.account, to=self.log.contract, data=root)
        block = self.node.web3.eth.get_block(receipt["blockNumber"])
        return Anchor(
            log=self.log,
            epoch=int.from_bytes(receipt["logs"][0]["topics"][2], "big"),
            transaction=f"0x{receipt['transactionHash'].hex()}",
            block_number=receipt["blockNumber"],
            block_hash=f"0x{block['hash'].hex()}",
            block_time=datetime.fromtimestamp(block["timestamp"], UTC),
        )


_Server = TypeVar("_Server", bound=TCPServer)


@contextmanager
def serve_chain() -> Iterator[Node]:
    """Serve a new chain with the anchor log on it until the block is left."""
    clock = Clock()
    chain = DevChain.create_or_open(None, chain_id=DEVCHAIN.chain_id, funded=(), now=clock.now)
    try:
        with _running(_QuietServer(chain, port=0)) as server:
            web3 = connect(server.url)
            deploy(web3, development_accounts()[0], artifact=load_artifact(), network=DEVCHAIN)
            yield Node(url=server.url, web3=web3, network=DEVCHAIN, clock=clock)
    finally:
        chain.close()


class _QuietRpc(RpcHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the chain shares its standard output with the programs under test."""


class _QuietServer(RpcServer):
    @override
    def finish_request(self, request: Any, client_address: Any) -> None:
        # The base class leaves both untyped.
        _QuietRpc(request, client_address, self)


class _Site(ThreadingMixIn, TCPServer):
    daemon_threads = True
    allow_reuse_address = True


class _Quiet(SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: requests are not what a test is about."""


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve a folder over http on this machine and yield its URL."""
    with _running(_Site(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))) as site:
        yield f"http://127.0.0.1:{site.server_address[1]}"


@contextmanager
def serve_answers(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """Serve JSON-RPC on this machine: `answer(body)` gives the answer to the body of a request."""

    class Handler(SimpleHTTPRequestHandler):
        def do_POST(self) -> None:
            content = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with _running(_Site(("127.0.0.1", 0), Handler)) as site:
        yield f"http://127.0.0.1:{site.server_address[1]}"


def answers_of(url: str, body: bytes) -> bytes:
    """Ask a node and return its answer as it came."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        return connection.getresponse().read()
    finally:
        connection.close()


@contextmanager
def _running(server: _Server) -> Iterator[_Server]:
    thread = threading.Thread(target=server.serve_forever, name="test-server")
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a script did."""

    exit_code: int
    text: str
    errors: str
    content: bytes
    """The bytes that --json wrote, none when it wrote nothing."""

    @property
    def json(self) -> Any:  # noqa: ANN401  any JSON; each test knows its form
        """What --json wrote."""
        return json.loads(self.content)

    @property
    def found(self) -> dict[str, int]:
        """How often each code was found."""
        counts: dict[str, int] = self.json["counts"]["findings"]
        return counts


def run_script(name: str, *arguments: object, report: Path | None = None, module: bool = False) -> Outcome:
    """Run an auditors' program as a process and return what it did."""
    start = ["-m", f"scripts.{name}"] if module else [str(REPO_ROOT / "scripts" / f"{name}.py")]
    command = [sys.executable, *start, *map(str, arguments)]
    if report is not None:
        command += ["--json", str(report)]
    done = subprocess.run(
        command,
        cwd=REPO_ROOT if module else Path(sys.executable).parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=PROCESS_SECONDS,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    content = report.read_bytes() if report is not None and report.exists() else b""
    return Outcome(exit_code=done.returncode, text=done.stdout, errors=done.stderr, content=content)


def call_script(main: Callable[[Sequence[str]], int], *arguments: object, report: Path | None = None) -> Outcome:
    """Call the function behind an auditors' program and return what it did."""
    words = [*map(str, arguments), *(() if report is None else ("--json", str(report)))]
    text, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(text), redirect_stderr(errors):
        try:
            exit_code = main(words)
        except SystemExit as ending:
            exit_code = int(ending.code or 0)
    content = report.read_bytes() if report is not None and report.exists() else b""
    return Outcome(exit_code=exit_code, text=text.getvalue(), errors=errors.getvalue(), content=content)

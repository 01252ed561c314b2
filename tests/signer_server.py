"""A remote signer over real HTTP, in both of Web3Signer's forms, that may do its work wrong in one chosen way."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils.crypto import keccak
from typing_extensions import override

from registry.adapters.transactions import LocalSigner
from registry.chain_ports import AnchorTransaction

SIGN_ROUTE: Final = "/api/v1/eth1/sign/"

Alter = Callable[[AnchorTransaction], AnchorTransaction]
Misbehave = Callable[[BaseHTTPRequestHandler], None]


@dataclass(kw_only=True)
class SignerServer:
    """What the signer knows and does; may be changed while it runs."""

    account: LocalAccount
    chain_id: int
    url: str = ""
    alter: Alter = field(default=lambda transaction: transaction)
    """What it makes of a transaction before it signs it."""
    instead: Misbehave | None = None
    """Answers in place of the signer."""
    asked: list[str] = field(default_factory=list)
    """The methods and routes so far."""
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def key_url(self) -> str:
        """The route that signs with the account's key."""
        return f"{self.url}{SIGN_ROUTE}{public_key_of(self.account)}"

    def accounts(self) -> list[str]:
        """Answer `eth_accounts`."""
        return [str(self.account.address).lower()]

    def sign_transaction(self, asked: dict[str, str]) -> str:
        """Answer `eth_signTransaction`: the chain id is the signer's own."""
        transaction = AnchorTransaction(
            chain_id=self.chain_id,
            contract=asked["to"],
            calldata=bytes.fromhex(asked["data"][2:]),
            nonce=int(asked["nonce"], 16),
            gas=int(asked["gas"], 16),
            max_fee_wei=int(asked["maxFeePerGas"], 16),
            tip_wei=int(asked["maxPriorityFeePerGas"], 16),
        )
        return "0x" + LocalSigner(self.account).sign(self.alter(transaction)).hex()

    def sign_data(self, data: bytes) -> str:
        """Answer the route: hash, sign, return r, s and v."""
        return signature_of(self.account, keccak(data))


@contextmanager
def run_signer(
    account: LocalAccount, *, chain_id: int, tls: SSLContext | None = None, secret: str = ""
) -> Iterator[SignerServer]:
    """Run a signer on a loopback port; it is ended afterwards."""
    signer = SignerServer(account=account, chain_id=chain_id)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            signer.asked.append(body.get("method", self.path))
            if signer.instead is not None:
                signer.instead(self)
            elif self.path.startswith(SIGN_ROUTE):
                known = self.path.endswith(public_key_of(signer.account))
                reply(self, signer.sign_data(bytes.fromhex(body["data"][2:])) if known else "", 200 if known else 404)
            else:
                reply(self, json.dumps({"jsonrpc": "2.0", "id": body["id"], "result": self._result(body)}))

        def _result(self, body: dict[str, Any]) -> object:  # Any: JSON
            if body["method"] == "eth_accounts":
                return signer.accounts()
            return signer.sign_transaction(body["params"][0])

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="signer", daemon=True)
    thread.start()
    scheme = "http" if tls is None else "https"
    signer.url = f"{scheme}://{secret}{'@' if secret else ''}127.0.0.1:{server.server_port}"
    try:
        yield signer
    finally:
        signer.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def reply(handler: BaseHTTPRequestHandler, text: str, status: int = 200, **headers: str) -> None:
    """Answer with text."""
    content = text.encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def public_key_of(account: LocalAccount) -> str:
    """Return the 64 bytes of an account's public key, in hex without 0x, as the route spells it."""
    return str(account._key_obj.public_key.to_hex()).removeprefix("0x")


def signature_of(account: LocalAccount, digest: bytes) -> str:
    """Return r, s and v of a digest's signature, as the route does."""
    return "0x" + bytes(account.unsafe_sign_hash(Hash32(digest)).signature).hex()


def other_account() -> LocalAccount:
    """Return an account that is not the one asked for."""
    account: LocalAccount = Account.from_key("0x" + "02" * 32)
    return account


ALTERATIONS: Final[dict[str, Alter]] = {
    "chain id": lambda asked: replace(asked, chain_id=asked.chain_id + 1),
    "contract": lambda asked: replace(asked, contract="0x" + "11" * 20),
    "calldata": lambda asked: replace(asked, calldata=b"\x98" * 32),
    "nonce": lambda asked: replace(asked, nonce=asked.nonce + 1),
    "gas": lambda asked: replace(asked, gas=asked.gas + 1),
    "max fee": lambda asked: replace(asked, max_fee_wei=asked.max_fee_wei + 1),
    "tip": lambda asked: replace(asked, tip_wei=asked.tip_wei - 1),
}
"""Each field of a transaction, changed."""


def _hang(signer: SignerServer, handler: BaseHTTPRequestHandler) -> None:
    signer.stopped.wait()
    handler.close_connection = True


def _drip(signer: SignerServer, handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    while not signer.stopped.wait(0.05):
        try:
            handler.wfile.write(b" ")
            handler.wfile.flush()
        except OSError:
            return


def misbehaviours(signer: SignerServer) -> dict[str, Misbehave]:
    """Name what a signer may do instead of answering."""
    nested, long = "[" * 60_000, "0x" + "ab" * 100_000
    return {
        "hangs": partial(_hang, signer),
        "drips": partial(_drip, signer),
        "redirects": lambda handler: reply(handler, "", 307, Location=signer.url),
        "fails": lambda handler: reply(handler, "no", 500),
        "talks HTML": lambda handler: reply(handler, "<html>"),
        "nests": lambda handler: reply(handler, nested),
        "floods": lambda handler: reply(handler, json.dumps({"jsonrpc": "2.0", "id": 1, "result": long})),
        "answers another": lambda handler: reply(handler, json.dumps({"jsonrpc": "2.0", "id": 2, "result": "0x02"})),
        "says no": lambda handler: reply(handler, json.dumps({"jsonrpc": "2.0", "id": 1, "error": {"message": "no"}})),
        "says nothing": lambda handler: reply(handler, json.dumps({"jsonrpc": "2.0", "id": 1, "result": None})),
        "closes": lambda handler: handler.connection.close(),
    }


MISBEHAVIOURS: Final = (
    "hangs",
    "drips",
    "redirects",
    "fails",
    "talks HTML",
    "nests",
    "floods",
    "answers another",
    "says no",
    "says nothing",
    "closes",
)

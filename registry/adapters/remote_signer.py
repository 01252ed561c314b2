"""A signer in another process, over HTTP(S): Web3Signer's two forms (its documentation of the execution layer).

    URL is a JSON-RPC endpoint                eth_signTransaction, which returns the signed transaction
    URL ends in /api/v1/eth1/sign/PUBLIC-KEY  POST {"data": "0x..."}: it hashes (keccak-256) and signs, and returns r, s, v

The first form takes the chain id from the signer's own configuration; the second is told everything that is signed.
Nothing is believed of either: what comes back is decoded and compared (`registry.adapters.transactions.check_signed`).
One deadline over the whole exchange, a size limit, no redirect, no retry, no proxy of the environment; the URL may hold
a password and is shown as host and port alone.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from registry.adapters.deadline import within_deadline
from registry.adapters.rpc_exchange import redact
from registry.adapters.transaction_signatures import (
    address_of_public_key,
    transaction_from_signature,
    unsigned_transaction,
)
from registry.chain_ports import AnchorTransaction
from registry.domain.canonical import JsonValue, check_nesting
from registry.domain.errors import Malformed, Refused, Unavailable

DEADLINE_SECONDS: Final = 10.0
"""A hardware module takes a second or two."""

MAX_ANSWER_BYTES: Final = 65_536
"""A signed transaction takes 400 characters, an account 45."""

MAX_WORDS: Final = 300
"""Of a signer's own error message that are repeated."""

_SIGN_ROUTE: Final = re.compile(r"/api/v1/eth1/sign/(?:0x)?(?:04)?([0-9a-fA-F]{128})/?")
_SIGN_ROUTE_PREFIX: Final = "/api/v1/eth1/sign/"
_HEX: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})+")
_SIGNATURE_BYTES: Final = 65


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerTls:
    """What a connection to the signer is secured with, beside the system's certificates."""

    ca_file: Path | None = None
    certificate_file: Path | None = None
    certificate_key_file: Path | None = None


class RpcSigner:
    """Signs with `eth_signTransaction`."""

    def __init__(self, endpoint: "Endpoint", *, address: str) -> None:
        self._endpoint = endpoint
        self._address = address.lower()

    @property
    def address(self) -> str:
        """The account's address."""
        return self._address

    def check(self) -> None:
        """Raise Refused `signer-key` unless the signer has the account's key, Unavailable when it does not answer."""
        accounts = self._ask("eth_accounts", [])
        if not isinstance(accounts, list):
            raise self._endpoint.bad_answer("accounts")
        if self._address not in {str(account).lower() for account in accounts}:
            raise Refused("signer-key", f"the signer at {self._endpoint.place} has no key of {self._address}")

    def sign(self, transaction: AnchorTransaction) -> bytes:
        """Return the transaction as the signer signed it."""
        fields: JsonValue = {
            "from": self._address,
            "to": transaction.contract,
            "chainId": hex(transaction.chain_id),
            "nonce": hex(transaction.nonce),
            "gas": hex(transaction.gas),
            "maxFeePerGas": hex(transaction.max_fee_wei),
            "maxPriorityFeePerGas": hex(transaction.tip_wei),
            "value": "0x0",
            "data": "0x" + transaction.calldata.hex(),
        }
        return self._endpoint.read_hex(self._ask("eth_signTransaction", [fields]))

    def _ask(self, method: str, params: list[JsonValue]) -> JsonValue:
        asked = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
        text = self._endpoint.post(json.dumps(asked).encode())
        try:
            check_nesting(text)
            answer = json.loads(text)
        except (ValueError, Malformed) as error:
            raise self._endpoint.bad_answer("JSON") from error
        if not isinstance(answer, dict) or answer.get("id") != 1:
            raise self._endpoint.bad_answer("an answer to the question")
        if "result" not in answer:
            error_object = answer.get("error")
            words = error_object.get("message") if isinstance(error_object, dict) else error_object
            raise Unavailable("signer-refused", f"{self._endpoint.place} refused {method}: {str(words)[:MAX_WORDS]!r}")
        result: JsonValue = answer["result"]
        return result


class RestSigner:
    """Signs with the route that names the key."""

    def __init__(self, endpoint: "Endpoint", *, address: str, key_address: str) -> None:
        self._endpoint = endpoint
        self._address = address.lower()
        self._key_address = key_address

    @property
    def address(self) -> str:
        """The account's address."""
        return self._address

    def check(self) -> None:
        """Raise Refused `signer-key` unless the route names the account's key; the signer is not asked."""
        if self._key_address != self._address:
            raise Refused("signer-key", f"the signer's route names the key of {self._key_address}, not {self._address}")

    def sign(self, transaction: AnchorTransaction) -> bytes:
        """Return the transaction with the signer's signature."""
        data = "0x" + unsigned_transaction(transaction).hex()
        signature = self._endpoint.read_hex(self._endpoint.post(json.dumps({"data": data}).encode()))
        if len(signature) != _SIGNATURE_BYTES:
            raise self._endpoint.bad_answer("a signature of 65 bytes")
        # The last byte tells the parity, in one of several spellings: it is found by recovering the address.
        r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
        return transaction_from_signature(transaction, r=r, s=s, address=self._address)


def open_remote_signer(
    url: str, *, address: str, tls: SignerTls, deadline_seconds: float = DEADLINE_SECONDS
) -> RpcSigner | RestSigner:
    """Return the signer of an account behind a URL, in the form that the URL has; nobody is asked yet.

    Raises Malformed `malformed-signer-url`.
    """
    endpoint = Endpoint(url, tls=tls, deadline_seconds=deadline_seconds)
    path = urlsplit(url).path
    route = _SIGN_ROUTE.fullmatch(path[path.find(_SIGN_ROUTE_PREFIX) :]) if _SIGN_ROUTE_PREFIX in path else None
    if route is not None:
        return RestSigner(endpoint, address=address, key_address=address_of_public_key(bytes.fromhex(route[1])))
    if _SIGN_ROUTE_PREFIX in path:
        raise Malformed("malformed-signer-url", "expected an uncompressed public key at the end of the signer's URL")
    return RpcSigner(endpoint, address=address)


class Endpoint:
    """One URL, asked once at a time."""

    def __init__(self, url: str, *, tls: SignerTls, deadline_seconds: float) -> None:
        """Raise Malformed `malformed-signer-url`."""
        if not url.startswith(("http://", "https://")):
            raise Malformed(
                "malformed-signer-url", "expected http(s)://host[:port][/path] as the address of the signer"
            )
        self.place = redact(url)
        self._url = url
        self._tls = tls
        self._deadline_seconds = deadline_seconds

    def post(self, body: bytes) -> str:
        """Return the answer's text. Raises Unavailable, and Refused `signer-key` when the signer has no such key."""
        try:
            return within_deadline(lambda: self._exchange(body), seconds=self._deadline_seconds, name="signer")
        except TimeoutError:
            message = f"the signer at {self.place} did not answer within {self._deadline_seconds:g} s"
            raise Unavailable("signer-timeout", message) from None
        except (requests.RequestException, OSError, ValueError) as error:
            # Only the class is told, and nothing is chained: requests writes the URL, password and all, into messages.
            kind = type(error).__name__
        raise Unavailable("signer-transport", f"the signer at {self.place} could not be asked: {kind}")

    def read_hex(self, value: JsonValue) -> bytes:
        """Read hex with 0x. Raises Unavailable `signer-answer`."""
        if not isinstance(value, str) or _HEX.fullmatch(value.strip()) is None:
            raise self.bad_answer("hex")
        return bytes.fromhex(value.strip()[2:])

    def bad_answer(self, expected: str) -> Unavailable:
        """Return the error of an answer that is none."""
        return Unavailable(
            "signer-answer", f"the signer at {self.place} answered with something that is not {expected}"
        )

    def _exchange(self, body: bytes) -> str:
        with (
            self._session() as session,
            session.post(
                self._url,
                data=body,
                headers={"Content-Type": "application/json", "Accept": "application/json, text/plain"},
                timeout=self._deadline_seconds,
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            if response.status_code == requests.codes.not_found:
                raise Refused("signer-key", f"the signer at {self.place} has no such key, or no such route")
            if response.status_code != requests.codes.ok:
                raise Unavailable(
                    "signer-http", f"the signer at {self.place} answered with HTTP {response.status_code}"
                )
            content = bytearray()
            for chunk in response.iter_content(MAX_ANSWER_BYTES):
                content += chunk
                if len(content) > MAX_ANSWER_BYTES:
                    raise self.bad_answer(f"within {MAX_ANSWER_BYTES} bytes")
            return content.decode("utf-8")

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=0))
        tls = self._tls
        if tls.ca_file is not None:
            session.verify = str(tls.ca_file)
        if tls.certificate_file is not None and tls.certificate_key_file is not None:
            session.cert = (str(tls.certificate_file), str(tls.certificate_key_file))
        return session

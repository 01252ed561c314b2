"""JSON-RPC over HTTP: one connection to one Ethereum node, and what its answers may look like.

`connect(url, timeout_seconds=...)` gives a `Web3` for ABI work and reading; whatever goes wrong under it arrives as
`registry.domain.errors.Unavailable` (node down, slow, rate limited, talking HTML, truncated, answering another
question), never as an exception of requests, json or web3's retry machinery, and never with the URL's path, query or
user in the message: RPC URLs carry API keys. `request(web3, method, params)` asks without web3's formatters, for
callers that check every field themselves; `RpcRefused` (an `Unavailable`) is the node's own "no", with its message.

    request  ──HTTP──>  result          returned
                        error           RpcRefused: the node's words in `.reason`
                        anything else   Unavailable: on sending, the node may have acted all the same

Nothing is retried here: a retried `eth_sendRawTransaction` reports a success as an error. Chain id, genesis and
contract code are checked with `check_chain` and `check_contract`, which raise `WrongChain`: they are never believed.
"""

import json
import queue
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import override
from web3 import Web3
from web3.exceptions import ContractLogicError, Web3Exception, Web3RPCError
from web3.middleware import AttributeDictMiddleware
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from registry.domain.canonical import JsonValue, check_nesting
from registry.domain.errors import Malformed, Refused, Unavailable

BlockName: TypeAlias = int | str
"""A number, one of the tags latest, safe, finalized, or a block hash (EIP-1898)."""

REQUEST_TIMEOUT_SECONDS: Final = 10.0
"""For the whole exchange: public nodes answer within one or two, and a worker must not wait for one that does not."""

MAX_RESPONSE_BYTES: Final = 33_554_432
"""The largest answer asked for is one page of event logs; 32 MiB bounds what a broken node can make us hold."""

MAX_REASON_LENGTH: Final = 1_000
"""Nodes explain a refusal in a line or two."""

_CHUNK_BYTES: Final = 65_536
_POOL_SIZE: Final = 8
"""Threads of the service that read the chain at the same time; more open a connection for the moment."""

_QUANTITY: Final = re.compile(r"0x(?:0|[1-9a-f][0-9a-f]{0,63})")
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


class RpcRefused(Unavailable):
    """The node answered with an error object: its own words, which only `reason` repeats."""

    def __init__(self, *, place: str, method: str, number: int, reason: str, data: JsonValue = None) -> None:
        super().__init__("rpc-refused", f"{place} refused {method}: {reason} ({number})")
        self.method = method
        self.number = number
        self.reason = reason
        self.data = data


class WrongChain(Refused):
    """The node works, but it is not on the chain, or not with the contract, that we were told of."""

    def __init__(self, code: str, *, what: str, expected: str, actual: str) -> None:
        super().__init__(code, f"wrong {what}: expected {expected}, the node says {actual}")
        self.expected = expected
        self.actual = actual


def connect(url: str, *, timeout_seconds: float = REQUEST_TIMEOUT_SECONDS) -> Web3:
    """Return a `Web3` whose every request to the node ends, with an answer or `Unavailable`, within the timeout.

    Connects lazily: no request is made here. Nothing is retried, redirected, or read from proxy variables.
    """
    # web3's other default middleware sends requests of its own (names, gas, chain id) behind the caller's back.
    return Web3(_Provider(url, timeout_seconds=timeout_seconds), middleware=[(AttributeDictMiddleware, "attrdict")])


def redact(url: str) -> str:
    """Return scheme, host and port of an RPC URL: the rest may be a key. Raises Malformed `malformed-rpc-url`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "?", parts.port
    except ValueError as error:
        raise Malformed("malformed-rpc-url", "expected http(s)://host[:port] as the address of a node") from error
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def request(web3: Web3, method: str, params: Sequence[JsonValue]) -> JsonValue:
    """Ask the node once and return the raw `result`, which may be null.

    Raises RpcRefused when the node answers with an error object, Unavailable when there is no usable answer.
    """
    provider = cast("_Provider", web3.provider)  # `connect` makes no other
    return provider.ask(method, params)


@contextmanager
def translated_errors(asked: str) -> Iterator[None]:
    """Translate what web3 raises inside the block; `asked` says what for, in a few words.

    Raises Refused (`call-reverted`) when a contract refused, Unavailable when the node refused (`rpc-refused`) or
    answered with another form than expected (`rpc-answer`): then nothing is known.
    """
    try:
        yield
    except ContractLogicError as error:
        raise Refused("call-reverted", f"{asked}: the contract refused, {error.message} {error.data}") from error
    except Web3RPCError as error:
        raise Unavailable("rpc-refused", f"{asked}: the node refused, {_reason(error)}") from error
    except Web3Exception as error:
        raise Unavailable("rpc-answer", f"{asked}: no usable answer of the node, {type(error).__name__}") from error


def check_chain(web3: Web3, *, chain_id: int, genesis_hash: str) -> None:
    """Check that the node is on the chain with this id and this first block.

    Raises WrongChain `wrong-chain-id` or `wrong-genesis`, Unavailable when the node cannot tell.
    """
    actual_id = read_quantity(request(web3, "eth_chainId", []), where="chain id")
    if actual_id != chain_id:
        raise WrongChain("wrong-chain-id", what="chain id", expected=str(chain_id), actual=str(actual_id))
    genesis = request(web3, "eth_getBlockByNumber", ["0x0", False])
    actual = read_hash(read_member(genesis, "hash"), where="genesis hash")
    if actual != genesis_hash.lower():
        raise WrongChain("wrong-genesis", what="genesis block", expected=genesis_hash.lower(), actual=actual)


def check_contract(web3: Web3, *, address: str, runtime_code: bytes, block: BlockName = "latest") -> None:
    """Check that exactly this code stands at an address.

    Raises WrongChain `no-contract` or `wrong-contract-code`, Unavailable when the node cannot tell.
    """
    code = read_data(request(web3, "eth_getCode", [address, block_parameter(block)]), where="contract code")
    if not code:
        raise WrongChain("no-contract", what="contract", expected=f"code at {address}", actual="none")
    if code != runtime_code:
        raise WrongChain(
            "wrong-contract-code",
            what=f"code at {address}",
            expected=f"{len(runtime_code)} bytes, keccak {Web3.keccak(runtime_code).hex()}",
            actual=f"{len(code)} bytes, keccak {Web3.keccak(code).hex()}",
        )


def block_parameter(block: BlockName) -> JsonValue:
    """Spell a block for JSON-RPC: a number as a quantity, a hash as an object of EIP-1898."""
    if isinstance(block, int):
        return hex(block)
    return {"blockHash": block, "requireCanonical": True} if _HASH.fullmatch(block) else block


def read_quantity(value: JsonValue, *, where: str) -> int:
    """Read a hexadecimal quantity. Raises Unavailable for anything else, null included."""
    if not isinstance(value, str) or _QUANTITY.fullmatch(value) is None:
        raise _bad_answer(where, "a quantity")
    return int(value, 16)


def read_hash(value: JsonValue, *, where: str) -> str:
    """Read 32 bytes of hex, returned in lower case. Raises Unavailable for anything else, null included."""
    if not isinstance(value, str) or _HASH.fullmatch(value) is None:
        raise _bad_answer(where, "a 32-byte hash")
    return value.lower()


def read_data(value: JsonValue, *, where: str) -> bytes:
    """Read hex data of any length. Raises Unavailable for anything else, null included."""
    if not isinstance(value, str) or _DATA.fullmatch(value) is None:
        raise _bad_answer(where, "hex data")
    return bytes.fromhex(value[2:])


def read_member(value: JsonValue, name: str) -> JsonValue:
    """Read a member of an object. Raises Unavailable when there is no object or no such member."""
    if not isinstance(value, dict) or name not in value:
        raise _bad_answer(name, "an object with it")
    return value[name]


def _reason(error: Web3RPCError) -> str:
    answer = (error.rpc_response or {}).get("error")
    return str(answer.get("message", "without a message")) if isinstance(answer, dict) else str(answer)


def _spoken(words: str) -> str:
    """Cut a node's words to what a log or a verdict can hold, and replace what UTF-8 cannot spell."""
    return words[:MAX_REASON_LENGTH].encode("utf-8", "replace").decode("utf-8")


def _bad_answer(where: str, expected: str) -> Unavailable:
    return Unavailable("rpc-answer", f"the node's answer for {where} is not {expected}")


class _Provider(JSONBaseProvider):
    """A web3 provider with one deadline for the whole exchange, a size limit and a check of the answer's id."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        super().__init__()
        self.place = redact(url)
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._session = _new_session()

    @override
    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        # web3 hands over what its own middleware made of the parameters, of any shape.
        body = self.encode_rpc_request(method, params)
        sent_id = json.loads(body)["id"]
        return cast("RPCResponse", self._exchange(body, sent_id, str(method)))

    def ask(self, method: str, params: Sequence[JsonValue]) -> JsonValue:
        """Ask once and return the result; raises RpcRefused or Unavailable."""
        sent_id = next(self.request_counter)
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": list(params), "id": sent_id}).encode()
        answer = self._exchange(body, sent_id, method)
        if "error" in answer:
            raise self._refusal(method, answer["error"])
        return answer["result"]

    def _exchange(self, body: bytes, sent_id: int, method: str) -> dict[str, JsonValue]:
        """Send a request and return the answer, which has either a result or an error."""
        raw = self._post_within_deadline(body, method)
        try:
            text = raw.decode("utf-8")
            check_nesting(text)
            answer = json.loads(text)
        except (ValueError, Malformed) as error:
            raise Unavailable("rpc-answer", f"{self.place} answered {method} with something not JSON") from error
        if (
            not isinstance(answer, dict)
            or answer.get("jsonrpc") != "2.0"
            or ("error" in answer) == ("result" in answer)
        ):
            raise Unavailable("rpc-answer", f"{self.place} answered {method} with something not JSON-RPC")
        # A null id is allowed beside an error: the node could not read ours.
        if answer.get("id") != sent_id and not ("error" in answer and answer.get("id") is None):
            raise Unavailable("rpc-answer", f"{self.place} answered another question than {method}")
        return answer

    def _refusal(self, method: str, error: JsonValue) -> Unavailable:
        if not isinstance(error, dict) or not isinstance(error.get("message"), str):
            return Unavailable("rpc-answer", f"{self.place} answered {method} with an error it does not name")
        number = error.get("code")
        return RpcRefused(
            place=self.place,
            method=method,
            number=number if isinstance(number, int) else 0,
            reason=_spoken(str(error["message"])),
            data=error.get("data"),
        )

    def _post_within_deadline(self, body: bytes, method: str) -> bytes:
        # Socket timeouts count from one byte to the next: a node that drips bytes would hold us for ever. Only a
        # second thread can end the wait; it is a daemon, so an abandoned exchange does not keep the process alive.
        outcome: queue.SimpleQueue[bytes | Unavailable] = queue.SimpleQueue()
        threading.Thread(target=self._post_into, args=(outcome, body, method), name="rpc", daemon=True).start()
        try:
            result = outcome.get(timeout=self._timeout_seconds)
        except queue.Empty:
            # Its connection may still be dripping: the next exchange gets another one.
            self._session = _new_session()
            raise Unavailable(
                "rpc-timeout", f"{self.place} did not answer {method} within {self._timeout_seconds:g} s"
            ) from None
        if isinstance(result, Unavailable):
            raise result
        return result

    def _post_into(self, outcome: "queue.SimpleQueue[bytes | Unavailable]", body: bytes, method: str) -> None:
        try:
            outcome.put(self._post(body, method))
        except Unavailable as error:
            outcome.put(error)
        except (requests.RequestException, OSError, ValueError) as error:
            # Only the class is told: requests writes the URL, key and all, into its messages.
            outcome.put(
                Unavailable("rpc-transport", f"{self.place} could not be asked {method}: {type(error).__name__}")
            )

    def _post(self, body: bytes, method: str) -> bytes:
        with self._session.post(
            self._url,
            data=body,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            timeout=self._timeout_seconds,
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.status_code != requests.codes.ok:
                raise Unavailable("rpc-http", f"{self.place} answered {method} with HTTP {response.status_code}")
            content = bytearray()
            for chunk in response.iter_content(_CHUNK_BYTES):
                content += chunk
                if len(content) > MAX_RESPONSE_BYTES:
                    raise Unavailable(
                        "rpc-answer", f"{self.place} answered {method} with over {MAX_RESPONSE_BYTES} bytes"
                    )
            return bytes(content)


def _new_session() -> requests.Session:
    session = requests.Session()
    # Proxies and netrc of the environment must not see, or sign, what goes to a node.
    session.trust_env = False
    adapter = HTTPAdapter(pool_maxsize=_POOL_SIZE, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session

"""JSON-RPC over HTTP: one connection to one Ethereum node, and what its answers may look like.

`connect(url, timeout_seconds=...)` gives a `Web3` for ABI work and reading; whatever goes wrong under it arrives as
`registry.domain.errors.Unavailable` (node down, slow, rate limited, talking HTML, truncated, answering another
question), never as an exception of requests, json or web3's retry machinery, and never with the URL's path, query or
user in the message: RPC URLs carry API keys. `request(web3, method, params)` asks without web3's formatters, for
callers that check every field themselves; `RpcRefused` (an `Unavailable`) is the node's own "no", with its message.

    request  ──HTTP──>  result          returned
                        error           RpcRefused: the node's words in `.reason`
                        anything else   RpcFailed: on sending, the node may have acted all the same

The exchange itself, and what kinds of failure there are: `registry.adapters.rpc_exchange`. Nothing is retried here: a
retried `eth_sendRawTransaction` reports a success as an error. Chain id, genesis and contract code are checked with
`check_chain` and `check_contract`, which raise `WrongChain`: they are never believed.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, TypeAlias, cast

from web3 import Web3
from web3.exceptions import ContractLogicError, Web3Exception, Web3RPCError
from web3.middleware import AttributeDictMiddleware

from registry.adapters.rpc_exchange import FailureKind, HttpProvider, RpcFailed, Tally, kind_of_error
from registry.domain.canonical import JsonValue
from registry.domain.errors import Refused, Unavailable

BlockName: TypeAlias = int | str
"""A number, one of the tags latest, safe, finalized, or a block hash (EIP-1898)."""

REQUEST_TIMEOUT_SECONDS: Final = 10.0
"""For the whole exchange: public nodes answer within one or two, and a worker must not wait for one that does not."""

MAX_REASON_LENGTH: Final = 1_000
"""Nodes explain a refusal in a line or two."""

_QUANTITY: Final = re.compile(r"0x(?:0|[1-9a-f][0-9a-f]{0,63})")
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_MAX_SECONDS: Final = 253_402_300_799
"""The end of the year 9999, the last that a time can name."""
_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


class RpcRefused(RpcFailed):
    """The node answered with an error object: its own words, which only `reason` repeats."""

    def __init__(self, *, place: str, method: str, number: int, reason: str, data: JsonValue = None) -> None:
        super().__init__("rpc-refused", f"{place} refused {method}: {reason} ({number})", kind=kind_of_error(number))
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
    provider = HttpProvider(url, timeout_seconds=timeout_seconds)
    return Web3(provider, middleware=[(AttributeDictMiddleware, "attrdict")])


def request(web3: Web3, method: str, params: Sequence[JsonValue]) -> JsonValue:
    """Ask the node once and return the raw `result`, which may be null.

    Raises RpcRefused when the node answers with an error object, Unavailable when there is no usable answer.
    """
    provider = _provider(web3)
    answer = provider.ask(method, params)
    if "error" in answer:
        raise _refusal(provider.place, method, answer["error"])
    return answer["result"]


def place_of(web3: Web3) -> str:
    """Return where a node is: scheme, host and port of its URL, and nothing that may be a key."""
    return _provider(web3).place


def tally_of(web3: Web3) -> Tally:
    """Return what the connection was used for so far."""
    return _provider(web3).tally()


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


def read_time(value: JsonValue, *, where: str) -> datetime:
    """Read a quantity of seconds since 1970 as a time. Raises Unavailable for anything else, the year 10000 included."""
    seconds = read_quantity(value, where=where)
    if seconds > _MAX_SECONDS:
        raise _bad_answer(where, "a time in the calendar")
    return datetime.fromtimestamp(seconds, UTC)


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


def _provider(web3: Web3) -> HttpProvider:
    return cast("HttpProvider", web3.provider)  # `connect` makes no other


def _refusal(place: str, method: str, error: JsonValue) -> RpcFailed:
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return RpcFailed(
            "rpc-answer", f"{place} answered {method} with an error it does not name", kind=FailureKind.ANSWER
        )
    number = error.get("code")
    return RpcRefused(
        place=place,
        method=method,
        number=number if isinstance(number, int) else 0,
        reason=_spoken(str(error["message"])),
        data=error.get("data"),
    )


def _reason(error: Web3RPCError) -> str:
    answer = (error.rpc_response or {}).get("error")
    return str(answer.get("message", "without a message")) if isinstance(answer, dict) else str(answer)


def _spoken(words: str) -> str:
    """Cut a node's words to what a log or a verdict can hold, and replace what UTF-8 cannot spell."""
    return words[:MAX_REASON_LENGTH].encode("utf-8", "replace").decode("utf-8")


def _bad_answer(where: str, expected: str) -> RpcFailed:
    return RpcFailed("rpc-answer", f"the node's answer for {where} is not {expected}", kind=FailureKind.ANSWER)

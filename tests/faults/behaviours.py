"""What a bad network, or a bad node, does to a request (`tests.faults.proxy`)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from tests.faults.proxy import Behaviour, Exchange, Params

DRIP_SECONDS: Final = 0.05
# From one byte to the next: far below any time-out that counts from byte to byte.


def drop_before(exchange: Exchange) -> None:
    """Close the connection; the node never hears of it."""


def drop_after(exchange: Exchange) -> None:
    """Let the node act and close the connection without a word."""
    exchange.forward()


def hang_before(exchange: Exchange) -> None:
    """Keep the request until the proxy is released, then forward it: late delivery."""
    exchange.proxy.released.wait()
    exchange.repeat(exchange.forward())


def hang_after(exchange: Exchange) -> None:
    """Let the node act and keep its answer until the proxy is released."""
    answer = exchange.forward()
    exchange.proxy.released.wait()
    exchange.repeat(answer)


def drip(exchange: Exchange) -> None:
    """Tell the truth one byte at a time, until the proxy is released."""
    content = exchange.spell(exchange.forward())
    exchange.send_head(status=200, headers=None, length=len(content))
    for index in range(len(content)):
        exchange.send_part(content[index : index + 1])
        if exchange.proxy.released.wait(DRIP_SECONDS):
            return


def send_twice(exchange: Exchange) -> None:
    """Deliver the request twice, and the second answer."""
    exchange.forward()
    exchange.repeat(exchange.forward())


def swallow(exchange: Exchange) -> None:
    """Acknowledge a transaction that nobody hears of."""
    exchange.answer(result="0x" + keccak(HexBytes(exchange.call.params[0])).hex())


def truncate(exchange: Exchange) -> None:
    """Announce the whole answer and send half of it."""
    content = exchange.spell(exchange.forward())
    exchange.send(content[: len(content) // 2], length=len(content))


def another_id(exchange: Exchange) -> None:
    """Answer somebody else's question."""
    exchange.request_id += 1
    exchange.repeat(exchange.forward())


def html(exchange: Exchange) -> None:
    """Answer as the error page of whoever stands in between, with a status that says all is well."""
    exchange.send(b"<!doctype html><title>502 Bad Gateway</title>", headers={"Content-Type": "text/html"})


def http_status(status: int, **headers: str) -> Behaviour:
    """Answer with an HTTP status; underscores in the headers' names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: exchange.send(b"", status=status, headers=named)


def refuse(message: str, *, code: int = -32_000) -> Behaviour:
    """Answer with an error; the node never hears of it."""
    return lambda exchange: exchange.answer(error={"code": code, "message": message})


def claim(result: object) -> Behaviour:
    """Answer with a result of one's own; the node is not asked."""
    return lambda exchange: exchange.answer(result=result)


def alter(change: Callable[[Any], object]) -> Behaviour:
    """Ask the node and answer with what a function makes of its result."""

    def behave(exchange: Exchange) -> None:
        answer = exchange.forward()
        exchange.repeat(answer if "error" in answer else {**answer, "result": change(answer["result"])})

    return behave


def doing(act: Callable[[], object], *, then: Behaviour | None = None) -> Behaviour:
    """Do something after the node has acted and before the worker is told; `then` tells, the truth unless it is given."""

    def behave(exchange: Exchange) -> None:
        answer = exchange.forward()
        act()
        if then is None:
            exchange.repeat(answer)
        else:
            then(exchange)

    return behave


def block_named(tag: str) -> Callable[[Params], bool]:
    """Fit the questions for a block by tag."""
    return lambda params: bool(params) and params[0] == tag


@dataclass(slots=True)
class GethPool:
    """Geth's rule for a second transaction of one nonce: both fees a tenth higher, or it is refused.

    anvil takes one wei more of either. Only what this pool has seen counts; a transaction is never forgotten.
    """

    held: dict[int, dict[str, Any]]

    def __call__(self, exchange: Exchange) -> None:
        """Forward a transaction that geth would take, and refuse another one in its words."""
        new = TypedTransaction.from_bytes(HexBytes(exchange.call.params[0])).as_dict()
        old = self.held.get(new["nonce"])
        if old is not None and old != new and any(new[fee] * 10 < old[fee] * 11 for fee in _FEES):
            exchange.answer(error={"code": -32_000, "message": "replacement transaction underpriced"})
            return
        self.held[new["nonce"]] = new
        exchange.repeat(exchange.forward())


_FEES: Final = ("maxFeePerGas", "maxPriorityFeePerGas")

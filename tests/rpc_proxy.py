"""A node that lies, refuses or stammers: real JSON-RPC in front of a real node, with some answers changed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from tests.faults import proxy as faults

# (method, parameters, the node's whole answer) -> the answer that is given.
Change: TypeAlias = Callable[[str, list[Any], dict[str, Any]], dict[str, Any]]


def refusal(message: str, *, code: int = -32005) -> dict[str, Any]:
    """Return the answer of a node that refuses."""
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}}


@contextmanager
def run_proxy(url: str, change: Change) -> Iterator[str]:
    """Yield the URL of a node that answers as another one, but for what `change` makes of it."""

    def behave(exchange: faults.Exchange) -> None:
        answer = exchange.forward()
        exchange.repeat(change(exchange.call.method, exchange.call.params, answer))

    with faults.run_proxy(url) as proxy, proxy.behaving(faults.ANY, behave):
        yield proxy.url

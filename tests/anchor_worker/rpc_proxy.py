"""A JSON-RPC proxy between a worker and a node, which does something at a chosen moment."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from tests.faults import proxy as faults

Hook: TypeAlias = Callable[[str, bytes], bytes]
"""Called with the method and the node's answer, after the node has acted; returns what the worker is told."""


def _pass(_method: str) -> None:
    """Do nothing before the node hears of a request."""


@contextmanager
def run_proxy(upstream: str, hook: Hook, *, before: Callable[[str], None] = _pass) -> Iterator[str]:
    """Forward every request to a node, and every answer through the hook; yield the proxy's URL.

    `before` is called with the method before the node hears of it, and may keep it waiting.
    """

    def behave(exchange: faults.Exchange) -> None:
        before(exchange.call.method)
        exchange.send(hook(exchange.call.method, json.dumps(exchange.forward()).encode()))

    with faults.run_proxy(upstream) as proxy, proxy.behaving(faults.ANY, behave):
        yield proxy.url

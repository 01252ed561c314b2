"""A pool of nodes that stand where a test puts them, on a clock that is set by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler

from web3 import Web3

from anchor_worker.providers import Pool, Provider, ProviderReport
from registry.adapters.rpc import WrongChain, connect, read_quantity, request
from registry.domain.canonical import JsonValue
from tests.adapters.rpc_nodes import reply, rpc
from tests.anchor_worker.observations import NOW, hash_of


@dataclass
class Node:
    """A node that stands where a test puts it."""

    url: str = ""
    chain_id: int = 1
    head: int = 100
    finalized: int | None = 36
    finalized_time: datetime = NOW - timedelta(minutes=13)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    unknown_block_is_an_error: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler, question: dict[str, JsonValue]) -> None:
        method, params = str(question["method"]), question["params"]
        self.asked.append(method)
        if self.status != 200:
            reply(handler, b"", status=self.status, headers=self.headers)
        elif method == "eth_chainId":
            rpc(handler, question, result=hex(self.chain_id))
        elif params == ["latest", False]:
            rpc(handler, question, result=self._block(self.head, NOW))
        elif self.finalized is None and self.unknown_block_is_an_error:
            rpc(handler, question, error={"code": -39001, "message": "unknown block"})
        elif self.finalized is None:
            rpc(handler, question, result=None)
        else:
            rpc(handler, question, result=self._block(self.finalized, self.finalized_time))

    @staticmethod
    def _block(number: int, time: datetime) -> JsonValue:
        return {"number": hex(number), "hash": hash_of(number), "timestamp": hex(int(time.timestamp()))}


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment


@dataclass
class World:
    """Three nodes, and the pool before them."""

    nodes: list[Node]
    pool: Pool
    clock: Time

    def present(self) -> list[Node]:
        """Survey, and return the nodes that answered."""
        return [self._node(each) for each in self.pool.survey()]

    def read(self) -> list[Node]:
        """Survey, and return those that may be read, the one that is read first."""
        return [self._node(each) for each in self.pool.readers(self.pool.survey())]

    def report(self, number: int) -> ProviderReport:
        """What the pool says of a node."""
        return self.pool.reports()[number]

    def _node(self, provider: Provider) -> Node:
        return next(each for each in self.nodes if provider.name in each.url.replace("user:hidden@", ""))


def pool_of(urls: list[str], clock: Time) -> Pool:
    """Make a pool over nodes of chain 1, which rests for exactly as long as it may."""
    return Pool(
        [connect(url, timeout_seconds=5.0) for url in urls],
        check=check,
        stalled_after=timedelta(minutes=30),
        clock=clock,
        jitter=lambda: 1.0,
    )


def check(web3: Web3) -> None:
    """Check that a node is on chain 1."""
    chain_id = read_quantity(request(web3, "eth_chainId", []), where="chain id")
    if chain_id != 1:
        raise WrongChain("wrong-chain-id", what="chain id", expected="1", actual=str(chain_id))

"""A log as the chain holds it, at one block, read by an auditor's own means over one or more JSON-RPC endpoints.

    first node   names the block: the finalized one, one below it by number, or the last one before a date
    all nodes    are asked for that block by its hash (EIP-1898), and must give the same answers

The `Anchored` events are fetched for the whole log at once; a node that refuses so wide a range is asked in halves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar

from registry.adapters.rpc import (
    RpcRefused,
    block_parameter,
    connect,
    read_data,
    read_hash,
    read_member,
    read_quantity,
    request,
)
from registry.domain.canonical import JsonValue
from registry.domain.errors import Unavailable
from registry.domain.evidence import ChainBlock
from registry.domain.hashing import ZERO_DIGEST, Digest
from registry.domain.log_name import LogName

MAX_LOG_REQUESTS: Final = 20_000
"""Eight million blocks in windows of a thousand: all of a testnet, from a node that gives no more at once."""
WORD_SIZE: Final = 32

# The signatures' hashes, as the compiler put them into the contract's code; a test compares them.
ANCHORED_TOPIC: Final = "0x2bff6e9ed2c4a2715ce732957a6d1ae60a13ff6f9a3bc0735b328233fb195254"
ROOT_AT: Final = "0xab485c16"
LATEST_EPOCH: Final = "0x2040828d"
OWNER_OF: Final = "0x6352211e"

_Ask = Callable[[str, Sequence[JsonValue]], JsonValue]
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """The event with which the contract stored an epoch's root, and the block that holds it."""

    epoch: int
    root: Digest
    transaction: str
    """Lower-case hex with 0x, as are all chain values."""
    block_number: int
    block_hash: str
    block_time: datetime


class ChainView:
    """What several nodes agree on, at one block."""

    def __init__(self, views: Sequence["_NodeView"]) -> None:
        """Take each node's view. Raises Unavailable `rpc-disagree` unless they are of the same block."""
        self._views = views
        self.block = _agreed("the block", [view.block for view in views])

    def code(self, contract: str) -> bytes:
        """Return the code at an address, none where there is none."""
        return self._ask("the code", lambda view: view.code(contract))

    def has_log(self, log: LogName) -> bool:
        """Tell whether the contract has opened a log of that number."""
        return self._ask("ownerOf", lambda view: any(view.call(log, OWNER_OF)))

    def latest_epoch(self, log: LogName) -> int:
        """Return the number of epochs anchored."""
        return self._ask("latestEpoch", lambda view: int.from_bytes(view.call(log, LATEST_EPOCH), "big"))

    def ask_contract(self, contract: str, data: bytes) -> bytes:
        """Call a view of a contract whose code was checked before, and return the answer's bytes."""
        return self._ask("a view", lambda view: view.ask_contract(contract, data))

    def root_at(self, log: LogName, epoch: int) -> Digest | None:
        """Return the root of an epoch, None when there is none."""
        root = Digest(self._ask("rootAt", lambda view: view.call(log, ROOT_AT, epoch)))
        return None if root == ZERO_DIGEST else root

    def base_fee(self) -> int:
        """Return what a unit of gas costs in the block read, in wei, before any tip."""
        return self._ask("the base fee", _NodeView.base_fee)

    def events(self, contract: str, topics: Sequence[str]) -> list[tuple[tuple[bytes, ...], bytes]]:
        """Return topics and data of a contract's events that begin with these topics, up to the block read."""
        return self._ask("events", lambda view: view.events(contract, topics))

    def anchored(self, log: LogName, *, since: int) -> Mapping[int, Anchored]:
        """Return the events of a log from a block up to the one read, by their epochs."""
        return self._ask("the Anchored events", lambda view: view.anchored(log, since=since))

    def _ask(self, what: str, question: Callable[["_NodeView"], _Answer]) -> _Answer:
        return _agreed(what, [question(view) for view in self._views])


def open_finalized(urls: Sequence[str]) -> ChainView:
    """Return a view at the finalized block of the first node. Raises Unavailable, as all reading does."""
    return _open(urls, lambda first: first.block("finalized"))


def open_latest(urls: Sequence[str]) -> ChainView:
    """Return a view at the newest block of the first node, which may vanish: what a transaction will meet."""
    return _open(urls, lambda first: first.block("latest"), final=False)


def open_at_number(urls: Sequence[str], number: int) -> ChainView:
    """Return a view at a block by its number.

    Raises Unavailable `block-not-final` when it is above the finalized one.
    """
    return _open(urls, lambda first: _final_block(first, number))


def open_before(urls: Sequence[str], moment: datetime) -> ChainView:
    """Return a view at the last final block before a moment. Raises Unavailable `block-not-found` without one."""
    return _open(urls, lambda first: _last_block(first, moment))


def _open(urls: Sequence[str], choose: Callable[["_Node"], "_Header"], *, final: bool = True) -> ChainView:
    nodes = [_Node(url) for url in urls]
    chosen = choose(nodes[0])
    return ChainView([_NodeView(node, chosen.hash, final=final) for node in nodes])


def _final_block(first: "_Node", number: int) -> "_Header":
    head = first.block("finalized")
    if number > head.number:
        raise Unavailable("block-not-final", f"block {number} is not final: the finalized one is {head.number}")
    return first.block(hex(number))


def _last_block(first: "_Node", moment: datetime) -> "_Header":
    head = first.block("finalized")
    if head.time < moment:
        return head
    # Block times only grow: the answer is the last block of those that are before the moment.
    low, high = 0, head.number
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if first.block(hex(middle)).time < moment else (low, middle)
    if low == 0:
        raise Unavailable("block-not-found", f"the chain has no block before {moment.isoformat()}")
    return first.block(hex(low - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    number: int
    hash: str
    time: datetime


class _Node:
    """One endpoint."""

    def __init__(self, url: str) -> None:
        self.ask: _Ask = partial(request, connect(url))

    def block(self, tag: str) -> _Header:
        return _header(self.ask("eth_getBlockByNumber", [tag, False]), asked=tag)

    def block_by_hash(self, block_hash: str) -> _Header:
        header = _header(self.ask("eth_getBlockByHash", [block_hash, False]), asked=block_hash)
        if header.hash != block_hash:
            raise Unavailable("rpc-answer", f"asked for block {block_hash}, got {header.hash}")
        return header


class _NodeView:
    """One node at one block."""

    def __init__(self, node: _Node, block_hash: str, *, final: bool) -> None:
        header = node.block_by_hash(block_hash)
        self._node = node
        self._at = block_parameter(block_hash)
        self.block = ChainBlock(
            chain_id=read_quantity(node.ask("eth_chainId", []), where="chain id"),
            number=header.number,
            hash=bytes.fromhex(block_hash[2:]),
            time=header.time,
            final=final,
        )

    def code(self, contract: str) -> bytes:
        return read_data(self._node.ask("eth_getCode", [contract, self._at]), where="contract code")

    def call(self, log: LogName, selector: str, *further: int) -> bytes:
        data = selector + "".join(f"{number:064x}" for number in (log.number, *further))
        answer = self.ask_contract(log.contract, bytes.fromhex(data[2:]))
        return _checked_word(answer, where=f"call {selector}")

    def ask_contract(self, contract: str, data: bytes) -> bytes:
        answer = self._node.ask("eth_call", [{"to": contract, "data": f"0x{data.hex()}"}, self._at])
        return read_data(answer, where="a view")

    def base_fee(self) -> int:
        block = self._node.ask("eth_getBlockByHash", [f"0x{self.block.hash.hex()}", False])
        return read_quantity(read_member(block, "baseFeePerGas"), where="base fee")

    def events(self, contract: str, topics: Sequence[str]) -> list[tuple[tuple[bytes, ...], bytes]]:
        found = [_topics_and_data(item) for item in self._logs(contract, topics, since=0)]
        wanted = tuple(bytes.fromhex(topic[2:]) for topic in topics)
        if any(item[0][: len(wanted)] != wanted for item in found):
            raise Unavailable("rpc-answer", "asked for some events, got others")
        return found

    def anchored(self, log: LogName, *, since: int) -> dict[int, Anchored]:
        events: dict[int, Anchored] = {}
        for item in self._logs(log.contract, [ANCHORED_TOPIC, f"0x{log.number:064x}"], since=since):
            event = self._event(item, log)
            if event.epoch in events:
                raise Unavailable("rpc-answer", f"two Anchored events for epoch {event.epoch}")
            events[event.epoch] = event
        return events

    def _logs(self, contract: str, topics: Sequence[str], *, since: int) -> list[JsonValue]:
        filters: dict[str, JsonValue] = {"address": contract, "topics": [*topics]}
        found: list[JsonValue] = []
        ranges = [(since, self.block.number)]
        for _ in range(MAX_LOG_REQUESTS):
            if not ranges:
                return found
            low, high = ranges.pop()
            try:
                answer = self._node.ask("eth_getLogs", [{**filters, "fromBlock": hex(low), "toBlock": hex(high)}])
            except RpcRefused:
                if low == high:
                    raise
                middle = (low + high) // 2
                ranges += [(middle + 1, high), (low, middle)]
                continue
            if not isinstance(answer, list):
                raise Unavailable("rpc-answer", "the node's answer for eth_getLogs is not a list")
            found += answer
        raise Unavailable("rpc-refused", f"the node gives too few logs at once: {MAX_LOG_REQUESTS} requests were made")

    def _event(self, item: JsonValue, log: LogName) -> Anchored:
        topics = read_member(item, "topics")
        expected = [ANCHORED_TOPIC, f"0x{log.number:064x}"]
        if not isinstance(topics, list) or len(topics) != 3 or topics[:2] != expected:
            raise Unavailable("rpc-answer", "asked for the Anchored events of one log, got another event")
        header = self._node.block_by_hash(read_hash(read_member(item, "blockHash"), where="block hash"))
        if header.number > self.block.number:
            raise Unavailable("rpc-answer", f"asked up to block {self.block.number}, got block {header.number}")
        return Anchored(
            epoch=int.from_bytes(_word(topics[2], where="epoch"), "big"),
            root=Digest(_word(read_member(item, "data"), where="root")),
            transaction=read_hash(read_member(item, "transactionHash"), where="transaction"),
            block_number=header.number,
            block_hash=header.hash,
            block_time=header.time,
        )


def _header(answer: JsonValue, *, asked: str) -> _Header:
    if answer is None:
        raise Unavailable("rpc-block-missing", f"the node does not know block {asked}")
    seconds = read_quantity(read_member(answer, "timestamp"), where="timestamp")
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise Unavailable("rpc-answer", f"block {asked}: expected a time of the calendar") from error
    return _Header(
        number=read_quantity(read_member(answer, "number"), where="block number"),
        hash=read_hash(read_member(answer, "hash"), where="block hash"),
        time=time,
    )


def _topics_and_data(item: JsonValue) -> tuple[tuple[bytes, ...], bytes]:
    topics = read_member(item, "topics")
    if not isinstance(topics, list):
        raise Unavailable("rpc-answer", "the node's answer has an event without topics")
    data = read_data(read_member(item, "data"), where="event")
    return tuple(_word(topic, where="topic") for topic in topics), data


def _word(value: JsonValue, *, where: str) -> bytes:
    return _checked_word(read_data(value, where=where), where=where)


def _checked_word(word: bytes, *, where: str) -> bytes:
    if len(word) != WORD_SIZE:
        raise Unavailable("rpc-answer", f"the node's answer for {where} has {len(word)} bytes, not {WORD_SIZE}")
    return word


def _agreed(what: str, answers: Sequence[_Answer]) -> _Answer:
    if any(answer != answers[0] for answer in answers):
        raise Unavailable("rpc-disagree", f"the nodes give different answers for {what}")
    return answers[0]

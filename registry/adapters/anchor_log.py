"""Reading anchored logs with web3: at one block, named by hash, from one node or from several that must agree.

    first node   chooses the block: `finalized`, or the last final one before a date
    all nodes    are asked for that block by its hash (EIP-1898, EIP-234), never by number or tag

A node that does not know the block gives no answer; a node that gives another answer makes all answers worthless:
`rpc-disagree`. Nothing is written and nothing is believed: who reads compares code hash and chain id.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.crypto import keccak
from web3 import Web3

from registry.adapters.court import encode_call, read_marks
from registry.adapters.rpc import (
    REQUEST_TIMEOUT_SECONDS,
    connect,
    read_data,
    read_hash,
    read_member,
    read_quantity,
    request,
)
from registry.chain_ports import AnchoredEvent, LogView
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Unavailable
from registry.domain.evidence import ChainBlock
from registry.domain.fraud import Mark
from registry.domain.hashing import ZERO_DIGEST, Digest
from registry.domain.log_name import LogName

LOG_WINDOW_BLOCKS: Final = 2_000
"""What public nodes allow one `eth_getLogs` to span: between 500 and 10,000."""
MAX_WINDOWS: Final = 500
"""A million blocks back, about 140 days of Ethereum, when a node keeps no old state to search by."""

_ANCHORED: Final = "0x" + keccak(text="Anchored(uint256,uint64,bytes32)").hex()
_ROOT_AT: Final = function_signature_to_4byte_selector("rootAt(uint256,uint64)")
_LATEST_EPOCH: Final = function_signature_to_4byte_selector("latestEpoch(uint256)")

_Answer = TypeVar("_Answer")


class AnchorLogReader:
    """Reads logs over one or more JSON-RPC endpoints; the first one chooses the block."""

    def __init__(self, urls: Sequence[str], *, timeout_seconds: float = REQUEST_TIMEOUT_SECONDS) -> None:
        """Connect to nothing yet. Raises Unavailable `no-rpc` without a URL."""
        if not urls:
            raise Unavailable("no-rpc", "no Ethereum node was named")
        self._nodes = [_Node(connect(url, timeout_seconds=timeout_seconds)) for url in urls]

    def at_final_block(self, *, before: datetime | None = None) -> LogView:
        """Return a view at the newest final block, or the last one before a date."""
        first = self._nodes[0]
        head = first.block("finalized")
        block = head if before is None else _last_block(first, head, before)
        return self.at_block_hash(block.hash, final=True)

    def at_block_number(self, number: int) -> LogView:
        """Return a view at a block by its number; it is final when it is not above the finalized one."""
        first = self._nodes[0]
        block = first.block(hex(number))
        return self.at_block_hash(block.hash, final=number <= first.block("finalized").number)

    def at_block_hash(self, block_hash: bytes, *, final: bool) -> LogView:
        """Return a view at a block that is known to be final, or not."""
        return _AgreeingView([node.view(block_hash, final=final) for node in self._nodes])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    number: int
    hash: bytes
    time: datetime


class _Node:
    """One endpoint."""

    def __init__(self, web3: Web3) -> None:
        self._web3 = web3

    def view(self, block_hash: bytes, *, final: bool) -> "_NodeView":
        header = self.block_by_hash(block_hash)
        block = ChainBlock(
            chain_id=read_quantity(self.ask("eth_chainId"), where="chain id"),
            number=header.number,
            hash=header.hash,
            time=header.time,
            final=final,
        )
        return _NodeView(self, block)

    def block(self, tag: str) -> _Header:
        return _header(self.ask("eth_getBlockByNumber", tag, False), asked=f"block {tag}")  # noqa: FBT003  # JSON-RPC

    def block_by_hash(self, block_hash: bytes) -> _Header:
        answer = self.ask("eth_getBlockByHash", _hex(block_hash), False)  # noqa: FBT003  # JSON-RPC has no names
        header = _header(answer, asked=f"block {_hex(block_hash)}")
        if header.hash != block_hash:
            raise Unavailable("rpc-answer", f"asked for block {_hex(block_hash)}, got {_hex(header.hash)}")
        return header

    def ask(self, method: str, *parameters: JsonValue) -> JsonValue:
        return request(self._web3, method, parameters)


class _NodeView:
    """One node's view at one block."""

    def __init__(self, node: _Node, block: ChainBlock) -> None:
        self._node = node
        self.block = block
        self._at: JsonObject = {"blockHash": _hex(block.hash)}

    def code_hash(self, contract: str) -> bytes | None:
        code = read_data(self._node.ask("eth_getCode", contract, self._at), where="code")
        return keccak(code) if code else None

    def latest_epoch(self, log: LogName) -> int:
        return self._latest_epoch(log, self._at)

    def root_at(self, log: LogName, epoch: int) -> Digest | None:
        root = self._call(log, _ROOT_AT, (log.number, epoch), self._at)
        return None if root == ZERO_DIGEST else Digest(root)

    def marks(self, court: str, log: LogName) -> tuple[Mark, ...]:
        data = encode_call("marksOf", log.number)
        return read_marks(
            read_data(self._node.ask("eth_call", {"to": court, "data": _hex(data)}, self._at), where="marks")
        )

    def anchored(self, log: LogName, epoch: int, *, hint: int | None = None) -> AnchoredEvent | None:
        if hint is not None and 0 <= hint <= self.block.number:
            for event in self._search(log, epoch, first=hint, last=hint):
                return event
        return self._anchored_in_range(log, epoch)

    def events_in(self, block_hash: bytes, log: LogName, epoch: int) -> list[AnchoredEvent]:
        return self._events(log, epoch, {"blockHash": _hex(block_hash)})

    def _anchored_in_range(self, log: LogName, epoch: int) -> AnchoredEvent | None:
        """Search all blocks; by old state where the node refuses so many; else back from the block, in windows."""
        try:
            return next(iter(self._search(log, epoch, first=0, last=self.block.number)), None)
        except Unavailable as error:
            if error.code != "rpc-refused":
                raise
        try:
            number = self._first_block_with(log, epoch)
        except Unavailable:
            return self._search_windows(log, epoch)
        return next(iter(self._search(log, epoch, first=number, last=number)), None)

    def _first_block_with(self, log: LogName, epoch: int) -> int:
        low, high = 0, self.block.number
        while low < high:
            middle = (low + high) // 2
            # Before the contract was there a call answers with nothing.
            code = read_data(self._node.ask("eth_getCode", log.contract, hex(middle)), where="code")
            if code and self._latest_epoch(log, hex(middle)) >= epoch:
                high = middle
            else:
                low = middle + 1
        return low

    def _search_windows(self, log: LogName, epoch: int) -> AnchoredEvent | None:
        last = self.block.number
        for _ in range(MAX_WINDOWS):
            if last < 0:
                break
            first = max(0, last - LOG_WINDOW_BLOCKS + 1)
            for event in self._search(log, epoch, first=first, last=last):
                return event
            last = first - 1
        return None

    def _search(self, log: LogName, epoch: int, *, first: int, last: int) -> list[AnchoredEvent]:
        return self._events(log, epoch, {"fromBlock": hex(first), "toBlock": hex(last)})

    def _events(self, log: LogName, epoch: int, where: dict[str, JsonValue]) -> list[AnchoredEvent]:
        topics: list[JsonValue] = [_ANCHORED, _hex(log.number.to_bytes(32, "big")), _hex(epoch.to_bytes(32, "big"))]
        found = self._node.ask("eth_getLogs", {"address": log.contract, "topics": topics, **where})
        if not isinstance(found, list):
            raise Unavailable("rpc-answer", "the node's answer to eth_getLogs is not a list")
        return [self._event(item, epoch) for item in found]

    def _event(self, item: JsonValue, epoch: int) -> AnchoredEvent:
        header = self._node.block_by_hash(_hash(item, "blockHash"))
        return AnchoredEvent(
            epoch=epoch,
            root=Digest(_hash(item, "data")),
            transaction_hash=_hash(item, "transactionHash"),
            block_number=header.number,
            block_hash=header.hash,
            block_time=header.time,
        )

    def _latest_epoch(self, log: LogName, at: JsonValue) -> int:
        return int.from_bytes(self._call(log, _LATEST_EPOCH, (log.number,), at), "big")

    def _call(self, log: LogName, selector: bytes, arguments: tuple[int, ...], at: JsonValue) -> bytes:
        data = selector + b"".join(argument.to_bytes(32, "big") for argument in arguments)
        answer = self._node.ask("eth_call", {"to": log.contract, "data": _hex(data)}, at)
        return bytes.fromhex(read_hash(answer, where="a view of the log")[2:])


class _AgreeingView:
    """The view of several nodes that give the same answers."""

    def __init__(self, views: Sequence[_NodeView]) -> None:
        self._views = views
        self._block = _agreed("block", [view.block for view in views])

    @property
    def block(self) -> ChainBlock:
        return self._block

    def code_hash(self, contract: str) -> bytes | None:
        return self._ask("code", lambda view: view.code_hash(contract))

    def latest_epoch(self, log: LogName) -> int:
        return self._ask("latestEpoch", lambda view: view.latest_epoch(log))

    def root_at(self, log: LogName, epoch: int) -> Digest | None:
        return self._ask("rootAt", lambda view: view.root_at(log, epoch))

    def marks(self, court: str, log: LogName) -> tuple[Mark, ...]:
        return self._ask("marksOf", lambda view: view.marks(court, log))

    def anchored(self, log: LogName, epoch: int, *, hint: int | None = None) -> AnchoredEvent | None:
        first, *others = self._views
        event = first.anchored(log, epoch, hint=hint)
        if event is None:
            return None
        for view in others:
            # One node searched; the others are asked for that block, by its hash.
            if view.events_in(event.block_hash, log, epoch) != [event]:
                raise _disagreement("the Anchored event")
        return event

    def _ask(self, what: str, question: Callable[[_NodeView], _Answer]) -> _Answer:
        return _agreed(what, [question(view) for view in self._views])


def _last_block(node: _Node, head: _Header, moment: datetime) -> _Header:
    """Return the newest block up to `head` before a moment; block times only grow."""
    if head.time < moment:
        return head
    low, high = 0, head.number
    found: _Header | None = None
    while low < high:
        middle = (low + high) // 2
        header = node.block(hex(middle))
        if header.time < moment:
            low, found = middle + 1, header
        else:
            high = middle
    if found is None:
        raise Unavailable("block-not-found", f"the chain has no block before {moment.isoformat()}")
    return found


def _agreed(what: str, answers: Sequence[_Answer]) -> _Answer:
    if any(answer != answers[0] for answer in answers):
        raise _disagreement(what)
    return answers[0]


def _disagreement(what: str) -> Unavailable:
    return Unavailable("rpc-disagree", f"the nodes give different answers for {what}")


def _header(answer: JsonValue, *, asked: str) -> _Header:
    if answer is None:
        raise Unavailable("rpc-block-missing", f"the node does not know {asked}")
    try:
        time = datetime.fromtimestamp(_quantity(answer, "timestamp"), UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise Unavailable("rpc-answer", f"the time of {asked} is not in the calendar") from error
    return _Header(number=_quantity(answer, "number"), hash=_hash(answer, "hash"), time=time)


def _quantity(answer: JsonValue, name: str) -> int:
    return read_quantity(read_member(answer, name), where=name)


def _hash(answer: JsonValue, name: str) -> bytes:
    return bytes.fromhex(read_hash(read_member(answer, name), where=name)[2:])


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"

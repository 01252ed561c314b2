"""A chain in memory with one anchor log contract: a fake with behaviour, held to the port's contract by its tests."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.chain_ports import AnchoredEvent, LogView
from registry.domain.errors import Unavailable
from registry.domain.evidence import ChainBlock
from registry.domain.fraud import Mark
from registry.domain.hashing import Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.receipt import Anchor
from tests.epochs import NOW

CHAIN_ID: Final = 31_337


@dataclass(slots=True, kw_only=True)
class MemoryChain:
    """A chain whose blocks the test mines; every block is final at once."""

    log: LogName
    blocks: list[ChainBlock] = field(default_factory=list)
    events: dict[LogName, list[AnchoredEvent]] = field(default_factory=dict)
    failure: Unavailable | None = None
    """When set, nothing can be read."""
    code_hash: bytes = field(default_factory=lambda: load_artifact().runtime_code_hash)
    final: bool = True
    next_time: datetime | None = None
    court_code: dict[str, bytes] = field(default_factory=dict)
    """Hashes of the code of courts, by their address."""
    court_marks: dict[LogName, tuple[Mark, ...]] = field(default_factory=dict)
    court_failure: Unavailable | None = None
    """When set, the court cannot be asked."""
    searchable: bool = True
    """Events can be found; else only state can be read, as on a node that keeps few logs."""

    def mark(self, *marks: Mark) -> None:
        """Put the published court on the chain, with the marks it has made on the log."""
        court = load_artifact(FRAUD_COURT)
        self.court_code[court.address] = court.runtime_code_hash
        self.court_marks[self.log] = marks

    def mine(self, time: datetime | None = None) -> ChainBlock:
        """Mine a block, a minute after the one before unless its time is given."""
        moment = time or self.next_time or (self.blocks[-1].time + timedelta(minutes=1))
        self.next_time = None
        block = ChainBlock(
            chain_id=self.log.chain_id,
            number=len(self.blocks),
            hash=sha256(len(self.blocks).to_bytes(8, "big")),
            time=moment,
            final=True,
        )
        self.blocks.append(block)
        return block

    def anchor(self, root: Digest) -> Anchor:
        """Anchor a root as the log's next epoch, in a block of its own."""
        return self.anchor_in(self.log, root)

    def anchor_in(self, log: LogName, root: Digest) -> Anchor:
        """Anchor a root in another log of the chain."""
        block = self.mine()
        events = self.events.setdefault(log, [])
        event = AnchoredEvent(
            epoch=len(events) + 1,
            root=root,
            transaction_hash=sha256(root + block.hash),
            block_number=block.number,
            block_hash=block.hash,
            block_time=block.time,
        )
        events.append(event)
        return Anchor(
            log=log,
            epoch=event.epoch,
            transaction=f"0x{event.transaction_hash.hex()}",
            block_number=event.block_number,
            block_hash=f"0x{event.block_hash.hex()}",
            block_time=event.block_time,
        )

    def at_final_block(self, *, before: datetime | None = None) -> LogView:
        """Return a view at the newest block, or the last one before a date."""
        if self.failure is not None:
            raise self.failure
        found = [block for block in self.blocks if before is None or block.time < before]
        if not found:
            raise Unavailable("block-not-found", "the chain has no block before that date")
        return _View(self, replace(found[-1], final=self.final))


class _View:
    def __init__(self, chain: MemoryChain, block: ChainBlock) -> None:
        self._chain = chain
        self.block = block

    def code_hash(self, contract: str) -> bytes | None:
        if contract in self._chain.court_code:
            return self._chain.court_code[contract]
        return self._chain.code_hash if contract == self._chain.log.contract else None

    def marks(self, court: str, log: LogName) -> tuple[Mark, ...]:
        if self._chain.court_failure is not None:
            raise self._chain.court_failure
        return self._chain.court_marks.get(log, ()) if court in self._chain.court_code else ()

    def latest_epoch(self, log: LogName) -> int:
        return len(self._events(log))

    def root_at(self, log: LogName, epoch: int) -> Digest | None:
        events = self._events(log)
        return events[epoch - 1].root if 1 <= epoch <= len(events) else None

    def anchored(self, log: LogName, epoch: int, *, hint: int | None = None) -> AnchoredEvent | None:
        # A list is searched at once; a hint would save nothing.
        del hint
        if not self._chain.searchable:
            raise Unavailable("rpc-refused", "the node keeps no logs")
        events = self._events(log)
        return events[epoch - 1] if 1 <= epoch <= len(events) else None

    def _events(self, log: LogName) -> list[AnchoredEvent]:
        if log.chain_id != self._chain.log.chain_id or log.contract != self._chain.log.contract:
            return []
        return [event for event in self._chain.events.get(log, []) if event.block_number <= self.block.number]


def memory_chain(*, contract: str | None = None, start: datetime | None = None) -> MemoryChain:
    """Return a chain with the published contract, a log number 1, and a first block two hours before `NOW`."""
    name = LogName(chain_id=CHAIN_ID, contract=contract or load_artifact().address, number=1)
    chain = MemoryChain(log=name)
    chain.mine(start or NOW - timedelta(hours=2))
    return chain

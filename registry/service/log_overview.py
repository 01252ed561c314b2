"""What the log shows of itself: its newest epochs, what waits, and the age of the oldest thing that is not anchored.

Everything but the anchor's state and gas is read from the published files, so every figure can be checked against the file
that the page links to. Published epochs never change: each is read once.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from registry.chain_ports import PublishedSource
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.manifest import Manifest
from registry.domain.slot import Purpose
from registry.service.resources import Resources
from registry.store_ports import AnchorRecord, EpochRecord, ReadStore, Waiting

PAGE: Final = 25
"""Epochs shown at once."""
KEPT: Final = 1_000
"""Published epochs whose figures stay in memory: 40 pages, a few hundred bytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFigures:
    """A published batch: whose, and of how many credentials."""

    issuer: str
    credentials: int
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFigures:
    """A published status list: how many of its bits are set."""

    purpose: Purpose
    number: int
    set_bits: int
    file_epoch: int
    """The epoch in whose folder the file is."""
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What the files of a published epoch say."""

    batches: tuple[BatchFigures, ...]
    lists: tuple[ListFigures, ...]

    @property
    def credentials(self) -> int:
        """How many credentials the epoch anchored."""
        return sum(batch.credentials for batch in self.batches)

    def set_bits(self, purpose: Purpose) -> int:
        """How many slots of the whole log were revoked, or suspended, at this epoch."""
        return sum(item.set_bits for item in self.lists if item.purpose is purpose)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochOverview:
    """One epoch of the log."""

    number: int
    root: Digest
    sealed_at: datetime
    anchor: AnchorRecord
    published: Published | None
    """None before it is published."""
    newly_revoked: int | None
    """Revocations that this epoch anchored first; None where it or the one before is not published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOverview:
    """The log as it stands."""

    log: LogName
    waiting: Waiting
    oldest_waiting: timedelta | None
    """Age of the oldest thing that is accepted and not in a final epoch."""
    newest: int
    newest_final: int
    epochs: tuple[EpochOverview, ...]
    """Newest first."""
    older: int | None
    """Where the next page begins."""


class LogOverviews:
    """Makes overviews; keeps the figures of published epochs."""

    def __init__(self, resources: Resources, published: PublishedSource) -> None:
        self._resources = resources
        self._published = published
        self._kept: OrderedDict[int, Published] = OrderedDict()
        self._lock = threading.Lock()

    def overview(self, *, before: int | None = None) -> LogOverview:
        """Show the newest epochs, or those below a number. Raises Unavailable when published files cannot be read."""
        with self._resources.store.read() as unit:
            log = unit.access.log()
            newest, final = unit.epochs.newest(), unit.epochs.newest_final()
            waiting = unit.epochs.waiting()
            top = 0 if newest is None else newest.number
            first = top if before is None else min(top, before - 1)
            rows = [_row(unit, number) for number in range(first, max(0, first - PAGE), -1)]
            sealed_since = unit.epochs.oldest_unfinal_since()
        moments = (waiting.oldest_at, sealed_since)
        oldest = min((moment for moment in moments if moment is not None), default=None)
        epochs = tuple(self._overview(record, anchor) for record, anchor in rows)
        return LogOverview(
            log=log.name,
            waiting=waiting,
            oldest_waiting=None if oldest is None else self._resources.clock.now() - oldest,
            newest=top,
            newest_final=0 if final is None else final.number,
            epochs=epochs,
            older=epochs[-1].number if epochs and epochs[-1].number > 1 else None,
        )

    def epoch(self, number: int) -> EpochOverview:
        """Show one epoch. Raises NotFound, Unavailable."""
        with self._resources.store.read() as unit:
            record, anchor = _row(unit, number)
        return self._overview(record, anchor)

    def _overview(self, record: EpochRecord, anchor: AnchorRecord) -> EpochOverview:
        published = self._figures(record.number)
        before = Published(batches=(), lists=()) if record.number == 1 else self._figures(record.number - 1)
        newly_revoked = None
        if published is not None and before is not None:
            newly_revoked = published.set_bits(Purpose.REVOCATION) - before.set_bits(Purpose.REVOCATION)
        return EpochOverview(
            number=record.number,
            root=record.root,
            sealed_at=record.sealed_at,
            anchor=anchor,
            published=published,
            newly_revoked=newly_revoked,
        )

    def _figures(self, number: int) -> Published | None:
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
        manifest = self._published.manifest(number)
        if manifest is None:
            return None
        figures = self._count(manifest)
        with self._lock:
            self._kept[number] = figures
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return figures

    def _count(self, manifest: Manifest) -> Published:
        return Published(
            batches=tuple(
                BatchFigures(issuer=batch.header.issuer, credentials=batch.header.count, file=batch.entries)
                for batch in manifest.batches
            ),
            lists=tuple(
                ListFigures(
                    purpose=item.purpose,
                    number=item.number,
                    set_bits=int.from_bytes(self._published.bits(item)).bit_count(),
                    file_epoch=item.file_epoch,
                    file=item.file_name(),
                )
                for item in manifest.lists
            ),
        )


def _row(unit: ReadStore, number: int) -> tuple[EpochRecord, AnchorRecord]:
    return unit.epochs.get(number), unit.epochs.anchor(number)

"""Final anchors, to be compared with the chain, and the marks of those that it denies. No anchor is ever changed here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, insert, select

from anchor_worker.machine import Phase
from anchor_worker.ports import Fenced
from registry.adapters.database import read_transaction, write_transaction
from registry.adapters.tables import anchor, final_mismatch
from registry.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalAnchor:
    """Where a final anchor stands by our records."""

    epoch: int
    block_number: int
    block_hash: str
    """Lower-case hex with 0x."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A final anchor that a quorum of nodes denies."""

    anchor: FinalAnchor
    detail: str
    seen_at: datetime


class SqlFinalAnchors:
    """The final anchors of a database."""

    def __init__(self, engine: Engine, *, clock: Clock, fence: Callable[[Connection], int] | None = None) -> None:
        """`clock` tells when a mismatch was seen; `fence` is the leader's, without which nothing may be marked."""
        self._engine = engine
        self._clock = clock
        self._fence = fence or _closed

    def newest(self, *, below: int | None = None) -> FinalAnchor | None:
        """Return the newest final anchor, of an epoch below a number if one is given; None when there is none."""
        query = select(anchor.c.epoch, anchor.c.block_number, anchor.c.block_hash).where(
            anchor.c.state == Phase.FINAL.value
        )
        if below is not None:
            query = query.where(anchor.c.epoch < below)
        with read_transaction(self._engine) as connection:
            row = connection.execute(query.order_by(anchor.c.epoch.desc()).limit(1)).one_or_none()
        return None if row is None else _final_anchor(row.epoch, row.block_number, row.block_hash)

    def mismatches(self) -> tuple[Mismatch, ...]:
        """Return what stands, by epoch."""
        query = (
            select(final_mismatch, anchor.c.block_number, anchor.c.block_hash)
            .join(anchor, anchor.c.epoch == final_mismatch.c.epoch)
            .order_by(final_mismatch.c.epoch)
        )
        with read_transaction(self._engine) as connection:
            return tuple(
                Mismatch(
                    anchor=_final_anchor(row.epoch, row.block_number, row.block_hash),
                    detail=row.detail,
                    seen_at=row.seen_at,
                )
                for row in connection.execute(query)
            )

    def mark(self, epoch: int, detail: str) -> None:
        """Note that the chain denies an anchor; what was noted first stays."""
        with write_transaction(self._engine) as connection:
            self._fence(connection)
            known = connection.execute(
                select(final_mismatch.c.epoch).where(final_mismatch.c.epoch == epoch)
            ).one_or_none()
            if known is None:
                connection.execute(insert(final_mismatch).values(epoch=epoch, detail=detail, seen_at=self._clock.now()))

    def unmark(self, epoch: int) -> None:
        """Note that the chain has the anchor after all."""
        with write_transaction(self._engine) as connection:
            self._fence(connection)
            connection.execute(delete(final_mismatch).where(final_mismatch.c.epoch == epoch))


def _closed(_connection: Connection) -> int:
    raise Fenced("only the leader marks final anchors")


def _final_anchor(epoch: int, block_number: int, block_hash: bytes) -> FinalAnchor:
    return FinalAnchor(epoch=epoch, block_number=block_number, block_hash="0x" + bytes(block_hash).hex())

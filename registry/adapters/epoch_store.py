"""Reading epochs, batches, list snapshots and anchors."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Select, func, select

from registry.adapters import tables
from registry.adapters.statements import one_row
from registry.domain.hashing import Digest
from registry.domain.slot import Purpose
from registry.domain.status_tree import EMPTY_LIST
from registry.store_ports import (
    AnchorEvent,
    AnchorRecord,
    AnchorState,
    BatchRecord,
    EpochListRecord,
    EpochRecord,
    ReadyBatch,
    Waiting,
)

_BATCHES: Final[Select[Any]] = select(  # Any: a row of the table
    *(tables.batch.c[name] for name in ("id", "epoch", "position", "issuer_id", "header", "root")),
    tables.batch.c["count"].label("credentials"),  # every row has a method `count`
)
_LISTS: Final = select(*(column for column in tables.epoch_list.c if column is not tables.epoch_list.c.bits))


class EpochStore:
    """Implements EpochReader inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def waiting(self) -> Waiting:
        """Tell how much waits to be sealed."""
        waiting, batch, change = tables.credential_waiting, tables.batch, tables.status_change
        single = self._connection.execute(
            select(func.count(), func.min(waiting.c.created_at)).select_from(waiting)
        ).one()
        batched = self._connection.execute(
            select(func.coalesce(func.sum(batch.c["count"]), 0), func.min(batch.c.waiting_since)).where(
                batch.c.epoch.is_(None)
            )
        ).one()
        changes = self._connection.execute(
            select(func.count(), func.min(change.c.changed_at)).where(change.c.epoch.is_(None))
        ).one()
        return Waiting(
            credentials=single[0] + batched[0],
            oldest_credential_at=min((each[1] for each in (single, batched) if each[1] is not None), default=None),
            status_changes=changes[0],
            oldest_status_change_at=changes[1],
        )

    def get(self, number: int) -> EpochRecord:
        """Return an epoch. Raises NotFound."""
        statement = select(tables.epoch).where(tables.epoch.c.number == number)
        return _epoch(one_row(self._connection, statement, what="epoch"))

    def oldest_unfinal_since(self) -> datetime | None:
        """Return when the oldest thing was accepted that is sealed but not in a final epoch; None when all are final."""
        epoch = tables.epoch
        statement = (
            select(func.coalesce(epoch.c.waiting_since, epoch.c.sealed_at).label("since"))
            .join_from(epoch, tables.anchor)
            .where(tables.anchor.c.state != AnchorState.FINAL.value)
            .order_by("since")
            .limit(1)
        )
        return self._connection.execute(statement).scalar_one_or_none()

    def newest(self) -> EpochRecord | None:
        """Return the epoch sealed last, None before the first."""
        statement = select(tables.epoch).order_by(tables.epoch.c.number.desc()).limit(1)
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else _epoch(row)

    def newest_final(self, *, at_most: int | None = None) -> EpochRecord | None:
        """Return the newest epoch whose anchor is FINAL, not above a number if one is given."""
        statement = (
            select(tables.epoch)
            .join_from(tables.epoch, tables.anchor)
            .where(tables.anchor.c.state == AnchorState.FINAL.value)
            .order_by(tables.epoch.c.number.desc())
            .limit(1)
        )
        if at_most is not None:
            statement = statement.where(tables.epoch.c.number <= at_most)
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else _epoch(row)

    def to_publish(self) -> tuple[int, ...]:
        """Return the numbers of epochs that are final and not noted as published, ascending."""
        statement = (
            select(tables.epoch.c.number)
            .join_from(tables.epoch, tables.anchor)
            .where(tables.epoch.c.published_at.is_(None), tables.anchor.c.state == AnchorState.FINAL.value)
            .order_by(tables.epoch.c.number)
        )
        return tuple(self._connection.execute(statement).scalars())

    def anchor(self, epoch: int) -> AnchorRecord:
        """Return where an epoch's anchor stands. Raises NotFound."""
        statement = select(tables.anchor).where(tables.anchor.c.epoch == epoch)
        row = one_row(self._connection, statement, what="anchor")
        return AnchorRecord(
            epoch=row.epoch,
            root=Digest(row.root),
            state=AnchorState(row.state),
            transaction_hash=row.transaction_hash,
            block_number=row.block_number,
            block_hash=row.block_hash,
            block_time=row.block_time,
            gas_used=row.gas_used,
            blocked_reason=row.blocked_reason,
        )

    def anchor_events(self, epoch: int) -> tuple[AnchorEvent, ...]:
        """Return everything that happened to an epoch's anchor, in order."""
        event = tables.anchor_event
        statement = select(event).where(event.c.epoch == epoch).order_by(event.c.version)
        return tuple(
            AnchorEvent(
                epoch=row.epoch,
                version=row.version,
                at=row.at,
                before=None if row.before is None else AnchorState(row.before),
                after=AnchorState(row.after),
                reason=row.reason,
                detail=row.detail,
                token=row.token,
            )
            for row in self._connection.execute(statement)
        )

    def batches(self, epoch: int) -> tuple[BatchRecord, ...]:
        """Return an epoch's batches in tree order."""
        statement = _BATCHES.where(tables.batch.c.epoch == epoch).order_by(tables.batch.c.position)
        return tuple(map(_batch, self._connection.execute(statement)))

    def batch(self, batch_id: UUID) -> BatchRecord:
        """Return a sealed batch. Raises NotFound."""
        sealed = _BATCHES.where(tables.batch.c.id == batch_id, tables.batch.c.epoch.is_not(None))
        return _batch(one_row(self._connection, sealed, what="batch"))

    def ready_batches(self) -> tuple[ReadyBatch, ...]:
        """Return the batches that wait for their epoch, those with the oldest credentials first."""
        batch = tables.batch.c
        statement = (
            select(batch.id, batch.header, batch.root, batch["count"].label("credentials"))
            .where(batch.epoch.is_(None))
            .order_by(batch.waiting_since, batch.id)
        )
        return tuple(
            ReadyBatch(id=row.id, header=row.header, root=Digest(row.root), count=row.credentials)
            for row in self._connection.execute(statement)
        )

    def batch_entries(self, batch_id: UUID) -> bytes:
        """Return a batch's entries, header first. Raises NotFound."""
        statement = select(tables.batch.c.entries).where(tables.batch.c.id == batch_id)
        return bytes(one_row(self._connection, statement, what="batch").entries)

    def lists(self, epoch: int) -> tuple[EpochListRecord, ...]:
        """Return an epoch's lists that are not all zero, by purpose (revocation first) and number."""
        listed = tables.epoch_list
        statement = _LISTS.where(listed.c.epoch == epoch).order_by(listed.c.purpose, listed.c.list)
        return tuple(
            EpochListRecord(
                epoch=row.epoch,
                purpose=Purpose(row.purpose),
                number=row.list,
                root=Digest(row.root),
                sha256=Digest(row.sha256),
                file_epoch=row.file_epoch,
            )
            for row in self._connection.execute(statement)
        )

    def list_bits(self, epoch: int, purpose: Purpose, number: int) -> bytes:
        """Return a list's bytes as of an epoch; all zero when the epoch does not list it."""
        listed, kept = tables.epoch_list, tables.epoch_list.alias()
        statement = (
            select(kept.c.bits)
            .join_from(
                listed,
                kept,
                (kept.c.epoch == listed.c.file_epoch)
                & (kept.c.purpose == listed.c.purpose)
                & (kept.c.list == listed.c.list),
            )
            .where(listed.c.epoch == epoch, listed.c.purpose == purpose.value, listed.c.list == number)
        )
        bits = self._connection.execute(statement).scalar_one_or_none()
        return EMPTY_LIST if bits is None else bytes(bits)

    def list_roots(self, epoch: int, purpose: Purpose) -> Mapping[int, Digest]:
        """Return the roots of a purpose's lists that are not all zero, by number."""
        listed = tables.epoch_list
        statement = select(listed.c.list, listed.c.root).where(
            listed.c.epoch == epoch, listed.c.purpose == purpose.value
        )
        return {number: Digest(root) for number, root in self._connection.execute(statement)}


# Any: rows of the tables.
def _epoch(row: Row[Any]) -> EpochRecord:
    return EpochRecord(
        number=row.number,
        root=Digest(row.root),
        credentials_root=Digest(row.credentials_root),
        status_root=Digest(row.status_root),
        revocation_root=Digest(row.revocation_root),
        suspension_root=Digest(row.suspension_root),
        sealed_at=row.sealed_at,
        published_at=row.published_at,
    )


def _batch(row: Row[Any]) -> BatchRecord:
    return BatchRecord(
        id=row.id,
        epoch=row.epoch,
        position=row.position,
        issuer_id=row.issuer_id,
        header=row.header,
        root=Digest(row.root),
        count=row.credentials,
    )

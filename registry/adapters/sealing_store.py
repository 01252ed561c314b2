"""Sealing: what waits, the transactions that build batches of it, and the one that ties them to an epoch.

PostgreSQL: a sealer locks the table of status changes, in a mode that conflicts with itself and with every writer of
it. Between reading the lists and tying the changes nothing can come, and the wait is as long as one sealing.
Credentials may be issued meanwhile: they are tied by id, those that were read. What was promised for this epoch is among
them (`promise_store`).

Builders share the table of batches, and claim the rows of what waits with SKIP LOCKED: no two get the same, and none
waits for another. A sealer takes that table alone, so that all a builder had in its hands is back among what waits, or
in a batch, before it reads either. SQLite's one writer is alone anyway.

To tie a credential is to move it from the narrow table of what waits to the narrow table of places in batches; its own
row, with the document, is not touched.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import count
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, exists, func, insert, not_, select, text, true, update

from registry.adapters import tables
from registry.adapters.bulk import RowForms, insert_rows
from registry.adapters.column_types import moment_at
from registry.adapters.database import LOCK_TIMEOUT_SECONDS
from registry.adapters.epoch_store import EpochStore
from registry.adapters.promise_tables import promise
from registry.adapters.statements import await_transactions, change_one, first_said, lock_table
from registry.domain.errors import Conflict
from registry.domain.hashing import Digest
from registry.domain.promise import PromiseKind
from registry.store_ports import AnchorState, NewBatch, NewEpoch, ReadyBatch, UnsealedEntry, UnsealedGroup

STILL_SECONDS: Final = LOCK_TIMEOUT_SECONDS // 2
"""A worker that was paused in the middle keeps its locks. PostgreSQL ends its session before those who wait give up;
between two statements of a sealing pass a few seconds at most."""

_FIRST_ENTRY: Final = 1
"""The header is entry 0."""
_TAKE_FROM_SQLITE: Final = (
    "DELETE FROM credential_waiting WHERE issuer_id = ? AND did_document = ? AND credential_id = ?"
)
# Claimed from the lowest id on, by the only writer: what stands between the first and the last was claimed too.
_OLDEST_IN_SQLITE: Final = (
    "SELECT min(created_at) FROM credential_waiting"
    " WHERE issuer_id = ? AND did_document = ? AND credential_id BETWEEN ? AND ?"
)
_TAKE_FROM_POSTGRESQL: Final = (
    "WITH taken AS (DELETE FROM credential_waiting"
    " WHERE issuer_id = %s AND did_document = %s AND credential_id = ANY(%s) RETURNING created_at)"
    " SELECT count(*), min(created_at) FROM taken"
)


class SealingStore(EpochStore):
    """Implements EpochWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._connection = connection

    def lock_for_building(self) -> None:
        """Keep sealers out, not other builders, until this transaction ends."""
        self._end_when_still()
        lock_table(self._connection, tables.batch, "ROW EXCLUSIVE")

    def claim_entries(self, group: UnsealedGroup, *, limit: int) -> Sequence[UnsealedEntry]:
        """Return a group's oldest waiting credentials, without those that another builder claimed."""
        return self._read(_waiting_of(group).limit(limit).with_for_update(skip_locked=True))

    def add_batch(self, batch: NewBatch) -> None:
        """Store a batch that waits for its epoch, and tie its credentials to it. Raises Conflict."""
        self._insert_batch(batch, waiting_since=self._tie(batch))

    def lock_for_sealing(self) -> None:
        """Keep every other sealer and builder out, and every status change, until this transaction ends."""
        self._end_when_still()
        # First the one that only builders hold: nobody is kept waiting while we wait for them.
        lock_table(self._connection, tables.batch, "SHARE ROW EXCLUSIVE")
        lock_table(self._connection, tables.status_change, "SHARE ROW EXCLUSIVE")
        # In this order: whoever promises a revocation took them in this order too.
        await_transactions(self._connection, promise)

    def promised_batches(self, epoch: int) -> frozenset[UUID]:
        """Return the ids of the ready batches with a credential that is promised for that very epoch."""
        batch, entry, credential = tables.batch, tables.credential_entry, tables.credential
        statement = (
            select(batch.c.id)
            .join_from(promise, credential, credential.c.slot == promise.c.slot)
            .join(entry, entry.c.credential_id == credential.c.id)
            .join(batch, batch.c.id == entry.c.batch_id)
            .where(promise.c.kind == PromiseKind.INCLUSION.value, promise.c.epoch == epoch, batch.c.epoch.is_(None))
        )
        return frozenset(self._connection.execute(statement).scalars())

    def unsealed_groups(self) -> tuple[UnsealedGroup, ...]:
        """Return what waits by issuer and DID document, in the order of their ids and hashes."""
        waiting, issuer = tables.credential_waiting, tables.issuer
        groups = (
            select(waiting.c.issuer_id, waiting.c.did_document, func.count().label("waiting"))
            .group_by(waiting.c.issuer_id, waiting.c.did_document)
            .subquery()
        )
        statement = (
            select(groups, issuer.c.did)
            .join_from(groups, issuer, issuer.c.id == groups.c.issuer_id)
            .order_by(groups.c.issuer_id, groups.c.did_document)
        )
        return tuple(
            UnsealedGroup(
                issuer_id=row.issuer_id,
                did=row.did,
                did_document_sha256=Digest(row.did_document),
                count=row.waiting,
            )
            for row in self._connection.execute(statement)
        )

    def unsealed_entries(self, group: UnsealedGroup, *, after: UUID | None, limit: int) -> Sequence[UnsealedEntry]:
        """Return a group's waiting credentials by ascending id, those after an id."""
        return self._entries(group, true(), after=after, limit=limit)

    def promised_entries(
        self, group: UnsealedGroup, *, through: int, after: UUID | None, limit: int
    ) -> Sequence[UnsealedEntry]:
        """Return those of them that are promised for an epoch up to a number."""
        return self._entries(group, _is_promised(through), after=after, limit=limit)

    def unpromised_entries(
        self, group: UnsealedGroup, *, through: int, after: UUID | None, limit: int
    ) -> Sequence[UnsealedEntry]:
        """Return the others."""
        return self._entries(group, not_(_is_promised(through)), after=after, limit=limit)

    def seal(self, epoch: NewEpoch) -> None:
        """Store an epoch with everything that belongs to it, its anchor as SEALED. Raises Conflict."""
        newest = self.newest()
        follows = 1 if newest is None else newest.number + 1
        if epoch.number != follows:
            raise Conflict("epoch-out-of-order", f"expected epoch {follows}, got {epoch.number}")
        self._insert_epoch(epoch)
        for position, batch in enumerate(epoch.batches):
            if isinstance(batch, ReadyBatch):
                self._place(batch, epoch=epoch.number, position=position)
            else:
                self._insert_batch(batch, epoch=epoch.number, position=position)
                self._tie(batch)
        self._insert_lists(epoch)
        changes = tables.status_change
        self._connection.execute(update(changes).where(changes.c.epoch.is_(None)).values(epoch=epoch.number))
        self._insert_anchor(epoch)

    def mark_published(self, epoch: int, *, published_at: datetime) -> None:
        """Note that an epoch's files are in place. Raises NotFound."""
        first = first_said(tables.epoch.c.published_at, published_at)
        statement = update(tables.epoch).where(tables.epoch.c.number == epoch).values(published_at=first)
        change_one(self._connection, statement, what="epoch")

    def _entries(
        self, group: UnsealedGroup, condition: ColumnElement[bool], *, after: UUID | None, limit: int
    ) -> Sequence[UnsealedEntry]:
        statement = _waiting_of(group).where(condition)
        if after is not None:
            statement = statement.where(tables.credential_waiting.c.credential_id > after)
        return self._read(statement.limit(limit))

    def _read(self, statement: Select[UUID, bytes, int]) -> Sequence[UnsealedEntry]:
        return tuple(
            UnsealedEntry(credential_id=credential_id, leaf=Digest(leaf), slot=slot)
            for credential_id, leaf, slot in self._connection.execute(statement)
        )

    def _end_when_still(self) -> None:
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{STILL_SECONDS}s'"))

    def _insert_epoch(self, epoch: NewEpoch) -> None:
        self._connection.execute(
            insert(tables.epoch).values(
                number=epoch.number,
                root=epoch.root,
                credentials_root=epoch.credentials_root,
                status_root=epoch.status_root,
                revocation_root=epoch.revocation_root,
                suspension_root=epoch.suspension_root,
                sealed_at=epoch.sealed_at,
                waiting_since=epoch.waiting_since,
            )
        )

    def _place(self, batch: ReadyBatch, *, epoch: int, position: int) -> None:
        ready = tables.batch.c
        statement = (
            update(tables.batch)
            .where(ready.id == batch.id, ready.epoch.is_(None))
            .values(epoch=epoch, position=position, waiting_since=None)
        )
        if self._connection.execute(statement).rowcount != 1:
            raise Conflict("batch-sealed-already", f"expected batch {batch.id} to wait for its epoch")

    def _insert_batch(self, batch: NewBatch, **place: int | datetime) -> None:
        self._connection.execute(
            insert(tables.batch).values(
                id=batch.id,
                issuer_id=batch.issuer_id,
                header=batch.header,
                root=batch.root,
                count=batch.count,
                entries=batch.entries,
                **place,
            )
        )

    def _tie(self, batch: NewBatch) -> datetime:
        """Move the batch's credentials from what waits to their places; return since when the oldest waited."""
        if len(batch.credential_ids) != batch.count:
            raise Conflict("batch-count", f"expected {batch.count} credentials, got {len(batch.credential_ids)}")
        forms = RowForms(self._connection)
        # In the order of both tables' keys: neighbours share a page.
        numbered: Iterable[tuple[UUID, int]] = zip(batch.credential_ids, count(_FIRST_ENTRY), strict=False)
        # By the number: an id compares itself with another in Python, twenty times a row.
        numbered = sorted(numbered, key=lambda place: place[0].int)
        places = [(forms.id(credential_id), index) for credential_id, index in numbered]
        waited, oldest = self._take(batch, [place[0] for place in places])
        if waited != batch.count:
            raise Conflict("credential-sealed-already", f"expected {batch.count} waiting credentials, found {waited}")
        batch_id = forms.id(batch.id)
        insert_rows(
            self._connection,
            tables.credential_entry,
            [(credential_id, batch_id, index) for credential_id, index in places],
        )
        return moment_at(oldest)

    def _take(self, batch: NewBatch, ids: list[UUID | bytes]) -> tuple[int, int]:
        """Delete rows of what waits; return how many there were, and when the oldest was made."""
        group = (RowForms(self._connection).id(batch.issuer_id), batch.did_document_sha256)
        run = self._connection.exec_driver_sql
        if self._connection.dialect.name == "postgresql":
            waited, oldest = run(_TAKE_FROM_POSTGRESQL, (*group, ids)).one()
            return waited, oldest or 0
        oldest = run(_OLDEST_IN_SQLITE, (*group, ids[0], ids[-1])).scalar_one()
        return run(_TAKE_FROM_SQLITE, [(*group, each) for each in ids]).rowcount, oldest or 0

    def _insert_lists(self, epoch: NewEpoch) -> None:
        rows = [
            {
                "epoch": epoch.number,
                "purpose": snapshot.purpose.value,
                "list": snapshot.number,
                "root": snapshot.root,
                "sha256": snapshot.sha256,
                "file_epoch": snapshot.file_epoch,
                "bits": snapshot.bits,
            }
            for snapshot in epoch.lists
        ]
        if rows:
            self._connection.execute(insert(tables.epoch_list), rows)

    def _insert_anchor(self, epoch: NewEpoch) -> None:
        self._connection.execute(
            insert(tables.anchor).values(
                epoch=epoch.number,
                root=epoch.root,
                state=AnchorState.SEALED.value,
                chain_id=epoch.chain_id,
                contract=epoch.contract,
                log_number=epoch.log_number,
                reorg_count=0,
                created_at=epoch.sealed_at,
                updated_at=epoch.sealed_at,
                version=1,
            )
        )
        self._connection.execute(
            insert(tables.anchor_event).values(
                epoch=epoch.number, version=1, at=epoch.sealed_at, after=AnchorState.SEALED.value
            )
        )


def _waiting_of(group: UnsealedGroup) -> Select[UUID, bytes, int]:
    waiting = tables.credential_waiting.c
    return (
        select(waiting.credential_id, waiting.leaf, waiting.slot)
        .where(waiting.issuer_id == group.issuer_id, waiting.did_document == group.did_document_sha256)
        .order_by(waiting.credential_id)
    )


def _is_promised(through: int) -> ColumnElement[bool]:
    return exists().where(
        promise.c.kind == PromiseKind.INCLUSION.value,
        promise.c.slot == tables.credential_waiting.c.slot,
        promise.c.epoch <= through,
    )

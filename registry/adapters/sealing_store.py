"""Sealing: what waits, and the one transaction that ties it to an epoch.

PostgreSQL: the lock is on the table of status changes, in a mode that conflicts with itself and with every writer of
it. Between reading the lists and tying the changes nothing can come, and the wait is as long as one sealing.
Credentials may be issued meanwhile: they are tied by id, those that were read. What was promised for this epoch is among
them (`promise_store`).

To tie a credential is to move it from the narrow table of what waits to the narrow table of places in batches; its own
row, with the document, is not touched.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import count
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, exists, func, insert, not_, select, true, update

from registry.adapters import tables
from registry.adapters.bulk import RowForms, insert_rows
from registry.adapters.epoch_store import EpochStore
from registry.adapters.promise_tables import promise
from registry.adapters.statements import await_transactions, change_one, first_said, lock_table
from registry.domain.errors import Conflict
from registry.domain.hashing import Digest
from registry.domain.promise import PromiseKind
from registry.store_ports import AnchorState, NewBatch, NewEpoch, UnsealedEntry, UnsealedGroup

_FIRST_ENTRY: Final = 1
"""The header is entry 0."""
_TAKE_FROM_SQLITE: Final = (
    "DELETE FROM credential_waiting WHERE issuer_id = ? AND did_document = ? AND credential_id = ?"
)
_TAKE_FROM_POSTGRESQL: Final = (
    "DELETE FROM credential_waiting WHERE issuer_id = %s AND did_document = %s AND credential_id = ANY(%s)"
)


class SealingStore(EpochStore):
    """Implements EpochWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._connection = connection

    def lock_for_sealing(self) -> None:
        """Keep every other sealer out, and every status change, until this transaction ends."""
        lock_table(self._connection, tables.status_change, "SHARE ROW EXCLUSIVE")
        # In this order: whoever promises a revocation took them in this order too.
        await_transactions(self._connection, promise)

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
            self._insert_batch(epoch.number, position, batch)
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
        waiting = tables.credential_waiting
        statement = select(waiting.c.credential_id, waiting.c.leaf, waiting.c.slot).where(
            waiting.c.issuer_id == group.issuer_id, waiting.c.did_document == group.did_document_sha256, condition
        )
        if after is not None:
            statement = statement.where(waiting.c.credential_id > after)
        return tuple(
            UnsealedEntry(credential_id=credential_id, leaf=Digest(leaf), slot=slot)
            for credential_id, leaf, slot in self._connection.execute(
                statement.order_by(waiting.c.credential_id).limit(limit)
            )
        )

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
            )
        )

    def _insert_batch(self, epoch: int, position: int, batch: NewBatch) -> None:
        self._connection.execute(
            insert(tables.batch).values(
                id=batch.id,
                epoch=epoch,
                position=position,
                issuer_id=batch.issuer_id,
                header=batch.header,
                root=batch.root,
                count=batch.count,
                entries=batch.entries,
            )
        )
        if len(batch.credential_ids) != batch.count:
            raise Conflict("batch-count", f"expected {batch.count} credentials, got {len(batch.credential_ids)}")
        self._tie(batch)

    def _tie(self, batch: NewBatch) -> None:
        forms = RowForms(self._connection)
        # In the order of both tables' keys: neighbours share a page.
        numbered: Iterable[tuple[UUID, int]] = zip(batch.credential_ids, count(_FIRST_ENTRY), strict=False)
        # By the number: an id compares itself with another in Python, twenty times a row.
        numbered = sorted(numbered, key=lambda place: place[0].int)
        places = [(forms.id(credential_id), index) for credential_id, index in numbered]
        waited = self._take(batch, [place[0] for place in places])
        if waited != batch.count:
            raise Conflict("credential-sealed-already", f"expected {batch.count} waiting credentials, found {waited}")
        batch_id = forms.id(batch.id)
        insert_rows(
            self._connection,
            tables.credential_entry,
            [(credential_id, batch_id, index) for credential_id, index in places],
        )

    def _take(self, batch: NewBatch, ids: list[UUID | bytes]) -> int:
        group = (RowForms(self._connection).id(batch.issuer_id), batch.did_document_sha256)
        if self._connection.dialect.name == "postgresql":
            return self._connection.exec_driver_sql(_TAKE_FROM_POSTGRESQL, (*group, ids)).rowcount
        return self._connection.exec_driver_sql(_TAKE_FROM_SQLITE, [(*group, each) for each in ids]).rowcount

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


def _is_promised(through: int) -> ColumnElement[bool]:
    return exists().where(
        promise.c.kind == PromiseKind.INCLUSION.value,
        promise.c.slot == tables.credential_waiting.c.slot,
        promise.c.epoch <= through,
    )

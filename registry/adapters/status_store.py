"""Status lists and status changes (protocol section 4).

One change is one transaction: the bit in the newest state of the list, the note of who and why, the credential's
standing. Sealing takes the lists as they are when it has the lock, so a change is in an epoch's snapshot exactly when
its note is tied to that epoch or an earlier one.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, assert_never
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select, update

from registry.adapters import tables
from registry.adapters.slot_store import SlotStore
from registry.adapters.statements import change_one, insert_if_absent, lock_table, one_row
from registry.domain.errors import Conflict
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import EMPTY_LIST, write_bit
from registry.store_ports import Standing, StatusChangeRecord, StatusListRecord, StatusOrder

SLOTS_A_QUERY: Final = 1_000
"""SQLite takes 32,766 parameters a statement."""


class StatusStore:
    """Implements StatusReader and StatusWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._slots = SlotStore(connection)

    def status_list(self, purpose: Purpose, number: int) -> StatusListRecord:
        """Return a list, all zero when nothing was ever set. Raises NotFound."""
        lists, bits = tables.status_list, tables.status_bits
        statement = (
            select(lists.c.number, lists.c.issuer_id, lists.c.created_at, bits.c.bits, bits.c.changed_at)
            .join_from(lists, bits, (bits.c.list == lists.c.number) & (bits.c.purpose == purpose.value), isouter=True)
            .where(lists.c.number == number)
        )
        row = one_row(self._connection, statement, what="status-list")
        return StatusListRecord(
            number=row.number,
            issuer_id=row.issuer_id,
            purpose=purpose,
            bits=EMPTY_LIST if row.bits is None else row.bits,
            changed_at=row.created_at if row.changed_at is None else row.changed_at,
        )

    def lists(self) -> tuple[StatusListRecord, ...]:
        """Return every list in which a bit was ever set, by purpose (revocation first) and number."""
        lists, bits = tables.status_list, tables.status_bits
        statement = select(bits, lists.c.issuer_id).join_from(bits, lists).order_by(bits.c.purpose, bits.c.list)
        return tuple(
            StatusListRecord(
                number=row.list,
                issuer_id=row.issuer_id,
                purpose=Purpose(row.purpose),
                bits=row.bits,
                changed_at=row.changed_at,
            )
            for row in self._connection.execute(statement)
        )

    def changes(self, credential_id: UUID) -> tuple[StatusChangeRecord, ...]:
        """Return a credential's changes, the oldest first."""
        changes = tables.status_change
        statement = select(changes).where(changes.c.credential_id == credential_id).order_by(changes.c.id)
        return tuple(map(_change, self._connection.execute(statement)))

    def assign_slots(
        self, issuer_id: UUID, count: int, *, draw: Callable[[int], int], now: datetime
    ) -> tuple[int, ...]:
        """Draw free slots of the issuer. Raises NotFound, Conflict `log-full`."""
        return self._slots.assign(issuer_id, count, draw=draw, now=now)

    def open_list(self, issuer_id: UUID, *, now: datetime) -> int:
        """Return an open list of the issuer from which nothing was drawn. Raises NotFound, Conflict `log-full`."""
        return self._slots.open_list(issuer_id, now=now)

    def mark_slots_used(self, issuer_id: UUID, slots: Iterable[int], *, now: datetime) -> int:
        """Note slots that published files show as filled. Raises Conflict."""
        return self._slots.mark_used(issuer_id, slots, now=now)

    def mark_bits_set(self, issuer_id: UUID, purpose: Purpose, number: int, bits: bytes, *, now: datetime) -> int:
        """Set every bit that a published list has set. Raises Conflict."""
        lock_table(self._connection, tables.status_change, "ROW EXCLUSIVE")
        self._slots.adopt_list(issuer_id, number, now=now)
        stored = int.from_bytes(self._lock_bits(purpose, number, now), "big")
        missing = int.from_bytes(bits, "big") & ~stored
        if missing == 0:
            return 0
        self._write_bits(purpose, number, (stored | missing).to_bytes(len(EMPTY_LIST), "big"), now)
        slots = [number * LIST_SIZE + index for index, digit in enumerate(f"{missing:0{LIST_SIZE}b}") if digit == "1"]
        for start in range(0, len(slots), SLOTS_A_QUERY):
            self._adopt_standing(purpose, slots[start : start + SLOTS_A_QUERY])
        return len(slots)

    def lock(self, credential_id: UUID) -> Standing:
        """Return a credential's standing, which nobody else changes until this transaction ends. Raises NotFound."""
        return Standing(self._lock_credential(credential_id).standing)

    def revoke(self, order: StatusOrder) -> Standing:
        """Revoke for ever. Returns the standing before. Raises NotFound."""
        row = self._lock_credential(order.credential_id)
        before = Standing(row.standing)
        if before is not Standing.REVOKED:
            self._set(row, order, Purpose.REVOCATION, value=True)
            self._stand(row.id, Standing.REVOKED)
        return before

    def suspend(self, order: StatusOrder) -> Standing:
        """Suspend. Returns the standing before. Raises NotFound, Conflict."""
        row = self._lock_credential(order.credential_id)
        before = _not_revoked(row)
        if not row.suspendable:
            raise Conflict("not-suspendable", "expected a credential with a status entry for suspension")
        if before is Standing.ACTIVE:
            self._set(row, order, Purpose.SUSPENSION, value=True)
            self._stand(row.id, Standing.SUSPENDED)
        return before

    def reinstate(self, order: StatusOrder) -> Standing:
        """Lift a suspension. Returns the standing before. Raises NotFound, Conflict."""
        row = self._lock_credential(order.credential_id)
        before = _not_revoked(row)
        if before is Standing.SUSPENDED:
            self._set(row, order, Purpose.SUSPENSION, value=False)
            self._stand(row.id, Standing.ACTIVE)
        return before

    def _lock_credential(self, credential_id: UUID) -> Row[Any]:  # Any: a row of the table
        # First of all the lock that sealing takes exclusively: taken after the row, the two could wait for each other.
        lock_table(self._connection, tables.status_change, "ROW EXCLUSIVE")
        credential = tables.credential
        statement = (
            select(credential.c.id, credential.c.slot, credential.c.standing, credential.c.suspendable)
            .where(credential.c.id == credential_id)
            .with_for_update(key_share=True)
        )
        return one_row(self._connection, statement, what="credential")

    def _set(self, row: Row[Any], order: StatusOrder, purpose: Purpose, *, value: bool) -> None:  # Any: as above
        number, index = divmod(row.slot, LIST_SIZE)
        bits = self._lock_bits(purpose, number, order.changed_at)
        self._write_bits(purpose, number, write_bit(bits, index, value=value), order.changed_at)
        self._connection.execute(
            insert(tables.status_change).values(
                id=order.id,
                credential_id=row.id,
                slot=row.slot,
                purpose=purpose.value,
                value=value,
                reason=order.reason,
                note=order.note,
                changed_at=order.changed_at,
                changed_by=order.changed_by,
            )
        )

    def _lock_bits(self, purpose: Purpose, number: int, now: datetime) -> bytes:
        stored = tables.status_bits
        empty = {"list": number, "purpose": purpose.value, "bits": EMPTY_LIST, "changed_at": now}
        insert_if_absent(self._connection, stored, empty)
        mine = (stored.c.list == number) & (stored.c.purpose == purpose.value)
        return bytes(self._connection.execute(select(stored.c.bits).where(mine).with_for_update()).scalar_one())

    def _write_bits(self, purpose: Purpose, number: int, bits: bytes, now: datetime) -> None:
        stored = tables.status_bits
        mine = (stored.c.list == number) & (stored.c.purpose == purpose.value)
        self._connection.execute(update(stored).where(mine).values(bits=bits, changed_at=now))

    def _stand(self, credential_id: UUID, standing: Standing) -> None:
        credential = tables.credential
        statement = update(credential).where(credential.c.id == credential_id).values(standing=standing.value)
        if standing is Standing.REVOKED:
            # The duplicate key is freed: what was revoked for a mistake can be issued again.
            statement = statement.values(duplicate_key=None)
        change_one(self._connection, statement, what="credential")

    def _adopt_standing(self, purpose: Purpose, slots: list[int]) -> None:
        credential = tables.credential
        statement = update(credential).where(credential.c.slot.in_(slots))
        match purpose:
            case Purpose.REVOCATION:
                statement = statement.values(standing=Standing.REVOKED.value, duplicate_key=None)
            case Purpose.SUSPENSION:
                statement = statement.where(credential.c.standing == Standing.ACTIVE.value).values(
                    standing=Standing.SUSPENDED.value
                )
            case _:
                assert_never(purpose)
        self._connection.execute(statement)


def _not_revoked(row: Row[Any]) -> Standing:  # Any: a row of the table
    if row.standing == Standing.REVOKED.value:
        raise Conflict("revoked", "expected a credential that is not revoked: a revocation is for ever")
    return Standing(row.standing)


def _change(row: Row[Any]) -> StatusChangeRecord:  # Any: a row of the table
    return StatusChangeRecord(
        id=row.id,
        credential_id=row.credential_id,
        slot=row.slot,
        purpose=Purpose(row.purpose),
        value=row.value,
        reason=row.reason,
        note=row.note,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        epoch=row.epoch,
    )

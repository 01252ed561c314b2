"""Own keys of issuers, and the slots set aside for what they sign elsewhere."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from struct import pack, unpack
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from registry.adapters import tables
from registry.adapters.reservation_tables import SLOT_BYTES, own_key, slot_reservation
from registry.adapters.statements import change_one, first_said, one_row
from registry.domain.hashing import Digest
from registry.store_ports import OwnKeyRecord, ReservationRecord, ReservationSummary

KEYS_A_QUERY: Final = 1_000
"""SQLite takes 32,766 parameters a statement; a thousand a round trip cost no more."""

_Key = TypeVar("_Key")


class ReservationStore:
    """Implements ReservationReader and ReservationWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def own_keys(self, issuer_id: UUID) -> tuple[OwnKeyRecord, ...]:
        """Return the public keys of an issuer, the oldest first."""
        statement = select(own_key).where(own_key.c.issuer_id == issuer_id).order_by(own_key.c.id)
        return tuple(map(_key, self._connection.execute(statement)))

    def get(self, issuer_id: UUID, reservation_id: UUID) -> ReservationRecord:
        """Return an issuer's reservation. Raises NotFound."""
        reservations = slot_reservation
        statement = select(reservations).where(
            reservations.c.id == reservation_id, reservations.c.issuer_id == issuer_id
        )
        return _reservation(one_row(self._connection, statement, what="slot-reservation"))

    def page(self, issuer_id: UUID, *, after: UUID | None, limit: int) -> tuple[ReservationSummary, ...]:
        """Return an issuer's reservations by ascending id, those after an id."""
        shown = slot_reservation.c
        statement = select(shown.id, shown["count"], shown.created_at, shown.expires_at).where(
            shown.issuer_id == issuer_id
        )
        if after is not None:
            statement = statement.where(shown.id > after)
        return tuple(
            ReservationSummary(id=row_id, count=count, created_at=created_at, expires_at=expires_at)
            for row_id, count, created_at, expires_at in self._connection.execute(
                statement.order_by(shown.id).limit(limit)
            )
        )

    def open_slots(self, issuer_id: UUID, *, now: datetime) -> int:
        """Count the slots of an issuer's reservations that have not expired."""
        reservations = slot_reservation
        statement = select(func.coalesce(func.sum(reservations.c.count), 0)).where(
            reservations.c.issuer_id == issuer_id, reservations.c.expires_at > now
        )
        return int(self._connection.execute(statement).scalar_one())

    def list_owner(self, number: int) -> UUID | None:
        """Return whose status list a number is."""
        lists = tables.status_list
        statement = select(lists.c.issuer_id).where(lists.c.number == number)
        return self._connection.execute(statement).scalar_one_or_none()

    def filled(self, slots: Collection[int]) -> Mapping[int, Digest]:
        """Tell which slots are filled, and with which leaf."""
        credential = tables.credential
        found: dict[int, Digest] = {}
        for part in _parts(slots):
            statement = select(credential.c.slot, credential.c.leaf).where(credential.c.slot.in_(part))
            found.update((int(slot), Digest(bytes(leaf))) for slot, leaf in self._connection.execute(statement))
        return found

    def known_documents(self, document_ids: Collection[UUID]) -> Mapping[UUID, Digest]:
        """Tell which documents' ids are taken, and by which leaf."""
        credential = tables.credential
        found: dict[UUID, Digest] = {}
        for part in _parts(document_ids):
            statement = select(credential.c.document_id, credential.c.leaf).where(credential.c.document_id.in_(part))
            found.update((known, Digest(bytes(leaf))) for known, leaf in self._connection.execute(statement))
        return found

    def insert_own_key(self, key: OwnKeyRecord) -> None:
        """Store a public key. Raises Conflict."""
        self._connection.execute(
            insert(own_key).values(
                id=key.id,
                issuer_id=key.issuer_id,
                verification_method=key.verification_method,
                public_multibase=key.public_multibase,
                created_at=key.created_at,
                retired_at=key.retired_at,
            )
        )

    def retire_own_key(self, key_id: UUID, *, retired_at: datetime) -> None:
        """Retire a key. Raises NotFound."""
        first = first_said(own_key.c.retired_at, retired_at)
        change_one(
            self._connection, update(own_key).where(own_key.c.id == key_id).values(retired_at=first), what="own-key"
        )

    def insert(self, reservation: ReservationRecord) -> None:
        """Store a reservation."""
        self._connection.execute(
            insert(slot_reservation).values(
                id=reservation.id,
                issuer_id=reservation.issuer_id,
                count=len(reservation.slots),
                slots=_packed(reservation.slots),
                created_at=reservation.created_at,
                expires_at=reservation.expires_at,
            )
        )

    def withdraw(self, issuer_id: UUID, slots: Collection[int], *, now: datetime) -> None:
        """Take filled slots out of the issuer's open reservations."""
        filled, table = frozenset(slots), slot_reservation
        is_open = (table.c.issuer_id == issuer_id) & (table.c.expires_at > now)
        for reservation_id in self._connection.execute(select(table.c.id).where(is_open)).scalars().all():
            one = table.c.id == reservation_id
            reservation = _reservation(self._connection.execute(select(table).where(one).with_for_update()).one())
            left = [slot for slot in reservation.slots if slot not in filled]
            if not left:
                self._connection.execute(delete(table).where(one))
            elif len(left) < len(reservation.slots):
                self._connection.execute(update(table).where(one).values(count=len(left), slots=_packed(left)))


def _packed(slots: Sequence[int]) -> bytes:
    return pack(f">{len(slots)}Q", *slots)


def _parts(keys: Collection[_Key]) -> Iterator[list[_Key]]:
    remaining = iter(set(keys))
    while part := list(islice(remaining, KEYS_A_QUERY)):
        yield part


# Any: rows of the tables.
def _key(row: Row[Any]) -> OwnKeyRecord:
    return OwnKeyRecord(
        id=row.id,
        issuer_id=row.issuer_id,
        verification_method=row.verification_method,
        public_multibase=row.public_multibase,
        created_at=row.created_at,
        retired_at=row.retired_at,
    )


def _reservation(row: Row[Any]) -> ReservationRecord:
    packed = bytes(row.slots)
    return ReservationRecord(
        id=row.id,
        issuer_id=row.issuer_id,
        slots=unpack(f">{len(packed) // SLOT_BYTES}Q", packed),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )

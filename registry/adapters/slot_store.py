"""Drawing slots: unique in the log, random in the issuer's open list, filled once for ever (protocol section 2).

    issuer ──locks──> its open list ──draw free indexes──> used_bits, used; closed when half full
                      none open: the log's row is locked and the next number is opened

A list at most half full gives a free index at every second draw or better. Slots that are drawn and then not filled
stay used: 2^37 are enough to waste some.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, false, func, insert, select, true, update

from registry.adapters import tables
from registry.adapters.statements import one_row
from registry.domain.errors import Conflict, NotFound
from registry.domain.slot import LIST_SIZE, MAX_LIST
from registry.domain.status_tree import EMPTY_LIST

HALF_FULL: Final = LIST_SIZE // 2
"""Where a list is closed: in a fuller one the free indexes would be few enough to say something about who is next."""
INDEXES_A_DRAW: Final = 64
"""Asking the system for randomness takes longer than all the rest: for many slots, one large number is drawn for so many
indexes. They are as random and as independent as if each had been drawn alone."""

MAX_CUT_SHORT: Final = 1_024
"""Lists of one issuer that were closed long before they were half full, because another was asked for. The log has a
million for everybody, and one credential in each is enough to use them up."""


class SlotStore:
    """Draws slots inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def assign(self, issuer_id: UUID, count: int, *, draw: Callable[[int], int], now: datetime) -> tuple[int, ...]:
        """Draw free slots of the issuer; they are used from now on. Raises NotFound, Conflict `log-full`."""
        # The issuer's row orders those who draw for the same issuer, also while there is no open list to lock.
        # Not FOR UPDATE: rows that refer to the issuer may be inserted meanwhile.
        issuer = select(tables.issuer.c.id).where(tables.issuer.c.id == issuer_id).with_for_update(key_share=True)
        one_row(self._connection, issuer, what="issuer")
        slots: list[int] = []
        while len(slots) < count:
            slots.extend(self._draw(self._open_list(issuer_id, now), count - len(slots), draw))
        return tuple(slots)

    def open_list(self, issuer_id: UUID, *, now: datetime) -> int:
        """Return an open list of the issuer from which nothing was drawn.

        Raises NotFound, Conflict `log-full`, `too-many-lists`.
        """
        issuer = select(tables.issuer.c.id).where(tables.issuer.c.id == issuer_id).with_for_update(key_share=True)
        one_row(self._connection, issuer, what="issuer")
        row = self._open_list(issuer_id, now)
        if row.used:
            lists = tables.status_list
            cut_short = (lists.c.issuer_id == issuer_id) & lists.c.closed.is_(true()) & (lists.c.used < HALF_FULL)
            statement = select(func.count()).select_from(lists).where(cut_short)
            if self._connection.execute(statement).scalar_one() >= MAX_CUT_SHORT:
                message = f"expected at most {MAX_CUT_SHORT} lists that were closed before they were half full"
                raise Conflict("too-many-lists", message)
            self._connection.execute(update(lists).where(lists.c.number == row.number).values(closed=True))
            row = self._open_list(issuer_id, now)
        return int(row.number)

    def mark_used(self, issuer_id: UUID, slots: Iterable[int], *, now: datetime) -> int:
        """Note slots as used, whoever filled them; return how many were not known. Raises Conflict."""
        self._lock_numbers()
        found = 0
        for number, grouped in groupby(sorted(set(slots)), key=lambda slot: slot // LIST_SIZE):
            row = self.adopt_list(issuer_id, number, now=now)
            used = bytearray(row.used_bits)
            fresh = [slot % LIST_SIZE for slot in grouped if not _is_used(used, slot % LIST_SIZE)]
            for index in fresh:
                _use(used, index)
            self._store(number, used, row.used + len(fresh))
            found += len(fresh)
        return found

    def adopt_list(self, issuer_id: UUID, number: int, *, now: datetime) -> Row[Any]:  # Any: a row of the table
        """Return the row of a list that is known to be the issuer's, opened now if it is missing.

        Raises Conflict `status-list-of-another-issuer`.
        """
        statement = select(tables.status_list).where(tables.status_list.c.number == number).with_for_update()
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            # Closed: what else was drawn from it before the restore is not known.
            self._insert_list(number, issuer_id, closed=True, now=now)
            row = self._connection.execute(statement).one()
        if row.issuer_id != issuer_id:
            raise Conflict("status-list-of-another-issuer", f"expected list {number} to belong to {issuer_id}")
        return row

    def _open_list(self, issuer_id: UUID, now: datetime) -> Row[Any]:  # Any: a row of the table
        lists = tables.status_list
        statement = select(lists).where(lists.c.issuer_id == issuer_id, lists.c.closed.is_(false())).with_for_update()
        if (row := self._connection.execute(statement).one_or_none()) is not None:
            return row
        self._lock_numbers()
        newest = self._connection.execute(select(func.max(lists.c.number))).scalar_one()
        number = 0 if newest is None else newest + 1
        if number > MAX_LIST:
            raise Conflict("log-full", f"expected a list below {MAX_LIST + 1}, all are used up")
        self._insert_list(number, issuer_id, closed=False, now=now)
        return self._connection.execute(statement).one()

    def _lock_numbers(self) -> None:
        # Numbers of lists belong to the log: its row orders those who open one.
        if self._connection.execute(select(tables.log.c.id).with_for_update()).one_or_none() is None:
            raise NotFound("no-log", "expected an initialised registry, found no log in its database")

    def _draw(self, row: Row[Any], wanted: int, draw: Callable[[int], int]) -> list[int]:  # Any: a row of the table
        used = bytearray(row.used_bits)
        room = min(wanted, HALF_FULL - row.used)
        slots: list[int] = []
        indexes = _random_indexes(draw, INDEXES_A_DRAW if room >= INDEXES_A_DRAW else 1)
        while len(slots) < room:
            index = next(indexes)
            place, mask = index // 8, 0x80 >> index % 8
            if not used[place] & mask:
                used[place] |= mask
                slots.append(row.number * LIST_SIZE + index)
        self._store(row.number, used, row.used + len(slots))
        return slots

    def _store(self, number: int, used_bits: bytearray, used: int) -> None:
        lists = tables.status_list
        closing = {"closed": True} if used >= HALF_FULL else {}
        self._connection.execute(
            update(lists).where(lists.c.number == number).values(used_bits=bytes(used_bits), used=used, **closing)
        )

    def _insert_list(self, number: int, issuer_id: UUID, *, closed: bool, now: datetime) -> None:
        self._connection.execute(
            insert(tables.status_list).values(
                number=number, issuer_id=issuer_id, used=0, used_bits=EMPTY_LIST, closed=closed, created_at=now
            )
        )


def _random_indexes(draw: Callable[[int], int], at_once: int) -> Iterator[int]:
    while True:
        number = draw(LIST_SIZE**at_once)
        for _ in range(at_once):
            number, index = divmod(number, LIST_SIZE)
            yield index


# The bits of status lists, most significant first, but changed in place: a draw takes thousands of them.
def _is_used(bits: bytearray, index: int) -> bool:
    return bool(bits[index // 8] & 0x80 >> index % 8)


def _use(bits: bytearray, index: int) -> None:
    bits[index // 8] |= 0x80 >> index % 8

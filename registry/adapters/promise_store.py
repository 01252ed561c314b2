"""Promises in SQL, and the lock that lets them be kept.

A promise names the second epoch after the newest sealed one. On PostgreSQL an epoch may be sealed while a transaction
promises, and its sealer does not see what that transaction stores; the next one must:

    promising   lock shared ........ read newest: N ..... promise N + 2 ..... commit
    sealing N + 1        reads what waits ........ commit                       |
    sealing N + 2                                           waits for the lock ..... reads what waits

Both take the lock on this table: a transaction that promises holds it shared until it ends, before it reads the number
of the newest epoch; a sealer takes it alone before it reads what waits, and lets it go at once. So nobody who promises
waits for an epoch that is being sealed. SQLite has one writer, which comes to the same.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from registry.adapters import tables
from registry.adapters.promise_tables import promise as promises
from registry.adapters.statements import insert_if_absent, lock_table
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.promise import Promise, PromiseKind, PromiseTerms
from registry.store_ports import OwedEpochs

# One database is one log: its one row goes with every promise.
_PROMISES: Final = select(promises, tables.log.c.name.label("log")).join_from(
    promises, tables.log, tables.log.c.id == 1
)
_NEWEST: Final = select(func.coalesce(func.max(tables.epoch.c.number), 0))


class PromiseStore:
    """Implements PromiseWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_slot(self, slot: int) -> tuple[Promise, ...]:
        """Return the promises about a slot: inclusion first."""
        statement = _PROMISES.where(promises.c.slot == slot).order_by(promises.c.kind)
        return tuple(map(_promise, self._connection.execute(statement)))

    def find(self, kind: PromiseKind, slot: int) -> Promise | None:
        """Return the promise of a kind about a slot, None when there is none."""
        return next((promise for promise in self.of_slot(slot) if promise.terms.kind is kind), None)

    def owed(self) -> OwedEpochs | None:
        """Tell what is promised beyond the newest sealed epoch, None when nothing is."""
        row = self._connection.execute(
            select(
                func.max(promises.c.epoch).label("through"),
                func.min(promises.c.created_at).label("since"),
                func.min(promises.c.deadline).label("deadline"),
            ).where(promises.c.epoch > _NEWEST.scalar_subquery())
        ).one()
        if row.through is None:
            return None
        return OwedEpochs(through=row.through, since=row.since, deadline=row.deadline)

    def lock_for_promising(self) -> int:
        """Return the number of the newest sealed epoch; no sealing begins until this transaction ends."""
        lock_table(self._connection, promises, "ROW EXCLUSIVE")
        newest: int = self._connection.execute(_NEWEST).scalar_one()
        return newest

    def keep(self, promise: Promise, *, created_at: datetime) -> Promise:
        """Store a promise and return it; or the one that is there, of its kind about its slot."""
        terms = promise.terms
        values = {
            "kind": terms.kind.value,
            "slot": terms.slot,
            "leaf": terms.leaf,
            "epoch": terms.epoch,
            "deadline": terms.deadline,
            "court": terms.court,
            "key": promise.key,
            "signature": promise.signature,
            "created_at": created_at,
        }
        insert_if_absent(self._connection, promises, values)
        return self.find(terms.kind, terms.slot) or promise


def _promise(row: Row[Any]) -> Promise:  # Any: a row of the table
    return Promise(
        terms=PromiseTerms(
            kind=PromiseKind(row.kind),
            log=LogName.parse(row.log),
            court=row.court,
            leaf=None if row.leaf is None else Digest(row.leaf),
            slot=row.slot,
            epoch=row.epoch,
            deadline=row.deadline,
        ),
        key=row.key,
        signature=bytes(row.signature),
    )

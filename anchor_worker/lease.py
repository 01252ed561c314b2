"""The lease: one row that says which worker anchors, under which number, and until when unless it says so again.

    token    rises with every holder and never falls
    holder   None when the lease was given back
    until    by the database's clock on PostgreSQL, whose workers may run on many hosts; by the host's on SQLite, whose
             workers run on one

These are the statements; each runs inside a transaction of the caller's.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select, update

from registry.adapters.statements import insert_if_absent
from registry.adapters.tables import lease
from registry.ports import Clock

NAME: Final = "anchoring"
"""One database is one log, and one account is bound to a log: there is one thing to lead."""

_ROW: Final[Select[Any]] = select(lease).where(lease.c.name == NAME)  # Any: a row of the table
_NOBODY_YET: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The row, as it is stored."""

    holder: str | None
    token: int
    until: datetime


def present_moment(connection: Connection, clock: Clock) -> datetime:
    """Return the time that leases are judged by."""
    if connection.dialect.name != "postgresql":
        return clock.now()
    # Not `now()`: that one stands still in a transaction, however long it waited for a lock.
    moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return moment


def read_lease(connection: Connection) -> Lease | None:
    """Return the lease; None before the first holder."""
    return _read(connection, _ROW)


def keep_lease(connection: Connection, *, lasts: timedelta) -> Lease | None:
    """Return the lease, which nobody can take or renew before this transaction ends."""
    _end_when_stopped(connection, lasts)
    return _read(connection, _ROW.with_for_update(read=True))


def contend_for_lease(connection: Connection, *, lasts: timedelta) -> Lease:
    """Return the lease, which nobody else even reads for writing before this transaction ends."""
    _end_when_stopped(connection, lasts)
    insert_if_absent(connection, lease, {"name": NAME, "holder": None, "token": 0, "until": _NOBODY_YET})
    row = connection.execute(_ROW.with_for_update()).one()
    return Lease(holder=row.holder, token=row.token, until=row.until)


def grant_lease(connection: Connection, *, holder: str, token: int, until: datetime) -> None:
    """Give the lease to a holder under a new number."""
    connection.execute(update(lease).where(lease.c.name == NAME).values(holder=holder, token=token, until=until))


def renew_lease(connection: Connection, *, holder: str, token: int, until: datetime) -> bool:
    """Move the end of a lease that is still the holder's, and tell whether it is.

    One that ran out may be renewed as long as nobody took it: nobody else led in between.
    """
    mine = update(lease).where(lease.c.name == NAME, lease.c.holder == holder, lease.c.token == token)
    return connection.execute(mine.values(until=until)).rowcount == 1


def give_lease_back(connection: Connection, *, holder: str, token: int) -> None:
    """Let the next one lead at once; the number stays used."""
    mine = update(lease).where(lease.c.name == NAME, lease.c.holder == holder, lease.c.token == token)
    connection.execute(mine.values(holder=None))


def _read(connection: Connection, statement: Select[Any]) -> Lease | None:
    row = connection.execute(statement).one_or_none()
    return None if row is None else Lease(holder=row.holder, token=row.token, until=row.until)


def _end_when_stopped(connection: Connection, lasts: timedelta) -> None:
    # A process that is stopped inside a transaction keeps its locks, and so everybody out, until somebody looks for it.
    if connection.dialect.name == "postgresql":
        milliseconds = max(int(lasts.total_seconds() * 1000), 1)
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds}")

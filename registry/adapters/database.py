"""The database: SQLite (a file) by default, PostgreSQL (psycopg 3) by URL; engines and transactions.

SQLite runs in WAL mode: readers never wait. Every write transaction is BEGIN IMMEDIATE: it waits for the only writer
before it reads anything, so it never finds in the middle that it read too early. `synchronous=FULL`: what is
acknowledged, and a signed transaction that is about to be broadcast, survives a power cut (docs/decisions/0021).

PostgreSQL writes at READ COMMITTED and locks the rows it is about to change; it reads at REPEATABLE READ.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from registry.adapters.database_errors import translated_errors
from registry.domain.errors import Malformed

SQLITE_PAGE_BYTES: Final = 16_384
"""A credential is 2 to 3 KB: four pages of 4 KB waste what one page of 16 KB shares (2.4 instead of 4.2 KB a row)."""
LOCK_TIMEOUT_SECONDS: Final = 60
"""Longer than sealing a million credentials takes; whoever waits longer waits for something that hangs."""
SQLITE_CACHE_BYTES: Final = 32_000_000
"""Of each connection, when it has read so much."""
SQLITE_BULK_CACHE_BYTES: Final = 256_000_000
"""Of a connection that stores rows by the thousand. Hashes and random ids are indexed all over their B-trees: what 4,000
credentials change of a million's indexes is 150 MB, and what does not fit is written and read several times over."""
SQLITE_CHECKPOINT_PAGES: Final = 32_768
"""512 MB of log before its pages are moved to their places: the same pages of indexes are changed again and again, and are
moved once. A crash costs reading so much at the next start, a second or two."""
CONNECT_TIMEOUT_SECONDS: Final = 10
SILENT_SECONDS: Final = 30
"""How long a server of PostgreSQL may be gone without a word (a cut cable, a host without power): by itself the system
waits for hours, and a worker with it."""
SQLITE_RETRY_SECONDS: Final = 0.01
"""Between two tries to turn a new file to WAL mode: another process is at it, and needs some milliseconds."""

_BEGIN_OPTION: Final = "credroot_begin"


def open_engine(url: str) -> Engine:
    """Return the engine of a database URL; nothing is connected yet.

    Raises Malformed `database-url` for anything but an SQLite file and PostgreSQL. No message shows the URL: it may
    hold a password.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed)
    return _postgresql_engine(parsed)


@contextmanager
def read_transaction(engine: Engine) -> Iterator[Connection]:
    """Open a read transaction: one snapshot. Raises Unavailable."""
    options = (
        {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        if engine.dialect.name == "postgresql"
        else {_BEGIN_OPTION: "BEGIN"}
    )
    # Set on the connection, not on the engine: the pool gives it back clean.
    with translated_errors(), engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """Open a write transaction: committed when the block is left, rolled back by an exception.

    Raises Conflict for what the constraints refuse, Unavailable when nobody knows.
    """
    with translated_errors(), engine.begin() as connection:
        yield connection


def widen_cache(connection: Connection) -> None:
    """Let an SQLite connection keep more pages from now on; PostgreSQL shares the server's."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{SQLITE_BULK_CACHE_BYTES // 1_000}")


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Malformed("database-url", "expected sqlite:///FILE or postgresql://HOST/DATABASE") from error
    backend = parsed.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return _password_hidden(parsed.set(drivername="postgresql+psycopg"))
    if backend != "sqlite":
        raise Malformed("database-url", f"expected sqlite or postgresql, got {backend}")
    if parsed.database in {None, "", ":memory:"} or "mode" in parsed.query:
        # Each connection to a database in memory would see a database of its own.
        raise Malformed("database-url", "expected the path of a file")
    return parsed.set(drivername="sqlite+pysqlite")


def _password_hidden(url: URL) -> URL:
    # SQLAlchemy masks the password in its own place and shows whatever stands among the options.
    password = url.query.get("password")
    if isinstance(password, str):
        return url.difference_update_query(["password"]).set(password=password)
    return url


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        # One transaction after the other gets the same connection, with the pages of the one before.
        pool_use_lifo=True,
        connect_args={"timeout": LOCK_TIMEOUT_SECONDS},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError(f"expected an SQLite connection, got {type(connection)}")
    # The driver's own transactions begin too late and too weak (deferred, at the first write): ours are explicit.
    connection.isolation_level = None
    # Counts only for a file that does not exist yet.
    connection.execute(f"PRAGMA page_size = {SQLITE_PAGE_BYTES}")
    _log_ahead(connection)
    for pragma in (
        "synchronous = FULL",
        "foreign_keys = ON",
        "trusted_schema = OFF",
        "temp_store = MEMORY",
        f"cache_size = -{SQLITE_CACHE_BYTES // 1_000}",
        f"wal_autocheckpoint = {SQLITE_CHECKPOINT_PAGES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Turn the file to WAL mode, which it keeps. SQLite does not wait here while another connection writes: we do."""
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(SQLITE_RETRY_SECONDS)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN_OPTION, "BEGIN IMMEDIATE"))


def _postgresql_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "application_name": "credroot",
            # Of a connection that waits for an answer, and of one that has sent what nobody confirms.
            "keepalives_idle": SILENT_SECONDS // 3,
            "keepalives_interval": SILENT_SECONDS // 3,
            "keepalives_count": 2,
            "tcp_user_timeout": SILENT_SECONDS * 1000,
        },
    )
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    if not isinstance(connection, psycopg.Connection):
        raise TypeError(f"expected a PostgreSQL connection, got {type(connection)}")
    connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
    connection.commit()

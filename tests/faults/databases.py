"""A database that is held, breaks off, or is put back to what it was: SQLite and PostgreSQL, each in its own way."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
from sqlalchemy.pool import ConnectionPoolEntry, Pool

PATIENCE_MILLISECONDS: Final = 100
"""How long a worker of a test waits for a lock, in place of a minute."""


class WriteLock:
    """Another process's write transaction, that will not end: readers go on, writers wait."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: sqlite3.Connection | psycopg.Connection | None = None

    def take(self) -> None:
        """Begin it, from any thread; a second time changes nothing."""
        if self._connection is not None:
            return
        if is_sqlite(self._url):
            # Taken by the proxy's thread, released by the test's.
            held = sqlite3.connect(sqlite_file(self._url), isolation_level=None, check_same_thread=False)
            held.execute("BEGIN IMMEDIATE")
            self._connection = held
        else:
            connection = connect_postgres(self._url)
            connection.execute("LOCK TABLE anchor, attempt, epoch IN SHARE ROW EXCLUSIVE MODE")
            self._connection = connection

    def release(self) -> None:
        """End it."""
        if self._connection is not None:
            self._connection.rollback()
            self._connection.close()
            self._connection = None


@contextmanager
def write_lock(url: str) -> Iterator[WriteLock]:
    """Yield a lock that is not taken yet, among workers that do not wait long; released at the end."""

    def hurry(connection: Connection) -> None:
        found: Any = connection.connection.dbapi_connection
        if is_sqlite(url):
            found.execute(f"PRAGMA busy_timeout = {PATIENCE_MILLISECONDS}")
        else:
            found.execute(f"SET lock_timeout = '{PATIENCE_MILLISECONDS}ms'")
            found.commit()

    lock = WriteLock(url)
    with _listening(Engine, "engine_connect", hurry):
        try:
            yield lock
        finally:
            lock.release()


@contextmanager
def failing_commits(url: str, table: str, *, skip: int = 0) -> Iterator[list[str]]:
    """Let every commit of a transaction that writes a table fail, after the first `skip`; yield the statements it befell.

    SQLite: the process may not make any file longer, which is a full disk to it. PostgreSQL: the server ends the session.
    """
    befell: list[str] = []
    pending: dict[int, str] = {}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def execute(
        connection: Connection,
        _cursor: DBAPICursor,
        statement: str,
        _parameters: object,
        _context: ExecutionContext,
        _many: bool,
    ) -> None:
        if statement.startswith((f"INSERT INTO {table} ", f"UPDATE {table} ")):
            pending[id(connection)] = statement

    def commit(connection: Connection) -> None:
        nonlocal skip
        statement = pending.pop(id(connection), None)
        if statement is None or skip > 0:
            skip -= statement is not None
            return
        befell.append(statement)
        if is_sqlite(url):
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        else:
            found: Any = connection.connection.dbapi_connection
            end_session(url, found.info.backend_pid)

    def checkin(_connection: object, _entry: ConnectionPoolEntry) -> None:
        # Whether the commit failed or not: whatever else the process writes must not.
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    with (
        _listening(Engine, "before_cursor_execute", execute),
        _listening(Engine, "commit", commit),
        _listening(Pool, "checkin", checkin),
    ):
        try:
            yield befell
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def end_session(url: str, process_id: int) -> None:
    """Let a PostgreSQL server end one session, and wait until it is gone."""
    with connect_postgres(url) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 10000)", (process_id,))


def end_all_sessions(url: str) -> None:
    """Let a PostgreSQL server end every other session of a database; SQLite has none."""
    if not is_sqlite(url):
        with connect_postgres(url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@contextmanager
def backup_of(url: str, folder: Path) -> Iterator[Callable[[], None]]:
    """Take a backup of a database and yield what puts the database back to it."""
    if is_sqlite(url):
        file, kept = sqlite_file(url), folder / "backup.db"
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(kept)) as target:
            source.backup(target)

        def restore() -> None:
            with closing(sqlite3.connect(kept)) as source, closing(sqlite3.connect(file)) as target:
                source.backup(target)

        yield restore
        return
    name = str(make_url(url).database)
    kept_name = f"{name}_kept"
    _copy_database(url, source=name, target=kept_name)
    try:
        yield lambda: _copy_database(url, source=kept_name, target=name)
    finally:
        _over_database(url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(kept_name)))


def _copy_database(url: str, *, source: str, target: str) -> None:
    _over_database(
        url,
        sql.SQL("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname IN ({}, {})").format(
            source, target
        ),
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(target)),
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(target), sql.Identifier(source)),
    )


def _over_database(url: str, *statements: sql.Composed) -> None:
    with psycopg.connect(_conninfo(url, database="postgres"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def connect_postgres(url: str) -> psycopg.Connection:
    """Connect to the database of an SQLAlchemy URL."""
    return psycopg.connect(_conninfo(url, database=str(make_url(url).database)))


def _conninfo(url: str, *, database: str) -> str:
    parsed = make_url(url)
    return f"host={parsed.query['host']} user={parsed.username} dbname={database}"


def is_sqlite(url: str) -> bool:
    """Tell which of the two it is."""
    return url.startswith("sqlite")


def sqlite_file(url: str) -> Path:
    """Return the file of an SQLite database."""
    return Path(str(make_url(url).database))


@contextmanager
def _listening(target: type[Engine | Pool], name: str, listener: Callable[..., None]) -> Iterator[None]:
    event.listen(target, name, listener)
    try:
        yield
    finally:
        event.remove(target, name, listener)

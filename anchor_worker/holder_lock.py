"""A lock that goes with its holder: it tells that a leader is gone before its lease is over.

    PostgreSQL   an advisory lock of a session of its own, which the server lets go when the connection ends
    SQLite       a lock (flock) on the file `<database>.worker-lock`, which the kernel lets go when the process ends

The lock is that of one term, not of leading as such. A leader that is stopped keeps its lock for as long as it is; once
its lease is over the next one leads under a lock of its own. So the file is another one in every term, and the advisory
lock has the lease's token in its name. A lock decides nothing that must not go wrong: that does the token, in every
transaction.

Taking and probing happen inside a transaction that holds the lease: nobody does either at the same time.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection, Engine, func, select

from registry.adapters.database import write_transaction
from registry.adapters.database_errors import translated_errors
from registry.domain.errors import Unavailable

LOCK_FILE_SUFFIX: Final = ".worker-lock"

ADVISORY_SPACE: Final = 0x6C656164
"""The first half of the advisory locks' names, "lead" in ASCII; the second is the token."""

_TOKENS: Final = 2**31
"""What the second half can hold. Nobody tells a holder from one of two thousand million terms ago."""


class HolderLock(Protocol):
    """The lock of one term."""

    def transaction(self) -> AbstractContextManager[Connection]:
        """Open a transaction; on PostgreSQL in the very session that holds the lock. Raises Unavailable."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


def is_abandoned(connection: Connection, token: int) -> bool:
    """Tell whether no living process holds the lock of a term. Raises Unavailable."""
    if connection.dialect.name == "postgresql":
        # Goes with the transaction when it was to be had.
        statement = select(func.pg_try_advisory_xact_lock(ADVISORY_SPACE, token % _TOKENS))
        return bool(connection.execute(statement).scalar_one())
    with _translated_failures(), ExitStack() as undo:
        try:
            descriptor = os.open(_lock_file(connection), os.O_RDONLY)
        except FileNotFoundError:
            return True
        undo.callback(os.close, descriptor)
        return _try_lock(descriptor)


def take_lock(engine: Engine, connection: Connection, token: int) -> HolderLock:
    """Take the lock of a new term. Raises Unavailable."""
    if connection.dialect.name == "postgresql":
        return _SessionLock(engine, token)
    return _FileLock(engine, _lock_file(connection))


class _SessionLock:
    def __init__(self, engine: Engine, token: int) -> None:
        with translated_errors(), ExitStack() as undo:
            # Each statement is a transaction: an open one would keep the server from tidying up.
            connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection = undo.enter_context(closing(connection))
            # Closed at the end instead of given back to the pool with the lock still on it.
            connection.detach()
            with connection.begin():
                connection.execute(select(func.pg_advisory_lock(ADVISORY_SPACE, token % _TOKENS)))
            undo.pop_all()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with translated_errors(), self._connection.begin():
            yield self._connection

    def close(self) -> None:
        self._connection.close()


class _FileLock:
    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        with _translated_failures(), ExitStack() as undo:
            path.unlink(missing_ok=True)
            self._descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o644)
            undo.callback(self.close)
            _try_lock(self._descriptor)
            undo.pop_all()

    def transaction(self) -> AbstractContextManager[Connection]:
        return write_transaction(self._engine)

    def close(self) -> None:
        os.close(self._descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(connection: Connection) -> Path:
    # As SQLite itself names the file: absolute, whatever folder this process was started in.
    file = connection.exec_driver_sql("SELECT file FROM pragma_database_list WHERE name = 'main'").scalar_one()
    return Path(f"{file}{LOCK_FILE_SUFFIX}")


@contextmanager
def _translated_failures() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable("lock-file", f"{LOCK_FILE_SUFFIX} beside the database: {error.strerror}") from error

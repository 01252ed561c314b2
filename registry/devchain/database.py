"""The chain database: keys and values of py-evm in one SQLite table, one SQLite transaction per block.

    begin block -> py-evm writes trie nodes, bodies, receipts, header, head pointer (held in memory) -> COMMIT

A crash before COMMIT leaves the chain at the previous block, a crash after it at the new one; there is no state in
between. Nothing is ever deleted, so the state of every old block stays readable.
"""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth.db.backends.base import BaseDB
from typing_extensions import override

from registry.devchain.errors import FolderLocked, ForeignDatabase

FORMAT = "1"

CACHE_KIBIBYTES = 16_384
# Trie nodes of a development chain of some 10,000 blocks fit; reads then need no system call.

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class ChainDatabase(BaseDB):
    """A mapping from bytes to bytes that can only be changed inside `block_transaction`.

    Not safe for threads: the caller holds one lock around every use.
    """

    def __init__(self, path: Path | None) -> None:
        """Open the database file, or one in memory if there is no path."""
        self._connection = sqlite3.connect(
            ":memory:" if path is None else str(path), isolation_level=None, check_same_thread=False
        )
        self._pending: dict[bytes, bytes | None] | None = None
        self._connection.execute("PRAGMA journal_mode = WAL")
        # FULL: COMMIT returns after the log has reached the disk, so that an acknowledged block also survives a
        # power cut. Signature recovery costs about as much as the flush.
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        self._connection.executescript(_SCHEMA)
        self._check_format()

    def _check_format(self) -> None:
        found = self.fact("format")
        if found is None:
            self._connection.execute("INSERT INTO facts (name, value) VALUES ('format', ?)", (FORMAT,))
        elif found != FORMAT:
            raise ForeignDatabase(what="database format", expected=FORMAT, actual=found)

    def fact(self, name: str) -> str | None:
        """Return a fact about the chain as a whole, None if it was never recorded."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    @contextmanager
    def block_transaction(self, facts: dict[str, str] | None = None) -> Iterator[None]:
        """Make everything written inside durable at once, or nothing of it if the body raises."""
        if self._pending is not None:
            raise RuntimeError("a block transaction is open already")
        self._pending = {}
        try:
            yield
            self._commit(self._pending, facts or {})
        finally:
            self._pending = None

    def _commit(self, pending: dict[bytes, bytes | None], facts: dict[str, str]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(
                "INSERT INTO entries (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [(key, value) for key, value in pending.items() if value is not None],
            )
            self._connection.executemany(
                "DELETE FROM entries WHERE key = ?", [(key,) for key, value in pending.items() if value is None]
            )
            self._connection.executemany("INSERT INTO facts (name, value) VALUES (?, ?)", list(facts.items()))
        except sqlite3.Error:
            self._connection.execute("ROLLBACK")
            raise
        # The commit point. Before it the block never was; after it the block is for ever.
        self._connection.execute("COMMIT")

    @override
    def __getitem__(self, key: bytes) -> bytes:
        if self._pending is not None and key in self._pending:
            value = self._pending[key]
        else:
            row = self._connection.execute("SELECT value FROM entries WHERE key = ?", (key,)).fetchone()
            value = None if row is None else row[0]
        if value is None:
            raise KeyError(key)
        return value

    @override
    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._writable()[key] = value

    @override
    def __delitem__(self, key: bytes) -> None:
        if not self._exists(key):
            raise KeyError(key)
        self._writable()[key] = None

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    def _writable(self) -> dict[bytes, bytes | None]:
        if self._pending is None:
            raise RuntimeError("the chain database was written outside a block transaction")
        return self._pending

    def close(self) -> None:
        """Close the file; a block transaction still open is lost, as it should be."""
        self._connection.close()


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the kernel releases it however the process ends.

    Raises FolderLocked if another process has it.
    """
    with (folder / "lock").open("a") as lock_file:
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderLocked(str(folder)) from error
        yield

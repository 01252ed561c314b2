"""Workers as processes of their own that do a round when they are told to, and die when they are to.

They are forked by a server that has imported everything already: a new one takes hundredths of a second.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

import psycopg  # noqa: F401  # SQLAlchemy loads it when it is asked to connect; a fork should find it loaded
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from anchor_worker.wiring import opened_worker
from registry.settings import Settings

ROUND_SECONDS: Final = 120.0
"""A round takes a tenth of a second; with every request of it timed out, and on a busy machine, many times that."""

_WROTE: Final = "has written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """To do one round."""

    now: datetime
    commits: int | None
    """How many commits to survive; None for all of them."""
    after: bool
    """Killed after the next one; otherwise before it."""


class Ended(Exception):
    """A worker ended though nobody killed it."""


@dataclass(slots=True)
class WorkerProcess:
    """One worker; when it is gone, the next round begins with a new one."""

    name: str
    settings: Settings
    log: Path
    started: int = 0
    killed: int = 0
    _doomed: bool = False
    """Killed, but nobody has waited for its end yet."""
    _process: ForkServerProcess | None = None
    _orders: Pipe | None = None

    def begin(self, order: Order) -> None:
        """Let it begin a round."""
        if self._doomed:
            # By a request of the other one, when its own round was over.
            self.bury()
        if self._process is None:
            self._start()
        assert self._orders is not None
        self._orders.send(order)

    def finish(self) -> bool:
        """Wait until the round is over and tell whether the worker lives. Raises Ended, TimeoutError."""
        process, orders = self._process, self._orders
        assert process is not None
        assert orders is not None
        ready = wait([orders, process.sentinel], ROUND_SECONDS)
        if not ready:
            raise TimeoutError(f"worker {self.name} is still in its round after {ROUND_SECONDS:g} seconds")
        if orders in ready:
            try:
                orders.recv()
            except (EOFError, ConnectionResetError):
                pass
            else:
                return True
        process.join()
        code = process.exitcode
        self._forget()
        if code != -signal.SIGKILL:
            raise Ended(f"worker {self.name} ended with {code}: {self.log}")
        self.killed += 1
        return False

    def kill(self) -> None:
        """Kill it, if it lives, from any thread."""
        process = self._process
        if process is not None:
            self._doomed = True
            process.kill()

    def bury(self) -> None:
        """Kill it between two rounds, if it lives."""
        process = self._process
        if process is not None:
            process.kill()
            process.join()
            self._forget()
            self.killed += 1

    def stop(self) -> None:
        """Tell it to stop, if it lives, and wait until it has given the lease back. Raises Ended."""
        process, orders = self._process, self._orders
        if process is None or orders is None or self._doomed:
            return
        orders.send(None)
        process.join(ROUND_SECONDS)
        code = process.exitcode
        self._forget()
        if code != 0:
            raise Ended(f"worker {self.name} was told to stop and ended with {code}: {self.log}")

    def _start(self) -> None:
        context = get_context("forkserver")
        # The server imports the module of `work` before its first fork.
        context.set_forkserver_preload([__name__])
        self._orders, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, self.settings, self.log), daemon=True)
        self._process.start()
        theirs.close()
        self.started += 1

    def _forget(self) -> None:
        if self._orders is not None:
            self._orders.close()
        self._process = self._orders = None
        self._doomed = False


@contextmanager
def running_workers(settings: Settings, folder: Path, count: int) -> Iterator[tuple[WorkerProcess, ...]]:
    """Yield workers that start when they are needed; all have ended afterwards."""
    workers = tuple(
        WorkerProcess(name, settings, folder / f"worker-{name}.log")
        for name in (chr(ord("a") + i) for i in range(count))
    )
    try:
        yield workers
    finally:
        for worker in workers:
            worker.bury()


@dataclass(slots=True)
class _ToldClock:
    """Shows the time that the order named."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass(slots=True)
class _Commits:
    """Counts the commits of transactions that write, and ends the process at one of them."""

    left: int | None = None
    after: bool = False
    _committed: bool = False

    def watch(self) -> None:
        """Listen to every engine of this process."""
        event.listen(Engine, "begin", self._begin)
        event.listen(Engine, "before_cursor_execute", self._execute)
        event.listen(Engine, "commit", self._commit)
        event.listen(Pool, "checkin", self._checkin)

    def _begin(self, connection: Connection) -> None:
        connection.info[_WROTE] = False

    def _execute(
        self,
        connection: Connection,
        _cursor: DBAPICursor,
        statement: str,
        _parameters: object,
        _context: ExecutionContext,
        _many: bool,
    ) -> None:
        if statement.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"}:
            connection.info[_WROTE] = True

    def _commit(self, connection: Connection) -> None:
        if self.left is None or not connection.info.pop(_WROTE, False):
            return
        self.left -= 1
        if self.left < 0:
            if not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
            self._committed = True

    def _checkin(self, _connection: object, _entry: ConnectionPoolEntry) -> None:
        # The first thing that happens after a commit: the connection goes back to its pool.
        if self._committed:
            os.kill(os.getpid(), signal.SIGKILL)


def work(orders: Pipe, settings: Settings, log: Path) -> None:
    """Be a worker: a round for each order, until there is none."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    clock, commits = _ToldClock(datetime.now(UTC)), _Commits()
    commits.watch()
    with opened_worker(settings, clock=clock) as worker:
        while True:
            order: Order | None = orders.recv()
            if order is None:
                return
            clock.moment, commits.left, commits.after = order.now, order.commits, order.after
            worker.run_once()
            # A heartbeat, or giving the lease back, is not of this round.
            commits.left = None
            orders.send(True)

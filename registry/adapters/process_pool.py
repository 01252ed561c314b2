"""Chunks of work over processes of this machine (the default executor).

Processes are started when the first file of more than one chunk asks for them, by executing the interpreter anew:
nothing of a server with threads is copied by a fork, and the server's own main module is not imported again. Each is
told what to do over a socket on its standard input; a password among that is never an argument and in no file.

They end with the pool, and with this process however it ends: the socket is closed then. A process that dies (the
kernel may end one when memory is short) is replaced and its chunk done again: functions are repeatable, and nothing a
process does is seen by anybody before its result is here.
"""

import contextlib
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Final, Generic, TypeVar

import structlog

from registry.domain.errors import Unavailable

MAX_DEATHS: Final = 3
"""Processes that one chunk may cost: a chunk that kills every process that touches it must not do so for ever."""
WAITING_CHUNKS: Final = 2
"""Chunks that wait for a free process, or as results, beside those being done: nobody is idle, little is held."""
END_SECONDS: Final = 5.0
"""How long a process may take to end after it was asked to; then it is killed."""

_ToolsT = TypeVar("_ToolsT")
_ChunkT = TypeVar("_ChunkT")
_ResultT = TypeVar("_ResultT")

_log = structlog.get_logger()


class ProcessPool(Generic[_ToolsT]):
    """Implements the port `ChunkExecutor` with processes of this machine. Safe to share between threads."""

    def __init__(self, build: Callable[[], _ToolsT], *, processes: int, local: _ToolsT) -> None:
        """Take a factory of tools that can be pickled, and the tools of this process for work of a single chunk."""
        self._build = build
        self._local = local
        self._window = processes + WAITING_CHUNKS
        self._threads = ThreadPoolExecutor(max_workers=processes, thread_name_prefix="chunks")
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(processes):
            self._idle.put(None)
        self._lock = threading.Lock()
        self._children: set[_Child] = set()
        self._closed = False

    def map(
        self, function: Callable[[_ToolsT, _ChunkT], _ResultT], chunks: Iterable[_ChunkT]
    ) -> Generator[_ResultT, None, None]:
        """Yield a function's result for each chunk, as the port promises."""
        source = iter(chunks)
        begun = list(islice(source, 2))
        if len(begun) < 2:
            yield from (function(self._local, chunk) for chunk in begun)
            return
        pending: deque[Future[_ResultT]] = deque()
        try:
            for chunk in chain(begun, source):
                pending.append(self._submit(function, chunk))
                if len(pending) == self._window:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()

    def processes(self) -> tuple[int, ...]:
        """Return the ids of the processes that run now."""
        with self._lock:
            return tuple(child.process_id for child in self._children)

    def close(self) -> None:
        """End the processes at once, whatever they are doing."""
        with self._lock:
            self._closed = True
            children = tuple(self._children)
        for child in children:
            child.end()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for child in children:
            child.hang_up()

    def _submit(self, function: Callable[[_ToolsT, _ChunkT], _ResultT], chunk: _ChunkT) -> Future[_ResultT]:
        try:
            return self._threads.submit(self._apply, function, chunk)
        except RuntimeError as error:  # the threads were shut down
            raise _closed() from error

    def _apply(self, function: Callable[[_ToolsT, _ChunkT], _ResultT], chunk: _ChunkT) -> _ResultT:
        child = self._idle.get()
        try:
            for _ in range(MAX_DEATHS):
                try:
                    child = child or self._start()
                    result: _ResultT = child.ask((function, chunk))
                except _Gone as gone:
                    self._forget(child)
                    child = None
                    if self._closed:
                        raise _closed() from gone
                    _log.warning("worker_process_ended", exit_code=gone.exit_code)
                else:
                    return result
            raise Unavailable("worker-process-ended", f"{MAX_DEATHS} processes ended while they did the same chunk")
        finally:
            self._idle.put(child)

    def _start(self) -> "_Child":
        with self._lock:
            if self._closed:
                raise _closed()
            child = _Child()
            self._children.add(child)
        try:
            child.prepare(self._build)
        except _Gone:
            self._forget(child)
            raise
        except Exception:
            self._forget(child)
            child.end()
            child.hang_up()
            raise
        return child

    def _forget(self, child: "_Child | None") -> None:
        with self._lock:
            if child is not None:
                self._children.discard(child)


def _closed() -> Unavailable:
    return Unavailable("executor-closed", "this process is ending: the work is carried on by its next start")


class _Gone(Exception):
    """A process ended without an answer."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


class _Child:
    """One process and the socket to it."""

    def __init__(self) -> None:
        self._connection: Connection
        self._connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "registry.adapters.process_child"],
                stdin=theirs.fileno(),
                # Whoever reads our output waits for a line that says where we listen, not for what a library prints.
                stdout=subprocess.DEVNULL,
                # The terminal's signals are for the parent alone.
                process_group=0,
            )

    @property
    def process_id(self) -> int:
        """The process's id."""
        return self._process.pid

    def prepare(self, build: Callable[[], object]) -> None:
        """Let it make its tools."""
        with self._noticing_its_end():
            self._connection.send(sys.path)
        self.ask(build)

    def ask(self, message: object) -> Any:  # noqa: ANN401  # what the function returns
        """Send work and wait for what became of it. Raises _Gone, and what the function raised."""
        with self._noticing_its_end():
            self._connection.send(message)
            result, failure = self._connection.recv()
        if failure is not None:
            raise failure
        return result

    def end(self) -> None:
        """End it at once and wait for it."""
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def hang_up(self) -> None:
        """Close the socket, which nobody else may be using now."""
        self._connection.close()

    @contextlib.contextmanager
    def _noticing_its_end(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:
            self._connection.close()
            self._process.kill()
            raise _Gone(self._process.wait()) from error

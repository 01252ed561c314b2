"""Chunks of work over Ray (the optional extra `ray`): the same promises as the local pool, on this machine alone.

Ray is started on the loopback address when the first file of more than one chunk asks for it: without dashboard, usage
reports and the terminal's output of its workers, and with a token of its own, because whoever can speak to Ray can run
anything here. What is sent, the issuers' password among it, goes through Ray's channels and object store on this
machine; docs/decisions has what that means. Ray itself replaces workers that die and repeats what they were doing.
"""

import contextlib
import logging
import os
import secrets
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from itertools import chain, cycle, islice
from typing import Any, Final, Generic, TypeVar

from registry.adapters.process_child import told
from registry.domain.errors import Unavailable

MAX_DEATHS: Final = 3
"""Workers that one chunk may cost."""
WAITING_CHUNKS: Final = 2
"""Chunks that wait beside those being done."""
OBJECT_STORE_BYTES: Final = 128 * 1024 * 1024
"""Some twenty chunks of a thousand credentials; Ray takes a third of the memory unless told."""
END_SECONDS: Final = 10.0
"""How long those who wait for results may take to notice that there will be none."""
TOKEN_BYTES: Final = 32
LOOPBACK: Final = "127.0.0.1"

_ToolsT = TypeVar("_ToolsT")
_ChunkT = TypeVar("_ChunkT")
_ResultT = TypeVar("_ResultT")


class RayPool(Generic[_ToolsT]):
    """Implements the port `ChunkExecutor` with Ray. Safe to share between threads; one in a process."""

    def __init__(self, build: Callable[[], _ToolsT], *, processes: int, local: _ToolsT) -> None:
        """Take a factory of tools that can be pickled, and the tools of this process for work of a single chunk."""
        self._build = build
        self._local = local
        self._processes = processes
        self._window = processes + WAITING_CHUNKS
        self._lock = threading.Lock()
        self._quiet = threading.Condition(self._lock)
        self._keeper: _Keeper | None = None
        self._workers: list[Any] = []  # Any: Ray's handles
        self._running = 0
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
        workers = cycle(self._started())
        pending: deque[Any] = deque()
        try:
            for chunk in chain(begun, source):
                pending.append(next(workers).do.remote(function, chunk))
                if len(pending) == self._window:
                    yield self._result(pending.popleft())
            while pending:
                yield self._result(pending.popleft())
        finally:
            self._left(pending)

    def close(self) -> None:
        """End Ray at once, whatever it is doing."""
        with self._lock:
            self._closed = True
            keeper, self._keeper = self._keeper, None
            workers, self._workers = self._workers, []
        if keeper is None:
            return
        for worker in workers:
            _ray().kill(worker, no_restart=True)
        with self._lock:
            # Whoever waits for a result is told that its worker is gone, and must be gone before Ray is.
            self._quiet.wait_for(lambda: self._running == 0, timeout=END_SECONDS)
        keeper.end()

    def _started(self) -> list[Any]:
        with self._lock:
            if self._closed:
                raise _closed()
            if self._keeper is None:
                self._keeper = _Keeper(processes=self._processes)
                worker = _ray().remote(num_cpus=1, max_restarts=-1, max_task_retries=MAX_DEATHS - 1)(_Worker)
                self._workers = [worker.remote(sys.path, self._build) for _ in range(self._processes)]
            self._running += 1
            return self._workers

    def _result(self, reference: Any) -> Any:  # noqa: ANN401  # Ray's handle; what the function returns
        ray = _ray()
        try:
            result, failure = ray.get(reference)
        except ray.exceptions.RayError as error:
            if self._closed:
                raise _closed() from error
            message = f"{MAX_DEATHS} processes ended while they did the same chunk"
            raise Unavailable("worker-process-ended", message) from error
        if failure is not None:
            raise failure
        return result

    def _left(self, pending: Iterable[Any]) -> None:
        """Give up what was not fetched, and tell who waits for the end."""
        ray = _ray()
        if not self._closed:
            for reference in pending:
                with contextlib.suppress(ray.exceptions.RayError):
                    ray.cancel(reference)
        with self._lock:
            self._running -= 1
            self._quiet.notify_all()


class _Worker:
    """What runs in a worker process of Ray."""

    def __init__(self, path: list[str], build: Callable[[], object]) -> None:
        sys.path[:] = path
        self._build = build
        self._tools: list[object] = []

    def do(self, function: Callable[[Any, Any], object], chunk: object) -> tuple[object, Exception | None]:
        """Do a chunk; an error is part of the answer, so that it arrives as it was."""
        try:
            if not self._tools:
                self._tools.append(self._build())
            return function(self._tools[0], chunk), None
        except Exception as error:  # noqa: BLE001 - raised again by the parent, where it belongs
            return None, told(error)


class _Keeper:
    """The thread that starts and ends Ray.

    Of its own, because in the main thread Ray takes the process's signals over; and alive all the time, because the
    kernel ends Ray's processes with the thread that started them: with this process, that is, however it ends.
    """

    def __init__(self, *, processes: int) -> None:
        """Start Ray. Raises Unavailable."""
        self._processes = processes
        self._failure: Exception | None = None
        self._begun = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="ray", daemon=True)
        self._thread.start()
        self._begun.wait()
        if self._failure is not None:
            name = type(self._failure).__name__
            raise Unavailable("executor-unavailable", f"Ray could not be started: {name}") from self._failure

    def end(self) -> None:
        """End Ray and wait for that."""
        self._ending.set()
        self._thread.join()

    def _keep(self) -> None:
        try:
            self._initialise()
        except Exception as error:  # noqa: BLE001 - of whatever kind, it is told to whoever started the thread
            self._failure = error
            return
        finally:
            self._begun.set()
        self._ending.wait()
        _ray().shutdown()

    def _initialise(self) -> None:
        # Ray takes these from nowhere else, and reads them when it is imported. No cluster: then it keeps to loopback.
        written = {
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_AUTH_MODE": "token",
        }
        os.environ.update(written)  # noqa: TID251 - written for Ray, nothing is read
        # Once for the process: Ray keeps the first one it sees, also when it is started again.
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(TOKEN_BYTES))  # noqa: TID251 - as above
        _ray().init(
            address="local",
            num_cpus=self._processes,
            num_gpus=0,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address=LOOPBACK,
        )


def _ray() -> Any:  # noqa: ANN401  # a foreign library without types of its own
    try:
        import ray  # noqa: PLC0415 - an optional extra, and it reads the environment when it is imported
    except ImportError as error:
        raise Unavailable("executor-unavailable", "install credroot[ray] to use Ray") from error
    return ray


def _closed() -> Unavailable:
    return Unavailable("executor-closed", "this process is ending: the work is carried on by its next start")

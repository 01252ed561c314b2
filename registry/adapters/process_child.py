"""A process of the pool: receives chunks of work on its standard input and sends back what became of them.

    parent ── import path ────────────> child
           ── factory of the tools ───>       ── (None, error) ───> parent
           ── (function, chunk) ──────>       ── (result, error) ─> parent    and so on until the parent is gone

Standard input is a socket, so nothing that is sent is ever an argument, a file or a line of a log. Both ends are the
same program of the same user: what is unpickled here was pickled there.
"""

import os
import queue
import signal
import sys
import threading
from multiprocessing.connection import Connection
from traceback import extract_tb
from typing import Any, Final

from registry.adapters.allocator import give_memory_back
from registry.adapters.collector import spare_the_collector
from registry.domain.errors import CredrootError

LAST_CHUNK_SECONDS: Final = 2.0
"""How long the chunk in hand may take after the parent is gone: nobody will read it."""

_STANDARD_INPUT: Final = 0


def main() -> None:
    """Work until the parent closes the socket or dies."""
    give_memory_back()
    # The keyboard's signal is the parent's business; this process ends when the parent does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = _take_standard_input()
    try:
        # Before anything is unpickled that lies there.
        sys.path[:] = connection.recv()
    except (EOFError, OSError):
        return
    received: queue.SimpleQueue[Any] = queue.SimpleQueue()  # Any: whatever the parent sends
    threading.Thread(target=_receive, args=(connection, received), daemon=True).start()
    _serve(connection, received)


def _take_standard_input() -> Connection:
    """Keep the socket to ourselves: a library that reads the standard input finds it empty."""
    connection = Connection(os.dup(_STANDARD_INPUT))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _STANDARD_INPUT)
    os.close(nothing)
    return connection


def _receive(connection: Connection, received: "queue.SimpleQueue[Any]") -> None:
    """Pass on what comes; always reading, so that the parent's end is noticed in the middle of a chunk too."""
    while True:
        try:
            message = connection.recv()
        except (EOFError, OSError):
            received.put(None)
            threading.main_thread().join(LAST_CHUNK_SECONDS)
            os._exit(1)
        except Exception as error:  # noqa: BLE001 - unpickling runs any code; the parent is told
            message = error
        received.put(message)


def _serve(connection: Connection, received: "queue.SimpleQueue[Any]") -> None:
    tools: list[Any] = []  # Any: what the parent's factory makes; empty until it was made
    while (message := received.get()) is not None:
        result, failure = None, None
        try:
            result = _answer(message, tools)
        except Exception as error:  # noqa: BLE001 - raised again by the parent, where it belongs
            failure = told(error)
        try:
            connection.send((result, failure))
        except OSError:
            return


def _answer(message: Any, tools: list[Any]) -> Any:  # noqa: ANN401  # what is sent and returned is anybody's
    if isinstance(message, Exception):
        raise message
    if not tools:
        tools.append(message())
        spare_the_collector()
        return None
    function, chunk = message
    return function(tools[0], chunk)


def told(error: Exception) -> Exception:
    """Make an error fit to be sent: ours as they are, others by name and place, as they may repeat somebody's data."""
    if isinstance(error, CredrootError):
        return error
    places = ", ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__))
    return RuntimeError(f"{type(error).__name__} in a worker process: {places}")


if __name__ == "__main__":
    main()

"""One deadline over a whole exchange: socket timeouts count from one byte to the next, and a name server has its own."""

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def within_deadline(work: Callable[[], _T], *, seconds: float, name: str) -> _T:
    """Return what the work returns, or raise what it raises, within so many seconds.

    Raises TimeoutError after that; the work is left behind in a thread that does not keep the process alive.
    """
    outcome: queue.SimpleQueue[tuple[_T] | Exception] = queue.SimpleQueue()

    def do() -> None:
        try:
            outcome.put((work(),))
        except Exception as error:  # noqa: BLE001  # raised again where it was asked for
            outcome.put(error)

    threading.Thread(target=do, name=name, daemon=True).start()
    try:
        result = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(result, Exception):
        raise result
    return result[0]

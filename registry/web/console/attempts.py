"""How often somebody may try to sign in: nobody guesses 256 bits, but each try costs a look into the database.

In memory, of one process: each replica counts for itself.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

MAX_FAILURES: Final = 10
"""A person pastes a wrong key two or three times."""
WINDOW: Final = timedelta(minutes=1)
MAX_ADDRESSES: Final = 10_000
"""Remembered at a time, a megabyte: whoever has more addresses than this is stopped elsewhere."""


class Attempts:
    """Counts failures by address."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = Lock()

    def wait(self, address: str, now: datetime) -> timedelta | None:
        """Tell how long an address must wait before its next try; None when it need not."""
        with self._lock:
            since, count = self._failures.get(address, (now, 0))
        left = since + WINDOW - now
        return left if count >= MAX_FAILURES and left > timedelta() else None

    def note_failure(self, address: str, now: datetime) -> None:
        """Count a failure."""
        with self._lock:
            since, count = self._failures.pop(address, (now, 0))
            self._failures[address] = (since, count + 1) if now < since + WINDOW else (now, 1)
            while len(self._failures) > MAX_ADDRESSES:
                self._failures.popitem(last=False)

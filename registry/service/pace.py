"""How fast an upload is being issued: what a registrar who waits wants to know.

Kept in memory by the process that issues: after a restart it begins anew, and other processes do not know it.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from registry.ports import Clock

REMEMBERED: Final = timedelta(seconds=30)
"""Long enough to even out chunks, short enough to follow a machine that gets busy."""
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How fast rows are issued, and how long the rest will take at that."""

    rows_per_second: float
    remaining_seconds: int


class Pace:
    """Counts rows as they are issued."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._done = 0
        self._marks: deque[tuple[datetime, int]] = deque([(clock.now(), 0)])

    def note(self, rows: int) -> None:
        """Note that so many more rows are issued."""
        now = self._clock.now()
        self._done += rows
        # The oldest mark stays until the second is old enough to begin at: chunks may take longer than is remembered.
        while len(self._marks) > 1 and self._marks[1][0] <= now - REMEMBERED:
            self._marks.popleft()
        self._marks.append((now, self._done))

    def progress(self, remaining_rows: int) -> Progress | None:
        """Tell the pace of the last half minute; None before the first rows are issued."""
        since, before = self._marks[0]
        seconds = (self._clock.now() - since) / _SECOND
        rows = self._done - before
        if rows <= 0 or seconds <= 0:
            return None
        rate = rows / seconds
        return Progress(rows_per_second=round(rate, 1), remaining_seconds=round(remaining_rows / rate))

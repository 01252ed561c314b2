"""What is counted, by everybody at once: answers, waits, events, and what was violated."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

MAX_TOLD: Final = 5
"""Violations that begin with the same word: one broken thing breaks many answers, and must not hide another."""
WIDTH: Final = 40
"""Of the headings."""


class Tally:
    """Counts for everybody."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self._told: list[str] = []
        self._kinds: Counter[str] = Counter()
        self._begun = time.time()
        self._lock = Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)

    def count(self, group: str, what: str, number: int = 1) -> None:
        """Count something under a heading."""
        with self._lock:
            self._counts[group, what] += number

    def time(self, kind: str, seconds: float) -> None:
        """Note how long something of a kind took."""
        with self._lock:
            self._seconds[kind].append(seconds)

    def number(self, group: str, what: str) -> int:
        """Return a count."""
        with self._lock:
            return self._counts[group, what]

    def violated(self, what: str) -> None:
        """Note that something is not as it must be; the run goes on, and fails at its end."""
        with self._lock:
            self.violations.append(what)
            kind = what.split(maxsplit=1)[0]
            self._kinds[kind] += 1
            if self._kinds[kind] <= MAX_TOLD:
                self._told.append(f"after {time.time() - self._begun:.1f} s: {what}")

    @contextmanager
    def checking(self, what: str) -> Iterator[None]:
        """Note what an assertion in the block says as a violation."""
        try:
            yield
        except AssertionError as error:
            place = error.__traceback__
            while place is not None and place.tb_next is not None:
                place = place.tb_next
            line = "" if place is None else f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}"
            self.violated(f"{what}: {error} ({line})")

    def table(self) -> str:
        """Write everything down."""
        with self._lock:
            groups: defaultdict[str, list[str]] = defaultdict(list)
            for (group, what), number in sorted(self._counts.items()):
                groups[group].append(f"{what} {number}")
            lines = [f"{group:<{WIDTH}}{', '.join(counted)}" for group, counted in sorted(groups.items())]
            for kind, seconds in sorted(self._seconds.items()):
                ordered = sorted(seconds)
                p50, p99 = (ordered[round(share * (len(ordered) - 1))] for share in (0.5, 0.99))
                lines.append(f"{'seconds of ' + kind:<{WIDTH}}p50 {p50:.3f}, p99 {p99:.3f}, most {ordered[-1]:.3f}")
            return "\n".join([*lines, f"{'violations':<{WIDTH}}{len(self.violations)}", *self._told])

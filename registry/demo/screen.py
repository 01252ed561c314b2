"""What the demonstration shows: measured figures and progress, nothing invented."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

BAR: Final = 30


class Screen:
    """Prints lines by subject and keeps the seconds of each phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time what is done inside the block."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - begun, 2)

    def say(self, subject: str, text: str) -> None:
        """Print one line under a subject."""
        print(f"{subject:<9} {text}", flush=True)


def draw_issuing(answer: Any) -> None:  # noqa: ANN401 - JSON of any shape
    """Draw how far an upload is issued: on a terminal the bar moves, elsewhere nothing is drawn."""
    done, total = answer["rowsIssued"], answer["rowsOk"]
    if not sys.stdout.isatty() or not total:
        return
    filled = BAR * done // total
    end = "\n" if done == total else ""
    print(f"\r{'issue':<9} [{'#' * filled}{'.' * (BAR - filled)}] {done}/{total}", end=end, flush=True)

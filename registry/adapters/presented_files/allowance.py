"""What reading may cost in all, however many files and members: a thousand dear ones cost no more than one."""

import threading
from dataclasses import dataclass, field
from typing import Final

from registry.domain.canonical import check_values, most_values
from registry.domain.errors import Malformed
from registry.domain.presented_files import FileCode
from registry.domain.presented_text import MAX_TEXT_VALUES

MAX_STEPS: Final = 500_000
"""Elements of SVG, tokens and entries of PDF. A certificate takes hundreds; all of them take a second."""
MAX_INFLATED_BYTES: Final = 67_108_864
"""Four times what the largest file holds: streams of PDF and members of zip, a quarter of a second."""
MAX_TEXT_BYTES: Final = 8_388_608
"""Of JSON: a thousand credentials of 8 KiB."""
MAX_VALUES: Final = 150_000
"""Of JSON: a thousand credentials of a hundred and fifty. All of them are parsed in a sixth of a second, and judged in up to
twenty: JSON-LD takes an eighth of a millisecond for a value where it is dearest."""
MAX_PIXELS: Final = 67_108_864
"""Four of the largest pictures: two seconds of looking for QR codes."""


@dataclass(slots=True, kw_only=True)
class Allowance:
    """What is left to be spent on what is presented together."""

    steps: int = MAX_STEPS
    inflated_bytes: int = MAX_INFLATED_BYTES
    text_bytes: int = MAX_TEXT_BYTES
    values: int = MAX_VALUES
    pixels: int = MAX_PIXELS
    decoding: threading.Lock = field(default_factory=threading.Lock)
    """Held while a picture is decoded, one at a time of all that a reader reads: forty threads would decode forty of them, and
    none is worth the memory of all."""

    def step(self, count: int = 1) -> None:
        """Spend steps. Raises Malformed `file-too-complex`."""
        self.steps = _left(self.steps, count, "steps")

    def inflate(self, size: int) -> None:
        """Spend bytes of what was compressed. Raises Malformed `file-too-complex`."""
        self.inflated_bytes = _left(self.inflated_bytes, size, "bytes")

    def read(self, text: bytes) -> None:
        """Spend the bytes of a text, and the values in it if it is JSON.

        Raises Malformed: `file-too-complex`; `json-too-many-values` for one that has too many by itself.
        """
        self.text_bytes = _left(self.text_bytes, len(text), "bytes of text")
        check_values(text, limit=MAX_TEXT_VALUES)
        self.values = _left(self.values, most_values(text), "values of JSON")

    def look_at(self, pixels: int) -> None:
        """Spend pixels. Raises Malformed `file-too-complex`."""
        self.pixels = _left(self.pixels, pixels, "pixels")


def _left(before: int, cost: int, what: str) -> int:
    """Return what is left after spending. What is refused is not read: it costs nothing that others need."""
    if cost > before:
        raise Malformed(FileCode.TOO_COMPLEX, f"expected files that cost less to read: too many {what} in all")
    return before - cost

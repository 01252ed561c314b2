"""What reading one file may cost in all, however many members it has: a thousand dear ones cost no more than one."""

import threading
from dataclasses import dataclass, field
from typing import Final

from registry.domain.errors import Malformed
from registry.domain.presented_files import FileCode

MAX_STEPS: Final = 500_000
"""Elements of SVG, tokens and entries of PDF. A certificate takes hundreds; all of them take a second."""
MAX_INFLATED_BYTES: Final = 67_108_864
"""Four times what the largest file holds: streams of PDF and members of zip, a quarter of a second."""
MAX_TEXT_BYTES: Final = 8_388_608
"""Of JSON: a thousand credentials of 8 KiB. It is parsed, at two megabytes a second where it is written to be dear."""
MAX_PIXELS: Final = 67_108_864
"""Four of the largest pictures: two seconds of looking for QR codes."""


@dataclass(slots=True, kw_only=True)
class Allowance:
    """What is left to be spent on a file."""

    steps: int = MAX_STEPS
    inflated_bytes: int = MAX_INFLATED_BYTES
    text_bytes: int = MAX_TEXT_BYTES
    pixels: int = MAX_PIXELS
    decoding: threading.Lock = field(default_factory=threading.Lock)
    """Held while a picture is decoded, one at a time of all that a reader reads: forty threads would decode forty of them, and
    none is worth the memory of all."""

    def step(self, count: int = 1) -> None:
        """Spend steps. Raises Malformed `file-too-complex`."""
        self.steps -= count
        _require(self.steps, "steps")

    def inflate(self, size: int) -> None:
        """Spend bytes of what was compressed. Raises Malformed `file-too-complex`."""
        self.inflated_bytes -= size
        _require(self.inflated_bytes, "bytes")

    def read(self, size: int) -> None:
        """Spend bytes of text. Raises Malformed `file-too-complex`."""
        self.text_bytes -= size
        _require(self.text_bytes, "bytes of text")

    def look_at(self, pixels: int) -> None:
        """Spend pixels. Raises Malformed `file-too-complex`."""
        self.pixels -= pixels
        _require(self.pixels, "pixels")


def _require(left: int, what: str) -> None:
    if left < 0:
        raise Malformed(FileCode.TOO_COMPLEX, f"expected a file that costs less to read: too many {what} in all")

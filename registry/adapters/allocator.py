"""Have the C library give memory back to the system when it is free (mallopt(3), glibc).

By default glibc learns from the largest buffers that were freed to keep as much, in up to eight arenas a core: a process
that read a file of 250,000 rows once, or sealed a million credentials, would hold hundreds of megabytes for ever. On
systems without glibc nothing is done, and nothing is lost but that.
"""

import ctypes
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

LARGE_BYTES: Final = 131_072
"""glibc's own starting value. To name it keeps it: a larger buffer has pages of its own, which go back at once."""
ARENAS: Final = 2
"""Threads here take turns at Python's lock: more arenas hold free memory for nobody."""


def give_memory_back() -> None:
    """Set the limits for the rest of this process's life; called once, before there are threads."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in (
        (_M_MMAP_THRESHOLD, LARGE_BYTES),
        (_M_TRIM_THRESHOLD, LARGE_BYTES),
        (_M_ARENA_MAX, ARENAS),
    ):
        mallopt(parameter, value)

"""UUIDv7: ids that sort by the time they were made (RFC 9562 section 5.7 and 6.2 method 3).

    bits  48           4   12                          2    62
          milliseconds ver fraction of the millisecond var  random

Rows with such keys are appended to the end of an index instead of spread over it, which is what both databases are
fast at. They tell when a row was made: nothing that must not be guessed is such an id.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from registry.ports import Clock

_UNIX_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_RANDOM_BITS: Final = 62
_VARIANT: Final = 0b10 << _RANDOM_BITS


def uuid7(moment: datetime, *, random: int) -> UUID:
    """Make the UUIDv7 of a moment and 62 random bits."""
    microseconds = (moment - _UNIX_EPOCH) // _MICROSECOND
    milliseconds, rest = divmod(microseconds, 1000)
    # The fraction in 4,096 steps: two ids of one millisecond sort by time too, as far as the clock tells it.
    fraction = rest * 4096 // 1000
    return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | _VARIANT | random)


class Identifiers:
    """Makes ids of the present moment."""

    def __init__(self, clock: Clock, *, draw_bits: Callable[[int], int] = secrets.randbits) -> None:
        """Take the time from a clock and the randomness from a source like secrets.randbits."""
        self._clock = clock
        self._draw_bits = draw_bits

    def new(self) -> UUID:
        """Return a new id."""
        return uuid7(self._clock.now(), random=self._draw_bits(_RANDOM_BITS))

"""How long a node that failed is left alone. PURE.

    ready ──fails──> resting, 1 s, doubled with every failure in a row, a minute at most ──time is up──> ready

Or for as long as its provider asks (`Retry-After`). The first question after a rest is the trial: it fails, and the rest
is longer; an observation to which the node had all the answers wipes the failures out. So a node that is mended is
missed for about as long as it was broken, and no longer than a minute.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FIRST_REST: Final = timedelta(seconds=1)
"""A restart of a node, or of what stands before it, takes a second or two."""

LONGEST_REST: Final = timedelta(minutes=1)
"""A question a minute burdens nobody, and on Ethereum nothing is decided in less than a quarter of an hour."""

LONGEST_ASKED_REST: Final = timedelta(minutes=10)
"""The bound of what `Retry-After` may ask for (`registry.adapters.rpc_exchange`)."""

_DOUBLINGS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a node fared of late; a new one is well."""

    failures: int = 0
    """In a row."""
    rests_until: datetime | None = None

    def is_ready(self, now: datetime) -> bool:
        """Tell whether the node may be asked.

        A rest longer than any that is ever given is the work of a clock that was set back: it is over.
        """
        return self.rests_until is None or not now < self.rests_until <= now + LONGEST_ASKED_REST

    def after_failure(self, *, now: datetime, jitter: float, retry_after_seconds: float | None = None) -> "Health":
        """Return the health after one more failure.

        `jitter`, from 0 to 1, says where between half of the rest and all of it: workers that failed together do not
        come back together. A time that the provider names is kept to, and never shortened.
        """
        failures = self.failures + 1
        rest = min(FIRST_REST * 2 ** min(failures - 1, _DOUBLINGS), LONGEST_REST) * (1 + jitter) / 2
        asked = timedelta(seconds=retry_after_seconds or 0.0)
        return Health(failures=failures, rests_until=now + min(max(rest, asked), LONGEST_ASKED_REST))

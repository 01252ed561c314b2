"""What a worker knows of itself and nobody else can: when it last did a round, whether it leads, whom it disbelieves. PURE.

Everything else that is told about a worker stands in the database or on chain, and is read there.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from registry.ports import Clock

STALE_AFTER: Final = timedelta(minutes=10)
"""A round is over in seconds. One with nodes that use up every deadline, or that seals a million credentials, takes
minutes; after ten nobody is working."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """A worker after a round."""

    round_ended_at: datetime
    lease_token: int | None = None
    """The fencing token of its lease; None while another worker leads."""
    quorum_disagreements: int = 0
    """How often nodes told different stories of what cannot be taken back, since the start."""


@dataclass(slots=True)
class Pulse:
    """The newest vitals of this process, written after every round and read by other threads."""

    clock: Clock
    vitals: Vitals = field(init=False)

    def __post_init__(self) -> None:
        """Begin alive: the first round may take its time."""
        self.beat()

    def beat(self, *, lease_token: int | None = None, quorum_disagreements: int = 0) -> None:
        """Note that a round is over, and what the worker knows since."""
        self.vitals = Vitals(
            round_ended_at=self.clock.now(), lease_token=lease_token, quorum_disagreements=quorum_disagreements
        )

    def is_fresh(self) -> bool:
        """Tell whether a round ended not long ago."""
        return self.clock.now() - self.vitals.round_ended_at <= STALE_AFTER

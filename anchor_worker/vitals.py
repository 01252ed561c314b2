"""What a worker knows of itself: when it last did a round, whether it leads, what it may still spend. PURE.

Everything else that is told about a worker stands in the database or on chain, and is read there.
"""

from dataclasses import dataclass, field, replace
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
    is_leader: bool = True
    """A worker that shares its account with nobody leads."""
    lease_token: int | None = None
    """The fencing token of its lease, None without one."""
    budget_left_wei: int | None = None
    """What may still be offered today, None without a limit."""
    balance_floor_wei: int | None = None
    """Below it the operator wants to be told, None when nothing is set."""
    quorum_disagreements: int = 0
    """How often nodes told different stories of what is final, since the start."""
    final_mismatches: int = 0
    """How often a block that had been final was found replaced, since the start: the worker stands still then."""


@dataclass(slots=True)
class Pulse:
    """The newest vitals of this process, written after every round and read by other threads."""

    clock: Clock
    vitals: Vitals = field(init=False)

    def __post_init__(self) -> None:
        """Begin alive: the first round may take its time."""
        self.vitals = Vitals(round_ended_at=self.clock.now())

    def beat(self, vitals: Vitals | None = None) -> None:
        """Note that a round is over, and what the worker knows since; the last known stays when nothing is told."""
        self.vitals = replace(vitals or self.vitals, round_ended_at=self.clock.now())

    def is_fresh(self) -> bool:
        """Tell whether a round ended not long ago."""
        return self.clock.now() - self.vitals.round_ended_at <= STALE_AFTER

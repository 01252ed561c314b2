"""What the cycle needs of the outside world, and what each of it promises."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from anchor_worker.budget import Budget
from anchor_worker.machine import Distrust, Observation, Sign, State
from anchor_worker.obstacles import Obstacle
from anchor_worker.offers import Attempt, Refusal
from registry.domain.errors import Conflict


class NotLeader(Conflict):
    """Another worker anchors."""

    def __init__(self, *, holder: str, until: datetime) -> None:
        super().__init__(
            "not-leader", f"worker {holder} leads, until {until:%Y-%m-%d %H:%M:%S} UTC if it does not renew"
        )
        self.holder = holder
        self.until = until


class Fenced(Conflict):
    """This worker led once, and does not now: what it was about to write is not written."""

    def __init__(self, reason: str) -> None:
        super().__init__("fenced", f"nothing is written: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnchor:
    """An anchor as it was read, with the version that a change of it must name."""

    state: State
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAttempt:
    """A signed transaction that nobody was told of yet."""

    attempt: Attempt
    raw: bytes
    budget: Budget
    """What it was offered within."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of telling the network."""

    refusal: Refusal | None
    """None when it was taken, or when nobody knows."""
    detail: str


class Leadership(Protocol):
    """Which of several workers anchors: one at a time."""

    def acquire(self) -> None:
        """Lead, or go on leading. Raises NotLeader while another one does, Unavailable."""
        ...

    @property
    def token(self) -> int | None:
        """The lease's fencing token, None while this worker does not lead."""
        ...


class AnchorStore(Protocol):
    """The anchors, each changed by compare-and-set, and by the leader alone: every write may raise Fenced."""

    def open_anchor(self) -> StoredAnchor | None:
        """Return the lowest epoch's anchor that is not FINAL, with all its attempts; None when there is none."""
        ...

    def save(self, anchor: StoredAnchor, state: State) -> StoredAnchor:
        """Store another state, attempts aside; durable when it returns.

        Raises Conflict `anchor-moved` when somebody else changed the anchor since it was read.
        """
        ...

    def add_attempt(self, anchor: StoredAnchor, state: State, signed: SignedAttempt) -> StoredAnchor:
        """Store a signed transaction and the state it leads to, together; durable when it returns.

        Raises Conflict `anchor-moved` as `save`, and `budget-exceeded` when the day's budget does not hold it any more:
        of two workers that spend the same rest, one does.
        """
        ...

    def begin_sending(self, transaction: str) -> bytes:
        """Note that an attempt is about to be sent, and return its stored bytes: nothing else is ever sent."""
        ...

    def record_reply(self, transaction: str, reply: Reply) -> None:
        """Note what came of it."""
        ...


class Observer(Protocol):
    """Reads the chain."""

    def observe(self, state: State) -> Observation | Distrust:
        """Return everything the next step needs. Raises Unavailable: that is no observation."""
        ...

    @property
    def disagreements(self) -> int:
        """How often nodes told different stories of what cannot be taken back, since the start."""
        ...


class FinalWatch(Protocol):
    """Watches what is final."""

    def obstacle(self) -> Obstacle | None:
        """Return why the worker must stand still: the chain denies a final anchor. None when all is well.

        Raises Unavailable when the database cannot tell.
        """
        ...


class Sender(Protocol):
    """Signs and sends with the anchoring account."""

    def sign(self, state: State, action: Sign) -> SignedAttempt:
        """Sign a transaction that anchors the state's root; tells nobody.

        Raises Unavailable when the key cannot be asked, Refused when it signed something else, or as somebody else.
        """
        ...

    def send(self, raw: bytes) -> Reply:
        """Tell the network. Never raises for what the network does: a lost answer is an answer too."""
        ...


class Sealer(Protocol):
    """Makes epochs of what waits; several workers share the work."""

    def build_ahead(self) -> int:
        """Build batches of what waits in plenty, though no epoch is due, and return how many were built."""
        ...

    def seal_if_due(self) -> int | None:
        """Seal what waits if that is due and the last epoch is final, and return the epoch's number."""
        ...

    def seal(self) -> int | None:
        """Seal what waits as the next epoch and return its number; None when there is nothing to anchor."""
        ...


class LightCapturer(Protocol):
    """Keeps proofs of what became final."""

    def capture(self) -> int | None:
        """Capture the newest final epoch's light part and return the epoch; None when there is nothing to capture."""
        ...


class Publisher(Protocol):
    """Writes the published files of final epochs."""

    def publish(self) -> tuple[int, ...]:
        """Write what is final and not noted as published, and return the epochs. May be repeated."""
        ...

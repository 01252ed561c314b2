"""What the registry acknowledged, with its moments: what every later answer is compared with.

A change was made at some moment between the request and its acknowledgement. Changes of one credential never overlap
(whoever changes it holds its lock), so at any moment its bit is one of at most two values:

    known     change begins ── either ── acknowledged ── the new one ──>
"""

import time
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from typing import Any

from registry.domain.slot import LIST_SIZE, Purpose


@dataclass(slots=True, kw_only=True)
class Change:
    """A bit that is set or cleared."""

    purpose: Purpose
    value: bool
    begun: float
    acknowledged: float | None = None


@dataclass(slots=True, kw_only=True)
class Held:
    """A credential that was acknowledged."""

    id: str
    leaf: str
    slot: int
    document: dict[str, Any]
    suspendable: bool
    begun: float
    acknowledged: float
    changing: Lock = field(default_factory=Lock)
    """Held by whoever changes it."""
    changes: list[Change] = field(default_factory=list)
    anchor: dict[str, Any] | None = None
    """As the first receipt said; it never changes."""
    anchored_at: float | None = None
    """When that receipt was here."""
    status_epoch: tuple[float, int] = (0.0, 0)
    """The newest epoch that a receipt proved a status of, and when it was here."""
    seen_revoked: dict[str, float] = field(default_factory=dict)
    """When a source showed it revoked."""

    @property
    def list_number(self) -> int:
        """The status list it has its place in."""
        return self.slot // LIST_SIZE

    @property
    def list_index(self) -> int:
        """Its place there."""
        return self.slot % LIST_SIZE

    def now(self, purpose: Purpose) -> bool:
        """Return the bit as it was asked for last."""
        return next((change.value for change in reversed(self.changes) if change.purpose is purpose), False)

    def possible(self, purpose: Purpose, *, first: float, last: float) -> set[bool]:
        """Return every value that the bit may have had at a moment between two."""
        settled, open_values = False, set[bool]()
        for change in tuple(self.changes):
            if change.purpose is not purpose:
                continue
            if change.acknowledged is not None and change.acknowledged <= first:
                settled = change.value
            elif change.begun <= last:
                open_values.add(change.value)
        return {settled, *open_values}


class Ledger:
    """All of them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._all: list[Held] = []
        self._epochs: dict[int, tuple[float, float]] = {}
        self._newest_final = 0

    def add(self, held: Held) -> None:
        """Remember a credential."""
        with self._lock:
            self._all.append(held)

    def all(self) -> tuple[Held, ...]:
        """Return every credential acknowledged so far."""
        with self._lock:
            return tuple(self._all)

    def pick(self, chance: Random) -> Held | None:
        """Return one by chance, half of the time among the newest: those are the ones that move."""
        with self._lock:
            if not self._all:
                return None
            return chance.choice(self._all[-30:] if chance.random() < 0.5 else self._all)

    def note_epoch(self, number: int, *, sealed_at: float, seen_at: float) -> None:
        """Remember when an epoch was sealed by its own word, and when it was seen first."""
        with self._lock:
            known = self._epochs.get(number)
            self._epochs[number] = (sealed_at, seen_at if known is None else min(seen_at, known[1]))

    def epoch(self, number: int) -> tuple[float, float] | None:
        """Return between which two moments an epoch was cut off, if it is known."""
        with self._lock:
            return self._epochs.get(number)

    def note_final(self, number: int) -> None:
        """Remember the newest epoch that was seen final."""
        with self._lock:
            self._newest_final = max(self._newest_final, number)

    def newest_final_cut(self) -> float:
        """Return the earliest moment at which the newest final epoch may have been cut off; 0 before there is one."""
        with self._lock:
            return self._epochs.get(self._newest_final, (0.0, 0.0))[0]


@dataclass(slots=True)
class Outages:
    """When each service was down, by those who took it down."""

    _spans: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, number: int) -> None:
        """Say so before it is taken down."""
        with self._lock:
            self._spans.setdefault(number, []).append((time.time(), float("inf")))

    def end(self, number: int) -> None:
        """Say that it answers again."""
        with self._lock:
            spans = self._spans[number]
            spans[-1] = (spans[-1][0], time.time())

    def touch(self, number: int, *, first: float, last: float) -> bool:
        """Tell whether it was down at a moment between two."""
        with self._lock:
            return any(begun <= last and first <= ended for begun, ended in self._spans.get(number, []))

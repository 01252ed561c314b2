"""Promises, as a store keeps them: what was signed, and what of it the log still owes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from registry.domain.promise import Promise, PromiseKind


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedEpochs:
    """What is promised beyond the newest sealed epoch."""

    through: int
    """The largest epoch that a promise names."""
    since: datetime
    """When the oldest of these promises was made."""
    deadline: datetime
    """The earliest deadline of these promises."""


class PromiseReader(Protocol):
    """Reads promises."""

    def of_slot(self, slot: int) -> tuple[Promise, ...]:
        """Return the promises about a slot: inclusion first."""
        ...

    def find(self, kind: PromiseKind, slot: int) -> Promise | None:
        """Return the promise of a kind about a slot, None when there is none."""
        ...

    def owed(self) -> OwedEpochs | None:
        """Tell what is promised beyond the newest sealed epoch, None when nothing is."""
        ...


class PromiseWriter(PromiseReader, Protocol):
    """Keeps promises."""

    def lock_for_promising(self) -> int:
        """Return the number of the newest sealed epoch, 0 before the first.

        Until this transaction ends no sealing begins. One that has begun does not see what is stored here, and makes the
        next epoch; every later one does. Transactions that promise do not wait for each other, nor for a sealing.
        """
        ...

    def keep(self, promise: Promise, *, created_at: datetime) -> Promise:
        """Store a promise and return it; or the one that is there, of its kind about its slot."""
        ...

"""Slots, status lists and status changes, as a store keeps them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from registry.domain.slot import Purpose
from registry.store_ports.credentials import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusListRecord:
    """The newest accepted state of one list for one purpose."""

    number: int
    issuer_id: UUID
    purpose: Purpose
    bits: bytes
    """16,384 bytes."""
    changed_at: datetime
    """When a bit last changed, or when the list was opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusOrder:
    """Somebody's word that a credential's standing is to change."""

    id: UUID
    """Of the change, should there be one."""
    credential_id: UUID
    reason: str
    note: str
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChangeRecord:
    """One accepted change of one bit."""

    id: UUID
    credential_id: UUID
    slot: int
    purpose: Purpose
    value: bool
    reason: str
    note: str
    changed_at: datetime
    changed_by: str
    epoch: int | None
    """The epoch whose snapshot first has it; None until then."""


class StatusReader(Protocol):
    """Reads status lists and changes."""

    def status_list(self, purpose: Purpose, number: int) -> StatusListRecord:
        """Return a list, all zero when nothing was ever set. Raises NotFound when no such list was opened."""
        ...

    def lists(self) -> tuple[StatusListRecord, ...]:
        """Return every list in which a bit was ever set, by purpose (revocation first) and number: the snapshot."""
        ...

    def changes(self, credential_id: UUID) -> tuple[StatusChangeRecord, ...]:
        """Return a credential's changes, the oldest first."""
        ...


class StatusWriter(StatusReader, Protocol):
    """Draws slots and changes statuses."""

    def assign_slots(
        self, issuer_id: UUID, count: int, *, draw: Callable[[int], int], now: datetime
    ) -> tuple[int, ...]:
        """Draw free slots of the issuer at random, each used from now on, whatever becomes of it.

        `draw(n)` returns a number below n, like secrets.randbelow. A list is closed at half full and the next is
        opened. Transactions that draw for the same issuer wait for each other.

        Raises NotFound for an unknown issuer, Conflict `log-full` when 2^20 lists are used up.
        """
        ...

    def open_list(self, issuer_id: UUID, *, now: datetime) -> int:
        """Return the number of an open list of the issuer from which nothing was drawn yet.

        The present one is closed if anything was drawn from it. Raises NotFound for an unknown issuer, Conflict
        `log-full`, or `too-many-lists` for an issuer that had a thousand closed so.
        """
        ...

    def mark_slots_used(self, issuer_id: UUID, slots: Iterable[int], *, now: datetime) -> int:
        """Note slots that published files show as filled (after a restore); return how many were not known.

        Lists that are missing are opened, closed to further draws. Raises Conflict `status-list-of-another-issuer`.
        """
        ...

    def mark_bits_set(self, issuer_id: UUID, purpose: Purpose, number: int, bits: bytes, *, now: datetime) -> int:
        """Set every bit that a published list has set (after a restore); return how many were not.

        Never clears one: a revocation that a backup has not heard of must not be taken back by the next epoch.
        The credentials of these slots that the store has change their standing too.

        Raises Conflict `status-list-of-another-issuer`.
        """
        ...

    def lock(self, credential_id: UUID) -> Standing:
        """Return a credential's standing, which nobody else changes until this transaction ends. Raises NotFound."""
        ...

    def revoke(self, order: StatusOrder) -> Standing:
        """Revoke for ever: set the bit, note the change, free the duplicate key. Returns the standing before.

        Idempotent: a second time returns REVOKED and changes nothing. Raises NotFound.
        """
        ...

    def suspend(self, order: StatusOrder) -> Standing:
        """Suspend: set the bit, note the change. Returns the standing before; a second time changes nothing.

        Raises NotFound, Conflict `revoked` or `not-suspendable`.
        """
        ...

    def reinstate(self, order: StatusOrder) -> Standing:
        """Lift a suspension: clear the bit, note the change. Returns the standing before; ACTIVE stays ACTIVE.

        Raises NotFound, Conflict `revoked`.
        """
        ...

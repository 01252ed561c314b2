"""What a store keeps for issuers that sign on their own machine: their public keys and the slots set aside for them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from registry.domain.hashing import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeyRecord:
    """A public key whose private key the issuer keeps."""

    id: UUID
    issuer_id: UUID
    verification_method: str
    public_multibase: str
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRecord:
    """Slots that were drawn for one issuer and are filled by what it signs elsewhere, or by nothing."""

    id: UUID
    issuer_id: UUID
    slots: tuple[int, ...]
    """In the order they were drawn."""
    created_at: datetime
    expires_at: datetime
    """From then on nothing is accepted for them; they are given to nobody else either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationSummary:
    """A reservation without its slots, of which there may be 65,536."""

    id: UUID
    count: int
    created_at: datetime
    expires_at: datetime


class ReservationReader(Protocol):
    """Reads own keys and reservations."""

    def own_keys(self, issuer_id: UUID) -> tuple[OwnKeyRecord, ...]:
        """Return the public keys of an issuer by ascending id, the oldest first; none: the registry signs for it."""
        ...

    def get(self, issuer_id: UUID, reservation_id: UUID) -> ReservationRecord:
        """Return an issuer's reservation; another issuer's is not found. Raises NotFound."""
        ...

    def page(self, issuer_id: UUID, *, after: UUID | None, limit: int) -> tuple[ReservationSummary, ...]:
        """Return an issuer's reservations by ascending id, those after an id."""
        ...

    def open_slots(self, issuer_id: UUID, *, now: datetime) -> int:
        """Count the slots of an issuer's reservations that have not expired, filled ones too."""
        ...

    def list_owner(self, number: int) -> UUID | None:
        """Return whose status list a number is; None when it was never opened."""
        ...

    def filled(self, slots: Collection[int]) -> Mapping[int, Digest]:
        """Tell which slots are filled, and with which leaf. Any number may be asked for."""
        ...

    def known_documents(self, document_ids: Collection[UUID]) -> Mapping[UUID, Digest]:
        """Tell which documents' ids are taken, and by which leaf. Any number may be asked for."""
        ...


class ReservationWriter(ReservationReader, Protocol):
    """Writes own keys and reservations."""

    def insert_own_key(self, key: OwnKeyRecord) -> None:
        """Store a public key. Raises Conflict: verification method taken."""
        ...

    def retire_own_key(self, key_id: UUID, *, retired_at: datetime) -> None:
        """Retire a key; a second time changes nothing. Raises NotFound."""
        ...

    def insert(self, reservation: ReservationRecord) -> None:
        """Store a reservation of slots that were assigned in the same transaction."""
        ...

    def withdraw(self, issuer_id: UUID, slots: Collection[int], *, now: datetime) -> None:
        """Take slots that published files show as filled out of the issuer's reservations that have not expired.

        A reservation that keeps none is gone.
        """
        ...

"""Which credential takes another one's place, or goes on where it ends, as a store keeps it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class LinkKind(StrEnum):
    """What a later credential is to an earlier one."""

    SUPERSEDES = "supersedes"
    """It takes the place of the earlier one, which is revoked."""
    RENEWS = "renews"
    """It goes on where the earlier one ends, which stays as it is; what takes the place of such a one does so too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialLink:
    """A later credential and the earlier one that it is about."""

    kind: LinkKind
    earlier_id: UUID
    later_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientKeys:
    """What a credential's recipient is found by, and told from others by."""

    keys: tuple[bytes, ...]
    duplicate_key: bytes | None


class LinkReader(Protocol):
    """Reads links between credentials."""

    def of(self, credential_ids: Collection[UUID]) -> Mapping[UUID, tuple[CredentialLink, ...]]:
        """Return the links in which each credential stands, earlier or later; those without one are left out."""
        ...

    def is_renewed(self, credential_id: UUID) -> bool:
        """Tell whether a credential has a renewal that is not revoked: as of one moment, also while that is being corrected."""
        ...

    def recipient_keys(self, credential_id: UUID) -> RecipientKeys:
        """Return the keys of a credential's recipient. Raises NotFound."""
        ...


class LinkWriter(LinkReader, Protocol):
    """Writes links between credentials."""

    def insert(self, link: CredentialLink) -> None:
        """Store a link. Raises Conflict `credential-link-superseded-taken`: a credential has one that takes its place."""
        ...

    def hand_on_renewals(self, earlier_id: UUID, later_id: UUID) -> None:
        """Let whatever renews one credential renew a later one instead, which takes its place."""
        ...

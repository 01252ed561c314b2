"""Issuers, their keys and DID documents, achievements and their versions, as a store keeps them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from registry.domain.cryptosuites import DEFAULT_SUITES
from registry.domain.did import DidMethod
from registry.domain.hashing import Digest


class Approvals(StrEnum):
    """Whose word issuing takes."""

    NONE = "none"
    """That of whoever issues."""
    SECOND_PERSON = "second-person"
    """That of another member too, who may approve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIssuer:
    """An issuer to be stored."""

    id: UUID
    slug: str
    name: str
    kind: str
    did: str
    did_method: DidMethod
    profile: bytes
    """JSON bytes of the Open Badges Profile."""
    did_document: bytes
    """JCS bytes, exactly what batch headers will commit by hash."""
    created_at: datetime
    cryptosuites: tuple[str, ...] = DEFAULT_SUITES
    """Every credential gets one proof of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerRecord:
    """A stored issuer with its present DID document."""

    id: UUID
    slug: str
    name: str
    kind: str
    did: str
    did_method: DidMethod
    cryptosuites: tuple[str, ...]
    profile: bytes
    did_document: bytes
    did_document_sha256: Digest
    created_at: datetime
    approvals: Approvals = Approvals.NONE
    linkedin_organization: str | None = None
    """The number of its page there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKeyRecord:
    """A signing key at rest."""

    id: UUID
    issuer_id: UUID
    verification_method: str
    public_multibase: str
    encrypted_key: bytes
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AchievementRecord:
    """One version of an achievement. Versions count from 1 and never change."""

    id: UUID
    issuer_id: UUID
    version: int
    body: bytes
    """JSON bytes."""
    created_at: datetime
    """When this version was made."""


class IssuerReader(Protocol):
    """Reads issuers and keys."""

    def get(self, issuer_id: UUID) -> IssuerRecord:
        """Return an issuer. Raises NotFound."""
        ...

    def by_slug(self, slug: str) -> IssuerRecord:
        """Return the issuer of a slug. Raises NotFound."""
        ...

    def by_did(self, did: str) -> IssuerRecord:
        """Return the issuer of a DID. Raises NotFound."""
        ...

    def page(self, *, after: UUID | None, limit: int) -> tuple[IssuerRecord, ...]:
        """Return issuers by ascending id, those after an id."""
        ...

    def did_document(self, sha256: Digest) -> bytes:
        """Return the DID document of a hash, present or past. Raises NotFound."""
        ...

    def keys(self, issuer_id: UUID) -> tuple[IssuerKeyRecord, ...]:
        """Return an issuer's keys by ascending id, the oldest first, retired ones too."""
        ...

    def active_key(self, issuer_id: UUID) -> IssuerKeyRecord:
        """Return the newest key that is not retired, the one that signs credentials here.

        Raises NotFound; Refused `issuer-keeps-its-key` where the issuer signs on its own machine.
        """
        ...

    def status_key(self, issuer_id: UUID) -> IssuerKeyRecord:
        """Return the newest key that is not retired, for signing status lists: every issuer has one here.

        Raises NotFound.
        """
        ...


class IssuerWriter(IssuerReader, Protocol):
    """Writes issuers and keys."""

    def insert(self, issuer: NewIssuer) -> None:
        """Store an issuer and its DID document. Raises Conflict: slug or DID taken."""
        ...

    def set_approvals(self, issuer_id: UUID, approvals: Approvals) -> None:
        """Set whose word issuing takes. Raises NotFound."""
        ...

    def set_linkedin_organization(self, issuer_id: UUID, organization_id: str | None) -> None:
        """Set the number of an issuer's LinkedIn page, or take it away. Raises NotFound."""
        ...

    def replace_did_document(self, issuer_id: UUID, did_document: bytes) -> Digest:
        """Make a DID document the issuer's present one and return its hash; the earlier ones stay readable.

        Raises NotFound.
        """
        ...

    def insert_key(self, key: IssuerKeyRecord) -> None:
        """Store a key. Raises Conflict: verification method taken."""
        ...

    def retire_key(self, key_id: UUID, *, retired_at: datetime) -> None:
        """Retire a key; a second time changes nothing. Raises NotFound."""
        ...


class AchievementReader(Protocol):
    """Reads achievements; an achievement of another issuer is not found."""

    def get(self, issuer_id: UUID, achievement_id: UUID, *, version: int | None = None) -> AchievementRecord:
        """Return a version, the newest when none is named. Raises NotFound."""
        ...

    def versions(self, issuer_id: UUID, achievement_id: UUID) -> tuple[AchievementRecord, ...]:
        """Return all versions, ascending. Raises NotFound."""
        ...

    def page(self, issuer_id: UUID, *, after: UUID | None, limit: int) -> tuple[AchievementRecord, ...]:
        """Return the newest version of each achievement, by ascending id, those after an id."""
        ...


class AchievementWriter(AchievementReader, Protocol):
    """Writes achievements."""

    def insert(self, achievement_id: UUID, *, issuer_id: UUID, body: bytes, created_at: datetime) -> None:
        """Store an achievement as its version 1."""
        ...

    def add_version(self, achievement_id: UUID, *, issuer_id: UUID, body: bytes, created_at: datetime) -> int:
        """Store the next version and return its number; two writers never get the same one. Raises NotFound."""
        ...

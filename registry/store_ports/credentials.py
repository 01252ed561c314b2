"""Issued credentials, as a store keeps them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from registry.domain.hashing import Digest


class Standing(StrEnum):
    """What the issuer last said of a credential."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """A signed credential to be stored."""

    id: UUID
    issuer_id: UUID
    achievement_id: UUID | None
    """None for a credential whose content is its own, as the VC API issues it."""
    achievement_version: int | None
    """None exactly when there is no achievement."""
    upload_id: UUID | None
    line: int | None
    """The upload's line; None exactly when there is no upload."""
    recipient_keys: tuple[bytes, ...]
    """Keyed hashes of the recipient's identifiers: what a search by recipient finds it by."""
    document_id: UUID
    """The UUIDv4 of the document's own `id`: 122 random bits, which the time-ordered `id` of the row has not."""
    document: bytes
    """JCS bytes of the secured document."""
    did_document_sha256: Digest
    """The DID document that it was signed under: what its batch's header will commit."""
    leaf: Digest
    slot: int
    suspendable: bool
    duplicate_key: bytes | None
    """Unique among the credentials not revoked; None when duplicates were allowed."""
    valid_from: datetime
    valid_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRecord:
    """A stored credential."""

    id: UUID
    issuer_id: UUID
    achievement_id: UUID | None
    achievement_version: int | None
    upload_id: UUID | None
    line: int | None
    document_id: UUID
    document: bytes
    did_document_sha256: Digest
    leaf: Digest
    slot: int
    suspendable: bool
    valid_from: datetime
    valid_until: datetime | None
    standing: Standing
    created_at: datetime
    batch_id: UUID | None
    """None until it is in a batch, which may be built ahead of its epoch."""
    entry_index: int | None
    """Its place in the batch's entries; the header's is 0."""
    epoch: int | None
    """The epoch of its batch; None until that is sealed."""


class CredentialReader(Protocol):
    """Reads credentials."""

    def count(self) -> int:
        """Tell how many credentials were issued."""
        ...

    def get(self, issuer_id: UUID, credential_id: UUID) -> CredentialRecord:
        """Return an issuer's credential; another issuer's is not found. Raises NotFound."""
        ...

    def by_id(self, credential_id: UUID) -> CredentialRecord:
        """Return anybody's credential: for the registry's own use. Raises NotFound."""
        ...

    def by_ids(self, credential_ids: Collection[UUID]) -> Mapping[UUID, CredentialRecord]:
        """Return anybody's credentials, a few thousand at most, by id; those that are not there are left out."""
        ...

    def by_document_id(self, document_id: UUID) -> CredentialRecord:
        """Return the credential whose document has that id. Raises NotFound."""
        ...

    def by_leaf(self, leaf: Digest) -> CredentialRecord:
        """Return the credential of a leaf. Raises NotFound."""
        ...

    def page(self, issuer_id: UUID, *, after: UUID | None, limit: int) -> tuple[CredentialRecord, ...]:
        """Return an issuer's credentials by ascending id, those after an id."""
        ...

    def expiring(
        self, issuer_id: UUID, *, before: datetime, after: UUID | None, limit: int
    ) -> tuple[CredentialRecord, ...]:
        """Return those of an issuer's credentials that end before a moment or have ended, by ascending id.

        Without the revoked ones, and those that a later one renews.
        """
        ...

    def newest(
        self, issuer_id: UUID, *, standing: Standing | None, before: UUID | None, limit: int
    ) -> tuple[CredentialRecord, ...]:
        """Return an issuer's credentials by descending id, those before an id, of one standing or (None) of all."""
        ...

    def of_recipient(
        self, recipient_key: bytes, *, issuer_id: UUID | None, after: UUID | None, limit: int
    ) -> tuple[CredentialRecord, ...]:
        """Return a recipient's credentials by ascending id, of one issuer or (None) of all."""
        ...

    def of_upload(self, upload_id: UUID, *, after_line: int, limit: int) -> tuple[CredentialRecord, ...]:
        """Return an upload's credentials by ascending line, those after a line."""
        ...

    def of_lines(self, upload_id: UUID, lines: Collection[int]) -> Mapping[int, CredentialRecord]:
        """Return an upload's credentials of at most a thousand lines, by line."""
        ...

    def epochs_of_upload(self, upload_id: UUID) -> Mapping[int | None, int]:
        """Tell how many of an upload's credentials each epoch has; None: they wait to be sealed."""
        ...

    def duplicates(self, keys: Collection[bytes]) -> Mapping[bytes, UUID]:
        """Tell which duplicate keys are taken, and by which credential. Any number of keys may be asked for."""
        ...

    def holders(
        self,
        achievement_id: UUID,
        *,
        version: int,
        recipient_keys: Collection[bytes],
        not_of_upload: UUID | None,
    ) -> Mapping[bytes, UUID]:
        """Tell which of the recipients hold that version of an achievement unrevoked, and by which credential.

        Credentials of the upload `not_of_upload` do not count. Any number of keys may be asked for.
        """
        ...


class CredentialWriter(CredentialReader, Protocol):
    """Writes credentials."""

    def insert(self, credentials: Sequence[NewCredential]) -> None:
        """Store credentials, all or none.

        Raises Conflict `credential-<what>-taken`, what being id, document-id, leaf, slot, duplicate-key
        or upload-id-line: the transaction is then lost, and the caller's next one finds out which row it was.
        """
        ...

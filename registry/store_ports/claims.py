"""Claims and the mails that bring them, as a store keeps them.

link made ──> mail waiting ──> sent ──> link used ──> claimed
                 │   └──> failed
                 └ tried again, later each time

A new link takes the place of the old one at once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from registry.domain.hashing import Digest


class MailState(StrEnum):
    """How far a mail is."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class ClaimState(StrEnum):
    """Where the claim of a credential stands."""

    WAITING = "waiting"
    """The mail waits to be handed over, for the first time or again."""
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    """The mail was sent, and its link was not used in time."""
    CLAIMED = "claimed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClaim:
    """A link to be mailed."""

    credential_id: UUID
    token: str
    token_hash: Digest
    address: str
    address_key: bytes
    language: str
    mail_id: UUID
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRecord:
    """The claim of a credential, with its newest mail."""

    credential_id: UUID
    address_key: bytes
    created_at: datetime
    """Of the newest link."""
    expires_at: datetime
    claimed_at: datetime | None
    is_open: bool
    """The newest link was not used."""
    language: str
    """In which the earner is written to: a tag."""
    mail: MailState
    attempts: int
    finished_at: datetime | None
    failure: str | None

    def state(self, now: datetime) -> ClaimState:
        """Tell where the claim stands."""
        if not self.is_open:
            return ClaimState.CLAIMED
        if self.mail is MailState.SENT and self.expires_at <= now:
            return ClaimState.EXPIRED
        return ClaimState(self.mail.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMail:
    """A mail that somebody is to hand over now."""

    id: UUID
    credential_id: UUID
    address: str
    token: str
    language: str
    attempts: int
    """This one included."""
    created_at: datetime
    expires_at: datetime
    """Of the link."""


class ClaimReader(Protocol):
    """Reads claims."""

    def of_credential(self, credential_id: UUID) -> ClaimRecord | None:
        """Return the claim of a credential."""
        ...

    def by_link(self, token_hash: Digest, *, now: datetime) -> ClaimRecord | None:
        """Return the claim of a link that still works."""
        ...

    def by_holder(self, holder_hash: Digest) -> ClaimRecord | None:
        """Return the claim that somebody holds."""
        ...

    def mailed(self, credential_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return those of at most a thousand credentials that need no first mail: it waits, was sent, or was answered."""
        ...

    def count_of_upload(self, upload_id: UUID, *, now: datetime) -> Mapping[ClaimState, int]:
        """Count the claims of an upload's credentials, and of what followed them, by state; every state is named."""
        ...


class ClaimWriter(ClaimReader, Protocol):
    """Writes claims."""

    def lock(self, credential_ids: Collection[UUID]) -> None:
        """Let nobody else order for these credentials until this transaction ends: what is read next is what counts."""
        ...

    def put(self, claim: NewClaim) -> ClaimRecord:
        """Store a link and its mail, and return them; the credential's earlier link stops working, its earlier mail is not sent any more."""
        ...

    def redeem(self, token_hash: Digest, *, holder_hash: Digest, now: datetime) -> UUID | None:
        """Use up a link and let its user be the holder; return the credential. Of two at once one wins: None for the other."""
        ...

    def take_due(self, *, now: datetime, limit: int, lease_until: datetime) -> tuple[DueMail, ...]:
        """Take mails that are due, the longest due first: until `lease_until` nobody else takes them."""
        ...

    def finish_mail(self, mail_id: UUID, *, state: MailState, failure: str | None, at: datetime) -> None:
        """Note that a mail was sent or has failed for good, and forget its address and link. Nothing if it was replaced."""
        ...

    def delay_mail(self, mail_id: UUID, *, failure: str, until: datetime) -> None:
        """Note why a mail could not be handed over, and when to try again. Nothing if it was replaced."""
        ...

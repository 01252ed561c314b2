"""Share links, as a store keeps them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from registry.domain.share_link import ShareCode, ShareToken


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRecord:
    """The link of one credential, which stays the same when it is hidden and shown again."""

    credential_id: UUID
    token: ShareToken
    code: ShareCode
    created_at: datetime
    hidden_at: datetime | None
    """None while everybody who has the link sees the credential."""


class ShareReader(Protocol):
    """Reads share links."""

    def of_credential(self, credential_id: UUID) -> ShareRecord | None:
        """Return a credential's link, hidden or not; None when it never had one."""
        ...

    def shown(self, name: ShareToken | ShareCode) -> ShareRecord | None:
        """Return the link of that name; None when there is none and, just so, when it is hidden."""
        ...


class ShareWriter(ShareReader, Protocol):
    """Writes share links."""

    def insert(self, share: ShareRecord) -> bool:
        """Store a link; False when the credential has one, or its token or code is taken."""
        ...

    def show(self, credential_id: UUID) -> None:
        """Show a credential's link."""
        ...

    def hide(self, credential_id: UUID, *, at: datetime) -> None:
        """Hide a credential's link; one that is hidden, or none, stays so."""
        ...

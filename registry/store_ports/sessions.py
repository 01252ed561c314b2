"""Sessions of the console, as a store keeps them: known by the hash of their id, worth nothing in a stolen table."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from registry.domain.hashing import Digest
from registry.store_ports.access import ApiKeyRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session to be stored."""

    id_hash: Digest
    key_id: UUID
    """The API key that it was opened with."""
    created_at: datetime
    expires_at: datetime
    """When it ends whatever is done in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """A stored session with the API key that it lives by."""

    id_hash: Digest
    key: ApiKeyRecord
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class SessionReader(Protocol):
    """Reads sessions."""

    def get(self, id_hash: Digest) -> SessionRecord:
        """Return a session, expired or not. Raises NotFound."""
        ...


class SessionWriter(SessionReader, Protocol):
    """Writes sessions."""

    def insert(self, session: NewSession) -> None:
        """Store a session, seen when it was created. Raises Conflict for an unknown API key."""
        ...

    def touch(self, id_hash: Digest, *, seen_at: datetime) -> None:
        """Note that a session was used. One that ended meanwhile stays ended."""
        ...

    def end(self, id_hash: Digest) -> None:
        """Delete a session; one that is not there is none."""
        ...

    def forget(self, *, expired_by: datetime, idle_since: datetime) -> int:
        """Delete the sessions that expired, or that nobody used since a moment; return how many."""
        ...

"""The registry itself: its log, its secrets, its API keys, and answers kept for repeated requests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from registry.domain.hashing import Digest
from registry.domain.log_name import LogName


class Role(StrEnum):
    """What an API key may do."""

    ADMIN = "admin"
    ISSUER = "issuer"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """The one log that this database belongs to."""

    name: LogName
    genesis_hash: bytes
    deploy_block: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRecord:
    """An API key, known by its hash."""

    id: UUID
    key_hash: Digest
    role: Role
    issuer_id: UUID | None
    """The tenant; set exactly for the role issuer."""
    label: str
    created_at: datetime
    revoked_at: datetime | None
    approver: bool = False
    """It may approve what another key of its issuer sent; only for the role issuer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyClaim:
    """A request that must be carried out once."""

    tenant: str
    key: str
    request_hash: Digest
    """Of everything that makes it the same request."""
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyAnswer:
    """What was answered."""

    status: int
    headers: bytes
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRecord:
    """A request that was claimed before."""

    request_hash: Digest
    answer: IdempotencyAnswer | None
    """None: another process is at it, or was when it stopped."""
    created_at: datetime


class AccessReader(Protocol):
    """Reads the registry's own records."""

    def log(self) -> LogRecord:
        """Return the log. Raises NotFound `no-log` before the registry is initialised."""
        ...

    def secret(self, name: str) -> bytes:
        """Return a secret. Raises NotFound."""
        ...

    def api_key(self, key_hash: Digest) -> ApiKeyRecord:
        """Return the API key of a hash, revoked or not. Raises NotFound."""
        ...

    def api_keys(self) -> tuple[ApiKeyRecord, ...]:
        """Return all API keys by ascending id."""
        ...

    def api_keys_of(self, issuer_id: UUID) -> tuple[ApiKeyRecord, ...]:
        """Return the API keys that act for an issuer by ascending id, revoked ones too."""
        ...


class AccessWriter(AccessReader, Protocol):
    """Writes the registry's own records."""

    def set_log(self, log: LogRecord) -> None:
        """Store the log. The same again changes nothing. Raises Conflict `another-log`: it is chosen once."""
        ...

    def ensure_secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return a secret, made now if there is none; of two processes both get the one that was stored."""
        ...

    def insert_api_key(self, key: ApiKeyRecord) -> None:
        """Store an API key. Raises Conflict: hash taken, role and issuer that do not fit, unknown issuer."""
        ...

    def revoke_api_key(self, key_id: UUID, *, revoked_at: datetime) -> ApiKeyRecord | None:
        """Revoke an API key and return it; None when it was revoked before. Raises NotFound."""
        ...

    def claim_request(self, claim: IdempotencyClaim) -> IdempotencyRecord | None:
        """Claim a request: None when it is the caller's to carry out, else what is known of the earlier one.

        A record that expired before `claim.created_at` counts as none. In one transaction with the work and
        `keep_answer`, a crash leaves neither claim nor work; a second process waits for the first.
        """
        ...

    def keep_answer(self, tenant: str, key: str, answer: IdempotencyAnswer) -> None:
        """Keep the answer to a claimed request. Raises NotFound when it was not claimed."""
        ...

    def forget_expired(self, now: datetime) -> int:
        """Delete the answers that expired, and return how many."""
        ...

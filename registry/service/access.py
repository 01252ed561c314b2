"""Who may do what: API keys, shown once and stored hashed.

admin     creates issuers and keys; may act for every issuer
issuer    acts for one issuer; everything of others does not exist for it
auditor   reads what holds no personal data: issuers, achievements, progress, epochs
"""

import base64
import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from registry.domain.audit_trail import AuditAction
from registry.domain.errors import Forbidden, Malformed, NotFound
from registry.domain.hashing import sha256
from registry.service.auditing import note
from registry.service.resources import Resources
from registry.store_ports import ApiKeyRecord, IssuerRecord, ReadStore, Role, WriteStore

KEY_BYTES: Final = 32
"""256 random bits: a plain hash of it cannot be searched through."""
MAX_LABEL: Final = 200

_KEY: Final = re.compile(r"credroot_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is asking."""

    key_id: UUID
    role: Role
    issuer_id: UUID | None
    approver: bool = False
    """It may approve what another key of its issuer sent."""

    @property
    def tenant(self) -> str:
        """The name under which this caller's idempotency keys are kept."""
        return str(self.key_id)

    @property
    def name(self) -> str:
        """How changes made by this caller are signed in the records."""
        return "operator" if self == OPERATOR else f"{self.role}:{self.key_id}"


OPERATOR: Final = Caller(key_id=UUID(int=0), role=Role.ADMIN, issuer_id=None)
"""Whoever works at the machine itself, without a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new API key, the only time it is seen."""

    record: ApiKeyRecord
    secret: str


def create_api_key(
    resources: Resources,
    unit: WriteStore,
    *,
    role: Role,
    issuer_id: UUID | None,
    label: str,
    caller: Caller,
    approver: bool = False,
) -> IssuedKey:
    """Make an API key.

    Raises Malformed `malformed-role` when role and issuer do not go together, `malformed-label`; Conflict for an
    unknown issuer.
    """
    if (role is Role.ISSUER) != (issuer_id is not None):
        raise Malformed("malformed-role", "expected an issuer for the role issuer, and for no other", where="role")
    if approver and role is not Role.ISSUER:
        raise Malformed("malformed-role", "expected an approver to act for an issuer", where="approver")
    if not 1 <= len(label) <= MAX_LABEL:
        raise Malformed("malformed-label", f"expected 1 to {MAX_LABEL} characters", where="label")
    encoded = base64.urlsafe_b64encode(resources.random_bytes(KEY_BYTES)).rstrip(b"=").decode("ascii")
    secret = f"credroot_{encoded}"
    record = ApiKeyRecord(
        id=resources.ids.new(),
        key_hash=sha256(secret.encode("ascii")),
        role=role,
        issuer_id=issuer_id,
        label=label,
        created_at=resources.clock.now(),
        revoked_at=None,
        approver=approver,
    )
    unit.access.insert_api_key(record)
    note(
        resources,
        unit,
        AuditAction.API_KEY_CREATED,
        by=caller.name,
        issuer=issuer_id,
        subject=record.id,
        role=str(role),
        approver=approver,
    )
    return IssuedKey(record=record, secret=secret)


def revoke_api_key(resources: Resources, unit: WriteStore, key_id: UUID, *, caller: Caller) -> None:
    """Revoke an API key; a second time changes nothing. Raises NotFound."""
    record = unit.access.revoke_api_key(key_id, revoked_at=resources.clock.now())
    if record is not None:
        note(
            resources,
            unit,
            AuditAction.API_KEY_REVOKED,
            by=caller.name,
            issuer=record.issuer_id,
            subject=key_id,
        )


def authenticate(resources: Resources, secret: str) -> Caller | None:
    """Return the caller of an API key; None when the key is unknown or revoked."""
    if _KEY.fullmatch(secret) is None:
        return None
    try:
        with resources.store.read() as unit:
            record = unit.access.api_key(sha256(secret.encode("ascii")))
    except NotFound:
        return None
    if record.revoked_at is not None:
        return None
    return caller_of_key(record)


def caller_of_key(record: ApiKeyRecord) -> Caller:
    """Return whoever comes with a key that is not revoked."""
    return Caller(key_id=record.id, role=record.role, issuer_id=record.issuer_id, approver=record.approver)


def require_admin(caller: Caller) -> None:
    """Raise Forbidden `role-not-allowed` unless the caller is an admin."""
    if caller.role is not Role.ADMIN:
        raise Forbidden("role-not-allowed", "expected an API key of the role admin")


def issuer_for_reading(unit: ReadStore, caller: Caller, slug: str) -> IssuerRecord:
    """Return an issuer that the caller may look at.

    Raises NotFound `issuer-not-found`, the same for an issuer of others and for none at all.
    """
    try:
        issuer = unit.issuers.by_slug(slug)
    except NotFound:
        raise _no_issuer() from None
    if caller.role is Role.ISSUER and caller.issuer_id != issuer.id:
        raise _no_issuer()
    return issuer


def issuer_for_writing(unit: ReadStore, caller: Caller, slug: str) -> IssuerRecord:
    """Return an issuer that the caller may act for, or whose holders' data it may see.

    Raises NotFound as `issuer_for_reading`, Forbidden `role-not-allowed` for an auditor.
    """
    issuer = issuer_for_reading(unit, caller, slug)
    if caller.role is Role.AUDITOR:
        raise Forbidden("role-not-allowed", "expected an API key of the role issuer or admin")
    return issuer


def require_approver(caller: Caller) -> None:
    """Raise Forbidden `role-not-allowed` unless the caller may approve: an admin, or a member who is an approver."""
    if caller.role is not Role.ADMIN and not caller.approver:
        raise Forbidden("role-not-allowed", "expected an API key of an approver or an admin")


def _no_issuer() -> NotFound:
    return NotFound("issuer-not-found", "no such issuer")

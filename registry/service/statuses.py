"""Revoking, suspending, reinstating: accepted at once, without gas, anchored with the next epoch.

The served list (Bitstring Status List v1.0) is the newest accepted state: it may be ahead of the chain, never behind.
"""

import base64
import gzip
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Final, Self, assert_never
from uuid import UUID

from registry.domain.audit_trail import AuditAction
from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.cryptosuites import fitting_suite
from registry.domain.errors import Malformed
from registry.domain.fields import write_time
from registry.domain.hashing import sha256
from registry.domain.slot import Purpose
from registry.domain.vc_form import CREDENTIALS_CONTEXT
from registry.service.access import Caller
from registry.service.auditing import note
from registry.service.list_addresses import list_url
from registry.service.resources import Resources
from registry.service.signing import secure
from registry.store_ports import CredentialRecord, IssuerRecord, Standing, StatusOrder, WriteStore

LIST_TTL: Final = timedelta(minutes=5)
"""How long a verifier may keep a list: a revocation is seen everywhere within it."""
RENEWAL: Final = timedelta(days=1)
"""How often an unchanged list is stated again: between two changes it is the same bytes on every replica for a day."""
VALIDITY: Final = 2 * RENEWAL
"""After that an old list, from before a revocation, can fool nobody who looks at `validUntil`."""
MAX_NOTE: Final = 2_000
MAX_CACHED_LISTS: Final = 256
"""Signed lists of a few kilobytes each, so that a popular one is signed once a change."""


class StatusAction(StrEnum):
    """What may be done to a credential's status."""

    REVOKE = "revoke"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"


class Reason(StrEnum):
    """Why, as everybody may know it: coarse on purpose. What nobody else needs to know goes into the note."""

    SUPERSEDED = "superseded"
    ISSUED_IN_ERROR = "issued-in-error"
    REQUIREMENTS_NOT_MET = "requirements-not-met"
    MISCONDUCT = "misconduct"
    HOLDER_REQUEST = "holder-request"
    KEY_COMPROMISED = "key-compromised"
    UNDER_REVIEW = "under-review"
    REVIEW_CLOSED = "review-closed"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRequest:
    """Somebody's decision about one credential."""

    action: StatusAction
    reason: Reason
    note: str = ""
    """Private: stored, never published."""

    def __post_init__(self) -> None:
        """Raise Malformed for a note that is a file."""
        if len(self.note) > MAX_NOTE:
            raise Malformed("malformed-note", f"expected at most {MAX_NOTE} characters", where="note")


def change_status(
    resources: Resources,
    unit: WriteStore,
    issuer: IssuerRecord,
    credential_id: UUID,
    request: StatusRequest,
    *,
    caller: Caller,
) -> CredentialRecord:
    """Carry out a decision; the served list has it as soon as the transaction is committed.

    Raises NotFound, Conflict `revoked` (revocation is for ever) or `not-suspendable`.
    """
    unit.credentials.get(issuer.id, credential_id)
    order = StatusOrder(
        id=resources.ids.new(),
        credential_id=credential_id,
        reason=str(request.reason),
        note=request.note,
        changed_at=resources.clock.now(),
        changed_by=caller.name,
    )
    action, before = _carry_out(unit, order, request.action)
    record = unit.credentials.get(issuer.id, credential_id)
    if record.standing is not before:
        reason = order.reason
        note(resources, unit, action, by=caller.name, issuer=issuer.id, subject=credential_id, reason=reason)
    return record


def _carry_out(unit: WriteStore, order: StatusOrder, action: StatusAction) -> tuple[AuditAction, Standing]:
    """Change the status; return what that is called, and the standing before."""
    match action:
        case StatusAction.REVOKE:
            return AuditAction.CREDENTIAL_REVOKED, unit.statuses.revoke(order)
        case StatusAction.SUSPEND:
            return AuditAction.CREDENTIAL_SUSPENDED, unit.statuses.suspend(order)
        case StatusAction.REINSTATE:
            return AuditAction.CREDENTIAL_REINSTATED, unit.statuses.reinstate(order)
        case _ as never:
            assert_never(never)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedList:
    """A status list credential as it is served."""

    content: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """For which time a list is stated."""

    valid_from: datetime
    valid_until: datetime

    @classmethod
    def at(cls, now: datetime, *, changed_at: datetime) -> Self:
        """Return the statement that holds now: from the last change, or from the beginning of the day (UTC)."""
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        # A clock that was set back must not make a list end before it begins.
        valid_from = max(day, changed_at)
        return cls(valid_from=valid_from, valid_until=max(day + VALIDITY, valid_from + RENEWAL))


class StatusLists:
    """Signs status lists, each once a change."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._signed: OrderedDict[tuple[Purpose, int, Statement, bytes, str], SignedList] = OrderedDict()
        self._lock = Lock()

    def serve(self, purpose: Purpose, number: int) -> SignedList:
        """Return the newest accepted state of a list, signed by the issuer it belongs to. Raises NotFound."""
        resources = self._resources
        with resources.store.read() as unit:
            record = unit.statuses.status_list(purpose, number)
            issuer = unit.issuers.get(record.issuer_id)
            key = unit.issuers.status_key(issuer.id)
            log = unit.access.log().name
        statement = Statement.at(resources.clock.now(), changed_at=record.changed_at)
        # By its bits, not only by the time: two changes may fall into one tick of the clock.
        known = (purpose, number, statement, sha256(record.bits), key.verification_method)
        with self._lock:
            signed = self._signed.get(known)
        if signed is None:
            url = list_url(resources, log, purpose=purpose, number=number)
            signer = resources.keys.unlock(key.encrypted_key)
            document = secure(
                list_document(
                    # A did:key that is the issuer's own can list no key of ours: such a list has the registry as issuer.
                    url,
                    issuer=key.verification_method.partition("#")[0],
                    purpose=purpose,
                    bits=record.bits,
                    statement=statement,
                ),
                signer=signer,
                json_ld=resources.json_ld,
                # Not now: the same state is the same bytes, on every replica and after every restart.
                created=statement.valid_from,
                verification_method=key.verification_method,
                suites=(fitting_suite(signer.public_key.algorithm, preferred=issuer.cryptosuites),),
            )
            content = canonicalize(document)
            signed = SignedList(content=content, etag=f'"{sha256(content).hex()}"')
            with self._lock:
                self._signed[known] = signed
                while len(self._signed) > MAX_CACHED_LISTS:
                    self._signed.popitem(last=False)
        return signed


def list_document(url: str, *, issuer: str, purpose: Purpose, bits: bytes, statement: Statement) -> JsonObject:
    """Write the unsigned `BitstringStatusListCredential` of a list (Bitstring Status List v1.0 section 2.2).

    `issuer` is a DID.
    """
    # Time 0 in the gzip header: the same bits are the same text.
    encoded = base64.urlsafe_b64encode(gzip.compress(bits, mtime=0)).rstrip(b"=").decode("ascii")
    return {
        "@context": [CREDENTIALS_CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": write_time(statement.valid_from),
        "validUntil": write_time(statement.valid_until),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": str(purpose),
            "encodedList": f"u{encoded}",
            "ttl": int(LIST_TTL.total_seconds() * 1000),
        },
    }

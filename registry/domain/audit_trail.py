"""The audit trail: who did what, and when, each entry chained to the one before by its hash.

    entry n:  hash = SHA-256(JCS of number, at, actor, issuer, action, subject, details, previous)
              previous = hash of entry n - 1; 32 zero bytes before the first

Whoever kept one hash can tell whether anything up to its entry was changed, left out or put in since. One chain for the
whole registry: entries of others are shown withheld, as number, previous and hash, so that everybody can check all of
it. An entry names no person: ids, codes and counts alone (docs/decisions/0110-audit-trail.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.errors import Malformed
from registry.domain.fields import read_integer, read_object, read_text, read_time, write_time
from registry.domain.hashing import Digest, digest_from_hex, sha256

BEFORE_THE_FIRST: Final = Digest(bytes(32))
MAX_LINE_BYTES: Final = 65_536
"""An entry is some hundred bytes; whatever is larger was not written here."""
_LINK_MEMBERS: Final = frozenset({"number", "previous", "hash"})
_MEMBERS: Final = _LINK_MEMBERS | {"at", "actor", "issuer", "action", "subject", "details"}


class AuditAction(StrEnum):
    """What may be done that an issuer answers for."""

    ISSUER_CREATED = "issuer-created"
    SIGNING_KEY_REPLACED = "signing-key-replaced"
    APPROVALS_SET = "approvals-set"
    LINKEDIN_ORGANIZATION_SET = "linkedin-organization-set"
    API_KEY_CREATED = "api-key-created"
    API_KEY_REVOKED = "api-key-revoked"
    ACHIEVEMENT_CREATED = "achievement-created"
    ACHIEVEMENT_VERSION_ADDED = "achievement-version-added"
    MAPPING_SAVED = "mapping-saved"
    MAPPING_DELETED = "mapping-deleted"
    UPLOAD_RECEIVED = "upload-received"
    UPLOAD_APPROVAL_REQUESTED = "upload-approval-requested"
    UPLOAD_APPROVED = "upload-approved"
    UPLOAD_STARTED = "upload-started"
    UPLOAD_ISSUED = "upload-issued"
    UPLOAD_FAILED = "upload-failed"
    SLOTS_RESERVED = "slots-reserved"
    CREDENTIAL_ISSUED = "credential-issued"
    CREDENTIALS_SUBMITTED = "credentials-submitted"
    CREDENTIAL_REVOKED = "credential-revoked"
    CREDENTIAL_SUSPENDED = "credential-suspended"
    CREDENTIAL_REINSTATED = "credential-reinstated"
    CREDENTIAL_SUPERSEDED = "credential-superseded"
    CREDENTIAL_RENEWED = "credential-renewed"
    CREDENTIAL_SHARED = "credential-shared"
    CREDENTIAL_UNSHARED = "credential-unshared"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditNote:
    """What is to be written down: an entry without its place in the chain."""

    at: datetime
    actor: str
    """A role and the id of an API key; `operator` at the machine itself, `service` for what it does by itself."""
    issuer: str | None
    """The issuer's id; None for what belongs to the registry as a whole."""
    action: AuditAction
    subject: str
    """The id of what was changed."""
    details: JsonObject
    """Ids, codes and counts; never a name, an address or free text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLink:
    """The place of an entry in the chain, without what it says."""

    number: int
    previous: Digest
    hash: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An entry in its place. `action` is plain text: a later version of the program may know more of them."""

    number: int
    at: datetime
    actor: str
    issuer: str | None
    action: str
    subject: str
    details: JsonObject
    previous: Digest
    hash: Digest

    @property
    def link(self) -> AuditLink:
        """Its place alone."""
        return AuditLink(number=self.number, previous=self.previous, hash=self.hash)

    @property
    def computed_hash(self) -> Digest:
        """The hash of what it says."""
        return sha256(canonicalize(_hashed(self)))


AuditLine: TypeAlias = AuditEntry | AuditLink


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailReport:
    """What checking a trail found."""

    entries: int
    """How many hold, from the beginning on."""
    head: Digest
    """The hash of the last one that holds."""
    broken: int | None = None
    """The number of the first entry that does not hold, as it should be."""
    reason: str = ""


def chain_note(note: AuditNote, *, after: AuditLink | None) -> AuditEntry:
    """Give a note its place behind an entry, None for the first one."""
    unhashed = AuditEntry(
        number=1 if after is None else after.number + 1,
        # As it is written and hashed: to the second.
        at=note.at.replace(microsecond=0),
        actor=note.actor,
        issuer=note.issuer,
        action=str(note.action),
        subject=note.subject,
        details=note.details,
        previous=BEFORE_THE_FIRST if after is None else after.hash,
        hash=BEFORE_THE_FIRST,
    )
    return replace(unhashed, hash=unhashed.computed_hash)


def check_trail(lines: Iterable[AuditLine]) -> TrailReport:
    """Check a trail from its first entry on; withheld entries are checked by their place alone."""
    count, head = 0, BEFORE_THE_FIRST
    for line in lines:
        reason = _fault(line, number=count + 1, previous=head)
        if reason:
            return TrailReport(entries=count, head=head, broken=count + 1, reason=reason)
        count, head = line.number, line.hash
    return TrailReport(entries=count, head=head)


def write_line(line: AuditLine) -> bytes:
    """Write an entry, or a withheld one, as one line of JSON."""
    place: JsonObject = {"number": line.number, "previous": line.previous.hex(), "hash": line.hash.hex()}
    return canonicalize({**_hashed(line), **place} if isinstance(line, AuditEntry) else place) + b"\n"


def parse_line(line: bytes) -> AuditLine:
    """Read one line of an export. Raises Malformed."""
    members = parse_object(line, limit_bytes=MAX_LINE_BYTES)
    number = read_integer(members.get("number"), minimum=1, where="number")
    previous = digest_from_hex(members.get("previous"), "previous")
    own = digest_from_hex(members.get("hash"), "hash")
    if members.keys() == _LINK_MEMBERS:
        return AuditLink(number=number, previous=previous, hash=own)
    read_object(members, required=_MEMBERS, where="line")
    issuer, details = members["issuer"], members["details"]
    if not isinstance(details, dict):
        raise Malformed("malformed-object", "expected an object", where="details")
    return AuditEntry(
        number=number,
        at=read_time(members["at"], "at"),
        actor=read_text(members["actor"], where="actor"),
        issuer=None if issuer is None else read_text(issuer, where="issuer"),
        action=read_text(members["action"], where="action"),
        subject=read_text(members["subject"], where="subject"),
        details=details,
        previous=previous,
        hash=own,
    )


def _fault(line: AuditLine, *, number: int, previous: Digest) -> str:
    if line.number != number:
        return f"expected entry {number}, found {line.number}"
    if line.previous != previous:
        return "it does not follow the entry before it"
    if isinstance(line, AuditEntry) and line.computed_hash != line.hash:
        return "its hash is not the hash of what it says"
    return ""


def _hashed(entry: AuditEntry) -> JsonObject:
    return {
        "number": entry.number,
        "at": write_time(entry.at),
        "actor": entry.actor,
        "issuer": entry.issuer,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
        "previous": entry.previous.hex(),
    }

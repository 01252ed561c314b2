"""Issuing: from an achievement and a recipient to a signed credential with a leaf and a slot.

Slots are drawn first, in a transaction of their own, and are used up whatever happens next; signing needs no
transaction; what is signed is stored with everything that belongs to it in one transaction, and acknowledged only then.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from registry.domain.audit_trail import AuditAction
from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.credential import Award, FrozenAchievement, StatusPlace, build_credential
from registry.domain.cryptosuites import DEFAULT_SUITES
from registry.domain.errors import Conflict
from registry.domain.hashing import Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.recipient import Identity, IdentityType, Recipient
from registry.domain.upload_values import normalise_identifier
from registry.ports import Signer
from registry.service.access import Caller
from registry.service.achievements import freeze
from registry.service.approving import Remedy, require_no_approval
from registry.service.auditing import note
from registry.service.resources import RECIPIENT_HASHING, Resources, SigningTools
from registry.service.signing import secure
from registry.store_ports import (
    AchievementRecord,
    IssuerKeyRecord,
    IssuerRecord,
    NewCredential,
    ReadStore,
    WriteStore,
)

SALT_BYTES: Final = 16
"""128 bits, fresh for every credential: the same person is not linkable across two of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom to issue to, as the issuer knows them."""

    name: str | None
    id: str | None = None
    """A DID or another IRI of the recipient's own."""
    identifiers: tuple[tuple[IdentityType, str], ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """What this person is told from others by, normalised, the decisive one first."""
        given = [value for _, value in self.identifiers] + ([] if self.id is None else [self.id])
        return tuple(dict.fromkeys(normalise_identifier(value) for value in given))


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRecords:
    """What is stored of a template: it can be sent to another process, which opens the key itself."""

    issuer: IssuerRecord
    achievement: AchievementRecord
    key: IssuerKeyRecord
    """The issuer's present key, encrypted."""
    log: LogName
    recipient_secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Everything that the credentials of one achievement have in common."""

    issuer: IssuerRecord
    profile: JsonObject
    record: AchievementRecord
    frozen: FrozenAchievement
    signer: Signer
    verification_method: str
    log: LogName
    recipient_secret: bytes
    cryptosuites: tuple[str, ...] = DEFAULT_SUITES
    """One proof of each, in this order."""

    def recipient_key(self, identifier: str) -> bytes:
        """Hash a normalised identifier as `find_recipient` does."""
        return recipient_key(self.recipient_secret, identifier)

    def duplicate_key(self, identifier: str) -> bytes:
        """Hash what makes a second award of the same version to the same person a duplicate."""
        return duplicate_key(self.recipient_secret, self.record, identifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One credential to be issued."""

    person: Person
    award: Award
    allow_duplicate: bool = False
    upload_id: UUID | None = None
    line: int | None = None


def read_template(
    unit: ReadStore, issuer: IssuerRecord, achievement_id: UUID, *, version: int | None = None
) -> TemplateRecords:
    """Read what is stored of a template. Raises NotFound."""
    return TemplateRecords(
        issuer=issuer,
        achievement=unit.achievements.get(issuer.id, achievement_id, version=version),
        key=unit.issuers.active_key(issuer.id),
        log=unit.access.log().name,
        recipient_secret=unit.access.secret(RECIPIENT_HASHING),
    )


def open_template(tools: SigningTools, records: TemplateRecords) -> Template:
    """Make a template of what is stored of it, and unlock the issuer's key.

    Raises Unavailable `key-locked` when the registry's password does not open the key.
    """
    issuer, record, key = records.issuer, records.achievement, records.key
    return Template(
        issuer=issuer,
        profile=parse_object(issuer.profile),
        record=record,
        frozen=freeze(tools, issuer, record),
        signer=tools.keys.unlock(key.encrypted_key),
        verification_method=key.verification_method,
        log=records.log,
        recipient_secret=records.recipient_secret,
        cryptosuites=issuer.cryptosuites,
    )


def load_template(
    resources: Resources, unit: ReadStore, issuer: IssuerRecord, achievement_id: UUID, *, version: int | None = None
) -> Template:
    """Read what the credentials of an achievement's version have in common, and unlock the issuer's key.

    Raises as `read_template` and `open_template`.
    """
    return open_template(resources, read_template(unit, issuer, achievement_id, version=version))


def find_recipient(unit: ReadStore, identifier: str) -> bytes:
    """Return the key under which the credentials of a normalised identifier are found."""
    return recipient_key(unit.access.secret(RECIPIENT_HASHING), identifier)


def draft(tools: SigningTools, template: Template, order: Order, *, slot: int) -> tuple[UUID, JsonObject]:
    """Build the unsigned document of an order; return it with the UUID of its `id`.

    Raises Malformed for what cannot stand in a credential.
    """
    document_id = tools.random_uuid4()
    document = build_credential(
        credential_id=document_id,
        issuer=template.profile,
        achievement=template.frozen,
        recipient=recipient_of(tools, order.person),
        award=order.award,
        status=StatusPlace(base_url=tools.status_url, log=template.log, slot=slot),
    )
    return document_id, document


def sign_order(tools: SigningTools, template: Template, order: Order, *, slot: int) -> NewCredential:
    """Build, sign and hash one credential.

    Raises Malformed for what cannot be signed without loss.
    """
    document_id, document = draft(tools, template, order, slot=slot)
    now = tools.clock.now()
    content = sign_document(tools, template, document, created=now)
    return as_stored(tools, template, order, document_id=document_id, content=content, slot=slot, created=now)


def sign_document(tools: SigningTools, template: Template, document: JsonObject, *, created: datetime) -> bytes:
    """Sign a document as the template's issuer; return it as JCS. Raises Malformed for what cannot be signed without loss."""
    secured = secure(
        document,
        signer=template.signer,
        json_ld=tools.json_ld,
        created=created,
        verification_method=template.verification_method,
        suites=template.cryptosuites,
    )
    return canonicalize(secured)


def as_stored(
    tools: SigningTools,
    template: Template,
    order: Order,
    *,
    document_id: UUID,
    content: bytes,
    slot: int,
    created: datetime,
) -> NewCredential:
    """Return a signed document, given as JCS, with all that is stored beside it."""
    keys = order.person.keys
    return NewCredential(
        id=tools.ids.new(),
        issuer_id=template.issuer.id,
        achievement_id=template.record.id,
        achievement_version=template.record.version,
        upload_id=order.upload_id,
        line=order.line,
        recipient_keys=tuple(template.recipient_key(key) for key in keys),
        document_id=document_id,
        document=content,
        did_document_sha256=Digest(template.issuer.did_document_sha256),
        leaf=sha256(content),
        slot=slot,
        suspendable=template.frozen.achievement.suspension,
        duplicate_key=None if order.allow_duplicate else template.duplicate_key(keys[0]),
        valid_from=order.award.valid_from,
        valid_until=order.award.valid_until,
        created_at=created,
    )


def issue(
    resources: Resources,
    unit: WriteStore,
    issuer: IssuerRecord,
    achievement_id: UUID,
    order: Order,
    *,
    caller: Caller,
) -> NewCredential:
    """Issue one credential inside the caller's transaction.

    Raises NotFound, Malformed, Conflict `already-issued` when the recipient holds this version of the achievement,
    Refused `approval-needed`.
    """
    require_no_approval(issuer, Remedy.ONE_ROW)
    template = load_template(resources, unit, issuer, achievement_id)
    if not order.allow_duplicate:
        # By any of the identifiers, as an upload does it; the unique key decides between two at the same moment.
        taken = unit.credentials.holders(
            template.record.id,
            version=template.record.version,
            recipient_keys=[template.recipient_key(key) for key in order.person.keys],
            not_of_upload=None,
        )
        for holder in taken.values():
            raise Conflict("already-issued", f"this recipient already holds the credential {holder}")
    (slot,) = unit.statuses.assign_slots(issuer.id, 1, draw=resources.draw, now=resources.clock.now())
    credential = sign_order(resources, template, order, slot=slot)
    unit.credentials.insert([credential])
    action = AuditAction.CREDENTIAL_ISSUED
    note(resources, unit, action, by=caller.name, issuer=issuer.id, subject=credential.id, leaf=credential.leaf.hex())
    return credential


def recipient_key(secret: bytes, identifier: str) -> bytes:
    """Hash a normalised identifier, keyed with the database's secret: meaningless in a stolen table."""
    return hmac.digest(secret, identifier.encode(), "sha256")


def duplicate_key(secret: bytes, record: AchievementRecord, identifier: str) -> bytes:
    """Hash what makes a second award of the same version to the same person a duplicate."""
    scope = record.id.bytes + record.version.to_bytes(4, "big")
    return hmac.digest(secret, b"duplicate" + scope + identifier.encode(), "sha256")


def recipient_of(tools: SigningTools, person: Person) -> Recipient:
    """Return a person as a credential names them: identifiers hashed, each with a salt of its own."""
    return Recipient(
        name=person.name,
        id=person.id,
        identities=tuple(
            Identity(type=kind, identifier=identifier, salt=write_salt(tools.random_bytes(SALT_BYTES)))
            for kind, identifier in person.identifiers
        ),
    )


def write_salt(random: bytes) -> str:
    """Write random bytes as the salt of one identifier in one credential."""
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode("ascii")

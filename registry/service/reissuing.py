"""Issuing again: a corrected credential in the place of another one, or one that goes on where another one ends.

    supersede    the old one is revoked, the new one issued, both are linked: one transaction
    renew        the new one is issued and linked; the old one stays as it is until it ends

What is not said anew is as it was. The links stand in the store, not in the documents (docs/decisions/0113-supersede.md).
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from uuid import UUID

from registry.domain.audit_trail import AuditAction
from registry.domain.canonical import parse_object
from registry.domain.credential import Award, Evidence, StatusPlace, build_credential
from registry.domain.errors import Conflict, Malformed, Refused
from registry.domain.hashing import sha256
from registry.domain.one_or_many import as_objects
from registry.domain.recipient import Recipient
from registry.domain.reissue import KeptRecipient, award_of_document
from registry.service.access import Caller
from registry.service.approving import Remedy, require_no_approval
from registry.service.auditing import note
from registry.service.issuing import Person, Template, load_template, recipient_of, sign_document
from registry.service.resources import Resources
from registry.service.rows import validity_of
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.store_ports import (
    CredentialLink,
    CredentialRecord,
    IssuerRecord,
    LinkKind,
    NewCredential,
    RecipientKeys,
    Standing,
    WriteStore,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is said anew; None leaves it as it was."""

    name: str | None = None
    """The recipient's name alone."""
    person: Person | None = None
    """Another recipient altogether, by name and identifiers."""
    issued_on: date | None = None
    expires_on: date | None = None
    results: tuple[str, ...] | None = None
    evidence: tuple[Evidence, ...] | None = None
    narrative: str | None = None
    note: str = ""
    """Private, why: kept with the revocation, never published."""


def supersede(
    resources: Resources,
    unit: WriteStore,
    issuer: IssuerRecord,
    credential_id: UUID,
    correction: Correction,
    *,
    caller: Caller,
) -> CredentialRecord:
    """Issue a corrected credential in the place of another one, which is revoked; return the new one.

    It is of the same version of the achievement. Raises NotFound, Malformed; Conflict `revoked`, `suspended`,
    `already-issued`; Refused `not-of-an-achievement`, `approval-needed`.
    """
    require_no_approval(issuer, Remedy.CORRECTED_ROW)
    earlier, achievement_id = _earlier(unit, issuer, credential_id)
    _require_active(unit, earlier)
    kept = unit.links.recipient_keys(earlier.id)
    request = StatusRequest(action=StatusAction.REVOKE, reason=Reason.SUPERSEDED, note=correction.note)
    change_status(resources, unit, issuer, earlier.id, request, caller=caller)
    template = load_template(resources, unit, issuer, achievement_id, version=earlier.achievement_version)
    award = _corrected(award_of_document(parse_object(earlier.document)), correction, now=resources.clock.now())
    keys = _new_keys(unit, template, correction.person, kept)
    return _issue(
        resources,
        unit,
        template,
        earlier,
        LinkKind.SUPERSEDES,
        award=award,
        correction=correction,
        keys=keys,
        by=caller,
    )


def renew(
    resources: Resources,
    unit: WriteStore,
    issuer: IssuerRecord,
    credential_id: UUID,
    correction: Correction,
    *,
    caller: Caller,
) -> CredentialRecord:
    """Issue a credential that goes on where another one ends, from now, to the same person; return the new one.

    It is of the newest version of the achievement. Raises NotFound, Malformed `renewal-not-later`; Conflict `revoked`,
    `suspended`, `already-renewed`; Refused `not-of-an-achievement`, `approval-needed`.
    """
    require_no_approval(issuer, Remedy.RENEWING_ROW)
    earlier, achievement_id = _earlier(unit, issuer, credential_id)
    _require_active(unit, earlier)
    if unit.links.is_renewed(earlier.id):
        raise Conflict("already-renewed", "expected a credential that no other one renews")
    template = load_template(resources, unit, issuer, achievement_id)
    now = resources.clock.now().replace(microsecond=0)
    award = replace(award_of_document(parse_object(earlier.document)), valid_from=now, valid_until=None, awarded=now)
    award = _corrected(award, correction, now=now)
    if correction.expires_on is None:
        days = template.frozen.achievement.validity_days
        award = replace(award, valid_until=validity_of(award.valid_from, None, days))
    if earlier.valid_until is None or (award.valid_until is not None and award.valid_until <= earlier.valid_until):
        raise Malformed("renewal-not-later", "expected it to end after the one that it renews", where="expiresOn")
    keys = RecipientKeys(keys=unit.links.recipient_keys(earlier.id).keys, duplicate_key=None)
    return _issue(
        resources, unit, template, earlier, LinkKind.RENEWS, award=award, correction=correction, keys=keys, by=caller
    )


def _earlier(unit: WriteStore, issuer: IssuerRecord, credential_id: UUID) -> tuple[CredentialRecord, UUID]:
    """Return a credential and the achievement that it is of."""
    earlier = unit.credentials.get(issuer.id, credential_id)
    if earlier.achievement_id is None:
        raise Refused(
            "not-of-an-achievement", "expected a credential of an achievement: others are issued as they come"
        )
    return earlier, earlier.achievement_id


def _require_active(unit: WriteStore, earlier: CredentialRecord) -> None:
    # Locked: of two at the same moment the second sees what the first did.
    match unit.statuses.lock(earlier.id):
        case Standing.REVOKED:
            raise Conflict("revoked", "expected a credential that is not revoked")
        case Standing.SUSPENDED:
            raise Conflict("suspended", "expected a credential that is not suspended: reinstate it first")
        case Standing.ACTIVE:
            return


def _corrected(award: Award, correction: Correction, *, now: datetime) -> Award:
    valid_from, awarded, valid_until = award.valid_from, award.awarded, award.valid_until
    if correction.issued_on is not None:
        valid_from = awarded = datetime.combine(correction.issued_on, time(), tzinfo=UTC)
        if valid_from > now:
            raise Malformed("issued-in-future", f"expected a day up to {now.date()}", where="issuedOn")
    if correction.expires_on is not None:
        valid_until = validity_of(valid_from, correction.expires_on, None)
    return replace(
        award,
        valid_from=valid_from,
        awarded=awarded,
        valid_until=valid_until,
        results=award.results if correction.results is None else correction.results,
        evidence=award.evidence if correction.evidence is None else correction.evidence,
        narrative=award.narrative if correction.narrative is None else correction.narrative,
    )


def _new_keys(unit: WriteStore, template: Template, person: Person | None, kept: RecipientKeys) -> RecipientKeys:
    if person is None:
        return kept
    keys = tuple(template.recipient_key(key) for key in person.keys)
    if kept.duplicate_key is None:
        return RecipientKeys(keys=keys, duplicate_key=None)
    record = template.record
    taken = unit.credentials.holders(record.id, version=record.version, recipient_keys=keys, not_of_upload=None)
    for holder in taken.values():
        raise Conflict("already-issued", f"this recipient already holds the credential {holder}")
    return RecipientKeys(keys=keys, duplicate_key=template.duplicate_key(person.keys[0]))


def _issue(
    resources: Resources,
    unit: WriteStore,
    template: Template,
    earlier: CredentialRecord,
    kind: LinkKind,
    *,
    award: Award,
    correction: Correction,
    keys: RecipientKeys,
    by: Caller,
) -> CredentialRecord:
    now = resources.clock.now()
    (slot,) = unit.statuses.assign_slots(earlier.issuer_id, 1, draw=resources.draw, now=now)
    document_id = resources.random_uuid4()
    document = build_credential(
        credential_id=document_id,
        issuer=template.profile,
        achievement=template.frozen,
        recipient=_recipient(resources, earlier, correction),
        award=award,
        status=StatusPlace(base_url=resources.status_url, log=template.log, slot=slot),
    )
    content = sign_document(resources, template, document, created=now)
    credential = NewCredential(
        id=resources.ids.new(),
        issuer_id=earlier.issuer_id,
        achievement_id=template.record.id,
        achievement_version=template.record.version,
        upload_id=None,
        line=None,
        recipient_keys=keys.keys,
        document_id=document_id,
        document=content,
        did_document_sha256=template.issuer.did_document_sha256,
        leaf=sha256(content),
        slot=slot,
        suspendable=template.frozen.achievement.suspension,
        duplicate_key=keys.duplicate_key,
        valid_from=award.valid_from,
        valid_until=award.valid_until,
        created_at=now,
    )
    unit.credentials.insert([credential])
    unit.links.insert(CredentialLink(kind=kind, earlier_id=earlier.id, later_id=credential.id))
    if kind is LinkKind.SUPERSEDES:
        # Nobody corrects what is linked to it meanwhile: whoever draws a slot keeps others of the issuer waiting.
        _renew_what_it_renewed(unit, earlier, credential.id)
        unit.links.hand_on_renewals(earlier.id, credential.id)
    note(
        resources,
        unit,
        AuditAction.CREDENTIAL_SUPERSEDED if kind is LinkKind.SUPERSEDES else AuditAction.CREDENTIAL_RENEWED,
        by=by.name,
        issuer=earlier.issuer_id,
        subject=credential.id,
        leaf=credential.leaf.hex(),
        earlier=str(earlier.id),
    )
    return unit.credentials.get(earlier.issuer_id, credential.id)


def _renew_what_it_renewed(unit: WriteStore, earlier: CredentialRecord, later_id: UUID) -> None:
    for link in unit.links.of([earlier.id]).get(earlier.id, ()):
        if link.kind is LinkKind.RENEWS and link.later_id == earlier.id:
            unit.links.insert(CredentialLink(kind=link.kind, earlier_id=link.earlier_id, later_id=later_id))


def _recipient(resources: Resources, earlier: CredentialRecord, correction: Correction) -> Recipient | KeptRecipient:
    if correction.person is not None:
        return recipient_of(resources, correction.person)
    (subject,) = as_objects(parse_object(earlier.document)["credentialSubject"])
    return KeptRecipient(subject=subject, name=correction.name)

"""Issuing any verifiable credential that somebody else wrote (VCALM 1.0 `/credentials/issue`), profile `vc`.

    document -> issuer filled in -> form -> status entry, if wanted: a slot is drawn -> proofs -> stored, if it has a slot

The content is the caller's: only `issuer`, `credentialStatus` and `proof` are added, and what VC Data Model 1.1 needs to
carry a proof of today. A credential with a slot is stored and anchored like every other; one without is signed and
forgotten: there is nothing to anchor it by.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.audit_trail import AuditAction
from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.cryptosuites import SUITES
from registry.domain.cryptosuites.cryptosuite import CanonicalForm
from registry.domain.data_integrity import UnreadProof, attach_proofs, read_proofs, unsecured
from registry.domain.errors import Malformed
from registry.domain.hashing import Digest, sha256
from registry.domain.one_or_many import as_items, as_objects, objects_of
from registry.domain.slot import LIST_SIZE, Purpose, parse_status_list_url
from registry.domain.vc_form import is_version_1, validity
from registry.domain.vc_preparing import prepare_credential
from registry.ports import UnknownContext
from registry.service.access import Caller
from registry.service.approving import Remedy, require_no_approval
from registry.service.auditing import note
from registry.service.list_addresses import list_entry
from registry.service.resources import RECIPIENT_HASHING, Resources
from registry.service.signing import secure
from registry.store_ports import IssuerRecord, NewCredential, ReadStore, WriteStore

STATUS_LIST: Final = "BitstringStatusListCredential"
MAX_CREDENTIAL_ID: Final = 2_000
"""An identifier is a URL; longer ones are not used by anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOrder:
    """A document to be issued."""

    document: JsonObject
    credential_id: str | None = None
    """By what the caller will refer to it, where the document has no `id`."""
    purposes: tuple[Purpose, ...] = ()
    """Of the status entries to be added, revocation first; none for a document that brings its own."""
    repeatable: bool = False
    """The same id may be issued again: for servers that only show that they can."""


def issue_document(
    resources: Resources, unit: WriteStore, issuer: IssuerRecord, order: DocumentOrder, *, caller: Caller
) -> JsonObject:
    """Issue a document inside the caller's transaction, and return it secured.

    Raises Malformed for what is no credential of this issuer or cannot be signed without loss, Conflict
    `credential-duplicate-key-taken` for an id that was issued before, Refused `approval-needed`.
    """
    require_no_approval(issuer, Remedy.ONE_ROW)
    document = prepare_credential(order.document, issuer=issuer.did)
    _refuse_own_slot(document, unit)
    identifier = _identifier(order)
    now = resources.clock.now()
    slot = None
    if order.purposes and _may_have_status(document):
        (slot,) = unit.statuses.assign_slots(issuer.id, 1, draw=resources.draw, now=now)
        log = unit.access.log().name
        entries: list[JsonValue] = [
            list_entry(resources, log, purpose=purpose, slot=slot) for purpose in order.purposes
        ]
        document = {**document, "credentialStatus": entries[0] if len(entries) == 1 else entries}
    secured = _secured(resources, unit, issuer, document, now)
    content = canonicalize(secured)
    subject = issuer.id
    if slot is not None:
        subject = resources.ids.new()
        known_as = None if identifier is None else credential_key(unit, issuer, identifier)
        valid_from, valid_until = validity(secured)
        unit.credentials.insert(
            [
                NewCredential(
                    id=subject,
                    issuer_id=issuer.id,
                    achievement_id=None,
                    achievement_version=None,
                    upload_id=None,
                    line=None,
                    recipient_keys=() if known_as is None else (known_as,),
                    # Not the document's own: others choose that, and not always at random.
                    document_id=resources.random_uuid4(),
                    document=content,
                    did_document_sha256=Digest(issuer.did_document_sha256),
                    leaf=sha256(content),
                    slot=slot,
                    suspendable=Purpose.SUSPENSION in order.purposes,
                    duplicate_key=None if order.repeatable else known_as,
                    valid_from=now if valid_from is None else valid_from,
                    valid_until=valid_until,
                    created_at=now,
                )
            ]
        )
    # One without a slot is known by its hash alone.
    action, leaf = AuditAction.CREDENTIAL_ISSUED, sha256(content).hex()
    note(resources, unit, action, by=caller.name, issuer=issuer.id, subject=subject, leaf=leaf)
    return secured


def credential_key(unit: ReadStore, issuer: IssuerRecord, identifier: str) -> bytes:
    """Return the key under which an issuer's credential is found by its own identifier."""
    message = b"credential" + issuer.id.bytes + identifier.encode()
    return hmac.digest(unit.access.secret(RECIPIENT_HASHING), message, "sha256")


def _secured(
    resources: Resources, unit: ReadStore, issuer: IssuerRecord, document: JsonObject, now: datetime
) -> JsonObject:
    """Return the document with the issuer's proofs beside those that it has: together they are a proof set."""
    key = unit.issuers.active_key(issuer.id)
    given = _given_proofs(document)
    try:
        if not any(SUITES[name].canonical_form is CanonicalForm.RDFC for name in issuer.cryptosuites):
            # What JSON-LD would lose is refused whatever is signed: others read the document as JSON-LD.
            resources.json_ld.canonical_nquads(unsecured(document))
        secured = secure(
            document,
            signer=resources.keys.unlock(key.encrypted_key),
            json_ld=resources.json_ld,
            created=now,
            verification_method=key.verification_method,
            suites=issuer.cryptosuites,
        )
    except UnknownContext as error:
        # What a context means that nobody here has cannot be signed: the caller's to mend.
        raise Malformed(error.code, error.message, where="@context") from error
    if not given:
        return secured
    return attach_proofs(secured, [*given, *objects_of(secured["proof"])], as_list=True)


def _given_proofs(document: JsonObject) -> list[JsonObject]:
    if "proof" not in document:
        return []
    # Read to be refused, if they are none; whether they hold, and what unknown kinds mean, is for verifiers.
    for proof in read_proofs(document):
        if isinstance(proof, UnreadProof) and proof.problem.code != "proof-unsupported":
            raise Malformed(proof.problem.code, proof.problem.message, where="proof")
    return objects_of(document["proof"])


def _refuse_own_slot(document: JsonObject, unit: ReadStore) -> None:
    """Slots are drawn here: one that a caller chose may be another credential's (protocol section 2)."""
    if "credentialStatus" not in document:
        return
    # Each entry by itself: those that make no slot together are read as a stranger's.
    for entry in as_objects(document["credentialStatus"]):
        try:
            place = parse_status_list_url(entry.get("statusListCredential"))
        except Malformed:
            continue
        if place.log == unit.access.log().name:
            raise Malformed("slot-not-drawn", "expected none of this log: it is added here", where="credentialStatus")


def _may_have_status(document: JsonObject) -> bool:
    """Tell whether a status entry can be added: none is there, the version has the words, and it is no list itself."""
    is_list = STATUS_LIST in as_items(document.get("type"))
    return "credentialStatus" not in document and not is_version_1(document) and not is_list


def _identifier(order: DocumentOrder) -> str | None:
    own = order.document.get("id")
    identifier = order.credential_id if order.credential_id is not None else own
    if identifier is None:
        return None
    if not isinstance(identifier, str) or not 1 <= len(identifier) <= MAX_CREDENTIAL_ID:
        raise Malformed("malformed-credential-id", f"expected 1 to {MAX_CREDENTIAL_ID} characters", where="id")
    return identifier


def slot_index(slot: int) -> str:
    """Write a slot's index in its list as status entries have it."""
    return str(slot % LIST_SIZE)

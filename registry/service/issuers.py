"""Issuers: their DIDs, keys and documents.

A did:web issuer's document names this registry's log: a stolen signing key with a log of the thief's own makes no
valid credential (protocol section 3). A did:key document is derived from the key and can name none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.audit_trail import AuditAction
from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.claims import check_claims
from registry.domain.cryptosuites import DEFAULT_SUITES, issued_suites, key_algorithm
from registry.domain.did import PublishedKey, did_key, did_key_document, did_web, issuer_document
from registry.domain.did_document import DidDocument, parse_did_document
from registry.domain.errors import Conflict, Malformed, NotFound, Refused
from registry.domain.linkedin import check_organization_id
from registry.domain.log_name import LogName
from registry.domain.multikey import KeyAlgorithm, decode_multikey, encode_multikey
from registry.ports import SealedKey
from registry.service.access import Caller
from registry.service.addresses import email_address, web_address
from registry.service.auditing import note
from registry.service.resources import Resources
from registry.store_ports import DidMethod, IssuerKeyRecord, IssuerRecord, NewIssuer, ReadStore, WriteStore

KINDS: Final = ("university", "college", "provider", "association", "company", "platform", "authority", "other")

_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PROFILE_TEXTS: Final = ("name", "description", "email", "phone")
MAX_TEXT: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerOrder:
    """What an admin says of a new issuer."""

    slug: str
    """Its short name in addresses."""
    kind: str
    did_method: DidMethod
    profile: Mapping[str, str]
    """Members of the Open Badges Profile: name, and optionally url, email, phone, description."""
    cryptosuites: tuple[str, ...] = DEFAULT_SUITES
    """Every credential gets one proof of each; all are by one key."""

    def __post_init__(self) -> None:
        """Raise Malformed with the place of the first rule broken."""
        if _SLUG.fullmatch(self.slug) is None:
            raise Malformed("malformed-slug", "expected 1 to 63 of a-z, 0-9 and inner hyphens", where="slug")
        key_algorithm(self.cryptosuites)
        if self.kind not in KINDS:
            raise Malformed("malformed-kind", f"expected one of {', '.join(KINDS)}", where="kind")
        if not self.profile.get("name", "").strip():
            raise Malformed("malformed-profile", "expected a name", where="name")
        for member, text in self.profile.items():
            if member not in {*_PROFILE_TEXTS, "url"} or not 1 <= len(text) <= MAX_TEXT:
                raise Malformed("malformed-profile", f"expected 1 to {MAX_TEXT} characters", where=member)
        if "url" in self.profile:
            web_address(self.profile["url"], "url")
        if "email" in self.profile:
            email_address(self.profile["email"], "email")


def create_issuer(
    resources: Resources, unit: WriteStore, order: IssuerOrder, *, key: SealedKey, caller: Caller
) -> IssuerRecord:
    """Store a new issuer under a key that was made for it, with the algorithm that its cryptosuites take.

    Raises Conflict when slug or DID are taken, NotFound `no-log` before the registry is initialised, Malformed
    `suite-unsupported` for a key of another algorithm.
    """
    log = unit.access.log().name
    issued_suites(order.cryptosuites, key.public_key.algorithm)
    require_free(unit, order.slug)
    if order.did_method is DidMethod.KEY:
        did = did_key(key.public_key)
        method = f"{did}#{did.removeprefix('did:key:')}"
        document = did_key_document(did)
    else:
        did = did_web(resources.public_url, "issuers", order.slug)
        method = f"{did}#key-1"
        document = _web_document(did, (PublishedKey(fragment="key-1", public_key=key.public_key),), log)
    profile: JsonObject = {"id": did, "type": ["Profile"], **order.profile}
    check_claims(profile)
    now = resources.clock.now()
    issuer = NewIssuer(
        id=resources.ids.new(),
        slug=order.slug,
        name=order.profile["name"],
        kind=order.kind,
        did=did,
        did_method=order.did_method,
        cryptosuites=order.cryptosuites,
        profile=canonicalize(profile),
        did_document=canonicalize(document),
        created_at=now,
    )
    unit.issuers.insert(issuer)
    unit.issuers.insert_key(_key_record(resources, issuer, key, method))
    note_creation(resources, unit, issuer, caller=caller)
    return unit.issuers.get(issuer.id)


def note_creation(resources: Resources, unit: WriteStore, issuer: NewIssuer, *, caller: Caller) -> None:
    """Write down that an issuer was created."""
    action = AuditAction.ISSUER_CREATED
    note(resources, unit, action, by=caller.name, issuer=issuer.id, subject=issuer.id, slug=issuer.slug, did=issuer.did)


def note_new_key(
    resources: Resources, unit: WriteStore, issuer: IssuerRecord, *, method: str, compromised: bool, caller: Caller
) -> None:
    """Write down that an issuer's signing key was replaced."""
    note(
        resources,
        unit,
        AuditAction.SIGNING_KEY_REPLACED,
        by=caller.name,
        issuer=issuer.id,
        subject=issuer.id,
        verificationMethod=method,
        compromised=compromised,
    )


def set_linkedin_organization(
    resources: Resources, unit: WriteStore, issuer: IssuerRecord, organization_id: str | None, *, caller: Caller
) -> IssuerRecord:
    """Set the number of an issuer's LinkedIn page, which brings its logo along, or take it away.

    Raises Malformed `malformed-linkedin-organization`.
    """
    if organization_id is not None:
        check_organization_id(organization_id)
    if organization_id == issuer.linkedin_organization:
        return issuer
    unit.issuers.set_linkedin_organization(issuer.id, organization_id)
    action, words = AuditAction.LINKEDIN_ORGANIZATION_SET, organization_id or ""
    note(resources, unit, action, by=caller.name, issuer=issuer.id, subject=issuer.id, organizationId=words)
    return unit.issuers.get(issuer.id)


def require_free(unit: WriteStore, slug: str) -> None:
    """Raise Conflict `issuer-slug-taken` for a slug that an issuer has."""
    # The constraint decides between two at the same moment; which of them it names first, databases do not agree on.
    try:
        unit.issuers.by_slug(slug)
    except NotFound:
        return
    raise Conflict("issuer-slug-taken", "expected a slug that no other issuer has")


def rotate_key(
    resources: Resources,
    unit: WriteStore,
    issuer: IssuerRecord,
    *,
    key: SealedKey,
    compromised: bool,
    caller: Caller,
) -> IssuerRecord:
    """Make a new key the one that signs.

    The old one stays in the document, since what it signed stays valid; a compromised one is marked revoked from now
    on: what was anchored before stays valid, later signatures do not.

    Raises Refused `did-key-fixed` for a did:key issuer, whose key is its name; Malformed `suite-unsupported` for a key
    that the issuer's cryptosuites do not take.
    """
    issued_suites(issuer.cryptosuites, key.public_key.algorithm)
    if issuer.did_method is DidMethod.KEY:
        raise Refused("did-key-fixed", "a did:key issuer has one key for ever: create another issuer")
    now = resources.clock.now()
    old = unit.issuers.keys(issuer.id)
    active = unit.issuers.active_key(issuer.id)
    published = parse_did_document(parse_object(issuer.did_document))
    keys = [
        PublishedKey(
            fragment=record.verification_method.rsplit("#", 1)[1],
            public_key=decode_multikey(record.public_multibase),
            revoked=now if compromised and record.id == active.id else _revoked(published, record.verification_method),
        )
        for record in old
    ]
    fragment = f"key-{len(old) + 1}"
    keys.append(PublishedKey(fragment=fragment, public_key=key.public_key))
    document = _web_document(issuer.did, tuple(keys), unit.access.log().name)
    unit.issuers.retire_key(active.id, retired_at=now)
    unit.issuers.insert_key(_key_record(resources, issuer, key, f"{issuer.did}#{fragment}"))
    unit.issuers.replace_did_document(issuer.id, canonicalize(document))
    method = f"{issuer.did}#{fragment}"
    note_new_key(resources, unit, issuer, method=method, compromised=compromised, caller=caller)
    return unit.issuers.get(issuer.id)


def rotated_algorithm(unit: ReadStore, issuer: IssuerRecord) -> KeyAlgorithm:
    """Return the algorithm that an issuer's next key must have: that of its present one."""
    return decode_multikey(unit.issuers.status_key(issuer.id).public_multibase).algorithm


def _revoked(document: DidDocument, verification_method: str) -> datetime | None:
    key = document.key(verification_method)
    return None if key is None else key.revoked


def _web_document(did: str, keys: tuple[PublishedKey, ...], log: LogName) -> JsonObject:
    return issuer_document(did, keys=keys, logs=(log,))


def _key_record(
    resources: Resources, issuer: NewIssuer | IssuerRecord, key: SealedKey, verification_method: str
) -> IssuerKeyRecord:
    return IssuerKeyRecord(
        id=resources.ids.new(),
        issuer_id=issuer.id,
        verification_method=verification_method,
        public_multibase=encode_multikey(key.public_key),
        encrypted_key=key.encrypted_key,
        created_at=resources.clock.now(),
        retired_at=None,
    )

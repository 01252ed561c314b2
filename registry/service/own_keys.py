"""Issuers that keep their own key: here is the public one, and a key of the registry's that signs status lists only.

did:web    the document lists the issuer's key and the status key, and narrows the latter; the issuer serves it
itself (`did`), or the registry does below its own address
did:key    the document is the key and can list no other: status lists are signed, and issued, by the registry's
own did:key; verdicts take the status from the chain (docs/decisions/0080-own-keys.md)
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.claims import check_claims
from registry.domain.cryptosuites import SUITES, fitting_suite
from registry.domain.did import PublishedKey, did_key, did_key_document, did_method, did_web, issuer_document
from registry.domain.did_document import parse_did_document
from registry.domain.errors import Conflict, Malformed, Refused
from registry.domain.log_name import LogName
from registry.domain.multikey import PublicKey, decode_multikey, encode_multikey
from registry.domain.status_delegation import delegate_status
from registry.ports import SealedKey
from registry.service.access import Caller
from registry.service.issuers import IssuerOrder, note_creation, note_new_key, require_free
from registry.service.resources import Resources
from registry.store_ports import (
    DidMethod,
    IssuerKeyRecord,
    IssuerRecord,
    NewIssuer,
    OwnKeyRecord,
    ReadStore,
    WriteStore,
)

OWN_FRAGMENT: Final = "own-{number}"
STATUS_FRAGMENT: Final = "status-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeyOrder:
    """A public key, and where the issuer's DID document stands if not here."""

    public_multibase: str
    did: str | None = None
    """A did:web of the issuer's own; None: below the registry's address, or the did:key of the key."""

    def public_key(self) -> PublicKey:
        """Return the key.

        Raises Malformed as `decode_multikey`, and `key-type-unsupported` for one that no cryptosuite signs with.
        """
        key = decode_multikey(self.public_multibase)
        if not any(suite.issued and key.algorithm in suite.algorithms for suite in SUITES.values()):
            raise Malformed("key-type-unsupported", "expected a key that credentials are signed with", where="ownKey")
        return key


def create_own_key_issuer(
    resources: Resources,
    unit: WriteStore,
    order: IssuerOrder,
    own: OwnKeyOrder,
    *,
    status_key: SealedKey,
    caller: Caller,
) -> IssuerRecord:
    """Store an issuer whose private key stays with it; `status_key` was made for its status lists.

    Raises Malformed for what is no key or no DID, Conflict when slug, DID or key are taken, NotFound `no-log`.
    """
    log = unit.access.log().name
    require_free(unit, order.slug)
    public_key = own.public_key()
    if order.did_method is DidMethod.KEY:
        if own.did is not None:
            raise Malformed("malformed-did", "expected none: a did:key is the key itself", where="ownKey.did")
        did, status_did = did_key(public_key), did_key(status_key.public_key)
        method, status_method = _of_did_key(did), _of_did_key(status_did)
        document = did_key_document(did)
    else:
        did = _web_did(resources, order.slug, own.did)
        method, status_method = f"{did}#{OWN_FRAGMENT.format(number=1)}", f"{did}#{STATUS_FRAGMENT}"
        keys = (PublishedKey(fragment=OWN_FRAGMENT.format(number=1), public_key=public_key),)
        document = _document(did, keys, status_key.public_key, log)
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
        profile=canonicalize(profile),
        did_document=canonicalize(document),
        created_at=now,
        cryptosuites=_fitting(order.cryptosuites, public_key),
    )
    unit.issuers.insert(issuer)
    unit.reservations.insert_own_key(_own_record(resources, issuer.id, public_key, method))
    unit.issuers.insert_key(
        IssuerKeyRecord(
            id=resources.ids.new(),
            issuer_id=issuer.id,
            verification_method=status_method,
            public_multibase=encode_multikey(status_key.public_key),
            encrypted_key=status_key.encrypted_key,
            created_at=now,
            retired_at=None,
        )
    )
    note_creation(resources, unit, issuer, caller=caller)
    return unit.issuers.get(issuer.id)


def replace_own_key(
    resources: Resources,
    unit: WriteStore,
    issuer: IssuerRecord,
    own: OwnKeyOrder,
    *,
    compromised: bool,
    caller: Caller,
) -> IssuerRecord:
    """Make another public key the issuer's present one; the old one stays in the document, revoked if compromised.

    Raises Refused `issuer-without-own-key`, `did-key-fixed`; Conflict `own-key-known` for a key that the issuer has or
    had: under another name a stolen one would be good again.
    """
    present = present_own_key(unit, issuer)
    if issuer.did_method is DidMethod.KEY:
        raise Refused("did-key-fixed", "a did:key issuer has one key for ever: create another issuer")
    public_key, now = own.public_key(), resources.clock.now()
    known = unit.reservations.own_keys(issuer.id)
    if public_key in [decode_multikey(record.public_multibase) for record in known]:
        raise Conflict("own-key-known", "expected a key that the issuer never had")
    published = parse_did_document(parse_object(issuer.did_document))
    revoked = {key.id: key.revoked for key in published.keys}
    keys = [
        _published(record, now if compromised and record.id == present.id else revoked[record.verification_method])
        for record in known
    ]
    fragment = OWN_FRAGMENT.format(number=len(known) + 1)
    keys.append(PublishedKey(fragment=fragment, public_key=public_key))
    status_key = decode_multikey(unit.issuers.status_key(issuer.id).public_multibase)
    document = _document(issuer.did, tuple(keys), status_key, unit.access.log().name)
    unit.reservations.retire_own_key(present.id, retired_at=now)
    unit.reservations.insert_own_key(_own_record(resources, issuer.id, public_key, f"{issuer.did}#{fragment}"))
    unit.issuers.replace_did_document(issuer.id, canonicalize(document))
    method = f"{issuer.did}#{fragment}"
    note_new_key(resources, unit, issuer, method=method, compromised=compromised, caller=caller)
    return unit.issuers.get(issuer.id)


def present_own_key(unit: ReadStore, issuer: IssuerRecord) -> OwnKeyRecord:
    """Return the key that the issuer signs with at present.

    Raises Refused `issuer-without-own-key` for an issuer that the registry signs for.
    """
    present = [key for key in unit.reservations.own_keys(issuer.id) if key.retired_at is None]
    if not present:
        raise Refused(
            "issuer-without-own-key", "expected an issuer that keeps its own key: the registry has this one's"
        )
    return present[-1]


def _published(record: OwnKeyRecord, revoked: datetime | None) -> PublishedKey:
    return PublishedKey(
        fragment=record.verification_method.rsplit("#", 1)[1],
        public_key=decode_multikey(record.public_multibase),
        revoked=revoked,
    )


def _web_did(resources: Resources, slug: str, given: str | None) -> str:
    if given is None:
        return did_web(resources.public_url, "issuers", slug)
    if did_method(given) is not DidMethod.WEB:
        raise Malformed("malformed-did", "expected a did:web", where="ownKey.did")
    return given


def _document(did: str, keys: tuple[PublishedKey, ...], status_key: PublicKey, log: LogName) -> JsonObject:
    status = PublishedKey(fragment=STATUS_FRAGMENT, public_key=status_key)
    return delegate_status(issuer_document(did, keys=(*keys, status), logs=(log,)), [STATUS_FRAGMENT])


def _fitting(asked: tuple[str, ...], public_key: PublicKey) -> tuple[str, ...]:
    # What is asked for unless it is said otherwise is for Ed25519: a key of another kind gets what it can make.
    fitting = tuple(name for name in asked if name in SUITES and public_key.algorithm in SUITES[name].algorithms)
    return fitting or (fitting_suite(public_key.algorithm, preferred=asked),)


def _of_did_key(did: str) -> str:
    return f"{did}#{did.removeprefix('did:key:')}"


def _own_record(resources: Resources, issuer_id: UUID, public_key: PublicKey, method: str) -> OwnKeyRecord:
    return OwnKeyRecord(
        id=resources.ids.new(),
        issuer_id=issuer_id,
        verification_method=method,
        public_multibase=encode_multikey(public_key),
        created_at=resources.clock.now(),
        retired_at=None,
    )

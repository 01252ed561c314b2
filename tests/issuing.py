"""Issuers and signed credentials for tests: real keys, real signatures, the same ones every time."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.adapters.contexts import load_contexts
from registry.adapters.json_ld import PinnedJsonLd
from registry.adapters.keys import Ed25519Signer
from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.did import PublishedKey, did_key, did_key_document, issuer_document
from registry.domain.hashing import Digest
from registry.domain.leaf import leaf_of_document
from registry.domain.log_name import LogName
from registry.domain.slot import Purpose, status_entry
from registry.service.signing import secure

NOW: Final = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
"""The moment that worlds on a memory chain are judged at, unless a test says otherwise."""
STATUS_URL: Final = "https://registry.example/status"
ISSUED_AT: Final = datetime(2026, 11, 1, tzinfo=UTC)
WEB_ISSUER: Final = "did:web:registry.example:issuers:physics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Somebody who signs credentials."""

    did: str
    signer: Ed25519Signer
    method: str
    document: JsonObject

    @property
    def content(self) -> bytes:
        """The JCS bytes of the DID document, as they are published."""
        return canonicalize(self.document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A signed credential and where it stands."""

    document: JsonObject
    issuer: Issuer
    slot: int
    suspendable: bool

    @property
    def leaf(self) -> Digest:
        """Its leaf."""
        return leaf_of_document(self.document)

    @property
    def content(self) -> bytes:
        """The credential as a file."""
        return canonicalize(self.document)


@cache
def json_ld() -> PinnedJsonLd:
    """The JSON-LD processor of all tests."""
    return PinnedJsonLd(load_contexts())


def make_signer(seed: str) -> Ed25519Signer:
    """Return the key that a word stands for: test worlds are the same every time."""
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest()))


def make_key_issuer(seed: str) -> Issuer:
    """Return an issuer of did:key."""
    signer = make_signer(seed)
    did = did_key(signer.public_key)
    return Issuer(
        did=did, signer=signer, method=f"{did}#{did.removeprefix('did:key:')}", document=did_key_document(did)
    )


def make_web_issuer(
    did: str,
    seed: str,
    *,
    logs: Sequence[LogName],
    revoked: datetime | None = None,
    expires: datetime | None = None,
) -> Issuer:
    """Return an issuer of did:web, its key possibly with an end."""
    signer = make_signer(seed)
    key = PublishedKey(fragment="key-1", public_key=signer.public_key, revoked=revoked, expires=expires)
    return Issuer(
        did=did, signer=signer, method=f"{did}#key-1", document=issuer_document(did, keys=[key], logs=list(logs))
    )


def issue_credential(
    name: str,
    *,
    issuer: Issuer,
    log: LogName,
    slot: int,
    suspendable: bool = False,
    valid_from: datetime = ISSUED_AT,
    valid_until: datetime | None = None,
) -> Issued:
    """Sign a small verifiable credential."""
    purposes = tuple(Purpose) if suspendable else (Purpose.REVOCATION,)
    entries: list[JsonValue] = [status_entry(STATUS_URL, log=log, purpose=purpose, slot=slot) for purpose in purposes]
    document: JsonObject = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": UUID(bytes=hashlib.sha256(f"{name} {slot}".encode()).digest()[:16], version=4).urn,
        "type": ["VerifiableCredential"],
        "issuer": issuer.did,
        "validFrom": valid_from.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "credentialSubject": {"id": f"urn:example:{slot}", "name": name},
        "credentialStatus": entries if suspendable else entries[0],
    }
    if valid_until is not None:
        document["validUntil"] = valid_until.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Issued(document=sign(document, issuer=issuer), issuer=issuer, slot=slot, suspendable=suspendable)


def sign(document: JsonObject, *, issuer: Issuer, method: str | None = None) -> JsonObject:
    """Sign a document with an issuer's key, possibly under another key's name; the proof is a set of one."""
    secured = secure(
        document,
        signer=issuer.signer,
        json_ld=json_ld(),
        created=ISSUED_AT,
        verification_method=issuer.method if method is None else method,
    )
    proofs = secured["proof"]
    return {**secured, "proof": proofs if isinstance(proofs, list) else [proofs]}

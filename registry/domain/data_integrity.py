"""The cryptosuite eddsa-rdfc-2022 (Data Integrity EdDSA Cryptosuites v1.0 section 3.2) over canonical N-Quads.

    hash data  = H(canonical proof configuration) ‖ H(canonical document without proof)
    proofValue = "z" + base58btc(64-byte Ed25519 signature of the hash data)

Canonicalizing is not done here: it needs a JSON-LD processor, which stands behind a port. Only single proofs
and proof sets are judged; a proof that builds on another one (`previousProof`) is refused, never ignored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.domain.fields import write_time
from registry.domain.hashing import sha256
from registry.domain.multikey import PUBLIC_KEY_SIZE, base58_decode, base58_encode
from registry.domain.timestamp import parse_time
from registry.domain.vc_form import issuer_id

CanonicalNquads: TypeAlias = Callable[[JsonObject], bytes]
"""Turns a JSON-LD document into RDFC-1.0 canonical N-Quads."""

PROOF_TYPE: Final = "DataIntegrityProof"
CRYPTOSUITE: Final = "eddsa-rdfc-2022"
ASSERTION: Final = "assertionMethod"
SIGNATURE_SIZE: Final = 64

MAX_PROOFS: Final = 16
"""A badge has one proof, a proof set a handful; each costs a canonicalization."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One eddsa-rdfc-2022 proof for assertions, read from a secured document."""

    verification_method: str
    """The DID URL of the key."""
    created: datetime | None
    expires: datetime | None
    signature: bytes
    options: JsonObject
    """The proof as it stands in the document, without its value: what is signed beside the document."""


def proof_options(*, verification_method: str, created: datetime) -> JsonObject:
    """Write a proof that still lacks its value."""
    return {
        "type": PROOF_TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": write_time(created),
        "verificationMethod": verification_method,
        "proofPurpose": ASSERTION,
    }


def proof_configuration(document: JsonObject, options: JsonObject) -> JsonObject:
    """Write the document whose canonical form is hashed first: the options in the document's context."""
    return {"@context": document["@context"], **options} if "@context" in document else dict(options)


def unsecured(document: JsonObject) -> JsonObject:
    """Return the document without its proofs: what the signature covers."""
    return {name: member for name, member in document.items() if name != "proof"}


def hash_data(*, document_nquads: bytes, configuration_nquads: bytes) -> bytes:
    """Return the 64 bytes that are signed, from the canonical N-Quads of document and proof configuration."""
    return sha256(configuration_nquads) + sha256(document_nquads)


def signed_bytes(document: JsonObject, *, options: JsonObject, canonical_nquads: CanonicalNquads) -> bytes:
    """Return the 64 bytes that a proof with these options signs; `canonical_nquads` is the JSON-LD port's."""
    return hash_data(
        document_nquads=canonical_nquads(unsecured(document)),
        configuration_nquads=canonical_nquads(proof_configuration(document, options)),
    )


def signature_holds(
    document: JsonObject, *, proof: Proof, public_key: bytes, canonical_nquads: CanonicalNquads
) -> bool:
    """Tell whether the key made the proof of a document; `proof` comes from `select_proof(document)`.

    Raises what `canonical_nquads` raises: Malformed for a document that is no strict JSON-LD, or that a context
    of it is not known, which says nothing about the signature.
    """
    data = signed_bytes(document, options=proof.options, canonical_nquads=canonical_nquads)
    return verify_ed25519(public_key=public_key, signature=proof.signature, data=data)


def attach_proof(document: JsonObject, options: JsonObject, signature: bytes) -> JsonObject:
    """Return the document with one proof, in the array that the Open Badges schema asks for.

    Raises Malformed `malformed-proof-value` unless the signature is 64 bytes.
    """
    proof: JsonObject = {**options, "proofValue": encode_proof_value(signature)}
    return {**unsecured(document), "proof": [proof]}


def encode_proof_value(signature: bytes) -> str:
    """Write a signature as multibase base58btc.

    Raises Malformed `malformed-proof-value` unless it is 64 bytes.
    """
    if len(signature) != SIGNATURE_SIZE:
        raise Malformed("malformed-proof-value", f"expected {SIGNATURE_SIZE} bytes, got {len(signature)}")
    return "z" + base58_encode(signature)


def decode_proof_value(text: object) -> bytes:
    """Read a signature from multibase base58btc.

    Raises Malformed `malformed-proof-value`.
    """
    if not isinstance(text, str) or not text.startswith("z"):
        raise Malformed("malformed-proof-value", "expected base58btc beginning with z", where="proof.proofValue")
    try:
        signature = base58_decode(text[1:])
    except Malformed as error:
        raise Malformed("malformed-proof-value", error.message, where="proof.proofValue") from error
    if len(signature) != SIGNATURE_SIZE:
        message = f"expected {SIGNATURE_SIZE} bytes, got {len(signature)}"
        raise Malformed("malformed-proof-value", message, where="proof.proofValue")
    return signature


def select_proof(document: JsonObject) -> Proof:
    """Return the first proof of this suite for assertions, the issuer's own before others; `proof` may be an array.

    Other proofs of a set, such as a notary's before the issuer's, are not covered by it and not judged.

    Raises Malformed: `no-proof` without any proof, `proof-unsupported` when none is of this suite and purpose,
    or what makes the selected proof unreadable.
    """
    supported = [proof for proof in _proofs(document.get("proof")) if _is_supported(proof)]
    if not supported:
        raise Malformed("proof-unsupported", f"expected a {CRYPTOSUITE} proof for {ASSERTION}", where="proof")
    own = [proof for proof in supported if _is_of(proof.get("verificationMethod"), issuer_id(document))]
    return _parse_proof((own or supported)[0], document)


def verify_ed25519(*, public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Tell whether the key signed the data (RFC 8032 section 5.1.7)."""
    if len(public_key) != PUBLIC_KEY_SIZE:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _proofs(value: JsonValue) -> list[JsonObject]:
    items = value if isinstance(value, list) else [] if value is None else [value]
    if not items:
        raise Malformed("no-proof", "expected a proof or a list of them", where="proof")
    if len(items) > MAX_PROOFS:
        raise Malformed("too-many-proofs", f"expected at most {MAX_PROOFS}, got {len(items)}", where="proof")
    objects = [item for item in items if isinstance(item, dict)]
    if len(objects) != len(items):
        raise Malformed("malformed-proof", "expected proofs that are objects", where="proof")
    return objects


def _is_supported(proof: Mapping[str, JsonValue]) -> bool:
    facts = (proof.get("type"), proof.get("cryptosuite"), proof.get("proofPurpose"))
    return facts == (PROOF_TYPE, CRYPTOSUITE, ASSERTION)


def _is_of(method: JsonValue, did: str | None) -> bool:
    return isinstance(method, str) and did is not None and method.startswith(f"{did}#")


def _parse_proof(proof: JsonObject, document: JsonObject) -> Proof:
    if "previousProof" in proof:
        raise Malformed("proof-chain-unsupported", "expected a proof that stands alone", where="proof.previousProof")
    if proof.get("@context", document.get("@context")) != document.get("@context"):
        raise Malformed("malformed-proof", "expected no context but the document's", where="proof.@context")
    method = proof.get("verificationMethod")
    if not isinstance(method, str) or not method:
        raise Malformed("malformed-proof", "expected the DID URL of a key", where="proof.verificationMethod")
    created, expires = proof.get("created"), proof.get("expires")
    return Proof(
        verification_method=method,
        created=None if created is None else parse_time(created, "proof.created"),
        expires=None if expires is None else parse_time(expires, "proof.expires"),
        signature=decode_proof_value(proof.get("proofValue")),
        options={name: member for name, member in proof.items() if name not in {"proofValue", "@context"}},
    )

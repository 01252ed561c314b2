"""What a cryptosuite is: a name, the keys it takes, and how what is signed is worked out (VC Data Integrity 1.0).

    hash data = H(canonical proof configuration) ‖ H(canonical document)
    H         = SHA-384 under a P-384 key, else SHA-256; inside RDFC-1.0 too

The proof configuration is the proof without its value. RDFC-1.0 canonicalizes it in the document's context (vc-di-eddsa
section 3.2.5, vc-di-ecdsa section 3.2.5). JCS takes it as it stands: its `@context`, which the document's must begin
with, takes the place of the document's (section 3.3.2 of both). Canonicalizing RDF needs a JSON-LD processor, which
stands behind a port.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias, assert_never

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.cryptosuites.rdf_labels import label_by_sha384
from registry.domain.errors import Malformed
from registry.domain.multikey import KeyAlgorithm
from registry.domain.one_or_many import as_items

CanonicalNquads: TypeAlias = Callable[[JsonObject], bytes]
"""Turns a JSON-LD document into RDFC-1.0 canonical N-Quads."""

DATA_INTEGRITY_PROOF: Final = "DataIntegrityProof"


class CanonicalForm(StrEnum):
    """How a document becomes bytes."""

    RDFC = "rdfc"
    JCS = "jcs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What a proof signs, in canonical form, before it is known which key it is hashed for."""

    document: bytes
    configuration: bytes
    canonical_form: CanonicalForm
    """N-Quads are labelled by SHA-256."""

    def hash_data(self, algorithm: KeyAlgorithm) -> bytes:
        """Return the bytes that are signed: 64, or 96 under a P-384 key."""
        if algorithm is not KeyAlgorithm.P384:
            return hashlib.sha256(self.configuration).digest() + hashlib.sha256(self.document).digest()
        parts = (self.configuration, self.document)
        if self.canonical_form is CanonicalForm.RDFC:
            parts = (label_by_sha384(self.configuration), label_by_sha384(self.document))
        return b"".join(hashlib.sha384(part).digest() for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cryptosuite:
    """One way to make and check proofs."""

    name: str
    proof_type: str
    canonical_form: CanonicalForm
    algorithms: tuple[KeyAlgorithm, ...]
    """The keys that fit."""
    issued: bool
    """Proofs of it are made here; the others are only checked."""

    def is_named_by(self, proof: Mapping[str, JsonValue]) -> bool:
        """Tell whether a proof says it is of this suite."""
        if self.proof_type != DATA_INTEGRITY_PROOF:
            return proof.get("type") == self.proof_type
        return (proof.get("type"), proof.get("cryptosuite")) == (self.proof_type, self.name)

    def naming(self) -> JsonObject:
        """Write the members of a proof that name the suite."""
        if self.proof_type != DATA_INTEGRITY_PROOF:
            return {"type": self.proof_type}
        return {"type": self.proof_type, "cryptosuite": self.name}

    def proof_context(self, document: JsonObject) -> JsonObject:
        """Write the context that a new proof carries (vc-di-eddsa section 3.3.1, vc-di-ecdsa section 3.3.1)."""
        carried = self.canonical_form is CanonicalForm.JCS and "@context" in document
        return {"@context": document["@context"]} if carried else {}

    def configuration(self, document: JsonObject, options: JsonObject) -> JsonObject:
        """Write the proof configuration: what is hashed beside the document."""
        match self.canonical_form:
            case CanonicalForm.RDFC:
                # The proof's own context would be signed by nobody.
                if "@context" in options and options["@context"] != document.get("@context"):
                    raise Malformed("malformed-proof", "expected no context but the document's", where="proof.@context")
                return {**options, "@context": document["@context"]} if "@context" in document else dict(options)
            case CanonicalForm.JCS:
                return dict(options)
            case _:
                assert_never(self.canonical_form)

    def cover(self, document: JsonObject, options: JsonObject, *, canonical_nquads: CanonicalNquads) -> Covered:
        """Work out what a proof with these options signs of a document, which is given without its proofs.

        Raises Malformed for a proof that does not fit the document, and what `canonical_nquads` raises.
        """
        configuration = self.configuration(document, options)
        match self.canonical_form:
            case CanonicalForm.RDFC:
                return Covered(
                    document=canonical_nquads(document),
                    configuration=canonical_nquads(configuration),
                    canonical_form=CanonicalForm.RDFC,
                )
            case CanonicalForm.JCS:
                seen = _in_context(document, options)
                return Covered(
                    document=canonicalize(seen),
                    configuration=canonicalize(configuration),
                    canonical_form=CanonicalForm.JCS,
                )
            case _:
                assert_never(self.canonical_form)


def _in_context(document: JsonObject, options: JsonObject) -> JsonObject:
    """Return the document as a JCS proof saw it: contexts may have been appended since."""
    if "@context" not in options:
        return document
    seen, present = as_items(options["@context"]), as_items(document.get("@context", []))
    if present[: len(seen)] != seen:
        raise Malformed("malformed-proof", "expected the document's contexts to begin with it", where="proof.@context")
    return {**document, "@context": options["@context"]}

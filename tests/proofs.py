"""Proofs of documents, looked at by themselves and changed after they were read."""

from dataclasses import replace
from datetime import datetime

import pyoxigraph

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.cryptosuites.cryptosuite import CanonicalForm, CanonicalNquads, Covered
from registry.domain.data_integrity import Proof, cover, read_proofs
from registry.domain.multikey import PublicKey
from registry.domain.problem import Problem
from registry.domain.proof_checking import CoveredDocument
from registry.domain.signatures import verify_signature


def as_nquads(document: JsonObject) -> bytes:
    """Stand in for RDFC where any canonical form will do: one quad that holds the JSON."""
    return f"<urn:x:document> <urn:x:is> {pyoxigraph.Literal(canonicalize(document).decode())} .\n".encode()


def first_proof(document: JsonObject) -> Proof:
    first = read_proofs(document)[0]
    assert isinstance(first, Proof), first
    return first


def signature_holds(document: JsonObject, *, public_key: PublicKey, canonical_nquads: CanonicalNquads) -> bool:
    """Tell whether a key made the first proof; raises what canonicalizing raises."""
    proof = first_proof(document)
    data = cover(document, proof, canonical_nquads=canonical_nquads).hash_data(public_key.algorithm)
    return verify_signature(public_key, signature=proof.signature, data=data)


def with_proof_times(
    covered: CoveredDocument, *, expires: datetime | None = None, created: datetime | None = None
) -> CoveredDocument:
    """Return what was read as if every proof had these times: its signature still covers the old ones."""
    assert not isinstance(covered.proofs, Problem)
    changed = []
    for item in covered.proofs:
        assert isinstance(item.proof, Proof)
        changed.append(replace(item, proof=replace(item.proof, expires=expires, created=created)))
    return replace(covered, proofs=tuple(changed))


def with_other_bytes_covered(covered: CoveredDocument) -> CoveredDocument:
    """Return what was read as if its proofs had been made over something else."""
    assert not isinstance(covered.proofs, Problem)
    other = Covered(document=b"other", configuration=b"other", canonical_form=CanonicalForm.JCS)
    return replace(covered, proofs=tuple(replace(item, covered=other) for item in covered.proofs))

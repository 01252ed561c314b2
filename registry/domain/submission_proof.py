"""Which proofs of a submitted credential are taken: the issuer's present key, for assertions, made in its time.

Strict on purpose: whatever else a proof may carry (`expires`, `domain`, a chain) is a rule of the issuer's that nobody
here would keep.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.cryptosuites import find_suite
from registry.domain.cryptosuites.cryptosuite import CanonicalNquads
from registry.domain.data_integrity import UnreadProof, cover, read_proofs, unsecured
from registry.domain.errors import Malformed
from registry.domain.multikey import PublicKey
from registry.domain.signatures import verify_signature
from registry.domain.timestamp import parse_time

ASSERTION: Final = "assertionMethod"
CLOCK_SKEW: Final = timedelta(minutes=5)
"""A machine without a network keeps time badly; more than this is a clock that nobody set."""
MAX_SUBMITTED_PROOFS: Final = 2
"""A set of one proof for each canonical form; every further one costs a verification and says nothing new."""

_NEEDED: Final = ("type", "created", "verificationMethod", "proofPurpose", "proofValue")
_POSSIBLE: Final = ("cryptosuite", "@context")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofTerms:
    """What the proofs of a submitted credential have to agree with."""

    verification_method: str
    """The DID URL of the issuer's present key."""
    public_key: PublicKey
    retired: AbstractSet[str]
    """DID URLs of keys that the issuer replaced."""
    status_keys: AbstractSet[str]
    """DID URLs of the registry's keys for status lists."""
    not_before: datetime
    """When the slots were reserved: whatever was signed earlier was signed for other slots."""
    now: datetime


def check_proofs(document: JsonObject, terms: ProofTerms) -> None:
    """Check everything of a document's proofs but their signatures.

    Raises Malformed with the code of the first rule broken.
    """
    proofs = document.get("proof")
    if proofs is None or proofs == []:
        raise Malformed("no-proof", "expected a signed credential", where="proof")
    if not isinstance(proofs, list) or len(proofs) > MAX_SUBMITTED_PROOFS:
        message = f"expected a list of one to {MAX_SUBMITTED_PROOFS} proofs, as Open Badges want it"
        raise Malformed("malformed-proof", message, where="proof")
    suites = [_check_proof(proof, terms) for proof in proofs]
    if len(set(suites)) != len(suites):
        raise Malformed("proof-suite-twice", "expected each cryptosuite once", where="proof")


def check_signatures(document: JsonObject, public_key: PublicKey, *, canonical_nquads: CanonicalNquads) -> None:
    """Check that every proof of a document is a signature of this key.

    Raises Malformed `signature-mismatch`, what makes a proof unreadable, and what `canonical_nquads` raises.
    """
    plain = unsecured(document)
    # What is signed as JSON must have a meaning too: canonicalizing refuses what JSON-LD would drop.
    nquads = canonical_nquads(plain)
    for proof in read_proofs(document):
        if isinstance(proof, UnreadProof):
            raise Malformed(proof.problem.code, proof.problem.message)
        covered = cover(
            document, proof, canonical_nquads=lambda value: nquads if value == plain else canonical_nquads(value)
        )
        data = covered.hash_data(public_key.algorithm)
        if not verify_signature(public_key, signature=proof.signature, data=data):
            message = "expected a signature of the issuer's key over this document: something in it was changed"
            raise Malformed("signature-mismatch", message, where="proof")


def _check_proof(proof: JsonValue, terms: ProofTerms) -> str:
    if not isinstance(proof, dict):
        raise Malformed("malformed-proof", "expected an object", where="proof")
    for name in _NEEDED:
        if name not in proof:
            raise Malformed("malformed-proof", f"expected the member {name!r}", where="proof")
    for name in proof:
        if name not in _NEEDED and name not in _POSSIBLE:
            raise Malformed("proof-member-not-taken", f"expected no member {name!r}", where="proof")
    suite = find_suite(proof)
    if suite is None or not suite.issued or terms.public_key.algorithm not in suite.algorithms:
        algorithm = terms.public_key.algorithm
        raise Malformed("proof-suite-not-taken", f"expected a cryptosuite for keys of {algorithm}", where="proof")
    if proof["proofPurpose"] != ASSERTION:
        raise Malformed("proof-purpose-differs", f"expected {ASSERTION}", where="proof.proofPurpose")
    _check_method(proof["verificationMethod"], terms)
    _check_created(proof["created"], terms)
    return suite.name


def _check_method(method: JsonValue, terms: ProofTerms) -> None:
    where = "proof.verificationMethod"
    if method == terms.verification_method:
        return
    # What is no text is no name of a key, and cannot be looked up among them.
    known = method if isinstance(method, str) else ""
    if known in terms.retired:
        raise Malformed("signed-by-retired-key", f"expected {terms.verification_method}", where=where)
    if known in terms.status_keys:
        message = f"expected {terms.verification_method}, this one signs status lists only"
        raise Malformed("signed-by-status-key", message, where=where)
    raise Malformed("signed-by-another-key", f"expected {terms.verification_method}", where=where)


def _check_created(value: JsonValue, terms: ProofTerms) -> None:
    where = "proof.created"
    created = parse_time(value, where)
    if created > terms.now + CLOCK_SKEW:
        raise Malformed("proof-from-the-future", f"expected a moment up to {terms.now}", where=where)
    if created < terms.not_before - CLOCK_SKEW:
        message = f"expected a moment after the reservation, {terms.not_before}"
        raise Malformed("proof-stale", message, where=where)

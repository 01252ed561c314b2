"""Whether proofs hold (VC Data Integrity 1.0 sections 4.4 and 4.5): of credentials, presentations, endorsements.

    read -> cover (canonical forms, through the JSON-LD port) -> check each, with the keys at hand -> decide

Which keys are whose is the caller's: a lookup returns those that a name may stand for, under the purpose asked for.
Every proof is checked by itself; one that builds on others holds only when they do. A proof of an unknown kind, or
whose key is not at hand, is `unknown`: neither forged nor fine. Which proofs of a set decide is in `decide`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from registry.domain.canonical import JsonObject
from registry.domain.check import Finding, Reason, Result, failed, passed, unknown
from registry.domain.cryptosuites.cryptosuite import CanonicalForm, CanonicalNquads, Covered
from registry.domain.data_integrity import Proof, ReadProof, UnreadProof, cover, read_proofs, unsecured
from registry.domain.did_document import ListedKey
from registry.domain.errors import Malformed, Unavailable
from registry.domain.fields import write_time
from registry.domain.problem import Found, Problem
from registry.domain.signatures import verify_signature

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far a signer's clock may be ahead: what the protocol grants a sealing time (section 9)."""

KeyLookup: TypeAlias = Callable[[str], Sequence[ListedKey]]
"""Returns the keys that a verification method may stand for; none when none is known."""

TOO_COMPLEX: Final = "too-complex"
"""The JSON-LD port's word for a document whose canonical form would cost too much: not malformed, not checked."""
UNKNOWN_CONTEXT: Final = "unknown-context"
"""The JSON-LD port's word for a context that is not installed."""


_BROKEN: Final = frozenset({Reason.MALFORMED_PROOF, Reason.SIGNATURE_MISMATCH, Reason.KEY_UNFIT, Reason.PREVIOUS_PROOF})
"""What a proof of somebody else must not be: of another purpose or expired it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredProof:
    """A proof, and what it signs."""

    proof: ReadProof
    covered: Found[Covered]
    """Why it could not be worked out says nothing about the signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredDocument:
    """What the proofs of a document sign, worked out as far as it can be."""

    meaning: Problem | None
    """Why the document without its proofs has no known meaning in JSON-LD; None: it has one."""
    proofs: Found[tuple[CoveredProof, ...]]
    """In the document's order, or what is wrong with them as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a verifier asks of proofs."""

    purpose: str
    moment: datetime
    """As of when is judged."""
    now: datetime
    """The clock's word: no proof was made after it."""
    challenge: str | None = None
    """The verifier's own challenge; None: none was made."""
    domains: tuple[str, ...] = ()
    """The verifier's own domains; none: any will do."""
    valid_keys: bool = True
    """A key must not have ended at the moment. Credentials judge that by the chain's clock instead (check 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofResult:
    """What came of one proof."""

    proof: ReadProof
    finding: Finding
    key: ListedKey | None = None
    """The key that made the signature; None when none is known to have."""

    def is_of(self, controller: str) -> bool:
        """Tell whether the proof is the controller's, by the name of its key or by the key that was found."""
        method = self.proof.verification_method
        named = method is not None and method.startswith(f"{controller}#")
        return named or (self.key is not None and self.key.controller == controller)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofsResult:
    """What came of all proofs of a document."""

    finding: Finding
    decisive: tuple[ProofResult, ...]
    """The proofs that decide; see `decide`."""
    results: tuple[ProofResult, ...]
    """All of them, in the document's order."""


def verify_proofs(
    document: JsonObject,
    *,
    expected: Expected,
    controller: str | None,
    keys: KeyLookup,
    canonical_nquads: CanonicalNquads,
) -> ProofsResult:
    """Tell whether the proofs of a document hold, of its controller where one is named (issuer, holder, endorser).

    `canonical_nquads` is the JSON-LD port's. Raises nothing: what cannot be read or checked is in the result.
    """
    covered = cover_document(document, canonical_nquads=canonical_nquads)
    if isinstance(covered.proofs, Problem):
        return ProofsResult(finding=judge_unreadable(covered.proofs), decisive=(), results=())
    results = check_proofs(covered.proofs, expected=expected, keys=keys)
    if covered.meaning is not None:
        return ProofsResult(finding=judge_uncovered(covered.meaning), decisive=(), results=results)
    return decide(results, controller=controller, purpose=expected.purpose)


def cover_document(document: JsonObject, *, canonical_nquads: CanonicalNquads) -> CoveredDocument:
    """Read the proofs of a document and work out what they sign. Raises nothing."""
    plain = unsecured(document)
    # The proofs of a set cover the same document: it is canonicalized once.
    remembered = _attempt(lambda: canonical_nquads(plain))

    meaning = remembered if isinstance(remembered, Problem) else None

    def nquads(value: JsonObject) -> bytes:
        return remembered if isinstance(remembered, bytes) and value == plain else canonical_nquads(value)

    proofs: Found[tuple[CoveredProof, ...]]
    try:
        proofs = tuple(_cover(document, proof, nquads, meaning) for proof in read_proofs(document))
    except Malformed as error:
        proofs = Problem.of(error)
    return CoveredDocument(meaning=meaning, proofs=proofs)


def check_proofs(proofs: Sequence[CoveredProof], *, expected: Expected, keys: KeyLookup) -> tuple[ProofResult, ...]:
    """Check each proof of a document, and then again in the light of those that it builds on."""
    results = [_check(item, expected=expected, keys=keys) for item in proofs]
    # A chain of n links is settled after n rounds; what is read has a beginning.
    for _ in results:
        by_id = {result.proof.id: result for result in results if result.proof.id is not None}
        results = [_after_previous(result, by_id) for result in results]
    return tuple(results)


def decide(results: Sequence[ProofResult], *, controller: str | None, purpose: str) -> ProofsResult:
    """Decide by the proofs that count (docs/verdict.md, "Several proofs").

    All proofs of the controller for this purpose that are of a known kind: each must hold. Where it has none, by what
    it has. Proofs of others are not asked for, but one that is broken is not passed over: something was changed.
    Without a controller every proof counts.
    """
    own = [result for result in results if controller is None or result.is_of(controller)]
    decisive = _most_telling(own, purpose) or _most_telling(results, purpose)[:1]
    finding = _worst([result.finding for result in decisive])
    if finding.result is Result.PASS and controller is not None and not own:
        finding = failed(Reason.KEY_NOT_LISTED, f"No proof is by {controller}.")
    if finding.result is Result.PASS:
        finding = next((result.finding for result in results if _is_broken(result)), finding)
    return ProofsResult(finding=finding, decisive=tuple(decisive), results=tuple(results))


def judge_unreadable(problem: Problem) -> Finding:
    """Say what follows when the proofs of a document, or one of them, cannot be read."""
    match problem.code:
        case "no-proof":
            return failed(Reason.NO_PROOF, "The document is not signed.")
        case "proof-unsupported" | "too-many-proofs":
            return unknown(Reason.PROOF_UNSUPPORTED, f"No proof of a kind that is checked here: {problem.message}.")
        case _:
            return failed(Reason.MALFORMED_PROOF, f"The proof cannot be read: {problem.message}.")


def judge_uncovered(problem: Problem) -> Finding:
    """Say what follows when it could not be worked out what a proof covers."""
    if problem.code == "malformed-proof":
        return failed(Reason.MALFORMED_PROOF, f"The proof does not fit the document: {problem.message}.")
    reasons = {UNKNOWN_CONTEXT: Reason.UNKNOWN_CONTEXT, TOO_COMPLEX: Reason.TOO_COMPLEX}
    reason = reasons.get(problem.code, Reason.NOT_JSON_LD)
    return unknown(reason, f"What the signature covers could not be worked out: {problem.message}.")


def _attempt(work: Callable[[], bytes]) -> Found[bytes]:
    try:
        return work()
    except (Malformed, Unavailable) as error:
        return Problem.of(error)


def _cover(
    document: JsonObject, proof: ReadProof, canonical_nquads: CanonicalNquads, meaning: Problem | None
) -> CoveredProof:
    if isinstance(proof, UnreadProof):
        return CoveredProof(proof=proof, covered=proof.problem)
    if meaning is not None and proof.suite.canonical_form is CanonicalForm.RDFC:
        # With the proofs it builds on, the document means no more than without.
        return CoveredProof(proof=proof, covered=meaning)
    try:
        return CoveredProof(proof=proof, covered=cover(document, proof, canonical_nquads=canonical_nquads))
    except (Malformed, Unavailable) as error:
        return CoveredProof(proof=proof, covered=Problem.of(error))


def _check(item: CoveredProof, *, expected: Expected, keys: KeyLookup) -> ProofResult:
    proof = item.proof
    if isinstance(proof, UnreadProof):
        return ProofResult(proof=proof, finding=judge_unreadable(proof.problem))
    unasked = _check_asked(proof, expected)
    if unasked is not None:
        return ProofResult(proof=proof, finding=unasked)
    if isinstance(item.covered, Problem):
        return ProofResult(proof=proof, finding=judge_uncovered(item.covered))
    signed = _check_signature(proof, item.covered, keys(proof.verification_method))
    if signed.key is None:
        return signed
    ended = _check_times(proof, signed.key, expected)
    return signed if ended is None else replace(signed, finding=ended)


def _check_asked(proof: Proof, expected: Expected) -> Finding | None:
    if proof.purpose != expected.purpose:
        sentence = f"The proof is for {proof.purpose}, not for {expected.purpose}."
        return failed(Reason.PROOF_PURPOSE_DIFFERS, sentence)
    if expected.challenge is not None and proof.challenge != expected.challenge:
        return failed(Reason.CHALLENGE_DIFFERS, "The proof does not answer the challenge that was made.")
    if expected.domains and set(proof.domains) != set(expected.domains):
        return failed(Reason.DOMAIN_DIFFERS, "The proof was made for another domain.")
    return None


def _check_signature(proof: Proof, covered: Covered, keys: Sequence[ListedKey]) -> ProofResult:
    if not keys:
        sentence = f"No DID document at hand has the key {proof.verification_method}."
        return ProofResult(proof=proof, finding=unknown(Reason.NO_KEY, sentence))
    fitting = [key for key in keys if key.public_key is not None and key.public_key.algorithm in proof.suite.algorithms]
    for key in fitting:
        if key.public_key is not None and verify_signature(
            key.public_key, signature=proof.signature, data=covered.hash_data(key.public_key.algorithm)
        ):
            sentence = f"The document is signed by {proof.verification_method}."
            return ProofResult(proof=proof, finding=passed(Reason.SIGNED, sentence), key=key)
    if any(key.public_key is None for key in keys):
        sentence = f"The key {proof.verification_method} is of a type that is not read here."
        return ProofResult(proof=proof, finding=unknown(Reason.KEY_UNSUPPORTED, sentence))
    if not fitting:
        sentence = f"The key {proof.verification_method} makes no signatures of the suite {proof.suite.name}."
        return ProofResult(proof=proof, finding=failed(Reason.KEY_UNFIT, sentence))
    sentence = "The signature is not that of the issuer's key over this document: something in it was changed."
    return ProofResult(proof=proof, finding=failed(Reason.SIGNATURE_MISMATCH, sentence))


def _check_times(proof: Proof, key: ListedKey, expected: Expected) -> Finding | None:
    if proof.expires is not None and expected.moment >= proof.expires:
        return failed(Reason.PROOF_EXPIRED, f"The signature itself was good until {write_time(proof.expires)}.")
    # By the clock too: a verdict as of a past moment may look at what was signed since.
    if proof.created is not None and proof.created > max(expected.moment, expected.now) + CLOCK_SKEW:
        return failed(Reason.PROOF_NOT_YET_MADE, f"The proof says it was made at {write_time(proof.created)}.")
    if expected.valid_keys and not key.valid_at(expected.moment):
        return failed(Reason.KEY_ENDED, f"The key {key.id} has ended.")
    return None


def _after_previous(result: ProofResult, by_id: Mapping[str, ProofResult]) -> ProofResult:
    proof = result.proof
    if result.finding.result is not Result.PASS or isinstance(proof, UnreadProof) or not proof.previous:
        return result
    worst = _worst([by_id[name].finding for name in proof.previous])
    if worst.result is Result.PASS:
        return result
    sentence = f"It builds on a proof that is not known to hold: {worst.sentence}"
    return replace(result, finding=Finding(result=worst.result, reason=Reason.PREVIOUS_PROOF, sentence=sentence))


def _most_telling(results: Sequence[ProofResult], purpose: str) -> list[ProofResult]:
    """Return those of the right purpose that can be checked, else those that cannot, else those of another purpose."""
    fitting = [result for result in results if result.proof.purpose == purpose]
    known = [result for result in fitting if result.finding.reason is not Reason.PROOF_UNSUPPORTED]
    unsupported = [result for result in results if result.finding.reason is Reason.PROOF_UNSUPPORTED]
    return known or [result for result in fitting if result in unsupported] or unsupported or list(results)


def _worst(findings: Sequence[Finding]) -> Finding:
    for result in (Result.FAIL, Result.UNKNOWN):
        for finding in findings:
            if finding.result is result:
                return finding
    return findings[0]


def _is_broken(result: ProofResult) -> bool:
    return result.finding.result is Result.FAIL and result.finding.reason in _BROKEN

"""Checks 2 and 3: the issuer's key signed the document, and it is the issuer's (protocol section 8).

Where a key comes from decides what it proves. Resolved now, given by the verifier or derived from a did:key: the
issuer's word. The receipt's copy: the registry's word, which counts for a verifier that trusts that very log, and only
once the chain has shown that the log anchored it. The signature itself is checked with whichever key fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.canonical import canonicalize
from registry.domain.check import Finding, Reason, Result, failed, passed, unknown
from registry.domain.checks_inclusion import check_anchor, check_inclusion, check_leaf, proved_anchored
from registry.domain.data_integrity import ASSERTION, Proof
from registry.domain.did_document import DidDocument, ListedKey, parse_did_document
from registry.domain.errors import Malformed
from registry.domain.evidence import Evidence, IssuerSource, Profile
from registry.domain.hashing import sha256
from registry.domain.key_lookup import derived_keys
from registry.domain.log_name import LogName
from registry.domain.problem import Found, Problem
from registry.domain.proof_checking import (
    Expected,
    ProofResult,
    check_proofs,
    decide,
    judge_uncovered,
    judge_unreadable,
)

DID_UNRESOLVABLE: Final = "did-unresolvable"
"""The gatherer's word for a DID document that could not be had, as opposed to one that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What came of check 2, and the proofs and keys it came by."""

    finding: Finding
    proofs: tuple[ProofResult, ...]
    """The proofs that decided; each with the key that made it, where one is known to have."""
    others: int
    """Proofs beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A DID document that counts as the issuer's word."""

    document: DidDocument
    reason: Reason
    """How a pass by it is called."""
    logs_named: bool
    """It could name logs: a did:key's cannot."""


def check_signature(evidence: Evidence) -> Signature:
    """2: the issuer's key signed this document; the key may come from the receipt's copy.

    Every proof of the issuer that can be checked must hold (docs/verdict.md, "Several proofs").
    """
    covered, issuer = evidence.covered, evidence.presented.issuer
    if isinstance(covered.proofs, Problem):
        return Signature(finding=_unreadable(evidence, covered.proofs), proofs=(), others=0)
    # Whether a key had ended is check 3, by the chain's clock.
    expected = Expected(purpose=ASSERTION, moment=evidence.moment, now=evidence.now, valid_keys=False)
    results = check_proofs(covered.proofs, expected=expected, keys=lambda name: _keys(evidence, name))
    decided = decide(results, controller=issuer or "", purpose=ASSERTION)
    finding = decided.finding
    if finding.reason is Reason.KEY_NOT_LISTED:
        # Somebody signed it. That it was not the issuer is check 3.
        finding = unknown(Reason.NO_KEY, finding.sentence)
    if covered.meaning is not None and finding.result is Result.PASS:
        # Signed as JSON, without a word of what the JSON means.
        finding = judge_uncovered(covered.meaning)
    return Signature(finding=finding, proofs=decided.decisive, others=len(results) - len(decided.decisive))


def check_issuer(evidence: Evidence, signature: Signature) -> Finding:
    """3: the keys are the issuer's for assertions, were valid when anchored, and the document names this log."""
    if not any(isinstance(result.proof, Proof) for result in signature.proofs):
        return unknown(Reason.NO_KEY, "The document names no key that could be looked for.")
    authority = _authority(evidence)
    if isinstance(authority, Finding):
        return authority
    unnamed = _check_log_named(evidence, authority)
    if unnamed is not None:
        return unnamed
    keys: list[ListedKey] = []
    for result in signature.proofs:
        listed = _check_listed(evidence, authority, result)
        if isinstance(listed, Finding):
            return listed
        keys.append(listed)
    return passed(authority.reason, _pass_sentence(authority, keys[0]))


def authoritative_keys(evidence: Evidence, verification_method: str) -> tuple[ListedKey, ...]:
    """Return the issuer's key of that name, from a document that counts as the issuer's word, unless it has ended.

    For status lists, and so with keys that sign nothing else. They speak of now: whoever holds an ended key could date
    one back.
    """
    authority = _authority(evidence)
    if isinstance(authority, Finding):
        return ()
    key = authority.document.list_key(verification_method)
    return () if key is None or not key.valid_at(evidence.moment) else (key,)


def _unreadable(evidence: Evidence, problem: Problem) -> Finding:
    if isinstance(evidence.presented.document, Problem):
        return unknown(Reason.FORM_FAILED, "There is no document whose signature could be checked.")
    return judge_unreadable(problem)


def _keys(evidence: Evidence, verification_method: str) -> Sequence[ListedKey]:
    """Return the keys that a name may stand for: the issuer's, and those of others where they are derived."""
    found = [key for document in _documents(evidence) if (key := document.key(verification_method)) is not None]
    issuer = evidence.presented.issuer
    if found or (issuer is not None and verification_method.startswith(f"{issuer}#")):
        return found
    return derived_keys(verification_method, purpose=ASSERTION)


def _documents(evidence: Evidence) -> list[DidDocument]:
    """The DID documents whose keys may be tried, the issuer's own word first."""
    issuer = evidence.issuer.document
    own = [] if issuer is None or isinstance(issuer, Problem) else [issuer]
    # A did:key is its own document: another one under that name is a forgery and is never looked at.
    copies = [] if evidence.issuer.source is IssuerSource.DERIVED else _receipt_copy(evidence)
    return [document for document in [*own, *copies] if document.id == evidence.presented.issuer]


def _receipt_copy(evidence: Evidence) -> list[DidDocument]:
    if evidence.parts is None:
        return []
    try:
        return [parse_did_document(evidence.parts.issuer)]
    except Malformed:
        return []


def _committed_copy(evidence: Evidence) -> DidDocument | None:
    """The receipt's copy, when it is the document that the batch header commits to."""
    if evidence.parts is None:
        return None
    try:
        header, _ = evidence.parts.parse_batch()
    except Malformed:
        return None
    copies = [copy for copy in _receipt_copy(evidence) if copy.id == evidence.presented.issuer == header.issuer]
    return copies[0] if copies and sha256(canonicalize(evidence.parts.issuer)) == header.did_document else None


def _authority(evidence: Evidence) -> Authority | Finding:
    source, document = evidence.issuer.source, evidence.issuer.document
    if isinstance(document, DidDocument):
        if document.id != evidence.presented.issuer:
            sentence = f"The DID document is of {document.id}, the credential of {evidence.presented.issuer}."
            return unknown(Reason.DID_DOCUMENT_UNREADABLE, sentence)
        if source is IssuerSource.DERIVED:
            return Authority(document=document, reason=Reason.KEY_DERIVED, logs_named=False)
        return Authority(document=document, reason=Reason.KEY_LISTED, logs_named=True)
    return _trusted_copy(evidence, document)


def _trusted_copy(evidence: Evidence, problem: Found[DidDocument] | None) -> Authority | Finding:
    """Fall back on the receipt's copy, for a verifier that trusts the log; else say why nothing is known."""
    slot, copy = evidence.presented.log_slot, _committed_copy(evidence)
    if copy is not None and slot is not None and slot.log in evidence.policy.trusted_logs:
        # A receipt can name any log: only what the chain shows to be in this one is this one's word.
        if not proved_anchored(evidence):
            sentence = f"That {slot.log} vouches for the issuer's DID document is not proved."
            return unknown(Reason.LOG_WORD_UNPROVED, sentence)
        return Authority(document=copy, reason=Reason.KEY_LISTED_BY_LOG, logs_named=True)
    if isinstance(problem, Problem):
        unresolvable = problem.code == DID_UNRESOLVABLE
        reason = Reason.DID_UNRESOLVABLE if unresolvable else Reason.DID_DOCUMENT_UNREADABLE
        return unknown(reason, f"The issuer's DID document could not be had: {problem.message}.")
    if copy is not None:
        sentence = "The issuer's DID was not resolved: only the registry's copy is at hand, and its log is not trusted."
        return unknown(Reason.LOG_NOT_TRUSTED, sentence)
    return unknown(Reason.DID_NOT_RESOLVED, "The issuer's DID was not resolved.")


def _check_log_named(evidence: Evidence, authority: Authority) -> Finding | None:
    if not authority.logs_named:
        return None
    slot, named = evidence.presented.log_slot, authority.document.logs
    if evidence.policy.profile is Profile.VC:
        return _check_vc_inclusion(evidence, named=named)
    if slot is None:
        return unknown(Reason.FORM_FAILED, "The document names no log.")
    if slot.log not in named:
        # A stolen key with a log of the thief's own ends here.
        return failed(Reason.LOG_NOT_NAMED, f"The issuer's DID document does not name the log {slot.log}.")
    return None


def _check_vc_inclusion(evidence: Evidence, *, named: tuple[LogName, ...]) -> Finding | None:
    """Where the issuer anchors all it issues, what is not anchored is not the issuer's: in the profile vc too."""
    if not named:
        return None
    slot = evidence.presented.log_slot
    missing = "The issuer's DID document names a log, and nothing proves that the credential is in it."
    if evidence.receipt is None or slot is None or slot.log not in named:
        return failed(Reason.INCLUSION_MISSING, missing)
    results = {check(evidence).result for check in (check_leaf, check_inclusion, check_anchor)}
    if Result.FAIL in results:
        return failed(Reason.INCLUSION_MISSING, missing)
    if results != {Result.PASS}:
        return unknown(Reason.INCLUSION_UNKNOWN, "The issuer anchors what it issues; that could not be checked.")
    return None


def _check_listed(evidence: Evidence, authority: Authority, result: ProofResult) -> ListedKey | Finding:
    """Find the key of a proof in the document that counts, good when the credential was anchored."""
    key = _listed(authority.document, result)
    if key is None:
        return _not_listed(evidence, result)
    ended = _check_key_time(evidence, key)
    return key if ended is None else ended


def _listed(document: DidDocument, result: ProofResult) -> ListedKey | None:
    method = result.proof.verification_method
    key = None if method is None else document.key(method)
    if key is None or result.key is None:
        return key
    # Another key under the same name is another key.
    return key if key.public_key == result.key.public_key else None


def _not_listed(evidence: Evidence, result: ProofResult) -> Finding:
    copy = None if evidence.issuer.source is IssuerSource.DERIVED else _committed_copy(evidence)
    method = result.proof.verification_method
    if copy is not None and _listed(copy, result) is not None:
        sentence = f"The issuer's DID document no longer has {method}; it had when the batch was sealed."
        return unknown(Reason.KEY_WITHDRAWN, sentence)
    return failed(Reason.KEY_NOT_LISTED, f"{method} is no key of the issuer for assertions.")


def _check_key_time(evidence: Evidence, key: ListedKey) -> Finding | None:
    """A key with an end must have been good when the credential was anchored, by the chain's clock."""
    if key.valid_at(evidence.moment):
        # Anchored no later than the moment judged, so good then too.
        return None
    anchored = _anchored_time(evidence)
    if anchored is None:
        sentence = f"The key {key.id} has ended, and when the credential was anchored is not known."
        return unknown(Reason.ANCHORED_TIME_UNKNOWN, sentence)
    if not key.valid_at(anchored):
        return failed(Reason.KEY_ENDED, f"The key {key.id} had ended when the credential was anchored.")
    return None


def _anchored_time(evidence: Evidence) -> datetime | None:
    if evidence.parts is None or evidence.view is None or not proved_anchored(evidence):
        return None
    return evidence.view.anchored_at.get(evidence.parts.anchor.epoch)


def _pass_sentence(authority: Authority, key: ListedKey) -> str:
    match authority.reason:
        case Reason.KEY_DERIVED:
            return f"{key.id} is the issuer's own identifier; a did:key can name no log, that part is skipped."
        case Reason.KEY_LISTED_BY_LOG:
            return f"By the word of the trusted log, {key.id} is a key of the issuer for assertions."
        case _:
            return f"{key.id} is a key of the issuer for assertions, and the issuer names this log."

"""Checks 2 and 3: the issuer's key signed the document, and it is the issuer's (protocol section 8).

Where a key comes from decides what it proves. Resolved now, given by the verifier or derived from a did:key: the
issuer's word. The receipt's copy: the registry's word, which counts for a verifier that trusts that very log, and only
once the chain has shown that the log anchored it. The signature itself is checked with whichever key fits.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.canonical import canonicalize
from registry.domain.check import Finding, Reason, Result, failed, passed, unknown
from registry.domain.checks_document import TOO_COMPLEX, UNKNOWN_CONTEXT
from registry.domain.checks_inclusion import check_anchor, check_inclusion, check_leaf, proved_anchored
from registry.domain.data_integrity import Proof, verify_ed25519
from registry.domain.did_document import AssertionKey, DidDocument, parse_did_document
from registry.domain.errors import Malformed
from registry.domain.evidence import Evidence, IssuerSource, Profile
from registry.domain.fields import write_time
from registry.domain.hashing import sha256
from registry.domain.log_name import LogName
from registry.domain.presented import Found, Problem

DID_UNRESOLVABLE: Final = "did-unresolvable"
"""The gatherer's word for a DID document that could not be had, as opposed to one that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What came of check 2, and the key it came by."""

    finding: Finding
    key: AssertionKey | None
    """The key that made the signature; None when none is known to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A DID document that counts as the issuer's word."""

    document: DidDocument
    reason: Reason
    """How a pass by it is called."""
    logs_named: bool
    """It could name logs: a did:key's cannot."""


def check_signature(evidence: Evidence) -> Signature:
    """2: the issuer's key signed this document; the key may come from the receipt's copy."""
    proof, signed = evidence.presented.proof, evidence.signed_data
    if isinstance(proof, Problem):
        return Signature(finding=_unusable_proof(evidence, proof), key=None)
    if isinstance(signed, Problem):
        return Signature(finding=_not_canonicalized(signed), key=None)
    candidates = [
        key for document in _documents(evidence) if (key := _key(document, proof.verification_method)) is not None
    ]
    if not candidates:
        sentence = f"No DID document at hand has the key {proof.verification_method}."
        return Signature(finding=unknown(Reason.NO_KEY, sentence), key=None)
    for key in candidates:
        if key.public_key is not None and verify_ed25519(
            public_key=key.public_key, signature=proof.signature, data=signed
        ):
            return Signature(finding=_signed(evidence, proof), key=key)
    if any(key.public_key is None for key in candidates):
        sentence = f"The key {proof.verification_method} is of a type that is not read here."
        return Signature(finding=unknown(Reason.KEY_UNSUPPORTED, sentence), key=None)
    sentence = "The signature is not that of the issuer's key over this document: something in it was changed."
    return Signature(finding=failed(Reason.SIGNATURE_MISMATCH, sentence), key=None)


def check_issuer(evidence: Evidence, signature: Signature) -> Finding:
    """3: the key is the issuer's for assertions, was valid when anchored, and the document names this log."""
    proof = evidence.presented.proof
    if isinstance(proof, Problem):
        return unknown(Reason.NO_KEY, "The document names no key that could be looked for.")
    authority = _authority(evidence)
    if isinstance(authority, Finding):
        return authority
    unnamed = _check_log_named(evidence, authority)
    if unnamed is not None:
        return unnamed
    key = _listed(authority.document, proof, signature)
    if key is None:
        return _not_listed(evidence, proof, signature)
    ended = _check_key_time(evidence, key)
    if ended is not None:
        return ended
    return passed(authority.reason, _pass_sentence(authority, key))


def authoritative_keys(evidence: Evidence, verification_method: str) -> tuple[bytes, ...]:
    """Return the issuer's key of that name, from a document that counts as the issuer's word, unless it has ended.

    For what speaks of now, such as a status list: whoever holds an ended key could date it back.
    """
    authority = _authority(evidence)
    if isinstance(authority, Finding):
        return ()
    key = _key(authority.document, verification_method)
    return () if key is None or key.public_key is None or not key.valid_at(evidence.moment) else (key.public_key,)


def _unusable_proof(evidence: Evidence, problem: Problem) -> Finding:
    if isinstance(evidence.presented.document, Problem):
        return unknown(Reason.FORM_FAILED, "There is no document whose signature could be checked.")
    if problem.code == "no-proof":
        return failed(Reason.NO_PROOF, "The document is not signed.")
    if problem.code in {"proof-unsupported", "proof-chain-unsupported", "too-many-proofs"}:
        return unknown(Reason.PROOF_UNSUPPORTED, f"No proof of a kind that is checked here: {problem.message}.")
    return failed(Reason.MALFORMED_PROOF, f"The proof cannot be read: {problem.message}.")


def _not_canonicalized(problem: Problem) -> Finding:
    reason = {UNKNOWN_CONTEXT: Reason.UNKNOWN_CONTEXT, TOO_COMPLEX: Reason.TOO_COMPLEX}.get(
        problem.code, Reason.NOT_JSON_LD
    )
    return unknown(reason, f"What the signature covers could not be worked out: {problem.message}.")


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


def _key(document: DidDocument, verification_method: str) -> AssertionKey | None:
    key = document.key(verification_method)
    # Controlled Identifiers 1.0 section 3.3: a document speaks for the keys it controls, and for no others.
    return key if key is not None and key.controller == document.id else None


def _signed(evidence: Evidence, proof: Proof) -> Finding:
    if proof.expires is not None and evidence.moment >= proof.expires:
        return failed(Reason.PROOF_EXPIRED, f"The signature itself was good until {write_time(proof.expires)}.")
    return passed(Reason.SIGNED, f"The document is signed by {proof.verification_method}.")


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


def _listed(document: DidDocument, proof: Proof, signature: Signature) -> AssertionKey | None:
    key = _key(document, proof.verification_method)
    if key is None or signature.key is None:
        return key
    # Another key under the same name is another key.
    return key if key.public_key == signature.key.public_key else None


def _not_listed(evidence: Evidence, proof: Proof, signature: Signature) -> Finding:
    copy = None if evidence.issuer.source is IssuerSource.DERIVED else _committed_copy(evidence)
    if copy is not None and _listed(copy, proof, signature) is not None:
        sentence = (
            f"The issuer's DID document no longer has {proof.verification_method}; it had when the batch was sealed."
        )
        return unknown(Reason.KEY_WITHDRAWN, sentence)
    return failed(Reason.KEY_NOT_LISTED, f"{proof.verification_method} is no key of the issuer for assertions.")


def _check_key_time(evidence: Evidence, key: AssertionKey) -> Finding | None:
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


def _pass_sentence(authority: Authority, key: AssertionKey) -> str:
    match authority.reason:
        case Reason.KEY_DERIVED:
            return f"{key.id} is the issuer's own identifier; a did:key can name no log, that part is skipped."
        case Reason.KEY_LISTED_BY_LOG:
            return f"By the word of the trusted log, {key.id} is a key of the issuer for assertions."
        case _:
            return f"{key.id} is a key of the issuer for assertions, and the issuer names this log."

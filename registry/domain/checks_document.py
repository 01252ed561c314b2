"""Checks 1 and 8: what the document alone decides (protocol section 8)."""

from collections.abc import Iterator
from typing import Final

from registry.domain.canonical import JsonObject
from registry.domain.check import Finding, Reason, failed, passed, skipped, unknown
from registry.domain.data_integrity import Proof
from registry.domain.endorsements import describe, is_forged, judge_endorsement
from registry.domain.evidence import Evidence, Profile
from registry.domain.fields import write_time
from registry.domain.problem import Problem
from registry.domain.proof_checking import TOO_COMPLEX, UNKNOWN_CONTEXT
from registry.domain.related_resource import unknown_resources
from registry.domain.vc_form import own_contexts

_NOT_KNOWN: Final = frozenset({TOO_COMPLEX, UNKNOWN_CONTEXT, "malformed-proof"})
"""No fault of the document's form: check 2 says what follows."""


def check_form(evidence: Evidence) -> Finding:
    """1: a well-formed VC 2.0 / OB 3.0, I-JSON, with a slot."""
    presented = evidence.presented
    if presented.token:
        return unknown(Reason.TOKEN_UNSUPPORTED, "A JWT or SD-JWT was presented; this version judges JSON credentials.")
    if isinstance(presented.document, Problem):
        return failed(Reason.NOT_JSON, f"The file is not I-JSON: {presented.document.message}.")
    if presented.form_problems:
        return failed(
            Reason.NOT_A_CREDENTIAL, f"The document is no verifiable credential: {presented.form_problems[0].message}."
        )
    for problem in _meaningless(evidence):
        if problem.code not in _NOT_KNOWN:
            return failed(Reason.NOT_JSON_LD, f"Part of the document has no meaning in JSON-LD: {problem.message}.")
    if isinstance(presented.slot, Problem) and evidence.policy.profile is Profile.CREDROOT:
        return failed(Reason.NO_SLOT, f"The document names no status slot of a log: {presented.slot.message}.")
    for finding in _doubts(evidence, presented.document):
        return finding
    return passed(Reason.WELL_FORMED, "The document is a well-formed verifiable credential.")


def check_validity(evidence: Evidence) -> Finding:
    """8: now (or the date asked for) is inside validFrom..validUntil."""
    bounds = evidence.presented.validity
    if isinstance(bounds, Problem):
        return unknown(Reason.FORM_FAILED, "The period of validity could not be read.")
    valid_from, valid_until = bounds
    moment = evidence.moment
    if valid_from is not None and moment < valid_from:
        return failed(Reason.NOT_YET_VALID, f"The credential is valid from {write_time(valid_from)} on.")
    if valid_until is not None and moment > valid_until:
        return failed(Reason.EXPIRED, f"The credential was valid until {write_time(valid_until)}.")
    return passed(Reason.IN_FORCE, f"The credential is within its period of validity at {write_time(moment)}.")


def check_recognition(evidence: Evidence) -> Finding:
    """12: the verifier's policy recognises the issuer."""
    recognised, issuer = evidence.policy.recognised, evidence.presented.issuer
    if recognised is None:
        return skipped(Reason.NO_POLICY, "No policy was given that says which issuers are recognised.")
    if issuer is None:
        return unknown(Reason.FORM_FAILED, "The document names no issuer.")
    if issuer in recognised:
        return passed(Reason.RECOGNISED, f"The policy recognises {issuer}.")
    return failed(Reason.NOT_RECOGNISED, f"The policy does not recognise {issuer}.")


def _doubts(evidence: Evidence, document: JsonObject) -> Iterator[Finding]:
    """Tell what keeps a well-formed document from being passed."""
    if own_contexts(document) and evidence.policy.profile is Profile.CREDROOT:
        sentence = "The document defines terms itself: what its JSON says is not what a reader would take it for."
        yield unknown(Reason.OWN_CONTEXT, sentence)
    for resource in unknown_resources(document):
        sentence = f"The digest of the related resource {resource} could not be compared."
        yield unknown(Reason.RELATED_RESOURCE_UNKNOWN, sentence)
    for endorsement in evidence.endorsements:
        found = judge_endorsement(endorsement, moment=evidence.moment, now=evidence.now)
        if is_forged(found):
            yield unknown(Reason.ENDORSEMENT_BROKEN, describe(endorsement, found))


def _meaningless(evidence: Evidence) -> Iterator[Problem]:
    """Tell what of the document JSON-LD would drop, in the issuer's proofs too."""
    covered, issuer = evidence.covered, evidence.presented.issuer
    if covered.meaning is not None:
        yield covered.meaning
    for item in () if isinstance(covered.proofs, Problem) else covered.proofs:
        method = item.proof.verification_method
        own = method is not None and issuer is not None and method.startswith(f"{issuer}#")
        if own and isinstance(item.covered, Problem) and isinstance(item.proof, Proof):
            yield item.covered

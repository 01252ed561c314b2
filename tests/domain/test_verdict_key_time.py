"""Check 3: was the key good when the credential was anchored; and the profile vc (protocol section 8)."""

from dataclasses import replace
from datetime import timedelta

from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Unavailable
from registry.domain.evidence import IssuerEvidence, IssuerSource, Profile
from registry.domain.problem import Problem
from registry.domain.verdict import Word, judge
from registry.service.verifying import VerifyRequest
from tests.epochs import (
    NOW,
    sign,
)
from tests.issuer_case import Case, document_with
from tests.verdicts import default_policy, make_verifier, not_passed, outcome


def test_a_key_revoked_after_the_anchored_time_still_stands() -> None:
    case = Case()

    verdict = case.verify(resolved=document_with(logs=[case.chain.log], revoked=NOW - timedelta(minutes=30)))

    assert verdict.word is Word.VALID, not_passed(verdict)


def test_a_key_revoked_before_the_anchored_time_fails_whatever_the_header_says() -> None:
    case = Case()

    verdict = case.verify(resolved=document_with(logs=[case.chain.log], revoked=NOW - timedelta(hours=3)))

    assert outcome(verdict, CheckId.ISSUER) == (Result.FAIL, Reason.KEY_ENDED)
    assert verdict.word is Word.INVALID


def test_a_key_that_has_ended_is_unknown_when_the_anchored_time_is_not_to_be_had() -> None:
    case = Case()
    case.chain.searchable = False

    verdict = case.verify(resolved=document_with(logs=[case.chain.log], expires=NOW - timedelta(minutes=30)))

    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.ANCHORED_TIME_UNKNOWN)
    assert verdict.word is Word.INDETERMINATE
    assert any("epoch 1" in note for note in verdict.notes)


def test_a_key_that_has_ended_is_unknown_without_a_receipt() -> None:
    case = Case()

    verdict = case.verify(
        resolved=document_with(logs=[case.chain.log], expires=NOW - timedelta(minutes=30)), with_receipt=False
    )

    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.ANCHORED_TIME_UNKNOWN)


def test_a_key_that_is_still_good_needs_no_anchored_time() -> None:
    case = Case()
    case.chain.searchable = False

    verdict = case.verify(resolved=document_with(logs=[case.chain.log], expires=NOW + timedelta(days=1)))

    assert verdict.word is Word.VALID, not_passed(verdict)


def test_in_the_profile_vc_an_issuer_that_anchors_needs_a_proof_of_inclusion() -> None:
    case = Case()
    policy = replace(default_policy(), profile=Profile.VC)
    resolved = document_with(logs=[case.chain.log])
    broken = case.world.receipt(case.issued).to_json()
    broken["path"] = []

    whole = case.verify(policy=policy, resolved=resolved)
    without = case.verify(policy=policy, resolved=resolved, with_receipt=False)
    wrong = case.verify(policy=policy, resolved=resolved, receipt=broken)
    case.chain.failure = Unavailable("rpc-unreachable", "no answer")
    dark = case.verify(policy=policy, resolved=resolved)

    assert whole.word is Word.VALID, not_passed(whole)
    assert outcome(without, CheckId.ISSUER) == (Result.FAIL, Reason.INCLUSION_MISSING)
    assert outcome(wrong, CheckId.ISSUER) == (Result.FAIL, Reason.INCLUSION_MISSING)
    assert outcome(dark, CheckId.ISSUER) == (Result.UNKNOWN, Reason.INCLUSION_UNKNOWN)
    assert without.word is Word.INVALID


def test_in_the_profile_vc_an_issuer_without_a_log_needs_none() -> None:
    case = Case()
    policy = replace(default_policy(), profile=Profile.VC)

    verdict = case.verify(policy=policy, resolved=document_with(logs=[]))

    assert outcome(verdict, CheckId.ISSUER) == (Result.PASS, Reason.KEY_LISTED)
    assert {outcome(verdict, check)[1] for check in (CheckId.LEAF, CheckId.ANCHOR, CheckId.LOG)} == {Reason.PROFILE_VC}
    assert any("profile vc" in note for note in verdict.notes)


def test_a_document_without_a_slot_cannot_be_in_a_named_log() -> None:
    case = Case()
    unsigned = {name: member for name, member in case.issued.document.items() if name != "credentialStatus"}

    verdict = case.verify(
        document=sign(unsigned, issuer=case.world.web_issuer), resolved=document_with(logs=[case.chain.log])
    )

    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.FORM_FAILED)
    assert verdict.word is Word.INVALID


def test_an_unresolved_issuer_is_told_apart_from_an_unreadable_document() -> None:
    case = Case()
    evidence = make_verifier(chain=case.chain).gather(
        VerifyRequest(credential=case.issued.content, policy=default_policy())
    )
    problem = Problem(code="json-syntax", message="expected JSON")
    unreadable = replace(evidence, issuer=IssuerEvidence(source=IssuerSource.RESOLVED, document=problem))

    assert outcome(judge(unreadable), CheckId.ISSUER)[1] is Reason.DID_DOCUMENT_UNREADABLE

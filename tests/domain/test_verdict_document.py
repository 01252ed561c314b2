"""Checks 1, 2, 8, 11 and 12 by the document alone, and the verdict's JSON (protocol section 8)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Malformed
from registry.domain.evidence import Profile
from registry.domain.recognition import parse_recognition
from registry.domain.verdict import SCOPE, Word, judge
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW, sign
from tests.plain_case import Case
from tests.proofs import with_proof_times
from tests.verdicts import default_policy, make_verifier, not_passed, outcome


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a":1,"a":2}', b'{"a":"\\ud800"}', b'{"a":9007199254740993}'])
def test_what_is_no_i_json_has_no_form_and_is_invalid(content: bytes) -> None:
    verdict = Case().verify(document=content)

    assert outcome(verdict, CheckId.FORM) == (Result.FAIL, Reason.NOT_JSON)
    assert outcome(verdict, CheckId.SIGNATURE) == (Result.UNKNOWN, Reason.FORM_FAILED)
    assert outcome(verdict, CheckId.LEAF) == (Result.UNKNOWN, Reason.FORM_FAILED)
    assert outcome(verdict, CheckId.VALIDITY) == (Result.UNKNOWN, Reason.FORM_FAILED)
    assert verdict.word is Word.INVALID


def test_a_token_is_not_judged_and_not_called_forged() -> None:
    verdict = Case().verify(document=b"eyJh.eyJi.c2ln~disclosure~\n", with_receipt=False)

    assert outcome(verdict, CheckId.FORM) == (Result.UNKNOWN, Reason.TOKEN_UNSUPPORTED)
    assert verdict.word is Word.INDETERMINATE


def test_a_json_document_that_is_no_credential_fails() -> None:
    case = Case()

    verdict = case.verify(document=canonicalize(case.unsigned(type=["Other"])))

    assert outcome(verdict, CheckId.FORM) == (Result.FAIL, Reason.NOT_A_CREDENTIAL)


def test_a_term_that_json_ld_would_drop_fails_the_form() -> None:
    case = Case()

    verdict = case.verify(document=canonicalize({**case.issued.document, "grade": "A"}))

    assert outcome(verdict, CheckId.FORM) == (Result.FAIL, Reason.NOT_JSON_LD)
    assert outcome(verdict, CheckId.SIGNATURE) == (Result.UNKNOWN, Reason.NOT_JSON_LD)
    assert verdict.word is Word.INVALID


def test_an_unsigned_document_with_an_undefined_term_fails_the_form_too() -> None:
    case = Case()

    verdict = case.verify(document=canonicalize(case.unsigned(grade="A")))

    assert outcome(verdict, CheckId.FORM) == (Result.FAIL, Reason.NOT_JSON_LD)
    assert outcome(verdict, CheckId.SIGNATURE) == (Result.FAIL, Reason.NO_PROOF)


def test_a_context_that_is_not_installed_leaves_the_signature_unknown() -> None:
    case = Case()
    contexts: list[JsonValue] = ["https://www.w3.org/ns/credentials/v2", "https://example.org/unknown/v1"]

    verdict = case.verify(document=canonicalize({**case.issued.document, "@context": contexts}), with_receipt=False)

    assert outcome(verdict, CheckId.FORM) == (Result.PASS, Reason.WELL_FORMED)
    assert outcome(verdict, CheckId.SIGNATURE) == (Result.UNKNOWN, Reason.UNKNOWN_CONTEXT)
    assert verdict.word is Word.INDETERMINATE


def test_a_document_that_costs_too_much_is_unknown_not_forged() -> None:
    case = Case()
    document = {**case.issued.document, "name": "x" * 300_000}

    verdict = case.verify(document=canonicalize(document), with_receipt=False)

    assert outcome(verdict, CheckId.SIGNATURE) == (Result.UNKNOWN, Reason.TOO_COMPLEX)
    assert verdict.word is Word.INDETERMINATE


@pytest.mark.parametrize(
    ("change", "result", "reason"),
    [
        ({"cryptosuite": "bbs-2023"}, Result.UNKNOWN, Reason.PROOF_UNSUPPORTED),
        ({"cryptosuite": "ecdsa-rdfc-2019"}, Result.FAIL, Reason.KEY_UNFIT),
        ({"previousProof": "urn:uuid:1"}, Result.FAIL, Reason.MALFORMED_PROOF),
        ({"proofPurpose": "authentication"}, Result.FAIL, Reason.PROOF_PURPOSE_DIFFERS),
        ({"proofValue": "z111"}, Result.FAIL, Reason.MALFORMED_PROOF),
        ({"created": "yesterday"}, Result.FAIL, Reason.MALFORMED_PROOF),
    ],
)
def test_a_proof_that_is_not_checked_is_told_apart_from_a_broken_one(
    change: JsonObject, result: Result, reason: Reason
) -> None:
    case = Case()

    forged: JsonObject = {**case.issued.document, "proof": [{**case.proof(), **change}]}
    verdict = case.verify(document=canonicalize(forged))

    assert outcome(verdict, CheckId.SIGNATURE) == (result, reason)


def test_a_proof_that_has_expired_fails() -> None:
    case = Case()
    evidence = case.evidence()

    verdict = judge(replace(evidence, covered=with_proof_times(evidence.covered, expires=NOW)))

    assert outcome(verdict, CheckId.SIGNATURE) == (Result.FAIL, Reason.PROOF_EXPIRED)
    assert verdict.word is Word.INVALID


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (timedelta(0), Reason.IN_FORCE),
        (timedelta(days=10), Reason.IN_FORCE),
        (timedelta(days=10, seconds=1), Reason.EXPIRED),
        (timedelta(seconds=-1), Reason.NOT_YET_VALID),
    ],
)
def test_the_period_of_validity_includes_both_its_ends(moment: timedelta, reason: Reason) -> None:
    case = Case()
    evidence = case.evidence()
    bounded = replace(evidence.presented, validity=(NOW, NOW + timedelta(days=10)))

    verdict = judge(
        replace(
            evidence,
            presented=bounded,
            policy=replace(evidence.policy, at=NOW + moment, max_block_age=timedelta(days=99)),
        )
    )

    assert outcome(verdict, CheckId.VALIDITY)[1] is reason


def test_a_credential_without_bounds_is_always_in_force() -> None:
    evidence = Case().evidence()

    verdict = judge(replace(evidence, presented=replace(evidence.presented, validity=(None, None))))

    assert outcome(verdict, CheckId.VALIDITY) == (Result.PASS, Reason.IN_FORCE)


def test_a_policy_recognises_an_issuer_or_not() -> None:
    case = Case()
    known = replace(default_policy(), recognised=frozenset({case.issued.issuer.did}))
    none = replace(default_policy(), recognised=frozenset())

    assert outcome(case.verify(policy=known), CheckId.RECOGNITION) == (Result.PASS, Reason.RECOGNISED)
    assert outcome(case.verify(policy=none), CheckId.RECOGNITION) == (Result.FAIL, Reason.NOT_RECOGNISED)
    assert case.verify(policy=none).word is Word.UNTRUSTED


def test_a_document_without_issuer_is_recognised_by_nobody() -> None:
    verdict = Case().verify(document=b"{}", policy=replace(default_policy(), recognised=frozenset()))

    assert outcome(verdict, CheckId.RECOGNITION) == (Result.UNKNOWN, Reason.FORM_FAILED)
    assert verdict.word is Word.INVALID


def test_a_status_entry_of_another_purpose_is_ignored_with_a_note() -> None:
    case = Case()
    entry = case.issued.document["credentialStatus"]
    extra: JsonObject = {"type": "BitstringStatusListEntry", "statusPurpose": "message"}
    document = sign(case.unsigned(credentialStatus=[entry, extra]), issuer=case.world.key_issuer)

    verdict = case.verify(document=canonicalize(document), with_receipt=False)

    assert outcome(verdict, CheckId.FORM) == (Result.PASS, Reason.WELL_FORMED)
    assert any("message" in note for note in verdict.notes)


def test_the_json_names_the_block_by_hash_and_states_its_scope() -> None:
    case = Case()
    written = case.verify().to_json()

    assert written["verdict"] == "valid"
    assert written["exitCode"] == 0
    assert written["profile"] == "credroot"
    assert written["checkedAt"] == written["asOf"] == "2026-11-21T12:00:00Z"
    assert written["scope"] == SCOPE == "Authenticity, status and anchoring. Not whether the holder has the skill."
    block = written["block"]
    assert isinstance(block, dict)
    assert block["hash"] == f"0x{case.chain.blocks[-1].hash.hex()}"
    assert block["chain"] == "eip155:31337"
    checks = written["checks"]
    assert isinstance(checks, list)
    assert checks[0] == {
        "number": 1,
        "id": "form",
        "result": "pass",
        "code": "well-formed",
        "sentence": "The document is a well-formed verifiable credential.",
    }
    assert canonicalize(written)


def test_the_json_of_a_verdict_on_nothing_is_whole_too() -> None:
    written = make_verifier(chain=None).verify(VerifyRequest(credential=b"", policy=default_policy())).to_json()

    assert written["block"] is None
    assert written["credential"] == {
        "id": None,
        "issuer": None,
        "leaf": None,
        "log": None,
        "slot": None,
        "epoch": None,
    }
    assert written["exitCode"] == 1


def test_untrusted_and_indeterminate_have_exit_codes_of_their_own() -> None:
    case = Case()

    assert case.verify(policy=replace(default_policy(), recognised=frozenset())).exit_code == 2
    assert case.verify(with_receipt=False).exit_code == 3
    assert case.verify(document=b"{}").exit_code == 1


def test_the_profile_vc_skips_anchoring_and_says_so() -> None:
    verdict = Case().verify(policy=replace(default_policy(), profile=Profile.VC))

    assert verdict.word is Word.VALID, not_passed(verdict)
    for check in (CheckId.LEAF, CheckId.INCLUSION, CheckId.ANCHOR, CheckId.FINALITY, CheckId.LOG):
        assert outcome(verdict, check) == (Result.SKIPPED, Reason.PROFILE_VC)
    assert any("anchored was not asked" in note for note in verdict.notes)


def test_a_policy_file_lists_dids_with_names_or_without() -> None:
    content = b'["did:web:a.example", {"did": "did:web:b.example", "name": "B"}, {"did": "did:web:c.example"}]'

    assert parse_recognition(content) == {
        "did:web:a.example": None,
        "did:web:b.example": "B",
        "did:web:c.example": None,
    }


@pytest.mark.parametrize(
    "content", [b"{}", b"[5]", b'["a.example"]', b'[{"name": "B"}]', b'[{"did": "did:x:y", "z": 1}]']
)
def test_a_policy_file_of_another_form_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        parse_recognition(content)


def test_a_period_that_cannot_be_read_is_no_form_and_no_period() -> None:
    case = Case()

    verdict = case.verify(document=canonicalize({**case.issued.document, "validFrom": "yesterday"}))

    assert outcome(verdict, CheckId.FORM) == (Result.FAIL, Reason.NOT_A_CREDENTIAL)
    assert outcome(verdict, CheckId.VALIDITY)[1] in {Reason.FORM_FAILED, Reason.SIGNATURE_FAILED}

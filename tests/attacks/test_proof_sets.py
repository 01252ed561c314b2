"""Documents with several proofs: the leaf covers all of them, the verdict judges the issuer's own."""

from dataclasses import replace

import pytest

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.evidence import Profile
from registry.domain.verdict import Verdict, Word
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW, build_world, make_key_issuer, sign
from tests.memory_chain import memory_chain
from tests.plain_case import Case
from tests.verdicts import default_policy, make_verifier, not_passed, outcome, receipt_bytes

UNKNOWN_SUITE: JsonObject = {"type": "DataIntegrityProof", "cryptosuite": "bbs-2023", "proofValue": "u2V0"}


def stranger_proof(document: JsonObject, **changes: JsonValue) -> JsonObject:
    unsigned = {name: member for name, member in document.items() if name != "proof"}
    proofs = sign(unsigned, issuer=make_key_issuer("stranger"))["proof"]
    assert isinstance(proofs, list)
    assert isinstance(proofs[0], dict)
    return {**proofs[0], **changes}


def verify_anchored(*, before: list[JsonValue], after: list[JsonValue]) -> Verdict:
    """Judge a credential that was anchored with further proofs beside the issuer's."""
    chain = memory_chain()
    world = build_world(chain)
    issued = world.issue("Ada")
    proofs = issued.document["proof"]
    assert isinstance(proofs, list)
    notarised = replace(issued, document={**issued.document, "proof": [*before, *proofs, *after]})
    world.waiting = [notarised]
    world.seal()
    chain.mine(NOW)
    return make_verifier(chain=chain).verify(
        VerifyRequest(
            credential=notarised.content,
            receipt=receipt_bytes(world.receipt(notarised)),
            policy=default_policy(),
        )
    )


@pytest.mark.parametrize("position", ["first", "last"])
@pytest.mark.parametrize("kind", ["stranger", "unknown-suite"])
def test_a_proof_appended_after_anchoring_is_invalid_because_the_leaf_covers_all_proofs(
    position: str, kind: str
) -> None:
    case = Case()
    added = stranger_proof(case.issued.document) if kind == "stranger" else UNKNOWN_SUITE
    proofs: list[JsonValue] = [added, case.proof()] if position == "first" else [case.proof(), added]

    verdict = case.verify(document=canonicalize({**case.issued.document, "proof": proofs}))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.LEAF) == (Result.FAIL, Reason.LEAF_DIFFERS)


def test_a_second_copy_of_the_issuers_own_proof_is_another_document() -> None:
    case = Case()

    verdict = case.verify(document=canonicalize({**case.issued.document, "proof": [case.proof(), case.proof()]}))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.LEAF) == (Result.FAIL, Reason.LEAF_DIFFERS)


def test_a_notary_before_the_issuer_does_not_make_an_anchored_credential_look_forged() -> None:
    notary = stranger_proof(build_world(memory_chain()).issue("Ada").document)

    verdict = verify_anchored(before=[UNKNOWN_SUITE, notary], after=[])

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert any("3 proofs" in note for note in verdict.notes)


def test_a_stranger_after_the_issuer_is_noted_and_not_judged() -> None:
    verdict = verify_anchored(before=[], after=[{**UNKNOWN_SUITE, "proofPurpose": "assertionMethod"}])

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert any("2 proofs" in note for note in verdict.notes)


def test_a_strangers_proof_under_the_name_of_the_issuers_key_is_judged_and_fails() -> None:
    case = Case()
    forged = stranger_proof(case.issued.document, verificationMethod=case.issued.issuer.method)

    verdict = case.verify(document=canonicalize({**case.issued.document, "proof": [forged]}))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.SIGNATURE) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)


@pytest.mark.parametrize("profile", list(Profile))
def test_a_strangers_proof_alone_is_invalid_in_every_profile(profile: Profile) -> None:
    case = Case()

    verdict = case.verify(
        document=canonicalize({**case.issued.document, "proof": [stranger_proof(case.issued.document)]}),
        policy=replace(default_policy(), profile=profile),
    )

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.ISSUER) == (Result.FAIL, Reason.KEY_NOT_LISTED)


def test_a_strangers_key_whose_name_begins_with_the_issuers_is_not_the_issuers() -> None:
    case = Case()
    method = f"{case.issued.issuer.did}#z6MkStranger"

    verdict = case.verify(
        document=canonicalize(
            {**case.issued.document, "proof": [stranger_proof(case.issued.document, verificationMethod=method)]}
        )
    )

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.ISSUER) == (Result.FAIL, Reason.KEY_NOT_LISTED)


@pytest.mark.parametrize(
    ("proof", "reason"),
    [
        ([{}] * 17, (Result.UNKNOWN, Reason.PROOF_UNSUPPORTED)),
        ([UNKNOWN_SUITE], (Result.UNKNOWN, Reason.PROOF_UNSUPPORTED)),
        ([], (Result.FAIL, Reason.NO_PROOF)),
        ("z", (Result.FAIL, Reason.MALFORMED_PROOF)),
        ([["z"]], (Result.FAIL, Reason.MALFORMED_PROOF)),
        (7, (Result.FAIL, Reason.MALFORMED_PROOF)),
    ],
)
def test_a_proof_of_another_shape_never_passes(proof: JsonValue, reason: tuple[Result, Reason]) -> None:
    case = Case()

    verdict = case.verify(document=canonicalize({**case.issued.document, "proof": proof}))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.SIGNATURE) == reason


def test_the_issuers_proof_with_any_option_changed_does_not_hold() -> None:
    case = Case()
    for name, value in (
        ("created", "2026-11-02T00:00:00Z"),
        ("proofValue", "z" + "1" * 64),
        ("domain", "https://other.example"),
        ("expires", "2099-01-01T00:00:00Z"),
    ):
        changed: JsonObject = {**case.issued.document, "proof": [{**case.proof(), name: value}]}
        verdict = case.verify(document=canonicalize(changed))
        assert verdict.word is Word.INVALID, name
        assert outcome(verdict, CheckId.SIGNATURE) == (Result.FAIL, Reason.SIGNATURE_MISMATCH), name

"""Checks 2 and 3: whose key, by whose word (protocol section 8)."""

from dataclasses import replace

import pytest

from registry.domain.canonical import JsonObject
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Unavailable
from registry.domain.verdict import Word, judge
from registry.service.verifying import VerifyRequest
from tests.epochs import (
    NOW,
    WEB_ISSUER,
    build_world,
    make_key_issuer,
    make_web_issuer,
    sign,
)
from tests.issuer_case import AnchorIn, Case, document_with
from tests.verdicts import default_policy, make_verifier, not_passed, outcome, receipt_bytes


def test_a_resolved_document_that_lists_the_key_and_the_log_passes() -> None:
    case = Case()

    verdict = case.verify(resolved=document_with(logs=[case.chain.log]))

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert outcome(verdict, CheckId.ISSUER) == (Result.PASS, Reason.KEY_LISTED)


def test_a_given_document_counts_as_a_resolved_one() -> None:
    case = Case()

    verdict = case.verify(given=document_with(logs=[case.chain.log]))

    assert verdict.word is Word.VALID
    assert outcome(verdict, CheckId.ISSUER) == (Result.PASS, Reason.KEY_LISTED)


def test_the_receipts_copy_alone_leaves_the_issuer_unknown() -> None:
    verdict = Case().verify()

    assert verdict.word is Word.INDETERMINATE
    assert outcome(verdict, CheckId.SIGNATURE) == (Result.PASS, Reason.SIGNED)
    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.LOG_NOT_TRUSTED)


def test_the_receipts_copy_counts_for_a_verifier_that_trusts_that_log() -> None:
    case = Case()

    verdict = case.verify(policy=case.trusting)

    assert verdict.word is Word.VALID
    assert outcome(verdict, CheckId.ISSUER) == (Result.PASS, Reason.KEY_LISTED_BY_LOG)


def test_trust_in_another_log_is_no_trust_in_this_one() -> None:
    case = Case()
    other = replace(case.chain.log, number=2)

    verdict = case.verify(policy=replace(default_policy(), trusted_logs=frozenset({other})))

    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.LOG_NOT_TRUSTED)


def test_a_trusted_logs_word_is_not_taken_before_the_chain_has_proved_it() -> None:
    case = Case()
    case.chain.failure = Unavailable("rpc-unreachable", "no answer")

    verdict = case.verify(policy=case.trusting)

    assert verdict.word is Word.INDETERMINATE
    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.LOG_WORD_UNPROVED)


def test_a_forged_receipt_of_a_trusted_logs_future_epoch_is_not_called_pending() -> None:
    case = Case()
    receipt = case.world.receipt(case.issued).to_json()
    anchor = receipt["anchor"]
    assert isinstance(anchor, dict)
    receipt["anchor"] = {**anchor, "epoch": 99}

    verdict = case.verify(policy=case.trusting, receipt=receipt)

    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.EPOCH_NOT_REACHED)
    assert verdict.word is Word.INDETERMINATE


def test_without_receipt_and_without_resolving_neither_key_nor_issuer_is_known() -> None:
    verdict = Case().verify(with_receipt=False)

    assert outcome(verdict, CheckId.SIGNATURE) == (Result.UNKNOWN, Reason.NO_KEY)
    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.DID_NOT_RESOLVED)
    assert verdict.word is Word.INDETERMINATE


def test_a_key_that_the_resolved_document_no_longer_has_is_withdrawn_not_forged() -> None:
    case = Case()

    verdict = case.verify(resolved=document_with(seed="new", fragment="key-2", logs=[case.chain.log]))

    assert outcome(verdict, CheckId.SIGNATURE) == (Result.PASS, Reason.SIGNED)
    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.KEY_WITHDRAWN)
    assert verdict.word is Word.INDETERMINATE


def test_another_key_under_the_same_name_is_another_key() -> None:
    case = Case()

    verdict = case.verify(resolved=document_with(seed="new", logs=[case.chain.log]))

    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.KEY_WITHDRAWN)


def test_a_key_that_neither_document_has_fails() -> None:
    case = Case()
    forged = sign(case.issued.document, issuer=make_web_issuer(WEB_ISSUER, "thief", logs=[]), method=f"{WEB_ISSUER}#x")

    verdict = case.verify(resolved=document_with(logs=[case.chain.log]), document=forged)

    assert outcome(verdict, CheckId.SIGNATURE) == (Result.UNKNOWN, Reason.NO_KEY)
    assert outcome(verdict, CheckId.ISSUER) == (Result.FAIL, Reason.KEY_NOT_LISTED)
    assert verdict.word is Word.INVALID


def test_a_document_signed_by_an_attacker_under_the_issuers_key_name_is_invalid() -> None:
    case = Case()
    forged = sign(case.issued.document, issuer=make_key_issuer("thief"), method=case.issued.issuer.method)

    verdict = case.verify(resolved=document_with(logs=[case.chain.log]), document=forged, with_receipt=False)

    assert outcome(verdict, CheckId.SIGNATURE) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)
    assert verdict.word is Word.INVALID


def test_a_key_in_a_copy_that_the_header_does_not_commit_to_fails() -> None:
    case = Case()
    thief = make_web_issuer(WEB_ISSUER, "thief", logs=[case.chain.log])
    receipt = {**case.world.receipt(case.issued).to_json(), "issuer": thief.document}

    verdict = case.verify(
        resolved=document_with(logs=[case.chain.log]),
        document=sign(case.issued.document, issuer=thief),
        receipt=receipt,
    )

    assert outcome(verdict, CheckId.ISSUER) == (Result.FAIL, Reason.KEY_NOT_LISTED)


def test_a_stolen_key_with_a_log_of_the_thiefs_own_is_invalid_when_the_did_is_resolved() -> None:
    case = Case()
    own = replace(case.chain.log, number=2)
    thief = build_world(AnchorIn(case.chain, own), issuers=[case.world.web_issuer])
    forged = thief.issue("Mallory", issuer=case.world.web_issuer)
    thief.seal()
    case.chain.mine(NOW)
    receipt = thief.receipt(forged).to_json()

    resolved = case.verify(resolved=document_with(logs=[case.chain.log]), document=forged.document, receipt=receipt)
    trusting = case.verify(policy=case.trusting, document=forged.document, receipt=receipt)

    assert outcome(resolved, CheckId.ISSUER) == (Result.FAIL, Reason.LOG_NOT_NAMED)
    assert all(outcome(resolved, check)[0] is Result.PASS for check in (CheckId.SIGNATURE, CheckId.ANCHOR))
    assert resolved.word is Word.INVALID
    assert trusting.word is Word.INDETERMINATE


def test_a_did_key_is_judged_by_what_is_derived_and_never_by_a_copy() -> None:
    case = Case()
    issued = case.world.issue("Bob", issuer=case.world.key_issuer)
    case.world.seal()
    case.chain.mine(NOW)
    thief = make_key_issuer("thief")
    forged_copy = {**thief.document, "id": issued.issuer.did}
    forged = sign(issued.document, issuer=thief)
    receipt = {**case.world.receipt(issued).to_json(), "issuer": forged_copy}

    honest = case.verify(document=issued.document, receipt=case.world.receipt(issued).to_json())
    verdict = case.verify(document=forged, receipt=receipt)

    assert outcome(honest, CheckId.ISSUER) == (Result.PASS, Reason.KEY_DERIVED)
    assert "skipped" in honest.check(CheckId.ISSUER).sentence
    assert outcome(verdict, CheckId.ISSUER) == (Result.FAIL, Reason.KEY_NOT_LISTED)


def test_a_did_key_that_cannot_be_derived_is_unknown() -> None:
    case = Case()
    document = {**case.issued.document, "issuer": "did:key:zzz"}

    verdict = case.verify(document=document)

    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.DID_DOCUMENT_UNREADABLE)


def test_a_host_that_does_not_answer_is_unknown_and_a_trusted_log_stands_in() -> None:
    case = Case()
    evidence = make_verifier(chain=case.chain).gather(
        VerifyRequest(
            credential=case.issued.content,
            receipt=receipt_bytes(case.world.receipt(case.issued)),
            policy=default_policy(),
            resolve_did=True,
        )
    )

    alone, trusting = judge(evidence), judge(replace(evidence, policy=case.trusting))

    assert outcome(alone, CheckId.ISSUER) == (Result.UNKNOWN, Reason.DID_UNRESOLVABLE)
    assert outcome(trusting, CheckId.ISSUER) == (Result.PASS, Reason.KEY_LISTED_BY_LOG)


@pytest.mark.parametrize("given", [b"{", b'{"id": 5}', b"[]"])
def test_a_did_document_that_cannot_be_read_is_unknown(given: bytes) -> None:
    case = Case()

    verdict = make_verifier(chain=case.chain).verify(
        VerifyRequest(credential=case.issued.content, policy=default_policy(), did_document=given)
    )

    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.DID_DOCUMENT_UNREADABLE)


def test_a_did_document_of_somebody_else_is_unknown() -> None:
    case = Case()

    verdict = case.verify(given=make_web_issuer("did:web:other.example", "web", logs=[case.chain.log]).document)

    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.DID_DOCUMENT_UNREADABLE)


def test_a_key_of_another_controller_is_not_the_issuers() -> None:
    case = Case()
    document = document_with(logs=[case.chain.log])
    methods = document["verificationMethod"]
    assert isinstance(methods, list)
    document["verificationMethod"] = [{**dict(methods[0]), "controller": "did:web:other.example"}]  # type: ignore[arg-type]  # JSON

    verdict = case.verify(resolved=document, with_receipt=False)

    assert outcome(verdict, CheckId.ISSUER) == (Result.FAIL, Reason.KEY_NOT_LISTED)


def test_a_key_of_an_unread_type_leaves_the_signature_unknown() -> None:
    case = Case()
    document = document_with(logs=[case.chain.log])
    methods = document["verificationMethod"]
    assert isinstance(methods, list)
    document["verificationMethod"] = [{**dict(methods[0]), "type": "JsonWebKey"}]  # type: ignore[arg-type]  # JSON

    verdict = case.verify(resolved=document, with_receipt=False)

    assert outcome(verdict, CheckId.SIGNATURE) == (Result.UNKNOWN, Reason.KEY_UNSUPPORTED)


def test_a_proof_that_names_no_key_leaves_the_issuer_unknown() -> None:
    case = Case()
    document = {name: member for name, member in case.issued.document.items() if name != "proof"}

    verdict = case.verify(document=document, resolved=document_with(logs=[case.chain.log]))

    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.NO_KEY)
    assert outcome(verdict, CheckId.SIGNATURE) == (Result.FAIL, Reason.NO_PROOF)


@pytest.mark.parametrize("member", ["issuer", "batch"])
def test_a_receipt_whose_copy_or_header_cannot_be_read_gives_no_key(member: str) -> None:
    case = Case()
    receipt: JsonObject = {**case.world.receipt(case.issued).to_json(), member: {"id": 5}}

    verdict = case.verify(policy=case.trusting, receipt=receipt)

    assert outcome(verdict, CheckId.ISSUER) == (Result.UNKNOWN, Reason.DID_NOT_RESOLVED)
    assert outcome(verdict, CheckId.INCLUSION)[0] is Result.FAIL
    assert verdict.word is Word.INVALID

"""Check 11, and what a mark does to checks 6, 9 and 10: never forged, never fine (protocol section 8)."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Unavailable
from registry.domain.evidence import Evidence, Policy, Profile
from registry.domain.fraud import FraudKind, Mark
from registry.domain.slot import Purpose
from registry.domain.verdict import Verdict, Word, judge
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW
from tests.memory_chain import memory_chain
from tests.plain_case import Case
from tests.verdicts import default_policy, make_verifier, not_passed, outcome, receipt_bytes

COURT: Final = load_artifact(FRAUD_COURT)
UNREVOKED: Final = Mark(kind=FraudKind.UNREVOCATION, epoch=1)
NOT_REVOKED: Final = Mark(kind=FraudKind.BROKEN_REVOCATION_PROMISE, epoch=1)
NOT_ANCHORED: Final = Mark(kind=FraudKind.BROKEN_INCLUSION_PROMISE, epoch=1)


def marked(*marks: Mark, policy: Policy | None = None) -> Verdict:
    case = Case()
    case.chain.mark(*marks)
    return case.verify(policy=policy)


def reasons(verdict: Verdict) -> dict[CheckId, Reason]:
    return {check.id: check.reason for check in verdict.checks if check.result is Result.UNKNOWN}


def test_a_log_that_no_court_marked_passes() -> None:
    verdict = marked()

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert outcome(verdict, CheckId.LOG) == (Result.PASS, Reason.NOT_MARKED)


def test_without_a_court_on_the_chain_the_check_is_skipped_with_its_reason() -> None:
    verdict = Case().verify()

    assert verdict.word is Word.VALID
    assert outcome(verdict, CheckId.LOG) == (Result.SKIPPED, Reason.NO_COURT)
    assert f"no court on chain {Case().chain.log.chain_id}" in verdict.check(CheckId.LOG).sentence


def test_other_code_at_the_address_of_the_court_is_no_court() -> None:
    case = Case()
    case.chain.mark(UNREVOKED)
    case.chain.court_code[COURT.address] = bytes(32)

    assert outcome(case.verify(), CheckId.LOG) == (Result.SKIPPED, Reason.NO_COURT)


def test_a_verifier_that_knows_no_court_asks_none() -> None:
    contract = replace(default_policy().published_contract, court=None)

    verdict = marked(UNREVOKED, policy=replace(default_policy(), published_contract=contract))

    assert verdict.word is Word.VALID
    assert outcome(verdict, CheckId.LOG) == (Result.SKIPPED, Reason.NO_COURT)


@pytest.mark.parametrize("kind", [FraudKind.UNREVOCATION, FraudKind.SLOT_REUSE])
def test_a_marked_log_is_not_believed_and_nothing_looks_forged(kind: FraudKind) -> None:
    verdict = marked(Mark(kind=kind, epoch=1))

    assert verdict.word is Word.INDETERMINATE
    assert verdict.exit_code == 3
    assert reasons(verdict) == dict.fromkeys((CheckId.ANCHOR, CheckId.REVOCATION, CheckId.LOG), Reason.LOG_MARKED)
    assert [check.id for check in verdict.checks if check.result is Result.FAIL] == []
    assert all(f"({kind}, epoch 1)" in verdict.check(check).sentence for check in reasons(verdict))
    assert any("Ask the issuer itself" in line for line in verdict.next)


def test_an_anchor_from_before_the_mark_stays() -> None:
    verdict = marked(Mark(kind=FraudKind.SLOT_REUSE, epoch=2))

    assert outcome(verdict, CheckId.ANCHOR) == (Result.PASS, Reason.ANCHORED)
    assert reasons(verdict) == dict.fromkeys((CheckId.REVOCATION, CheckId.LOG), Reason.LOG_MARKED)


def test_the_earliest_mark_decides() -> None:
    verdict = marked(Mark(kind=FraudKind.UNREVOCATION, epoch=9), Mark(kind=FraudKind.SLOT_REUSE, epoch=1), NOT_REVOKED)

    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.LOG_MARKED)
    assert "slot-reuse, epoch 1" in verdict.check(CheckId.LOG).sentence


def test_a_broken_promise_is_a_note() -> None:
    verdict = marked(NOT_REVOKED, NOT_ANCHORED)

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert outcome(verdict, CheckId.LOG) == (Result.PASS, Reason.PROMISE_BROKEN)
    assert [note.split("(")[1].split(",")[0] for note in verdict.notes] == [
        "broken-revocation-promise",
        "broken-inclusion-promise",
    ]


def suspended_and_revoked(purpose: Purpose) -> Verdict:
    case = Case()
    one = case.world.issue("Bela", suspendable=True)
    case.world.mark(one, purpose)
    case.world.seal()
    case.chain.mine(NOW)
    case.chain.mark(UNREVOKED)
    request = VerifyRequest(
        credential=one.content, receipt=receipt_bytes(case.world.receipt(one)), policy=default_policy()
    )
    return make_verifier(chain=case.chain).verify(request)


@pytest.mark.parametrize(("purpose", "word"), [(Purpose.REVOCATION, "revoked"), (Purpose.SUSPENSION, "suspended")])
def test_what_was_proved_against_a_credential_stays(purpose: Purpose, word: str) -> None:
    assert suspended_and_revoked(purpose).word == word


def test_a_clear_suspension_in_a_marked_log_is_not_believed() -> None:
    verdict = suspended_and_revoked(Purpose.REVOCATION)

    assert outcome(verdict, CheckId.SUSPENSION) == (Result.UNKNOWN, Reason.LOG_MARKED)


def test_a_forged_document_stays_invalid() -> None:
    case = Case()
    case.chain.mark(UNREVOKED)

    verdict = case.verify(document=case.issued.content.replace(b"Ada", b"Eve"))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.LOG) == (Result.UNKNOWN, Reason.LOG_MARKED)


def test_a_marked_log_that_says_pending_is_not_waited_for() -> None:
    case = Case()
    case.chain.mark(UNREVOKED)

    assert case.verify(pending=True).word is Word.INDETERMINATE


def silent(evidence: Evidence) -> Evidence:
    assert evidence.view is not None
    return replace(evidence, chain=replace(evidence.view, court=None))


def test_a_court_that_was_not_asked_has_not_acquitted() -> None:
    verdict = judge(silent(Case().evidence()))

    assert outcome(verdict, CheckId.LOG) == (Result.UNKNOWN, Reason.CHAIN_UNREACHABLE)


@pytest.mark.parametrize(
    ("code", "reason"), [("rpc-timeout", Reason.CHAIN_UNREACHABLE), ("rpc-disagree", Reason.RPC_DISAGREE)]
)
def test_a_court_that_cannot_be_read_has_not_acquitted(code: str, reason: Reason) -> None:
    case = Case()
    case.chain.mark()
    case.chain.court_failure = Unavailable(code, "no answer")

    verdict = case.verify()

    assert verdict.word is Word.INDETERMINATE
    assert outcome(verdict, CheckId.LOG) == (Result.UNKNOWN, reason)


def test_a_revocation_is_proved_though_the_court_is_silent() -> None:
    case = Case()
    case.world.mark(case.issued, Purpose.REVOCATION)
    case.world.seal()
    case.chain.mine(NOW)
    case.chain.mark()
    case.chain.court_failure = Unavailable("rpc-timeout", "no answer")

    assert case.verify().word is Word.REVOKED


def test_without_a_node_nothing_is_known_of_the_court() -> None:
    case = Case()
    verdict = make_verifier(chain=None).verify(VerifyRequest(credential=case.issued.content, policy=default_policy()))

    assert outcome(verdict, CheckId.LOG) == (Result.UNKNOWN, Reason.NO_RPC)


def test_the_court_judges_no_log_of_another_contract() -> None:
    case = Case(memory_chain(contract=f"0x{'ab' * 20}"))
    case.chain.mark(UNREVOKED)
    policy = replace(default_policy(), contracts=frozenset({case.chain.log.contract}))

    verdict = case.verify(policy=policy)

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert outcome(verdict, CheckId.LOG) == (Result.SKIPPED, Reason.NO_COURT)
    assert case.chain.log.contract in verdict.check(CheckId.LOG).sentence


def test_marks_of_another_log_or_chain_are_none_of_this_one() -> None:
    case = Case()
    case.chain.mark(UNREVOKED)
    evidence = case.evidence()
    assert evidence.view is not None
    elsewhere = replace(evidence.view.block, chain_id=5)

    verdict = judge(replace(evidence, chain=replace(evidence.view, block=elsewhere)))

    assert outcome(verdict, CheckId.LOG) == (Result.UNKNOWN, Reason.OTHER_CHAIN)
    assert verdict.notes == ()


def test_a_document_without_a_slot_names_no_log() -> None:
    case = Case()
    case.chain.mark()

    assert outcome(case.verify(document=b"{}"), CheckId.LOG) == (Result.UNKNOWN, Reason.FORM_FAILED)


def test_the_profile_vc_asks_nothing_of_logs_but_believes_no_status_of_a_marked_one() -> None:
    verdict = marked(UNREVOKED, policy=replace(default_policy(), profile=Profile.VC))

    assert outcome(verdict, CheckId.LOG) == (Result.SKIPPED, Reason.PROFILE_VC)
    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.LOG_MARKED)


def test_a_stale_status_in_a_marked_log_says_that_it_is_stale() -> None:
    case = Case()
    case.chain.mark(UNREVOKED)
    case.chain.mine(NOW - timedelta(hours=2))

    assert outcome(case.verify(), CheckId.REVOCATION) == (Result.UNKNOWN, Reason.BLOCK_TOO_OLD)

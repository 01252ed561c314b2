"""Checks 9 and 10: every sentence of protocol section 8 about revocation, suspension and their age."""

from dataclasses import replace
from datetime import timedelta

from registry.domain.check import CheckId, Reason, Result
from registry.domain.slot import Purpose
from registry.domain.verdict import Word, judge
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW
from tests.status_case import Case, changed_view
from tests.verdicts import default_policy, make_verifier, not_passed, outcome, receipt_bytes


def test_a_zero_in_the_newest_epoch_passes_and_states_its_epoch() -> None:
    verdict = Case().verify()

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert outcome(verdict, CheckId.REVOCATION) == (Result.PASS, Reason.NOT_REVOKED)
    assert outcome(verdict, CheckId.SUSPENSION) == (Result.PASS, Reason.NOT_SUSPENDED)
    assert "epoch 1" in verdict.check(CheckId.REVOCATION).sentence


def test_a_one_in_any_final_epoch_is_revoked() -> None:
    case = Case()
    case.mark(Purpose.REVOCATION)
    case.seal()
    case.seal()

    verdict = case.verify(status_epoch=2)

    assert verdict.word is Word.REVOKED
    assert outcome(verdict, CheckId.REVOCATION) == (Result.FAIL, Reason.REVOKED)


def test_a_zero_superseded_less_than_an_hour_before_the_block_is_current() -> None:
    case = Case()
    case.seal(at=NOW - timedelta(minutes=59))

    assert case.verify(status_epoch=1).word is Word.VALID


def test_a_zero_superseded_an_hour_before_the_block_is_stale_and_says_up_to_when() -> None:
    case = Case()
    case.seal(at=NOW - timedelta(hours=1))

    verdict = case.verify(status_epoch=1)

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_STALE)
    assert "up to epoch 1" in verdict.check(CheckId.REVOCATION).sentence
    assert verdict.word is Word.INDETERMINATE


def test_the_status_age_is_the_verifiers_to_choose() -> None:
    case = Case()
    case.seal(at=NOW - timedelta(hours=1, minutes=30))
    case.chain.mine(NOW)
    evidence = case.evidence(status_epoch=1)

    longer = replace(evidence, policy=replace(evidence.policy, max_status_age=timedelta(hours=2)))

    assert judge(evidence).word is Word.INDETERMINATE
    assert judge(longer).word is Word.VALID


def test_when_the_next_epoch_was_anchored_is_not_to_be_had_the_older_one_is_not_current() -> None:
    case = Case()
    case.seal(at=NOW - timedelta(minutes=5))
    case.chain.searchable = False

    verdict = case.verify(status_epoch=1)

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_STALE)


def test_a_block_older_than_the_limit_makes_both_unknown() -> None:
    case = Case()
    case.chain.mine(NOW - timedelta(hours=1, seconds=1))

    verdict = judge(case.evidence())

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.BLOCK_TOO_OLD)
    assert outcome(verdict, CheckId.SUSPENSION) == (Result.UNKNOWN, Reason.BLOCK_TOO_OLD)
    assert verdict.word is Word.INDETERMINATE


def test_a_block_exactly_as_old_as_the_limit_still_counts() -> None:
    case = Case()
    case.chain.mine(NOW - timedelta(hours=1))

    assert judge(case.evidence()).word is Word.VALID


def test_a_revocation_proved_by_an_old_block_stays_a_revocation() -> None:
    case = Case()
    case.mark(Purpose.REVOCATION)
    case.mark(Purpose.SUSPENSION)

    verdict = judge(case.evidence(now=NOW + timedelta(days=30)))

    assert outcome(verdict, CheckId.REVOCATION) == (Result.FAIL, Reason.REVOKED)
    assert outcome(verdict, CheckId.SUSPENSION) == (Result.UNKNOWN, Reason.BLOCK_TOO_OLD)


def test_both_ages_count_from_the_date_asked_for() -> None:
    case = Case()
    case.chain.mine(NOW)
    evidence = case.evidence(now=NOW + timedelta(days=30))

    then = replace(evidence, policy=replace(evidence.policy, at=NOW + timedelta(minutes=10)))

    assert judge(evidence).word is Word.INDETERMINATE
    assert judge(then).word is Word.VALID
    assert judge(then).as_of == NOW + timedelta(minutes=10)


def test_with_a_date_the_block_is_the_last_one_before_it() -> None:
    case = Case()
    before_revocation = case.chain.mine().time + timedelta(seconds=1)
    case.mark(Purpose.REVOCATION)
    case.chain.mine(NOW)
    request = VerifyRequest(
        credential=case.issued.content,
        receipt=receipt_bytes(case.world.receipt(case.issued, status_epoch=1)),
        policy=replace(default_policy(), at=before_revocation),
    )

    verdict = make_verifier(chain=case.chain).verify(request)

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert verdict.block is not None
    assert verdict.block.time < before_revocation


def test_a_suspension_may_be_lifted_and_the_newest_current_epoch_decides() -> None:
    case = Case()
    case.mark(Purpose.SUSPENSION, at=NOW - timedelta(minutes=30))
    suspended = case.verify()
    case.mark(Purpose.SUSPENSION, value=False, at=NOW)
    evidence = case.evidence(status_epoch=2)
    lifted = replace(evidence, status_proofs=case.world.status(case.issued, epoch=3))
    known = changed_view(lifted, roots={item.manifest.epoch: item.manifest.root for item in case.world.epochs})

    assert suspended.word is Word.SUSPENDED
    assert judge(evidence).word is Word.SUSPENDED
    assert judge(known).word is Word.VALID, not_passed(judge(known))


def test_a_root_that_the_chain_does_not_hold_proves_nothing() -> None:
    case = Case()
    case.chain.mine(NOW)

    verdict = judge(changed_view(case.evidence(), roots={}))

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_UNANCHORED)


def test_a_block_that_is_not_final_proves_neither_zero_nor_one() -> None:
    case = Case()
    case.mark(Purpose.REVOCATION)
    case.chain.final = False

    verdict = case.verify()

    assert outcome(verdict, CheckId.FINALITY) == (Result.UNKNOWN, Reason.NOT_FINAL)
    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.NOT_FINAL)
    assert verdict.word is Word.INDETERMINATE


def test_a_receipt_without_status_leaves_it_unknown() -> None:
    case = Case()
    case.chain.mine(NOW)
    evidence = case.evidence()
    assert evidence.parts is not None

    verdict = judge(replace(evidence, receipt=replace(evidence.parts, raw_status=[])))

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_MISSING)


def test_published_proofs_make_up_for_a_stale_receipt() -> None:
    case = Case()
    case.seal(at=NOW - timedelta(hours=2))
    case.chain.mine(NOW)
    evidence = case.evidence(status_epoch=1)
    fresh = changed_view(
        replace(evidence, status_proofs=case.world.status(case.issued, epoch=2)),
        roots={item.manifest.epoch: item.manifest.root for item in case.world.epochs},
    )

    assert judge(evidence).word is Word.INDETERMINATE
    assert judge(fresh).word is Word.VALID

"""The verdict's truth table: single causes, and all pairs of them, each with its word (protocol section 8).

The expectation is not computed by the code under test: a cause states the word it leads to alone, and which checks it
touches; for a pair, the order of section 8 is applied to both here, by hand-written rules.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import combinations

import pytest

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.domain.check import CheckId, Reason, Result
from registry.domain.evidence import CourtEvidence, Evidence, IssuerEvidence, IssuerSource, Policy
from registry.domain.fraud import FraudKind, Mark
from registry.domain.problem import Found, Problem
from registry.domain.slot import Purpose
from registry.domain.verdict import ExitCode, Verdict, Word, judge
from registry.service.verifying import VerifyRequest
from tests.epochs import ISSUED_AT, NOW, Issued, World, build_world
from tests.memory_chain import MemoryChain, memory_chain
from tests.proofs import with_other_bytes_covered
from tests.verdicts import default_policy, make_verifier, not_passed, outcome, receipt_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One thing that is wrong, and the check it shows in."""

    word: Word
    check: CheckId
    result: Result
    reason: Reason
    credential: str = "plain"
    """What is presented; pairs with two credentials take the one that is both."""
    change: Callable[[Evidence], Evidence] = lambda evidence: evidence


def _policy(evidence: Evidence, **members: object) -> Evidence:
    policy: Policy = replace(evidence.policy, **members)  # type: ignore[arg-type]  # any member of a policy
    return replace(evidence, policy=policy)


def _bad_signature(evidence: Evidence) -> Evidence:
    return replace(evidence, covered=with_other_bytes_covered(evidence.covered))


def _unresolved(evidence: Evidence) -> Evidence:
    problem = Problem(code="did-unresolvable", message="no answer")
    return replace(evidence, issuer=IssuerEvidence(source=IssuerSource.RESOLVED, document=problem))


def _chain_down(evidence: Evidence) -> Evidence:
    return replace(evidence, chain=Problem(code="rpc-unreachable", message="no answer"))


def _without_receipt(evidence: Evidence) -> Evidence:
    return replace(evidence, receipt=None, status_proofs=evidence.status_proofs)


def _pending(evidence: Evidence) -> Evidence:
    return replace(_without_receipt(evidence), pending=True)


def _log_marked(evidence: Evidence) -> Evidence:
    mark = Mark(kind=FraudKind.SLOT_REUSE, epoch=2)
    return _court(evidence, CourtEvidence(code_hash=load_artifact(FRAUD_COURT).runtime_code_hash, marks=(mark,)))


def _court_silent(evidence: Evidence) -> Evidence:
    return _court(evidence, Problem(code="rpc-timeout", message="no answer"))


def _court(evidence: Evidence, court: Found[CourtEvidence]) -> Evidence:
    # A chain that is down has no court either.
    view = evidence.view
    return evidence if view is None else replace(evidence, chain=replace(view, court=court))


def _not_recognised(evidence: Evidence) -> Evidence:
    return _policy(evidence, recognised=frozenset())


CAUSES: dict[str, Cause] = {
    "signature bad": Cause(
        word=Word.INVALID,
        check=CheckId.SIGNATURE,
        result=Result.FAIL,
        reason=Reason.SIGNATURE_MISMATCH,
        change=_bad_signature,
    ),
    "DID unknown": Cause(
        word=Word.INDETERMINATE,
        check=CheckId.ISSUER,
        result=Result.UNKNOWN,
        reason=Reason.DID_UNRESOLVABLE,
        change=_unresolved,
    ),
    "chain down": Cause(
        word=Word.INDETERMINATE,
        check=CheckId.ANCHOR,
        result=Result.UNKNOWN,
        reason=Reason.CHAIN_UNREACHABLE,
        change=_chain_down,
    ),
    "unanchored": Cause(
        word=Word.NOT_YET_ANCHORED,
        check=CheckId.INCLUSION,
        result=Result.UNKNOWN,
        reason=Reason.NO_RECEIPT,
        change=_pending,
    ),
    "no receipt": Cause(
        word=Word.INDETERMINATE,
        check=CheckId.LEAF,
        result=Result.UNKNOWN,
        reason=Reason.NO_RECEIPT,
        change=_without_receipt,
    ),
    "revoked": Cause(
        word=Word.REVOKED,
        check=CheckId.REVOCATION,
        result=Result.FAIL,
        reason=Reason.REVOKED,
        credential="revoked",
    ),
    "suspended": Cause(
        word=Word.SUSPENDED,
        check=CheckId.SUSPENSION,
        result=Result.FAIL,
        reason=Reason.SUSPENDED,
        credential="suspended",
    ),
    "expired": Cause(
        word=Word.EXPIRED,
        check=CheckId.VALIDITY,
        result=Result.FAIL,
        reason=Reason.EXPIRED,
        change=lambda evidence: _at(evidence, validity=(ISSUED_AT, NOW - timedelta(days=1))),
    ),
    "not yet valid": Cause(
        word=Word.NOT_YET_VALID,
        check=CheckId.VALIDITY,
        result=Result.FAIL,
        reason=Reason.NOT_YET_VALID,
        change=lambda evidence: _at(evidence, validity=(NOW + timedelta(days=1), None)),
    ),
    "log marked": Cause(
        word=Word.INDETERMINATE,
        check=CheckId.LOG,
        result=Result.UNKNOWN,
        reason=Reason.LOG_MARKED,
        change=_log_marked,
    ),
    "court silent": Cause(
        word=Word.INDETERMINATE,
        check=CheckId.LOG,
        result=Result.UNKNOWN,
        reason=Reason.CHAIN_UNREACHABLE,
        change=_court_silent,
    ),
    "untrusted": Cause(
        word=Word.UNTRUSTED,
        check=CheckId.RECOGNITION,
        result=Result.FAIL,
        reason=Reason.NOT_RECOGNISED,
        change=_not_recognised,
    ),
}


def _at(evidence: Evidence, *, validity: tuple[object, object]) -> Evidence:
    return replace(evidence, presented=replace(evidence.presented, validity=validity))  # type: ignore[arg-type]  # moments


def _expected(first: str, second: str) -> Word:
    """Apply the order of section 8 to two causes."""
    names = {first, second}
    if "signature bad" in names:
        return Word.INVALID
    # A chain that is down proves neither a revocation nor a suspension.
    blind = "chain down" in names
    if "revoked" in names and not blind:
        return Word.REVOKED
    if "suspended" in names and not blind:
        return Word.SUSPENDED
    genuine = "DID unknown" not in names
    if genuine and "unanchored" in names:
        return Word.NOT_YET_ANCHORED
    for cause, word in (("expired", Word.EXPIRED), ("not yet valid", Word.NOT_YET_VALID)):
        if genuine and cause in names:
            return word
    # What the court says never makes a credential look forged, nor a revoked one fine.
    if names & {"DID unknown", "chain down", "no receipt", "unanchored", "log marked", "court silent"}:
        return Word.INDETERMINATE
    assert names == {"untrusted"}, names
    return Word.UNTRUSTED


@pytest.mark.parametrize("name", CAUSES)
def test_a_single_cause_leads_to_its_word(name: str) -> None:
    cause = CAUSES[name]

    verdict = judge(cause.change(_evidence(cause.credential)))

    assert verdict.word is cause.word, not_passed(verdict)
    assert outcome(verdict, cause.check) == (cause.result, cause.reason)


# Two opposite statements about one period: no document makes both.
_CONTRADICTION = {"expired", "not yet valid"}


@pytest.mark.parametrize(("first", "second"), [pair for pair in combinations(CAUSES, 2) if set(pair) != _CONTRADICTION])
def test_of_two_causes_the_first_word_of_section_8_is_given(first: str, second: str) -> None:
    evidence = _evidence(_both(CAUSES[first], CAUSES[second]))
    for name in (first, second):
        evidence = CAUSES[name].change(evidence)

    verdict = judge(evidence)

    assert verdict.word is _expected(first, second), not_passed(verdict)


@pytest.mark.parametrize("name", CAUSES)
def test_nothing_is_reported_as_pass_when_the_signature_fails(name: str) -> None:
    cause = CAUSES[name]

    verdict = judge(_bad_signature(cause.change(_evidence(cause.credential))))

    assert [check.id for check in verdict.checks if check.result is Result.PASS] == []
    assert outcome(verdict, CheckId.SIGNATURE) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)


def test_with_nothing_wrong_every_check_passes_or_does_not_apply() -> None:
    verdict = judge(_evidence("plain"))

    assert verdict.word is Word.VALID
    assert {check.id: check.reason for check in verdict.checks if check.result is not Result.PASS} == {
        CheckId.LOG: Reason.NO_COURT,
        CheckId.RECOGNITION: Reason.NO_POLICY,
    }


@pytest.mark.parametrize(
    ("word", "code"),
    [
        (Word.VALID, 0),
        (Word.INVALID, 1),
        (Word.REVOKED, 1),
        (Word.SUSPENDED, 1),
        (Word.NOT_YET_ANCHORED, 1),
        (Word.EXPIRED, 1),
        (Word.NOT_YET_VALID, 1),
        (Word.UNTRUSTED, 2),
        (Word.INDETERMINATE, 3),
    ],
)
def test_each_word_has_its_exit_code(word: Word, code: int) -> None:
    verdict: Verdict = replace(judge(_evidence("plain")), word=word)

    assert verdict.exit_code is ExitCode(code)


def test_the_checks_stand_in_the_order_of_the_protocol() -> None:
    verdict = judge(_evidence("plain"))

    assert [(check.id.number, str(check.id)) for check in verdict.checks] == list(
        enumerate(
            (
                "form",
                "signature",
                "issuer",
                "leaf",
                "inclusion",
                "anchor",
                "finality",
                "validity",
                "revocation",
                "suspension",
                "log",
                "recognition",
            ),
            start=1,
        )
    )


def _both(first: Cause, second: Cause) -> str:
    wanted = {first.credential, second.credential} - {"plain"}
    return "both" if len(wanted) == 2 else next(iter(wanted), "plain")


@cache
def _world() -> tuple[MemoryChain, World, dict[str, Issued]]:
    chain = memory_chain()
    world = build_world(chain)
    issued = {
        name: world.issue(name, issuer=world.web_issuer, suspendable=True)
        for name in ("plain", "revoked", "suspended", "both")
    }
    world.seal()
    for name, purpose in (
        ("revoked", Purpose.REVOCATION),
        ("suspended", Purpose.SUSPENSION),
        ("both", Purpose.REVOCATION),
        ("both", Purpose.SUSPENSION),
    ):
        world.mark(issued[name], purpose)
    world.seal()
    chain.mine(NOW)
    return chain, world, issued


@cache
def _evidence(name: str) -> Evidence:
    chain, world, issued = _world()
    one = issued[name]
    verifier = make_verifier(chain=chain, issuers=world.issuers)
    evidence = verifier.gather(
        VerifyRequest(
            credential=one.content,
            receipt=receipt_bytes(world.receipt(one)),
            policy=default_policy(),
            resolve_did=True,
        )
    )
    # What a gatherer with the published files at hand adds: status without a receipt.
    return replace(evidence, status_proofs=world.status(one, epoch=2))

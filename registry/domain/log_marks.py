"""What a court's marks do to a verdict (protocol section 8, check 11).

    un-revocation, slot reuse   the log is not believed: its status never, its anchors from the marked epoch on
    broken promises             a note: a stolen promise key can fake them

"Not believed" is `unknown`: whoever stole an anchoring key must not make everybody's credentials look forged. What was
proved against a credential stays proved.
"""

from typing import Final

from registry.domain.check import Finding, Reason, Result, unknown
from registry.domain.evidence import CourtEvidence, Evidence
from registry.domain.fraud import FraudKind, Mark
from registry.domain.problem import Problem

DEEDS: Final = {
    FraudKind.UNREVOCATION: "took a revocation back",
    FraudKind.SLOT_REUSE: "put two credentials under one slot",
    FraudKind.BROKEN_REVOCATION_PROMISE: "did not revoke what it had promised to revoke",
    FraudKind.BROKEN_INCLUSION_PROMISE: "did not anchor a credential that it had promised to anchor",
}


def known_marks(evidence: Evidence) -> tuple[Mark, ...]:
    """Return the marks that the published court made; none where it was not heard."""
    view, contract = evidence.view, evidence.policy.published_contract
    if (
        view is None
        or contract.court is None
        or (view.log.chain_id, view.log.contract)
        != (
            view.block.chain_id,
            contract.address,
        )
    ):
        return ()
    court = view.court
    if court is None or isinstance(court, Problem) or not is_published(evidence, court):
        return ()
    return court.marks


def is_published(evidence: Evidence, court: CourtEvidence) -> bool:
    """Tell whether the code that was asked is the published court's."""
    known = evidence.policy.published_contract.court
    return known is not None and court.code_hash == known.code_hash


def fraud_mark(evidence: Evidence) -> Mark | None:
    """Return the earliest mark for something that only the log itself can have done."""
    own = [mark for mark in known_marks(evidence) if mark.kind.is_of_the_log]
    return min(own, key=lambda mark: mark.epoch, default=None)


def broken_promises(evidence: Evidence) -> tuple[Mark, ...]:
    """Return the marks for promises that were not kept."""
    return tuple(mark for mark in known_marks(evidence) if not mark.kind.is_of_the_log)


def doubt_status(evidence: Evidence, finding: Finding) -> Finding:
    """Let a status that looks good count only when its log is not marked."""
    mark = fraud_mark(evidence)
    if mark is None or finding.result is not Result.PASS:
        return finding
    return unknown(
        Reason.LOG_MARKED, f"{describe_mark(mark)}: what it says of the status of credentials is not to be relied on."
    )


def doubt_anchor(evidence: Evidence, finding: Finding, *, epoch: int) -> Finding:
    """Let an anchor count only when its epoch lies before the one the log is marked from."""
    mark = fraud_mark(evidence)
    if mark is None or finding.result is not Result.PASS or epoch < mark.epoch:
        return finding
    sentence = (
        f"{describe_mark(mark)}: this credential is in epoch {epoch}, and nothing from there on is to be relied on."
    )
    return unknown(Reason.LOG_MARKED, sentence)


def describe_mark(mark: Mark) -> str:
    """Say what a log is marked for."""
    return f"The log {DEEDS[mark.kind]} ({mark.kind}, epoch {mark.epoch})"

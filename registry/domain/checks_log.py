"""Check 11: no court has marked the log (protocol section 8).

The court is known by the address of its published code, on the log's own chain; it judges the logs of the published
anchor log alone. A court that could not be asked is never one that found nothing.
"""

from registry.domain.check import Finding, Reason, passed, skipped, unknown
from registry.domain.checks_inclusion import no_chain, trusted_view
from registry.domain.evidence import ChainEvidence, Evidence, Profile
from registry.domain.log_marks import broken_promises, describe_mark, fraud_mark, is_published
from registry.domain.problem import Problem


def check_log(evidence: Evidence) -> Finding:
    """11: the court has not marked the log."""
    contract, slot = evidence.policy.published_contract, evidence.presented.log_slot
    if evidence.policy.profile is Profile.VC:
        return skipped(Reason.PROFILE_VC, "The profile vc asks nothing of logs.")
    if contract.court is None:
        return skipped(Reason.NO_COURT, "No court is known that could have marked the log.")
    if slot is None:
        return unknown(Reason.FORM_FAILED, "The document names no log that could have been marked.")
    if slot.log.contract != contract.address:
        sentence = f"The court judges the logs of {contract.address} alone, not those of {slot.log.contract}."
        return skipped(Reason.NO_COURT, sentence)
    if evidence.policy.block_hash is not None:
        return skipped(Reason.COURT_NOT_ASKED, "No node was asked: what the court says of the log is not known.")
    view = trusted_view(evidence, slot.log)
    return view if isinstance(view, Finding) else _judge_court(evidence, view)


def _judge_court(evidence: Evidence, view: ChainEvidence) -> Finding:
    court = view.court
    if court is None:
        return unknown(Reason.CHAIN_UNREACHABLE, "The court was not asked about the log.")
    if isinstance(court, Problem):
        return no_chain(court)
    if not is_published(evidence, court):
        sentence = f"There is no court on chain {view.block.chain_id}: its published code is not at its address."
        return skipped(Reason.NO_COURT, sentence)
    mark = fraud_mark(evidence)
    if mark is not None:
        sentence = f"{describe_mark(mark)}, as the court found: what it says from then on is not to be relied on."
        return unknown(Reason.LOG_MARKED, sentence)
    for broken in broken_promises(evidence):
        sentence = f"{describe_mark(broken)}; what it anchored is not in doubt for that."
        return passed(Reason.PROMISE_BROKEN, sentence)
    return passed(Reason.NOT_MARKED, "The court has not marked the log.")

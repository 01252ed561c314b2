"""What a reader of a verdict should know besides, and what to do next. Words for people: nothing is decided here."""

from collections.abc import Iterator, Mapping
from typing import Final

from registry.domain.check import Check, Reason, Result
from registry.domain.checks_served import note_other_purposes
from registry.domain.endorsements import describe, has_token_endorsements, judge_endorsement
from registry.domain.evidence import Evidence, Profile
from registry.domain.fields import write_time
from registry.domain.log_marks import broken_promises, describe_mark
from registry.domain.problem import Problem
from registry.domain.vc_form import own_contexts

_NEXT: Final[Mapping[Reason, str]] = {
    Reason.NO_RECEIPT: "Ask the holder or the registry for the receipt, or name the published files (--published).",
    Reason.RECEIPT_UNREADABLE: "Get the receipt again: this one is damaged.",
    Reason.ENDORSEMENT_BROKEN: "Ask the issuer how the endorsement came into the credential.",
    Reason.RELATED_RESOURCE_UNKNOWN: "Compare the digests of the related resources yourself.",
    Reason.DID_NOT_RESOLVED: "Allow the issuer's DID to be resolved (--resolve-did), or give its document.",
    Reason.LOG_NOT_TRUSTED: "Allow the issuer's DID to be resolved (--resolve-did), or say that you trust its log.",
    Reason.DID_UNRESOLVABLE: "Try again when the issuer's DID can be resolved, or give its document.",
    Reason.KEY_WITHDRAWN: "Ask the issuer whether it still stands by the key.",
    Reason.NO_RPC: "Name an Ethereum node (--rpc): without the chain nothing is proved.",
    Reason.CHAIN_UNREACHABLE: "Try again, or name another Ethereum node (--rpc).",
    Reason.RPC_DISAGREE: "The nodes named tell different stories: find out which of them is wrong.",
    Reason.LIGHT_MISSING: "Get a receipt with a light part, or make it one at any Ethereum node (credroot renew).",
    Reason.LIGHT_MALFORMED: "Get the light part again (credroot renew): this one is damaged.",
    Reason.LIGHT_MISMATCH: "Name the block that the light part is of (--block-hash), or get one of a block you know.",
    Reason.OTHER_CHAIN: "Name a node of the credential's chain (--rpc).",
    Reason.UNKNOWN_CONTRACT: "Find out from the issuer which contract it uses, and pin it (--contract).",
    Reason.EPOCH_NOT_REACHED: "Try again later: the anchor is not final yet.",
    Reason.STATUS_STALE: "Get a newer receipt, or name the published files (--published).",
    Reason.STATUS_MISSING: "Get a whole receipt, or name the published files (--published).",
    Reason.STATUS_UNREACHABLE: "Try again when the issuer's status list can be reached, or give a copy of it.",
    Reason.STATUS_LIST_OUTDATED: "Ask the issuer: its status lists are of an outdated draft.",
    Reason.STATUS_MALFORMED: "Get the receipt again: its status cannot be read.",
    Reason.BLOCK_TOO_OLD: "Name a node that is in step with its chain, or allow older blocks (--max-block-age).",
    Reason.UNKNOWN_CONTEXT: "Judge it with a program that knows the context.",
    Reason.LOG_MARKED: (
        "Ask the issuer itself whether the credential stands: its log cheated, or somebody stole its anchoring key. "
        "The credential need not be forged for that."
    ),
    Reason.SUSPENDED: "Ask the issuer: a suspension may be lifted.",
}


def note(evidence: Evidence, *, others: int) -> tuple[str, ...]:
    """Return what was met on the way and decides nothing; `others` counts the proofs that did not decide."""
    notes: list[str] = []
    slot = evidence.presented.log_slot
    if evidence.policy.profile is Profile.VC:
        notes.append("Judged by the profile vc: whether the credential is anchored was not asked.")
    notes += _block_notes(evidence)
    document = evidence.presented.document
    if slot is not None:
        notes += slot.notes
    elif not isinstance(document, Problem):
        notes += note_other_purposes(evidence, document)
    notes += _document_notes(evidence)
    notes += [f"{describe_mark(mark)}, or somebody stole its promise key." for mark in broken_promises(evidence)]
    proofs = evidence.covered.proofs
    if others > 0 and not isinstance(proofs, Problem):
        judged = len(proofs) - others
        notes.append(f"The document has {len(proofs)} proofs; {judged} decided, nothing is said of the others.")
    return (*notes, *evidence.gathering_notes)


def _block_notes(evidence: Evidence) -> Iterator[str]:
    if evidence.policy.block_hash is not None and evidence.view is not None:
        block = evidence.view.block
        yield (
            f"As of block {block.number} of chain {block.chain_id}, {write_time(block.time)}, by the receipt's light part: "
            "no node was asked, and what came later is not known."
        )


def _document_notes(evidence: Evidence) -> Iterator[str]:
    document = evidence.presented.document
    if isinstance(document, Problem):
        return
    if own_contexts(document):
        yield "The document defines terms itself: read its member names only by those definitions."
    if "credentialSchema" in document:
        yield "The document names schemas of its own: whether it follows them was not looked at."
    if has_token_endorsements(document):
        yield "Endorsements in the form of tokens (endorsementJwt) were not judged."
    for endorsement in evidence.endorsements:
        yield describe(endorsement, judge_endorsement(endorsement, moment=evidence.moment, now=evidence.now))


def advise(checks: tuple[Check, ...]) -> tuple[str, ...]:
    """Return what to do about the checks that did not pass, each once."""
    open_checks = [check for check in checks if check.result in {Result.FAIL, Result.UNKNOWN}]
    return tuple(dict.fromkeys(_NEXT[check.reason] for check in open_checks if check.reason in _NEXT))

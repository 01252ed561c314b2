"""Checks 9 and 10: revoked, suspended, or not, and as of which epoch (protocol section 8).

    a proof counts when   it is of this purpose and this log, it folds to its root, and the chain holds that root
    an epoch is current   when it is the newest, or the next one was anchored less than the status age before the block

A 1 in the revocation tree stays 1 in every later epoch: a proved one is final however old the block read is. A 0 is
known only up to its epoch.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from registry.domain.check import Finding, Reason, failed, passed, skipped, unknown
from registry.domain.checks_inclusion import trusted_view, without_receipt
from registry.domain.checks_served import judge_foreign_status, served_bits
from registry.domain.errors import Malformed
from registry.domain.evidence import ChainEvidence, Evidence, Profile
from registry.domain.log_marks import doubt_status
from registry.domain.problem import Problem
from registry.domain.slot import CredentialSlot, Purpose
from registry.domain.status import StatusProof, bit_of_chunk, fold_status_proof


def check_revocation(evidence: Evidence) -> Finding:
    """9: fail only for a proved 1; pass for a 0 in a current epoch that the credential is in; else unknown."""
    return doubt_status(evidence, _judge_revocation(evidence))


def check_suspension(evidence: Evidence) -> Finding:
    """10: for credentials with that entry, the bit in a current epoch or in the served list."""
    return doubt_status(evidence, _judge_suspension(evidence))


def _judge_revocation(evidence: Evidence) -> Finding:
    slot = evidence.presented.log_slot
    if slot is None:
        return _without_slot(evidence, Purpose.REVOCATION)
    known = _known_bits(evidence, slot, Purpose.REVOCATION)
    revoked = [item.epoch for item in known.bits if item.value]
    if revoked:
        return failed(Reason.REVOKED, f"The credential was revoked, as epoch {min(revoked)} of its log proves.")
    if any(item.value for item in served_bits(evidence, slot, Purpose.REVOCATION)):
        return failed(Reason.REVOKED, "The credential was revoked, as the issuer's signed status list says.")
    obstacle = _obstacle(evidence, slot)
    if obstacle is not None:
        return obstacle
    current = _newest_current(evidence, known)
    if current is None or not _covers_credential(evidence, current):
        return _not_known(evidence, known, Purpose.REVOCATION)
    return passed(Reason.NOT_REVOKED, f"The credential is not revoked as of epoch {current.epoch} of its log.")


def _judge_suspension(evidence: Evidence) -> Finding:
    slot = evidence.presented.log_slot
    if slot is None:
        return _without_slot(evidence, Purpose.SUSPENSION)
    if not slot.suspendable:
        return skipped(Reason.NO_SUSPENSION_ENTRY, "The credential cannot be suspended: it has no entry for it.")
    known = _known_bits(evidence, slot, Purpose.SUSPENSION)
    served = [item for item in served_bits(evidence, slot, Purpose.SUSPENSION) if item.fresh]
    obstacle = _obstacle(evidence, slot)
    current = None if obstacle is not None else _newest_current(evidence, known)
    if current is not None and current.value:
        return failed(Reason.SUSPENDED, f"The credential is suspended as of epoch {current.epoch} of its log.")
    if any(item.value for item in served):
        return failed(Reason.SUSPENDED, "The credential is suspended, as the issuer's signed status list says.")
    if current is not None and _covers_credential(evidence, current):
        return passed(Reason.NOT_SUSPENDED, f"The credential is not suspended as of epoch {current.epoch} of its log.")
    if obstacle is None and served:
        return passed(Reason.NOT_SUSPENDED, "The credential is not suspended, as the issuer's signed status list says.")
    return obstacle or _not_known(evidence, known, Purpose.SUSPENSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bit:
    epoch: int
    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What status proofs prove, and why the others prove nothing."""

    bits: tuple[_Bit, ...]
    flaw: Finding | None
    """Of the first proof that did not count."""


def _known_bits(evidence: Evidence, slot: CredentialSlot, purpose: Purpose) -> _Known:
    view = _final_view(evidence, slot)
    if isinstance(view, Finding):
        return _Known(bits=(), flaw=view)
    bits: list[_Bit] = []
    flaws: list[Finding] = []
    for proof in _proofs(evidence, purpose):
        judged = proof if isinstance(proof, Finding) else _judge_proof(evidence, proof, slot, view)
        if isinstance(judged, _Bit):
            bits.append(judged)
        else:
            flaws.append(judged)
    return _Known(bits=tuple(bits), flaw=flaws[0] if flaws else None)


def _proofs(evidence: Evidence, purpose: Purpose) -> Iterator[StatusProof | Finding]:
    yield from (proof for proof in evidence.status_proofs if proof.purpose is purpose)
    if evidence.parts is None:
        return
    try:
        listed = evidence.parts.parse_status()
    except Malformed as error:
        yield unknown(Reason.STATUS_MALFORMED, f"The receipt's status cannot be read: {error.message}.")
        return
    if [proof.purpose for proof in listed] not in ([], [Purpose.REVOCATION], list(Purpose)):
        yield unknown(Reason.STATUS_MALFORMED, "The receipt's status is not one proof a purpose, revocation first.")
        return
    yield from (proof for proof in listed if proof.purpose is purpose)


def _judge_proof(evidence: Evidence, proof: StatusProof, slot: CredentialSlot, view: ChainEvidence) -> "_Bit | Finding":
    if proof.log != slot.log:
        return unknown(
            Reason.STATUS_FOREIGN, f"The status proof is of {proof.log}, the credential's log is {slot.log}."
        )
    if fold_status_proof(proof, slot=slot.slot) != proof.root:
        return unknown(Reason.STATUS_FOREIGN, "The status proof does not lead from the credential's slot to its root.")
    if proof.epoch <= view.latest_epoch and view.roots.get(proof.epoch) == proof.root:
        return _Bit(epoch=proof.epoch, value=bit_of_chunk(proof.chunk, slot.slot))
    if evidence.parts is not None and proof.epoch < evidence.parts.anchor.epoch:
        return unknown(Reason.STATUS_STALE, f"The status proof is of epoch {proof.epoch}, before the credential's own.")
    return unknown(Reason.STATUS_UNANCHORED, f"The chain holds no such root as epoch {proof.epoch} of the log.")


def _obstacle(evidence: Evidence, slot: CredentialSlot) -> Finding | None:
    """Return what keeps any 0 from counting: no chain to compare with, or a block that is too old."""
    view = _final_view(evidence, slot)
    if isinstance(view, Finding):
        return view
    # A block that the verifier names is its clock, however old it is.
    if evidence.policy.block_hash is None and evidence.moment - view.block.time > evidence.policy.max_block_age:
        return unknown(Reason.BLOCK_TOO_OLD, f"The newest final block, {view.block.number}, is too old to tell.")
    return None


def _final_view(evidence: Evidence, slot: CredentialSlot) -> ChainEvidence | Finding:
    view = trusted_view(evidence, slot.log)
    if isinstance(view, ChainEvidence) and not view.block.final:
        return unknown(Reason.NOT_FINAL, f"Block {view.block.number} is not final yet.")
    return view


def _newest_current(evidence: Evidence, known: _Known) -> _Bit | None:
    """Return the newest bit of a current epoch."""
    view = evidence.view
    current = [bit for bit in known.bits if view is not None and _is_current(evidence, view, bit.epoch)]
    return max(current, key=lambda bit: bit.epoch, default=None)


def _covers_credential(evidence: Evidence, bit: _Bit) -> bool:
    """Tell whether a bit is of the credential's own epoch or a later one: before that its slot was nobody's.

    The receipt of another document says nothing of this one's epoch: check 4 tells, but not in the profile vc.
    """
    parts = evidence.parts
    if parts is None or (evidence.policy.profile is Profile.VC and parts.leaf != evidence.presented.leaf):
        return False
    return bit.epoch >= parts.anchor.epoch


def _is_current(evidence: Evidence, view: ChainEvidence, epoch: int) -> bool:
    if epoch == view.latest_epoch:
        return True
    superseded_at = view.anchored_at.get(epoch + 1)
    return superseded_at is not None and view.block.time - superseded_at < evidence.policy.max_status_age


def _not_known(evidence: Evidence, known: _Known, purpose: Purpose) -> Finding:
    if evidence.parts is None:
        return without_receipt(evidence)
    if known.bits:
        newest = max(known.bits, key=lambda bit: bit.epoch)
        sentence = f"The {purpose} status is known up to epoch {newest.epoch} of the log only."
        return unknown(Reason.STATUS_STALE, sentence)
    if known.flaw is not None:
        return known.flaw
    return unknown(Reason.STATUS_MISSING, f"There is no {purpose} proof.")


def _without_slot(evidence: Evidence, purpose: Purpose) -> Finding:
    if evidence.policy.profile is Profile.CREDROOT or isinstance(evidence.presented.document, Problem):
        return unknown(Reason.FORM_FAILED, "The document names no status slot.")
    return judge_foreign_status(evidence, evidence.presented.document, purpose)

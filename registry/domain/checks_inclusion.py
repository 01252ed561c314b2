"""Checks 4 to 7: the credential is in the batch, the batch in the epoch, the epoch on the chain (protocol section 8).

Form first, then recompute, then compare: the leaf is the document's own, the slot word the one its status names.
"""

from typing import Final

from registry.domain.batch import BatchHeader, check_header_tie
from registry.domain.canonical import canonicalize
from registry.domain.check import Finding, Reason, Result, failed, passed, unknown
from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.evidence import ChainEvidence, Evidence, IssuerSource
from registry.domain.hashing import Digest, sha256
from registry.domain.log_marks import doubt_anchor
from registry.domain.log_name import LogName
from registry.domain.paths import Path, check_entry_path, fold
from registry.domain.problem import Problem
from registry.domain.receipt import ReceiptParts
from registry.domain.slot import KIND_CREDENTIAL, CredentialSlot


def check_leaf(evidence: Evidence) -> Finding:
    """4: the receipt's leaf is the document's."""
    parts, leaf = evidence.parts, evidence.presented.leaf
    if parts is None:
        return without_receipt(evidence)
    if isinstance(leaf, Problem):
        return _form_failed()
    if parts.leaf_kind != KIND_CREDENTIAL:
        return failed(Reason.LEAF_KIND_DIFFERS, f"The receipt is for a leaf of kind {parts.leaf_kind}, not for JSON.")
    if parts.leaf != leaf:
        return failed(
            Reason.LEAF_DIFFERS, f"The receipt is for {parts.leaf.hex()}, the document hashes to {leaf.hex()}."
        )
    return passed(Reason.LEAF_MATCHES, "The receipt is for this very document.")


def check_inclusion(evidence: Evidence) -> Finding:
    """5: path form, path leads to the root, header tied to the batch; log, issuer and DID document are one."""
    parts, leaf, slot = evidence.parts, evidence.presented.leaf, evidence.presented.log_slot
    if parts is None:
        return without_receipt(evidence)
    if isinstance(leaf, Problem) or slot is None:
        return _form_failed()
    if parts.slot != slot.slot:
        return failed(Reason.SLOT_DIFFERS, f"The receipt is for slot {parts.slot}, the document names {slot.slot}.")
    try:
        path = parts.parse_path()
        check_entry_path(path, word=slot.word, where="path")
    except Malformed as error:
        return failed(Reason.PATH_MALFORMED, f"The path has not the form of a proof: {error.message}.")
    if parts.anchor.log != slot.log:
        sentence = f"The document names {slot.log}, the receipt {parts.anchor.log}."
        return failed(Reason.LOG_DIFFERS, sentence)
    if fold(leaf, path) != parts.root:
        return failed(Reason.PATH_LEADS_ELSEWHERE, "The path does not lead from the document to the epoch's root.")
    return _check_header(evidence, parts, slot=slot, leaf=leaf, path=path)


def check_anchor(evidence: Evidence) -> Finding:
    """6: the root stands on the chain, in a known contract with the published code."""
    parts, slot = evidence.parts, evidence.presented.log_slot
    if parts is None:
        return without_receipt(evidence)
    if slot is None:
        return _form_failed()
    view = trusted_view(evidence, slot.log)
    if isinstance(view, Finding):
        return view
    epoch = parts.anchor.epoch
    if epoch > view.latest_epoch:
        sentence = f"The log has reached epoch {view.latest_epoch} at the block read, the receipt names {epoch}."
        return unknown(Reason.EPOCH_NOT_REACHED, sentence)
    if view.roots.get(epoch) != parts.root:
        return failed(Reason.ROOT_DIFFERS, f"The chain holds another root for epoch {epoch} than the receipt.")
    anchored = passed(Reason.ANCHORED, f"The chain holds this root as epoch {epoch} of {slot.log}.")
    return doubt_anchor(evidence, anchored, epoch=epoch)


def check_finality(evidence: Evidence) -> Finding:
    """7: the block read is final."""
    if evidence.parts is None:
        return without_receipt(evidence)
    view = evidence.chain
    if isinstance(view, Problem):
        return no_chain(view)
    block = view.block
    if evidence.policy.block_hash is not None:
        sentence = f"That block {block.number} is final, and of chain {block.chain_id}, is the verifier's own word."
        return passed(Reason.BLOCK_GIVEN, sentence)
    if not block.final:
        return unknown(Reason.NOT_FINAL, f"Block {block.number} is not final yet.")
    return passed(Reason.FINAL, f"Block {block.number} is final.")


def trusted_view(evidence: Evidence, log: LogName) -> ChainEvidence | Finding:
    """Return what the chain says of a log, or why it says nothing that counts: a receipt introduces no contract."""
    view = evidence.chain
    if isinstance(view, Problem):
        return no_chain(view)
    if view.block.chain_id != log.chain_id:
        sentence = f"The log is on chain {log.chain_id}, the chain that was read is {view.block.chain_id}."
        return unknown(Reason.OTHER_CHAIN, sentence)
    if not _is_known(evidence, log):
        return unknown(Reason.UNKNOWN_CONTRACT, f"Nobody the verifier trusts named the contract {log.contract}.")
    if view.code_hash != evidence.policy.published_contract.code_hash:
        sentence = f"The code at {log.contract} is not the published one."
        return unknown(Reason.CONTRACT_CODE_DIFFERS, sentence)
    return view


def proved_anchored(evidence: Evidence) -> bool:
    """Tell whether document, path and chain prove that the log anchored this credential."""
    checks = (check_leaf, check_inclusion, check_anchor)
    return all(check(evidence).result is Result.PASS for check in checks)


def without_receipt(evidence: Evidence) -> Finding:
    """Say why there is nothing to prove inclusion with."""
    if isinstance(evidence.receipt, Problem):
        return unknown(Reason.RECEIPT_UNREADABLE, f"The receipt cannot be read: {evidence.receipt.message}.")
    return unknown(Reason.NO_RECEIPT, "There is no receipt, and none was to be had.")


def no_chain(problem: Problem) -> Finding:
    """Say why the chain could not be read, or nothing is proved of it."""
    if problem.code in _LIGHT_REASONS:
        return unknown(Reason(problem.code), f"The receipt proves nothing of the chain by itself: {problem.message}.")
    reason = {Reason.NO_RPC.value: Reason.NO_RPC, Reason.RPC_DISAGREE.value: Reason.RPC_DISAGREE}.get(
        problem.code, Reason.CHAIN_UNREACHABLE
    )
    return unknown(reason, f"The chain could not be read: {problem.message}.")


_LIGHT_REASONS: Final = frozenset({Reason.LIGHT_MISSING, Reason.LIGHT_MALFORMED, Reason.LIGHT_MISMATCH})


def _check_header(
    evidence: Evidence, parts: ReceiptParts, *, slot: CredentialSlot, leaf: Digest, path: Path
) -> Finding:
    try:
        header, header_path = parts.parse_batch()
        # The header then leads to the root that the document's own path leads to: their last steps are the same.
        check_header_tie(header, header_path, credential_leaf=leaf, credential_path=path)
    except Malformed as error:
        reason = Reason.HEADER_NOT_TIED if error.code == "header-not-tied" else Reason.HEADER_MALFORMED
        return failed(reason, f"The batch header does not belong to this batch: {error.message}.")
    except ProofMismatch as error:
        return failed(Reason.HEADER_NOT_TIED, f"The batch header does not belong to this batch: {error.message}.")
    return _check_agreement(evidence, parts, slot=slot, header=header)


def _check_agreement(evidence: Evidence, parts: ReceiptParts, *, slot: CredentialSlot, header: BatchHeader) -> Finding:
    if header.log != slot.log:
        return failed(Reason.LOG_DIFFERS, f"The document names {slot.log}, the batch {header.log}.")
    if header.issuer != evidence.presented.issuer:
        sentence = f"The batch is of {header.issuer}, the document of {evidence.presented.issuer}."
        return failed(Reason.ISSUER_DIFFERS, sentence)
    if sha256(canonicalize(parts.issuer)) != header.did_document:
        return failed(Reason.DID_DOCUMENT_DIFFERS, "The receipt's DID document is not the one the batch commits to.")
    return passed(
        Reason.INCLUDED, f"The document is in batch {header.id!r} of {header.issuer}, under the epoch's root."
    )


def _is_known(evidence: Evidence, log: LogName) -> bool:
    """The published address, pinned, or named by a DID document that does not come from the receipt."""
    policy, issuer = evidence.policy, evidence.issuer
    if log.contract == policy.published_contract.address or log.contract in policy.contracts:
        return True
    if issuer.source is IssuerSource.DERIVED or issuer.document is None or isinstance(issuer.document, Problem):
        return False
    named = issuer.document.logs if issuer.document.id == evidence.presented.issuer else ()
    return any((known.chain_id, known.contract) == (log.chain_id, log.contract) for known in named)


def _form_failed() -> Finding:
    return unknown(Reason.FORM_FAILED, "The document could not be read so far.")

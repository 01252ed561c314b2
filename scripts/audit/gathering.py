"""Gathering the evidence for a verdict by an auditor's own means; the rules are `registry.domain.verdict`.

    document -> what its signature covers -> receipt -> the issuer's DID document -> chain, one block -> published files

Nothing is fetched that was not asked for, and no DID is resolved: its document is given, derived from a did:key, or the
receipt's copy. What cannot be had becomes a problem in the evidence or a note; only the verdict says what a gap means.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.adapters.court import encode_call, read_marks
from registry.adapters.published import PublishedFiles
from registry.domain.canonical import JsonObject, parse_object
from registry.domain.did import did_key_document
from registry.domain.did_document import DidDocument, parse_did_document
from registry.domain.errors import CredrootError, Malformed, Unavailable
from registry.domain.evidence import (
    ChainEvidence,
    CourtEvidence,
    Evidence,
    IssuerEvidence,
    IssuerSource,
    KnownContract,
    Policy,
)
from registry.domain.hashing import Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.paths import fold
from registry.domain.presented import Presented, read_presented
from registry.domain.problem import Found, Problem
from registry.domain.proof_checking import CoveredDocument, cover_document
from registry.domain.receipt import MAX_RECEIPT_BYTES, ReceiptParts
from registry.domain.status import StatusProof
from registry.ports import JsonLd
from scripts.audit.chain import Anchored, ChainView
from scripts.audit.proofs import build_receipt, find_place, prove_newest_status

GRACE: Final = timedelta(hours=1)
"""Epochs younger than this at the block read may be unpublished (protocol section 9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is judged, and with what at hand."""

    credential: bytes
    receipt: bytes | None
    did_document: bytes | None
    chain: Found[ChainView]
    published: PublishedFiles | None
    policy: Policy
    now: datetime


def published_contract() -> KnownContract:
    """Return the anchor log as it is published, and its court."""
    artifact, court = load_artifact(), load_artifact(FRAUD_COURT)
    return KnownContract(
        address=artifact.address,
        code_hash=artifact.runtime_code_hash,
        court=KnownContract(address=court.address, code_hash=court.runtime_code_hash),
    )


def gather(request: Request, *, json_ld: JsonLd) -> Evidence:
    """Gather the evidence for a verdict. Raises nothing that its parts may raise."""
    presented = read_presented(request.credential)
    gathered = _Gathered(presented=presented, receipt=_receipt(request.receipt))
    chain = _read_chain(request, gathered)
    return Evidence(
        presented=presented,
        covered=_covered(presented, json_ld),
        receipt=gathered.receipt,
        issuer=_issuer(presented, request.did_document),
        chain=chain,
        status_proofs=tuple(gathered.status_proofs),
        served_lists=(),
        pending=gathered.pending,
        now=request.now,
        policy=request.policy,
        gathering_notes=tuple(gathered.notes),
    )


@dataclass(slots=True, kw_only=True)
class _Gathered:
    presented: Presented
    receipt: Found[ReceiptParts] | None
    status_proofs: list[StatusProof] = field(default_factory=list)
    pending: bool = False
    notes: list[str] = field(default_factory=list)

    def epochs(self) -> set[int]:
        """Return the epochs that the evidence speaks of."""
        if self.receipt is None or isinstance(self.receipt, Problem):
            return {proof.epoch for proof in self.status_proofs}
        try:
            listed = self.receipt.parse_status()
        except Malformed:
            # The verdict reads it again and says so.
            listed = ()
        return {self.receipt.anchor.epoch} | {proof.epoch for proof in (*self.status_proofs, *listed)}


def _receipt(content: bytes | None) -> Found[ReceiptParts] | None:
    if content is None:
        return None
    try:
        return ReceiptParts.parse(parse_object(content, limit_bytes=MAX_RECEIPT_BYTES))
    except Malformed as error:
        return Problem.of(error)


def _covered(presented: Presented, json_ld: JsonLd) -> CoveredDocument:
    if isinstance(presented.document, Problem):
        return CoveredDocument(meaning=presented.document, proofs=presented.document)
    return cover_document(presented.document, canonical_nquads=json_ld.canonical_nquads)


def _issuer(presented: Presented, given: bytes | None) -> IssuerEvidence:
    did = presented.issuer
    if did is not None and did.startswith("did:key:"):
        return IssuerEvidence(source=IssuerSource.DERIVED, document=_did_document(lambda: did_key_document(did)))
    if given is not None:
        return IssuerEvidence(source=IssuerSource.GIVEN, document=_did_document(lambda: parse_object(given)))
    return IssuerEvidence(source=IssuerSource.NOT_ASKED, document=None)


def _did_document(read: Callable[[], JsonObject]) -> Found[DidDocument]:
    try:
        return parse_did_document(read())
    except Malformed as error:
        return Problem.of(error)


def _read_chain(request: Request, gathered: _Gathered) -> Found[ChainEvidence]:
    slot, view = gathered.presented.log_slot, request.chain
    if isinstance(view, Problem):
        return view
    if slot is None:
        return Problem(code="no-log", message="the document names no log to look for")
    try:
        code_hash = _code_hash(view, slot.log)
        # Foreign code may answer anything: it is not asked.
        if code_hash != request.policy.published_contract.code_hash:
            return _chain_evidence(view, slot.log, code_hash=code_hash, latest=0)
        latest = view.latest_epoch(slot.log)
        events = _events(view, slot.log, gathered)
        _use_published(request.published, view, gathered, latest=latest, events=events)
        return _chain_evidence(
            view, slot.log, code_hash=code_hash, latest=latest, epochs=gathered.epochs(), events=events
        )
    except Unavailable as error:
        return Problem.of(error)


def _is_anchored(receipt: ReceiptParts, epoch: int, *, log: LogName, view: ChainView, leaf: Digest) -> bool:
    same_place = (receipt.anchor.log, receipt.anchor.epoch) == (log, epoch)
    return same_place and fold(leaf, receipt.parse_path()) == receipt.root == view.root_at(log, epoch)


def _code_hash(view: ChainView, log: LogName) -> bytes | None:
    if view.block.chain_id != log.chain_id:
        return None
    code, artifact = view.code(log.contract), load_artifact()
    # Only equality with the published code matters; another code's hash is any other value.
    return artifact.runtime_code_hash if code == artifact.runtime_code else sha256(code) if code else None


def _events(view: ChainView, log: LogName, gathered: _Gathered) -> Mapping[int, Anchored]:
    try:
        return view.anchored(log, since=0)
    except Unavailable as error:
        if error.code == "rpc-disagree":
            raise
        gathered.notes.append(f"When epochs were anchored could not be found out: {error.message}.")
        return {}


def _chain_evidence(
    view: ChainView,
    log: LogName,
    *,
    code_hash: bytes | None,
    latest: int,
    epochs: set[int] | None = None,
    events: Mapping[int, Anchored] | None = None,
) -> ChainEvidence:
    wanted = sorted(epoch for epoch in epochs or () if epoch <= latest)
    return ChainEvidence(
        block=view.block,
        log=log,
        code_hash=code_hash,
        latest_epoch=latest,
        roots={epoch: root for epoch in wanted if (root := view.root_at(log, epoch)) is not None},
        anchored_at={epoch: event.block_time for epoch, event in (events or {}).items() if epoch <= latest},
        court=_hear_court(view, log),
    )


def _hear_court(view: ChainView, log: LogName) -> Found[CourtEvidence] | None:
    """Ask the published court about a log of the published contract. Raises Unavailable `rpc-disagree`."""
    court = load_artifact(FRAUD_COURT)
    if (view.block.chain_id, log.contract) != (log.chain_id, load_artifact().address):
        return None
    try:
        if view.code(court.address) != court.runtime_code:
            return CourtEvidence(code_hash=None, marks=())
        marks = read_marks(view.ask_contract(court.address, encode_call("marksOf", log.number)))
    except Unavailable as error:
        if error.code == "rpc-disagree":
            raise
        return Problem.of(error)
    return CourtEvidence(code_hash=court.runtime_code_hash, marks=marks)


def _use_published(
    source: PublishedFiles | None,
    view: ChainView,
    gathered: _Gathered,
    *,
    latest: int,
    events: Mapping[int, Anchored],
) -> None:
    """Find the credential where no receipt was given, and make the newest status proofs."""
    slot = gathered.presented.log_slot
    if source is None or slot is None:
        return
    try:
        published = source.log_file().log
        if published != slot.log:
            gathered.notes.append(f"The published files are of {published}, not of the credential's log.")
            return
        if gathered.receipt is None:
            _find_receipt(source, view, gathered, latest=latest, events=events)
        gathered.status_proofs += prove_newest_status(source, slot, latest_epoch=latest)
    except CredrootError as error:
        gathered.notes.append(f"The published files could not be used: {error.message}.")


def _find_receipt(
    source: PublishedFiles,
    view: ChainView,
    gathered: _Gathered,
    *,
    latest: int,
    events: Mapping[int, Anchored],
) -> None:
    presented, slot = gathered.presented, gathered.presented.log_slot
    if isinstance(presented.leaf, Problem) or presented.issuer is None or slot is None:
        return
    missing: list[int] = []
    for epoch in range(1, latest + 1):
        manifest = source.manifest(epoch)
        if manifest is None:
            missing.append(epoch)
            continue
        place = find_place(source, manifest, leaf=presented.leaf, issuer=presented.issuer)
        if place is not None:
            receipt = ReceiptParts.parse(build_receipt(source, place, slot=slot.slot))
            if not _is_anchored(receipt, epoch, log=slot.log, view=view, leaf=presented.leaf):
                # Files that are not the log's own say nothing of the credential, least of all that it is forged.
                gathered.notes.append(f"The published files of epoch {epoch} are not what the log anchored: not used.")
                return
            gathered.receipt = receipt
            gathered.notes.append("The proof of inclusion was made from the published files.")
            return
        if view.root_at(slot.log, epoch) != manifest.root:
            gathered.notes.append(f"The published files of epoch {epoch} are not what the log anchored: not used.")
            return
    old = [epoch for epoch in missing if epoch not in events or view.block.time - events[epoch].block_time >= GRACE]
    # Every epoch old enough to be published is, and the credential is in none of them: it waits.
    gathered.pending = not old
    if old:
        gathered.notes.append(f"Epochs that should be published are not: {old}.")

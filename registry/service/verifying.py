"""Verifying a credential: gather evidence through the ports, then judge it (protocol section 8).

    read the document -> what its signature covers -> the receipt -> the issuer's DID document
    -> the chain, one block -> published files -> the chain again, the same block -> judge
    or, where the verifier names a block: the receipt's light part in place of chain and published files -> judge

Nothing is fetched that was not asked for. What cannot be had becomes a problem in the evidence or a note: gathering
raises nothing, and only the verdict says what a gap means.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from registry.chain_ports import ChainReader, LogView, PublishedSource
from registry.domain.canonical import JsonObject, parse_object
from registry.domain.checks_issuer import DID_UNRESOLVABLE
from registry.domain.did import did_key_document
from registry.domain.did_document import DidDocument, parse_did_document
from registry.domain.endorsements import Endorsement
from registry.domain.errors import CredrootError, Malformed, Unavailable
from registry.domain.evidence import (
    ChainEvidence,
    CourtEvidence,
    Evidence,
    IssuerEvidence,
    IssuerSource,
    Policy,
)
from registry.domain.light_evidence import read_light
from registry.domain.log_name import LogName
from registry.domain.paths import fold
from registry.domain.patricia import Keccak
from registry.domain.presented import Presented, read_presented
from registry.domain.problem import Found, Problem
from registry.domain.proof_checking import CoveredDocument, cover_document
from registry.domain.receipt import MAX_RECEIPT_BYTES, Receipt, ReceiptParts
from registry.domain.status import StatusProof
from registry.domain.verdict import Verdict, Word, judge
from registry.ports import Clock, DidResolver, JsonLd, StatusListFetcher
from registry.service.embedded import EndorsementGatherer
from registry.service.published_proofs import find_leaf, make_receipt, make_status_proofs, newest_manifest
from registry.service.served_lists import StatusListCopy, StatusListGatherer

UNPUBLISHED_GRACE: Final = timedelta(hours=1)
"""Epochs younger than this may be unpublished yet (protocol section 9)."""

_NO_LOG: Final = Problem(code="no-log", message="the document names no log to look for")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """What somebody wants verified, and by which policy."""

    credential: bytes
    policy: Policy
    receipt: bytes | None = None
    did_document: bytes | None = None
    """The issuer's DID document, from the verifier's own hands."""
    resolve_did: bool = False
    status_lists: tuple[StatusListCopy, ...] = ()
    fetch_status: bool = False
    """Fetch the status lists that the credential names."""
    pending: bool = False
    """The log's own service says that the credential waits to be anchored."""


class Verifier:
    """Gathers evidence and judges it. Without chain or published files it says what could not be checked."""

    def __init__(
        self,
        *,
        clock: Clock,
        json_ld: JsonLd,
        did_resolver: DidResolver,
        chain: ChainReader | None,
        published: PublishedSource | None,
        keccak: Keccak,
        status_lists: StatusListFetcher | None = None,
    ) -> None:
        self._clock = clock
        self._json_ld = json_ld
        self._did_resolver = did_resolver
        self._chain = chain
        self._published = published
        self._keccak = keccak
        self._endorsements = EndorsementGatherer(clock=clock, json_ld=json_ld, did_resolver=did_resolver)
        self._lists = StatusListGatherer(json_ld=json_ld, fetcher=status_lists)
        self._counting = threading.Lock()
        self._words: Counter[Word] = Counter()

    def verify(self, request: VerifyRequest) -> Verdict:
        """Return the verdict on a credential."""
        verdict = judge(self.gather(request))
        with self._counting:
            self._words[verdict.word] += 1
        return verdict

    def words(self) -> Mapping[Word, int]:
        """Tell how often each word was the verdict, since this was made; every word is named."""
        return {word: self._words[word] for word in Word}

    def gather(self, request: VerifyRequest) -> Evidence:
        """Gather the evidence for a verdict."""
        gathering = _Gathering(presented=read_presented(request.credential), receipt=_receipt(request.receipt))
        issuer = self._issuer(request, gathering.presented)
        chain = self._chain_evidence(gathering, request.policy, issuer)
        gathered = self._lists.gather(
            request.status_lists,
            gathering.presented,
            fetch=request.fetch_status,
            max_age=request.policy.max_status_age,
        )
        covered = self._covered(gathering.presented)
        return Evidence(
            presented=gathering.presented,
            covered=covered,
            endorsements=self._endorsed(request, gathering, covered),
            receipt=gathering.receipt,
            issuer=issuer,
            chain=chain,
            status_proofs=gathering.status_proofs,
            served_lists=gathered.lists,
            list_problems=gathered.problems,
            pending=request.pending or gathering.pending,
            now=self._clock.now(),
            policy=request.policy,
            gathering_notes=(*gathering.notes, *gathered.notes),
        )

    def _endorsed(
        self, request: VerifyRequest, gathering: "_Gathering", covered: CoveredDocument
    ) -> tuple[Endorsement, ...]:
        document = gathering.presented.document
        # What costs too much as a whole is not taken to pieces either.
        if isinstance(document, Problem) or covered.meaning is not None:
            return ()
        endorsements, notes = self._endorsements.gather(document, resolve=request.resolve_did)
        gathering.notes += notes
        return endorsements

    def _covered(self, presented: Presented) -> CoveredDocument:
        if isinstance(presented.document, Problem):
            return CoveredDocument(meaning=presented.document, proofs=presented.document)
        return cover_document(presented.document, canonical_nquads=self._json_ld.canonical_nquads)

    def _issuer(self, request: VerifyRequest, presented: Presented) -> IssuerEvidence:
        did = presented.issuer
        if did is not None and did.startswith("did:key:"):
            return _derived(did)
        if request.did_document is not None:
            return IssuerEvidence(source=IssuerSource.GIVEN, document=_did_document(request.did_document))
        if did is None or not request.resolve_did:
            return IssuerEvidence(source=IssuerSource.NOT_ASKED, document=None)
        try:
            resolved = self._did_resolver.resolve(did)
        except CredrootError as error:
            problem = Problem(code=DID_UNRESOLVABLE, message=error.message)
            return IssuerEvidence(source=IssuerSource.RESOLVED, document=problem)
        return IssuerEvidence(source=IssuerSource.RESOLVED, document=_did_document(resolved.content))

    def _chain_evidence(self, gathering: "_Gathering", policy: Policy, issuer: IssuerEvidence) -> Found[ChainEvidence]:
        if policy.block_hash is not None:
            return self._read_light(gathering, policy, block_hash=policy.block_hash)
        view = self._view(policy)
        # Reading files and chain may fail half way: what was gathered until then stays.
        return view if isinstance(view, Problem) else self._read_chain(view, gathering, policy, issuer)

    def _read_light(self, gathering: "_Gathering", policy: Policy, *, block_hash: bytes) -> Found[ChainEvidence]:
        slot = gathering.presented.log_slot
        if slot is None:
            return _NO_LOG
        return read_light(
            gathering.receipt,
            log=slot.log,
            block_hash=block_hash,
            code_hash=policy.published_contract.code_hash,
            keccak=self._keccak,
        )

    def _view(self, policy: Policy) -> Found[LogView]:
        if self._chain is None:
            return Problem(code="no-rpc", message="no Ethereum node was named")
        try:
            return self._chain.at_final_block(before=policy.at)
        except Unavailable as error:
            return Problem.of(error)

    def _read_chain(
        self, view: LogView, gathering: "_Gathering", policy: Policy, issuer: IssuerEvidence
    ) -> Found[ChainEvidence]:
        slot = gathering.presented.log_slot
        if slot is None:
            return _NO_LOG
        try:
            code_hash = view.code_hash(slot.log.contract) if view.block.chain_id == slot.log.chain_id else None
            # Foreign code may answer anything, at any cost: it is not asked.
            known = code_hash == policy.published_contract.code_hash
            latest = view.latest_epoch(slot.log) if known else 0
            if known:
                missing = self._read_published(gathering, view, latest_epoch=latest)
                # Every epoch old enough to be published is, and the credential is in none of them.
                gathering.pending = missing is not None and all(_is_young(view, slot.log, epoch) for epoch in missing)
            epochs = _epochs(gathering)
            return ChainEvidence(
                block=view.block,
                log=slot.log,
                code_hash=code_hash,
                latest_epoch=latest,
                roots={
                    epoch: root
                    for epoch in sorted(epochs)
                    if epoch <= latest and (root := view.root_at(slot.log, epoch)) is not None
                },
                anchored_at=_anchored_times(view, slot.log, gathering, latest_epoch=latest, issuer=issuer),
                court=_hear_court(view, slot.log, policy) if known else None,
            )
        except Unavailable as error:
            return Problem.of(error)

    def _read_published(self, gathering: "_Gathering", view: LogView, *, latest_epoch: int) -> tuple[int, ...] | None:
        """Find the credential where no receipt was given, and make the newest status proofs.

        Returns the epochs that are not published when the credential was looked for and not found, else None.
        """
        source, slot = self._published, gathering.presented.log_slot
        if source is None or slot is None:
            return None
        try:
            published = source.log_file().log
            if published != slot.log:
                gathering.notes.append(f"The published files are of {published}, not of the credential's log.")
                return None
            newest = newest_manifest(source, latest_epoch=latest_epoch)
            if newest is not None:
                gathering.status_proofs = make_status_proofs(
                    source, newest, log=slot.log, slot=slot.slot, purposes=slot.purposes
                )
            if gathering.receipt is not None:
                return None
            return _find_receipt(source, gathering, view, latest_epoch=latest_epoch)
        except CredrootError as error:
            gathering.notes.append(f"The published files could not be used: {error.message}.")
            return None


@dataclass(slots=True, kw_only=True)
class _Gathering:
    """What has been gathered so far; receipt and status may still be found in published files."""

    presented: Presented
    receipt: Found[ReceiptParts] | None
    status_proofs: tuple[StatusProof, ...] = ()
    pending: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def parts(self) -> ReceiptParts | None:
        return None if isinstance(self.receipt, Problem) else self.receipt


def _receipt(content: bytes | None) -> Found[ReceiptParts] | None:
    if content is None:
        return None
    try:
        return ReceiptParts.parse(parse_object(content, limit_bytes=MAX_RECEIPT_BYTES))
    except Malformed as error:
        return Problem.of(error)


def _find_receipt(
    source: PublishedSource, gathering: _Gathering, view: LogView, *, latest_epoch: int
) -> tuple[int, ...] | None:
    presented, slot = gathering.presented, gathering.presented.log_slot
    if isinstance(presented.leaf, Problem) or presented.issuer is None or slot is None:
        return None
    search = find_leaf(source, leaf=presented.leaf, issuer=presented.issuer, latest_epoch=latest_epoch)
    if search.place is None:
        if any(view.root_at(slot.log, epoch) != root for epoch, root in search.searched):
            # A mirror may leave a credential out: its files say what waits only when they are the log's own.
            gathering.notes.append("The published files are not what the log anchored: not used.")
            return None
        if search.missing:
            gathering.notes.append(
                f"Not among the published files, of which epochs {list(search.missing)} are missing."
            )
        return search.missing
    receipt = make_receipt(source, search.place, slot=slot.slot, status=())
    if not _is_of_log(receipt, search.place.manifest.epoch, log=slot.log, view=view):
        # A mirror that errs or lies says nothing of the credential: it must not make a genuine one look forged.
        gathering.notes.append(
            f"The published files of epoch {search.place.manifest.epoch} are not what the log anchored: not used."
        )
        return None
    gathering.receipt = ReceiptParts.parse(receipt.to_json())
    gathering.notes.append("The proof of inclusion was made from the published files.")
    return None


def _is_of_log(receipt: Receipt, epoch: int, *, log: LogName, view: LogView) -> bool:
    """Tell whether a receipt made from published files leads to what the log anchored, or may yet anchor."""
    if (receipt.anchor.log, receipt.anchor.epoch) != (log, epoch) or fold(receipt.leaf, receipt.path) != receipt.root:
        return False
    anchored = view.root_at(log, epoch)
    return anchored is None or anchored == receipt.root


def _derived(did: str) -> IssuerEvidence:
    try:
        document = _parsed(did_key_document(did))
    except Malformed as error:
        return IssuerEvidence(source=IssuerSource.DERIVED, document=Problem.of(error))
    return IssuerEvidence(source=IssuerSource.DERIVED, document=document)


def _did_document(content: bytes) -> Found[DidDocument]:
    try:
        return _parsed(parse_object(content))
    except Malformed as error:
        return Problem.of(error)


def _parsed(document: JsonObject) -> Found[DidDocument]:
    try:
        return parse_did_document(document)
    except Malformed as error:
        return Problem.of(error)


def _status_proofs(gathering: _Gathering) -> tuple[StatusProof, ...]:
    listed: tuple[StatusProof, ...] = ()
    if gathering.parts is not None:
        try:
            listed = gathering.parts.parse_status()
        except Malformed:
            # The verdict reads it again and says so.
            listed = ()
    return listed + gathering.status_proofs


def _epochs(gathering: _Gathering) -> set[int]:
    """Return the epochs that the evidence speaks of: a handful, however long a hostile receipt is."""
    own = set() if gathering.parts is None else {gathering.parts.anchor.epoch}
    return own | {proof.epoch for proof in _status_proofs(gathering)}


def _anchored_times(
    view: LogView, log: LogName, gathering: _Gathering, *, latest_epoch: int, issuer: IssuerEvidence
) -> dict[int, datetime]:
    """Find when epochs were anchored, where that matters: after a status, and under a key that has an end."""
    wanted = {proof.epoch + 1 for proof in _status_proofs(gathering)}
    hints: dict[int, int] = {}
    if gathering.parts is not None:
        hints[gathering.parts.anchor.epoch] = gathering.parts.anchor.block_number
        if _has_ending_key(gathering.parts, issuer):
            wanted.add(gathering.parts.anchor.epoch)
    times: dict[int, datetime] = {}
    for epoch in sorted(epoch for epoch in wanted if epoch <= latest_epoch):
        try:
            event = view.anchored(log, epoch, hint=hints.get(epoch))
        except Unavailable as error:
            if error.code == "rpc-disagree":
                raise
            gathering.notes.append(f"When epoch {epoch} was anchored could not be found out: {error.message}.")
            continue
        if event is not None:
            times[epoch] = event.block_time
    return times


def _hear_court(view: LogView, log: LogName, policy: Policy) -> Found[CourtEvidence] | None:
    """Ask the published court about a log that it judges. Raises Unavailable `rpc-disagree`."""
    court = policy.published_contract.court
    if court is None or log.contract != policy.published_contract.address:
        return None
    try:
        code_hash = view.code_hash(court.address)
        marks = view.marks(court.address, log) if code_hash == court.code_hash else ()
    except Unavailable as error:
        if error.code == "rpc-disagree":
            raise
        # A revocation that is proved stays proved, whether or not the court can be heard.
        return Problem.of(error)
    return CourtEvidence(code_hash=code_hash, marks=marks)


def _has_ending_key(parts: ReceiptParts, issuer: IssuerEvidence) -> bool:
    documents = [issuer.document, _parsed(parts.issuer)]
    return any(key.ends for document in documents if isinstance(document, DidDocument) for key in document.keys)


def _is_young(view: LogView, log: LogName, epoch: int) -> bool:
    event = view.anchored(log, epoch)
    return event is not None and view.block.time - event.block_time < UNPUBLISHED_GRACE

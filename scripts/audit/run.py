"""The audit of a log: every epoch at one block, from the chain and the published files alone (protocol section 9).

contract and log -> log.json -> events -> each epoch: published? anchored so? every root -> beyond -> slots
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from registry.adapters.artifacts import load_artifact
from registry.adapters.published import PublishedFiles
from registry.domain.errors import Unavailable
from registry.domain.fields import write_time
from registry.domain.hashing import Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.manifest import LogFile, Manifest
from scripts.audit.batches import BatchAudit
from scripts.audit.chain import Anchored, ChainView
from scripts.audit.finding import Code, FileCodes, Ledger
from scripts.audit.folder import UNREACHABLE
from scripts.audit.lists import ListAudit
from scripts.audit.roots import check_roots
from scripts.audit.slots import SlotRegister

GRACE: Final = timedelta(hours=1)
"""Epochs younger than this at the block read may be unpublished (protocol section 9)."""
MAX_BEYOND: Final = 1_000
"""Epochs looked at beyond the log's newest: a server that invents manifests without end is not followed."""
MAX_UNREACHABLE: Final = 3
"""After so many epochs in a row that could not be read the published files are down: each costs a time-out."""

_LOG_FILE: Final = FileCodes(missing=Code.LOG_FILE_MISSING, malformed=Code.LOG_FILE_MALFORMED)
_MANIFEST: Final = FileCodes(missing=Code.EPOCH_UNPUBLISHED, malformed=Code.MANIFEST_MALFORMED)


class EpochAudit:
    """Rebuilds epoch after epoch. Needs published files only: what the chain holds is told to it."""

    def __init__(self, ledger: Ledger, source: PublishedFiles, *, log: LogName) -> None:
        """Take the ledger to write into."""
        self._ledger = ledger
        self._slots = SlotRegister()
        self._batches = BatchAudit(ledger, source, log=log, slots=self._slots)
        self._lists = ListAudit(ledger, source)

    def rebuild(self, manifest: Manifest, *, root: Digest, event: Anchored | None) -> None:
        """Rebuild every root of an epoch up to the anchored one; epochs come in ascending order."""
        proved = check_roots(self._ledger, manifest, anchored=root)
        for batch in manifest.batches:
            self._batches.check(
                batch,
                epoch=manifest.epoch,
                proved=proved.credentials,
                block_time=None if event is None else event.block_time,
            )
        self._lists.check(manifest, proved=proved.revocation)

    def finish(self) -> None:
        """Compare the slots of all epochs."""
        for reuse in self._slots.reuses():
            self._ledger.find(
                Code.SLOT_REUSED,
                epoch=reuse.epoch,
                place=f"slot {reuse.slot}",
                expected=f"{reuse.first_leaf.hex()}, as in epoch {reuse.first_epoch}",
                found=reuse.leaf.hex(),
            )


def audit_log(chain: ChainView, source: PublishedFiles, *, log: LogName) -> Ledger:
    """Audit a log at the block of a view."""
    ledger = Ledger()
    try:
        latest = _find_log(ledger, chain, log)
    except Unavailable as error:
        ledger.leave(error, epoch=None, place="the contract")
        return ledger
    if latest is not None:
        ledger.epochs = latest
        _LogAudit(ledger, chain, source, log=log).run()
    return ledger


def _find_log(ledger: Ledger, chain: ChainView, log: LogName) -> int | None:
    """Return the log's newest epoch, None when there is nothing to audit. Code that is not the published one is not asked."""
    if chain.block.chain_id != log.chain_id:
        raise Unavailable("other-chain", f"the nodes are on chain {chain.block.chain_id}, the log on {log.chain_id}")
    code, published = chain.code(log.contract), load_artifact().runtime_code
    if code != published:
        ledger.find(
            Code.CONTRACT_DIFFERS,
            epoch=None,
            place=log.contract,
            expected=f"{len(published)} bytes with SHA-256 {sha256(published).hex()}",
            found=f"{len(code)} bytes with SHA-256 {sha256(code).hex()}" if code else "no code",
        )
        return None
    if not chain.has_log(log):
        ledger.find(Code.LOG_UNKNOWN, epoch=None, place=log.contract, expected=f"log {log.number}", found="none")
        return None
    return chain.latest_epoch(log)


class _LogAudit:
    """The audit of a log that is there."""

    def __init__(self, ledger: Ledger, chain: ChainView, source: PublishedFiles, *, log: LogName) -> None:
        self._ledger = ledger
        self._chain = chain
        self._source = source
        self._log = log
        self._epochs = EpochAudit(ledger, source, log=log)
        self._events: Mapping[int, Anchored] = {}
        self._unreachable = 0

    def run(self) -> None:
        self._events = self._find_events(self._read_log_file())
        for epoch in range(1, self._ledger.epochs + 1):
            try:
                self._audit_epoch(epoch)
            except Unavailable as error:
                self._ledger.leave(error, epoch=epoch, place=f"the chain, epochs {epoch} to {self._ledger.epochs}")
                break
            if self._is_down(epoch):
                break
        else:
            self._look_beyond()
        self._epochs.finish()

    def _read_log_file(self) -> LogFile | None:
        with self._ledger.reading(_LOG_FILE, epoch=None, place="log.json"):
            file = self._source.log_file()
            if file.log != self._log:
                self._ledger.find(
                    Code.LOG_FILE_FOREIGN, epoch=None, place="log.json", expected=self._log, found=file.log
                )
            return file
        return None

    def _find_events(self, file: LogFile | None) -> Mapping[int, Anchored]:
        """Find the events of all epochs. The block of deployment is the registry's word: it only saves time."""
        since = 0 if file is None else min(file.deploy_block, self._chain.block.number)
        try:
            events = self._chain.anchored(self._log, since=since)
            if since > 0 and len(events) < self._ledger.epochs:
                events = self._chain.anchored(self._log, since=0)
        except Unavailable as error:
            self._ledger.leave(error, epoch=None, place="the Anchored events")
            return {}
        missing = [epoch for epoch in range(1, self._ledger.epochs + 1) if epoch not in events]
        if missing:
            absent = Unavailable("event-missing", f"the nodes know no Anchored event of {len(missing)} epochs")
            self._ledger.leave(absent, epoch=missing[0], place="the Anchored events")
        return events

    def _audit_epoch(self, epoch: int) -> None:
        root, event = self._chain.root_at(self._log, epoch), self._events.get(epoch)
        if root is None or (event is not None and event.root != root):
            raise Unavailable("rpc-answer", f"rootAt({epoch}) and the Anchored event contradict each other")
        manifest = self._read_manifest(epoch, event)
        if manifest is not None:
            self._ledger.published += 1
            if event is not None:
                self._check_anchor(manifest, event)
            self._epochs.rebuild(manifest, root=root, event=event)

    def _read_manifest(self, epoch: int, event: Anchored | None) -> Manifest | None:
        place = f"epochs/{epoch}/manifest.json"
        unread = len(self._ledger.unchecked)
        with self._ledger.reading(_MANIFEST, epoch=epoch, place=place):
            manifest = self._source.manifest(epoch)
            if manifest is None:
                self._note_unpublished(epoch, event, place)
            self._unreachable = 0
            return manifest
        self._unreachable = self._unreachable + 1 if len(self._ledger.unchecked) > unread else 0
        return None

    def _note_unpublished(self, epoch: int, event: Anchored | None, place: str) -> None:
        if event is None:
            # Its age is not known: it may be pending.
            absent = Unavailable("age-unknown", "not published, and when it was anchored is not known")
            self._ledger.leave(absent, epoch=epoch, place=place)
        elif self._chain.block.time - event.block_time < GRACE:
            self._ledger.pending.append(epoch)
        else:
            expected = f"files, {write_time(event.block_time + GRACE)} at the latest"
            self._ledger.find(Code.EPOCH_UNPUBLISHED, epoch=epoch, place=place, expected=expected, found="none")

    def _check_anchor(self, manifest: Manifest, event: Anchored) -> None:
        anchor = manifest.anchor
        for member, expected, found in (
            ("log", str(self._log), str(anchor.log)),
            ("epoch", str(event.epoch), str(anchor.epoch)),
            ("transaction", event.transaction, anchor.transaction),
            ("blockNumber", str(event.block_number), str(anchor.block_number)),
            ("blockHash", event.block_hash, anchor.block_hash),
            ("blockTime", write_time(event.block_time), write_time(anchor.block_time)),
        ):
            if expected != found:
                self._ledger.find(
                    Code.ANCHOR_DIFFERS,
                    epoch=event.epoch,
                    place=f"epochs/{event.epoch}/manifest.json anchor.{member}",
                    expected=expected,
                    found=found,
                )

    def _is_down(self, epoch: int) -> bool:
        if self._unreachable < MAX_UNREACHABLE or epoch == self._ledger.epochs:
            return False
        down = Unavailable(UNREACHABLE, f"after {MAX_UNREACHABLE} epochs in a row the others were not asked for")
        self._ledger.leave(down, epoch=epoch + 1, place=f"epochs {epoch + 1} to {self._ledger.epochs}")
        return True

    def _look_beyond(self) -> None:
        """Look for epochs that are published as anchored by the block read, and that the log has not reached."""
        for epoch in range(self._ledger.epochs + 1, self._ledger.epochs + MAX_BEYOND + 1):
            place = f"epochs/{epoch}/manifest.json"
            manifest: Manifest | None = None
            with self._ledger.reading(_MANIFEST, epoch=epoch, place=place):
                manifest = self._source.manifest(epoch)
            if manifest is None:
                return
            if manifest.anchor.block_number <= self._chain.block.number:
                expected = f"{self._ledger.epochs} epochs at block {self._chain.block.number}"
                found = f"{manifest.root.hex()}, as anchored in block {manifest.anchor.block_number}"
                self._ledger.find(Code.EPOCH_NOT_ANCHORED, epoch=epoch, place=place, expected=expected, found=found)

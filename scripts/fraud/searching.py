"""Looking for fraud in everything that is at hand: published files, receipts, promises.

    every epoch   lists: bits that went from 1 to 0 since the newest state that is proved
                  batches: slots that hold two different leaves, in any two epochs
    receipts      bits and entries, as good as files: the registry may have taken those away, or changed them
    promises      bits and entries of the promised epoch and those after it

What is found is evidence under anchored roots. Of a list that was wiped one slot is shown, of a log that cheats all the
time the earliest cases: the court marks a log once for each kind.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from registry.adapters.published import PublishedFiles
from registry.domain.errors import CredrootError, Malformed
from registry.domain.fraud import BrokenInclusion, BrokenRevocation, EntryProof, Fraud, SlotReuse, Unrevocation
from registry.domain.log_name import LogName
from registry.domain.manifest import ManifestList
from registry.domain.promise import Promise, PromiseKind, check_acceptable
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status import StatusProof, bit_of_chunk
from registry.domain.status_tree import read_bit
from scripts.audit.chain import Anchored, ChainView
from scripts.audit.slots import Reuse, SlotRegister
from scripts.fraud.epochs import SoundEpoch, credentials_in, sound_epoch
from scripts.fraud.reading import Confirmed

GRACE: Final = timedelta(hours=1)
"""Epochs younger than this at the block read may be unpublished (protocol section 9)."""
MAX_CASES: Final = 20
"""Of lists, and of slots, that are shown, the earliest: one is enough for the court, the others are for people."""


@dataclass(slots=True, kw_only=True)
class Search:
    """What was found so far, and what could not be looked at."""

    frauds: list[Fraud] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def reading(self, place: str) -> Iterator[None]:
        """Note a file that cannot be used, and go on."""
        try:
            yield
        except CredrootError as error:
            self.unread.append(f"{place}: {error.message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bit:
    """What is known of a slot in an epoch; `proof` is None when the files are to be asked for it."""

    epoch: int
    value: bool
    proof: StatusProof | None


class FraudSearch:
    """Searches one log at the block of a view."""

    def __init__(
        self,
        chain: ChainView,
        *,
        log: LogName,
        source: PublishedFiles | None,
        receipts: Sequence[Confirmed],
        promises: Sequence[Promise] = (),
        wanted: Collection[tuple[bytes, int]] = (),
    ) -> None:
        """Take what is at hand, and further leaves and slots to look for; nothing is read yet."""
        self._chain = chain
        self._log = log
        self._source = source
        self._promises = promises
        self._search = Search()
        self._register = SlotRegister()
        self._epochs: dict[int, SoundEpoch] = {}
        self._events: Mapping[int, Anchored] | None = None
        self._places: dict[tuple[bytes, int], int] = {}
        """Of the leaves and slots that are looked for, the epoch that holds them."""
        self._wanted = {*wanted, *((promise.terms.leaf, promise.terms.slot) for promise in promises)}
        self._revoked: dict[int, tuple[int, ManifestList]] = {}
        """By list, the newest epoch that revokes something in it."""
        self._given: dict[tuple[bytes, int], EntryProof] = {}
        """Entries that receipts prove, by leaf and slot."""
        self._bits: dict[int, list[_Bit]] = {promise.terms.slot: [] for promise in promises}
        """Of the slots that receipts and promises are about."""
        for receipt in receipts:
            self._take(receipt)

    def run(self) -> Search:
        """Search everything. Raises Unavailable when the chain cannot be read."""
        latest = self._chain.latest_epoch(self._log)
        for number in range(1, latest + 1 if self._source is not None else 1):
            self._look_at(number)
        self._find_reuses()
        self._find_unrevocations_of_slots()
        for promise in self._promises:
            self._judge_promise(promise, latest=latest)
        return self._search

    def find_entry(self, *, leaf: bytes, slot: int) -> EntryProof | None:
        """Prove a credential's entry from receipts or files, once they were searched. Raises as the source."""
        if (leaf, slot) in self._given:
            return self._given[leaf, slot]
        number = self._places.get((leaf, slot))
        return None if number is None else self._epochs[number].prove_entry(leaf=leaf, slot=slot)

    def _take(self, receipt: Confirmed) -> None:
        bits = self._bits.setdefault(receipt.slot, [])
        for proof in receipt.revocations:
            value = bit_of_chunk(proof.chunk, receipt.slot)
            bits.append(_Bit(epoch=proof.epoch, value=value, proof=proof))
        if receipt.entry is not None:
            self._given[receipt.entry.leaf, receipt.slot] = receipt.entry
            self._register.add(slot=receipt.slot, leaf=receipt.entry.leaf, epoch=receipt.entry.epoch)

    def _look_at(self, number: int) -> None:
        epoch = self._sound(number)
        if epoch is None:
            return
        self._epochs[number] = epoch
        if epoch.has_batches:
            for batch in epoch.manifest.batches:
                with self._search.reading(f"epoch {number}, {batch.entries}"):
                    for leaf, slot in credentials_in(epoch.entries(batch)):
                        self._register.add(slot=slot, leaf=leaf, epoch=number)
                        if (leaf, slot) in self._wanted:
                            self._places.setdefault((leaf, slot), number)
        else:
            self._search.unread.append(f"epoch {number}: the batches do not lead to the root on the chain")
        if epoch.suspension_root is not None:
            self._compare_lists(epoch)
            self._note_bits(epoch)
        else:
            self._search.unread.append(f"epoch {number}: the revocation lists do not lead to the root on the chain")

    def _sound(self, number: int) -> SoundEpoch | None:
        source, root = self._source, self._chain.root_at(self._log, number)
        if source is None or root is None:
            return None
        with self._search.reading(f"epoch {number}"):
            manifest = source.manifest(number)
            if manifest is None:
                self._note_unpublished(number)
                return None
            epoch = sound_epoch(source, manifest, log=self._log, root=root)
            if epoch is None:
                self._search.unread.append(f"epoch {number}: the files do not lead to the root on the chain")
            return epoch
        return None

    def _note_unpublished(self, number: int) -> None:
        if self._events is None:
            self._events = self._chain.anchored(self._log, since=0)
        event = self._events.get(number)
        if event is None or self._chain.block.time - event.block_time >= GRACE:
            self._search.unread.append(f"epoch {number}: not published")
        else:
            self._search.notes.append(f"Epoch {number} is younger than an hour and not published yet.")

    def _compare_lists(self, epoch: SoundEpoch) -> None:
        listed = {item.number: item for item in epoch.manifest.lists if item.purpose is Purpose.REVOCATION}
        for number in sorted(self._revoked.keys() | listed.keys()):
            before, item = self._revoked.get(number), listed.get(number)
            with self._search.reading(f"epoch {epoch.number}, revocation list {number}"):
                if before is None or item is None or not _is_same(before[1], item):
                    # A list counts only once its file was seen to lead to its root.
                    epoch.bits(number)
                    if before is not None:
                        self._compare_list(number, before=before[0], epoch=epoch)
                if item is None:
                    del self._revoked[number]
                else:
                    self._revoked[number] = (epoch.number, item)

    def _compare_list(self, number: int, *, before: int, epoch: SoundEpoch) -> None:
        old, new = self._epochs[before].bits(number), epoch.bits(number)
        undone = int.from_bytes(old, "big") & ~int.from_bytes(new, "big")
        if not undone:
            return
        if len(self._search.frauds) == MAX_CASES:
            self._search.notes.append(f"In epoch {epoch.number} revocations of list {number} were taken back too.")
            return
        slot = number * LIST_SIZE + LIST_SIZE - undone.bit_length()
        self._show(self._unrevocation(slot, revoked=before, unrevoked=epoch.number))
        if undone.bit_count() > 1:
            more = f"{undone.bit_count() - 1} more slots of list {number}"
            self._search.notes.append(f"In epoch {epoch.number} {more} are not revoked any more.")

    def _unrevocation(self, slot: int, *, revoked: int, unrevoked: int) -> Unrevocation:
        proofs = [self._epochs[epoch].prove_revocation(slot) for epoch in (revoked, unrevoked)]
        return Unrevocation(slot=slot, revoked=proofs[0], unrevoked=proofs[1])

    def _note_bits(self, epoch: SoundEpoch) -> None:
        for slot, bits in self._bits.items():
            with self._search.reading(f"epoch {epoch.number}, slot {slot}"):
                value = read_bit(epoch.bits(slot // LIST_SIZE), slot % LIST_SIZE)
                bits.append(_Bit(epoch=epoch.number, value=value, proof=None))

    def _find_reuses(self) -> None:
        reuses = sorted(self._register.reuses(), key=lambda reuse: (reuse.epoch, reuse.slot))
        for reuse in reuses[:MAX_CASES]:
            with self._search.reading(f"slot {reuse.slot}"):
                self._show(self._slot_reuse(reuse))
        if len(reuses) > MAX_CASES:
            self._search.notes.append(f"{len(reuses) - MAX_CASES} more slots were filled twice.")

    def _slot_reuse(self, reuse: Reuse) -> SlotReuse:
        entries = [
            self._entry_in(epoch, leaf=leaf, slot=reuse.slot)
            for leaf, epoch in ((reuse.first_leaf, reuse.first_epoch), (reuse.leaf, reuse.epoch))
        ]
        return SlotReuse(log=self._log, slot=reuse.slot, first=entries[0], second=entries[1])

    def _entry_in(self, number: int, *, leaf: bytes, slot: int) -> EntryProof:
        given = self._given.get((leaf, slot))
        if given is not None and given.epoch == number:
            return given
        entry = self._epochs[number].prove_entry(leaf=leaf, slot=slot)
        if entry is None:
            raise Malformed("entry-missing", f"the files of epoch {number} changed while they were read")
        return entry

    def _find_unrevocations_of_slots(self) -> None:
        for slot, bits in self._bits.items():
            revoked = min((bit for bit in bits if bit.value), key=_epoch_of, default=None)
            if revoked is None:
                continue
            later = [bit for bit in bits if not bit.value and bit.epoch > revoked.epoch]
            if later:
                with self._search.reading(f"slot {slot}"):
                    proofs = [self._proof(slot, bit) for bit in (revoked, min(later, key=_epoch_of))]
                    self._show(Unrevocation(slot=slot, revoked=proofs[0], unrevoked=proofs[1]))

    def _proof(self, slot: int, bit: _Bit) -> StatusProof:
        return self._epochs[bit.epoch].prove_revocation(slot) if bit.proof is None else bit.proof

    def _judge_promise(self, promise: Promise, *, latest: int) -> None:
        if promise.terms.kind is PromiseKind.REVOCATION:
            self._judge_revocation(promise, latest=latest)
        else:
            self._judge_inclusion(promise, latest=latest)

    def _judge_revocation(self, promise: Promise, *, latest: int) -> None:
        terms = promise.terms
        since = [bit for bit in self._bits[terms.slot] if bit.epoch >= terms.epoch]
        broken = min((bit for bit in since if not bit.value), key=_epoch_of, default=None)
        if broken is not None:
            with self._search.reading(f"slot {terms.slot}"):
                self._show(BrokenRevocation(promise=promise, unrevoked=self._proof(terms.slot, broken)))
        elif latest < terms.epoch:
            if _has_passed(terms.deadline, self._chain):
                self._show(BrokenRevocation(promise=promise, unrevoked=None))
            else:
                self._note_open(promise, what=f"to revoke slot {terms.slot}", latest=latest)
        elif since:
            self._search.notes.append(f"The promise to revoke slot {terms.slot} was kept.")
        else:
            self._search.unread.append(f"slot {terms.slot}: no files show its status from epoch {terms.epoch} on")

    def _judge_inclusion(self, promise: Promise, *, latest: int) -> None:
        terms = promise.terms
        if terms.leaf is None:
            return
        key = (terms.leaf, terms.slot)
        found = self._given[key].epoch if key in self._given else self._places.get(key)
        if found is not None:
            self._search.notes.append(f"The promise for leaf {terms.leaf.hex()} was kept: it is in epoch {found}.")
        elif latest < terms.epoch and not _has_passed(terms.deadline, self._chain):
            self._note_open(promise, what=f"for leaf {terms.leaf.hex()}", latest=latest)
        else:
            self._show(BrokenInclusion(promise=promise))

    def _note_open(self, promise: Promise, *, what: str, latest: int) -> None:
        note = f"The promise {what} can still be kept."
        try:
            check_acceptable(promise.terms, latest_epoch=latest, now=self._chain.block.time)
        except Malformed as error:
            note += f" But nobody should have taken it: {error.message}."
        self._search.notes.append(note)

    def _show(self, fraud: Fraud) -> None:
        if fraud not in self._search.frauds:
            self._search.frauds.append(fraud)


def _is_same(one: ManifestList, other: ManifestList) -> bool:
    return (one.sha256, one.root) == (other.sha256, other.root)


def _epoch_of(bit: _Bit) -> int:
    return bit.epoch


def _has_passed(deadline: datetime, chain: ChainView) -> bool:
    return chain.block.time > deadline

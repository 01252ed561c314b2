"""Proofs from published files, made only of what leads to the anchored root.

    manifest  ->  the halves that hash to the root on chain  ->  entries and bits under them

A manifest states every root on the way, and a registry that cheats may misstate any of them: each half is taken as
stated or as rebuilt, whichever leads to the root. Nothing else is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from registry.adapters.published import PublishedFiles
from registry.domain.batch import ENTRY_SIZE, tree_leaves
from registry.domain.epoch import credentials_root, epoch_root, path_above_batch, status_root
from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.fraud import EntryProof
from registry.domain.hashing import DIGEST_SIZE, Digest
from registry.domain.log_name import LogName
from registry.domain.manifest import Manifest, ManifestBatch, ManifestList
from registry.domain.merkle import MerkleTree
from registry.domain.slot import KIND_CREDENTIAL, LIST_SIZE, Purpose, has_slot_word_form, slot_of_word, slot_word
from registry.domain.status import StatusProof
from registry.domain.status_tree import EMPTY_LIST, list_root, prove_status, purpose_root


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundEpoch:
    """An epoch's published files, as far as they lead to its root on chain."""

    source: PublishedFiles
    log: LogName
    manifest: Manifest
    root: Digest
    """As the chain has it."""
    credentials_root: Digest
    status_root: Digest
    suspension_root: Digest | None
    """None when the revocation lists do not lead to the status root: then no bit is proved."""
    has_batches: bool
    """The batch roots lead to the credentials root."""

    @property
    def number(self) -> int:
        """The number of the epoch."""
        return self.manifest.epoch

    def entries(self, batch: ManifestBatch) -> bytes:
        """Return the entries of a batch. Raises as the source, and ProofMismatch when they are not the anchored ones."""
        data = self.source.entries(self.number, batch)
        root = MerkleTree(tree_leaves(data)).root
        if root != batch.root:
            raise ProofMismatch("batch-root-differs", batch.entries, expected=batch.root, actual=root)
        return data

    def prove_entry(self, *, leaf: bytes, slot: int) -> EntryProof | None:
        """Prove that a leaf stands under a slot in this epoch, None where its files do not show it. Raises as the source."""
        if not self.has_batches:
            return None
        roots = [batch.root for batch in self.manifest.batches]
        for number, batch in enumerate(self.manifest.batches):
            data = self.entries(batch)
            place = _place(data, leaf + slot_word(slot))
            if place is not None:
                above = path_above_batch(roots, number, status_root=self.status_root)
                path = MerkleTree(tree_leaves(data)).path(place // DIGEST_SIZE) + above
                return EntryProof(epoch=self.number, leaf=Digest(leaf), root=self.root, path=path)
        return None

    def revocation_list(self, number: int) -> ManifestList | None:
        """Return a revocation list as the manifest names it, None when it is all zero."""
        lists = [item for item in self.manifest.lists if (item.purpose, item.number) == (Purpose.REVOCATION, number)]
        return lists[0] if lists else None

    def bits(self, number: int) -> bytes:
        """Return a revocation list. Raises as the source, and ProofMismatch when it is not the anchored one."""
        item = self.revocation_list(number)
        if item is None:
            return EMPTY_LIST
        bits = self.source.bits(item)
        if list_root(bits) != item.root:
            raise ProofMismatch("list-root-differs", item.file_name(), expected=item.root, actual=list_root(bits))
        return bits

    def prove_revocation(self, slot: int) -> StatusProof:
        """Prove a slot's revocation bit. Raises as `bits`, and Malformed `bit-unproved` where no bit is proved."""
        if self.suspension_root is None:
            raise Malformed("bit-unproved", f"the revocation lists of epoch {self.number} do not lead to its root")
        return prove_status(
            purpose=Purpose.REVOCATION,
            log=self.log,
            epoch=self.number,
            root=self.root,
            slot=slot,
            bits=self.bits(slot // LIST_SIZE),
            list_roots=self.manifest.list_roots(Purpose.REVOCATION),
            other_root=self.suspension_root,
            credentials_root=self.credentials_root,
        )


def sound_epoch(source: PublishedFiles, manifest: Manifest, *, log: LogName, root: Digest) -> SoundEpoch | None:
    """Take of an epoch's manifest what leads to the root on chain; None when nothing does."""
    rebuilt = credentials_root([batch.root for batch in manifest.batches])
    revocation = purpose_root(manifest.list_roots(Purpose.REVOCATION))
    suspension = purpose_root(manifest.list_roots(Purpose.SUSPENSION))
    suspensions = (manifest.suspension_root, suspension)
    statuses = {status_root(revocation_root=revocation, suspension_root=other): other for other in suspensions}
    candidates = product((rebuilt, manifest.credentials_root), (*statuses, manifest.status_root))
    for credentials, status in candidates:
        if epoch_root(credentials_root=credentials, status_root=status) == root:
            return SoundEpoch(
                source=source,
                log=log,
                manifest=manifest,
                root=root,
                credentials_root=credentials,
                status_root=status,
                suspension_root=statuses.get(status),
                has_batches=credentials == rebuilt,
            )
    return None


def credentials_in(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield leaf and slot of each credential of a batch; the header, and what has no slot, is none."""
    for at in range(0, len(data), ENTRY_SIZE):
        leaf, word = data[at : at + DIGEST_SIZE], data[at + DIGEST_SIZE : at + ENTRY_SIZE]
        if has_slot_word_form(word) and word[3] == KIND_CREDENTIAL:
            yield leaf, slot_of_word(word)


def _place(data: bytes, entry: bytes) -> int | None:
    at = data.find(entry)
    while at >= 0 and at % ENTRY_SIZE:
        at = data.find(entry, at + 1)
    return at if at >= 0 else None

"""Making receipts and status proofs from published files alone (protocol section 9).

A verifier downloads whole manifests and whole lists: nobody learns which credential was looked at. What comes out is
a claim like any receipt; the verdict compares it with the chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from registry.chain_ports import PublishedSource
from registry.domain.batch import ENTRY_SIZE, decode_entries, tree_leaves
from registry.domain.canonical import parse_object
from registry.domain.epoch import path_above_batch
from registry.domain.errors import ProofMismatch
from registry.domain.hashing import DIGEST_SIZE, Digest
from registry.domain.log_name import LogName
from registry.domain.manifest import Manifest
from registry.domain.merkle import MerkleTree
from registry.domain.receipt import Receipt
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status import StatusProof
from registry.domain.status_tree import EMPTY_LIST, prove_status

MAX_EPOCHS: Final = 100_000
"""An epoch an hour for eleven years: whoever has more keeps receipts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPlace:
    """Where published files say that a credential is."""

    manifest: Manifest
    batch: int
    entry: int
    """Its position among the batch's entries, the header's being 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What came of looking for a leaf through all published epochs."""

    place: PublishedPlace | None
    missing: tuple[int, ...]
    """Epochs that the chain has and the folder has not."""
    searched: tuple[tuple[int, Digest], ...]
    """Epochs that the chain has, with the roots that the folder's files lead to: the leaf is in none of them."""


def find_leaf(source: PublishedSource, *, leaf: Digest, issuer: str, latest_epoch: int) -> Search:
    """Look for a leaf in the issuer's batches, epoch after epoch, until an epoch beyond the chain's is not published.

    Raises Malformed, ProofMismatch and Unavailable as the source.
    """
    missing: list[int] = []
    searched: list[tuple[int, Digest]] = []
    for epoch in range(1, min(MAX_EPOCHS, latest_epoch + MAX_UNPUBLISHED) + 1):
        manifest = source.manifest(epoch)
        if manifest is None and epoch > latest_epoch:
            break
        if manifest is None:
            missing.append(epoch)
            continue
        place = _find_in_epoch(source, manifest, leaf=leaf, issuer=issuer)
        if place is not None:
            return Search(place=place, missing=tuple(missing), searched=tuple(searched))
        # That a leaf is not there means something only where these files are all that the root commits to.
        manifest.check_roots()
        if epoch <= latest_epoch:
            searched.append((epoch, manifest.root))
    return Search(place=None, missing=tuple(missing), searched=tuple(searched))


def make_receipt(
    source: PublishedSource, place: PublishedPlace, *, slot: int, status: tuple[StatusProof, ...]
) -> Receipt:
    """Build the receipt of the credential at a place.

    Raises as the source, and Malformed or ProofMismatch when the batch's file is not what its header says.
    """
    manifest = place.manifest
    batch = manifest.batches[place.batch]
    data = source.entries(manifest.epoch, batch)
    decode_entries(data, batch.header)
    tree = MerkleTree(tree_leaves(data))
    above = path_above_batch([item.root for item in manifest.batches], place.batch, status_root=manifest.status_root)
    return Receipt(
        leaf=Digest(data[place.entry * ENTRY_SIZE :][:DIGEST_SIZE]),
        leaf_kind=0,
        slot=slot,
        path=tree.path(2 * place.entry) + above,
        root=manifest.root,
        anchor=manifest.anchor,
        header=batch.header,
        header_path=tree.path(0) + above,
        issuer=parse_object(source.issuer_document(batch.header.did_document)),
        status=status,
    )


def make_status_proofs(
    source: PublishedSource, manifest: Manifest, *, log: LogName, slot: int, purposes: Sequence[Purpose]
) -> tuple[StatusProof, ...]:
    """Build the status proofs of a slot in one epoch, in the order of the purposes.

    Raises as the source.
    """
    return tuple(_make_status_proof(source, manifest, log=log, slot=slot, purpose=purpose) for purpose in purposes)


def newest_manifest(source: PublishedSource, *, latest_epoch: int) -> Manifest | None:
    """Return the newest published manifest that is not beyond an epoch; the newest few may be unpublished yet."""
    for epoch in range(latest_epoch, max(0, latest_epoch - MAX_UNPUBLISHED), -1):
        manifest = source.manifest(epoch)
        if manifest is not None:
            return manifest
    return None


MAX_UNPUBLISHED: Final = 100
"""Epochs that may wait for finality at once; before those a mirror is simply incomplete."""


def _find_in_epoch(source: PublishedSource, manifest: Manifest, *, leaf: Digest, issuer: str) -> PublishedPlace | None:
    for number, batch in enumerate(manifest.batches):
        if batch.header.issuer != issuer:
            continue
        data = source.entries(manifest.epoch, batch)
        leaves = (data[at : at + DIGEST_SIZE] for at in range(ENTRY_SIZE, len(data), ENTRY_SIZE))
        for entry, found in enumerate(leaves, start=1):
            if found == leaf:
                return PublishedPlace(manifest=manifest, batch=number, entry=entry)
        rebuilt = MerkleTree(tree_leaves(data)).root
        if rebuilt != batch.root:
            raise ProofMismatch("root-differs", "batch root", expected=batch.root, actual=rebuilt)
    return None


def _make_status_proof(
    source: PublishedSource, manifest: Manifest, *, log: LogName, slot: int, purpose: Purpose
) -> StatusProof:
    listed = [item for item in manifest.lists if (item.purpose, item.number) == (purpose, slot // LIST_SIZE)]
    other = manifest.suspension_root if purpose is Purpose.REVOCATION else manifest.revocation_root
    return prove_status(
        purpose=purpose,
        log=log,
        epoch=manifest.epoch,
        root=manifest.root,
        slot=slot,
        bits=source.bits(listed[0]) if listed else EMPTY_LIST,
        list_roots=manifest.list_roots(purpose),
        other_root=other,
        credentials_root=manifest.credentials_root,
    )

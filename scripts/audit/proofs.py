"""Proofs made from published files: where a credential is, its receipt, and its status in an epoch (section 9).

Whole manifests and whole lists are read: nobody learns which credential was looked at. What comes out is a claim like
any receipt, until the verdict has compared it with the chain.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.adapters.published import PublishedFiles
from registry.domain.batch import ENTRY_SIZE, decode_entries, tree_leaves
from registry.domain.canonical import JsonObject, parse_object
from registry.domain.epoch import path_above_batch
from registry.domain.errors import ProofMismatch
from registry.domain.hashing import DIGEST_SIZE, Digest
from registry.domain.manifest import Manifest
from registry.domain.merkle import MerkleTree
from registry.domain.receipt import Receipt
from registry.domain.slot import LIST_SIZE, CredentialSlot, Purpose
from registry.domain.status import StatusProof
from registry.domain.status_tree import EMPTY_LIST, prove_status

MAX_UNPUBLISHED: Final = 100
"""Newest epochs that may wait to be published; before those a mirror is simply incomplete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where published files hold a credential."""

    manifest: Manifest
    batch: int
    entry: int
    """Its position among the batch's entries, the header's being 0."""
    data: bytes


def find_place(source: PublishedFiles, manifest: Manifest, *, leaf: Digest, issuer: str) -> Place | None:
    """Look for a leaf in an epoch's batches of its issuer. Raises as the source, and ProofMismatch."""
    for number, batch in enumerate(manifest.batches):
        if batch.header.issuer == issuer:
            data = source.entries(manifest.epoch, batch)
            leaves = [data[at : at + DIGEST_SIZE] for at in range(0, len(data), ENTRY_SIZE)]
            if leaf in leaves[1:]:
                return Place(manifest=manifest, batch=number, entry=leaves.index(leaf, 1), data=data)
            rebuilt = MerkleTree(tree_leaves(data)).root
            if rebuilt != batch.root:
                raise ProofMismatch("root-differs", "batch root", expected=batch.root, actual=rebuilt)
    # That the leaf is not there means something only where these files are all that the root commits to.
    manifest.check_roots()
    return None


def build_receipt(source: PublishedFiles, place: Place, *, slot: int) -> JsonObject:
    """Build the receipt of the credential at a place; its status is proved apart.

    Raises as the source, and Malformed or ProofMismatch when the batch's file is not what its header says.
    """
    manifest, header = place.manifest, place.manifest.batches[place.batch].header
    decode_entries(place.data, header)
    tree = MerkleTree(tree_leaves(place.data))
    roots = [batch.root for batch in manifest.batches]
    above = path_above_batch(roots, place.batch, status_root=manifest.status_root)
    receipt = Receipt(
        leaf=Digest(place.data[place.entry * ENTRY_SIZE :][:DIGEST_SIZE]),
        leaf_kind=0,
        slot=slot,
        path=tree.path(2 * place.entry) + above,
        root=manifest.root,
        anchor=manifest.anchor,
        header=header,
        header_path=tree.path(0) + above,
        issuer=parse_object(source.issuer_document(header.did_document)),
        status=(),
    )
    return receipt.to_json()


def prove_newest_status(source: PublishedFiles, slot: CredentialSlot, *, latest_epoch: int) -> Iterator[StatusProof]:
    """Yield a proof for each status entry of a credential, in the newest published epoch. Raises as the source."""
    for epoch in range(latest_epoch, max(0, latest_epoch - MAX_UNPUBLISHED), -1):
        manifest = source.manifest(epoch)
        if manifest is not None:
            for purpose in slot.purposes:
                yield _prove(source, manifest, slot, purpose)
            return


def _prove(source: PublishedFiles, manifest: Manifest, slot: CredentialSlot, purpose: Purpose) -> StatusProof:
    number = slot.slot // LIST_SIZE
    listed = [item for item in manifest.lists if (item.purpose, item.number) == (purpose, number)]
    return prove_status(
        purpose=purpose,
        log=slot.log,
        epoch=manifest.epoch,
        root=manifest.root,
        slot=slot.slot,
        bits=source.bits(listed[0]) if listed else EMPTY_LIST,
        list_roots=manifest.list_roots(purpose),
        other_root=manifest.suspension_root if purpose is Purpose.REVOCATION else manifest.revocation_root,
        credentials_root=manifest.credentials_root,
    )

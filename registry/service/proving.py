"""Receipts: derived from what was sealed, so nothing about them is stored (protocol section 7).

A receipt exists once its epoch is final; its status proofs are of the newest final epoch. The light part that the worker
captured of that epoch goes with it where it is the credential's own; for any other it is proved anew when asked for.
"""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from registry.chain_ports import LightProver
from registry.domain.batch import BatchHeader, tree_leaves
from registry.domain.canonical import JsonObject, parse_object
from registry.domain.epoch import path_above_batch
from registry.domain.errors import NotFound, Unavailable
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
from registry.domain.paths import Path
from registry.domain.receipt import Anchor, Receipt
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status import StatusProof
from registry.domain.status_tree import LIST_BYTES, ListStatus
from registry.service.recent import Recent
from registry.service.renewing import prove_light
from registry.store_ports import AnchorState, CredentialRecord, EpochRecord, ReadStore, Store

MAX_TREE_BYTES: Final = 160_000_000
"""Trees of batches kept in memory: 8.4 MB for the largest, so that a million credentials of one epoch fit."""
MAX_LIST_BYTES: Final = 8_000_000
"""Trees of lists kept in memory, of 49 KB each with their bits."""

_LIST_TREE_BYTES: Final = LIST_BYTES + 2 * LIST_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class _SealedBatch:
    """What the receipts of one final batch have in common: it never changes."""

    tree: MerkleTree
    header: BatchHeader
    above: Path
    """From the batch root to the epoch root."""
    root: Digest
    anchor: Anchor
    issuer: JsonObject


class Receipts:
    """Makes receipts, with the batches and lists asked for last at hand."""

    def __init__(self, store: Store, *, light: LightProver | None = None) -> None:
        """Take the store, and what proves light parts anew where there is a node to ask."""
        self._store = store
        self._light = light
        self._batches = Recent[UUID, _SealedBatch](MAX_TREE_BYTES, size=lambda batch: batch.tree.size_bytes)
        self._lists = Recent[tuple[int, Purpose, int], ListStatus](MAX_LIST_BYTES, size=lambda _: _LIST_TREE_BYTES)

    def of_leaf(self, leaf: Digest) -> Receipt:
        """Return the receipt of a credential's leaf, with its light part where one was captured.

        Raises NotFound: `receipt-not-found` for a leaf never issued here, `not-yet-anchored` before its epoch is final.
        """
        with self._store.read() as unit:
            try:
                credential = unit.credentials.by_leaf(leaf)
            except NotFound:
                raise NotFound("receipt-not-found", "no credential of this leaf was issued here") from None
            receipt = self.make(unit, credential)
            captured = unit.light_proofs.of_epoch(receipt.anchor.epoch) if _is_of_one_epoch(receipt) else None
            return replace(receipt, light=captured)

    def with_newest_light(self, leaf: Digest) -> Receipt:
        """Return the receipt of a credential's leaf, its light part made at the newest final block.

        Raises NotFound as `of_leaf`, Unavailable when there is no node to ask, or none proves it.
        """
        receipt = self.of_leaf(leaf)
        if self._light is None:
            raise Unavailable("no-rpc", "no Ethereum node was named")
        return replace(receipt, light=prove_light(receipt, self._light).part)

    def make(self, unit: ReadStore, credential: CredentialRecord) -> Receipt:
        """Return the receipt of a stored credential, without a light part: there may be many, and it is the largest part.

        Raises NotFound `not-yet-anchored` before its epoch is final.
        """
        batch_id, entry_index = credential.batch_id, credential.entry_index
        # A batch that was built ahead of its epoch leads to no root yet.
        if batch_id is None or entry_index is None or credential.epoch is None:
            raise _not_yet("it waits to be sealed")
        batch = self._batches.get(batch_id, lambda: _read_batch(unit, batch_id))
        return Receipt(
            leaf=credential.leaf,
            leaf_kind=0,
            slot=credential.slot,
            path=batch.tree.path(2 * entry_index) + batch.above,
            root=batch.root,
            anchor=batch.anchor,
            header=batch.header,
            header_path=batch.tree.path(0) + batch.above,
            issuer=batch.issuer,
            status=self._prove_statuses(unit, credential),
        )

    def _prove_statuses(self, unit: ReadStore, credential: CredentialRecord) -> tuple[StatusProof, ...]:
        newest = unit.epochs.newest_final()
        if newest is None:
            raise _not_yet("no epoch is final")
        purposes = (Purpose.REVOCATION, Purpose.SUSPENSION) if credential.suspendable else (Purpose.REVOCATION,)
        return tuple(self._list(unit, newest, purpose, credential.slot).prove(credential.slot) for purpose in purposes)

    def _list(self, unit: ReadStore, epoch: EpochRecord, purpose: Purpose, slot: int) -> ListStatus:
        number = slot // LIST_SIZE
        return self._lists.get((epoch.number, purpose, number), lambda: _read_list(unit, epoch, purpose, number))


def _is_of_one_epoch(receipt: Receipt) -> bool:
    return all(proof.epoch == receipt.anchor.epoch for proof in receipt.status)


def anchored_epoch(unit: ReadStore, credential: CredentialRecord) -> int | None:
    """Return the epoch of a credential when it is final, else None."""
    if credential.epoch is None or unit.epochs.anchor(credential.epoch).state is not AnchorState.FINAL:
        return None
    return credential.epoch


def _final_anchor(unit: ReadStore, log: LogName, epoch: int) -> Anchor:
    record = unit.epochs.anchor(epoch)
    if (
        record.state is not AnchorState.FINAL
        or record.transaction_hash is None
        or record.block_number is None
        or record.block_hash is None
        or record.block_time is None
    ):
        raise _not_yet(f"its epoch {epoch} is {record.state}")
    return Anchor(
        log=log,
        epoch=epoch,
        transaction=f"0x{record.transaction_hash.hex()}",
        block_number=record.block_number,
        block_hash=f"0x{record.block_hash.hex()}",
        block_time=record.block_time,
    )


def _read_batch(unit: ReadStore, batch_id: UUID) -> _SealedBatch:
    batch = unit.epochs.batch(batch_id)
    epoch = unit.epochs.get(batch.epoch)
    anchor = _final_anchor(unit, unit.access.log().name, epoch.number)
    header = BatchHeader.parse(parse_object(batch.header))
    roots = [item.root for item in unit.epochs.batches(epoch.number)]
    return _SealedBatch(
        tree=MerkleTree(tree_leaves(unit.epochs.batch_entries(batch.id))),
        header=header,
        above=path_above_batch(roots, batch.position, status_root=epoch.status_root),
        root=epoch.root,
        anchor=anchor,
        issuer=parse_object(unit.issuers.did_document(header.did_document)),
    )


def _read_list(unit: ReadStore, epoch: EpochRecord, purpose: Purpose, number: int) -> ListStatus:
    return ListStatus(
        purpose=purpose,
        log=unit.access.log().name,
        epoch=epoch.number,
        root=epoch.root,
        number=number,
        bits=unit.epochs.list_bits(epoch.number, purpose, number),
        list_roots=unit.epochs.list_roots(epoch.number, purpose),
        other_root=epoch.suspension_root if purpose is Purpose.REVOCATION else epoch.revocation_root,
        credentials_root=epoch.credentials_root,
    )


def _not_yet(why: str) -> NotFound:
    return NotFound("not-yet-anchored", f"there is no receipt yet: {why}")

"""Receipts: derived from what was sealed, so nothing about them is stored (protocol section 7).

A receipt exists once its epoch is final; its status proofs are of the newest final epoch.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final, Generic, TypeVar

from registry.domain.batch import BatchHeader, tree_leaves
from registry.domain.canonical import parse_object
from registry.domain.epoch import path_above_batch
from registry.domain.errors import NotFound
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
from registry.domain.receipt import Anchor, Receipt
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status import StatusProof
from registry.domain.status_tree import prove_status
from registry.store_ports import AnchorState, BatchRecord, CredentialRecord, EpochRecord, ReadStore, Store

MAX_TREES: Final = 8
"""Trees of batches kept in memory: the largest takes 30 MB, and receipts are fetched by cohorts."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Receipts:
    """Makes receipts, with the trees of the batches asked for last at hand."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._trees = _Recent[object, MerkleTree](MAX_TREES)

    def of_leaf(self, leaf: Digest) -> Receipt:
        """Return the receipt of a credential's leaf.

        Raises NotFound: `receipt-not-found` for a leaf never issued here, `not-yet-anchored` before its epoch is final.
        """
        with self._store.read() as unit:
            try:
                credential = unit.credentials.by_leaf(leaf)
            except NotFound:
                raise NotFound("receipt-not-found", "no credential of this leaf was issued here") from None
            return self.make(unit, credential)

    def make(self, unit: ReadStore, credential: CredentialRecord) -> Receipt:
        """Return the receipt of a stored credential.

        Raises NotFound `not-yet-anchored` before its epoch is final.
        """
        log = unit.access.log().name
        if credential.batch_id is None or credential.epoch is None or credential.entry_index is None:
            raise _not_yet("it waits to be sealed")
        epoch = unit.epochs.get(credential.epoch)
        anchor = _final_anchor(unit, log, epoch.number)
        batch = unit.epochs.batch(credential.batch_id)
        header = BatchHeader.parse(parse_object(batch.header))
        tree = self._tree(unit, batch)
        above = path_above_batch(
            [item.root for item in unit.epochs.batches(epoch.number)], batch.position, status_root=epoch.status_root
        )
        return Receipt(
            leaf=credential.leaf,
            leaf_kind=0,
            slot=credential.slot,
            path=tree.path(2 * credential.entry_index) + above,
            root=epoch.root,
            anchor=anchor,
            header=header,
            header_path=tree.path(0) + above,
            issuer=parse_object(unit.issuers.did_document(header.did_document)),
            status=_prove_statuses(unit, log, credential),
        )

    def _tree(self, unit: ReadStore, batch: BatchRecord) -> MerkleTree:
        return self._trees.get(batch.id, lambda: MerkleTree(tree_leaves(unit.epochs.batch_entries(batch.id))))


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


def _prove_statuses(unit: ReadStore, log: LogName, credential: CredentialRecord) -> tuple[StatusProof, ...]:
    newest = unit.epochs.newest_final()
    if newest is None:
        raise _not_yet("no epoch is final")
    purposes = (Purpose.REVOCATION, Purpose.SUSPENSION) if credential.suspendable else (Purpose.REVOCATION,)
    return tuple(_prove_status(unit, log, newest, purpose, credential.slot) for purpose in purposes)


def _prove_status(unit: ReadStore, log: LogName, epoch: EpochRecord, purpose: Purpose, slot: int) -> StatusProof:
    roots: Mapping[int, Digest] = unit.epochs.list_roots(epoch.number, purpose)
    other = epoch.suspension_root if purpose is Purpose.REVOCATION else epoch.revocation_root
    return prove_status(
        purpose=purpose,
        log=log,
        epoch=epoch.number,
        root=epoch.root,
        slot=slot,
        bits=unit.epochs.list_bits(epoch.number, purpose, slot // LIST_SIZE),
        list_roots=roots,
        other_root=other,
        credentials_root=epoch.credentials_root,
    )


def _not_yet(why: str) -> NotFound:
    return NotFound("not-yet-anchored", f"there is no receipt yet: {why}")


class _Recent(Generic[_Key, _Value]):
    """The values asked for last, made when they are not at hand."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: _Key, make: Callable[[], _Value]) -> _Value:
        """Return the value of a key."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return value

"""Building batches ahead of their epoch, by as many workers as there are (protocol section 3, docs/decisions/0025).

    lock shared -> claim what waits of one group, skipping what others claimed -> batch -> stored -> commit

Each batch is a transaction of its own, of a second or two for the largest: nobody who writes waits for longer, and to
seal an epoch of a million credentials is then to tie sixteen rows to it. A crash before the commit leaves everything
waiting as it was; after it the batch waits for the next epoch, whoever seals that.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from registry.adapters.identifiers import Identifiers
from registry.domain.batch import BatchHeader, Entry, encode_entries, tree_leaves
from registry.domain.canonical import canonicalize
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
from registry.ports import Clock
from registry.store_ports import NewBatch, Store, UnsealedEntry, UnsealedGroup


class BatchBuilder:
    """Makes batches that wait for their epoch."""

    def __init__(self, store: Store, *, log: LogName, clock: Clock, batch_limit: int, epoch_limit: int) -> None:
        """`batch_limit` and `epoch_limit` are the most credentials of a batch, and of an epoch."""
        self._store = store
        self._log = log
        self._clock = clock
        self._identifiers = Identifiers(clock)
        self._batch_limit = min(batch_limit, epoch_limit)
        self._epoch_limit = epoch_limit

    def build_full(self) -> int:
        """Build the largest batches there are, where so much of a group waits, and return how many were built."""
        size = self._batch_limit
        return sum(self._build(group, least=size) for group, share in self._shares() if share == size)

    def build_for_epoch(self) -> int:
        """Leave no more than one batch's worth to whoever seals the epoch; return how many batches were built."""
        shares = self._shares()
        built, left = 0, sum(share for _, share in shares)
        for group, share in shares:
            if left <= self._batch_limit:
                break
            built += self._build(group, least=1)
            # Built here or by another worker.
            left -= share
        return built

    def _shares(self) -> list[tuple[UnsealedGroup, int]]:
        """Cut what waits by now into batches, the largest group first: what still comes keeps no worker at it for ever."""
        with self._store.read() as unit:
            groups = sorted(unit.epochs.unsealed_groups(), key=lambda group: group.count, reverse=True)
        size = self._batch_limit
        return [(group, min(size, group.count - done)) for group in groups for done in range(0, group.count, size)]

    def _build(self, group: UnsealedGroup, *, least: int) -> bool:
        """Build one batch of a group, unless less than `least` is to be had, or enough is ready for an epoch."""
        with uncollected(), self._store.write() as unit:
            unit.epochs.lock_for_building()
            # One promised credential takes its whole batch into an epoch: no more of them than one epoch's worth.
            ready = sum(batch.count for batch in unit.epochs.ready_batches())
            if ready + self._batch_limit > self._epoch_limit:
                return False
            entries = unit.epochs.claim_entries(group, limit=self._batch_limit)
            if len(entries) < least:
                return False
            batch = make_batch(
                group, entries, batch_id=self._identifiers.new(), log=self._log, at=whole_second(self._clock.now())
            )
            unit.epochs.add_batch(batch)
        return True


def make_batch(
    group: UnsealedGroup, entries: Sequence[UnsealedEntry], *, batch_id: UUID, log: LogName, at: datetime
) -> NewBatch:
    """Make the batch of some of a group's credentials; `at` is a whole second."""
    # Ascending by leaf: an order that says nothing about people.
    ordered = sorted(entries, key=lambda entry: entry.leaf)
    header = BatchHeader(
        log=log,
        issuer=group.did,
        id=str(batch_id),
        count=len(ordered),
        sealed=at,
        did_document=group.did_document_sha256,
    )
    data = encode_entries(header, [Entry(leaf=entry.leaf, slot=entry.slot) for entry in ordered])
    return NewBatch(
        id=batch_id,
        issuer_id=group.issuer_id,
        did_document_sha256=group.did_document_sha256,
        header=canonicalize(header.to_json()),
        root=MerkleTree(tree_leaves(data)).root,
        count=len(ordered),
        entries=data,
        credential_ids=tuple(entry.credential_id for entry in ordered),
    )


def whole_second(moment: datetime) -> datetime:
    """Cut a moment to what a header names."""
    return moment.replace(microsecond=0)


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector of cycles from walking over a million ids again and again: there are none among them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()

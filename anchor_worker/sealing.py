"""Sealing: what waits becomes batches and an epoch, in one transaction (protocol sections 3 to 5).

    lock -> groups of (issuer, DID document) -> batches of at most 65,536, leaves ascending -> snapshot of the status
    lists -> epoch root -> stored -> read back, root derived again from the stored bytes -> commit

A crash anywhere before the commit leaves everything waiting as it was. The number is the previous one plus one; the
contract counts alike, and the anchor is blocked should the two ever differ.

A promise names an epoch (protocol section 6), so until that one is sealed there is always a next epoch, though nothing
waits and its root repeats the last one. Otherwise no root is repeated.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Final, TypeAlias
from uuid import UUID

from registry.adapters.identifiers import Identifiers
from registry.domain.batch import MAX_CREDENTIALS, BatchHeader, Entry, check_entries, encode_entries, tree_leaves
from registry.domain.canonical import canonicalize, parse_object
from registry.domain.epoch import MAX_BATCHES, credentials_root, epoch_root, status_root
from registry.domain.errors import Conflict, ProofMismatch
from registry.domain.hashing import Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
from registry.domain.slot import Purpose
from registry.domain.status_tree import EMPTY_LIST, list_root, purpose_root
from registry.ports import Clock
from registry.store_ports import (
    EpochReader,
    EpochRecord,
    NewBatch,
    NewEpoch,
    NewEpochList,
    OwedEpochs,
    ReadStore,
    StatusListRecord,
    Store,
    UnsealedEntry,
    UnsealedGroup,
    Waiting,
    WriteStore,
)

MAX_EPOCH_CREDENTIALS: Final = 1_048_576
"""Sixteen full batches. Sealing keeps every writer of SQLite waiting, about twenty seconds for this many, and they wait
for a minute at most (LOCK_TIMEOUT_SECONDS); 400 MB of the worker's memory. The rest is the next epoch's."""

MAX_OWED_PAUSE: Final = timedelta(days=1)
"""However long an operator lets things wait: two epochs stand between a promise and its being kept, and a deadline is
fourteen days away."""

OWED_IN_HASTE: Final = timedelta(days=3)
"""So near to a deadline nothing is waited for: a worker that was down for days makes one owed epoch after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingRule:
    """When an epoch is made without being asked for: at the first of the two."""

    after: timedelta
    """How long the oldest credential or status change may wait."""
    after_credentials: int
    """How many credentials may wait."""
    batch_limit: int = MAX_CREDENTIALS
    """How many credentials one batch may have."""
    epoch_limit: int = MAX_EPOCH_CREDENTIALS
    """How many credentials one epoch may have."""


_Read: TypeAlias = Callable[[UnsealedGroup, UUID | None, int], Sequence[UnsealedEntry]]
"""A group, the id that was read last, how many: some of what waits of it."""


class EpochSealer:
    """Makes epochs of what waits."""

    def __init__(self, store: Store, *, log: LogName, rule: SealingRule, clock: Clock) -> None:
        """Take the registry's store and the name of its log."""
        self._store = store
        self._log = log
        self._rule = rule
        self._clock = clock
        self._identifiers = Identifiers(clock)
        self._fruitless: Waiting | None = None

    def is_due(self) -> bool:
        """Tell whether enough waits, or has waited for long enough, or a promise asks for an epoch."""
        with self._store.read() as unit:
            waiting, owed, newest = unit.epochs.waiting(), unit.promises.owed(), unit.epochs.newest()
        now = self._clock.now()
        if owed is not None and now >= _due_for(owed, newest, self._rule):
            return True
        if waiting == self._fruitless:
            return False
        oldest = min(
            (
                moment
                for moment in (waiting.oldest_credential_at, waiting.oldest_status_change_at)
                if moment is not None
            ),
            default=None,
        )
        if oldest is None:
            return False
        return waiting.credentials >= self._rule.after_credentials or now - oldest >= self._rule.after

    def seal(self) -> int | None:
        """Seal what waits as the next epoch and return its number.

        Returns None when nothing waits, or when what waits leads to the root that was anchored last (a suspension
        lifted again): it stays waiting for the next epoch. While a promise names a later epoch there is one all the same.

        Raises Conflict when another worker seals, or when a revocation would be taken back.
        """
        with _uncollected(), self._store.write() as unit:
            unit.epochs.lock_for_sealing()
            waiting, owed, previous = unit.epochs.waiting(), unit.promises.owed(), unit.epochs.newest()
            if owed is None and not waiting.credentials and not waiting.status_changes:
                return None
            epoch = self._compose(unit, previous, owed)
            if owed is None and previous is not None and epoch.root == previous.root:
                self._fruitless = waiting
                return None
            unit.epochs.seal(epoch)
            check_stored_epoch(unit, epoch.number)
        self._fruitless = None
        return epoch.number

    def _compose(self, unit: WriteStore, previous: EpochRecord | None, owed: OwedEpochs | None) -> NewEpoch:
        number = 1 if previous is None else previous.number + 1
        # The header names whole seconds.
        sealed_at = self._clock.now().replace(microsecond=0)
        batches = tuple(self._batch(group, entries, sealed_at) for group, entries in self._chosen(unit, number, owed))
        lists = tuple(_snapshot(unit, previous, number))
        roots = _roots([batch.root for batch in batches], lists)
        return NewEpoch(
            number=number,
            root=roots.root,
            credentials_root=roots.credentials,
            status_root=roots.status,
            revocation_root=roots.revocation,
            suspension_root=roots.suspension,
            sealed_at=sealed_at,
            batches=batches,
            lists=lists,
            chain_id=self._log.chain_id,
            contract=self._log.contract,
            log_number=self._log.number,
        )

    def _chosen(
        self, unit: WriteStore, number: int, owed: OwedEpochs | None
    ) -> Iterator[tuple[UnsealedGroup, Sequence[UnsealedEntry]]]:
        """Yield what is sealed, batch by batch."""
        epochs, rule = unit.epochs, self._rule
        groups = epochs.unsealed_groups()
        passes: tuple[_Read, ...] = (
            lambda group, after, limit: epochs.unsealed_entries(group, after=after, limit=limit),
        )
        if owed is not None and self._is_crowded(groups):
            # What is promised for this epoch is taken first, and whatever it comes to.
            passes = (
                lambda group, after, limit: epochs.promised_entries(group, through=number, after=after, limit=limit),
                lambda group, after, limit: epochs.unpromised_entries(group, through=number, after=after, limit=limit),
            )
        left, made = rule.epoch_limit, 0
        for read, group in product(passes, groups):
            is_promised = read is not passes[-1]
            after = None
            while (is_promised or left > 0) and made < MAX_BATCHES:
                entries = read(group, after, rule.batch_limit if is_promised else min(left, rule.batch_limit))
                if not entries:
                    break
                yield group, entries
                after = entries[-1].credential_id
                left -= len(entries)
                made += 1

    def _is_crowded(self, groups: Sequence[UnsealedGroup]) -> bool:
        """Tell whether one epoch may be too small for what waits, and for what still comes while it is made."""
        batches = sum(-(-group.count // self._rule.batch_limit) for group in groups)
        credentials = sum(group.count for group in groups)
        return 2 * credentials > self._rule.epoch_limit or 2 * batches > MAX_BATCHES

    def _batch(self, group: UnsealedGroup, entries: Sequence[UnsealedEntry], sealed_at: datetime) -> NewBatch:
        batch_id = self._identifiers.new()
        # Ascending by leaf: an order that says nothing about people.
        ordered = sorted(entries, key=lambda entry: entry.leaf)
        header = BatchHeader(
            log=self._log,
            issuer=group.did,
            id=str(batch_id),
            count=len(ordered),
            sealed=sealed_at,
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


def _due_for(owed: OwedEpochs, newest: EpochRecord | None, rule: SealingRule) -> datetime:
    """Return when the next epoch is due though nothing waits."""
    last = owed.since if newest is None else max(owed.since, newest.sealed_at)
    return min(last + min(rule.after, MAX_OWED_PAUSE), owed.deadline - OWED_IN_HASTE)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles from walking over a million ids again and again: there are none among them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def check_stored_epoch(unit: ReadStore, number: int) -> None:
    """Derive every root of an epoch again, from the bytes that the store gives back.

    Raises ProofMismatch or Malformed when they do not lead to the stored root: it must then not be anchored.
    """
    epochs = unit.epochs
    epoch = epochs.get(number)
    batch_roots: list[Digest] = []
    for batch in epochs.batches(number):
        data = epochs.batch_entries(batch.id)
        header = BatchHeader.parse(parse_object(batch.header))
        check_entries(data, header)
        unit.issuers.did_document(header.did_document)
        root = MerkleTree(tree_leaves(data)).root
        _compare(f"root of batch {batch.position}", stored=batch.root, rebuilt=root)
        batch_roots.append(root)
    revocation = _stored_purpose_root(epochs, number, Purpose.REVOCATION)
    suspension = _stored_purpose_root(epochs, number, Purpose.SUSPENSION)
    status = status_root(revocation_root=revocation, suspension_root=suspension)
    credentials = credentials_root(batch_roots)
    _compare("revocation root", stored=epoch.revocation_root, rebuilt=revocation)
    _compare("suspension root", stored=epoch.suspension_root, rebuilt=suspension)
    _compare("root", stored=epoch.root, rebuilt=epoch_root(credentials_root=credentials, status_root=status))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Roots:
    credentials: Digest
    revocation: Digest
    suspension: Digest
    status: Digest
    root: Digest


def _roots(batch_roots: Sequence[Digest], lists: Sequence[NewEpochList]) -> _Roots:
    revocation, suspension = (
        purpose_root({item.number: item.root for item in lists if item.purpose is purpose})
        for purpose in (Purpose.REVOCATION, Purpose.SUSPENSION)
    )
    credentials = credentials_root(batch_roots)
    status = status_root(revocation_root=revocation, suspension_root=suspension)
    return _Roots(
        credentials=credentials,
        revocation=revocation,
        suspension=suspension,
        status=status,
        root=epoch_root(credentials_root=credentials, status_root=status),
    )


def _snapshot(unit: ReadStore, previous: EpochRecord | None, number: int) -> Iterator[NewEpochList]:
    """Yield every list that is not all zero; one that did not change points to the file of an earlier epoch."""
    last = 0 if previous is None else previous.number
    before = {(item.purpose, item.number): item for item in unit.epochs.lists(last)} if last else {}
    now = {(record.purpose, record.number): record for record in unit.statuses.lists()}
    if any(purpose is Purpose.REVOCATION and (purpose, listed) not in now for purpose, listed in before):
        raise Conflict("revocation-taken-back", "a list with revocations of an earlier epoch is gone")
    for key, record in now.items():
        digest, old = sha256(record.bits), before.get(key)
        if old is not None and old.sha256 == digest:
            yield NewEpochList(
                purpose=old.purpose,
                number=old.number,
                root=old.root,
                sha256=digest,
                file_epoch=old.file_epoch,
                bits=None,
            )
            continue
        _check_terminal(unit.epochs, last, record)
        if record.bits != EMPTY_LIST:
            yield NewEpochList(
                purpose=record.purpose,
                number=record.number,
                root=list_root(record.bits),
                sha256=digest,
                file_epoch=number,
                bits=record.bits,
            )


def _check_terminal(epochs: EpochReader, last: int, record: StatusListRecord) -> None:
    """Refuse to anchor that a revocation was taken back: anybody could prove it for ever (protocol section 4)."""
    if record.purpose is not Purpose.REVOCATION or not last:
        return
    old = int.from_bytes(epochs.list_bits(last, record.purpose, record.number), "big")
    if old & ~int.from_bytes(record.bits, "big"):
        raise Conflict("revocation-taken-back", f"list {record.number} lacks a revocation of epoch {last}")


def _stored_purpose_root(epochs: EpochReader, number: int, purpose: Purpose) -> Digest:
    listed = [item.number for item in epochs.lists(number) if item.purpose is purpose]
    return purpose_root({each: list_root(epochs.list_bits(number, purpose, each)) for each in listed})


def _compare(what: str, *, stored: Digest, rebuilt: Digest) -> None:
    if stored != rebuilt:
        raise ProofMismatch("stored-epoch-differs", what, expected=stored, actual=rebuilt)

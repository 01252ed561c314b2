"""Sealing: what waits becomes an epoch, in one transaction (protocol sections 4 and 5).

    batches built ahead (batching), their roots derived again from the stored bytes
    lock -> those batches, and new ones of the little that is left -> snapshot of the status lists -> epoch root -> stored
         -> read back, every root that was not yet derived again from the stored bytes -> commit

A crash anywhere before the commit leaves everything waiting as it was. The number is the previous one plus one; the
contract counts alike, and the anchor is blocked should the two ever differ. Of several workers one seals; the others
build batches meanwhile, wait for it, and find nothing due.

A promise names an epoch (protocol section 6), so until that one is sealed there is always a next epoch, though nothing
waits and its root repeats the last one. Otherwise no root is repeated.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeAlias
from uuid import UUID

from anchor_worker.batching import BatchBuilder, make_batch, uncollected, whole_second
from registry.adapters.identifiers import Identifiers
from registry.domain.batch import MAX_CREDENTIALS, BatchHeader, check_entries, tree_leaves
from registry.domain.canonical import parse_object
from registry.domain.epoch import MAX_BATCHES, credentials_root, epoch_root, status_root
from registry.domain.errors import Conflict, ProofMismatch
from registry.domain.hashing import Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
from registry.domain.slot import Purpose
from registry.domain.status_tree import EMPTY_LIST, list_root, purpose_root
from registry.ports import Clock
from registry.store_ports import (
    AnchorState,
    BatchRecord,
    EpochReader,
    EpochRecord,
    NewBatch,
    NewEpoch,
    NewEpochList,
    OwedEpochs,
    ReadStore,
    ReadyBatch,
    StatusListRecord,
    Store,
    UnsealedEntry,
    UnsealedGroup,
    Waiting,
    WriteStore,
)

MAX_EPOCH_CREDENTIALS: Final = 1_048_576
"""Sixteen full batches: the files of one epoch are written from memory, and its trees kept there for receipts. The rest
is the next epoch's."""

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


_Read: TypeAlias = Callable[..., Sequence[UnsealedEntry]]
"""Called with a group, `after` and `limit`, it reads some of what waits of the group, after an id."""


@dataclass(slots=True, kw_only=True)
class _Choice:
    """The batches chosen for an epoch, in tree order."""

    room: int
    """Credentials that still fit; what is promised is taken beyond it."""
    batches: list[NewBatch | ReadyBatch] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether it has as many batches as an epoch may have."""
        return len(self.batches) >= MAX_BATCHES

    def add(self, batch: NewBatch | ReadyBatch) -> None:
        """Take one more."""
        self.batches.append(batch)
        self.room -= batch.count


class EpochSealer:
    """Makes epochs of what waits."""

    def __init__(self, store: Store, *, log: LogName, rule: SealingRule, clock: Clock) -> None:
        """Take the registry's store and the name of its log."""
        self._store = store
        self._log = log
        self._rule = rule
        self._clock = clock
        self._identifiers = Identifiers(clock)
        self._builder = BatchBuilder(
            store, log=log, clock=clock, batch_limit=rule.batch_limit, epoch_limit=rule.epoch_limit
        )
        self._fruitless: Waiting | None = None

    def build_ahead(self) -> int:
        """Build batches of what waits in plenty, though no epoch is due, and return how many were built.

        Raises Conflict, Unavailable.
        """
        return self._builder.build_full()

    def is_due(self) -> bool:
        """Tell whether enough waits, or has waited for long enough, or a promise asks for an epoch."""
        with self._store.read() as unit:
            return self._is_due(unit)

    def is_time(self) -> bool:
        """Tell whether an epoch is due and the last one is final: while an anchor is open the next rather grows."""
        with self._store.read() as unit:
            return self._is_time(unit)

    def seal_if_due(self) -> int | None:
        """Seal what waits as the next epoch if it is time, and return its number. Raises Conflict, Unavailable."""
        # Asked again under the lock: another worker may have sealed meanwhile.
        return self._seal(self._is_time) if self.is_time() else None

    def seal(self) -> int | None:
        """Seal what waits as the next epoch and return its number.

        Returns None when nothing waits, or when what waits leads to the root that was anchored last (a suspension
        lifted again): it stays waiting for the next epoch. While a promise names a later epoch there is one all the same.

        Raises Conflict when a revocation would be taken back; Unavailable.
        """
        return self._seal(lambda _: True)

    def _is_time(self, unit: ReadStore) -> bool:
        newest = unit.epochs.newest()
        if newest is not None and unit.epochs.anchor(newest.number).state is not AnchorState.FINAL:
            return False
        return self._is_due(unit)

    def _is_due(self, unit: ReadStore) -> bool:
        waiting, owed, newest = unit.epochs.waiting(), unit.promises.owed(), unit.epochs.newest()
        now = self._clock.now()
        if owed is not None and now >= _due_for(owed, newest, self._rule):
            return True
        if waiting == self._fruitless:
            return False
        oldest = waiting.oldest_at
        if oldest is None:
            return False
        return waiting.credentials >= self._rule.after_credentials or now - oldest >= self._rule.after

    def _seal(self, is_time: Callable[[ReadStore], bool]) -> int | None:
        self._builder.build_for_epoch()
        derived = self._derive_ready()
        with uncollected(), self._store.write() as unit:
            unit.epochs.lock_for_sealing()
            if not is_time(unit):
                return None
            waiting, owed, previous = unit.epochs.waiting(), unit.promises.owed(), unit.epochs.newest()
            if owed is None and not waiting.credentials and not waiting.status_changes:
                return None
            epoch = replace(self._compose(unit, previous, owed), waiting_since=waiting.oldest_at)
            if owed is None and previous is not None and epoch.root == previous.root:
                self._fruitless = waiting
                return None
            unit.epochs.seal(epoch)
            _check_epoch(unit, epoch.number, derived)
        self._fruitless = None
        return epoch.number

    def _derive_ready(self) -> dict[UUID, Digest]:
        """Derive the roots of ready batches from their stored bytes, which never change: before anybody has to wait."""
        with self._store.read() as unit:
            return {batch.id: _derive_root(unit, batch) for batch in unit.epochs.ready_batches()}

    def _compose(self, unit: WriteStore, previous: EpochRecord | None, owed: OwedEpochs | None) -> NewEpoch:
        number = 1 if previous is None else previous.number + 1
        sealed_at = whole_second(self._clock.now())
        batches = tuple(self._choose(unit, number, owed, sealed_at).batches)
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

    def _choose(self, unit: WriteStore, number: int, owed: OwedEpochs | None, sealed_at: datetime) -> _Choice:
        """Choose what is sealed: everything, or as much as an epoch takes, batches that are ready first."""
        epochs, rule = unit.epochs, self._rule
        ready, groups = epochs.ready_batches(), epochs.unsealed_groups()
        choice = _Choice(room=rule.epoch_limit)
        read: _Read = epochs.unsealed_entries
        if owed is not None and self._is_crowded(ready, groups):
            # What is promised for this epoch is taken first, and whatever it comes to.
            promised = epochs.promised_batches(number)
            for batch in ready:
                if batch.id in promised and not choice.is_full:
                    choice.add(batch)
            ready = tuple(batch for batch in ready if batch.id not in promised)
            read = partial(epochs.promised_entries, through=number)
            self._add_waiting(choice, groups, read, sealed_at, limit=lambda: rule.batch_limit)
            read = partial(epochs.unpromised_entries, through=number)
        for batch in ready:
            if batch.count <= choice.room and not choice.is_full:
                choice.add(batch)
        self._add_waiting(choice, groups, read, sealed_at, limit=lambda: min(choice.room, rule.batch_limit))
        return choice

    def _add_waiting(
        self,
        choice: _Choice,
        groups: Sequence[UnsealedGroup],
        read: _Read,
        sealed_at: datetime,
        *,
        limit: Callable[[], int],
    ) -> None:
        for group in groups:
            after = None
            while limit() > 0 and not choice.is_full:
                entries = read(group, after=after, limit=limit())
                if not entries:
                    break
                after = entries[-1].credential_id
                choice.add(make_batch(group, entries, batch_id=self._identifiers.new(), log=self._log, at=sealed_at))

    def _is_crowded(self, ready: Sequence[ReadyBatch], groups: Sequence[UnsealedGroup]) -> bool:
        """Tell whether one epoch may be too small for what waits, and for what still comes while it is made."""
        batches = len(ready) + sum(-(-group.count // self._rule.batch_limit) for group in groups)
        credentials = sum(batch.count for batch in ready) + sum(group.count for group in groups)
        return 2 * credentials > self._rule.epoch_limit or 2 * batches > MAX_BATCHES


def _due_for(owed: OwedEpochs, newest: EpochRecord | None, rule: SealingRule) -> datetime:
    """Return when the next epoch is due though nothing waits."""
    last = owed.since if newest is None else max(owed.since, newest.sealed_at)
    return min(last + min(rule.after, MAX_OWED_PAUSE), owed.deadline - OWED_IN_HASTE)


def check_stored_epoch(unit: ReadStore, number: int) -> None:
    """Derive every root of an epoch again, from the bytes that the store gives back.

    Raises ProofMismatch or Malformed when they do not lead to the stored root: it must then not be anchored.
    """
    _check_epoch(unit, number, {})


def _check_epoch(unit: ReadStore, number: int, derived: Mapping[UUID, Digest]) -> None:
    """Check as `check_stored_epoch`, the roots of some batches being derived already."""
    epochs = unit.epochs
    epoch = epochs.get(number)
    batch_roots = [derived.get(batch.id) or _derive_root(unit, batch) for batch in epochs.batches(number)]
    revocation = _stored_purpose_root(epochs, number, Purpose.REVOCATION)
    suspension = _stored_purpose_root(epochs, number, Purpose.SUSPENSION)
    status = status_root(revocation_root=revocation, suspension_root=suspension)
    credentials = credentials_root(batch_roots)
    _compare("revocation root", stored=epoch.revocation_root, rebuilt=revocation)
    _compare("suspension root", stored=epoch.suspension_root, rebuilt=suspension)
    _compare("root", stored=epoch.root, rebuilt=epoch_root(credentials_root=credentials, status_root=status))


def _derive_root(unit: ReadStore, batch: BatchRecord | ReadyBatch) -> Digest:
    """Derive a batch's root from its stored entries. Raises ProofMismatch, Malformed; NotFound without its DID document."""
    data = unit.epochs.batch_entries(batch.id)
    header = BatchHeader.parse(parse_object(batch.header))
    check_entries(data, header)
    unit.issuers.did_document(header.did_document)
    root = MerkleTree(tree_leaves(data)).root
    _compare(f"root of batch {batch.id}", stored=batch.root, rebuilt=root)
    return root


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

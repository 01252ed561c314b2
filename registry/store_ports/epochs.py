"""Epochs, batches, list snapshots and anchors, as a store keeps them: the sealing side and the reading side.

Building a batch ahead of its epoch, inside one write transaction: `lock_for_building`, `claim_entries`, `add_batch`.
Sealing, inside one write transaction: `lock_for_sealing`, read what waits (`waiting`, `ready_batches`,
`unsealed_groups`, `unsealed_entries`, the status lists), compute the roots, `seal`. The anchors' own life is the
worker's (compare-and-set on `anchor.version`); here they are only read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from registry.domain.hashing import Digest
from registry.domain.slot import Purpose


class AnchorState(StrEnum):
    """The life of an anchor (architecture, "The anchor's life")."""

    SEALED = "SEALED"
    SIGNED = "SIGNED"
    PENDING = "PENDING"
    MINED = "MINED"
    FINAL = "FINAL"
    BLOCKED = "BLOCKED"


class AttemptKind(StrEnum):
    """What a signed transaction is for."""

    ANCHOR = "anchor"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How much waits to be sealed, and since when."""

    credentials: int
    """Those in batches built ahead among them."""
    oldest_credential_at: datetime | None
    status_changes: int
    oldest_status_change_at: datetime | None

    @property
    def oldest_at(self) -> datetime | None:
        """When the oldest of all was accepted; None when nothing waits."""
        moments = (self.oldest_credential_at, self.oldest_status_change_at)
        return min((moment for moment in moments if moment is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsealedGroup:
    """Credentials that may share a batch: one issuer, signed under one DID document."""

    issuer_id: UUID
    did: str
    did_document_sha256: Digest
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsealedEntry:
    """A credential as a batch needs it."""

    credential_id: UUID
    leaf: Digest
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatch:
    """A batch to be stored."""

    id: UUID
    issuer_id: UUID
    did_document_sha256: Digest
    """The one that its header commits."""
    header: bytes
    """JCS bytes."""
    root: Digest
    count: int
    """Credentials, the header not counted."""
    entries: bytes
    """64 bytes each, header first."""
    credential_ids: tuple[UUID, ...]
    """In the order of the entries, the header left out: the first one's entry index is 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyBatch:
    """A batch that was built ahead and waits for its epoch, without its entries."""

    id: UUID
    header: bytes
    root: Digest
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEpochList:
    """The snapshot of a status list that is not all zero."""

    purpose: Purpose
    number: int
    root: Digest
    sha256: Digest
    file_epoch: int
    """This epoch, or the earlier one since which the bits did not change."""
    bits: bytes | None
    """16,384 bytes exactly when `file_epoch` is this epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEpoch:
    """Everything that one sealing stores."""

    number: int
    root: Digest
    credentials_root: Digest
    status_root: Digest
    revocation_root: Digest
    suspension_root: Digest
    sealed_at: datetime
    batches: tuple[NewBatch | ReadyBatch, ...]
    """In tree order."""
    lists: tuple[NewEpochList, ...]
    chain_id: int
    contract: str
    log_number: int
    waiting_since: datetime | None = None
    """When the oldest of what it holds was accepted; None when nothing waited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """A sealed epoch."""

    number: int
    root: Digest
    credentials_root: Digest
    status_root: Digest
    revocation_root: Digest
    suspension_root: Digest
    sealed_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """A sealed batch without its entries."""

    id: UUID
    epoch: int
    position: int
    """In the epoch's tree, from 0."""
    issuer_id: UUID
    header: bytes
    root: Digest
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochListRecord:
    """The snapshot of a status list in an epoch, without its bits."""

    epoch: int
    purpose: Purpose
    number: int
    root: Digest
    sha256: Digest
    file_epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorRecord:
    """Where an epoch's anchor stands."""

    epoch: int
    root: Digest
    state: AnchorState
    transaction_hash: bytes | None
    block_number: int | None
    block_hash: bytes | None
    block_time: datetime | None
    gas_used: int | None
    """None before it is mined, and for an epoch that was taken back from published files."""
    blocked_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorEvent:
    """One change of an anchor, noted in the transaction that made it and never touched again."""

    epoch: int
    version: int
    """Of the anchor after the change: events are in this order, whatever a clock did."""
    at: datetime
    before: AnchorState | None
    """None when the epoch was sealed."""
    after: AnchorState
    reason: str | None
    """Why it is blocked."""
    detail: str | None
    """The facts of that in words, or the transaction, or the block."""
    token: int | None
    """Of the lease under which it was changed; None for sealing, which needs none."""


class EpochReader(Protocol):
    """Reads epochs and what belongs to them."""

    def waiting(self) -> Waiting:
        """Tell how much waits to be sealed."""
        ...

    def get(self, number: int) -> EpochRecord:
        """Return an epoch. Raises NotFound."""
        ...

    def newest(self) -> EpochRecord | None:
        """Return the epoch sealed last, None before the first."""
        ...

    def newest_final(self, *, at_most: int | None = None) -> EpochRecord | None:
        """Return the newest epoch whose anchor is FINAL, not above a number if one is given."""
        ...

    def oldest_unfinal_since(self) -> datetime | None:
        """Return when the oldest thing was accepted that is sealed but not in a final epoch; None when all are final."""
        ...

    def to_publish(self) -> tuple[int, ...]:
        """Return the numbers of epochs whose anchor is FINAL and that are not noted as published, ascending."""
        ...

    def anchor(self, epoch: int) -> AnchorRecord:
        """Return where an epoch's anchor stands. Raises NotFound."""
        ...

    def anchor_events(self, epoch: int) -> tuple[AnchorEvent, ...]:
        """Return everything that happened to an epoch's anchor, in order. Nothing changes these or takes one away."""
        ...

    def batches(self, epoch: int) -> tuple[BatchRecord, ...]:
        """Return an epoch's batches in tree order."""
        ...

    def batch(self, batch_id: UUID) -> BatchRecord:
        """Return a sealed batch. Raises NotFound."""
        ...

    def unsealed_groups(self) -> tuple[UnsealedGroup, ...]:
        """Return what waits in no batch, by issuer and DID document, in the order of their ids and hashes."""
        ...

    def ready_batches(self) -> tuple[ReadyBatch, ...]:
        """Return the batches that wait for their epoch, those with the oldest credentials first."""
        ...

    def batch_entries(self, batch_id: UUID) -> bytes:
        """Return a batch's entries, 64 bytes each, header first. Raises NotFound."""
        ...

    def lists(self, epoch: int) -> tuple[EpochListRecord, ...]:
        """Return an epoch's lists that are not all zero, by purpose (revocation first) and number."""
        ...

    def list_bits(self, epoch: int, purpose: Purpose, number: int) -> bytes:
        """Return a list's 16,384 bytes as of an epoch; all zero when the epoch does not list it."""
        ...

    def list_roots(self, epoch: int, purpose: Purpose) -> Mapping[int, Digest]:
        """Return the roots of a purpose's lists that are not all zero, by number."""
        ...


class EpochWriter(EpochReader, Protocol):
    """Builds batches, seals epochs and notes what is published."""

    def lock_for_building(self) -> None:
        """Keep sealers out, not other builders, until this transaction ends. Call it first."""
        ...

    def claim_entries(self, group: UnsealedGroup, *, limit: int) -> Sequence[UnsealedEntry]:
        """Return a group's oldest waiting credentials, without those that another builder claimed.

        They are this transaction's until it ends. Waits for nobody.
        """
        ...

    def add_batch(self, batch: NewBatch) -> None:
        """Store a batch that waits for its epoch, and tie its credentials to it.

        Raises Conflict `credential-sealed-already` when one of them does not wait.
        """
        ...

    def lock_for_sealing(self) -> None:
        """Keep every other sealer and builder out, and every status change, until this transaction ends. Call it first.

        Waits for the transactions that are building or promising at this moment: what they store is seen from here on.
        """
        ...

    def promised_batches(self, epoch: int) -> frozenset[UUID]:
        """Return the ids of the ready batches with a credential that is promised for that very epoch."""
        ...

    def unsealed_entries(self, group: UnsealedGroup, *, after: UUID | None, limit: int) -> Sequence[UnsealedEntry]:
        """Return a group's waiting credentials by ascending id, those after an id."""
        ...

    def promised_entries(
        self, group: UnsealedGroup, *, through: int, after: UUID | None, limit: int
    ) -> Sequence[UnsealedEntry]:
        """Return those of them that are promised for an epoch up to a number."""
        ...

    def unpromised_entries(
        self, group: UnsealedGroup, *, through: int, after: UUID | None, limit: int
    ) -> Sequence[UnsealedEntry]:
        """Return the others."""
        ...

    def seal(self, epoch: NewEpoch) -> None:
        """Store the epoch, its batches and lists, tie the credentials and all waiting status changes to it, and its
        anchor as SEALED.

        Raises Conflict: `epoch-out-of-order` unless its number follows the newest; `credential-sealed-already` when
        one of the credentials of a new batch is in another or does not exist; `batch-sealed-already` when a ready one is
        in an epoch or does not exist.
        """
        ...

    def mark_published(self, epoch: int, *, published_at: datetime) -> None:
        """Note that an epoch's files are in place; a second time changes nothing. Raises NotFound."""
        ...

"""After a restore: what the published files know and the database forgot (protocol section 2).

A backup is older than the moment it is needed. Epochs that were published since are stored again, so that the next one
gets the next number; each root is rebuilt from the files first, and the worker takes no anchor for granted: it looks for
each of them on chain. Slots that were filled since are marked as used before any is drawn, and taken out of what issuers
reserved; revocations that were published since are taken over. A slot filled twice, or a revocation taken back, is fraud
to every auditor, whoever's disk failed. Doing it again changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from registry.chain_ports import PublishedSource
from registry.domain.batch import BatchHeader, decode_entries, tree_leaves
from registry.domain.canonical import canonicalize, parse_object
from registry.domain.errors import Malformed, NotFound, ProofMismatch, Refused
from registry.domain.manifest import Manifest, ManifestBatch
from registry.domain.merkle import MerkleTree
from registry.domain.status_tree import list_root
from registry.service.resources import Resources
from registry.store_ports import IssuerRecord, NewBatch, NewEpoch, NewEpochList, ReadStore, WriteStore


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtUp:
    """What the database had forgotten."""

    epochs: int
    slots: int
    bits: int
    credentials: int
    """Those that waited in the backup and were sealed since."""


def catch_up(resources: Resources, published: PublishedSource) -> CaughtUp:
    """Take over published epochs that the database does not know, with their slots and revocations.

    Raises Refused `published-of-another-log`; `issuer-forgotten` when an issuer was made after the backup: its list may
    be given to nobody else; `epoch-sealed-again` when the database has another epoch under a published number. Raises
    Malformed, ProofMismatch and Unavailable as the source.
    """
    known = _known(resources, published)
    manifest = last = published.manifest(known + 1)
    epochs = slots = credentials = 0
    if last is None:
        return CaughtUp(epochs=0, slots=0, bits=0, credentials=0)
    # All or nothing: once an epoch is here, nobody asks again which bits were set since.
    with resources.store.write() as unit:
        while manifest is not None:
            _check_log(unit, manifest)
            batches = [_batch(unit, published, manifest.epoch, batch) for batch in manifest.batches]
            for batch in batches:
                slots += _take_slots(resources, unit, batch)
            credentials += unit.restoring.adopt(_rebuilt(unit, published, manifest), batches)
            epochs, last = epochs + 1, manifest
            manifest = published.manifest(known + epochs + 1)
        # Of the newest epoch only: a suspension that was lifted since must not come back.
        bits = _take_lists(resources, unit, published, last)
    return CaughtUp(epochs=epochs, slots=slots, bits=bits, credentials=credentials)


def _known(resources: Resources, published: PublishedSource) -> int:
    with resources.store.read() as unit:
        newest = unit.epochs.newest()
        manifest = None if newest is None else published.manifest(newest.number)
        if manifest is not None:
            _check_log(unit, manifest)
    if newest is None:
        return 0
    if manifest is not None and manifest.root != newest.root:
        raise Refused(
            "epoch-sealed-again",
            f"epoch {newest.number} is published and another one in the database: restore the backup once more, and "
            "start the service before the worker",
        )
    return newest.number


def _check_log(unit: ReadStore, manifest: Manifest) -> None:
    ours = unit.access.log().name
    if manifest.anchor.log != ours:
        raise Refused("published-of-another-log", f"expected the published files of {ours}, got {manifest.anchor.log}")


def _rebuilt(unit: WriteStore, published: PublishedSource, manifest: Manifest) -> NewEpoch:
    """Read what an epoch's files say beside its batches, and rebuild every root from them."""
    manifest.check_roots()
    log = unit.access.log().name
    # An epoch without batches says nothing of when it was sealed; its block is a quarter of an hour later.
    sealed_at = min((batch.header.sealed for batch in manifest.batches), default=manifest.anchor.block_time)
    return NewEpoch(
        number=manifest.epoch,
        root=manifest.root,
        credentials_root=manifest.credentials_root,
        status_root=manifest.status_root,
        revocation_root=manifest.revocation_root,
        suspension_root=manifest.suspension_root,
        sealed_at=sealed_at,
        batches=(),
        lists=tuple(_lists(published, manifest)),
        chain_id=log.chain_id,
        contract=log.contract,
        log_number=log.number,
    )


def _batch(unit: WriteStore, published: PublishedSource, epoch: int, batch: ManifestBatch) -> NewBatch:
    header, entries = batch.header, published.entries(epoch, batch)
    root = MerkleTree(tree_leaves(entries)).root
    if root != batch.root:
        raise ProofMismatch("published-file-differs", batch.entries, expected=batch.root, actual=root)
    unit.restoring.keep_did_document(published.issuer_document(header.did_document))
    return NewBatch(
        id=_batch_id(header.id),
        issuer_id=_issuer(unit, header.issuer).id,
        did_document_sha256=header.did_document,
        header=canonicalize(header.to_json()),
        root=root,
        count=header.count,
        entries=entries,
        credential_ids=(),
    )


def _batch_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Malformed("malformed-header", f"expected the id of a batch of this registry, got {text}") from error


def _lists(published: PublishedSource, manifest: Manifest) -> Iterator[NewEpochList]:
    for item in manifest.lists:
        bits = published.bits(item)
        if list_root(bits) != item.root:
            raise ProofMismatch("published-file-differs", item.file_name(), expected=item.root, actual=list_root(bits))
        yield NewEpochList(
            purpose=item.purpose,
            number=item.number,
            root=item.root,
            sha256=item.sha256,
            file_epoch=item.file_epoch,
            bits=bits if item.file_epoch == manifest.epoch else None,
        )


def _take_slots(resources: Resources, unit: WriteStore, batch: NewBatch) -> int:
    header = BatchHeader.parse(parse_object(batch.header))
    slots, now = [entry.slot for entry in decode_entries(batch.entries, header)], resources.clock.now()
    # Reserved slots are used already: that something fills them now is told by nothing but the credential, which is gone.
    unit.reservations.withdraw(batch.issuer_id, slots, now=now)
    return unit.statuses.mark_slots_used(batch.issuer_id, slots, now=now)


def _take_lists(resources: Resources, unit: WriteStore, published: PublishedSource, manifest: Manifest) -> int:
    taken = 0
    for item in manifest.lists:
        owner = unit.statuses.status_list(item.purpose, item.number).issuer_id
        taken += unit.statuses.mark_bits_set(
            owner, item.purpose, item.number, published.bits(item), now=resources.clock.now()
        )
    return taken


def _issuer(unit: ReadStore, did: str) -> IssuerRecord:
    try:
        return unit.issuers.by_did(did)
    except NotFound as error:
        raise Refused("issuer-forgotten", f"{did} was made after the backup: restore a newer one") from error

"""After a restore: what the published files know and the database forgot (protocol section 2).

A backup is older than the moment it is needed. Slots that were filled since are marked as used before any is drawn, and
taken out of what issuers reserved; revocations that were published since are taken over. A slot filled twice, or a
revocation taken back, is fraud to every auditor, whoever's disk failed. Doing it again changes nothing.
"""

from dataclasses import dataclass

from registry.chain_ports import PublishedSource
from registry.domain.batch import decode_entries
from registry.domain.errors import NotFound, Refused
from registry.domain.manifest import Manifest, ManifestBatch
from registry.service.resources import Resources
from registry.store_ports import IssuerRecord, ReadStore, WriteStore


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtUp:
    """What the database had forgotten."""

    epochs: int
    slots: int
    bits: int


def catch_up(resources: Resources, published: PublishedSource) -> CaughtUp:
    """Take over slots and revocations of published epochs that the database does not know.

    Raises Refused `published-of-another-log`, or `issuer-forgotten` when an issuer was made after the backup: its list
    may be given to nobody else. Raises Malformed, ProofMismatch and Unavailable as the source.
    """
    with resources.store.read() as unit:
        newest = unit.epochs.newest()
    known = 0 if newest is None else newest.number
    epochs = slots = bits = 0
    last: Manifest | None = None
    while (manifest := published.manifest(known + epochs + 1)) is not None:
        with resources.store.write() as unit:
            _check_log(unit, manifest)
            for batch in manifest.batches:
                slots += _take_batch(resources, unit, published, epoch=manifest.epoch, batch=batch)
        epochs, last = epochs + 1, manifest
    if last is not None:
        # Of the newest epoch only: a suspension that was lifted since must not come back.
        with resources.store.write() as unit:
            bits = _take_lists(resources, unit, published, last)
    return CaughtUp(epochs=epochs, slots=slots, bits=bits)


def _check_log(unit: ReadStore, manifest: Manifest) -> None:
    ours = unit.access.log().name
    if manifest.anchor.log != ours:
        raise Refused("published-of-another-log", f"expected the published files of {ours}, got {manifest.anchor.log}")


def _take_batch(
    resources: Resources, unit: WriteStore, published: PublishedSource, *, epoch: int, batch: ManifestBatch
) -> int:
    issuer = _issuer(unit, batch.header.issuer)
    entries = decode_entries(published.entries(epoch, batch), batch.header)
    slots, now = [entry.slot for entry in entries], resources.clock.now()
    # Reserved slots are used already: that something fills them now is told by nothing but the credential, which is gone.
    unit.reservations.withdraw(issuer.id, slots, now=now)
    return unit.statuses.mark_slots_used(issuer.id, slots, now=now)


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

"""Evidence of fraud in tests: made from hand-made worlds, with real signatures of a promise key."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from registry.adapters.court import court_address
from registry.adapters.promise_signatures import sign_promise
from registry.domain.batch import Entry
from registry.domain.epoch import path_above_batch
from registry.domain.fraud import EntryProof, Unrevocation
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.promise import Promise, PromiseKind, PromiseTerms
from registry.domain.receipt import Receipt
from registry.domain.slot import Purpose
from tests.epochs import NOW, SealedEpoch, World

PROMISE_KEY: Final[LocalAccount] = Account.from_key(b"\x07" * 32)
"""Signs promises in tests."""


def promise(
    log: LogName,
    *,
    leaf: Digest | None = None,
    slot: int = 77,
    epoch: int = 3,
    deadline: datetime = NOW + timedelta(days=8),
    key: LocalAccount = PROMISE_KEY,
    court: str | None = None,
) -> Promise:
    """Promise to anchor a leaf, or without one to revoke a slot."""
    kind = PromiseKind.REVOCATION if leaf is None else PromiseKind.INCLUSION
    terms = PromiseTerms(
        kind=kind, log=log, court=court or court_address(), leaf=leaf, slot=slot, epoch=epoch, deadline=deadline
    )
    return sign_promise(terms, key)


def unrevocation(world: World, slot: int, *, revoked: int, unrevoked: int) -> Unrevocation:
    """Prove that a slot was revoked in an epoch and not in a later one."""
    proofs = [world.prove(slot, Purpose.REVOCATION, epoch=epoch) for epoch in (revoked, unrevoked)]
    return Unrevocation(slot=slot, revoked=proofs[0], unrevoked=proofs[1])


def entry_of_receipt(receipt: Receipt) -> EntryProof:
    """Take the entry that a receipt proves."""
    return EntryProof(epoch=receipt.anchor.epoch, leaf=receipt.leaf, root=receipt.root, path=receipt.path)


def entry_of_epoch(epoch: SealedEpoch, entry: Entry) -> EntryProof:
    """Prove an entry that was sealed by hand."""
    roots: Sequence[Digest] = [batch.tree.root for batch in epoch.batches]
    for number, batch in enumerate(epoch.batches):
        place = batch.data.find(entry.to_bytes())
        if place >= 0:
            above = path_above_batch(roots, number, status_root=epoch.manifest.status_root)
            path = batch.tree.path(place // 32) + above
            return EntryProof(epoch=epoch.manifest.epoch, leaf=entry.leaf, root=epoch.manifest.root, path=path)
    raise LookupError(entry)

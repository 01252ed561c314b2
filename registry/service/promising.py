"""Promises: what the registry signs when it accepts a credential or a revocation (protocol section 6).

    accepted -> lock -> newest sealed epoch N -> terms for N + 2 -> signed -> stored -> committed -> told

Terms are decided and stored in the transaction that stores what they promise, and signed in it too: about four
milliseconds. A promise that is told is stored, and a stored one is honoured by the worker, which seals the epoch it names.
Whoever signed nothing is told nothing: without a promise key there are none.
"""

from registry.domain.errors import Conflict, Refused
from registry.domain.promise import Promise, PromiseKind, choose_terms
from registry.domain.slot import Purpose
from registry.ports import PromiseSigner
from registry.service.proving import anchored_epoch
from registry.service.resources import Resources
from registry.store_ports import AnchorState, CredentialRecord, ReadStore, Standing, WriteStore


def promise_accepted(
    resources: Resources, unit: WriteStore, credential: CredentialRecord, kind: PromiseKind
) -> Promise | None:
    """Promise what is being accepted in the caller's transaction: a credential, or its revocation.

    A second time it is the same promise. None when the registry makes none, or when it is anchored already.
    """
    known = unit.promises.find(kind, credential.slot)
    if known is not None or resources.promise_signer is None or _final_epoch(unit, credential, kind) is not None:
        return known
    return _make(resources, unit, resources.promise_signer, credential, kind)


def promise_on_request(
    resources: Resources, unit: WriteStore, credential: CredentialRecord, kind: PromiseKind
) -> Promise:
    """Promise what was accepted earlier, once; from then on it is the same promise.

    Raises Refused `no-promise-key`; Conflict `not-revoked`, `already-anchored` for what the receipt proves by now.
    """
    known = unit.promises.find(kind, credential.slot)
    if known is not None:
        return known
    if resources.promise_signer is None:
        raise Refused("no-promise-key", "this registry makes no promises: its operator set no promise key")
    if kind is PromiseKind.REVOCATION and credential.standing is not Standing.REVOKED:
        raise Conflict("not-revoked", "expected a credential that is revoked")
    epoch = _final_epoch(unit, credential, kind)
    if epoch is not None:
        raise Conflict("already-anchored", f"it stands in epoch {epoch}, which is final: the receipt proves it")
    return _make(resources, unit, resources.promise_signer, credential, kind)


def _make(
    resources: Resources, unit: WriteStore, signer: PromiseSigner, credential: CredentialRecord, kind: PromiseKind
) -> Promise:
    now = resources.clock.now()
    # As late as can be: while it is held no sealing begins.
    newest = unit.promises.lock_for_promising()
    terms = choose_terms(
        kind,
        log=unit.access.log().name,
        court=signer.court,
        leaf=credential.leaf if kind is PromiseKind.INCLUSION else None,
        slot=credential.slot,
        newest_epoch=newest,
        now=now,
    )
    return unit.promises.keep(signer.sign(terms), created_at=now)


def _final_epoch(unit: ReadStore, credential: CredentialRecord, kind: PromiseKind) -> int | None:
    """Return the final epoch in which what is promised stands, None when there is none yet."""
    if kind is PromiseKind.INCLUSION:
        return anchored_epoch(unit, credential)
    revoked = [change for change in unit.statuses.changes(credential.id) if change.purpose is Purpose.REVOCATION]
    if not revoked:
        # Taken over from published files: they are of final epochs.
        newest = unit.epochs.newest_final()
        return None if newest is None else newest.number
    epoch = revoked[0].epoch
    if epoch is None or unit.epochs.anchor(epoch).state is not AnchorState.FINAL:
        return None
    return epoch

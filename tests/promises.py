"""Promises made straight into a store, with a key of tests alone."""

from datetime import datetime
from functools import cache
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.adapters.promise_signatures import PromiseKey
from registry.domain.hashing import sha256
from registry.domain.promise import Promise, PromiseKind, choose_terms
from registry.store_ports import NewCredential, Store, WriteStore
from tests.store_samples import NOW

COURT: Final = load_artifact(FRAUD_COURT).address


@cache
def promise_account() -> LocalAccount:
    """Return the account whose key signs."""
    account: LocalAccount = Account.from_key(sha256(b"a promise key of tests alone"))
    return account


@cache
def promise_key() -> PromiseKey:
    """Return the promise key."""
    return PromiseKey(promise_account(), court=COURT)


def promise(
    unit: WriteStore, credential: NewCredential, kind: PromiseKind = PromiseKind.INCLUSION, *, at: datetime = NOW
) -> Promise:
    """Promise a credential, or its revocation, in the caller's transaction."""
    terms = choose_terms(
        kind,
        log=unit.access.log().name,
        court=COURT,
        leaf=credential.leaf if kind is PromiseKind.INCLUSION else None,
        slot=credential.slot,
        newest_epoch=unit.promises.lock_for_promising(),
        now=at,
    )
    return unit.promises.keep(promise_key().sign(terms), created_at=at)


def make_promise(
    store: Store, credential: NewCredential, kind: PromiseKind = PromiseKind.INCLUSION, *, at: datetime = NOW
) -> Promise:
    """Promise what is stored already, in a transaction of its own."""
    with store.write() as unit:
        return promise(unit, credential, kind, at=at)

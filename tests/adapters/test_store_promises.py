"""Promises on both databases: kept as they were signed, one of a kind about a slot, and honoured whoever seals meanwhile."""

import multiprocessing
import secrets
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import Engine, text

from registry.adapters.database import write_transaction
from registry.adapters.promise_signatures import recover_signer
from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict
from registry.domain.hashing import Digest
from registry.domain.promise import Promise, PromiseKind
from registry.store_ports import NewCredential, OwedEpochs, WriteStore
from tests.adapters import store_processes
from tests.promises import make_promise, promise, promise_account
from tests.store_samples import NOW, Tenant, add_log, add_tenant, compose, issue, new_credential, order, seal

PATIENCE_SECONDS = 60


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    add_log(store)
    return add_tenant(store, "north")


def epoch_of(store: SqlStore, credential: NewCredential) -> int | None:
    with store.read() as unit:
        return unit.credentials.by_leaf(credential.leaf).epoch


def owed(store: SqlStore) -> OwedEpochs | None:
    with store.read() as unit:
        return unit.promises.owed()


def test_promises_come_back_as_they_were_signed(store: SqlStore, tenant: Tenant) -> None:
    (credential,) = issue(store, tenant)

    made = [make_promise(store, credential, kind) for kind in reversed(PromiseKind)]

    with store.read() as unit:
        stored = unit.promises.of_slot(credential.slot)
    assert stored == tuple(reversed(made))
    assert [Promise.parse(each.to_json()) for each in stored] == list(stored)
    assert {recover_signer(each) for each in stored} == {promise_account().address.lower()}


def test_a_second_promise_of_a_kind_about_a_slot_is_the_first_one(store: SqlStore, tenant: Tenant) -> None:
    (credential,) = issue(store, tenant)
    first = make_promise(store, credential)
    with store.write() as unit:
        seal(unit)

    again = make_promise(store, credential, at=NOW + timedelta(days=1))

    assert again == first


def test_nothing_is_found_of_another_slot(store: SqlStore, tenant: Tenant) -> None:
    one, other = issue(store, tenant, 2)
    make_promise(store, one)

    with store.read() as unit:
        assert unit.promises.of_slot(other.slot) == ()
        assert unit.promises.find(PromiseKind.REVOCATION, one.slot) is None


def test_a_promise_names_the_second_epoch_after_the_newest(store: SqlStore, tenant: Tenant) -> None:
    epochs = []
    for _ in range(3):
        (credential,) = issue(store, tenant)
        epochs.append(make_promise(store, credential).terms.epoch)
        with store.write() as unit:
            seal(unit)

    assert epochs == [2, 3, 4]


def test_what_is_owed_is_what_is_promised_beyond_the_newest_epoch(store: SqlStore, tenant: Tenant) -> None:
    first, second = issue(store, tenant, 2)
    before = owed(store)
    made = make_promise(store, first)
    with store.write() as unit:
        seal(unit)
    later = make_promise(store, second, at=NOW + timedelta(hours=1))
    both = owed(store)
    with store.write() as unit:
        seal(unit)
    one = owed(store)
    with store.write() as unit:
        seal(unit)

    assert before is None
    assert both == OwedEpochs(through=3, since=NOW, deadline=made.terms.deadline)
    assert one == OwedEpochs(through=3, since=NOW + timedelta(hours=1), deadline=later.terms.deadline)
    assert owed(store) is None


@pytest.mark.parametrize(
    "change",
    ["kind = 'revocation'", "leaf = NULL", "epoch = 1", "slot = 137438953472", "signature = leaf"],
)
def test_the_database_refuses_what_is_no_promise(store: SqlStore, engine: Engine, tenant: Tenant, change: str) -> None:
    (credential,) = issue(store, tenant)
    make_promise(store, credential)

    with pytest.raises(Conflict), write_transaction(engine) as connection:
        connection.execute(text(f"UPDATE promise SET {change}"))  # noqa: S608 - of the list above


def test_a_group_is_read_by_what_is_promised(store: SqlStore, tenant: Tenant) -> None:
    credentials = issue(store, tenant, 4)
    with store.write() as unit:
        seal(unit)
    early, late, never = issue(store, tenant, 3)
    make_promise(store, early)
    with store.write() as unit:
        unit.statuses.revoke(order(credentials[0].id))
        promise(unit, never, PromiseKind.REVOCATION)

    with store.write() as unit:
        (group,) = unit.epochs.unsealed_groups()
        promised = unit.epochs.promised_entries(group, through=3, after=None, limit=10)
        others = unit.epochs.unpromised_entries(group, through=3, after=None, limit=10)
        too_early = unit.epochs.promised_entries(group, through=2, after=None, limit=10)

    assert [entry.leaf for entry in promised] == [early.leaf]
    assert [entry.leaf for entry in others] == [late.leaf, never.leaf]
    assert too_early == ()


def test_what_is_accepted_while_an_epoch_is_sealed_is_in_the_next_one(
    store: SqlStore, engine: Engine, tenant: Tenant
) -> None:
    issue(store, tenant)
    with ThreadPoolExecutor(1) as pool:
        with store.write() as unit:
            epoch = compose(unit)
            accepting = pool.submit(accept, store, tenant)
            if engine.dialect.name == "postgresql":
                # Nobody waits for a sealing to be told a promise: not for one of a million credentials either.
                accepting.result(timeout=PATIENCE_SECONDS)
            unit.epochs.seal(epoch)
        credential, made = accepting.result(timeout=PATIENCE_SECONDS)

    with store.write() as unit:
        seal(unit)

    # SQLite has one writer: there the epoch was sealed first.
    assert made.terms.epoch == {"postgresql": 2, "sqlite": 3}[engine.dialect.name]
    assert epoch_of(store, credential) == 2


def test_a_sealing_waits_for_whoever_is_promising(store: SqlStore, tenant: Tenant) -> None:
    issue(store, tenant)
    promised, release = Event(), Event()

    def accept_slowly() -> NewCredential:
        with store.write() as unit:
            credential, _ = accept_in(unit, tenant)
            promised.set()
            assert release.wait(PATIENCE_SECONDS)
        return credential

    def seal_now() -> None:
        with store.write() as unit:
            seal(unit)

    with ThreadPoolExecutor(2) as pool:
        accepting = pool.submit(accept_slowly)
        assert promised.wait(PATIENCE_SECONDS)
        sealing = pool.submit(seal_now)
        try:
            with pytest.raises(TimeoutError):
                sealing.result(timeout=0.3)
        finally:
            release.set()
        sealing.result(timeout=PATIENCE_SECONDS)

    assert epoch_of(store, accepting.result()) == 1


def test_two_that_promise_the_same_at_once_say_the_same(store: SqlStore, tenant: Tenant) -> None:
    (credential,) = issue(store, tenant)
    promised, release = Event(), Event()

    def promise_slowly() -> Promise:
        with store.write() as unit:
            made = promise(unit, credential)
            promised.set()
            assert release.wait(PATIENCE_SECONDS)
        return made

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(promise_slowly)
        assert promised.wait(PATIENCE_SECONDS)
        second = pool.submit(make_promise, store, credential, at=NOW + timedelta(hours=1))
        try:
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
        finally:
            release.set()

        assert second.result(timeout=PATIENCE_SECONDS) == first.result(timeout=PATIENCE_SECONDS)


def test_every_promise_of_several_processes_is_kept(registry_url: str, store: SqlStore, tenant: Tenant) -> None:
    transactions, credentials = 12, 6
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as processes:
        total = 2 * transactions * credentials
        sealing = processes.submit(store_processes.seal_without_pause, registry_url, total)
        promising = [
            processes.submit(
                store_processes.promise_many,
                registry_url,
                tenant,
                transactions=transactions,
                credentials=credentials,
            )
            for _ in range(2)
        ]
        promised = [each for future in promising for each in future.result()]
        sealing.result()

    with store.read() as unit:
        late = [
            (leaf.hex(), epoch, sealed)
            for leaf, epoch in promised
            if (sealed := unit.credentials.by_leaf(Digest(leaf)).epoch) is None or sealed > epoch
        ]
    assert late == []
    assert len(promised) == total


def accept(store: SqlStore, tenant: Tenant) -> tuple[NewCredential, Promise]:
    with store.write() as unit:
        return accept_in(unit, tenant)


def accept_in(unit: WriteStore, tenant: Tenant) -> tuple[NewCredential, Promise]:
    (slot,) = unit.statuses.assign_slots(tenant.issuer_id, 1, draw=secrets.randbelow, now=NOW)
    credential = new_credential(tenant, slot)
    unit.credentials.insert([credential])
    return credential, promise(unit, credential)

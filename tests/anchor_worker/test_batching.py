"""Batches built ahead of their epoch, on both databases: when, of what, and what becomes of them."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import Engine, text, update

from anchor_worker.batching import make_batch, whole_second
from anchor_worker.sealing import EpochSealer, SealingRule
from registry.adapters import tables
from registry.adapters.database import open_engine, write_transaction
from registry.adapters.sealing_store import STILL_SECONDS
from registry.adapters.sql_store import SqlStore, SqlUnit
from registry.domain.batch import BatchHeader
from registry.domain.canonical import parse_object
from registry.domain.errors import Conflict, CredrootError, NotFound
from registry.service.proving import Receipts
from registry.store_ports import AnchorState, NewBatch, NewCredential, WriteStore
from tests.promises import make_promise
from tests.registry_world import SetClock
from tests.store_samples import (
    LOG,
    NOW,
    Tenant,
    add_log,
    add_tenant,
    compose,
    issue,
    new_credential,
    new_id,
    opened_store,
)

RULE = SealingRule(after=timedelta(hours=1), after_credentials=100, batch_limit=4, epoch_limit=12)
PATIENCE_SECONDS = 60.0


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def sealer(store: SqlStore, clock: SetClock) -> EpochSealer:
    add_log(store)
    return EpochSealer(store, log=LOG.name, rule=RULE, clock=clock)


@pytest.fixture
def tenant(store: SqlStore, sealer: EpochSealer) -> Tenant:
    return add_tenant(store, "north")


def headers(store: SqlStore, epoch: int) -> list[BatchHeader]:
    with store.read() as unit:
        return [BatchHeader.parse(parse_object(batch.header)) for batch in unit.epochs.batches(epoch)]


def ready_counts(store: SqlStore) -> list[int]:
    with store.read() as unit:
        return [batch.count for batch in unit.epochs.ready_batches()]


def epoch_of(store: SqlStore, credential: NewCredential) -> int | None:
    with store.read() as unit:
        return unit.credentials.by_leaf(credential.leaf).epoch


def build(unit: WriteStore, limit: int = 4) -> NewBatch:
    unit.epochs.lock_for_building()
    (group,) = unit.epochs.unsealed_groups()
    entries = unit.epochs.claim_entries(group, limit=limit)
    batch = make_batch(group, entries, batch_id=new_id(), log=LOG.name, at=whole_second(NOW))
    unit.epochs.add_batch(batch)
    return batch


def test_only_full_batches_are_built_while_no_epoch_is_due(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant
) -> None:
    issue(store, tenant, 9)
    issue(store, add_tenant(store, "south"), 3)

    built = [sealer.build_ahead(), sealer.build_ahead()]

    assert (built, ready_counts(store)) == ([2, 0], [4, 4])


def test_a_batch_built_ahead_is_in_the_next_epoch_with_its_own_time(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant, clock: SetClock
) -> None:
    issue(store, tenant, 5)
    sealer.build_ahead()
    clock.moment = NOW + timedelta(minutes=30)

    sealer.seal()

    with store.read() as unit:
        sealed_at = unit.epochs.get(1).sealed_at
    assert [header.count for header in headers(store, 1)] == [4, 1]
    assert [header.sealed for header in headers(store, 1)] == [whole_second(NOW), sealed_at]
    assert sealed_at == whole_second(clock.moment)
    assert ready_counts(store) == []


def test_what_is_in_a_ready_batch_waits_as_before(
    store: SqlStore, engine: Engine, sealer: EpochSealer, tenant: Tenant, clock: SetClock
) -> None:
    issue(store, tenant, 5)
    with engine.begin() as connection:
        connection.execute(update(tables.credential_waiting).values(created_at=NOW - timedelta(minutes=7)))
    with store.read() as unit:
        before = unit.epochs.waiting()
    sealer.build_ahead()
    with store.read() as unit:
        after = unit.epochs.waiting()
    clock.moment = NOW + timedelta(minutes=53)

    assert ready_counts(store) == [4]
    assert (after, after.credentials) == (before, 5)
    assert after.oldest_credential_at == NOW - timedelta(minutes=7)
    assert sealer.is_due()


def test_there_is_no_receipt_before_the_epoch(store: SqlStore, sealer: EpochSealer, tenant: Tenant) -> None:
    credentials = issue(store, tenant, 4)
    sealer.build_ahead()

    with store.read() as unit:
        record = unit.credentials.by_leaf(credentials[0].leaf)
        with pytest.raises(NotFound, match="waits to be sealed"):
            Receipts(store).make(unit, record)
        assert record.batch_id is not None
        with pytest.raises(NotFound):
            unit.epochs.batch(record.batch_id)
    assert record.epoch is None


def test_no_more_is_built_ahead_than_an_epoch_takes(store: SqlStore, sealer: EpochSealer, tenant: Tenant) -> None:
    issue(store, tenant, 20)

    built = sealer.build_ahead()
    sealer.seal()
    sealer.seal()

    assert built == 3
    assert [[header.count for header in headers(store, number)] for number in (1, 2)] == [[4, 4, 4], [4, 4]]


def test_whoever_seals_has_one_batch_s_worth_left_to_do(store: SqlStore, sealer: EpochSealer, tenant: Tenant) -> None:
    south, west = add_tenant(store, "south"), add_tenant(store, "west")
    for each, count in ((tenant, 2), (south, 3), (west, 2)):
        issue(store, each, count)

    sealer.seal()

    # The largest group is built ahead, the others in the sealing itself.
    assert [header.issuer for header in headers(store, 1)] == [south.did, tenant.did, west.did]


def test_a_promise_takes_the_batch_of_its_credential_into_the_epoch(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant, clock: SetClock
) -> None:
    issued = issue(store, tenant, 12)
    sealer.build_ahead()
    others = issue(store, add_tenant(store, "south"), 12)
    small = EpochSealer(store, log=LOG.name, rule=replace(RULE, epoch_limit=4), clock=clock)
    with store.read() as unit:
        last = unit.epochs.ready_batches()[-1].id
        (late, *_) = [each for each in issued if unit.credentials.by_leaf(each.leaf).batch_id == last]
    promised = [make_promise(store, each).terms.epoch for each in (late, others[-1])]

    small.seal()
    first = epoch_of(store, late)
    small.seal()

    assert (first, promised) == (None, [2, 2])
    assert [epoch_of(store, each) for each in (late, others[-1])] == [2, 2]


def test_an_epoch_is_sealed_when_due_and_never_while_an_anchor_is_open(
    store: SqlStore, engine: Engine, sealer: EpochSealer, tenant: Tenant, clock: SetClock
) -> None:
    issue(store, tenant)
    early = sealer.seal_if_due()
    clock.moment = NOW + timedelta(hours=1)
    due = sealer.seal_if_due()
    issue(store, tenant)
    clock.moment = NOW + timedelta(hours=3)
    while_open = sealer.seal_if_due()
    with engine.begin() as connection:
        connection.execute(update(tables.anchor).values(state=AnchorState.FINAL.value))

    assert (early, due, while_open, sealer.seal_if_due()) == (None, 1, None, 2)


def test_a_worker_that_waited_for_another_s_sealing_finds_nothing_due(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant, clock: SetClock
) -> None:
    issue(store, tenant)
    clock.moment = NOW + timedelta(hours=1)
    with ThreadPoolExecutor(1) as pool:
        with store.write() as unit:
            epoch = compose(unit)
            second = pool.submit(sealer.seal_if_due)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
            unit.epochs.seal(epoch)
            # Something waits again, and for long enough: but the anchor is open now.
            (slot,) = unit.statuses.assign_slots(tenant.issuer_id, 1, draw=secrets.randbelow, now=NOW)
            unit.credentials.insert([new_credential(tenant, slot)])

        assert second.result(timeout=PATIENCE_SECONDS) is None


def test_two_builders_at_once_take_different_credentials(postgres_url: str) -> None:
    with opened_store(postgres_url) as store:
        add_log(store)
        issue(store, add_tenant(store, "north"), 6)
        with ThreadPoolExecutor(1) as pool, store.write() as unit:
            first = build(unit)
            # It waits for nobody, though the first one is not committed.
            second = pool.submit(_build_in_a_transaction, store).result(timeout=PATIENCE_SECONDS)

        assert (first.count, second.count) == (4, 2)
        assert not set(first.credential_ids) & set(second.credential_ids)
        assert sorted(ready_counts(store)) == [2, 4]


def _build_in_a_transaction(store: SqlStore) -> NewBatch:
    with store.write() as unit:
        return build(unit)


def test_a_sealer_waits_for_whoever_is_building(store: SqlStore, sealer: EpochSealer, tenant: Tenant) -> None:
    issue(store, tenant, 4)
    built, release = Event(), Event()

    def build_slowly() -> None:
        with store.write() as unit:
            build(unit, limit=3)
            built.set()
            assert release.wait(PATIENCE_SECONDS)

    with ThreadPoolExecutor(2) as pool:
        building = pool.submit(build_slowly)
        assert built.wait(PATIENCE_SECONDS)
        sealing = pool.submit(sealer.seal)
        try:
            with pytest.raises(TimeoutError):
                sealing.result(timeout=0.3)
        finally:
            release.set()
        building.result(timeout=PATIENCE_SECONDS)
        sealing.result(timeout=PATIENCE_SECONDS)

    assert [header.count for header in headers(store, 1)] == [3, 1]


def test_postgresql_ends_a_worker_that_stands_still_with_its_locks(postgres_url: str) -> None:
    with opened_store(postgres_url):
        engine = open_engine(postgres_url)
        for name in ("lock_for_building", "lock_for_sealing"):
            with write_transaction(engine) as connection:
                getattr(SqlUnit(connection).epochs, name)()
                shown = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
            assert shown == f"{STILL_SECONDS}s"
        engine.dispose()


def test_a_ready_batch_is_sealed_once(store: SqlStore, sealer: EpochSealer, tenant: Tenant) -> None:
    issue(store, tenant, 4)
    sealer.build_ahead()
    with store.read() as unit:
        ready = unit.epochs.ready_batches()
    sealer.seal()

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.epochs.seal(replace(compose(unit), batches=ready))

    assert refused.value.code == "batch-sealed-already"


def test_a_credential_that_does_not_wait_is_in_no_second_batch(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant
) -> None:
    issue(store, tenant, 4)
    with store.write() as unit:
        batch = build(unit)

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.epochs.add_batch(replace(batch, id=new_id()))

    assert refused.value.code == "credential-sealed-already"


@pytest.mark.parametrize("column", ["entries", "root"])
def test_a_ready_batch_whose_bytes_do_not_lead_to_its_root_is_not_sealed(
    store: SqlStore, engine: Engine, sealer: EpochSealer, tenant: Tenant, column: str
) -> None:
    issue(store, tenant, 4)
    sealer.build_ahead()
    with engine.begin() as connection:
        before = bytes(connection.execute(tables.batch.select()).mappings().one()[column])
        connection.execute(update(tables.batch).values({column: before[:-1] + bytes([before[-1] ^ 1])}))

    with pytest.raises(CredrootError):
        sealer.seal()

    with store.read() as unit:
        assert unit.epochs.newest() is None

"""Promises and sealing, on both databases: epochs that nothing waits for, what goes first, and when each is due."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from anchor_worker.sealing import MAX_OWED_PAUSE, OWED_IN_HASTE, EpochSealer, SealingRule
from registry.adapters.sql_store import SqlStore
from registry.domain.hashing import ZERO_DIGEST
from registry.domain.promise import PROMISED_WITHIN, PromiseKind
from registry.store_ports import EpochRecord, NewCredential
from tests.promises import make_promise
from tests.registry_world import SetClock
from tests.store_samples import LOG, NOW, Tenant, add_log, add_tenant, issue, order

PATIENT = SealingRule(after=timedelta(hours=1), after_credentials=1_000)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def sealer(store: SqlStore, clock: SetClock) -> EpochSealer:
    add_log(store)
    return EpochSealer(store, log=LOG.name, rule=PATIENT, clock=clock)


@pytest.fixture
def tenant(store: SqlStore, sealer: EpochSealer) -> Tenant:
    return add_tenant(store, "north")


def epochs(store: SqlStore) -> list[EpochRecord]:
    with store.read() as unit:
        newest = unit.epochs.newest()
        return [] if newest is None else [unit.epochs.get(number) for number in range(1, newest.number + 1)]


def epoch_of(store: SqlStore, credential: NewCredential) -> int | None:
    with store.read() as unit:
        return unit.credentials.by_leaf(credential.leaf).epoch


def test_a_promise_alone_makes_epochs_until_the_one_it_names_and_no_more(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant
) -> None:
    (credential,) = issue(store, tenant)
    sealer.seal()
    # Sealed and not anchored: such a promise names the epochs after it.
    promised = make_promise(store, credential).terms.epoch

    numbers = [sealer.seal() for _ in range(3)]

    first, second, third = epochs(store)
    assert promised == 3
    assert numbers == [2, 3, None]
    assert second.credentials_root == ZERO_DIGEST
    assert first.root != second.root == third.root
    assert not sealer.is_due()


def test_changes_that_lead_to_the_last_root_are_sealed_while_a_promise_is_owed(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant
) -> None:
    (credential,) = issue(store, tenant)
    sealer.seal()
    make_promise(store, credential)
    sealer.seal()
    with store.write() as unit:
        unit.statuses.suspend(order(credential.id))
        unit.statuses.reinstate(order(credential.id))

    assert sealer.seal() == 3

    with store.read() as unit:
        assert unit.epochs.waiting().status_changes == 0
        assert unit.epochs.get(2).root == unit.epochs.get(3).root


def test_a_promised_revocation_is_in_the_epoch_that_the_promise_names(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant
) -> None:
    (credential,) = issue(store, tenant)
    sealer.seal()
    with store.write() as unit:
        unit.statuses.revoke(order(credential.id))
    promised = make_promise(store, credential, PromiseKind.REVOCATION).terms.epoch

    while sealer.seal() is not None:
        continue

    with store.read() as unit:
        assert [change.epoch for change in unit.statuses.changes(credential.id)] == [2]
    assert len(epochs(store)) == promised == 3


def test_what_is_promised_goes_first_where_an_epoch_is_too_small(
    store: SqlStore, tenant: Tenant, clock: SetClock
) -> None:
    sealer = EpochSealer(store, log=LOG.name, rule=replace(PATIENT, epoch_limit=4), clock=clock)
    issue(store, tenant, 12)
    later = add_tenant(store, "south")
    (credential,) = issue(store, later)
    promised = make_promise(store, credential).terms.epoch
    before = epoch_of(store, credential)

    sealer.seal()
    sealer.seal()

    with store.read() as unit:
        counts = [[batch.count for batch in unit.epochs.batches(number)] for number in (1, 2)]
    assert (before, epoch_of(store, credential)) == (None, promised)
    # Whatever is not promised fills the rest.
    assert counts == [[4], [1, 3]]


def test_more_promises_than_an_epoch_takes_are_all_kept(store: SqlStore, tenant: Tenant, clock: SetClock) -> None:
    sealer = EpochSealer(store, log=LOG.name, rule=replace(PATIENT, epoch_limit=2, batch_limit=2), clock=clock)
    issue(store, tenant, 2)
    promised = [(each, make_promise(store, each).terms.epoch) for each in issue(store, tenant, 5)]

    sealer.seal()
    sealer.seal()

    assert all((epoch_of(store, credential) or 3) <= epoch for credential, epoch in promised)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A promise, an epoch sealed some time before or after it or none, and from when on the next one is due."""

    name: str
    after: timedelta
    due: timedelta
    sealed: timedelta | None = None


@pytest.mark.parametrize(
    "case",
    [
        Due(name="one pause after the promise", after=HOUR, due=HOUR),
        Due(name="at once where nothing waits at all", after=timedelta(0), due=timedelta(0)),
        Due(name="after a day, however patient the operator is", after=30 * DAY, due=MAX_OWED_PAUSE),
        Due(name="one pause after the newest epoch", after=HOUR, sealed=6 * HOUR, due=7 * HOUR),
        Due(name="a day after the newest epoch", after=30 * DAY, sealed=6 * HOUR, due=6 * HOUR + MAX_OWED_PAUSE),
        Due(
            name="before the deadline, however new the newest epoch is",
            after=30 * DAY,
            sealed=PROMISED_WITHIN - OWED_IN_HASTE,
            due=PROMISED_WITHIN - OWED_IN_HASTE,
        ),
    ],
    ids=lambda case: case.name,
)
def test_an_owed_epoch_is_due(store: SqlStore, clock: SetClock, case: Due) -> None:
    add_log(store)
    rule = SealingRule(after=case.after, after_credentials=1_000)
    sealer = EpochSealer(store, log=LOG.name, rule=rule, clock=clock)
    (credential,) = issue(store, add_tenant(store, "north"))
    sealer.seal()
    start = NOW.replace(microsecond=0)
    make_promise(store, credential, at=start)
    if case.sealed is not None:
        clock.moment = start + case.sealed
        sealer.seal()

    seen = []
    for moment in (case.due - timedelta(seconds=1), case.due):
        clock.moment = start + moment
        seen.append(sealer.is_due())

    assert seen == [False, True]


def test_a_promise_that_came_later_does_not_put_an_epoch_off(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant, clock: SetClock
) -> None:
    first, second = issue(store, tenant, 2)
    sealer.seal()
    make_promise(store, first)
    make_promise(store, second, at=NOW + timedelta(minutes=50))
    clock.moment = NOW + HOUR

    assert sealer.is_due()


def test_a_promise_that_is_kept_asks_for_nothing(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant, clock: SetClock
) -> None:
    (credential,) = issue(store, tenant)
    make_promise(store, credential)
    sealer.seal()
    sealer.seal()
    clock.moment = NOW + 100 * DAY

    assert not sealer.is_due()
    assert sealer.seal() is None

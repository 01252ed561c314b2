"""What the tables say of money, and that two workers cannot spend the same rest of a budget, on both databases."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Final

import pytest
from sqlalchemy import Connection, Engine, event, text

from anchor_worker.budget import DAY, Budget, Payment
from anchor_worker.fees import Fees
from anchor_worker.machine import Phase, Place, SpentNonce, State, with_attempt
from anchor_worker.offers import Attempt
from anchor_worker.ports import SignedAttempt, StoredAnchor
from anchor_worker.sealing import EpochSealer, SealingRule
from anchor_worker.store import SqlAnchorStore
from registry.adapters.clock import SystemClock
from registry.adapters.database import open_engine
from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict
from tests.anchor_worker.observations import NOW, hash_of
from tests.store_samples import LOG, add_log, add_tenant, issue, opened_store

SENDERS: Final = ("0x" + "aa" * 20, "0x" + "bb" * 20)
COST_WEI: Final = 80_000 * 10
DEADLINE_SECONDS: Final = 60.0
NO_LIMIT: Final = Budget(day_wei=10**30, since=NOW - DAY)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give a database with three sealed epochs."""
    with opened_store(database_url) as store:
        seal_three(store)
        with disposed(database_url) as opened:
            yield opened


def seal_three(store: SqlStore) -> None:
    add_log(store)
    tenant = add_tenant(store, "north")
    rule = SealingRule(after=timedelta(0), after_credentials=1)
    for _ in range(3):
        issue(store, tenant)
        EpochSealer(store, log=LOG.name, rule=rule, clock=SystemClock()).seal()


def anchors(engine: Engine, sender: str = SENDERS[0]) -> SqlAnchorStore:
    return SqlAnchorStore(engine, sender=sender, fence=lambda _: 1, clock=SystemClock())


def opened_anchor(store: SqlAnchorStore) -> StoredAnchor:
    found = store.open_anchor()
    assert found is not None
    return found


def signed(number: int, *, nonce: int = 0, price: int = 10, budget: Budget = NO_LIMIT) -> SignedAttempt:
    attempt = Attempt(
        transaction=hash_of(number),
        nonce=nonce,
        fees=Fees(max_fee_wei=price, tip_wei=1),
        gas=80_000,
        signed_at=NOW,
    )
    return SignedAttempt(attempt=attempt, raw=b"\x02", budget=budget)


def signed_anchor(store: SqlAnchorStore, number: int, *, nonce: int = 0, price: int = 10) -> StoredAnchor:
    stored, one = opened_anchor(store), signed(number, nonce=nonce, price=price)
    return store.add_attempt(stored, with_attempt(stored.state, one.attempt), one)


def place(number: int, *, hours_ago: int = 0, fee_paid_wei: int = 1) -> Place:
    return Place(
        transaction=hash_of(number),
        transaction_index=0,
        block_number=number,
        block_hash=hash_of(1_000 + number),
        block_time=NOW - timedelta(hours=hours_ago),
        gas_used=51_299,
        fee_paid_wei=fee_paid_wei,
    )


def finish(store: SqlAnchorStore, number: int, *, hours_ago: int, fee_paid_wei: int) -> None:
    stored = signed_anchor(store, number, nonce=number)
    where = place(number, hours_ago=hours_ago, fee_paid_wei=fee_paid_wei)
    store.save(stored, replace(stored.state, phase=Phase.FINAL, place=where))


def failed(state: State, number: int, *, nonce: int, fee_paid_wei: int) -> State:
    spent = SpentNonce(nonce=nonce, gas=80_000, place=place(number, fee_paid_wei=fee_paid_wei))
    return replace(state, phase=Phase.SEALED, attempts=(), spent=(*state.spent, spent))


def test_what_earlier_anchors_paid_is_known_with_its_time(engine: Engine) -> None:
    store = anchors(engine)
    finish(store, 1, hours_ago=30, fee_paid_wei=2**70)
    finish(store, 2, hours_ago=3, fee_paid_wei=2**80)

    spending = opened_anchor(store).state.spending

    assert spending.payments == (Payment(block_time=NOW - timedelta(hours=3), wei=2**80),)
    assert spending.reserved_wei == 0


def test_a_failed_transaction_frees_its_epochs_nonce_and_is_counted_as_paid(engine: Engine) -> None:
    store = anchors(engine)
    stored = signed_anchor(store, 1, nonce=7)

    store.save(stored, failed(stored.state, 1, nonce=7, fee_paid_wei=5))

    state = opened_anchor(store).state
    assert (state.phase, state.nonce, state.attempts) == (Phase.SEALED, None, ())
    assert [(each.nonce, each.place) for each in state.spent] == [(7, place(1, fee_paid_wei=5))]
    assert state.spending.payments == (Payment(block_time=NOW, wei=5),)
    again = signed_anchor(store, 2, nonce=8)
    assert [attempt.transaction for attempt in again.state.attempts] == [hash_of(2)]
    assert opened_anchor(store).state == replace(again.state, phase=Phase.SIGNED)


def test_another_account_may_use_the_same_nonce_for_an_epoch_that_failed_under_the_first(engine: Engine) -> None:
    stored = signed_anchor(anchors(engine), 1, nonce=7)
    anchors(engine).save(stored, failed(stored.state, 1, nonce=7, fee_paid_wei=5))
    other = anchors(engine, SENDERS[1])

    floors = [opened_anchor(store).state.nonce_floor for store in (anchors(engine), other)]
    signed_anchor(other, 2, nonce=7)

    assert floors == [8, 0]
    assert [attempt.transaction for attempt in opened_anchor(other).state.attempts] == [hash_of(2)]


def test_what_another_anchor_may_still_cost_is_reserved_at_its_dearest_attempt_alone(engine: Engine) -> None:
    store = anchors(engine)
    signed_anchor(store, 1)
    signed_anchor(store, 2, price=20)
    first = opened_anchor(store)
    other = replace(first, state=State(epoch=2, root=first.state.root, phase=Phase.SEALED), version=1)
    one = signed(3, nonce=1, budget=Budget(day_wei=3 * COST_WEI - 1, since=NOW - DAY))

    with pytest.raises(Conflict) as caught:
        anchors(engine, SENDERS[1]).add_attempt(other, with_attempt(other.state, one.attempt), one)

    assert caught.value.code == "budget-exceeded"
    assert f"the day's budget has {COST_WEI - 1}" in caught.value.message


def test_a_transaction_beyond_the_budget_is_not_stored_and_nothing_moves(engine: Engine) -> None:
    store = anchors(engine)
    stored = opened_anchor(store)
    one = signed(1, budget=Budget(day_wei=COST_WEI - 1, since=NOW - DAY))

    with pytest.raises(Conflict, match="budget"):
        store.add_attempt(stored, with_attempt(stored.state, one.attempt), one)

    assert opened_anchor(store) == stored


def test_a_replacement_takes_the_place_of_what_it_replaces_in_the_budget(engine: Engine) -> None:
    store = anchors(engine)
    stored = signed_anchor(store, 1)
    one = signed(2, price=20, budget=Budget(day_wei=2 * COST_WEI, since=NOW - DAY))

    store.add_attempt(stored, with_attempt(stored.state, one.attempt), one)

    assert len(opened_anchor(store).state.attempts) == 2


def test_of_two_that_spend_the_same_rest_at_the_same_time_one_does(engine: Engine) -> None:
    first = opened_anchor(anchors(engine))
    both = [first, replace(first, state=replace(first.state, epoch=2))]
    budget = Budget(day_wei=2 * COST_WEI - 1, since=NOW - DAY)
    together = threading.Barrier(2)

    def spend(at: int) -> str:
        one = signed(at, budget=budget)
        together.wait()
        try:
            anchors(engine, SENDERS[at]).add_attempt(both[at], with_attempt(both[at].state, one.attempt), one)
        except Conflict as error:
            return error.code
        return "stored"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(spend, range(2))) == ["budget-exceeded", "stored"]


def test_the_second_waits_until_what_the_first_spends_is_stored(postgres_url: str) -> None:
    budget = Budget(day_wei=2 * COST_WEI - 1, since=NOW - DAY)
    at_commit, go_on = threading.Event(), threading.Event()

    def pause(_: Connection) -> None:
        at_commit.set()
        go_on.wait(DEADLINE_SECONDS)

    with opened_store(postgres_url) as sealed, disposed(postgres_url) as engine, disposed(postgres_url) as slow:
        seal_three(sealed)
        stored = opened_anchor(anchors(engine))
        other = replace(stored, state=replace(stored.state, epoch=2))
        event.listen(slow, "commit", pause)
        with ThreadPoolExecutor(2) as pool:
            one, two = (signed(number, budget=budget) for number in range(2))
            first = pool.submit(anchors(slow).add_attempt, stored, with_attempt(stored.state, one.attempt), one)
            assert at_commit.wait(DEADLINE_SECONDS)
            second = pool.submit(
                anchors(engine, SENDERS[1]).add_attempt, other, with_attempt(other.state, two.attempt), two
            )
            wait_until_blocked(engine, second)
            go_on.set()
            first.result(DEADLINE_SECONDS)
            with pytest.raises(Conflict, match="budget"):
                second.result(DEADLINE_SECONDS)


def wait_until_blocked(engine: Engine, work: Future[StoredAnchor]) -> None:
    """Wait until a transaction of the database waits for a lock, or the work is done without."""
    deadline = monotonic() + DEADLINE_SECONDS
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while not work.done() and monotonic() < deadline:
        with engine.connect() as connection:
            if connection.execute(waiting).scalar_one():
                return


@contextmanager
def disposed(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()

"""Slots: random in the issuer's open list, unique, used once for ever."""

import contextlib
import secrets
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, insert, select, update

from registry.adapters import tables
from registry.adapters.slot_store import HALF_FULL, INDEXES_A_DRAW, MAX_CUT_SHORT
from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict, NotFound
from registry.domain.slot import LIST_SIZE, MAX_LIST, Purpose
from registry.domain.status_tree import EMPTY_LIST
from tests.store_samples import NOW, Tenant, add_log, add_tenant, new_id


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    add_log(store)
    return add_tenant(store, "north")


def assign(store: SqlStore, tenant: Tenant, count: int, draw: Callable[[int], int] = secrets.randbelow) -> list[int]:
    with store.write() as unit:
        return list(unit.statuses.assign_slots(tenant.issuer_id, count, draw=draw, now=NOW))


def fill(engine: Engine, number: int, used: int) -> None:
    bits = (2**used - 1).to_bytes(LIST_SIZE // 8, "big")
    with engine.begin() as connection:
        connection.execute(
            update(tables.status_list).where(tables.status_list.c.number == number).values(used=used, used_bits=bits)
        )


def listed(engine: Engine) -> list[tuple[int, int, int, bool]]:
    lists = tables.status_list
    with engine.begin() as connection:
        rows = connection.execute(select(lists).order_by(lists.c.number)).all()
    return [(row.number, row.used, int.from_bytes(row.used_bits, "big").bit_count(), row.closed) for row in rows]


def test_slots_are_in_the_issuers_own_list_and_never_the_same(store: SqlStore, tenant: Tenant, engine: Engine) -> None:
    other = add_tenant(store, "south")

    first, second, third = assign(store, tenant, 500), assign(store, other, 500), assign(store, tenant, 500)

    assert len({*first, *second, *third}) == 1_500
    assert {slot // LIST_SIZE for slot in first + third} == {0}
    assert {slot // LIST_SIZE for slot in second} == {1}
    assert listed(engine) == [(0, 1_000, 1_000, False), (1, 500, 500, False)]


def test_a_slot_is_what_was_drawn_and_a_used_one_is_drawn_again(store: SqlStore, tenant: Tenant) -> None:
    numbers = iter([5, 5, LIST_SIZE - 1, 5, 0])

    slots = assign(store, tenant, 3, draw=lambda below: next(numbers) if below == LIST_SIZE else -1)

    assert slots == [5, LIST_SIZE - 1, 0]


def test_many_slots_are_the_digits_of_large_numbers(store: SqlStore, tenant: Tenant) -> None:
    # Of all sizes and none twice: 7919 is odd, the size of a list is a power of two.
    indexes = [number * 7_919 % LIST_SIZE for number in range(2 * INDEXES_A_DRAW)]
    # One that was drawn already comes again: it is passed over.
    halves = [indexes[:INDEXES_A_DRAW], [indexes[3], *indexes[INDEXES_A_DRAW:-1]]]
    numbers = iter([sum(index * LIST_SIZE**place for place, index in enumerate(half)) for half in halves])

    slots = assign(
        store,
        tenant,
        2 * INDEXES_A_DRAW - 1,
        draw=lambda below: next(numbers) if below == LIST_SIZE**INDEXES_A_DRAW else -1,
    )

    assert slots == indexes[:-1]


def test_the_slots_of_a_large_upload_are_spread_over_half_full_lists(
    store: SqlStore, tenant: Tenant, engine: Engine
) -> None:
    slots = [slot for _ in range(35) for slot in assign(store, tenant, 4_000)]

    assert len(set(slots)) == 140_000
    assert listed(engine) == [
        (0, HALF_FULL, HALF_FULL, True),
        (1, HALF_FULL, HALF_FULL, True),
        (2, 140_000 - 2 * HALF_FULL, 140_000 - 2 * HALF_FULL, False),
    ]
    # Of 65,536 random indexes in 8 equal parts, each part gets 8,192 give or take 85: six times that is no accident.
    parts = Counter(slot // (LIST_SIZE // 8) for slot in slots if slot < LIST_SIZE)
    assert all(abs(count - 8_192) < 510 for count in parts.values())
    assert len(parts) == 8


def test_no_slot_is_drawn_for_nobody(store: SqlStore, tenant: Tenant) -> None:
    assert assign(store, tenant, 0) == []
    with pytest.raises(NotFound), store.write() as unit:
        unit.statuses.assign_slots(new_id(), 1, draw=secrets.randbelow, now=NOW)


def test_no_list_is_opened_before_the_log_is_known(store: SqlStore) -> None:
    tenant = add_tenant(store, "north")

    with pytest.raises(NotFound) as refused:
        assign(store, tenant, 1)

    assert refused.value.code == "no-log"


def test_a_list_is_closed_at_half_full_and_the_next_is_opened(store: SqlStore, tenant: Tenant, engine: Engine) -> None:
    assign(store, tenant, 1)
    fill(engine, 0, HALF_FULL - 3)

    slots = assign(store, tenant, 10)

    assert [slot // LIST_SIZE for slot in slots] == [0] * 3 + [1] * 7
    assert listed(engine) == [(0, HALF_FULL, HALF_FULL, True), (1, 7, 7, False)]


def test_a_list_filled_to_the_half_is_closed_at_once(store: SqlStore, tenant: Tenant, engine: Engine) -> None:
    assign(store, tenant, 1)
    fill(engine, 0, HALF_FULL - 3)

    assign(store, tenant, 3)

    assert listed(engine) == [(0, HALF_FULL, HALF_FULL, True)]


def test_the_log_is_full_after_its_last_list(store: SqlStore, tenant: Tenant, engine: Engine) -> None:
    with store.write() as unit:
        unit.statuses.mark_slots_used(tenant.issuer_id, [MAX_LIST * LIST_SIZE], now=NOW)

    with pytest.raises(Conflict) as refused:
        assign(store, tenant, 1)

    assert refused.value.code == "log-full"


def test_one_issuer_cannot_use_up_the_lists_of_the_log(store: SqlStore, tenant: Tenant, engine: Engine) -> None:
    barely = {"issuer_id": tenant.issuer_id, "used": 1, "used_bits": EMPTY_LIST, "closed": True, "created_at": NOW}
    with engine.begin() as connection:
        rows = [{"number": number, **barely} for number in range(MAX_CUT_SHORT)]
        connection.execute(insert(tables.status_list), rows)

    with store.write() as unit:
        first = unit.statuses.open_list(tenant.issuer_id, now=NOW)
        again = unit.statuses.open_list(tenant.issuer_id, now=NOW)
    assign(store, tenant, 1)
    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.statuses.open_list(tenant.issuer_id, now=NOW)

    assert first == again == MAX_CUT_SHORT
    assert refused.value.code == "too-many-lists"
    assert assign(store, tenant, 1)[0] // LIST_SIZE == first


def test_what_a_rolled_back_transaction_drew_is_free_again(store: SqlStore, tenant: Tenant, engine: Engine) -> None:
    assign(store, tenant, 1, draw=lambda _: 7)

    with contextlib.suppress(ZeroDivisionError), store.write() as unit:
        unit.statuses.assign_slots(tenant.issuer_id, 1, draw=lambda _: 8, now=NOW)
        raise ZeroDivisionError

    assert listed(engine) == [(0, 1, 1, False)]


def test_published_slots_are_never_drawn_again(store: SqlStore, tenant: Tenant, engine: Engine) -> None:
    own = assign(store, tenant, 1, draw=lambda _: 9)
    published = [own[0], 10, 11, 3 * LIST_SIZE + 4, 11]

    with store.write() as unit:
        unknown = unit.statuses.mark_slots_used(tenant.issuer_id, published, now=NOW)
    with store.write() as unit:
        again = unit.statuses.mark_slots_used(tenant.issuer_id, published, now=NOW)
    numbers = iter([10, 11, 12])
    drawn = assign(store, tenant, 1, draw=lambda _: next(numbers))

    assert (unknown, again) == (3, 0)
    assert drawn == [12]
    assert listed(engine) == [(0, 4, 4, False), (3, 1, 1, True)]


def test_the_next_list_comes_after_every_published_one(store: SqlStore, tenant: Tenant) -> None:
    with store.write() as unit:
        unit.statuses.mark_slots_used(tenant.issuer_id, [3 * LIST_SIZE], now=NOW)

    assert assign(store, tenant, 1, draw=lambda _: 0) == [4 * LIST_SIZE]


def test_a_list_of_another_issuer_is_not_taken_over(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")
    assign(store, tenant, 1)

    with pytest.raises(Conflict) as slots, store.write() as unit:
        unit.statuses.mark_slots_used(other.issuer_id, [1], now=NOW)
    with pytest.raises(Conflict) as bits, store.write() as unit:
        unit.statuses.mark_bits_set(other.issuer_id, Purpose.REVOCATION, 0, bytes(LIST_SIZE // 8), now=NOW)

    assert slots.value.code == bits.value.code == "status-list-of-another-issuer"

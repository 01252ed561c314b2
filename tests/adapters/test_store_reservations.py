"""Own keys and slots set aside, on both databases."""

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from registry.adapters.reservation_tables import slot_reservation
from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict, NotFound, Refused
from registry.store_ports import IssuerKeyRecord, OwnKeyRecord, ReservationRecord, ReservationSummary
from tests.store_samples import NOW, Tenant, add_log, add_tenant, new_credential, new_id


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    add_log(store)
    return add_tenant(store, "north")


def new_own_key(tenant: Tenant, name: str) -> OwnKeyRecord:
    return OwnKeyRecord(
        id=new_id(),
        issuer_id=tenant.issuer_id,
        verification_method=f"{tenant.did}#{name}",
        public_multibase="z6Mk",
        created_at=NOW,
        retired_at=None,
    )


def reserve(store: SqlStore, tenant: Tenant, count: int) -> ReservationRecord:
    with store.write() as unit:
        slots = unit.statuses.assign_slots(tenant.issuer_id, count, draw=secrets.randbelow, now=NOW)
        reservation = ReservationRecord(
            id=new_id(), issuer_id=tenant.issuer_id, slots=slots, created_at=NOW, expires_at=NOW + timedelta(days=1)
        )
        unit.reservations.insert(reservation)
    return reservation


def test_a_reservation_is_read_as_it_was_written(store: SqlStore, tenant: Tenant) -> None:
    reservation = reserve(store, tenant, 2_000)

    with store.read() as seen:
        found = seen.reservations.get(tenant.issuer_id, reservation.id)

    assert found == reservation
    assert list(found.slots) != sorted(found.slots)


def test_a_reservation_of_another_issuer_is_not_found(store: SqlStore, tenant: Tenant) -> None:
    reservation = reserve(store, tenant, 1)

    with store.read() as seen, pytest.raises(NotFound) as refused:
        seen.reservations.get(add_tenant(store, "south").issuer_id, reservation.id)

    assert refused.value.code == "slot-reservation-not-found"


def test_reservations_are_listed_page_by_page(store: SqlStore, tenant: Tenant) -> None:
    made = [reserve(store, tenant, 1) for _ in range(3)]

    with store.read() as seen:
        first = seen.reservations.page(tenant.issuer_id, after=None, limit=2)
        rest = seen.reservations.page(tenant.issuer_id, after=first[-1].id, limit=2)

    assert [*first, *rest] == [
        ReservationSummary(id=item.id, count=1, created_at=item.created_at, expires_at=item.expires_at) for item in made
    ]


def test_slots_of_reservations_that_expired_are_not_open(store: SqlStore, tenant: Tenant) -> None:
    reserve(store, tenant, 3)
    reserve(store, tenant, 4)

    with store.read() as seen:
        counted = [
            seen.reservations.open_slots(tenant.issuer_id, now=NOW + timedelta(hours=hours)) for hours in (0, 23, 24)
        ]

    assert counted == [7, 7, 0]


def test_reserved_slots_are_never_drawn_again(store: SqlStore, tenant: Tenant) -> None:
    reserved = set(reserve(store, tenant, 30_000).slots)

    with store.write() as unit:
        later = unit.statuses.assign_slots(
            tenant.issuer_id, 30_000, draw=secrets.randbelow, now=NOW + timedelta(days=400)
        )

    assert len(reserved) == len(set(later)) == 30_000
    assert not reserved & set(later)


def test_filled_slots_and_known_documents_are_told_with_their_leaf(store: SqlStore, tenant: Tenant) -> None:
    credential = new_credential(tenant, 7)
    with store.write() as unit:
        unit.credentials.insert([credential])

    with store.read() as seen:
        filled = seen.reservations.filled(range(5_000))
        known = seen.reservations.known_documents([credential.document_id, new_id()])

    assert filled == {7: credential.leaf}
    assert known == {credential.document_id: credential.leaf}


def test_a_list_has_one_owner(store: SqlStore, tenant: Tenant) -> None:
    reserve(store, tenant, 1)

    with store.read() as seen:
        assert seen.reservations.list_owner(0) == tenant.issuer_id
        assert seen.reservations.list_owner(1) is None


def test_own_keys_are_listed_oldest_first_and_retired_once(store: SqlStore, tenant: Tenant) -> None:
    first, second = new_own_key(tenant, "own-1"), new_own_key(tenant, "own-2")
    with store.write() as unit:
        unit.reservations.insert_own_key(second)
        unit.reservations.insert_own_key(first)
        unit.reservations.retire_own_key(first.id, retired_at=NOW)
        unit.reservations.retire_own_key(first.id, retired_at=NOW + timedelta(days=1))

    with store.read() as seen:
        assert seen.reservations.own_keys(tenant.issuer_id) == (replace(first, retired_at=NOW), second)
    with pytest.raises(NotFound), store.write() as unit:
        unit.reservations.retire_own_key(new_id(), retired_at=NOW)
    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.reservations.insert_own_key(new_own_key(tenant, "own-1"))
    assert refused.value.code == "own-key-verification-method-taken"


def test_no_key_here_signs_credentials_of_an_issuer_that_keeps_its_own(store: SqlStore, tenant: Tenant) -> None:
    status_key = IssuerKeyRecord(
        id=new_id(),
        issuer_id=tenant.issuer_id,
        verification_method=f"{tenant.did}#status-1",
        public_multibase="z6Mk",
        encrypted_key=bytes(60),
        created_at=NOW,
        retired_at=None,
    )
    with store.write() as unit:
        unit.issuers.insert_key(status_key)
        unit.reservations.insert_own_key(new_own_key(tenant, "own-1"))

    with store.read() as seen:
        assert seen.issuers.status_key(tenant.issuer_id) == status_key
        with pytest.raises(Refused) as refused:
            seen.issuers.active_key(tenant.issuer_id)
    assert refused.value.code == "issuer-keeps-its-key"


def test_the_database_refuses_a_reservation_cut_short(store: SqlStore, tenant: Tenant, engine: Engine) -> None:
    reservation = reserve(store, tenant, 2)

    with pytest.raises(Exception, match="slot_reservation_slots"), engine.begin() as connection:
        connection.execute(
            update(slot_reservation).where(slot_reservation.c.id == reservation.id).values(slots=bytes(8))
        )

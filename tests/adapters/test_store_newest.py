"""What people look at first: the newest uploads and credentials, and which epochs have those of an upload."""

import secrets
from dataclasses import replace
from itertools import count

import pytest
from sqlalchemy import Engine, update

from registry.adapters import tables
from registry.adapters.sql_store import SqlStore
from registry.store_ports import NewCredential, Standing
from tests.store_samples import Tenant, add_log, add_tenant, issue, new_credential, new_upload, order, seal


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    add_log(store)
    return add_tenant(store, "north")


def test_the_newest_uploads_come_first_and_pages_follow(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")
    uploads = [new_upload(tenant, b"%d" % number) for number in range(5)]
    with store.write() as unit:
        for upload in (*uploads, new_upload(other)):
            unit.uploads.insert(upload)

    with store.read() as unit:
        first = unit.uploads.newest(tenant.issuer_id, before=None, limit=3)
        second = unit.uploads.newest(tenant.issuer_id, before=first[-1].id, limit=3)

    assert [each.id for each in (*first, *second)] == sorted((each.id for each in uploads), reverse=True)


def test_the_newest_credentials_come_first_and_by_standing(store: SqlStore, tenant: Tenant) -> None:
    issue(store, add_tenant(store, "south"))
    made = issue(store, tenant, 5)
    with store.write() as unit:
        unit.statuses.revoke(order(made[1].id))
        unit.statuses.suspend(order(made[2].id))
        unit.statuses.suspend(order(made[3].id))
        unit.statuses.reinstate(order(made[3].id))

    def newest(standing: Standing | None) -> list[NewCredential]:
        with store.read() as unit:
            first = unit.credentials.newest(tenant.issuer_id, standing=standing, before=None, limit=2)
            before = first[-1].id if first else None
            second = unit.credentials.newest(tenant.issuer_id, standing=standing, before=before, limit=9)
        known = {each.id: each for each in made}
        return [known[each.id] for each in (*first, *(second if len(first) == 2 else ()))]

    assert newest(None) == list(reversed(made))
    assert newest(Standing.REVOKED) == [made[1]]
    assert newest(Standing.SUSPENDED) == [made[2]]
    assert newest(Standing.ACTIVE) == [made[4], made[3], made[0]]


def test_what_stands_revoked_without_a_change_of_its_own_is_listed(
    store: SqlStore, engine: Engine, tenant: Tenant
) -> None:
    # As a restored backup has them, whose changes were told by the published lists alone.
    made = issue(store, tenant, 3)
    with engine.begin() as connection:
        for credential, standing in zip(made, (Standing.REVOKED, Standing.SUSPENDED), strict=False):
            adopted = update(tables.credential).where(tables.credential.c.id == credential.id)
            connection.execute(adopted.values(standing=standing.value))

    with store.read() as unit:
        found = {
            standing: unit.credentials.newest(tenant.issuer_id, standing=standing, before=None, limit=9)
            for standing in Standing
        }

    assert {standing: [each.id for each in listed] for standing, listed in found.items()} == {
        Standing.REVOKED: [made[0].id],
        Standing.SUSPENDED: [made[1].id],
        Standing.ACTIVE: [made[2].id],
    }


def test_the_credentials_of_an_upload_are_counted_by_epoch(store: SqlStore, tenant: Tenant) -> None:
    upload, lines = new_upload(tenant), count(2)
    with store.write() as unit:
        unit.uploads.insert(upload)

    def add(number: int) -> None:
        with store.write() as unit:
            slots = unit.statuses.assign_slots(tenant.issuer_id, number, draw=secrets.randbelow, now=upload.created_at)
            unit.credentials.insert(
                [replace(new_credential(tenant, slot=slot), upload_id=upload.id, line=next(lines)) for slot in slots]
            )

    issue(store, tenant)
    for number in (2, 3):
        add(number)
        with store.write() as unit:
            seal(unit)
    add(4)

    with store.read() as seen:
        assert seen.credentials.epochs_of_upload(upload.id) == {1: 2, 2: 3, None: 4}
        assert seen.credentials.epochs_of_upload(tenant.issuer_id) == {}

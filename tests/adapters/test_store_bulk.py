"""Credentials by the thousand: the same rules as for one, and rows that are written once."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, Table, func, select, text

from registry.adapters import tables
from registry.adapters.sql_store import SqlStore
from registry.domain.batch import BatchHeader, decode_entries
from registry.domain.canonical import parse_object
from registry.domain.errors import Conflict
from registry.domain.hashing import sha256
from registry.store_ports import CredentialRecord, NewCredential
from tests.store_samples import (
    NOW,
    Tenant,
    add_log,
    add_tenant,
    issue,
    new_credential,
    new_id,
    new_upload,
    order,
    recipient_key,
    seal,
)

GROWING = (
    tables.credential,
    tables.credential_recipient,
    tables.credential_waiting,
    tables.credential_entry,
)
NEVER_UPDATED = {
    "sqlite": ("CREATE TRIGGER never BEFORE UPDATE ON credential BEGIN SELECT RAISE(ABORT, 'updated'); END",),
    "postgresql": (
        "CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE check_violation; END'",
        "CREATE TRIGGER never BEFORE UPDATE ON credential FOR EACH STATEMENT EXECUTE FUNCTION never()",
    ),
}
UPDATED_AGAIN = {
    "sqlite": ("DROP TRIGGER never",),
    "postgresql": ("DROP TRIGGER never ON credential", "DROP FUNCTION never()"),
}


@contextlib.contextmanager
def never_updated(engine: Engine) -> Iterator[None]:
    """Let the database refuse every change of a credential's row."""
    try:
        execute(engine, NEVER_UPDATED[engine.dialect.name])
        yield
    finally:
        execute(engine, UPDATED_AGAIN[engine.dialect.name])


def execute(engine: Engine, statements: tuple[str, ...]) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    add_log(store)
    return add_tenant(store, "north")


def counts(engine: Engine, *counted: Table) -> list[int]:
    with engine.begin() as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in counted]


def everything(store: SqlStore, tenant: Tenant) -> list[CredentialRecord]:
    found: list[CredentialRecord] = []
    with store.read() as unit:
        while page := unit.credentials.page(tenant.issuer_id, after=found[-1].id if found else None, limit=1_000):
            found.extend(page)
    return found


def test_thousands_come_back_as_they_were_stored(store: SqlStore, engine: Engine, tenant: Tenant) -> None:
    upload = new_upload(tenant)
    with store.write() as unit:
        unit.uploads.insert(upload)
    stored = [
        replace(
            new_credential(
                tenant,
                slot,
                upload=(upload.id, slot + 2) if slot % 3 else None,
                recipients=[f"{slot}@example.com", f"did:key:z{slot}"][: slot % 3],
                duplicate_key=sha256(slot.to_bytes(4, "big")) if slot % 5 else None,
                suspendable=slot % 2 == 0,
            ),
            achievement_id=tenant.achievement_id if slot % 4 else None,
            achievement_version=1 if slot % 4 else None,
            valid_from=NOW - timedelta(microseconds=slot),
            valid_until=None if slot % 7 else NOW + timedelta(days=slot),
            document=bytes(slot % 256 for _ in range(slot)),
        )
        for slot in range(2_500)
    ]
    with store.write() as unit:
        unit.credentials.insert(stored)

    found = everything(store, tenant)

    shared = [name for name in NewCredential.__dataclass_fields__ if name not in {"recipient_keys", "duplicate_key"}]
    for one, other in zip(found, stored, strict=True):
        assert [getattr(one, name) for name in shared] == [getattr(other, name) for name in shared]
    assert counts(engine, *GROWING) == [2_500, sum(slot % 3 for slot in range(2_500)), 2_500, 0]
    with store.read() as unit:
        keys = [each.duplicate_key for each in stored if each.duplicate_key is not None]
        by_recipient = unit.credentials.of_recipient(recipient_key("did:key:z2"), issuer_id=None, after=None, limit=9)
        assert len(unit.credentials.duplicates(keys)) == len(keys)
    assert [item.id for item in by_recipient] == [stored[2].id]


def test_one_bad_row_among_thousands_leaves_nothing(store: SqlStore, engine: Engine, tenant: Tenant) -> None:
    rows = [new_credential(tenant, slot) for slot in range(1_500)]
    rows[1_234] = replace(rows[1_234], slot=17)

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.credentials.insert(rows)

    assert refused.value.code == "credential-slot-taken"
    assert counts(engine, *GROWING) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer_id": new_id()},
        {"upload_id": new_id(), "line": 2},
        {"did_document_sha256": sha256(b"never stored")},
        {"achievement_id": new_id()},
        {"achievement_version": 2},
    ],
)
def test_what_a_credential_refers_to_is_stored(
    store: SqlStore, engine: Engine, tenant: Tenant, wrong: dict[str, object]
) -> None:
    good = new_credential(tenant, 1)
    bad = replace(new_credential(tenant, 2), **wrong)  # type: ignore[arg-type]  # one field or two, of any type

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.credentials.insert([good, bad])

    assert refused.value.code == "reference-unknown"
    assert counts(engine, *GROWING) == [0, 0, 0, 0]


def test_a_recipient_named_twice_is_kept_once(store: SqlStore, engine: Engine, tenant: Tenant) -> None:
    with store.write() as unit:
        unit.credentials.insert([new_credential(tenant, 1, recipients=("a", "b", "a"))])

    assert counts(engine, tables.credential_recipient) == [2]


def test_sealing_writes_no_row_of_a_credential(store: SqlStore, engine: Engine, tenant: Tenant) -> None:
    issued = issue(store, tenant, 300)

    with never_updated(engine):
        with store.write() as unit:
            seal(unit)
        # The guard is awake: what does change a credential is refused.
        with pytest.raises(Conflict), store.write() as unit:
            unit.statuses.revoke(order(issued[0].id))

    assert counts(engine, *GROWING) == [300, 300, 0, 300]
    assert {record.epoch for record in everything(store, tenant)} == {1}


def test_a_place_in_a_batch_is_where_the_batch_has_the_leaf(store: SqlStore, tenant: Tenant) -> None:
    issue(store, tenant, 700)
    with store.write() as unit:
        seal(unit)

    with store.read() as unit:
        (batch,) = unit.epochs.batches(1)
        header = BatchHeader.parse(parse_object(batch.header))
        entries = decode_entries(unit.epochs.batch_entries(batch.id), header)

    for record in everything(store, tenant):
        assert record.entry_index is not None
        assert record.batch_id == batch.id
        assert entries[record.entry_index - 1].leaf == record.leaf
        assert entries[record.entry_index - 1].slot == record.slot

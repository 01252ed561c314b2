"""Epochs: sealing ties exactly what waited, and everything sealed can be read back as it was."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from registry.adapters import tables
from registry.adapters.sql_store import SqlStore
from registry.domain.batch import BatchHeader, decode_entries
from registry.domain.canonical import parse_json
from registry.domain.errors import Conflict, NotFound
from registry.domain.hashing import sha256
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import EMPTY_LIST, list_root, write_bit
from registry.store_ports import AnchorState, NewBatch, NewEpoch
from tests.store_samples import NOW, Tenant, add_log, add_tenant, issue, new_id, order, seal


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    add_log(store)
    return add_tenant(store, "north")


def finalize(engine: Engine, epoch: int) -> None:
    with engine.begin() as connection:
        connection.execute(
            update(tables.anchor).where(tables.anchor.c.epoch == epoch).values(state=AnchorState.FINAL.value)
        )


def sealed_and_rolled_back(store: SqlStore) -> NewEpoch:
    made = []
    with contextlib.suppress(ZeroDivisionError), store.write() as unit:
        made.append(seal(unit))
        raise ZeroDivisionError
    return made[0]


def only_batch(epoch: NewEpoch) -> NewBatch:
    (batch,) = epoch.batches
    assert isinstance(batch, NewBatch)
    return batch


def test_nothing_waits_at_first(store: SqlStore) -> None:
    with store.read() as seen:
        waiting = seen.epochs.waiting()
        newest, final = seen.epochs.newest(), seen.epochs.newest_final()

    assert (waiting.credentials, waiting.oldest_credential_at) == (0, None)
    assert (waiting.status_changes, waiting.oldest_status_change_at) == (0, None)
    assert (newest, final) == (None, None)


def test_what_waits_is_told_until_it_is_sealed(store: SqlStore, tenant: Tenant) -> None:
    first, _ = issue(store, tenant, 2)
    with store.write() as unit:
        unit.statuses.revoke(order(first.id, changed_at=NOW + timedelta(minutes=3)))

    with store.read() as seen:
        before = seen.epochs.waiting()
    with store.write() as unit:
        seal(unit)
    with store.read() as seen:
        after = seen.epochs.waiting()

    assert (before.credentials, before.oldest_credential_at) == (2, NOW)
    assert (before.status_changes, before.oldest_status_change_at) == (1, NOW + timedelta(minutes=3))
    assert (after.credentials, after.status_changes) == (0, 0)


def test_what_waits_is_grouped_by_issuer_and_did_document(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")
    old = issue(store, tenant, 3)
    with store.write() as unit:
        document = unit.issuers.replace_did_document(tenant.issuer_id, b'{"rotated":true}')
    renewed = replace(tenant, did_document_sha256=document)
    new = issue(store, renewed, 2)
    others = issue(store, other)

    with store.write() as unit:
        groups = unit.epochs.unsealed_groups()
        entries = {
            group.did_document_sha256: unit.epochs.unsealed_entries(group, after=None, limit=10) for group in groups
        }

    assert [(group.issuer_id, group.did, group.count) for group in groups if group.issuer_id == other.issuer_id] == [
        (other.issuer_id, other.did, 1)
    ]
    assert {group.did_document_sha256: group.count for group in groups} == {
        tenant.did_document_sha256: 3,
        document: 2,
        other.did_document_sha256: 1,
    }
    for credentials in (old, new, others):
        found = entries[credentials[0].did_document_sha256]
        assert [(item.credential_id, item.leaf, item.slot) for item in found] == [
            (item.id, item.leaf, item.slot) for item in credentials
        ]


def test_waiting_credentials_are_read_in_parts(store: SqlStore, tenant: Tenant) -> None:
    credentials = issue(store, tenant, 5)

    with store.write() as unit:
        (group,) = unit.epochs.unsealed_groups()
        first = unit.epochs.unsealed_entries(group, after=None, limit=3)
        rest = unit.epochs.unsealed_entries(group, after=first[-1].credential_id, limit=3)

    assert [item.credential_id for item in (*first, *rest)] == [item.id for item in credentials]


def test_a_sealed_epoch_is_read_back_as_it_was(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")
    credentials = {item.id: item for item in (*issue(store, tenant, 5), *issue(store, other, 3))}
    with store.write() as unit:
        epoch = seal(unit)

    with store.read() as seen:
        record = seen.epochs.get(1)
        batches = seen.epochs.batches(1)
        contents = [seen.epochs.batch_entries(batch.id) for batch in batches]
        anchor = seen.epochs.anchor(1)
        placed = {name: seen.credentials.by_id(name) for name in credentials}
        again = [seen.epochs.batch(batch.id) for batch in batches]

    assert (record.number, record.root, record.status_root) == (1, epoch.root, epoch.status_root)
    assert (record.sealed_at, record.published_at) == (NOW, None)
    assert [batch.position for batch in batches] == [0, 1]
    assert tuple(again) == batches
    assert (anchor.state, anchor.root, anchor.transaction_hash) == (AnchorState.SEALED, epoch.root, None)
    for batch, content in zip(batches, contents, strict=True):
        entries = decode_entries(content, BatchHeader.parse(parse_json(batch.header)))
        members = {item.leaf: item for item in placed.values() if item.batch_id == batch.id}
        assert [members[entry.leaf].entry_index for entry in entries] == list(range(1, batch.count + 1))
        assert all(members[entry.leaf].slot == entry.slot for entry in entries)
        assert {item.issuer_id for item in members.values()} == {batch.issuer_id}
    assert {item.epoch for item in placed.values()} == {1}


def test_an_epoch_with_status_changes_alone_has_no_batches(store: SqlStore, tenant: Tenant) -> None:
    (credential,) = issue(store, tenant)
    with store.write() as unit:
        seal(unit)
    with store.write() as unit:
        unit.statuses.revoke(order(credential.id))

    with store.write() as unit:
        seal(unit)

    with store.read() as seen:
        assert seen.epochs.batches(2) == ()
        assert [change.epoch for change in seen.statuses.changes(credential.id)] == [2]


def test_lists_are_kept_once_and_read_as_of_every_epoch(store: SqlStore, tenant: Tenant) -> None:
    first, second, third = issue(store, tenant, 3)
    with store.write() as unit:
        unit.statuses.revoke(order(first.id))
        unit.statuses.suspend(order(third.id))
        seal(unit)
    with store.write() as unit:
        seal(unit)
    with store.write() as unit:
        unit.statuses.revoke(order(second.id))
        unit.statuses.reinstate(order(third.id))
        seal(unit)

    one = write_bit(EMPTY_LIST, first.slot % LIST_SIZE, value=True)
    two = write_bit(one, second.slot % LIST_SIZE, value=True)
    suspended = write_bit(EMPTY_LIST, third.slot % LIST_SIZE, value=True)
    with store.read() as seen:
        revocations = [seen.epochs.list_bits(epoch, Purpose.REVOCATION, 0) for epoch in (1, 2, 3)]
        suspensions = [seen.epochs.list_bits(epoch, Purpose.SUSPENSION, 0) for epoch in (1, 2, 3)]
        files = [[(item.purpose, item.file_epoch) for item in seen.epochs.lists(epoch)] for epoch in (1, 2, 3)]
        roots = seen.epochs.list_roots(3, Purpose.REVOCATION)
        digests = [item.sha256 for item in seen.epochs.lists(3)]

    assert revocations == [one, one, two]
    assert suspensions == [suspended, suspended, EMPTY_LIST]
    assert files == [
        [(Purpose.REVOCATION, 1), (Purpose.SUSPENSION, 1)],
        [(Purpose.REVOCATION, 1), (Purpose.SUSPENSION, 1)],
        [(Purpose.REVOCATION, 3)],
    ]
    assert roots == {0: list_root(two)}
    assert digests == [sha256(two)]


def test_epochs_are_sealed_in_order(store: SqlStore, tenant: Tenant) -> None:
    with store.write() as unit:
        epoch = seal(unit)

    for number in (1, 3):
        with pytest.raises(Conflict) as refused, store.write() as unit:
            unit.epochs.seal(replace(epoch, number=number))
        assert refused.value.code == "epoch-out-of-order"


def test_a_credential_is_sealed_once_and_a_refused_epoch_leaves_nothing(store: SqlStore, tenant: Tenant) -> None:
    issue(store, tenant, 3)
    with store.write() as unit:
        epoch = seal(unit)
    again = replace(epoch, number=2, batches=(replace(only_batch(epoch), id=new_id()),))

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.epochs.seal(again)

    with store.read() as seen:
        newest = seen.epochs.newest()
        assert seen.epochs.batches(2) == ()
    assert refused.value.code == "credential-sealed-already"
    assert newest is not None
    assert newest.number == 1


def test_a_batch_takes_no_credential_of_another_issuer(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")
    issue(store, tenant, 2)
    epoch = sealed_and_rolled_back(store)
    foreign = replace(only_batch(epoch), issuer_id=other.issuer_id)

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.epochs.seal(replace(epoch, batches=(foreign,)))

    assert refused.value.code == "credential-sealed-already"


def test_a_batch_that_miscounts_is_refused(store: SqlStore, tenant: Tenant) -> None:
    issue(store, tenant, 2)
    with store.write() as unit:
        epoch = seal(unit)
    batch = only_batch(epoch)
    short = replace(batch, id=new_id(), credential_ids=batch.credential_ids[:1])
    cut = replace(batch, id=new_id(), entries=batch.entries[:-1])

    with pytest.raises(Conflict) as miscounted, store.write() as unit:
        unit.epochs.seal(replace(epoch, number=2, batches=(short,)))
    with pytest.raises(Conflict) as shortened, store.write() as unit:
        unit.epochs.seal(replace(epoch, number=2, batches=(cut,)))

    assert miscounted.value.code == "batch-count"
    assert shortened.value.code == "batch-entries-broken"


def test_a_snapshot_keeps_its_bits_exactly_where_they_changed(store: SqlStore, tenant: Tenant) -> None:
    (credential,) = issue(store, tenant)
    with store.write() as unit:
        unit.statuses.revoke(order(credential.id))
        epoch = seal(unit)
    (snapshot,) = epoch.lists
    without = replace(snapshot, file_epoch=2, bits=None)
    twice = replace(snapshot, file_epoch=1)

    for wrong in (without, twice):
        with pytest.raises(Conflict) as refused, store.write() as unit:
            unit.epochs.seal(replace(epoch, number=2, batches=(), lists=(wrong,)))
        assert refused.value.code == "epoch-list-bits-where-changed-broken"


def test_final_epochs_are_published_in_order_and_once(store: SqlStore, tenant: Tenant, engine: Engine) -> None:
    for _ in range(3):
        with store.write() as unit:
            seal(unit)
    finalize(engine, 1)
    finalize(engine, 2)

    with store.read() as seen:
        waiting = seen.epochs.to_publish()
        newest = [seen.epochs.newest_final(at_most=limit) for limit in (None, 2, 1, 0)]
    with store.write() as unit:
        unit.epochs.mark_published(1, published_at=NOW)
        unit.epochs.mark_published(1, published_at=NOW + timedelta(days=1))

    with store.read() as seen:
        assert seen.epochs.to_publish() == (2,)
        assert seen.epochs.get(1).published_at == NOW
    assert waiting == (1, 2)
    assert [None if epoch is None else epoch.number for epoch in newest] == [2, 2, 1, None]


def test_epochs_and_batches_that_are_not_there_are_not_found(store: SqlStore) -> None:
    with store.write() as unit:
        for ask in (
            lambda: unit.epochs.get(1),
            lambda: unit.epochs.anchor(1),
            lambda: unit.epochs.batch(new_id()),
            lambda: unit.epochs.batch_entries(new_id()),
            lambda: unit.epochs.mark_published(1, published_at=NOW),
        ):
            with pytest.raises(NotFound):
                ask()

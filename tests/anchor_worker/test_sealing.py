"""Sealing on both real databases: what becomes of what waits."""

import gc
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Table, update

from anchor_worker.sealing import EpochSealer, SealingRule, check_stored_epoch
from registry.adapters import tables
from registry.adapters.database import open_engine
from registry.adapters.sql_store import SqlStore
from registry.domain.batch import BatchHeader, decode_entries
from registry.domain.canonical import parse_object
from registry.domain.errors import Conflict, CredrootError
from registry.domain.hashing import ZERO_DIGEST
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import EMPTY_LIST, read_bit
from registry.store_ports import AnchorState, NewCredential
from tests.store_samples import LOG, NOW, Tenant, add_log, add_tenant, issue, order

PATIENT = SealingRule(after=timedelta(hours=1), after_credentials=10)


@dataclass
class MovedClock:
    """A clock that a test moves."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def sealer(store: SqlStore, clock: MovedClock) -> EpochSealer:
    add_log(store)
    return EpochSealer(store, log=LOG.name, rule=PATIENT, clock=clock)


@pytest.fixture
def tenant(store: SqlStore, sealer: EpochSealer) -> Tenant:
    return add_tenant(store, "north")


def headers(store: SqlStore, epoch: int) -> list[BatchHeader]:
    with store.read() as unit:
        return [BatchHeader.parse(parse_object(batch.header)) for batch in unit.epochs.batches(epoch)]


def leaves(store: SqlStore, epoch: int) -> list[list[bytes]]:
    with store.read() as unit:
        return [
            [entry.leaf for entry in decode_entries(unit.epochs.batch_entries(batch.id), header)]
            for batch, header in zip(unit.epochs.batches(epoch), headers(store, epoch), strict=True)
        ]


def revoke(store: SqlStore, credential: NewCredential) -> None:
    with store.write() as unit:
        unit.statuses.revoke(order(credential.id))


def suspend(store: SqlStore, credential: NewCredential) -> None:
    with store.write() as unit:
        unit.statuses.suspend(order(credential.id))


def reinstate(store: SqlStore, credential: NewCredential) -> None:
    with store.write() as unit:
        unit.statuses.reinstate(order(credential.id))


def test_nothing_waits_and_nothing_is_sealed(sealer: EpochSealer, tenant: Tenant) -> None:
    assert not sealer.is_due()
    assert sealer.seal() is None


def test_an_epoch_has_a_batch_for_each_issuer_and_its_anchor_is_sealed(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant
) -> None:
    other = add_tenant(store, "south")
    ours, theirs = issue(store, tenant, 3), issue(store, other, 2)

    number = sealer.seal()

    assert number == 1
    assert [(header.issuer, header.count) for header in headers(store, 1)] == [(tenant.did, 3), (other.did, 2)]
    assert leaves(store, 1) == [sorted(each.leaf for each in group) for group in (ours, theirs)]
    with store.read() as unit:
        assert unit.epochs.anchor(1).state is AnchorState.SEALED
        assert unit.epochs.anchor(1).root == unit.epochs.get(1).root
        assert unit.epochs.waiting().credentials == 0


def test_a_header_commits_the_did_document_that_the_credentials_were_signed_under(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant
) -> None:
    issue(store, tenant)
    with store.write() as unit:
        rotated = unit.issuers.replace_did_document(tenant.issuer_id, b'{"rotated":true}')
    issue(store, replace(tenant, did_document_sha256=rotated))

    sealer.seal()

    found = headers(store, 1)
    assert {header.did_document for header in found} == {tenant.did_document_sha256, rotated}
    assert {header.sealed for header in found} == {NOW.replace(microsecond=0)}
    assert len({header.id for header in found}) == 2


def test_epochs_are_numbered_one_after_the_other(store: SqlStore, sealer: EpochSealer, tenant: Tenant) -> None:
    numbers = []
    for _ in range(3):
        issue(store, tenant)
        numbers.append(sealer.seal())

    assert numbers == [1, 2, 3]


def test_an_epoch_of_status_changes_alone_has_no_credentials_root(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant
) -> None:
    (credential,) = issue(store, tenant)
    sealer.seal()
    revoke(store, credential)

    sealer.seal()

    number, index = divmod(credential.slot, LIST_SIZE)
    with store.read() as unit:
        assert unit.epochs.get(2).credentials_root == ZERO_DIGEST
        assert read_bit(unit.epochs.list_bits(2, Purpose.REVOCATION, number), index)
        assert unit.epochs.list_bits(1, Purpose.REVOCATION, number) == EMPTY_LIST
        assert unit.epochs.waiting().status_changes == 0


def test_a_list_that_did_not_change_is_stored_once(store: SqlStore, sealer: EpochSealer, tenant: Tenant) -> None:
    first, second = issue(store, tenant, 2)
    revoke(store, first)
    sealer.seal()
    issue(store, tenant)
    sealer.seal()
    suspend(store, second)
    sealer.seal()

    with store.read() as unit:
        listed = [[(item.purpose, item.file_epoch) for item in unit.epochs.lists(number)] for number in (1, 2, 3)]
    revocation, suspension = Purpose.REVOCATION, Purpose.SUSPENSION
    assert listed == [[(revocation, 1)], [(revocation, 1)], [(revocation, 1), (suspension, 3)]]


def test_a_list_that_is_all_zero_again_is_not_listed(store: SqlStore, sealer: EpochSealer, tenant: Tenant) -> None:
    (credential,) = issue(store, tenant)
    suspend(store, credential)
    sealer.seal()
    reinstate(store, credential)

    sealer.seal()

    with store.read() as unit:
        assert (len(unit.epochs.lists(1)), len(unit.epochs.lists(2))) == (1, 0)


def test_no_epoch_repeats_the_root_of_the_last_one(
    store: SqlStore, sealer: EpochSealer, tenant: Tenant, clock: MovedClock
) -> None:
    (credential,) = issue(store, tenant)
    sealer.seal()
    revoke(store, credential)
    sealer.seal()
    (other,) = issue(store, tenant)
    sealer.seal()
    # An epoch of nothing but the statuses, which then come back to what they were.
    suspend(store, other)
    sealer.seal()
    reinstate(store, other)
    suspend(store, other)
    clock.moment += timedelta(hours=2)
    due_before = sealer.is_due()

    number = sealer.seal()

    assert (due_before, number) == (True, None)
    assert not sealer.is_due()
    with store.read() as unit:
        assert unit.epochs.waiting().status_changes == 2
    issue(store, tenant)
    assert sealer.is_due()
    assert sealer.seal() == 5


def test_sealing_is_due_by_age(store: SqlStore, sealer: EpochSealer, tenant: Tenant, clock: MovedClock) -> None:
    issue(store, tenant)
    clock.moment = NOW + timedelta(minutes=59)
    early = sealer.is_due()
    clock.moment = NOW + timedelta(hours=1)

    assert (early, sealer.is_due()) == (False, True)


def test_sealing_is_due_by_number(store: SqlStore, sealer: EpochSealer, tenant: Tenant) -> None:
    issue(store, tenant, 9)
    few = sealer.is_due()
    issue(store, tenant)

    assert (few, sealer.is_due()) == (False, True)


def test_an_upload_larger_than_a_batch_becomes_several_of_one_epoch(
    store: SqlStore, tenant: Tenant, clock: MovedClock
) -> None:
    # The protocol's own limit would take 65,537 credentials.
    sealer = EpochSealer(store, log=LOG.name, rule=replace(PATIENT, batch_limit=4), clock=clock)
    issued = issue(store, tenant, 9)

    sealer.seal()

    assert [header.count for header in headers(store, 1)] == [4, 4, 1]
    assert sorted(leaf for batch in leaves(store, 1) for leaf in batch) == sorted(each.leaf for each in issued)


def test_what_is_too_much_for_one_epoch_waits_for_the_next(store: SqlStore, tenant: Tenant, clock: MovedClock) -> None:
    sealer = EpochSealer(store, log=LOG.name, rule=replace(PATIENT, epoch_limit=5), clock=clock)
    issue(store, tenant, 7)

    sealer.seal()
    sealer.seal()

    assert [[header.count for header in headers(store, number)] for number in (1, 2)] == [[5], [2]]


@pytest.mark.parametrize(
    ("table", "column"),
    [(tables.batch, "entries"), (tables.batch, "root"), (tables.epoch, "root"), (tables.epoch, "suspension_root")],
)
def test_stored_bytes_that_do_not_lead_to_the_root_are_found(
    store: SqlStore, database_url: str, sealer: EpochSealer, table: Table, column: str
) -> None:
    issue(store, add_tenant(store, "north"), 2)
    sealer.seal()
    engine = open_engine(database_url)
    with engine.begin() as connection:
        before = bytes(connection.execute(table.select()).mappings().one()[column])
        connection.execute(update(table).values({column: before[:-1] + bytes([before[-1] ^ 1])}))
    engine.dispose()

    with store.read() as unit, pytest.raises(CredrootError):
        check_stored_epoch(unit, 1)


def test_a_revocation_that_was_taken_back_is_never_sealed(
    store: SqlStore, database_url: str, sealer: EpochSealer, tenant: Tenant
) -> None:
    first, second = issue(store, tenant, 2)
    revoke(store, first)
    sealer.seal()
    revoke(store, second)
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(update(tables.status_bits).values(bits=EMPTY_LIST[:-1] + b"\x01"))
    engine.dispose()

    with pytest.raises(Conflict, match="lacks a revocation"):
        sealer.seal()

    with store.read() as unit:
        newest = unit.epochs.newest()
        assert newest is not None
        assert newest.number == 1


def test_the_collector_runs_again_after_sealing_whatever_came_of_it(
    store: SqlStore, database_url: str, sealer: EpochSealer, tenant: Tenant
) -> None:
    first, second = issue(store, tenant, 2)
    revoke(store, first)
    sealer.seal()
    sealed = gc.isenabled()
    revoke(store, second)
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(update(tables.status_bits).values(bits=EMPTY_LIST))
    engine.dispose()
    with pytest.raises(Conflict):
        sealer.seal()

    assert (sealed, gc.isenabled()) == (True, True)

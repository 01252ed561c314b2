"""Several processes on one database: nothing twice, nothing lost, nothing half."""

import multiprocessing
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from registry.adapters import tables
from registry.adapters.database import open_engine
from registry.adapters.migrations import check_schema, upgrade
from registry.adapters.slot_store import HALF_FULL
from registry.adapters.sql_store import SqlStore
from registry.domain.errors import NotFound
from registry.domain.hashing import Digest, sha256
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import EMPTY_LIST, write_bit
from registry.store_ports import IdempotencyClaim, UploadState
from tests.adapters import store_processes
from tests.paths import REPO_ROOT
from tests.store_samples import NOW, Tenant, add_log, add_tenant, issue, new_upload

PROCESSES = 3


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    # Spawned, not forked: a fork would share the parent's open connections.
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    add_log(store)
    return add_tenant(store, "north")


def test_no_two_processes_draw_the_same_slot(
    processes: ProcessPoolExecutor, registry_url: str, engine: Engine, tenant: Tenant
) -> None:
    futures = [
        processes.submit(store_processes.draw_slots, registry_url, tenant.issuer_id, transactions=20, slots=25)
        for _ in range(PROCESSES)
    ]
    drawn = [slot for future in futures for slot in future.result()]

    with engine.begin() as connection:
        row = connection.execute(select(tables.status_list)).one()
    assert len(drawn) == len(set(drawn)) == PROCESSES * 20 * 25
    assert row.used == int.from_bytes(row.used_bits, "big").bit_count() == len(drawn)


def test_processes_that_fill_a_list_open_the_next_one_together(
    processes: ProcessPoolExecutor, registry_url: str, store: SqlStore, engine: Engine, tenant: Tenant
) -> None:
    other = add_tenant(store, "south")
    issue(store, tenant)
    full_but_ten = (2 ** (HALF_FULL - 10) - 1).to_bytes(LIST_SIZE // 8, "big")
    with engine.begin() as connection:
        connection.execute(update(tables.status_list).values(used=HALF_FULL - 10, used_bits=full_but_ten))

    futures = [
        processes.submit(store_processes.draw_slots, registry_url, issuer_id, transactions=6, slots=3)
        for issuer_id in (tenant.issuer_id, other.issuer_id, tenant.issuer_id)
    ]
    drawn = [slot for future in futures for slot in future.result()]

    lists = tables.status_list
    with engine.begin() as connection:
        rows = connection.execute(select(lists).order_by(lists.c.issuer_id, lists.c.number)).all()
    assert len(set(drawn)) == 54
    assert [(row.issuer_id, row.used, row.closed) for row in rows] == [
        (tenant.issuer_id, HALF_FULL, True),
        (tenant.issuer_id, 26, False),
        (other.issuer_id, 18, False),
    ]
    assert sorted(row.number for row in rows) == [0, 1, 2]


def test_each_line_is_issued_by_one_process(
    processes: ProcessPoolExecutor, registry_url: str, store: SqlStore, tenant: Tenant
) -> None:
    upload = replace(new_upload(tenant), state=UploadState.ISSUING)
    with store.write() as unit:
        unit.uploads.insert(upload)

    issued: list[int] = []
    # A process that falls behind leaves the rest to the others, so the round is repeated until all lines are done.
    while len(issued) < 20:
        with store.read() as seen:
            through = seen.uploads.get(tenant.issuer_id, upload.id).issued_through_line
        lines = range(through + 1, 21)
        futures = [
            processes.submit(store_processes.issue_line, registry_url, tenant, upload.id, lines)
            for _ in range(PROCESSES)
        ]
        issued.extend(line for future in futures for line in future.result())

    with store.read() as seen:
        stored = [item.line for item in seen.credentials.of_upload(upload.id, after_line=0, limit=100)]
        record = seen.uploads.get(tenant.issuer_id, upload.id)
    assert sorted(issued) == stored == list(range(1, 21))
    assert (record.rows_issued, record.issued_through_line) == (20, 20)


def test_every_epoch_has_exactly_the_revocations_that_are_tied_to_it_or_before(
    processes: ProcessPoolExecutor, registry_url: str, store: SqlStore, tenant: Tenant
) -> None:
    credentials = issue(store, tenant, 60)
    halves = ([item.id for item in credentials[:40]], [item.id for item in credentials[20:]])

    sealing = processes.submit(store_processes.seal_until, registry_url, len(credentials))
    revoking = [processes.submit(store_processes.revoke_all, registry_url, half) for half in halves]
    changed = [future.result() for future in revoking]
    epochs = sealing.result()

    with store.read() as seen:
        tied = {item.slot: seen.statuses.changes(item.id) for item in credentials}
        for number in range(1, epochs + 1):
            expected = EMPTY_LIST
            for slot, changes in tied.items():
                if any(change.epoch is not None and change.epoch <= number for change in changes):
                    expected = write_bit(expected, slot % LIST_SIZE, value=True)
            assert seen.epochs.list_bits(number, Purpose.REVOCATION, 0) == expected
        newest = seen.epochs.newest()
    assert sum(changed) == len(credentials)
    assert Counter(len(changes) for changes in tied.values()) == {1: len(credentials)}
    assert newest is not None
    assert newest.number == epochs


def test_two_sealers_leave_no_gap_and_seal_nothing_twice(
    processes: ProcessPoolExecutor, registry_url: str, store: SqlStore, tenant: Tenant
) -> None:
    credentials = issue(store, tenant, 30)

    revoking = processes.submit(store_processes.revoke_all, registry_url, [item.id for item in credentials])
    sealing = [processes.submit(store_processes.seal_until, registry_url, len(credentials)) for _ in range(2)]
    revoking.result()
    epochs = sum(future.result() for future in sealing)

    with store.read() as seen:
        numbers = [seen.epochs.get(number).number for number in range(1, epochs + 1)]
        batches = [batch.count for number in numbers for batch in seen.epochs.batches(number)]
        with pytest.raises(NotFound):
            seen.epochs.get(epochs + 1)
    assert numbers == list(range(1, epochs + 1))
    assert batches == [30]


def test_what_is_issued_while_others_seal_is_sealed_exactly_once(
    processes: ProcessPoolExecutor, registry_url: str, store: SqlStore, engine: Engine, tenant: Tenant
) -> None:
    total = 2 * 15 * 40
    sealing = processes.submit(store_processes.seal_credentials_until, registry_url, total)
    issuing = [
        processes.submit(store_processes.issue_many, registry_url, tenant, transactions=15, credentials=40)
        for _ in range(2)
    ]
    leaves = [leaf for future in issuing for leaf in future.result()]
    epochs = sealing.result()

    found: dict[bytes, tuple[object, int]] = {}
    with store.read() as seen:
        for number in range(1, len(epochs) + 1):
            for batch in seen.epochs.batches(number):
                entries = seen.epochs.batch_entries(batch.id)
                for index in range(1, batch.count + 1):
                    leaf = entries[64 * index : 64 * index + 32]
                    assert leaf not in found
                    found[leaf] = (batch.id, index)
        for leaf, place in found.items():
            record = seen.credentials.by_leaf(Digest(leaf))
            assert (record.batch_id, record.entry_index) == place
    with engine.begin() as connection:
        waiting = connection.execute(select(func.count()).select_from(tables.credential_waiting)).scalar_one()
    assert sorted(found) == sorted(leaves)
    assert sum(sum(epoch) for epoch in epochs) == total
    assert waiting == 0


def test_a_repeated_request_is_carried_out_by_one_process(
    processes: ProcessPoolExecutor, registry_url: str, store: SqlStore
) -> None:
    claims = [
        IdempotencyClaim(
            tenant="north",
            key=f"k-{number}",
            request_hash=sha256(b"POST"),
            created_at=NOW,
            expires_at=NOW + timedelta(days=1),
        )
        for number in range(20)
    ]

    futures = [processes.submit(store_processes.carry_out_once, registry_url, claims) for _ in range(PROCESSES)]
    carried_out = sum(future.result() for future in futures)

    with store.write() as unit:
        known = [unit.access.claim_request(claim) for claim in claims]
    assert carried_out == len(claims)
    assert {item.answer.body for item in known if item and item.answer} == {store_processes.ANSWERED.encode()}


def test_processes_agree_on_a_secret(processes: ProcessPoolExecutor, registry_url: str, store: SqlStore) -> None:
    futures = [processes.submit(store_processes.make_secret, registry_url, "recipient") for _ in range(PROCESSES)]
    made = {future.result() for future in futures}

    with store.read() as seen:
        assert made == {seen.access.secret("recipient")}


def test_processes_that_start_at_once_upgrade_once(processes: ProcessPoolExecutor, database_url: str) -> None:
    futures = [processes.submit(_upgrade, database_url) for _ in range(PROCESSES)]
    for future in futures:
        future.result()

    engine = open_engine(database_url)
    check_schema(engine)
    engine.dispose()


def _upgrade(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()


def test_a_killed_process_leaves_what_it_committed_and_nothing_else(
    registry_url: str, store: SqlStore, tenant: Tenant, engine: Engine
) -> None:
    with _in_the_middle(registry_url, tenant) as process:
        process.kill()
        process.wait(timeout=60)

    with store.read() as seen:
        slugs = [item.slug for item in seen.issuers.page(after=None, limit=10)]
        credentials = seen.credentials.page(tenant.issuer_id, after=None, limit=10)
    with engine.begin() as connection:
        lists = connection.execute(select(tables.status_list)).all()
    assert sorted(slugs) == ["committed", "north"]
    assert (credentials, lists) == ((), [])
    # The dead process holds no lock: the same names and numbers can be taken.
    add_tenant(store, "lost")
    assert len(issue(store, tenant, 10)) == 10


@contextmanager
def _in_the_middle(url: str, tenant: Tenant) -> Iterator[subprocess.Popen[str]]:
    arguments = [str(tenant.issuer_id), str(tenant.achievement_id), tenant.did, tenant.did_document_sha256.hex()]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.store_processes", url, *arguments],
        cwd=REPO_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            if process.stdout is None or process.stdout.readline() != "in the middle\n":
                raise AssertionError("the process ended before its transaction")
            yield process
        finally:
            process.kill()

"""The audit trail in both databases: one chain, whatever is written at once."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import Engine, update

from registry.adapters.audit_tables import audit_entry
from registry.adapters.sql_store import SqlStore
from registry.domain.audit_trail import BEFORE_THE_FIRST, check_trail
from registry.domain.errors import NotFound
from tests.adapters import store_processes
from tests.store_samples import NOW, add_log, add_tenant, audit_note

PROCESSES = 2
TRANSACTIONS = 30


def second_of(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def test_what_a_transaction_notes_stands_in_the_trail_once_it_is_committed(store: SqlStore) -> None:
    tenant = add_tenant(store, "north")
    with store.write() as unit:
        unit.audit.note(audit_note(tenant.issuer_id, rows=3))
        unit.audit.note(audit_note(None))
        within = unit.audit.page(after=0, limit=10)
    with store.write():
        pass

    with store.read() as seen:
        first, second = seen.audit.page(after=0, limit=10)
    assert within == ()
    assert (first.number, first.previous, first.at, first.details) == (1, BEFORE_THE_FIRST, second_of(NOW), {"rows": 3})
    assert (second.number, second.previous, second.issuer) == (2, first.hash, None)
    assert check_trail((first, second)).head == second.hash


def test_what_is_rolled_back_was_never_noted(store: SqlStore) -> None:
    def note_and_fail() -> None:
        with store.write() as unit:
            unit.audit.note(audit_note(None))
            unit.access.log()

    with pytest.raises(NotFound):
        note_and_fail()

    with store.read() as seen:
        assert seen.audit.page(after=0, limit=10) == ()


def test_entries_are_read_page_by_page_and_an_issuers_from_the_newest_on(store: SqlStore) -> None:
    north, south = add_tenant(store, "north"), add_tenant(store, "south")
    with store.write() as unit:
        for tenant in (north, south, north, south, north):
            unit.audit.note(audit_note(tenant.issuer_id))

    with store.read() as seen:
        pages = [seen.audit.page(after=after, limit=2) for after in (0, 2, 4, 5)]
        own = [seen.audit.of_issuer(north.issuer_id, before=before, limit=2) for before in (None, 3, 1)]
    assert [[entry.number for entry in page] for page in pages] == [[1, 2], [3, 4], [5], []]
    assert [[entry.number for entry in page] for page in own] == [[5, 3], [1], []]


def test_several_processes_write_one_chain(registry_url: str, store: SqlStore) -> None:
    add_log(store)
    tenants = [add_tenant(store, name) for name in ("north", "south")]
    # Spawned, not forked: a fork would share the parent's open connections.
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        writing = [
            pool.submit(store_processes.note_many, registry_url, tenant.issuer_id, transactions=TRANSACTIONS)
            for tenant in tenants
        ]
        for future in writing:
            future.result()

    with store.read() as seen:
        entries = seen.audit.page(after=0, limit=1_000)
    report = check_trail(entries)
    assert (report.broken, report.entries) == (None, PROCESSES * 2 * TRANSACTIONS * 2 // 3)
    # What one transaction notes stands together.
    assert all(
        later.subject == f"{first.subject} again" for first, later in zip(entries[::2], entries[1::2], strict=True)
    )


@pytest.mark.parametrize("content", [b'{"rows":4}', b"not JSON at all"])
def test_an_entry_that_was_changed_in_the_database_is_found_by_its_number(
    store: SqlStore, engine: Engine, content: bytes
) -> None:
    with store.write() as unit:
        for number in range(3):
            unit.audit.note(audit_note(None, rows=number))
    with engine.begin() as connection:
        connection.execute(update(audit_entry).where(audit_entry.c.number == 2).values(details=content))

    with store.read() as seen:
        report = check_trail(seen.audit.page(after=0, limit=10))

    assert (report.broken, report.entries) == (2, 1)

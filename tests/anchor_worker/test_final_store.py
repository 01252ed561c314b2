"""Which anchors are final, and the marks of those that the chain denies, in both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import update

from anchor_worker.final_store import FinalAnchor, SqlFinalAnchors
from anchor_worker.machine import Phase
from registry.adapters.database import open_engine, write_transaction
from registry.adapters.sql_store import SqlStore
from registry.adapters.tables import anchor
from tests.anchor_worker.observations import NOW, hash_of
from tests.store_samples import add_log, add_tenant, issue, seal


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


@contextmanager
def with_final(store: SqlStore, database_url: str, *final: int) -> Iterator[SqlFinalAnchors]:
    """Seal five epochs, make some of their anchors final, and yield them."""
    add_log(store)
    tenant = add_tenant(store, "north")
    for number in range(1, 6):
        issue(store, tenant)
        with store.write() as unit:
            seal(unit, at=NOW + timedelta(hours=number))
    engine = open_engine(database_url)
    for number in final:
        with write_transaction(engine) as connection:
            connection.execute(
                update(anchor)
                .where(anchor.c.epoch == number)
                .values(
                    state=Phase.FINAL.value, block_number=number * 10, block_hash=bytes.fromhex(hash_of(number)[2:])
                )
            )
    try:
        yield SqlFinalAnchors(engine, clock=Noon(), fence=lambda _: 1)
    finally:
        engine.dispose()


def a_final_anchor(number: int) -> FinalAnchor:
    return FinalAnchor(epoch=number, block_number=number * 10, block_hash=hash_of(number))


def test_final_anchors_are_found_from_the_newest_down(store: SqlStore, database_url: str) -> None:
    with with_final(store, database_url, 1, 2, 4) as anchors:
        found = [anchors.newest(), anchors.newest(below=4), anchors.newest(below=2), anchors.newest(below=1)]

    assert found == [a_final_anchor(4), a_final_anchor(2), a_final_anchor(1), None]


def test_without_a_final_anchor_there_is_none(store: SqlStore, database_url: str) -> None:
    with with_final(store, database_url) as anchors:
        assert anchors.newest() is None


def test_a_mark_stands_until_it_is_taken_away_and_says_what_was_seen_first(store: SqlStore, database_url: str) -> None:
    with with_final(store, database_url, 1, 2) as anchors:
        anchors.mark(2, "seen first")
        anchors.mark(2, "seen again")
        anchors.mark(1, "another")
        both = anchors.mismatches()
        anchors.unmark(1)
        anchors.unmark(1)
        (left,) = anchors.mismatches()
        newest = anchors.newest()

    assert [each.anchor for each in both] == [a_final_anchor(1), a_final_anchor(2)]
    assert [each.detail for each in both] == ["another", "seen first"]
    assert (left.anchor.epoch, left.seen_at) == (2, NOW)
    assert newest == a_final_anchor(2)

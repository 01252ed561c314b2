"""The database: held by somebody, full, broken off in the middle, put back to an old state."""

from pathlib import Path
from typing import Final

import pytest

from registry.store_ports import AnchorState
from tests.anchor_worker.sites import BLOCKS_TO_FINALITY
from tests.faults.behaviours import doing, drop_after
from tests.faults.databases import backup_of, end_all_sessions, failing_commits, write_lock
from tests.faults.exactly_once import assert_audit_is_clean, assert_exactly_once, events_of, transactions_of
from tests.faults.matrix import also, fault
from tests.faults.world import World

SEND: Final = "eth_sendRawTransaction"
LAST_QUESTION: Final = "eth_feeHistory"
"""Of an observation: what comes next is stored."""


@fault(
    39,
    "The database is locked, its disk is full, or a commit fails, before or after sending",
    injected="a second writer's open transaction; SQLite: no file may grow; PostgreSQL: the session ended at the commit",
    expected="nothing is sent unless its commit was made; what was sent is found again",
)
def test_nothing_is_sent_while_the_database_is_locked(world: World) -> None:
    world.site.issue()
    world.seal()

    with write_lock(world.site.settings.database_url) as lock:
        with world.proxy.behaving(LAST_QUESTION, doing(lock.take)):
            world.round()
        locked = (world.state(), world.attempts(), world.proxy.count(SEND))

    assert locked == (AnchorState.SEALED, [], 0)
    world.finish()
    assert_exactly_once(world, epochs=1)


@also(39)
def test_a_database_locked_after_the_sending_costs_nothing(world: World) -> None:
    world.hold_blocks()
    world.site.issue()

    with write_lock(world.site.settings.database_url) as lock, world.proxy.behaving(SEND, doing(lock.take)):
        world.round()
        world.round()

    world.finish()
    (only,) = world.attempts()
    assert (only.sends, world.proxy.count(SEND)) == (1, 1)
    assert_exactly_once(world, epochs=1)


@pytest.mark.parametrize("table", ["epoch", "anchor", "attempt"])
@also(39)
def test_what_could_not_be_committed_was_not_sent(world: World, table: str) -> None:
    world.site.issue()

    with failing_commits(world.site.settings.database_url, table) as befell:
        world.round()

    assert befell
    assert world.proxy.count(SEND) == 0
    world.finish()
    assert_exactly_once(world, epochs=1)


@also(39)
def test_a_commit_that_fails_after_the_sending_costs_nothing(world: World) -> None:
    world.hold_blocks()
    world.site.issue()
    world.seal()

    # An answer that says something: to note nothing new, SQLite writes nothing.
    with (
        failing_commits(world.site.settings.database_url, "attempt", skip=2) as befell,
        world.proxy.behaving(SEND, drop_after),
    ):
        world.round()

    assert len(befell) == 1
    assert world.proxy.count(SEND) == 1
    world.finish()
    assert world.proxy.count(SEND) == 1
    assert_exactly_once(world, epochs=1)


@fault(
    40,
    "The database is put back to an old backup",
    injected="copied after sealing, put back when the epoch was final and published",
    expected="what is on chain is adopted by its event; nothing is signed again; the published files are the same",
)
def test_a_restored_database_adopts_what_is_on_chain(world: World, tmp_path: Path) -> None:
    world.site.issue()
    world.finish()
    world.site.issue()
    world.seal()
    manifest = world.site.published / "epochs" / "2" / "manifest.json"

    with backup_of(world.site.settings.database_url, tmp_path) as restore:
        world.finish()
        before, published = world.anchor(2), manifest.read_bytes()
        restore()
        restored = world.state(2)
        world.finish()

    assert restored is AnchorState.SEALED
    assert (world.anchor(2), world.attempts(2), manifest.read_bytes()) == (before, [], published)
    assert_exactly_once(world, epochs=2)


@fault(
    47,
    "The database is put back to a backup from before an epoch was sealed",
    injected="copied before sealing, put back when the epoch was final and published",
    expected="its number is taken: nothing is sealed, signed or sent, the published files stay",
)
def test_an_epoch_that_a_backup_does_not_know_is_not_anchored_a_second_time(world: World, tmp_path: Path) -> None:
    world.site.issue()
    world.finish()
    world.site.issue()

    with backup_of(world.site.settings.database_url, tmp_path) as restore:
        world.finish()
        restore()
        world.round()
        world.site.mine(BLOCKS_TO_FINALITY)
        world.round()

    with world.site.store.read() as unit:
        newest, waiting = unit.epochs.newest(), unit.epochs.waiting().credentials
    assert (newest.number if newest else 0, waiting) == (1, 1)
    assert world.attempts(2) == []
    assert len(events_of(world.site)) == len(transactions_of(world.site)) == 2
    assert_audit_is_clean(world)


@fault(
    48,
    "The database server ends every session between two steps",
    injected="PostgreSQL: `pg_terminate_backend` for all of them while the node is asked; SQLite has no sessions",
    expected="connected again; at most a round is lost",
)
def test_sessions_that_end_between_two_steps_cost_a_round_at_most(world: World) -> None:
    url = world.site.settings.database_url
    world.site.issue()

    with world.proxy.behaving(LAST_QUESTION, doing(lambda: end_all_sessions(url))):
        world.round()
        world.site.mine(BLOCKS_TO_FINALITY)
        world.round()
    world.finish()

    assert_exactly_once(world, epochs=1)


@fault(
    49,
    "The published files cannot be written",
    injected="a file where their folder should be",
    expected="the epoch is FINAL and not noted as published; written when the way is free",
)
def test_files_that_cannot_be_written_are_written_later(world: World) -> None:
    world.site.published.write_bytes(b"in the way")
    world.site.issue()
    world.round()
    world.site.mine(BLOCKS_TO_FINALITY)
    world.round()

    with world.site.store.read() as unit:
        unpublished = unit.epochs.to_publish()
    world.site.published.unlink()
    world.finish()

    assert (world.state(), unpublished) == (AnchorState.FINAL, (1,))
    assert_exactly_once(world, epochs=1)

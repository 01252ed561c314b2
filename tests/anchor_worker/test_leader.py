"""One leader of several workers: the lease, its number, its end, and what tells that a holder is gone."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import InternalError

from anchor_worker.holder_lock import ADVISORY_SPACE, LOCK_FILE_SUFFIX
from anchor_worker.leader import Leader, present_leader
from anchor_worker.lease import keep_lease
from anchor_worker.ports import Fenced, NotLeader
from registry.adapters import tables
from registry.adapters.clock import SystemClock
from registry.adapters.database import open_engine, write_transaction
from registry.domain.errors import Unavailable
from registry.ports import Clock
from registry.store_ports import Store
from tests.store_samples import opened_store

LASTS: Final = timedelta(seconds=60)
# No heartbeat comes in between: what a test does to the row stays done.

DEADLINE_SECONDS: Final = 30.0

GONE: Final = "another-host/1/0000000000000000"


@dataclass
class MovedClock:
    """A host's clock that somebody moves."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def engine(store: Store, database_url: str) -> Iterator[Engine]:
    """Give an engine over a database of each kind that has the tables."""
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


@contextmanager
def led(engine: Engine, *, lasts: timedelta = LASTS, clock: Clock | None = None) -> Iterator[Leader]:
    """Make a worker's leader, with connections of its own as in a process of its own."""
    own = open_engine(engine.url.render_as_string(hide_password=False))
    leader = Leader(own, lasts=lasts, clock=clock or SystemClock())
    try:
        yield leader
    finally:
        leader.release()
        own.dispose()


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    with opened_store(postgres_url):
        opened = open_engine(postgres_url)
        yield opened
        opened.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    with opened_store(sqlite_url):
        opened = open_engine(sqlite_url)
        yield opened
        opened.dispose()


@pytest.fixture
def pair(engine: Engine) -> Iterator[tuple[Leader, Leader]]:
    with led(engine) as one, led(engine) as other:
        yield one, other


def row(engine: Engine) -> Any:  # noqa: ANN401  # a row of the table
    with engine.connect() as connection:
        return connection.execute(select(tables.lease)).one()


def change_row(engine: Engine, **values: object) -> None:
    with write_transaction(engine) as connection:
        connection.execute(update(tables.lease).values(**values))


def fence(leader: Leader, engine: Engine) -> int:
    with write_transaction(engine) as connection:
        return leader.fence(connection)


def leads_with(leader: Leader, engine: Engine, token: int) -> bool:
    try:
        leader.acquire()
    except NotLeader:
        return False
    return bool(row(engine).token == token)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_first_worker_leads_and_the_second_is_told_who_does(engine: Engine, pair: tuple[Leader, Leader]) -> None:
    one, other = pair
    one.acquire()

    with pytest.raises(NotLeader) as refused:
        other.acquire()

    assert (refused.value.code, refused.value.holder, refused.value.until) == (
        "not-leader",
        row(engine).holder,
        row(engine).until,
    )
    assert refused.value.holder in refused.value.message
    assert fence(one, engine) == 1


def test_who_leads_goes_on_leading_under_the_same_number(engine: Engine, pair: tuple[Leader, Leader]) -> None:
    one, _ = pair
    one.acquire()

    one.acquire()

    assert row(engine).token == 1


def test_a_lease_given_back_is_free_at_once_and_its_number_is_not_used_again(
    engine: Engine, pair: tuple[Leader, Leader]
) -> None:
    tokens = []
    for leader in pair * 3:
        leader.acquire()
        tokens.append(fence(leader, engine))
        leader.release()

    assert tokens == [1, 2, 3, 4, 5, 6]
    assert row(engine).holder is None


def test_a_stopped_leader_whose_lease_is_over_is_succeeded_though_its_lock_is_still_held(
    engine: Engine, pair: tuple[Leader, Leader]
) -> None:
    one, other = pair
    one.acquire()
    change_row(engine, until=datetime.now(UTC) - timedelta(seconds=1))

    other.acquire()

    assert fence(other, engine) == 2
    with pytest.raises(Fenced) as refused:
        fence(one, engine)
    assert refused.value.code == "fenced"
    # The lock of the new term, not that of the stopped leader, tells that somebody leads.
    with pytest.raises(NotLeader):
        one.acquire()


def test_a_leader_whose_lease_is_over_writes_nothing_until_it_has_a_new_one(
    engine: Engine, pair: tuple[Leader, Leader]
) -> None:
    one, _ = pair
    one.acquire()
    change_row(engine, until=datetime.now(UTC) - timedelta(seconds=1))

    with pytest.raises(Fenced):
        fence(one, engine)
    with pytest.raises(Fenced):
        fence(one, engine)

    one.acquire()
    assert fence(one, engine) == 2


def test_who_never_led_writes_nothing(engine: Engine, pair: tuple[Leader, Leader]) -> None:
    with pytest.raises(Fenced):
        fence(pair[0], engine)


@pytest.mark.parametrize("change", [{"token": 7}, {"holder": "another/1/0"}, {"holder": None}])
def test_another_token_or_holder_in_the_row_fences(
    engine: Engine, pair: tuple[Leader, Leader], change: dict[str, object]
) -> None:
    # A database restored from a backup may have the same number under another name.
    pair[0].acquire()
    change_row(engine, **change)

    with pytest.raises(Fenced):
        fence(pair[0], engine)


def test_the_heartbeat_renews(engine: Engine) -> None:
    with led(engine, lasts=timedelta(seconds=1)) as leader:
        leader.acquire()
        first = row(engine).until

        wait_until(lambda: bool(row(engine).until > first + timedelta(seconds=1)))

        assert fence(leader, engine) == 1


def test_the_heartbeat_notices_that_another_one_leads(engine: Engine) -> None:
    with led(engine, lasts=timedelta(seconds=1)) as leader:
        leader.acquire()
        change_row(engine, holder=GONE, token=7, until=datetime.now(UTC) + LASTS)

        # Until then it believes that it leads, and does not look.
        wait_until(lambda: leads_with(leader, engine, 8))


@pytest.mark.parametrize("left", [timedelta(seconds=59), timedelta(days=1)])
def test_a_holder_without_its_lock_is_gone_and_not_waited_for(engine: Engine, left: timedelta) -> None:
    # A day: a host's clock was set back after the lease was taken.
    with led(engine) as former:
        former.acquire()
    change_row(engine, holder=GONE, token=7, until=datetime.now(UTC) + left)

    with led(engine) as leader:
        leader.acquire()

        assert fence(leader, engine) == 8
        assert row(engine).until < datetime.now(UTC) + LASTS * 2


def test_a_leader_is_shown_while_its_lease_lasts(engine: Engine, pair: tuple[Leader, Leader]) -> None:
    shown = [present_leader(engine, clock=SystemClock())]
    pair[0].acquire()
    shown.append(present_leader(engine, clock=SystemClock()))
    holder = row(engine).holder
    change_row(engine, until=datetime.now(UTC) - timedelta(seconds=1))
    shown.append(present_leader(engine, clock=SystemClock()))
    change_row(engine, until=datetime.now(UTC) + LASTS)
    pair[0].release()
    shown.append(present_leader(engine, clock=SystemClock()))

    assert [None if lease is None else lease.holder for lease in shown] == [None, holder, None, None]


@pytest.mark.parametrize("years", [-1, 1])
def test_on_postgresql_the_clock_of_a_workers_host_does_not_matter(postgres_engine: Engine, years: int) -> None:
    moved = MovedClock(ahead=timedelta(days=365 * years))
    with led(postgres_engine, clock=moved) as one, led(postgres_engine) as other:
        one.acquire()
        until = row(postgres_engine).until
        with pytest.raises(NotLeader):
            other.acquire()

        assert abs(until - datetime.now(UTC) - LASTS) < LASTS / 2
        assert fence(one, postgres_engine) == 1
        one.release()
        other.acquire()
        with pytest.raises(NotLeader):
            one.acquire()


def test_on_sqlite_a_clock_set_forward_costs_the_lease_and_nothing_else(sqlite_engine: Engine) -> None:
    clock = MovedClock()
    with led(sqlite_engine, clock=clock) as one, led(sqlite_engine, clock=clock) as other:
        one.acquire()
        clock.ahead = timedelta(days=1)
        other.acquire()

        assert fence(other, sqlite_engine) == 2
        with pytest.raises(Fenced):
            fence(one, sqlite_engine)


def test_a_session_that_the_server_ended_ends_the_term_and_the_next_one_is_had_at_once(
    postgres_engine: Engine,
) -> None:
    with led(postgres_engine, lasts=timedelta(seconds=1)) as leader:
        leader.acquire()
        end_session_with_the_lock(postgres_engine)

        wait_until(lambda: leads_with(leader, postgres_engine, 2))


def test_another_worker_need_not_wait_for_the_lease_of_a_session_that_ended(postgres_engine: Engine) -> None:
    with led(postgres_engine) as one, led(postgres_engine) as other:
        one.acquire()
        end_session_with_the_lock(postgres_engine)
        # The server answers before the session is gone.
        wait_until(lambda: leads_with(other, postgres_engine, 2))

        with pytest.raises(Fenced):
            fence(one, postgres_engine)


def test_a_worker_stopped_inside_a_transaction_does_not_keep_the_others_out(postgres_engine: Engine) -> None:
    with led(postgres_engine) as leader:
        leader.acquire()
        leader.release()

        with postgres_engine.connect() as stopped:
            keep_lease(stopped, lasts=timedelta(seconds=0.2))
            leader.acquire()

            assert row(postgres_engine).token == 2
            with pytest.raises(InternalError, match="idle-in-transaction"):
                stopped.execute(select(1))


def test_a_lock_file_that_cannot_be_made_is_told(sqlite_engine: Engine, tmp_path: Path) -> None:
    (tmp_path / f"registry.db{LOCK_FILE_SUFFIX}").mkdir()

    with led(sqlite_engine) as leader, pytest.raises(Unavailable) as failed:
        leader.acquire()

    assert failed.value.code == "lock-file"


def end_session_with_the_lock(engine: Engine) -> None:
    """Do as a server does that is restarted, to the one session."""
    with engine.begin() as connection:
        ended = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
                "WHERE locktype = 'advisory' AND classid = :space AND datname = current_database()"
            ),
            {"space": ADVISORY_SPACE},
        ).all()
    assert ended == [(True,)]

"""Uploads over processes: every row once, in order, whatever happens to the processes that sign."""

import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

from registry.adapters.process_pool import ProcessPool
from registry.adapters.ray_pool import RayPool
from registry.domain.canonical import parse_object
from registry.domain.hashing import sha256
from registry.service.issuers import rotate_key
from registry.service.row_work import InProcess, RowExecutor, RowWorker
from registry.service.running import IssuingRunner
from registry.service.upload_issuing import run
from registry.service.uploads import UploadOrder, examine, receive, start
from registry.store_ports import AchievementRecord, IssuerRecord, UploadRecord, UploadState
from registry.wiring.signing import WorkerFactory, open_executor
from tests.adapters.chunk_work import until
from tests.registry_world import MAX_UPLOAD_BYTES, PASSWORD, PUBLIC_URL, World

_ChunkT = TypeVar("_ChunkT")
_ResultT = TypeVar("_ResultT")

HEADER: Final = "recipient_email,recipient_name,issued_on,grade"
ROWS: Final = 47
CHUNK_ROWS: Final = 10


@pytest.fixture
def world(sqlite_world: World) -> World:
    """Give a registry over SQLite: what is sent to processes does not depend on the database."""
    return sqlite_world


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPool[RowWorker]]:
    """Give two processes that sign, started by the first test that needs them."""
    factory = WorkerFactory(public_url=PUBLIC_URL, password=PASSWORD)
    pool = ProcessPool(factory, processes=2, local=factory())
    yield pool
    pool.close()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make several chunks of a few rows."""
    monkeypatch.setattr("registry.service.upload_reading.CHUNK_ROWS", CHUNK_ROWS)


@dataclass(slots=True)
class Lent:
    """An executor that outlives whom it is lent to, and can be held up before its second result."""

    real: RowExecutor
    held: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)

    def map(
        self, function: Callable[[RowWorker, _ChunkT], _ResultT], chunks: Iterable[_ChunkT]
    ) -> Generator[_ResultT, None, None]:
        with closing(self.real.map(function, chunks)) as results:
            yield next(results)
            self.held.set()
            self.free.wait()
            yield from results

    def close(self) -> None:
        self.free.set()


def people(count: int = ROWS) -> bytes:
    rows = [f"p{n}@example.org,Person {n},2026-05-29,A" for n in range(count)]
    return "\r\n".join([HEADER, *rows, ""]).encode()


def started(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, executor: RowExecutor, content: bytes
) -> UploadRecord:
    """Upload a file, judged by an executor, and accept it."""
    order = UploadOrder(
        id=world.resources.ids.new(),
        achievement_id=achievement.id,
        filename="people.csv",
        sha256=sha256(content),
        skip_bad=True,
        allow_duplicates=False,
        ignore_extra=False,
    )
    record = examine(
        world.resources, issuer, order, [content], max_bytes=MAX_UPLOAD_BYTES, caller=world.admin, executor=executor
    )
    with world.store.write() as unit:
        return start(
            world.resources,
            unit,
            receive(world.resources, unit, record, [content]),
            caller=world.admin,
        )


def issue(world: World, record: UploadRecord, executor: RowExecutor, **choices: Any) -> UploadRecord:  # noqa: ANN401
    options = {"stopping": lambda: False, **choices}
    run(world.resources, record, max_bytes=MAX_UPLOAD_BYTES, executor=executor, **options)
    return world.get_upload(record)


def names_issued(world: World, record: UploadRecord) -> list[str]:
    """Return the names in the credentials of an upload, in the order of its lines."""
    documents: list[Any] = [parse_object(item.document) for item in world.issued(record)]
    return [
        identity["identityHash"]
        for document in documents
        for identity in document["credentialSubject"]["identifier"]
        if identity["identityType"] == "name"
    ]


def test_processes_judge_and_sign_what_one_process_does(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, processes: ProcessPool[RowWorker]
) -> None:
    bad = b"nobody,Nobody,2026-05-29,A\r\np3@example.org,Twice,2026-05-29,A\r\n,,,\r\nx@y.org,Grade,2026-05-29,Z\r\n"
    content = people() + bad + b"last@example.org,Last,2026-05-29,B\r\n"

    done = issue(world, started(world, issuer, achievement, processes, content), processes)
    alone = started(world, issuer, world.add_achievement(issuer), InProcess(RowWorker(world.resources)), content)

    assert (done.rows_ok, done.rows_error, done.rows_skipped) == (ROWS + 1, 3, 1)
    assert (alone.rows_ok, alone.rows_error, alone.rows_skipped) == (ROWS + 1, 3, 1)
    assert (done.state, done.rows_issued) == (UploadState.ISSUED, ROWS + 1)
    assert names_issued(world, done) == [*(f"Person {n}" for n in range(ROWS)), "Last"]


def test_ids_sort_by_line_and_slots_are_drawn_for_good_rows_alone(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, processes: ProcessPool[RowWorker]
) -> None:
    content = people() + b"".join(b"wrong%d,W,2026-05-29,A\r\n" % n for n in range(60))
    record = issue(world, started(world, issuer, achievement, processes, content), processes)

    issued = world.issued(record)
    with closing(sqlite3.connect(str(world.engine.url.database))) as connection:
        (used,) = connection.execute("SELECT used FROM status_list").fetchone()
    assert sorted(issued, key=lambda one: one.id) == sorted(issued, key=lambda one: one.line or 0)
    assert len({one.slot for one in issued}) == ROWS
    # Beside those of good rows: what the last chunks had at hand for rows that turned out to be bad.
    assert ROWS <= used <= ROWS + 6 * CHUNK_ROWS


def test_a_process_killed_while_it_signs_loses_and_doubles_no_row(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, processes: ProcessPool[RowWorker]
) -> None:
    record = started(world, issuer, achievement, processes, people())
    before = processes.processes()
    marks: list[int] = []

    def kill_one(rows: int) -> None:
        marks.append(rows)
        if len(marks) == 1:
            for process in processes.processes():
                os.kill(process, signal.SIGKILL)

    done = issue(world, record, processes, stored=kill_one)

    assert len(before) == 2
    assert (done.state, done.rows_issued) == (UploadState.ISSUED, ROWS)
    assert [credential.line for credential in world.issued(done)] == list(range(2, ROWS + 2))
    assert marks == [10, 10, 10, 10, 7]


def test_what_was_signed_ahead_by_a_replaced_key_is_signed_again(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, processes: ProcessPool[RowWorker]
) -> None:
    record = started(world, issuer, achievement, processes, people())
    replacements = iter([world.resources.keys.generate()])

    def replace_key(_rows: int) -> None:
        if (key := next(replacements, None)) is not None:
            with world.store.write() as unit:
                rotate_key(
                    world.resources, unit, unit.issuers.get(issuer.id), key=key, compromised=True, caller=world.admin
                )

    issue(world, record, processes, stored=replace_key)

    documents: list[Any] = [parse_object(item.document) for item in world.issued(record)]
    methods = [document["proof"][0]["verificationMethod"] for document in documents]
    assert methods == [f"{issuer.did}#key-1"] * 10 + [f"{issuer.did}#key-2"] * (ROWS - 10)


def test_two_registries_with_processes_do_the_same_upload_once(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, processes: ProcessPool[RowWorker]
) -> None:
    record = started(world, issuer, achievement, processes, people())
    lent = [Lent(processes), Lent(processes)]
    runners = [IssuingRunner(world.resources, max_bytes=MAX_UPLOAD_BYTES, executor=one) for one in lent]

    try:
        for runner in runners:
            runner.submit(record)
        # Both signed the first rows: one of them finds out that the other stored them.
        until(lambda: all(one.held.is_set() for one in lent) or world.get_upload(record).rows_issued > 0)
        for one in lent:
            one.free.set()
        until(lambda: world.get_upload(record).state is not UploadState.ISSUING)
    finally:
        for runner in runners:
            runner.close()

    done = world.get_upload(record)
    assert (done.state, done.rows_issued, done.failure) == (UploadState.ISSUED, ROWS, None)
    assert names_issued(world, done) == [f"Person {n}" for n in range(ROWS)]


def test_progress_is_told_while_issuing_and_not_after(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    lent = Lent(InProcess(RowWorker(world.resources)))
    lent.free.set()
    record = started(world, issuer, achievement, lent, people())
    lent.held.clear()
    lent.free.clear()
    runner = IssuingRunner(world.resources, max_bytes=MAX_UPLOAD_BYTES, executor=lent)
    try:
        before = runner.progress(record)
        runner.submit(record)
        until(lent.held.is_set)
        world.clock.advance(seconds=2)
        during = runner.progress(world.get_upload(record))
        lent.free.set()
        until(lambda: world.get_upload(record).state is UploadState.ISSUED)
        until(lambda: runner.progress(record) is None)
    finally:
        runner.close()

    assert before is None
    assert during is not None
    assert during.rows_per_second == CHUNK_ROWS / 2
    assert during.remaining_seconds == round((ROWS - CHUNK_ROWS) / (CHUNK_ROWS / 2))


def test_closing_a_runner_stops_between_two_chunks_and_ends_the_processes(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    executor = open_executor(world.resources, password=PASSWORD, processes=2)
    assert isinstance(executor, ProcessPool)
    record = started(world, issuer, achievement, executor, people(400))
    runner = IssuingRunner(world.resources, max_bytes=MAX_UPLOAD_BYTES, executor=executor)

    runner.submit(record)
    until(lambda: world.get_upload(record).rows_issued > 0)
    running = executor.processes()
    runner.close()

    stopped = world.get_upload(record)
    assert len(running) == 2
    assert not any(Path(f"/proc/{process}").exists() for process in running)
    assert stopped.rows_issued == len(world.issued(stopped))
    assert issue(world, stopped, InProcess(RowWorker(world.resources))).rows_issued == 400


@pytest.mark.ray
def test_ray_signs_uploads_too(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    executor = open_executor(world.resources, password=PASSWORD, processes=2, kind="ray")
    assert isinstance(executor, RayPool)
    try:
        done = issue(world, started(world, issuer, achievement, executor, people()), executor)
    finally:
        executor.close()

    assert (done.state, done.rows_issued) == (UploadState.ISSUED, ROWS)
    assert names_issued(world, done) == [f"Person {n}" for n in range(ROWS)]


@pytest.mark.parametrize("processes", [0, 1])
def test_fewer_than_two_processes_are_none(world: World, processes: int) -> None:
    assert open_executor(world.resources, password=PASSWORD, processes=processes) is None


def test_a_factory_tells_nobody_its_password() -> None:
    assert PASSWORD not in repr(WorkerFactory(public_url=PUBLIC_URL, password=PASSWORD))

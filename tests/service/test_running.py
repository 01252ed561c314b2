"""Issuing in the background: carried on, waited out, given up, left to another process."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

import pytest

from registry.domain.errors import Conflict, Refused, Unavailable
from registry.service.running import IssuingRunner
from registry.service.uploads import start
from registry.store_ports import (
    AchievementRecord,
    IssuerRecord,
    ReadStore,
    Store,
    UploadRecord,
    UploadState,
    WriteStore,
)
from tests.registry_world import MAX_UPLOAD_BYTES, World

CSV = b"recipient_email,recipient_name,issued_on,grade\r\na@b.org,A,2026-05-29,A\r\n"


@dataclass(slots=True)
class Failing:
    """A store that fails the first times somebody writes, then works."""

    real: Store
    errors: list[Exception]
    failed: threading.Event = field(default_factory=threading.Event)

    def read(self) -> AbstractContextManager[ReadStore]:
        return self.real.read()

    def write(self) -> AbstractContextManager[WriteStore]:
        if self.errors:
            self.failed.set()
            raise self.errors.pop(0)
        return self.real.write()


def started(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> UploadRecord:
    record = world.upload(issuer, achievement, CSV)
    with world.store.write() as unit:
        return start(world.resources, unit, record, caller=world.admin)


def carried_out(world: World, act: Callable[[IssuingRunner], None], *errors: Exception) -> None:
    """Let a runner over a failing store do something, and wait until it has nothing left to do.

    It works in one thread, in order: a second upload that is issued tells that the first is done with.
    """
    issuer = world.add_issuer("last")
    last = started(world, issuer, world.add_achievement(issuer))
    issued = threading.Event()
    store = Failing(world.store, list(errors))
    runner = IssuingRunner(replace(world.resources, store=store), max_bytes=MAX_UPLOAD_BYTES, retry_seconds=0.01)
    try:
        act(runner)
        runner.submit(last)
        for _ in range(6_000):
            if world.get_upload(last).state is UploadState.ISSUED:
                break
            issued.wait(0.01)
        else:
            raise TimeoutError("the runner never came to the last upload")
    finally:
        runner.close()


def test_what_a_crash_left_is_carried_on(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    record = started(world, issuer, achievement)
    found: list[int] = []

    carried_out(world, lambda runner: found.append(runner.resume()))

    assert found == [2]
    assert world.get_upload(record).state is UploadState.ISSUED


def test_an_outage_is_waited_out(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    record = started(world, issuer, achievement)
    outage = Unavailable("database-unavailable", "gone")

    carried_out(world, lambda runner: runner.submit(record), outage, outage)

    assert (world.get_upload(record).state, world.get_upload(record).rows_issued) == (UploadState.ISSUED, 1)


@pytest.mark.parametrize("error", [Refused("no-more", "x"), Conflict("log-full", "x")])
def test_what_can_never_be_issued_is_given_up_with_its_code(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, error: Refused
) -> None:
    record = started(world, issuer, achievement)

    carried_out(world, lambda runner: runner.submit(record), error)

    failed = world.get_upload(record)
    assert (failed.state, failed.failure) == (UploadState.FAILED, error.code)


def test_rows_that_another_process_did_are_left_to_it(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record = started(world, issuer, achievement)

    carried_out(world, lambda runner: runner.submit(record), Conflict("upload-moved-on", "x"))

    assert world.get_upload(record).state is UploadState.ISSUING


def test_a_mistake_of_ours_stops_neither_the_runner_nor_loses_the_upload(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    record = started(world, issuer, achievement)

    def twice(runner: IssuingRunner) -> None:
        runner.submit(record)
        runner.submit(record)

    carried_out(world, twice, RuntimeError("Amal Haddad"))

    printed = capsys.readouterr().out
    assert world.get_upload(record).state is UploadState.ISSUED
    assert "issuing_crashed" in printed
    assert "Amal" not in printed


def test_a_runner_that_is_closed_ends_between_two_tries(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record = started(world, issuer, achievement)
    store = Failing(world.store, [Unavailable("database-unavailable", "gone")] * 1_000_000)
    runner = IssuingRunner(replace(world.resources, store=store), max_bytes=MAX_UPLOAD_BYTES)
    runner.submit(record)
    assert store.failed.wait(60)

    runner.close()

    assert world.get_upload(record).state is UploadState.ISSUING

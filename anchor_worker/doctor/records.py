"""Looking at the database: whether it answers, is of this program, and what it says of the anchoring."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, select, text

from anchor_worker.advice import advise
from anchor_worker.doctor.finding import Finding, fail, ok, unreachable, warn
from anchor_worker.readings import Readings, read_readings
from registry.adapters.database import read_transaction
from registry.adapters.migrations import SchemaDiffers, check_schema, head
from registry.adapters.tables import anchor, issuer_key
from registry.domain.errors import Unavailable
from registry.ports import Clock
from registry.store_ports import AnchorState

UNANCHORED_WARN: Final = timedelta(hours=4)
DEADLINE_WARN: Final = timedelta(days=3)
SKEW_WARN: Final = timedelta(seconds=2)
"""Clocks that are kept are within a tenth; a lease counts in tens."""
SKEW_FAIL: Final = timedelta(seconds=15)
"""A block and more of Ethereum."""


def examine_database(engine: Engine, clock: Clock) -> Iterator[Finding]:
    """Look at the connection, the schema, the log's mode of SQLite and the clock of PostgreSQL."""
    try:
        check_schema(engine)
    except SchemaDiffers as error:
        yield fail("database", error.message, "run `credroot init` of this version, or run the version of the database")
        return
    except Unavailable as error:
        yield unreachable("database", error.message, "start it, or correct CREDROOT_DATABASE_URL")
        return
    yield ok("database", f"{engine.dialect.name}, at revision {head()}")
    with read_transaction(engine) as connection:
        yield _journal(connection) if engine.dialect.name == "sqlite" else _clock(connection, clock)


def newest_issuer_key(engine: Engine) -> bytes | None:
    """Return one of the issuers' encrypted keys."""
    statement = select(issuer_key.c.encrypted_key).order_by(issuer_key.c.id.desc()).limit(1)
    with read_transaction(engine) as connection:
        found = connection.execute(statement).scalar_one_or_none()
    return None if found is None else bytes(found)


def examine_anchoring(engine: Engine, *, now: datetime, published: Path) -> Iterator[Finding]:
    """Look at what waits, what is owed, and what is blocked."""
    readings = read_readings(engine, now=now)
    yield _waiting(readings)
    yield _promised(readings)
    yield from _blocked(engine)
    yield _published(readings, published)


def _journal(connection: Connection) -> Finding:
    mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
    if mode == "wal":
        return ok("database log", "WAL")
    return fail("database log", f"expected WAL, found {mode}", "put the file where the file system allows it: no NFS")


def _clock(connection: Connection, clock: Clock) -> Finding:
    theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return skew("database clock", theirs - clock.now(), "the database's clock")


def skew(subject: str, ahead: timedelta, whose: str) -> Finding:
    """Judge how far another clock is from ours."""
    seconds = ahead.total_seconds()
    words = f"{whose} is {abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} ours"
    advice = "keep the clocks of both machines with NTP"
    if abs(ahead) > SKEW_FAIL:
        return fail(subject, words, advice)
    return warn(subject, words, advice) if abs(ahead) > SKEW_WARN else ok(subject, words)


def _waiting(readings: Readings) -> Finding:
    hours = readings.unanchored_age.total_seconds() / 3600
    words = f"the oldest that is not final on chain is {hours:.1f} h old"
    if readings.oldest_unanchored_at is None:
        return ok("waiting", "everything is final on chain")
    if readings.unanchored_age > UNANCHORED_WARN:
        return warn("waiting", words, "see whether a worker runs, and what blocks it")
    return ok("waiting", words)


def _promised(readings: Readings) -> Finding:
    if readings.owed is None:
        return ok("promises", "nothing is owed")
    left = readings.owed.deadline - readings.taken_at
    words = f"epoch {readings.owed.through} is owed, the first deadline in {left.total_seconds() / 86_400:.1f} days"
    if left < timedelta():
        return fail("promises", f"{words}: it is broken", "let the worker run at once: the log can be marked for it")
    if left < DEADLINE_WARN:
        return warn("promises", words, "let the worker run, and see what blocks it")
    return ok("promises", words)


def _blocked(engine: Engine) -> Iterator[Finding]:
    statement = (
        select(anchor.c.epoch, anchor.c.state, anchor.c.blocked_reason)
        .where(anchor.c.state != AnchorState.FINAL.value)
        .order_by(anchor.c.epoch)
        .limit(1)
    )
    with read_transaction(engine) as connection:
        row = connection.execute(statement).one_or_none()
    if row is None:
        yield ok("anchor", "none is open")
    elif row.blocked_reason is None:
        yield ok("anchor", f"epoch {row.epoch} is {row.state}")
    else:
        yield fail("anchor", f"epoch {row.epoch} is BLOCKED: {row.blocked_reason}", advise(row.blocked_reason))


def _published(readings: Readings, folder: Path) -> Finding:
    subject, known = "published files", readings.newest_sealed
    if (folder / "epochs" / str(known + 1)).is_dir():
        return fail(
            subject,
            f"epoch {known + 1} is published and not in the database: it is an old backup",
            "start the service, which takes over what is published; then the worker",
        )
    missing = [number for number in _newest_numbers(readings) if not (folder / "epochs" / str(number)).is_dir()]
    if missing:
        return warn(
            subject,
            f"epoch {missing[0]} is noted as published and its folder is not in {folder}",
            "set CREDROOT_PUBLISHED_DIR to where the worker writes, or put the files back from a mirror",
        )
    return ok(subject, f"{readings.newest_published} epochs")


def _newest_numbers(readings: Readings) -> range:
    # The newest and the first: a folder that was never filled, or was changed for another, lacks one of them.
    return range(1, readings.newest_published + 1, max(readings.newest_published - 1, 1))

"""Everything the doctor looks at, in order: what later parts need comes first, and no failure hides the rest."""

from collections.abc import Iterator

from sqlalchemy import Engine

from anchor_worker.doctor.chain import (
    examine_account,
    examine_block_clock,
    examine_court,
    examine_epochs,
    examine_nodes,
)
from anchor_worker.doctor.files import (
    examine_anchor_key,
    examine_database_file,
    examine_key_password,
    examine_promise_key,
    examine_published_folder,
)
from anchor_worker.doctor.finding import Finding, Grade, fail, ok, unreachable
from anchor_worker.doctor.records import examine_anchoring, examine_database, newest_issuer_key
from anchor_worker.readings import read_readings
from anchor_worker.wiring import opened_engine, read_log
from registry.adapters.artifacts import load_artifact
from registry.adapters.clock import SystemClock
from registry.domain.errors import CredrootError, NotFound, Unavailable
from registry.ports import Clock
from registry.settings import Settings, load_settings
from registry.store_ports import LogRecord


def examine() -> tuple[Finding, ...]:
    """Look at everything that the environment's settings name."""
    try:
        settings = load_settings()
    except CredrootError as error:
        return (fail("settings", error.message, "correct the variable; docs/settings.md has all of them"),)
    return (ok("settings", "every variable can be read"), *_examine(settings, SystemClock()))


def _examine(settings: Settings, clock: Clock) -> Iterator[Finding]:
    yield from examine_published_folder(settings)
    file = list(examine_database_file(settings))
    yield from file
    anchor_key, address = examine_anchor_key(settings)
    yield anchor_key
    promise_key, promiser = examine_promise_key(settings)
    yield promise_key
    if file and file[0].grade is Grade.FAIL:
        # Connecting to a file that is not there would make it.
        return
    try:
        with opened_engine(settings) as engine:
            yield from _with_database(settings, engine, clock, address=address, promiser=promiser)
    except Unavailable as error:
        yield unreachable("database", error.message, "start it, or correct CREDROOT_DATABASE_URL")
    except CredrootError as error:
        yield fail("database", error.message, "correct CREDROOT_DATABASE_URL")


def _with_database(
    settings: Settings, engine: Engine, clock: Clock, *, address: str | None, promiser: str | None
) -> Iterator[Finding]:
    found = list(examine_database(engine, clock))
    yield from found
    if found[0].grade is Grade.FAIL:
        return
    try:
        record = read_log(engine)
    except NotFound as error:
        yield fail("log", error.message, "run `credroot init`")
        return
    yield _log(record)
    yield examine_key_password(settings, newest_issuer_key(engine))
    yield from examine_anchoring(engine, now=clock.now(), published=settings.published_dir)
    nodes, facts = examine_nodes(settings, record, clock)
    yield from nodes
    if facts is None:
        return
    yield examine_block_clock(facts, clock)
    yield from examine_account(facts, key_address=address)
    yield examine_epochs(facts, newest_sealed=read_readings(engine, now=clock.now()).newest_sealed)
    if promiser is not None:
        yield examine_court(settings, record, promiser, clock)


def _log(record: LogRecord) -> Finding:
    expected = load_artifact().address
    if record.name.contract != expected:
        return fail("log", f"{record.name} is in another contract than {expected}", "run the version of the database")
    return ok("log", str(record.name))

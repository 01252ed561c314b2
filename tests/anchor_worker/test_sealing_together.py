"""Several sealing workers as real processes on PostgreSQL, one of them killed again and again in the middle."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from anchor_worker.sealing import EpochSealer
from registry.adapters.clock import SystemClock
from registry.adapters.database import open_engine
from tests.anchor_worker.sealing_process import COMMITTING, RULE
from tests.paths import REPO_ROOT
from tests.promises import make_promise
from tests.sealed_once import check_sealed_once
from tests.store_samples import LOG, add_log, add_tenant, issue, opened_store

WORKERS: Final = 3
KILLS: Final = 8
PORTION: Final = 130
"""Credentials between two kills: a few batches, and never a whole number of them."""
TIMEOUT_SECONDS: Final = 60.0


@contextmanager
def sealing_worker(url: str, *, output: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.anchor_worker.sealing_process", url],
        cwd=REPO_ROOT,
        stdin=subprocess.PIPE,
        stdout=output,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=TIMEOUT_SECONDS)


def kill_before_a_commit(process: subprocess.Popen[str]) -> None:
    """Kill a worker that says that it is about to commit: before or after it does, nobody knows."""
    assert process.stdout is not None
    while process.stdout.readline() != f"{COMMITTING}\n":
        assert process.poll() is None
    process.kill()
    process.wait(TIMEOUT_SECONDS)


def test_workers_killed_in_the_middle_seal_everything_once_and_keep_every_promise(postgres_url: str) -> None:
    leaves: list[bytes] = []
    engine = open_engine(postgres_url)
    with opened_store(postgres_url) as store, ExitStack() as steady:
        add_log(store)
        tenants = [add_tenant(store, name) for name in ("north", "south")]
        others = [steady.enter_context(sealing_worker(postgres_url)) for _ in range(WORKERS - 1)]
        for number in range(KILLS):
            with sealing_worker(postgres_url, output=subprocess.PIPE) as victim:
                credentials = issue(store, tenants[number % 2], PORTION)
                make_promise(store, credentials[-1])
                kill_before_a_commit(victim)
            leaves += [credential.leaf for credential in credentials]
        for process in others:
            process.communicate("stop\n", timeout=TIMEOUT_SECONDS)
        last = EpochSealer(store, log=LOG.name, rule=RULE, clock=SystemClock())
        while last.seal() is not None:
            continue

        found = check_sealed_once(store, engine, leaves)
    engine.dispose()

    assert found.credentials == KILLS * PORTION
    assert [process.returncode for process in others] == [0] * len(others)

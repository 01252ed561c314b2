"""Workers as processes of their own: started, read, stopped in the middle, and always ended."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.anchor_worker.sites import Site
from tests.paths import REPO_ROOT

TIMEOUT_SECONDS: Final = 60.0
# A round takes one; two busy cores get sixty times that.


@contextmanager
def started(site: Site, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a worker in a process group of its own; it is killed, stopped or not, when the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "anchor_worker", *arguments],
        env={**site.environment, **environment},
        cwd=REPO_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=TIMEOUT_SECONDS)


def finished(site: Site, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run a worker to its end; return its exit code, output and errors."""
    with started(site, *arguments, **environment) as process:
        output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    return process.returncode, output, errors


def await_event(process: subprocess.Popen[str], name: str, **facts: object) -> list[dict[str, Any]]:
    """Read a worker's events until one with these facts; return all that were read, that one last.

    A worker that ends before it fails the test; one that says nothing for ever is ended by the test's time limit.
    """
    assert process.stderr is not None
    events: list[dict[str, Any]] = []
    for line in process.stderr:
        events.append(json.loads(line))
        if events[-1]["event"] == name and facts.items() <= events[-1].items():
            return events
    message = f"expected the event {name} {facts}, the worker ended after {events}"
    raise AssertionError(message)

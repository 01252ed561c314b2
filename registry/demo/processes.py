"""Processes of the demonstration: started in groups of their own, awaited by what they say, always closed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

READY_SECONDS: Final = 60.0
"""Importing everything takes two seconds on an idle machine; a busy one with two cores takes ten times as long."""
STOP_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.05


class ProcessFailed(Exception):
    """A process of the demonstration ended, or did not say that it is ready, in time."""


@dataclass(slots=True, kw_only=True)
class Running:
    """A running process."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def stop(self) -> None:
        """End the process and everything it started; a second time does nothing."""
        for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
            if self.process.poll() is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)


def start(name: str, arguments: list[str], *, log: Path, environment: Mapping[str, str], ready: str) -> Running:
    """Start a Python module and wait for the line that says it is ready.

    Raises ProcessFailed with the end of what it wrote.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        # This interpreter and a module of this distribution: nothing is looked up in a path or read by a shell.
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},  # noqa: TID251 - handed on whole, not read
            start_new_session=True,
        )
    running = Running(name=name, process=process, log=log)
    deadline = time.monotonic() + READY_SECONDS
    while ready not in log.read_text(encoding="utf-8", errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            running.stop()
            raise ProcessFailed(f"{name} did not become ready: {_tail(log)}")
        time.sleep(_LOOK_SECONDS)
    return running


def run(arguments: list[str], *, environment: Mapping[str, str], accepted: tuple[int, ...] = (0,)) -> tuple[int, str]:
    """Run a Python module or file to its end; return its exit code and what it printed.

    Raises ProcessFailed for an exit code that is not accepted.
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env={**os.environ, **environment},  # noqa: TID251 - handed on whole, not read
        start_new_session=True,
    )
    if done.returncode not in accepted:
        raise ProcessFailed(f"{' '.join(arguments)} exited with {done.returncode}: {done.stderr.decode()[-2000:]}")
    return done.returncode, done.stdout.decode()


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]

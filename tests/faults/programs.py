"""The worker's program, forked by a helper process and killed where it is told (`tests.faults.crashing`)."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from registry.settings import PREFIX
from tests.anchor_worker.sites import Site
from tests.faults.crashing import NEVER
from tests.paths import REPO_ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a program ended."""

    points: tuple[str, ...]
    """Those it reached, the deadly one last."""
    exit_code: int
    output: str

    @property
    def was_killed(self) -> bool:
        """Tell whether it was killed at its point, and not done before."""
        return self.exit_code == -signal.SIGKILL


@dataclass(slots=True, kw_only=True)
class Program:
    """A running program of the worker."""

    process_id: int
    _programs: "Programs"
    _folder: Path
    _exit_code: int | None = None

    def wait(self) -> Ending:
        """Wait for its end."""
        if self._exit_code is None:
            self._exit_code = self._programs.order({"wait": self.process_id})
        return Ending(
            points=tuple((self._folder / "points.txt").read_text().splitlines()),
            exit_code=self._exit_code,
            output=(self._folder / "program.txt").read_text(errors="replace"),
        )

    def end(self) -> None:
        """End it, if it has not."""
        if self._exit_code is None:
            os.kill(self.process_id, signal.SIGKILL)
            self._exit_code = self._programs.order({"wait": self.process_id})


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The helper process."""

    process: subprocess.Popen[str]

    def run(self, site: Site, command: str = "once", *, at: str | int = NEVER, **environment: str) -> Ending:
        """Run the worker's program for a site to its end, or to the point where it is killed."""
        with self.started(site, command, at=at, **environment) as program:
            return program.wait()

    @contextmanager
    def started(
        self, site: Site, command: str = "run", *, at: str | int = NEVER, **environment: str
    ) -> Iterator[Program]:
        """Start the worker's program for a site; it ends with the block at the latest."""
        folder = Path(mkdtemp(dir=site.folder))
        given = {name: value for name, value in site.environment.items() if name.startswith(PREFIX)}
        order = {"point": str(at), "command": command, "folder": str(folder)}
        program = Program(process_id=self.order({**given, **environment, **order}), _programs=self, _folder=folder)
        try:
            yield program
        finally:
            program.end()

    def order(self, order: Mapping[str, object]) -> int:
        """Ask the helper for something and return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def run_programs() -> Iterator[Programs]:
    """Yield a helper process; it and whatever it forked ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.crashing", "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPO_ROOT,
        text=True,
        start_new_session=True,
    )
    try:
        yield Programs(process=process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

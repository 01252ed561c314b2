"""Plant each bug into a copy of the tree and see the tests fail that are named for it: `python -m tests.mutants [NAME ...]`.

The same tests pass in an untouched copy first, so what fails afterwards fails because of the bug. A test that cannot be
collected, whose fixtures break, or that never ends, kills nothing. Exit codes: 0 all were killed, 1 one survived, 2 the
tests fail as it is.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutants.planted import MUTANTS, Mutant
from tests.paths import REPO_ROOT, SHARED_DATA

COPIED: Final = ("registry", "anchor_worker", "scripts", "tests", "contracts", "pyproject.toml")
LEFT_OUT: Final = ("node_modules", "__pycache__", "out", "cache")
RUN_SECONDS: Final = 900
"""A run takes a minute at most."""

SHOWN_CHARACTERS: Final = 4_000

_PASSED: Final = 0
_FAILED: Final = 1
_BROKEN: Final = "ERROR "
"""A fixture that failed, not a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of running tests."""

    code: int | None
    """pytest's; None when it had to be ended."""
    output: str
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every test passed."""
        return self.code == _PASSED

    @property
    def failed(self) -> bool:
        """Whether a test ran to its end and said no."""
        return self.code == _FAILED and not any(line.startswith(_BROKEN) for line in self.output.splitlines())

    @property
    def reason(self) -> str:
        """What the first test that failed says."""
        said = (line.removeprefix("E ").strip() for line in self.output.splitlines() if line.startswith("E "))
        return next(said, f"exit code {self.code}")


def main() -> int:
    """Run the program and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Plant bugs into a copy of the tree.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    wanted = parser.parse_args().names
    unknown = set(wanted) - {mutant.name for mutant in MUTANTS}
    if unknown:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")
    mutants = [mutant for mutant in MUTANTS if not wanted or mutant.name in wanted]
    with tempfile.TemporaryDirectory(prefix="credroot-mutants-") as name:
        tree = _copy(Path(name) / "tree")
        untouched = _run(tree, sorted({test for mutant in mutants for test in mutant.killed_by}))
        if not untouched.passed:
            print(untouched.output[-SHOWN_CHARACTERS:], file=sys.stderr)
            print("the named tests fail without any bug: nothing can be told", file=sys.stderr)
            return 2
        print(f"without a bug the named tests pass ({untouched.seconds:.0f} s)", flush=True)
        survivors = [mutant for mutant in mutants if not _is_killed(tree, mutant)]
    print(f"{len(mutants)} bugs planted, {len(mutants) - len(survivors)} killed")
    return 1 if survivors else 0


def _copy(tree: Path) -> Path:
    tree.mkdir()
    for name in COPIED:
        source = REPO_ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
        else:
            shutil.copy2(source, tree / name)
    # The node: 170 MB that no bug is planted in.
    (tree / "contracts" / "node_modules").symlink_to(REPO_ROOT / "contracts" / "node_modules")
    return tree


def _is_killed(tree: Path, mutant: Mutant) -> bool:
    file = tree / mutant.file
    original = file.read_text(encoding="utf-8")
    file.write_text(mutant.plant(original), encoding="utf-8")
    try:
        outcomes = {test: _run(tree, [test]) for test in mutant.killed_by}
    finally:
        file.write_text(original, encoding="utf-8")
    killed = all(outcome.failed for outcome in outcomes.values())
    print(f"{'killed  ' if killed else 'SURVIVED'}  {mutant.name}: {mutant.bug}")
    for test, outcome in outcomes.items():
        word = "passes" if outcome.passed else "fails" if outcome.failed else "breaks"
        print(f"          {word} in {outcome.seconds:.0f} s  {test}\n            {outcome.reason}", flush=True)
    return killed


def _run(tree: Path, tests: list[str]) -> Outcome:
    # The same examples in every run: a property that finds the bug finds it always.
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:randomly", "--hypothesis-seed=0"]
    # Programs that the tests start elsewhere are the copy's too.
    environment = {**os.environ, "PYTHONPATH": str(tree), "CREDROOT_SHARED_DATA": str(SHARED_DATA)}
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, "--no-header", "--tb=short", *tests],
        cwd=tree,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=RUN_SECONDS)
        code: int | None = process.returncode
    except subprocess.TimeoutExpired:
        output, code = "", None
    finally:
        _end(process)
    return Outcome(code=code, output=output, seconds=time.monotonic() - started)


def _end(process: "subprocess.Popen[str]") -> None:
    """End what the tests started too: a bug may keep them from doing so."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    sys.exit(main())

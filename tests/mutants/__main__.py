"""Plant each bug into a copy of the tree and see the tests fail that are named for it: `python -m tests.mutants [NAME ...]`.

The same tests pass in an untouched copy first, so what fails afterwards fails because of the bug. A test that cannot be
collected, or that is not there, kills nothing. Exit codes: 0 all were killed, 1 one survived, 2 the tests fail as it is.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.mutants.planted import MUTANTS, Mutant
from tests.paths import REPO_ROOT

COPIED: Final = ("registry", "anchor_worker", "scripts", "tests", "contracts", "pyproject.toml")
LEFT_OUT: Final = ("node_modules", "__pycache__", "out", "cache")
RUN_SECONDS: Final = 900
"""A run takes a minute at most; a bug that makes the worker hang is ended, and counts as killed."""

_PASSED: Final = 0
_FAILED: Final = 1


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
        tests = sorted({test for mutant in mutants for test in mutant.killed_by})
        if _run(tree, tests) != _PASSED:
            print("the named tests fail without any bug: nothing can be told", file=sys.stderr)
            return 2
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
        results = {test: _run(tree, [test]) for test in mutant.killed_by}
    finally:
        file.write_text(original, encoding="utf-8")
    alive = [test for test, result in results.items() if result != _FAILED]
    print(f"{'SURVIVED' if alive else 'killed  '}  {mutant.name}: {mutant.bug}", flush=True)
    for test in mutant.killed_by:
        print(f"            {'passes' if test in alive else 'fails'}  {test}", flush=True)
    return not alive


def _run(tree: Path, tests: list[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:randomly", "--no-header", *tests]
    process = subprocess.Popen(
        command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        output, _ = process.communicate(timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired:
        return _FAILED
    finally:
        _end(process)
    if process.returncode not in {_PASSED, _FAILED}:
        print(output[-4_000:], file=sys.stderr)
    return process.returncode


def _end(process: "subprocess.Popen[str]") -> None:
    """End what the tests started too: a bug may keep them from doing so."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    sys.exit(main())

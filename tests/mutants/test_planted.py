"""The table of planted bugs stays true: every text stands where it is named, once, and every test is there."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.mutants.planted import MUTANTS, Mutant
from tests.paths import REPO_ROOT

LEAST: Final = 12
TIMEOUT_SECONDS: Final = 120.0


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_can_be_planted_and_is_python(mutant: Mutant) -> None:
    source = (REPO_ROOT / mutant.file).read_text(encoding="utf-8")

    planted = mutant.plant(source)

    assert planted != source
    compile(planted, mutant.file, "exec")


def test_a_text_that_stands_nowhere_or_twice_is_refused() -> None:
    mutant = MUTANTS[0]

    for source in ("", 2 * mutant.text):
        with pytest.raises(ValueError, match=mutant.name):
            mutant.plant(source)


def test_bugs_are_many_each_has_a_name_and_a_test_and_stands_in_code_that_ships() -> None:
    assert len(MUTANTS) >= LEAST
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert all(mutant.killed_by for mutant in MUTANTS)
    assert {Path(mutant.file).parts[0] for mutant in MUTANTS} <= {"anchor_worker", "registry"}


def test_every_test_that_is_named_is_there() -> None:
    named = sorted({test for mutant in MUTANTS for test in mutant.killed_by})

    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", "-p", "no:randomly", *named],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )

    assert found.returncode == 0, found.stdout + found.stderr

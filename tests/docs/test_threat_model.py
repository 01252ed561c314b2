"""Every row of docs/threat-model.md names what stops an attack and a test or vector that shows it, and those exist."""

import re
from functools import cache
from typing import Final

import pytest

from registry.domain.check import CheckId, Reason, Result
from registry.domain.verdict import Word
from scripts.audit.finding import Code
from tests.paths import REPO_ROOT, VECTORS

PAGE: Final = (REPO_ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
ROWS: Final = [
    tuple(cell.strip() for cell in line.strip("|").split(" | "))
    for line in PAGE.splitlines()
    if line.startswith("| ") and " | stopped by | " not in line
]
_FUNCTION: Final = re.compile(r"(?:def|function) ((?:test|testFuzz|invariant)_\w+)\(")
_FINDING: Final = re.compile(r"findings? ((?:`[a-z-]+`(?:, )?)+)")


@cache
def evidence() -> frozenset[str]:
    files = [*(REPO_ROOT / "tests").rglob("*.py"), *(REPO_ROOT / "contracts" / "test").glob("*.sol")]
    functions = {name for file in files for name in _FUNCTION.findall(file.read_text(encoding="utf-8"))}
    return frozenset(functions | {file.stem for file in VECTORS.glob("*/*.json")})


def test_the_page_has_its_rows() -> None:
    assert len(ROWS) >= 60
    assert [row for row in ROWS if len(row) != 3] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_each_attack_is_shown_by_tests_that_exist(row: tuple[str, str, str]) -> None:
    named = re.findall(r"`([^`]+)`", row[2])

    assert named
    assert [name for name in named if name not in evidence()] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_what_stops_an_attack_exists(row: tuple[str, str, str]) -> None:
    checks = [int(number) for number in re.findall(r"checks? (\d+)", row[1])]
    findings = [code for group in _FINDING.findall(row[1]) for code in re.findall(r"`([a-z-]+)`", group)]

    assert [number for number in checks if not 1 <= number <= len(CheckId)] == []
    assert [code for code in findings if code not in {item.value for item in Code}] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_codes_in_the_page_are_codes_of_the_programs(row: tuple[str, str, str]) -> None:
    known = {str(code) for codes in (Reason, Result, Word, Code) for code in codes} | {"anchor"}

    assert [code for code in re.findall(r"`([a-z-]+)`", row[1]) if code not in known] == []


def test_what_remains_is_said() -> None:
    remains = PAGE.partition("## What remains")[2]

    for word in ("False content", "Withheld data", "A court with nothing at stake", "The chain fails"):
        assert f"**{word}.**" in remains

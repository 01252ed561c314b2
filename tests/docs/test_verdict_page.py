"""docs/verdict.md tells of every word, check and code there is, and of no other."""

import re
from typing import Final

from registry.domain.check import CheckId, Reason
from registry.domain.verdict import ExitCode, Word
from tests.paths import REPO_ROOT

PAGE: Final = (REPO_ROOT / "docs" / "verdict.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_code_is_explained_once_in_the_order_of_the_code() -> None:
    explained = [row[0].strip("`") for row in rows("What the codes mean")]

    assert sorted(explained) == sorted(str(reason) for reason in Reason)
    assert len(set(explained)) == len(explained)


def test_every_code_belongs_to_a_check_and_every_check_has_its_row() -> None:
    table = rows("Checks")
    named = {code for row in table for cell in row[2:] for code in re.findall(r"`([a-z-]+)`", cell)}

    assert [(int(row[0]), row[1].strip("`")) for row in table] == [(check.number, str(check)) for check in CheckId]
    assert named == {str(reason) for reason in Reason}


def test_every_word_stands_in_its_order_with_its_exit_code() -> None:
    table = rows("Words and exit codes")
    codes = {Word.VALID: ExitCode.VALID, Word.UNTRUSTED: ExitCode.UNTRUSTED, Word.INDETERMINATE: ExitCode.INDETERMINATE}

    assert [row[0].strip("`") for row in table] == [str(word) for word in Word]
    assert [int(row[2]) for row in table] == [codes.get(word, ExitCode.DECIDED) for word in Word]

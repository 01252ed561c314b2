"""The table of codes, and what messages say."""

import re

import pytest

from registry.domain.errors import Malformed
from registry.domain.upload_codes import CODES, Code, FileProblem, Severity, find, show_value
from registry.domain.upload_columns import Column
from tests.paths import REPO_ROOT

DOCUMENT = (REPO_ROOT / "docs" / "csv.md").read_text(encoding="utf-8")


def test_every_code_stands_in_the_table_once() -> None:
    assert set(CODES) == set(Code)


def test_the_documentation_lists_exactly_the_codes_with_meaning_and_remedy() -> None:
    documented = re.findall(r"^\| `([A-Z0-9_]+)` \| (.+) \| (.+) \|$", DOCUMENT, flags=re.MULTILINE)

    assert sorted(documented) == sorted((code.value, rule.meaning, rule.remedy) for code, rule in CODES.items())


def test_the_documentation_lists_exactly_the_columns_in_their_order() -> None:
    documented = re.findall(r"^\| `([a-z_]+)` \|", DOCUMENT, flags=re.MULTILINE)

    assert documented == [column.value for column in Column]


def test_a_message_names_line_column_value_and_remedy() -> None:
    finding = find(Code.DATE_FORMAT, line=9, column="issued_on", value="29/05/2026")

    assert finding.message in DOCUMENT
    assert finding.message.startswith('line 9, column issued_on, "29/05/2026": ')
    assert finding.message.endswith(CODES[Code.DATE_FORMAT].remedy)


def test_a_finding_has_the_severity_of_its_code_unless_another_is_given() -> None:
    assert find(Code.ALREADY_EXPIRED, line=2).severity is Severity.WARNING
    assert find(Code.DUPLICATE_IN_FILE, line=2, severity=Severity.WARNING).severity is Severity.WARNING


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain é 李", "plain é 李"),
        ("a\r\nb", "a\\u{d}\\u{a}b"),
        ("\u202egro", "\\u{202e}gro"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 60 + "…"),
    ],
)
def test_a_shown_value_is_short_and_hides_nothing(value: str, shown: str) -> None:
    assert show_value(value) == shown


def test_a_file_problem_is_malformed_input_with_its_place() -> None:
    problem = FileProblem(Code.COLUMN_UNKNOWN, line=1, column="titel", value="titel")

    assert isinstance(problem, Malformed)
    assert problem.code == "COLUMN_UNKNOWN"
    assert (problem.line, problem.column, problem.value) == (1, "titel", "titel")
    assert problem.remedy in problem.message
    assert problem.message.startswith("line 1, column titel")

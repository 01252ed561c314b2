"""The annotated file."""

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.domain.upload import judge_upload
from registry.domain.upload_codes import FileProblem
from registry.domain.upload_columns import REPORT_COLUMNS
from registry.domain.upload_judging import Result, plain_cell
from registry.domain.upload_report import annotate, formula_safe
from registry.domain.upload_rules import UploadRules
from tests.domain.uploads import ANNA, ANYTHING, HEADER, RULES, judge, spell


def report(content: bytes, rules: UploadRules = RULES) -> bytes:
    """Judge a file and annotate it in one go, both while it streams."""
    return b"".join(annotate([content], judge_upload([content], rules), rules=rules))


def table(content: bytes, delimiter: str = ",") -> list[list[str]]:
    """Read a report as a spreadsheet program does."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_the_report_repeats_the_upload_and_says_what_was_found() -> None:
    written = report(spell([HEADER, ANNA, ("anna", "Bo, the \u201cfox\u201d", "1/2/2026")]))

    assert written.startswith(b"\xef\xbb\xbfrecipient_email,")
    assert written.endswith(b"\r\n")
    header, anna, bo = table(written)
    assert header == [*HEADER, *REPORT_COLUMNS]
    assert anna == [*ANNA, "2", "ok", "", "", ""]
    assert bo[:-1] == ["anna", "Bo, the “fox”", "1/2/2026", "3", "error", "EMAIL_INVALID", "recipient_email"]
    assert "EMAIL_INVALID: line 3, column recipient_email" in bo[-1]
    assert "DATE_FORMAT: line 3, column issued_on" in bo[-1]
    assert "use YYYY-MM-DD" in bo[-1]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_report_keeps_the_delimiter(delimiter: str) -> None:
    written = report(spell([HEADER, ANNA], delimiter=delimiter))

    assert table(written, delimiter)[1][:3] == list(ANNA)


def test_ragged_and_blank_rows_keep_the_annotation_under_its_names() -> None:
    short, long, blank = table(report(f"{','.join(HEADER)}\na\n{','.join(ANNA)},=x,y\n\n".encode()))[1:]

    assert short[:6] == ["a", "", "", "2", "error", "TOO_FEW_COLUMNS"]
    assert long[:6] == [*ANNA, "3", "error", "TOO_MANY_COLUMNS"]
    assert long[8:] == ["'=x", "y"]
    assert blank[:6] == ["", "", "", "4", "skipped", "BLANK_ROW"]


def test_rows_without_a_judgement_are_repeated_without_one() -> None:
    content = spell([HEADER, ANNA, ("x", "Bo", "2026-05-29"), ("b@example.org", "Bea", "2026-05-29"), ("y", "", "")])
    wrong = [judgement for judgement in judge(content) if judgement.result is Result.ERROR]

    statuses = [row[4] for row in table(b"".join(annotate([content], wrong, rules=ANYTHING)))[1:]]

    assert statuses == ["", "error", "", "error"]


def test_judgements_of_lines_that_are_not_there_are_passed_over() -> None:
    shorter = f"{','.join(HEADER)}\n\n".encode() + spell([("x", "Bo", "2026-05-29")])
    judgements = judge(spell([HEADER, ("a\nb", "Bo", "2026-05-29"), ("x", "Bo", "2026-05-29")]))

    statuses = [
        row[4] for row in table(b"".join(annotate([shorter], [judgements[0], judgements[0]], rules=ANYTHING)))[1:]
    ]

    assert statuses == ["error", ""]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "'=", "''@"])
def test_no_cell_begins_like_a_formula(start: str) -> None:
    assert formula_safe(f"{start}1") == f"'{start}1"


@pytest.mark.parametrize("cell", ["", "Anna", "'quoted'", "O'=x", " =x", "1-1"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert formula_safe(cell) == cell


@given(st.text(st.sampled_from("'=+-@\t\r\nx"), max_size=6))
def test_making_a_cell_safe_can_be_undone_exactly(cell: str) -> None:
    assert plain_cell(formula_safe(cell)) == cell


def test_a_report_put_right_is_accepted_as_it_is() -> None:
    narrative = (*HEADER, "narrative")
    wrong = spell([narrative, (*ANNA, "- a list"), ("b@example.org", "Bo", "1/2/2026", "'=quoted")], delimiter=";")

    right = report(wrong).decode().replace("1/2/2026", "2026-02-01").encode()
    judged = judge(right)

    assert [judgement.result for judgement in judged] == [Result.OK, Result.OK]
    assert [one.recipient.narrative for one in judged if one.recipient] == ["- a list", "'=quoted"]


def test_a_name_may_begin_with_an_apostrophe_in_an_upload_that_is_no_report() -> None:
    (judgement,) = judge(spell([HEADER, (ANNA[0], "'=x", ANNA[2])]))

    assert judgement.recipient is not None
    assert judgement.recipient.recipient_name == "'=x"


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5))
@example([["", "", "\r"], ["x", "", ""]])
def test_annotating_a_report_again_changes_nothing(cells: Sequence[Sequence[str]]) -> None:
    content = spell([HEADER, *cells], newline="\r\n")
    try:
        once = report(content, ANYTHING)
    except FileProblem:
        return

    assert report(once, ANYTHING) == once

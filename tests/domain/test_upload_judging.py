"""What is found in one row."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.upload_codes import Code, Severity
from registry.domain.upload_columns import Column
from registry.domain.upload_judging import RecipientRow, Result
from registry.domain.upload_rules import UploadRules
from tests.domain.uploads import ANNA, ANYTHING, HEADER, RULES, judge, judge_one, spell

FULL = {
    "recipient_email": "Anna@example.org",
    "recipient_id": "S-1",
    "recipient_name": "Anna Ångström",
    "issued_on": "2026-06-01",
    "expires_on": "2026-06-01",
    "grade": "B+",
    "score": "87.50",
    "evidence_url": "https://example.org/1",
    "evidence_name": "Portfolio",
    "narrative": "- built a bridge",
    "locale": "EN",
    "credits": "0",
    "activity_start": "2026-05-01",
    "activity_end": "2026-05-01",
    "external_ref": "x/1",
}


def test_a_full_row_is_read_into_its_values() -> None:
    judgement = judge_one(RULES, **FULL)

    assert judgement.findings == ()
    assert judgement.recipient == RecipientRow(
        line=2,
        recipient_email="Anna@example.org",
        recipient_id="S-1",
        recipient_name="Anna Ångström",
        issued_on=date(2026, 6, 1),
        expires_on=date(2026, 6, 1),
        grade="B+",
        score=Decimal("87.50"),
        evidence_url="https://example.org/1",
        evidence_name="Portfolio",
        narrative="- built a bridge",
        locale="en",
        credits=Decimal(0),
        activity_start=date(2026, 5, 1),
        activity_end=date(2026, 5, 1),
        external_ref="x/1",
    )
    assert judgement.recipient.identifiers == ("anna@example.org", "S-1")


def test_a_short_row_leaves_out_what_is_not_given() -> None:
    recipient = judge_one().recipient

    assert recipient is not None
    given_values = {name: value for name, value in asdict(recipient).items() if value is not None}
    assert given_values == {
        "line": 2,
        "recipient_email": "anna@example.org",
        "recipient_name": "Anna",
        "issued_on": date(2026, 5, 29),
    }


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("recipient_email", "anna", Code.EMAIL_INVALID),
        ("recipient_email", "", Code.REQUIRED),
        ("recipient_email", "=anna@example.org", Code.FORMULA_PREFIX),
        ("recipient_id", "+49 1", Code.FORMULA_PREFIX),
        ("recipient_id", "S\n1", Code.CHARACTER_REFUSED),
        ("recipient_name", "", Code.REQUIRED),
        ("recipient_name", " \u200b", Code.REQUIRED),
        ("recipient_name", "@Anna", Code.FORMULA_PREFIX),
        ("recipient_name", "-Anna", Code.FORMULA_PREFIX),
        ("recipient_name", "An\x07na", Code.CHARACTER_REFUSED),
        ("recipient_name", "A" * 4_001, Code.VALUE_TOO_LONG),
        ("issued_on", "", Code.REQUIRED),
        ("issued_on", "05/06/2026", Code.DATE_FORMAT),
        ("issued_on", "2026-02-29", Code.DATE_INVALID),
        ("issued_on", "2026-06-02", Code.ISSUED_IN_FUTURE),
        ("expires_on", "tomorrow", Code.DATE_FORMAT),
        ("expires_on", "2026-05-28", Code.EXPIRES_BEFORE_ISSUED),
        ("grade", "b", Code.GRADE_NOT_ALLOWED),
        ("score", "87,5", Code.NUMBER_FORMAT),
        ("score", "-0.1", Code.SCORE_OUT_OF_RANGE),
        ("score", "100.1", Code.SCORE_OUT_OF_RANGE),
        ("evidence_url", "javascript:alert(1)", Code.URL_SCHEME),
        ("evidence_url", "https://example.org/a b", Code.URL_INVALID),
        ("evidence_name", "=1", Code.FORMULA_PREFIX),
        ("narrative", "=1", Code.FORMULA_PREFIX),
        ("narrative", "one\ntwo", Code.CHARACTER_REFUSED),
        ("locale", "xx", Code.LOCALE_UNKNOWN),
        ("credits", "many", Code.NUMBER_FORMAT),
        ("credits", "-1", Code.CREDITS_NEGATIVE),
        ("activity_start", "May", Code.DATE_FORMAT),
        ("activity_end", "June", Code.DATE_FORMAT),
        ("external_ref", "@x", Code.FORMULA_PREFIX),
    ],
)
def test_a_wrong_cell_refuses_its_row_with_code_column_and_value(column: str, value: str, code: Code) -> None:
    judgement = judge_one(RULES, **{column: value})

    assert (judgement.result, judgement.code, judgement.column, judgement.also) == (Result.ERROR, code, column, ())
    assert judgement.recipient is None
    (finding,) = judgement.findings
    assert finding.severity is Severity.ERROR
    assert finding.message.startswith(f"line 2, column {column}")
    assert finding.message.endswith(finding.remedy)
    assert bool(finding.value) == bool(value.strip(" \u200b"))


def test_an_activity_does_not_end_before_it_starts() -> None:
    judgement = judge_one(activity_start="2026-05-02", activity_end="2026-05-01")

    assert (judgement.code, judgement.column) == (Code.ACTIVITY_ENDS_BEFORE_START, "activity_end")


@pytest.mark.parametrize(
    ("column", "value", "warning"),
    [
        ("recipient_email", "zoë@example.org", Code.EMAIL_NON_ASCII),
        ("recipient_name", "Zoe\u0308", Code.NAME_NORMALISED),
        ("narrative", "Zoe\u0308", Code.TEXT_NORMALISED),
        ("narrative", "Zoe ", Code.WHITESPACE_TRIMMED),
        ("recipient_name", "Z\u200boe", Code.INVISIBLE_CHARS_REMOVED),
        ("expires_on", "2026-05-31", Code.ALREADY_EXPIRED),
    ],
)
def test_an_odd_cell_is_accepted_with_a_warning(column: str, value: str, warning: Code) -> None:
    judgement = judge_one(RULES, **{column: value})

    assert (judgement.result, judgement.code, judgement.warnings) == (Result.OK, None, (warning,))
    assert judgement.findings[0].column == column
    assert judgement.to_json() == {"line": 2, "result": "ok", "warnings": [warning.value]}


def test_all_that_is_wrong_with_a_row_is_told_in_the_order_of_the_columns() -> None:
    header = ("grade", "issued_on", "recipient_name", "recipient_email")

    (judgement,) = judge(spell([header, ("Z", "2027-01-01", " =x ", "=y")]), RULES)

    assert judgement.to_json() == {
        "line": 2,
        "result": "error",
        "code": "EMAIL_INVALID",
        "column": "recipient_email",
        "also": ["FORMULA_PREFIX", "ISSUED_IN_FUTURE", "GRADE_NOT_ALLOWED"],
        "warnings": ["WHITESPACE_TRIMMED"],
    }


def test_a_refused_cell_hides_no_other_one() -> None:
    judgement = judge_one(recipient_email="anna", recipient_id="S-1", recipient_name="")

    assert (judgement.code, judgement.also) == (Code.EMAIL_INVALID, (Code.REQUIRED,))


def test_one_of_two_identifiers_is_enough() -> None:
    judgement = judge_one(recipient_email="", recipient_id="S-1")

    assert judgement.result is Result.OK


def test_a_row_without_identifier_names_the_column_that_the_file_has() -> None:
    (judgement,) = judge(spell([("recipient_id", *HEADER[1:]), ("", *ANNA[1:])]))

    assert (judgement.code, judgement.column) == (Code.REQUIRED, "recipient_id")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("anna@example.org,Anna", Code.TOO_FEW_COLUMNS),
        ("anna", Code.TOO_FEW_COLUMNS),
        ("anna@example.org,Anna,2026-05-29,x", Code.TOO_MANY_COLUMNS),
        ("anna@example.org,Anna,2026-05-29,,x", Code.TOO_MANY_COLUMNS),
    ],
)
def test_a_ragged_row_is_judged_no_further(line: str, code: Code) -> None:
    (judgement,) = judge(f"{','.join(HEADER)}\n{line}\n".encode())

    assert judgement.to_json() == {"line": 2, "result": "error", "code": code.value}


def test_blank_cells_beyond_the_header_do_not_matter() -> None:
    (judgement,) = judge(f"{','.join(HEADER)}\n{','.join(ANNA)},, \n".encode())

    assert judgement.result is Result.OK


@pytest.mark.parametrize("line", ["", ",,", " ,\t,\u200b", ",", ",,,,,,"])
def test_a_blank_row_is_skipped_and_counted(line: str) -> None:
    blank, filled = judge(f"{','.join(HEADER)}\n{line}\n{','.join(ANNA)}\n".encode())

    assert blank.to_json() == {"line": 2, "result": "skipped", "code": "BLANK_ROW"}
    assert (filled.line, filled.result) == (3, Result.OK)


def test_without_rules_any_grade_score_and_language_is_accepted() -> None:
    judgement = judge_one(ANYTHING, grade="-", score="-5000", locale="yi-Hebr-UA")

    assert judgement.result is Result.OK


@pytest.mark.parametrize("limit", [0, -1])
def test_limits_below_one_are_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="limits"):
        UploadRules(today=ANYTHING.today, max_rows=limit)


PLAIN = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=ANYTHING.today)
NUMBERS = st.decimals(min_value=0, max_value=10_000, places=2)
ROWS = st.fixed_dictionaries(
    {
        "recipient_email": st.emails(domains=st.just("example.org")).filter(lambda mail: mail[0] not in "=+-@"),
        "recipient_name": PLAIN,
        "issued_on": DAYS.map(str),
    },
    optional={
        "recipient_id": PLAIN,
        "expires_on": st.dates(min_value=date(2026, 6, 2)).map(str),
        "grade": PLAIN,
        "score": NUMBERS.map(str),
        "evidence_url": PLAIN.map(lambda tail: f"https://example.org/{tail}"),
        "evidence_name": PLAIN,
        "narrative": PLAIN.map(lambda word: f'"{word}", {word}; {word}'),
        "locale": st.sampled_from(["ar", "en", "pt-BR"]),
        "credits": NUMBERS.map(str),
        "external_ref": PLAIN,
    },
)


@given(ROWS, st.permutations(list(Column)))
def test_an_accepted_row_written_again_is_read_the_same(cells: dict[str, str], order: list[Column]) -> None:
    first = judge_one(ANYTHING, **cells).recipient
    assert first is not None

    names = [column.value for column in order]
    values = ["" if (value := getattr(first, name)) is None else str(value) for name in names]
    (again,) = judge(spell([names, values]), ANYTHING)

    assert again.recipient == first


@pytest.mark.parametrize("column", ["recipient_name", "grade", "narrative", "external_ref", "score", "issued_on"])
def test_the_error_of_a_formula_is_no_value(column: str) -> None:
    row = judge_one(ANYTHING, **{column: "#REF!"})

    assert (row.code, row.column) == (Code.CELL_ERROR, column)

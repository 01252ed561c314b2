"""The quick way of judging plain rows says what the law says, or nothing."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.domain.upload import judge_chunk
from registry.domain.upload_chunks import RowChunk, RowReader
from registry.domain.upload_columns import REPORT_COLUMNS, Column, Header, read_header
from registry.domain.upload_judging import Result, judge_row
from registry.domain.upload_plain import MAX_REMEMBERED, PlainRows
from registry.domain.upload_rules import UploadRules
from registry.domain.upload_text import Record
from registry.domain.upload_values import is_ascii_email, normalise_identifier
from tests.domain.uploads import ANYTHING, RULES, spell

NAMES = tuple(Column)
PLAIN = {
    Column.RECIPIENT_EMAIL: "anna@example.org",
    Column.RECIPIENT_ID: "S-1001",
    Column.RECIPIENT_NAME: "Anna Núñez",
    Column.ISSUED_ON: "2026-05-29",
    Column.EXPIRES_ON: "2028-05-29",
    Column.GRADE: "B+",
    Column.SCORE: "87.5",
    Column.EVIDENCE_URL: "https://example.org/work/1",
    Column.EVIDENCE_NAME: "Final project",
    Column.NARRATIVE: "Reads data as others read novels.",
    Column.LOCALE: "en",
    Column.CREDITS: "5",
    Column.ACTIVITY_START: "2026-01-10",
    Column.ACTIVITY_END: "2026-05-10",
    Column.EXTERNAL_REF: "2026/17",
}
ODD = st.sampled_from(
    [
        *(
            "",
            " ",
            "  x",
            "x ",
            "\t",
            "a\u200bb",
            "e\u0301",
            "é",
            "\u202eabc",
            "\x07",
            "\ufffe",
            "=1+1",
            "+1",
            "-",
            "@x",
        ),
        *("anna@example.org", "ANNA@EXAMPLE.ORG", "anna@localhost", "anna@example.123", "a@1a.2b", "ä@example.org"),
        *(f"{'a' * 64}@example.org", f"{'a' * 65}@example.org", f"a@{'b' * 63}.org", f"a@{'b' * 64}.org"),
        *("a..b@example.org", ".a@example.org", "a@b@example.org", "a@-b.org", "a@b-.org", "-a@example.org"),
        *("S@1", "2026-05-29", "2026-06-02", "2026-13-01", "1899-01-01", "29/05/2026", "2020-01-01", "A", "Z", "B+"),
        *("100", "101", "-1", "1e3", "0.5", "1234567890123456", "EN", "xx", "en-GB", "https://example.org/a b"),
        *("ftp://example.org", "http://example.org:99999/", "https://user@example.org/", "x" * 41, "ñ" * 41, "\u0661"),
    ]
)
CELLS = st.one_of(ODD, st.text(max_size=12), st.from_regex(r"[a-z.+-]{1,6}@[a-z.0-9-]{1,12}", fullmatch=True))
CHANGES = st.dictionaries(st.sampled_from(NAMES), CELLS, max_size=4)
SOME_COLUMNS = st.sets(st.sampled_from(NAMES), min_size=3)
RULE_SETS = st.sampled_from([RULES, ANYTHING, replace(ANYTHING, max_field_length=40), replace(RULES, locales=None)])


def header_of(columns: tuple[str, ...]) -> Header:
    return read_header(Record(line=1, cells=columns), ignore_extra=True)


HEADER = header_of(NAMES)


def cells_of(changes: dict[Column, str], columns: tuple[Column, ...] = NAMES) -> tuple[str, ...]:
    return tuple({**PLAIN, **changes}[column] for column in columns)


def test_a_plain_row_of_every_column_is_judged_at_once() -> None:
    judged = PlainRows(HEADER, RULES).judge(7, cells_of({}))

    assert judged is not None
    assert judged == judge_row(Record(line=7, cells=cells_of({})), HEADER, RULES)
    assert judged.result is Result.OK
    assert judged.recipient is not None
    assert (judged.recipient.score, judged.recipient.issued_on) == (Decimal("87.5"), date(2026, 5, 29))


@given(CHANGES, RULE_SETS)
@example({Column.GRADE: "Z"}, RULES)
@example({Column.EXPIRES_ON: "2026-05-28"}, RULES)
@example({Column.ACTIVITY_END: "2026-01-09"}, RULES)
@example({Column.RECIPIENT_EMAIL: "", Column.RECIPIENT_ID: ""}, RULES)
def test_what_is_judged_at_once_is_judged_as_by_the_law(changes: dict[Column, str], rules: UploadRules) -> None:
    cells = cells_of(changes)
    law = judge_row(Record(line=2, cells=cells), HEADER, rules)

    at_once = PlainRows(HEADER, rules).judge(2, cells)

    assert at_once is None or at_once == law


@given(CHANGES, RULE_SETS)
def test_identifiers_are_found_as_by_the_law(changes: dict[Column, str], rules: UploadRules) -> None:
    cells = cells_of(changes)
    law = judge_row(Record(line=2, cells=cells), HEADER, rules)

    at_once = PlainRows(HEADER, rules).identify(cells)

    assert at_once is None or at_once == law.identifiers


@given(SOME_COLUMNS, CHANGES)
def test_columns_may_be_missing(columns: set[Column], changes: dict[Column, str]) -> None:
    named = tuple({Column.RECIPIENT_EMAIL, Column.RECIPIENT_NAME, Column.ISSUED_ON} | columns)
    header, cells = header_of(named), cells_of(changes, named)

    at_once = PlainRows(header, RULES).judge(2, cells)

    assert at_once is None or at_once == judge_row(Record(line=2, cells=cells), header, RULES)


def test_rows_of_another_width_and_of_reports_are_left_to_the_law() -> None:
    annotated = header_of((*NAMES, *REPORT_COLUMNS))
    plain = PlainRows(HEADER, RULES)

    assert plain.judge(2, (*cells_of({}), "")) is None
    assert plain.identify(cells_of({})[:-1]) is None
    assert PlainRows(annotated, RULES).judge(2, (*cells_of({}), *("",) * len(REPORT_COLUMNS))) is None


def test_more_days_than_are_remembered_are_judged_too() -> None:
    plain = PlainRows(HEADER, ANYTHING)
    days = [date.fromordinal(date(2020, 1, 1).toordinal() + number).isoformat() for number in range(MAX_REMEMBERED + 5)]

    judged = [plain.judge(2, cells_of({Column.ISSUED_ON: day, Column.EXPIRES_ON: ""})) for day in days]

    assert [one.recipient.issued_on.isoformat() for one in judged if one and one.recipient] == days


@given(CELLS)
def test_an_ordinary_address_has_one_at_labels_and_no_other_spelling(text: str) -> None:
    if not is_ascii_email(text):
        return
    local, domain = text.split("@")

    assert text.isascii()
    assert text.isprintable()
    assert len(text) <= 254
    assert 1 <= len(local) <= 64
    assert all(local.split("."))
    assert all(re.fullmatch("[A-Za-z0-9-]{1,63}", label) and label == label.strip("-") for label in domain.split("."))
    assert "." in domain
    assert normalise_identifier(text) == text.casefold()


@pytest.mark.parametrize(
    ("text", "ordinary"),
    [
        ("anna@example.org", True),
        ("a.b+c@sub.example.co", True),
        (f"{'a' * 64}@example.org", True),
        (f"{'a' * 65}@example.org", False),
        (f"a@{'.'.join(['b' * 60] * 4)}.org", True),
        (f"{'a' * 9}@{'.'.join(['b' * 60] * 4)}.org", False),
        ("anna@example", False),
        ("anna@example.1org", False),
        ("an na@example.org", False),
        ("anna@example.org\n", False),
    ],
)
def test_ordinary_addresses_are_told_apart(text: str, ordinary: bool) -> None:
    assert is_ascii_email(text) is ordinary


def read(content: bytes, *, chunk_rows: int) -> list[RowChunk]:
    return list(RowReader([content], ANYTHING, None, chunk_rows=chunk_rows).chunks())


ROWS = [("recipient_email", "recipient_name", "issued_on")] + [
    (f"p{number % 7}@example.org", "Anna", "2026-05-29") for number in range(10)
]


@pytest.mark.parametrize("chunk_rows", [1, 3, 10, 100])
def test_the_size_of_chunks_changes_no_judgement(chunk_rows: int) -> None:
    chunks = read(spell(ROWS), chunk_rows=chunk_rows)

    judged = [one.to_json() for chunk in chunks for one in judge_chunk(chunk, ANYTHING)]

    assert len(chunks) == -(-10 // chunk_rows)
    assert [one["line"] for one in judged] == list(range(2, 12))
    assert [one.get("same_as_line") for one in judged] == [*[None] * 7, 2, 3, 4]


def test_the_rows_after_a_line_are_judged_as_before() -> None:
    (chunk,) = read(spell(ROWS), chunk_rows=100)
    whole = list(judge_chunk(chunk, ANYTHING))

    rest = chunk.after(8)

    assert rest is not None
    assert list(judge_chunk(rest, ANYTHING)) == whole[7:]
    assert chunk.after(1) is chunk
    assert chunk.after(11) is None
    assert chunk.through_line == 11

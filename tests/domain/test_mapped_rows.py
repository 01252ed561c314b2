"""Rows of an export, judged: in our columns, told in theirs."""

import io
import pickle
import sys
from datetime import date
from types import FrameType

import pytest

from registry.domain.canonical import JsonObject
from registry.domain.column_mapping import ColumnMapping, DateOrder, comparable, read_mapping
from registry.domain.mapped_dates import read_day
from registry.domain.mapped_rows import MappedRow, RowMapper
from registry.domain.upload import judge_chunk, judge_upload
from registry.domain.upload_chunks import RowReader
from registry.domain.upload_codes import Code, FileProblem, Severity
from registry.domain.upload_judging import Result, RowJudgement
from registry.domain.upload_report import annotate
from registry.domain.upload_rules import UploadRules
from registry.domain.upload_text import Record
from tests.domain.uploads import spell

COLUMNS: JsonObject = {
    "recipient_email": {"from": "Mail"},
    "recipient_name": {"join": ["First", "Last"]},
    "issued_on": {"from": "Done", "date": "DMY"},
    "grade": {"from": "Result", "values": {"pass": "A", "merit": "B"}},
    "score": {"from": "Points", "split": {"at": "/", "part": 1}},
    "locale": {"constant": "en"},
}
MAPPING: JsonObject = {
    "name": "campus",
    "columns": COLUMNS,
    "leaveOut": [{"from": "Status", "unless": ["completed"]}],
}
HEADER = ("Status", "First", "Last", "Mail", "Done", "Result", "Points", "Shoe size")
AMAL = ("Completed", "Amal", "Haddad", "amal@example.org", "29/05/2026", "Pass", "80/100", "37")


def rules(mapping: JsonObject = MAPPING, *, allow_duplicates: bool = False) -> UploadRules:
    return UploadRules(
        today=date(2026, 6, 1), grades=("A", "B"), mapping=read_mapping(mapping), allow_duplicates=allow_duplicates
    )


def judged(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> list[RowJudgement]:
    return list(judge_upload([spell([header, *rows])], rules()))


def with_cell(column: str, value: str) -> tuple[str, ...]:
    return tuple(value if name == column else cell for name, cell in zip(HEADER, AMAL, strict=True))


def test_a_row_of_an_export_becomes_one_of_ours() -> None:
    (row,) = judged(AMAL)

    assert row.recipient is not None
    assert (row.recipient.recipient_name, row.recipient.recipient_email) == ("Amal Haddad", "amal@example.org")
    assert (row.recipient.issued_on, row.recipient.grade) == (date(2026, 5, 29), "A")
    assert (str(row.recipient.score), row.recipient.locale) == ("80", "en")
    assert row.findings == ()


@pytest.mark.parametrize(
    ("column", "value", "code", "told", "shown"),
    [
        ("Mail", "nobody", Code.EMAIL_INVALID, "Mail", "nobody"),
        ("First", "=1+1", Code.FORMULA_PREFIX, "First + Last", "=1+1 + Haddad"),
        ("Done", "05/29/2026", Code.MAPPING_MISMATCH, "Done", "05/29/2026"),
        ("Done", "31/12/2026", Code.ISSUED_IN_FUTURE, "Done", "31/12/2026"),
        ("Done", "", Code.REQUIRED, "Done", None),
        ("Result", "excellent", Code.MAPPING_MISMATCH, "Result", "excellent"),
        ("Points", "many/100", Code.NUMBER_FORMAT, "Points", "many/100"),
        ("Mail", "#N/A", Code.CELL_ERROR, "Mail", "#N/A"),
    ],
)
def test_what_is_wrong_is_told_by_their_columns_and_values(
    column: str, value: str, code: Code, told: str, shown: str | None
) -> None:
    (row,) = judged(with_cell(column, value))

    assert (row.result, row.code, row.column) == (Result.ERROR, code, told)
    assert row.findings[0].value == shown
    assert row.recipient is None


def test_a_value_that_cannot_be_read_is_told_once_and_before_the_warnings() -> None:
    row = judged(tuple("  Amal" if cell == "Amal" else cell for cell in with_cell("Done", "May 29")))[0]
    spaced = judged(tuple("Ama\u200bl" if cell == "Amal" else cell for cell in with_cell("Done", "May 29")))[0]

    assert [finding.code for finding in row.findings] == [Code.MAPPING_MISMATCH]
    assert [finding.severity for finding in spaced.findings] == [Severity.ERROR, Severity.WARNING]
    assert "day, month, year" in row.findings[0].message


def test_a_value_is_compared_once_however_many_a_mapping_knows() -> None:
    def comparisons(known: int) -> int:
        values: JsonObject = {**{f"value {number}": "B" for number in range(known)}, "pass": "A"}
        mapping = read_mapping({**MAPPING, "columns": {**COLUMNS, "grade": {"from": "Result", "values": values}}})
        mapper = RowMapper(mapping, Record(line=1, cells=HEADER))
        calls = 0

        def count(frame: FrameType, event: str, _: object) -> None:
            nonlocal calls
            calls += event == "call" and frame.f_code is comparable.__code__

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            row = mapper.map(2, AMAL)
        finally:
            sys.setprofile(before)
        assert isinstance(row, MappedRow)
        assert "A" in row.cells
        return calls

    assert 0 < comparisons(1) == comparisons(100)


def test_a_constant_is_told_as_our_column() -> None:
    wrong: JsonObject = {**MAPPING, "columns": {**COLUMNS, "locale": {"constant": "klingon"}}}

    (row,) = judge_upload([spell([HEADER, AMAL])], rules(wrong))

    assert (row.code, row.column, row.findings[0].value) == (Code.LOCALE_UNKNOWN, "locale", "klingon")


def test_rows_are_left_out_with_what_left_them_out_and_make_no_duplicates() -> None:
    left_out, taken = judged(with_cell("Status", "In progress"), AMAL)

    assert (left_out.result, left_out.code, left_out.column) == (Result.SKIPPED, Code.ROW_LEFT_OUT, "Status")
    assert left_out.findings[0].value == "In progress"
    assert taken.result is Result.OK


def test_duplicates_are_found_by_our_columns_and_told_by_theirs() -> None:
    _, again = judged(AMAL, with_cell("Mail", "AMAL@example.org"))

    assert (again.code, again.column, again.same_as_line) == (Code.DUPLICATE_IN_FILE, "Mail", 2)


def test_blank_rows_and_rows_of_another_width_are_what_they_are_elsewhere() -> None:
    rows = judged(("",) * 8, AMAL[:4], (*AMAL, "more"), AMAL)

    assert [row.code for row in rows] == [Code.BLANK_ROW, Code.TOO_FEW_COLUMNS, Code.TOO_MANY_COLUMNS, None]


def test_a_file_of_which_everything_is_left_out_is_no_empty_one() -> None:
    (row,) = judged(with_cell("Status", "dropped"))
    with pytest.raises(FileProblem) as empty:
        judged(("",) * 8)

    assert row.result is Result.SKIPPED
    assert empty.value.code == Code.NO_ROWS


def test_columns_that_the_mapping_asks_for_must_stand_there_once() -> None:
    with pytest.raises(FileProblem) as missing:
        judged(AMAL[1:-1], header=HEADER[1:-1])
    with pytest.raises(FileProblem) as twice:
        judged((*AMAL, "x"), header=(*HEADER, "mail "))
    with pytest.raises(FileProblem) as several:
        judged(("x",), header=("Name",))

    assert (missing.value.code, missing.value.column) == (Code.COLUMN_MISSING, "Status")
    assert "campus" in missing.value.message
    assert twice.value.code == Code.COLUMN_DUPLICATE
    assert len(several.value.others) == 6


@pytest.mark.parametrize("content", [b"\n", b",,\n1,2,3\n"])
def test_a_file_without_a_header_is_refused(content: bytes) -> None:
    with pytest.raises(FileProblem) as refused:
        judge_upload([content], rules())

    assert refused.value.code == Code.HEADER_MISSING


def test_columns_that_nobody_asks_for_are_noted() -> None:
    upload = judge_upload([spell([(*HEADER[:-1], "", "last one"), (*AMAL, "x")])], rules())

    assert [(note.code, note.column) for note in upload.header.notes] == [
        (Code.COLUMN_IGNORED, "8"),
        (Code.COLUMN_IGNORED, "last one"),
    ]


def test_the_annotated_file_is_the_export_and_can_be_uploaded_as_it_is() -> None:
    content = spell([HEADER, AMAL, with_cell("Done", "tomorrow"), with_cell("First", "-Amal")], delimiter=";")
    found = judge_upload([content], rules())

    written = b"".join(annotate([content], found, rules=rules()))
    again = list(judge_upload(io.BytesIO(written), rules(allow_duplicates=True)))

    lines = written.decode("utf-8-sig").splitlines()
    assert lines[0] == "Status;First;Last;Mail;Done;Result;Points;Shoe size;_line;_status;_code;_column;_message"
    assert ";3;error;MAPPING_MISMATCH;Done;" in lines[2]
    assert "'-Amal" in lines[3]
    assert [row.code for row in again] == [None, Code.MAPPING_MISMATCH, Code.FORMULA_PREFIX]


def test_chunks_are_judged_alike_wherever_that_is() -> None:
    people = [with_cell("Mail", f"p{number}@example.org") for number in range(5)]
    content = spell([HEADER, *people, people[0]])
    whole = list(judge_upload([content], rules()))

    chunks = [
        pickle.loads(pickle.dumps(chunk))  # noqa: S301 - our own
        for chunk in RowReader([content], rules(), None, chunk_rows=2).chunks()
    ]
    rest = chunks[0].after(2)

    assert [row for chunk in chunks for row in judge_chunk(chunk, rules())] == whole
    assert rest is not None
    assert list(judge_chunk(rest, rules())) == whole[1:2]


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2026-05-29", DateOrder.YEAR_FIRST, date(2026, 5, 29)),
        ("2026/5/9 08:00", DateOrder.YEAR_FIRST, date(2026, 5, 9)),
        ("2026-05-29T10:21:11Z", DateOrder.YEAR_FIRST, date(2026, 5, 29)),
        ("2026-05-29 10:21:11.123 UTC", DateOrder.YEAR_FIRST, date(2026, 5, 29)),
        ("2026-05-29T23:21:11+09:00", DateOrder.YEAR_FIRST, date(2026, 5, 29)),
        ("29.05.2026", DateOrder.DAY_FIRST, date(2026, 5, 29)),
        ("29 May 2026", DateOrder.DAY_FIRST, date(2026, 5, 29)),
        ("Friday, 29 May 2026, 3:12 PM", DateOrder.DAY_FIRST, date(2026, 5, 29)),
        ("1 Sept. 2025", DateOrder.DAY_FIRST, date(2025, 9, 1)),
        ("05/29/2026", DateOrder.MONTH_FIRST, date(2026, 5, 29)),
        ("May 29, 2026", DateOrder.MONTH_FIRST, date(2026, 5, 29)),
        ("5/4/2026, 3:12 p.m.", DateOrder.MONTH_FIRST, date(2026, 5, 4)),
        ("5/4/2026", DateOrder.DAY_FIRST, date(2026, 4, 5)),
        ("29/05/26", DateOrder.DAY_FIRST, None),
        ("29/05/2026", DateOrder.MONTH_FIRST, None),
        ("30 February 2026", DateOrder.DAY_FIRST, None),
        ("29 Mayo 2026", DateOrder.DAY_FIRST, None),
        ("2026-05-29 or so", DateOrder.YEAR_FIRST, None),
        ("٢٩/٠٥/٢٠٢٦", DateOrder.DAY_FIRST, None),
        ("2026-05-29" + " " * 100, DateOrder.YEAR_FIRST, None),
    ],
)
def test_dates_are_read_in_the_order_that_is_said(text: str, order: DateOrder, day: date | None) -> None:
    assert read_day(text, order) == day


def test_pieces_of_texts_are_taken_from_either_end() -> None:
    mapping: ColumnMapping = read_mapping(
        {
            "name": "pieces",
            "columns": {
                "recipient_name": {
                    "join": [
                        {"from": "Name", "split": {"at": ",", "part": 2}},
                        {"from": "Name", "split": {"at": ",", "part": 1}},
                    ]
                },
                "recipient_id": {"from": "Id", "split": {"at": "-", "part": -1}},
                "external_ref": {"from": "Id", "split": {"at": "-", "part": 3}},
                "issued_on": {"from": "Day"},
            },
        }
    )
    content = spell([("Name", "Id", "Day"), ("Haddad, Amal", "x-17", "2026-05-29"), ("李伟", "18", "2026-05-29")])

    rows = list(judge_upload([content], UploadRules(today=date(2026, 6, 1), mapping=mapping)))

    people = [row.recipient for row in rows if row.recipient is not None]
    assert [(one.recipient_name, one.recipient_id, one.external_ref) for one in people] == [
        ("Amal Haddad", "17", None),
        ("李伟", "18", None),
    ]

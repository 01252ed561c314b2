"""XLSX files: what cells say, what another reader makes of the same file, and what hostile files come to."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

import pytest
import xlsxwriter
from python_calamine import load_workbook

from registry.adapters.spreadsheets import Spreadsheets
from registry.adapters.xlsx_reader import MAX_COLUMNS
from registry.domain.upload_codes import Code, FileProblem
from registry.domain.upload_text import MAX_RECORD_CHARACTERS, Record
from tests.adapters.hostile_spreadsheets import HOSTILE, HOSTILE_CODES, MAIN, package, workbook_of
from tests.paths import REPO_ROOT

MAX_BYTES: Final = 64 * 1024 * 1024
HEADER: Final = ("recipient_email", "recipient_name", "issued_on", "score")


def written(fill: Callable[[Any, Any], None], **options: bool) -> bytes:
    """Write a workbook with the library that everybody's reader knows."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, **options})
    fill(book, book.add_worksheet("People"))
    book.close()
    return content.getvalue()


def read(content: bytes, *, sheet: str | None = None, max_bytes: int = MAX_BYTES) -> list[Record]:
    with Spreadsheets().read([content], sheet=sheet, max_bytes=max_bytes) as records:
        return list(records)


def cells_of(fill: Callable[[Any, Any], None], **options: bool) -> list[tuple[str, ...]]:
    return [record.cells for record in read(written(fill, **options))]


def people(book: Any, sheet: Any) -> None:  # noqa: ANN401 - xlsxwriter's
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ("amal@example.org", "Amal Haddad"))
    sheet.write_datetime(1, 2, datetime(2026, 5, 29), day)  # noqa: DTZ001 - days in cells have no zone
    sheet.write_number(1, 3, 90)
    sheet.write_row(4, 0, ("li@example.org", "李伟"))
    sheet.write_string(4, 2, "2026-05-29")
    sheet.write_string(4, 3, "0087.50")


def test_rows_have_the_numbers_that_are_shown_and_empty_ones_are_passed_over() -> None:
    records = read(written(people))

    assert [record.line for record in records] == [1, 2, 5]
    assert records[1].cells == ("amal@example.org", "Amal Haddad", "2026-05-29", "90")
    assert records[2].cells == ("li@example.org", "李伟", "2026-05-29", "0087.50")


def test_cells_say_what_is_shown() -> None:
    def fill(book: Any, sheet: Any) -> None:  # noqa: ANN401 - xlsxwriter's
        formats = {
            name: book.add_format({"num_format": name})
            for name in ("0%", "0.00%", "yyyy-mm-dd hh:mm", '[Red]0.00 "days"', "[h]:mm", "General", "@", "mmm d, yyyy")
        }
        sheet.write_number(0, 0, 0.875, formats["0%"])
        sheet.write_number(0, 1, 0.07, formats["0.00%"])
        sheet.write_datetime(0, 2, datetime(2026, 5, 29, 23, 59, 59), formats["yyyy-mm-dd hh:mm"])  # noqa: DTZ001
        sheet.write_number(0, 3, 1.5, formats['[Red]0.00 "days"'])
        sheet.write_number(0, 4, 0.1 + 0.2, formats["General"])
        sheet.write_number(0, 5, 1e21, formats["@"])
        sheet.write_boolean(0, 6, True)
        sheet.write_formula(0, 7, "=1+1", None, 2)
        sheet.write_formula(0, 8, "=REF", None, "#REF!")
        sheet.write_formula(0, 9, '="a"&"b"', None, "ab")
        sheet.write_rich_string(0, 10, "rich ", book.add_format({"bold": True}), "text")
        sheet.write_string(0, 11, "_x0041_ <&> line\nbreak \U0001f9ea")
        sheet.write_datetime(0, 12, date(2026, 5, 29), formats["mmm d, yyyy"])
        sheet.write_datetime(0, 13, time(9, 30), formats["[h]:mm"])
        sheet.write_number(0, 14, -0.5)
        sheet.write_number(0, 15, 123456789012345)

    (row,) = cells_of(fill)

    assert row == (
        *("87.5%", "7%", "2026-05-29", "1.5", "0.3", "1000000000000000000000", "TRUE"),
        *("2", "#REF!", "ab", "rich text", "_x0041_ <&> line\nbreak \U0001f9ea", "2026-05-29"),
        *("0.3958333333333333", "-0.5", "123456789012345"),
    )


@pytest.mark.parametrize(("serial", "day"), [(1, "1900-01-01"), (59, "1900-02-28"), (60, "60"), (61, "1900-03-01")])
def test_the_day_that_never_was_is_no_day(serial: int, day: str) -> None:
    def fill(book: Any, sheet: Any) -> None:  # noqa: ANN401 - xlsxwriter's
        sheet.write_number(0, 0, serial, book.add_format({"num_format": 14}))

    assert cells_of(fill) == [(day,)]


def test_days_may_be_counted_from_1904() -> None:
    def fill(book: Any, sheet: Any) -> None:  # noqa: ANN401 - xlsxwriter's
        sheet.write_datetime(0, 0, date(2026, 5, 29), book.add_format({"num_format": 14}))

    assert cells_of(fill, date_1904=True) == [("2026-05-29",)]


def test_another_reader_makes_the_same_of_a_large_file() -> None:
    def fill(book: Any, sheet: Any) -> None:  # noqa: ANN401 - xlsxwriter's
        day = book.add_format({"num_format": 14})
        sheet.write_row(0, 0, HEADER)
        for line in range(1, 400):
            sheet.write_row(line, 0, (f"p{line}@example.org", f"Name {line % 7} é", ""))
            sheet.write_datetime(line, 2, date(2020, 1, 1 + line % 28), day)
            sheet.write_number(line, 3, line / 8)

    content = written(fill, constant_memory=False)
    theirs = load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()

    ours = [record.cells for record in read(content)]

    assert ours == [tuple(as_text(cell) for cell in row) for row in theirs]


def as_text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:g}"
    return str(cell)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x" * 32_767, True),
        ("x" * 32_768, False),
        ("\U0001f9ea" * 16_383, True),
        ("\U0001f9ea" * 16_384, False),
        # With the ' that makes it harmless it would be one too many.
        ("=" + "x" * 32_766, False),
    ],
)
def test_a_cell_that_could_not_be_written_back_whole_is_refused(text: str, *, fits: bool) -> None:
    content = workbook_of(f'<row r="7"><c t="inlineStr"><is><t>{text}</t></is></c></row>')

    if fits:
        (row,) = read(content)
        assert [record.cells for record in read(b"".join(Spreadsheets().write([row.cells])))] == [(text,)]
        return
    with pytest.raises(FileProblem) as refused:
        read(content)
    assert (refused.value.code, refused.value.line) == (Code.VALUE_TOO_LONG, 7)


def test_half_a_character_stays_as_it_is_written_and_can_be_written_again() -> None:
    cell = '<row><c t="inlineStr"><is><t>%s</t></is></c></row>'

    rows = [record.cells for text in ("a_xD800_b", "_xdfff_", "_x00e9_") for record in read(workbook_of(cell % text))]

    assert rows == [("a_xD800_b",), ("_xdfff_",), ("é",)]
    assert [record.cells for record in read(b"".join(Spreadsheets().write(rows)))] == rows


def test_a_sheet_is_chosen_by_its_name() -> None:
    def fill(book: Any, sheet: Any) -> None:  # noqa: ANN401 - xlsxwriter's
        sheet.write(0, 0, "first")
        book.add_worksheet("Zweites & letztes").write(0, 0, "second")

    content = written(fill)
    with pytest.raises(FileProblem) as refused:
        read(content, sheet="Third")

    assert [read(content, sheet=name)[0].cells for name in (None, "People", "Zweites & letztes")] == [
        ("first",),
        ("first",),
        ("second",),
    ]
    assert refused.value.code == Code.SHEET_MISSING
    assert "Zweites & letztes" in refused.value.message


def test_what_a_merged_cell_says_stands_in_its_first_cell() -> None:
    def fill(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - xlsxwriter's
        sheet.merge_range(0, 0, 1, 1, "merged")
        sheet.write(1, 2, "x")

    assert cells_of(fill) == [("merged",), ("", "", "x")]


def test_more_columns_or_text_than_a_row_may_have_is_told_with_its_row() -> None:
    def wide(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - xlsxwriter's
        sheet.write(3, MAX_COLUMNS, "x")

    def long(_book: Any, sheet: Any) -> None:  # noqa: ANN401 - xlsxwriter's
        for column in range(5):
            sheet.write_string(2, column, "x" * 30_000)

    problems = []
    for fill in (wide, long):
        with pytest.raises(FileProblem) as refused:
            read(written(fill))
        problems.append((refused.value.code, refused.value.line))

    assert problems == [(Code.SPREADSHEET_TOO_BIG, 4), (Code.RECORD_TOO_LONG, 3)]


def test_a_file_larger_than_an_upload_may_be_is_not_opened() -> None:
    with pytest.raises(FileProblem) as refused:
        read(written(people), max_bytes=1_000)

    assert refused.value.code == Code.FILE_TOO_BIG


ROW: Final = '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (ROW, None),
        (ROW + ROW, Code.SPREADSHEET_DAMAGED),
        ('<row r="x"><c><v>1</v></c></row>', Code.SPREADSHEET_DAMAGED),
        ('<row r="0"><c><v>1</v></c></row>', Code.SPREADSHEET_DAMAGED),
        ('<row><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>', Code.SPREADSHEET_DAMAGED),
        ('<row><c r="?1"><v>1</v></c></row>', Code.SPREADSHEET_DAMAGED),
        ('<row><c t="s"><v>7</v></c></row>', Code.SPREADSHEET_DAMAGED),
        ('<row><c t="s"><v>-1</v></c></row>', Code.SPREADSHEET_DAMAGED),
        ("<row><c><v>1</v></row>", Code.SPREADSHEET_DAMAGED),
        ('<row><c s="99"><v>45000</v></c></row>', None),
        ('<row><c t="d"><v>2026-05-29T10:00:00</v></c><c t="e"><v>#N/A</v></c></row>', None),
        ("<row><c><v>text where a number should be</v></c><c><v>1e400</v></c></row>", None),
        ("", None),
    ],
)
def test_a_sheet_is_read_strictly(rows: str, code: Code | None) -> None:
    content = workbook_of(rows)
    try:
        found: Code | str | None = None
        read(content)
    except FileProblem as problem:
        found = problem.code

    assert found == code


def test_what_is_pronounced_beside_a_text_is_not_part_of_it() -> None:
    rows = '<row><c t="inlineStr"><is><r><t>東</t></r><rPh sb="0" eb="1"><t>ひがし</t></rPh><r><t>京</t></r></is></c></row>'

    (record,) = read(workbook_of(rows))

    assert record.cells == ("東京",)


def problem_of(content: bytes) -> str:
    with pytest.raises(FileProblem) as refused:
        read(content)
    return refused.value.code


def test_archives_that_are_no_workbooks_are_told_from_damaged_ones() -> None:
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    page = "x" * (MAX_RECORD_CHARACTERS + 1)
    strings = f'<sst xmlns="{MAIN}"><si><t>{page}</t></si></sst>'.encode()

    assert problem_of(other.getvalue()) == Code.SPREADSHEET_FILE
    assert problem_of(package(b"<x/>", method=zipfile.ZIP_BZIP2)) == Code.SPREADSHEET_DAMAGED
    assert problem_of(package(b"<x/>", sharedStrings=strings)) == Code.RECORD_TOO_LONG


def test_an_archive_in_the_form_for_large_ones_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as small:
        # The library writes that form from so many entries on.
        small.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
        content = workbook_of(ROW)
    end = content.rindex(b"PK\x06\x06")

    assert b"PK\x06\x07" in content
    assert [record.cells for record in read(content)] == [("x",)]
    assert problem_of(content[:end] + b"PK\x06\x08" + content[end + 4 :]) == Code.SPREADSHEET_DAMAGED


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_file_gets_one_clear_error_within_300_megabytes(name: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.xlsx"
    file.write_bytes(HOSTILE[name]())

    done = subprocess.run(
        [sys.executable, "-m", "tests.adapters.hostile_spreadsheets", str(file)],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    code, megabytes = done.stdout.split()
    assert code == HOSTILE_CODES[name]
    assert int(megabytes) < 300


def test_what_is_written_is_text_and_is_read_back() -> None:
    rows = [["a", "=1+1", "'-x"], ["", "2026-05-29", "x" * 40_000]]

    content = b"".join(Spreadsheets().write(iter(rows)))

    cells = load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert cells[0] == ["a", "=1+1", "'-x"]
    assert next(record.cells for record in read(content)) == ("a", "=1+1", "'-x")

"""Spreadsheets of any bytes: rows or one problem with a code, and nothing else."""

import io
import zipfile
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.adapters.spreadsheets import Spreadsheets
from registry.domain.upload_codes import FileProblem
from registry.domain.upload_text import Record
from tests.adapters.hostile_spreadsheets import MAIN, package

MAX_BYTES: Final = 1_000_000
SHEET: Final = (
    f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>46171</v></c></row>'
    '<row r="3"><c t="inlineStr"><is><t>x</t></is></c><c t="b"><v>1</v></c><c t="d"><v>2026-05-29</v></c></row>'
    "</sheetData></worksheet>"
).encode()
STRINGS: Final = f'<sst xmlns="{MAIN}"><si><t>name</t></si><si><r><t>a</t></r><r><t>b</t></r></si></sst>'.encode()
STYLES: Final = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>'
).encode()
WHOLE: Final = package(SHEET, sharedStrings=STRINGS, styles=STYLES)
PIECES: Final = (
    b"",
    b"<",
    b">",
    b'"',
    b"&",
    b"<c>",
    b"</row>",
    b'r="A0"',
    b"9" * 30,
    b"\xff",
    b"]]>",
    b"-1",
    b"xmlns=",
)


def read(content: bytes) -> list[Record] | str:
    """Return the rows of a file, or the code of its problem."""
    try:
        with Spreadsheets().read([content], sheet=None, max_bytes=MAX_BYTES) as records:
            return list(records)
    except FileProblem as problem:
        return problem.code


def repacked(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
    return packed.getvalue()


def test_the_file_that_is_changed_is_a_good_one() -> None:
    rows = read(WHOLE)

    assert [row if isinstance(row, str) else row.cells for row in rows] == [
        ("name", "2026-05-29"),
        ("x", "TRUE", "2026-05-29"),
    ]


@given(at=st.integers(min_value=0, max_value=len(WHOLE) - 1), count=st.integers(0, 6), new=st.binary(max_size=6))
@settings(max_examples=150)
def test_an_archive_changed_anywhere_gives_rows_or_a_problem(at: int, count: int, new: bytes) -> None:
    assert isinstance(read(WHOLE[:at] + new + WHOLE[at + count :]), list | str)


@given(data=st.data())
@settings(max_examples=150)
def test_a_part_changed_anywhere_gives_rows_or_a_problem(data: st.DataObject) -> None:
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        name = data.draw(st.sampled_from(archive.namelist()))
        part = archive.read(name)
    at = data.draw(st.integers(min_value=0, max_value=len(part)))
    count = data.draw(st.integers(min_value=0, max_value=12))
    new = data.draw(st.sampled_from(PIECES) | st.binary(max_size=4))

    assert isinstance(read(repacked(name, part[:at] + new + part[at + count :])), list | str)


@given(content=st.binary(max_size=200))
@settings(max_examples=100)
def test_bytes_of_any_kind_give_a_problem(content: bytes) -> None:
    assert isinstance(read(b"PK\x03\x04" + content), str)

"""Encoding, line breaks, delimiter and quotation marks of an upload."""

import csv
import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.upload_codes import Code, FileProblem
from registry.domain.upload_text import (
    CHUNK_BYTES,
    MAX_CELLS,
    MAX_RECORD_CHARACTERS,
    ByteSource,
    Record,
    RecordReader,
    sniff_delimiter,
)

NAMES = frozenset({"name", "mail", "a", "b"})


def read(source: ByteSource, max_bytes: int = 10_000_000) -> list[tuple[int, tuple[str, ...]]]:
    """Read all records as pairs of line and cells."""
    records: Iterator[Record] = iter(RecordReader(source, column_names=NAMES, max_bytes=max_bytes))
    return [(record.line, record.cells) for record in records]


def problem(source: ByteSource, max_bytes: int = 10_000_000) -> FileProblem:
    """Return the problem that reading ends with."""
    with pytest.raises(FileProblem) as caught:
        read(source, max_bytes)
    return caught.value


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_spelling_of_a_table_reads_the_same(delimiter: str, mark: str, newline: str) -> None:
    lines = (f"name{delimiter}mail", f'"A{delimiter}{newline}B"{delimiter}x', "", f"C{delimiter}y")

    records = read([(mark + newline.join(lines)).encode()])

    assert records == [
        (1, ("name", "mail")),
        (2, (f"A{delimiter}{newline}B", "x")),
        (4, ()),
        (5, ("C", "y")),
    ]


def test_a_doubled_quotation_mark_is_one() -> None:
    assert read([b'name\n"say ""hi"""\n']) == [(1, ("name",)), (2, ('say "hi"',))]


def test_a_quotation_mark_inside_an_unquoted_cell_is_itself() -> None:
    assert read([b'name\nJoe "Bo" Fox\n'])[1] == (2, ('Joe "Bo" Fox',))


def test_text_is_read_alike_however_the_stream_is_cut() -> None:
    content = "name,mail\r\nZoë,李伟\r\n".encode() * 3

    whole, cut = read(io.BytesIO(content)), read(bytes([byte]) for byte in content)

    assert whole == cut
    assert len(whole) == 6


def test_lines_longer_than_a_chunk_are_put_together() -> None:
    long = "x" * (CHUNK_BYTES + 1)

    assert read(io.BytesIO(f"name\n{long}\nshort".encode())) == [(1, ("name",)), (2, (long,)), (3, ("short",))]


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("name,mail", ","),
        ("name;mail", ";"),
        ("name\tmail", "\t"),
        ("p,q,c;name;mail", ";"),
        ('"x,y,z,name",q;Name ;MAIL', ";"),
        ("x;y;z,q", ";"),
        ("name", ","),
        ("p,q;r", ","),
    ],
)
def test_the_delimiter_is_the_one_that_makes_most_column_names(line: str, delimiter: str) -> None:
    assert sniff_delimiter(line, NAMES) == delimiter


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    assert problem([content]).code == Code.FILE_EMPTY


def test_no_chunk_at_all_is_an_empty_file() -> None:
    assert problem([]).code == Code.FILE_EMPTY


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_utf_16_and_32_are_named_with_and_without_a_mark(encoding: str) -> None:
    found = problem(["name,mail\r\nZoë,x\r\n".encode(encoding)])

    assert found.code == Code.UTF16
    assert "CSV UTF-8" in found.message


@pytest.mark.parametrize("content", [b"PK\x03\x04rest of an xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest of an xls"])
def test_spreadsheet_files_are_named(content: bytes) -> None:
    assert problem([content]).code == Code.SPREADSHEET_FILE


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_another_encoding_is_refused_at_its_byte_and_line(mark: bytes) -> None:
    content = mark + b"name\nAnna\n" + "Jos\u00e9".encode("latin-1") + b"\n"

    found = problem([content])

    assert (found.code, found.line) == (Code.NOT_UTF8, 3)
    assert f"byte {content.index(0xE9)} (0xE9)" in found.message
    assert found.value == "Jos\N{REPLACEMENT CHARACTER}"


def test_another_encoding_in_the_first_line_counts_the_mark() -> None:
    assert "byte 5 (0xFF)" in problem([b"\xef\xbb\xbfab\xff,name\n"]).message


def test_an_encoded_surrogate_is_not_utf_8() -> None:
    assert problem([b"name\n\xed\xa0\x80\n"]).code == Code.NOT_UTF8


def test_a_nul_byte_is_refused_at_its_line() -> None:
    found = problem([b"name,mail\nAnna,\0x\n"])

    assert (found.code, found.line) == (Code.NUL_BYTE, 2)
    assert "byte 15" in found.message


def test_a_file_beyond_the_limit_is_refused_and_one_at_it_is_read() -> None:
    content = b"name\nAnna\n"

    assert len(read([content], max_bytes=len(content))) == 2
    assert problem([content], max_bytes=len(content) - 1).code == Code.FILE_TOO_BIG


@pytest.mark.parametrize(
    "content", [b"name\nAn\rna\n", b"name\r\nAn\rna\r\n", b"name\rAn\nna\r", b"name\rAnna\r\nBea\r"]
)
def test_a_line_break_of_another_kind_outside_quotation_marks_is_refused(content: bytes) -> None:
    found = problem([content])

    assert found.code == Code.NEWLINE_MIXED
    assert found.line in {2, 3}


def test_a_quotation_mark_that_is_never_closed_is_refused_where_its_row_starts() -> None:
    found = problem([b'name\nAnna\n"Bea\nCleo\n'])

    assert (found.code, found.line) == (Code.QUOTE_UNTERMINATED, 3)


def test_text_after_a_closing_quotation_mark_is_refused() -> None:
    found = problem([b'name\n"O"Brien"\n'])

    assert (found.code, found.line, found.value) == (Code.QUOTE_MISPLACED, 2, '"O"Brien"')


@pytest.mark.parametrize("start", [b'name\nAnna\n"Bea', b"name\nAnna\nBea"])
def test_a_row_without_an_end_is_refused_before_it_fills_the_memory(start: bytes) -> None:
    filling = b"\nx" if start.count(b'"') else b"xx"

    def endless() -> Iterator[bytes]:
        yield start
        while True:
            yield filling * 1_000

    tracemalloc.start()
    try:
        found = problem(endless(), max_bytes=1 << 40)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (found.code, found.line) == (Code.RECORD_TOO_LONG, 3)
    assert peak_bytes < 8_000_000


def test_the_first_row_is_bounded_too() -> None:
    assert problem([b"x" * (MAX_RECORD_CHARACTERS + 1)]).line == 1
    assert problem([b'"' + b"x\n" * MAX_RECORD_CHARACTERS]).code == Code.RECORD_TOO_LONG


def test_a_row_of_nothing_but_delimiters_is_refused_before_rows_like_it_fill_the_memory() -> None:
    longest = b"," * (MAX_CELLS - 1)

    found = problem([b"recipient_email,recipient_name\n" + longest + b"\n" + longest + b",\n"])

    assert (found.code, found.line) == (Code.RECORD_TOO_LONG, 3)


@given(
    st.lists(
        st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r\n")), min_size=2, max_size=4),
        max_size=6,
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_the_csv_module_writes_is_read_back(rows: list[list[str]], delimiter: str, newline: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=newline).writerows([["name", "mail"], *rows])

    records = read([text.getvalue().encode()])

    assert [cells for _, cells in records] == [("name", "mail"), *(tuple(row) for row in rows)]

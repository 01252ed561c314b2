"""From bytes to records: encoding, line breaks, delimiter and quotation marks (RFC 4180, read strictly).

    chunks of bytes -> physical lines -> text -> records with the line they start on

Nothing is guessed. UTF-8 with or without a byte order mark is read; everything else is refused by name. The line
break after the header is the one that ends records: LF (CRLF is LF with a CR before it) or, in files of old Macs, CR
alone. The delimiter is the one of `,` `;` TAB that makes the most column names out of the first line. Cells are
split by the `csv` module in strict mode. Memory is bounded by one record, whatever the file holds.
"""

import csv
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, runtime_checkable

from registry.domain.upload_codes import Code, FileProblem

CHUNK_BYTES: Final = 64 * 1024
"""Read at a time: large enough that splitting lines costs little, small beside everything else."""
MAX_RECORD_CHARACTERS: Final = 100_000
"""Below the 131,072 characters that the csv module takes for one cell, and far above fifteen cells of a page each."""
MAX_CELLS: Final = 500
"""In a row: no export has as many columns, and a row of nothing but delimiters would be a hundred thousand cells."""
MAX_LINE_BYTES: Final = 4 * MAX_RECORD_CHARACTERS
"""A character of UTF-8 has at most four bytes."""
DELIMITERS: Final = (",", ";", "\t")

_BOM: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_SPREADSHEET_MARKS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""ZIP (xlsx, ods), an empty ZIP, and the compound files of older spreadsheets (xls)."""
_NUL_SHARE_OF_UTF16: Final = 3
"""One byte in three: UTF-16 text of a Latin header has one NUL in two, a stray NUL is far rarer."""
_FIRST_BREAK: Final = re.compile(rb'(?:[^"\r\n]|"[^"]*+")*+(\r\n|\n|\r)')
"""The first line break outside quotation marks; possessive, so that no input makes it slow."""


@runtime_checkable
class Readable(Protocol):
    """A binary stream: a file, an upload, BytesIO."""

    def read(self, _size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""
        ...


ByteSource: TypeAlias = Readable | Iterable[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row of the file as it stands there."""

    line: int
    """The physical line on which it starts, counted from 1."""
    cells: tuple[str, ...]


@runtime_checkable
class Records(Protocol):
    """The records of a file, one at a time. Every problem is a `FileProblem`."""

    @property
    def delimiter(self) -> str:
        """What a copy of the file puts between cells."""
        ...

    def __iter__(self) -> Iterator[Record]:
        """Return itself: a file is read once."""
        ...

    def __next__(self) -> Record:
        """Read one record."""
        ...


class RecordReader:
    """The records of one CSV stream, one at a time. Every problem is a `FileProblem`."""

    def __init__(self, source: ByteSource, *, column_names: Collection[str], max_bytes: int) -> None:
        self._lines = _Lines(source, max_bytes=max_bytes)
        first = next(self._lines, None)
        if first is None:
            raise FileProblem(Code.FILE_EMPTY)
        self.delimiter = sniff_delimiter(first, column_names)
        self._lines.unread()
        self._csv = csv.reader(self._lines, delimiter=self.delimiter, strict=True)

    def __iter__(self) -> Iterator[Record]:
        """Return itself: a stream is read once."""
        return self

    def __next__(self) -> Record:
        """Read one record.

        Raises FileProblem when the stream cannot be read on.
        """
        line = self._lines.begin_record()
        try:
            cells = tuple(next(self._csv))
        except csv.Error as error:
            raise self._lines.quoting_problem(line) from error
        if len(cells) > MAX_CELLS:
            detail = f"a row has more than the {MAX_CELLS} cells that are read"
            raise FileProblem(Code.RECORD_TOO_LONG, line=line, detail=detail)
        return Record(line=line, cells=cells)


def sniff_delimiter(line: str, column_names: Collection[str]) -> str:
    """Choose the delimiter that makes the most column names out of the header line, then the most cells.

    Ties go to the earlier of `,` `;` TAB.
    """

    def merit(delimiter: str) -> tuple[int, int]:
        cells = _split_plainly(line, delimiter)
        return sum(cell.strip().casefold() in column_names for cell in cells), len(cells)

    return max(DELIMITERS, key=merit)


def _split_plainly(line: str, delimiter: str) -> list[str]:
    """Split outside quotation marks, without judging them: the strict reader does that afterwards."""
    quoted = line.split('"')
    marked = [part if index % 2 else part.replace(delimiter, "\0") for index, part in enumerate(quoted)]
    return "".join(marked).split("\0")


class _Lines:
    """The physical lines of a stream, each with its line break, counted."""

    def __init__(self, source: ByteSource, *, max_bytes: int) -> None:
        self._raw = _split_lines(_chunks(source, max_bytes=max_bytes))
        self._number = 0
        self._offset = 0
        self._record_line = 1
        self._record_length = 0
        self._current = ""
        self._again = False
        self._ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._again:
            self._again = False
            return self._current
        raw = next(self._raw, None)
        if raw is None:
            self._ended = True
            raise StopIteration
        self._number += 1
        text = self._decode(raw)
        self._record_length += len(text)
        if self._record_length > MAX_RECORD_CHARACTERS:
            raise FileProblem(Code.RECORD_TOO_LONG, line=self._record_line)
        self._current = text
        return text

    def unread(self) -> None:
        """Give the current line once more: it was looked at, not taken."""
        self._again = True

    def begin_record(self) -> int:
        """Start counting the characters of a record; return the line it starts on."""
        self._record_line = self._number if self._again else self._number + 1
        self._record_length = len(self._current) if self._again else 0
        return self._record_line

    def quoting_problem(self, line: int) -> FileProblem:
        """Tell why the csv module refused the record that starts on this line."""
        if self._ended:
            return FileProblem(Code.QUOTE_UNTERMINATED, line=line)
        if "\r" in self._current.rstrip("\r\n") or "\n" in self._current.rstrip("\r\n"):
            return FileProblem(Code.NEWLINE_MIXED, line=self._number)
        return FileProblem(Code.QUOTE_MISPLACED, line=self._number, value=self._current.rstrip("\r\n"))

    def _decode(self, raw: bytes) -> str:
        if b"\0" in raw:
            detail = f"there is a NUL byte at byte {self._offset + raw.index(0)}: the file is damaged or no text"
            raise FileProblem(Code.NUL_BYTE, line=self._number, detail=detail)
        start = len(_BOM) if self._number == 1 and raw.startswith(_BOM) else 0
        try:
            text = raw[start:].decode("utf-8")
        except UnicodeDecodeError as error:
            at = start + error.start
            detail = f"byte {self._offset + at} (0x{raw[at]:02X}) is not UTF-8"
            before = raw[start:at].decode("utf-8")
            value = f"{before[-20:]}\N{REPLACEMENT CHARACTER}"
            raise FileProblem(Code.NOT_UTF8, line=self._number, value=value, detail=detail) from error
        self._offset += len(raw)
        return text


def _split_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    head = next(chunks, b"")
    _refuse_foreign_formats(head)
    newline = _newline(head)
    line_number = 1
    pending = b""
    chunk: bytes | None = head
    while chunk is not None:
        *lines, pending = (pending + chunk).split(newline)
        for line in lines:
            yield line + newline
        line_number += len(lines)
        if len(pending) > MAX_LINE_BYTES:
            raise FileProblem(Code.RECORD_TOO_LONG, line=line_number)
        chunk = next(chunks, None)
    if pending and not (line_number == 1 and pending == _BOM):
        yield pending


def _refuse_foreign_formats(head: bytes) -> None:
    if head.startswith(_SPREADSHEET_MARKS):
        raise FileProblem(Code.SPREADSHEET_FILE)
    if head.startswith(_UTF16_MARKS) or head.count(0) * _NUL_SHARE_OF_UTF16 > len(head):
        raise FileProblem(Code.UTF16)


def _newline(head: bytes) -> bytes:
    found = _FIRST_BREAK.match(head.removeprefix(_BOM))
    return b"\r" if found is not None and found[1] == b"\r" else b"\n"


def _chunks(source: ByteSource, *, max_bytes: int) -> Iterator[bytes]:
    """Join what comes in into chunks of at least CHUNK_BYTES (the last may be shorter), within the limit."""
    total = 0
    held: list[bytes] = []
    held_bytes = 0
    for piece in _pieces(source):
        total += len(piece)
        if total > max_bytes:
            raise FileProblem(Code.FILE_TOO_BIG, detail=f"the file is larger than the {max_bytes:,} bytes allowed")
        held.append(piece)
        held_bytes += len(piece)
        if held_bytes >= CHUNK_BYTES:
            yield b"".join(held)
            held, held_bytes = [], 0
    if held:
        yield b"".join(held)


def _pieces(source: ByteSource) -> Iterator[bytes]:
    if not isinstance(source, Readable):
        yield from source
        return
    while piece := source.read(CHUNK_BYTES):
        yield piece

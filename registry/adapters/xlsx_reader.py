"""Rows of an XLSX file (ECMA-376 part 1, chapter 18), one at a time: nothing of a sheet is held but the row being read.

    archive ──> workbook: which sheet, since when days count ──> styles: what is a date ──> shared strings ──> rows

The first row that is not empty is the header. Rows have the numbers that the spreadsheet program shows; empty ones are
passed over. Formulas are not computed: what was last computed stands beside them. docs/decisions/0111-xlsx.md says why
no library reads it.
"""

import sys
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Final, Self

from registry.adapters.xlsx_archive import (
    Archive,
    Attributes,
    XmlReader,
    damaged,
    read_part,
    relationships,
)
from registry.adapters.xlsx_values import Form, column_index, form_of, number_text, unescaped
from registry.domain.upload_codes import Code, FileProblem, show_value
from registry.domain.upload_report import formula_safe
from registry.domain.upload_text import MAX_RECORD_CHARACTERS, Record

MAX_COLUMNS: Final = 500
"""Of a row that says something: an export has some dozens."""
MAX_CELL: Final = 32_767
"""UTF-16 units of a cell, as spreadsheet programs have it: more would be cut off in the annotated file."""
MAX_STRINGS_BYTES: Final = 64 * 1_048_576
"""Of shared strings in memory: three short ones for each of 250,000 rows."""
MAX_STYLES: Final = 65_536
"""What spreadsheet programs allow."""
MAX_ROW_DIGITS: Final = 7

_MAINS: Final = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_TAGS: Final = {
    f"{main} {tag}": tag
    for main in _MAINS
    for tag in ("row", "c", "v", "t", "si", "is", "rPh", "sheet", "workbookPr", "numFmt", "cellXfs", "xf")
}


class SheetRecords:
    """Implements `Records` over one sheet of an open file."""

    delimiter: Final = ","

    def __init__(self, file: BinaryIO, *, sheet: str | None, max_bytes: int) -> None:
        """Read everything but the rows. Raises FileProblem."""
        archive = Archive(file)
        book = _Workbook(archive)
        part = book.part_of(sheet)
        strings = _shared_strings(archive, book.strings)
        rows = _SheetParser(strings, _forms(archive, book.styles), since_1904=book.since_1904)
        self._records = _records(archive.chunks(part), rows, max_characters=max_bytes)

    def __iter__(self) -> Self:
        """Return itself: a file is read once."""
        return self

    def __next__(self) -> Record:
        """Read one row. Raises FileProblem."""
        return next(self._records)


def _records(chunks: Iterator[bytes], rows: "_SheetParser", *, max_characters: int) -> Iterator[Record]:
    width, characters = 0, 0
    for line, cells in _parsed(chunks, rows):
        width = width or len(cells)
        # A string may be shared by all cells: as text the file must not be larger than one of text may be.
        characters += sum(map(len, cells))
        if characters > max_characters:
            raise FileProblem(Code.FILE_TOO_BIG)
        # Cells at the end of a row that hold nothing are not in the file.
        yield Record(line=line, cells=(*cells, *("",) * (width - len(cells))))


def _parsed(chunks: Iterator[bytes], rows: "_SheetParser") -> Iterator[tuple[int, list[str]]]:
    for chunk in chunks:
        rows.feed(chunk)
        while rows.ready:
            yield rows.ready.popleft()
    rows.finish()
    yield from rows.ready


class _Workbook:
    """Which parts a workbook has."""

    def __init__(self, archive: Archive) -> None:
        self._sheets: list[tuple[str, str]] = []
        self.since_1904 = False
        roots = relationships(archive, "")
        name = next((target for kind, target in roots.values() if kind == "officeDocument"), None)
        if name is None or not archive.has(name):
            raise FileProblem(Code.SPREADSHEET_FILE)
        self._parts = relationships(archive, name)
        read_part(archive, name, XmlReader(start=self._start))
        kinds = dict(self._parts.values())
        self.strings = kinds.get("sharedStrings")
        self.styles = kinds.get("styles")

    def part_of(self, sheet: str | None) -> str:
        """Return the part of a sheet by its name, of the first one without. Raises FileProblem."""
        found = [key for name, key in self._sheets if sheet is None or name == sheet]
        if not found and sheet is not None:
            names = ", ".join(show_value(name) for name, _ in self._sheets[:10])
            raise FileProblem(
                Code.SHEET_MISSING, value=sheet, line=1, detail=f"no sheet has this name; there are {names}"
            )
        kind, part = self._parts.get(found[0], ("", "")) if found else ("", "")
        if kind != "worksheet":
            raise damaged("it has no such sheet with cells")
        return part

    def _start(self, name: str, attributes: Attributes) -> None:
        tag = _TAGS.get(name)
        if tag == "workbookPr":
            self.since_1904 = attributes.get("date1904") in {"1", "true"}
        elif tag == "sheet":
            key = next((value for key, value in attributes.items() if key.endswith(" id")), "")
            self._sheets.append((attributes.get("name", ""), key))


def _shared_strings(archive: Archive, part: str | None) -> list[str]:
    strings: list[str] = []
    if part is None or not archive.has(part):
        return strings
    text = _Text()
    taken = 0

    def start(name: str, _attributes: Attributes) -> None:
        text.start(_TAGS.get(name))

    def end(name: str) -> None:
        nonlocal taken
        tag = _TAGS.get(name)
        text.end(tag)
        if tag == "si":
            string = text.take()
            taken += sys.getsizeof(string) + 8
            if taken > MAX_STRINGS_BYTES:
                raise FileProblem(Code.SPREADSHEET_TOO_BIG)
            strings.append(string)

    reader = XmlReader(start=start, end=end, text=text.add)
    for chunk in archive.chunks(part):
        reader.feed(chunk)
    reader.finish()
    return strings


def _forms(archive: Archive, part: str | None) -> list[Form]:
    codes: dict[int, str] = {}
    numbers: list[int] = []
    inside = False

    def start(name: str, attributes: Attributes) -> None:
        nonlocal inside
        tag = _TAGS.get(name)
        if tag == "cellXfs":
            inside = True
        elif tag == "numFmt":
            codes[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif tag == "xf" and inside and len(numbers) < MAX_STYLES:
            numbers.append(_whole(attributes.get("numFmtId")))

    def end(name: str) -> None:
        nonlocal inside
        inside = inside and _TAGS.get(name) != "cellXfs"

    if part is not None and archive.has(part):
        read_part(archive, part, XmlReader(start=start, end=end))
    return [form_of(number, codes) for number in numbers]


class _Text:
    """The text of the `t` elements of one string, without what says how it is pronounced."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._pronounced = False
        self._open = False

    def start(self, tag: str | None) -> None:
        if tag == "rPh":
            self._pronounced = True
        elif tag in {"t", "v"}:
            self._open = not self._pronounced

    def end(self, tag: str | None) -> None:
        if tag == "rPh":
            self._pronounced = False
        elif tag in {"t", "v"}:
            self._open = False

    def add(self, piece: str) -> None:
        if self._open:
            self._length += len(piece)
            if self._length > MAX_RECORD_CHARACTERS:
                raise FileProblem(Code.RECORD_TOO_LONG)
            self._pieces.append(piece)

    def take(self) -> str:
        """Return the text, and begin the next one."""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._length = 0
        return unescaped(text)


class _SheetParser:
    """Makes rows of the elements of a sheet."""

    def __init__(self, strings: list[str], forms: list[Form], *, since_1904: bool) -> None:
        self.ready: deque[tuple[int, list[str]]] = deque()
        self._strings = strings
        self._forms = forms
        self._since_1904 = since_1904
        self._text = _Text()
        self._reader = XmlReader(start=self._start, end=self._end, text=self._text.add)
        self.feed, self.finish = self._reader.feed, self._reader.finish
        self._line = 0
        self._cells: list[str] = []
        self._characters = 0
        self._column = -1
        self._type, self._style = "n", 0

    def _start(self, name: str, attributes: Attributes) -> None:
        tag = _TAGS.get(name)
        if tag == "c":
            place = column_index(attributes["r"]) if "r" in attributes else self._column + 1
            if place is None or place <= self._column:
                raise damaged(f"a cell of row {self._line} stands in no place")
            self._column = place
            self._type, self._style = attributes.get("t", "n"), _whole(attributes.get("s"))
        elif tag == "row":
            line = _whole(attributes["r"]) if "r" in attributes else self._line + 1
            if line <= self._line:
                raise damaged(f"a row after row {self._line} has no number of its own")
            self._line, self._cells, self._characters, self._column = line, [], 0, -1
        else:
            self._text.start(tag)

    def _end(self, name: str) -> None:
        tag = _TAGS.get(name)
        if tag == "c":
            value = self._value(self._text.take())
            if value:
                self._keep(value)
        elif tag == "row":
            if self._cells:
                self.ready.append((self._line, self._cells))
                self._cells = []
        else:
            self._text.end(tag)

    def _keep(self, value: str) -> None:
        if self._column >= MAX_COLUMNS:
            detail = f"a row has more than the {MAX_COLUMNS} columns that are read"
            raise FileProblem(Code.SPREADSHEET_TOO_BIG, line=self._line, detail=detail)
        if len(value) > MAX_CELL // 2 and (units := len(formula_safe(value).encode("utf-16-le")) // 2) > MAX_CELL:
            detail = f"a cell has {units:,} characters where spreadsheet programs hold {MAX_CELL:,}"
            raise FileProblem(Code.VALUE_TOO_LONG, line=self._line, detail=detail)
        self._characters += len(value)
        if self._characters > MAX_RECORD_CHARACTERS:
            raise FileProblem(Code.RECORD_TOO_LONG, line=self._line)
        self._cells.extend([""] * (self._column - len(self._cells)))
        self._cells.append(value)

    def _value(self, text: str) -> str:
        match self._type:
            case "s":
                index = _whole(text)
                if not 0 <= index < len(self._strings):
                    raise damaged(f"a cell of row {self._line} names a text that is not there")
                return self._strings[index]
            case "n":
                form = self._forms[self._style] if 0 <= self._style < len(self._forms) else Form.PLAIN
                return number_text(text, form, since_1904=self._since_1904) if text else ""
            case "b":
                return {"1": "TRUE", "0": "FALSE"}.get(text, text)
            case "d":
                # A moment of ISO 8601: the day is what stands first.
                return text.partition("T")[0]
            case _:
                return text


def _whole(text: str | None) -> int:
    if text is None:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_ROW_DIGITS else -1

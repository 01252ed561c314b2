"""The structure of a PDF file (ISO 32000-2 section 7.5): from its end to any of its objects.

    startxref -> a table or a stream of references -> /Prev -> ...    the newest says where an object stands
    object    -> where it stands, or inside a stream of objects

What is encrypted, damaged or spelled in a way that readers repair differently is refused; nothing is searched for.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.adapters.presented_files.allowance import Allowance
from registry.adapters.presented_files.pdf_objects import (
    PdfDict,
    PdfName,
    PdfReference,
    PdfValue,
    malformed,
    parse_value,
)
from registry.domain.errors import Malformed
from registry.domain.presented_files import FileCode

MAX_SECTIONS: Final = 64
"""Each is a time that the file was saved with changes."""
MAX_OBJECTS: Final = 50_000
"""A certificate has a hundred objects, a book tens of thousands."""
MAX_STREAM_BYTES: Final = 4_194_304
"""Inflated: the references of all objects fit, and four times the largest credential."""
_MAX_HOPS: Final = 8
"""From a reference to what it means: more than one is odd already."""

_SPACE: Final = rb"[\x00\t\n\x0c\r ]"
_END: Final = re.compile(rb"startxref" + _SPACE + rb"++(\d{1,10})" + _SPACE + rb"++%%EOF" + _SPACE + rb"*+\Z")
_TAIL: Final = 2_048
"""At the end of the file, where `startxref` must stand."""
_TABLE: Final = re.compile(_SPACE + rb"{0,9}xref" + _SPACE + rb"{1,9}")
_SUBSECTION: Final = re.compile(rb"(\d{1,10}) (\d{1,10})" + _SPACE + rb"++")
_ENTRY: Final = re.compile(rb"(\d{10}) (\d{5}) ([nf])[ \r\n]{1,2}")
_TRAILER: Final = re.compile(rb"trailer")
_OBJECT: Final = re.compile(_SPACE + rb"{0,9}(\d{1,10})" + _SPACE + rb"{1,9}\d{1,5}" + _SPACE + rb"{1,9}obj")
_STREAM: Final = re.compile(_SPACE + rb"{0,9}stream(?:\r\n|\n)")
_STREAM_END: Final = re.compile(rb"[\r\n]{0,2}endstream")
_PAIR: Final = re.compile(rb"\s*+(\d{1,10})\s++(\d{1,10})(?=\s)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfStream:
    """A stream, as it stands in the file."""

    about: PdfDict
    start: int
    data: memoryview
    """A view: streams may overlap in a file that means harm, and copies of them would not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an object stands: at an offset of the file, or at an index of a stream of objects."""

    offset: int
    inside: int | None = None
    """The number of the stream of objects."""


class PdfFile:
    """A file whose references were read."""

    def __init__(self, content: bytes, allowance: Allowance) -> None:
        """Read the references. Raises Malformed."""
        self._content = content
        self._allowance = allowance
        self._places: dict[int, _Place | None] = {}
        """None: the object is gone."""
        self._streams: dict[int, tuple[bytes, dict[int, int]]] = {}
        self._sections: set[int] = set()
        end = _END.search(content, max(0, len(content) - _TAIL))
        if end is None:
            at = content.rfind(b"%%EOF")
            code = FileCode.PDF_MALFORMED if at < 0 else FileCode.PDF_TRAILING_BYTES
            raise Malformed(code, "expected the end of a PDF file: startxref, an offset, %%EOF and nothing more")
        self._trailer = self._read_sections(int(end[1]))
        if b"Encrypt" in self._trailer:
            raise Malformed(FileCode.PDF_ENCRYPTED, "expected a PDF file without a password or other encryption")

    def catalog(self) -> PdfDict:
        """Return the root of the document. Raises Malformed."""
        return self.dictionary(self._trailer.get(b"Root"))

    def dictionary(self, value: "PdfValue | PdfStream") -> PdfDict:
        """Return the dictionary that a value is or leads to. Raises Malformed."""
        found = self.resolve(value)
        if not isinstance(found, dict):
            raise malformed("expected a dictionary")
        return found

    def resolve(self, value: "PdfValue | PdfStream") -> "PdfValue | PdfStream":
        """Return what a value means, following references. Raises Malformed."""
        for _ in range(_MAX_HOPS):
            if not isinstance(value, PdfReference):
                return value
            value = self._object(value.number)
        raise malformed("expected a reference that leads to an object")

    def inflate(self, stream: PdfStream) -> bytes:
        """Return what a stream holds. Raises Malformed."""
        filters, parameters = (self.resolve(stream.about.get(member)) for member in (b"Filter", b"DecodeParms"))
        return self._decode(stream.data, _as_list(filters), _as_list(parameters))

    def _decode(self, stored: memoryview, filters: list[PdfValue], parameters: list[PdfValue]) -> bytes:
        if not filters:
            if len(stored) > MAX_STREAM_BYTES:
                raise _too_large()
            self._allowance.inflate(len(stored))
            data = bytes(stored)
        elif filters == [PdfName(b"FlateDecode")]:
            data = self._inflate(stored)
        else:
            raise Malformed(FileCode.PDF_FILTER_UNSUPPORTED, "expected a stream that is stored as it is, or deflated")
        about = parameters[0] if parameters else None
        return self._predicted(data, about) if isinstance(about, dict) else data

    def _decode_directly(self, stream: PdfStream) -> bytes:
        """Return what a stream holds that objects are looked up in: it must not need to be looked up itself."""
        return self._decode(
            stream.data, _as_list(stream.about.get(b"Filter")), _as_list(stream.about.get(b"DecodeParms"))
        )

    def _inflate(self, data: memoryview) -> bytes:
        # What goes in costs time too, though nothing may come out; and streams may overlap.
        self._allowance.inflate(len(data))
        inflater = zlib.decompressobj()
        try:
            inflated = inflater.decompress(data, MAX_STREAM_BYTES + 1)
        except zlib.error as error:
            raise malformed("expected a stream that zlib can read") from error
        self._allowance.inflate(len(inflated))
        if len(inflated) > MAX_STREAM_BYTES:
            raise _too_large()
        if not inflater.eof:
            raise malformed("expected the whole of a compressed stream")
        return inflated

    def _predicted(self, data: bytes, about: PdfDict) -> bytes:
        """Undo the predictor of PNG (section 7.4.4.4) for rows of bytes, as references are written."""
        predictor, columns = about.get(b"Predictor", 1), about.get(b"Columns", 1)
        if predictor == 1:
            return data
        plain = about.get(b"Colors", 1) == 1 and about.get(b"BitsPerComponent", 8) == 8
        if not (plain and predictor in {10, 11, 12, 13, 14, 15} and isinstance(columns, int) and 1 <= columns <= 64):
            raise Malformed(FileCode.PDF_FILTER_UNSUPPORTED, "expected a stream without a predictor, or one of bytes")
        self._allowance.step(len(data) // 8)
        rows: list[bytes] = []
        above = bytes(columns)
        for start in range(0, len(data), columns + 1):
            kind, row = data[start], data[start + 1 : start + 1 + columns]
            if kind not in {0, 2} or len(row) != columns:
                raise Malformed(
                    FileCode.PDF_FILTER_UNSUPPORTED, "expected whole rows, predicted by nothing or the row above"
                )
            above = bytes((a + b) & 0xFF for a, b in zip(row, above, strict=True)) if kind else row
            rows.append(above)
        return b"".join(rows)

    # -- references -------------------------------------------------------------------------------------------------

    def _read_sections(self, offset: int) -> PdfDict:
        newest: PdfDict | None = None
        while True:
            if offset in self._sections or len(self._sections) == MAX_SECTIONS:
                raise Malformed(
                    FileCode.PDF_TOO_COMPLEX, f"expected at most {MAX_SECTIONS} sections of references, in no circle"
                )
            self._sections.add(offset)
            trailer = self._read_section(offset)
            newest = trailer if newest is None else newest
            before = trailer.get(b"Prev")
            if before is None:
                return newest
            if not isinstance(before, int):
                raise malformed("expected an offset as Prev")
            offset = before

    def _read_section(self, offset: int) -> PdfDict:
        if not 0 <= offset < len(self._content):
            raise malformed("expected an offset inside the file")
        table = _TABLE.match(self._content, offset)
        if table is None:
            return self._read_reference_stream(offset)
        noted, trailer = self._read_table(table.end())
        hybrid = trailer.get(b"XRefStm")
        if isinstance(hybrid, int) and 0 <= hybrid < len(self._content):
            # Section 7.5.8.4: what stands in it is told to be free in the table, for readers that know no streams.
            self._read_reference_stream(hybrid)
        for number, place in noted:
            self._note(number, place)
        return trailer

    def _read_table(self, position: int) -> tuple[list[tuple[int, _Place | None]], PdfDict]:
        noted: list[tuple[int, _Place | None]] = []
        while subsection := _SUBSECTION.match(self._content, position):
            first, count = int(subsection[1]), int(subsection[2])
            position = subsection.end()
            self._require_objects(count, noted=len(noted))
            for number in range(first, first + count):
                entry = _ENTRY.match(self._content, position)
                if entry is None:
                    raise malformed(f"expected a reference at {position}")
                position = entry.end()
                noted.append((number, _Place(offset=int(entry[1])) if entry[3] == b"n" else None))
        word = _TRAILER.match(self._content, position)
        if word is None:
            raise malformed(f"expected a trailer at {position}")
        trailer, _ = parse_value(self._content, word.end(), self._allowance)
        return noted, self.dictionary(trailer)

    def _read_reference_stream(self, offset: int) -> PdfDict:
        _, stream = self._object_at(offset)
        if not isinstance(stream, PdfStream) or stream.about.get(b"Type") != PdfName(b"XRef"):
            raise malformed(f"expected references at {offset}")
        widths, size = stream.about.get(b"W"), stream.about.get(b"Size")
        if not (isinstance(widths, list) and len(widths) == 3 and isinstance(size, int)):
            raise malformed("expected three widths and a size of references")
        first, second, third = (width if isinstance(width, int) and 0 <= width <= 8 else -1 for width in widths)
        if min(first, second, third) < 0:
            raise malformed("expected widths of at most eight bytes")
        data, length = self._decode_directly(stream), first + second + third
        position = 0
        for number in self._numbers(stream.about.get(b"Index", [0, size])):
            row = data[position : position + length]
            if len(row) != length or not length:
                raise malformed("expected as many references as are announced")
            position += length
            fields = row[:first], row[first : first + second], row[first + second :]
            kind = int.from_bytes(fields[0], "big") if first else 1
            self._note_fields(number, kind, int.from_bytes(fields[1], "big"), int.from_bytes(fields[2], "big"))
        return stream.about

    def _numbers(self, index: PdfValue) -> Iterator[int]:
        if not isinstance(index, list) or len(index) % 2:
            raise malformed("expected pairs in Index")
        for first, count in zip(index[::2], index[1::2], strict=True):
            if not (isinstance(first, int) and isinstance(count, int)) or first < 0 or count < 0:
                raise malformed("expected numbers in Index")
            self._require_objects(count)
            yield from range(first, first + count)

    def _note_fields(self, number: int, kind: int, second: int, third: int) -> None:
        match kind:
            case 0:
                self._note(number, None)
            case 1:
                self._note(number, _Place(offset=second))
            case 2:
                self._note(number, _Place(offset=third, inside=second))
            case _:
                # Section 7.5.8.3: other kinds are for later versions and mean nothing.
                self._note(number, None)

    def _note(self, number: int, place: _Place | None) -> None:
        # The newest section comes first.
        self._places.setdefault(number, place)

    def _require_objects(self, count: int, *, noted: int = 0) -> None:
        if len(self._places) + noted + count > MAX_OBJECTS:
            raise Malformed(FileCode.PDF_TOO_COMPLEX, f"expected at most {MAX_OBJECTS} objects")
        self._allowance.step(count)

    # -- objects ----------------------------------------------------------------------------------------------------

    def _object(self, number: int) -> "PdfValue | PdfStream":
        place = self._places.get(number)
        if place is None:
            return None
        if place.inside is not None:
            return self._object_inside(number, place.inside)
        found, value = self._object_at(place.offset)
        if found != number:
            raise malformed(f"expected object {number} at {place.offset}, got {found}")
        return value

    def _object_at(self, offset: int) -> tuple[int, "PdfValue | PdfStream"]:
        head = _OBJECT.match(self._content, offset)
        if head is None:
            raise malformed(f"expected an object at {offset}")
        value, position = parse_value(self._content, head.end(), self._allowance)
        start = _STREAM.match(self._content, position)
        if start is None or not isinstance(value, dict):
            return int(head[1]), value
        length = value.get(b"Length")
        if isinstance(length, PdfReference):
            length = self._length(length)
        if not isinstance(length, int) or not 0 <= length <= len(self._content) - start.end():
            raise malformed(f"expected the length of the stream at {offset}")
        end = start.end() + length
        if _STREAM_END.match(self._content, end) is None:
            raise malformed(f"expected the end of the stream at {offset}")
        data = memoryview(self._content)[start.end() : end]
        return int(head[1]), PdfStream(about=value, start=start.end(), data=data)

    def _length(self, reference: PdfReference) -> PdfValue:
        """Read a length that stands elsewhere: a number on its own, so that no stream waits for another."""
        place = self._places.get(reference.number)
        head = None if place is None or place.inside is not None else _OBJECT.match(self._content, place.offset)
        if head is None:
            raise malformed("expected a length where it is said to stand")
        value, _ = parse_value(self._content, head.end(), self._allowance)
        return value

    def _object_inside(self, number: int, container: int) -> PdfValue:
        if container not in self._streams:
            self._streams[container] = self._read_object_stream(container)
        data, offsets = self._streams[container]
        if number not in offsets:
            raise malformed(f"expected object {number} in the stream {container}")
        value, _ = parse_value(data, offsets[number], self._allowance)
        return value

    def _read_object_stream(self, number: int) -> tuple[bytes, dict[int, int]]:
        place = self._places.get(number)
        if place is None or place.inside is not None:
            raise malformed(f"expected a stream of objects as {number}")
        _, stream = self._object_at(place.offset)
        if not isinstance(stream, PdfStream):
            raise malformed(f"expected a stream of objects as {number}")
        count, first = stream.about.get(b"N"), stream.about.get(b"First")
        if not (isinstance(count, int) and 0 <= count <= MAX_OBJECTS and isinstance(first, int) and first >= 0):
            raise malformed(f"expected how many objects the stream {number} holds")
        data = self._decode_directly(stream)
        offsets: dict[int, int] = {}
        position = 0
        for _ in range(count):
            self._allowance.step()
            pair = _PAIR.match(data, position)
            if pair is None:
                raise malformed(f"expected {count} objects in the stream {number}")
            position = pair.end()
            offsets.setdefault(int(pair[1]), first + int(pair[2]))
        return data, offsets


def _as_list(value: "PdfValue | PdfStream") -> list["PdfValue"]:
    if value is None:
        return []
    if isinstance(value, PdfStream):
        raise malformed("expected no stream here")
    return value if isinstance(value, list) else [value]


def _too_large() -> Malformed:
    return Malformed(FileCode.PDF_STREAM_TOO_LARGE, f"expected streams of at most {MAX_STREAM_BYTES} bytes")

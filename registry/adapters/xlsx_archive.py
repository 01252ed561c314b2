"""The parts of an XLSX file (Office Open XML, ECMA-376 part 2): a ZIP archive, read with limits before and while unpacking.

What an archive says of itself may be a lie: its directory is measured before it is read, its parts are counted while
they come out. Nothing is unpacked to disk, no relationship that leads outside is followed, and what a part is for
(macros, links) is nobody's business here: only what is asked for by name is read.
"""

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Final, NoReturn
from xml.parsers import expat

from registry.domain.upload_codes import Code, FileProblem

MAX_DIRECTORY_BYTES: Final = 1_048_576
"""Some ten thousand entries; a workbook has some dozens. The library holds a kilobyte for each."""
MAX_PART_BYTES: Final = 256 * 1_048_576
"""Of one part, unpacked: 250,000 rows of fifteen columns take two thirds of it."""
MAX_SMALL_PART_BYTES: Final = 8 * 1_048_576
"""Of a part that is a list: sheets, relationships, styles."""
MAX_RATIO: Final = 300
"""Sheets of numbers shrink to a fiftieth; DEFLATE ends at a thousandth, where bombs are."""
FREE_BYTES: Final = 1_048_576
"""So much may come out of however little."""
CHUNK_BYTES: Final = 65_536

_END: Final = struct.Struct("<4s4H2LH")
_END_MARK: Final = b"PK\x05\x06"
_LARGE_LOCATOR: Final = struct.Struct("<4sLQL")
_LARGE_END: Final = struct.Struct("<4sQ2H2L4Q")
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 0x1
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    UnicodeDecodeError,
    ValueError,
    struct.error,
)
"""What the library raises for archives that are none, or not what they say."""


def damaged(detail: str) -> FileProblem:
    """Return the problem of a file that cannot be read."""
    return FileProblem(Code.SPREADSHEET_DAMAGED, detail=detail)


class Archive:
    """An open archive."""

    def __init__(self, file: BinaryIO) -> None:
        """Read its directory. Raises FileProblem."""
        _check_directory(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise damaged("the archive cannot be read") from error

    def has(self, name: str) -> bool:
        """Tell whether there is a part."""
        return name in self._zip.NameToInfo

    def chunks(self, name: str, *, limit_bytes: int = MAX_PART_BYTES) -> Iterator[bytes]:
        """Unpack a part piece by piece. Raises FileProblem."""
        try:
            info = self._zip.getinfo(name)
            if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
                raise damaged("a part of it is encrypted, or packed in a way that XLSX does not know")
            total = 0
            with self._zip.open(info) as part:
                while chunk := part.read(CHUNK_BYTES):
                    total += len(chunk)
                    if total > limit_bytes or total > FREE_BYTES + MAX_RATIO * info.compress_size:
                        raise FileProblem(Code.SPREADSHEET_TOO_BIG)
                    yield chunk
        except _BROKEN as error:
            raise damaged("a part of it is missing or damaged") from error


Attributes = Mapping[str, str]


class XmlReader:
    """Reads XML without a tree: handlers are told of elements and their text. A document type is refused."""

    def __init__(
        self,
        *,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] = lambda _name: None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        """Names are told with their namespace before them and a space between."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.StartDoctypeDeclHandler = _refuse_document_type
        if text is not None:
            parser.CharacterDataHandler = text
        self._parser = parser

    def feed(self, chunk: bytes) -> None:
        """Read on. Raises FileProblem."""
        self._parse(chunk, is_last=False)

    def finish(self) -> None:
        """End. Raises FileProblem unless the document is whole."""
        self._parse(b"", is_last=True)

    def _parse(self, chunk: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(chunk, is_last)
        except expat.ExpatError as error:
            raise damaged("a part of it is no well-formed XML") from error


def read_part(archive: Archive, name: str, reader: XmlReader, *, limit_bytes: int = MAX_SMALL_PART_BYTES) -> None:
    """Read a whole part. Raises FileProblem."""
    for chunk in archive.chunks(name, limit_bytes=limit_bytes):
        reader.feed(chunk)
    reader.finish()


def relationships(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Return the parts that a part refers to inside the archive: by id, the last word of the kind and the name."""
    folder, name = posixpath.split(part)
    listed = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, tuple[str, str]] = {}

    def start(name: str, attributes: Attributes) -> None:
        if not name.endswith(" Relationship") or attributes.get("TargetMode") == "External":
            return
        target = attributes.get("Target", "")
        inside = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], inside)

    if archive.has(listed):
        read_part(archive, listed, XmlReader(start=start))
    return found


def _refuse_document_type(*_: object) -> NoReturn:
    # Entities, nested or from outside, begin with one; workbooks have none.
    raise damaged("a part of it has a document type")


def _check_directory(file: BinaryIO) -> None:
    """Measure the directory before the library reads all of it."""
    size = file.seek(0, 2)
    if size < _END.size:
        raise damaged("the archive is cut off")
    file.seek(size - _END.size)
    end = file.read(_END.size)
    mark, *_, directory_bytes, _offset, comment = _END.unpack(end)
    if mark != _END_MARK or comment:
        raise damaged("the archive has no end, or something follows it")
    before = size - _END.size - _LARGE_LOCATOR.size
    if before >= _LARGE_END.size:
        file.seek(before)
        if file.read(4) == b"PK\x06\x07":
            file.seek(before - _LARGE_END.size)
            large = _LARGE_END.unpack(file.read(_LARGE_END.size))
            if large[0] != b"PK\x06\x06":
                raise damaged("the archive has no end where it says")
            directory_bytes = large[8]
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise FileProblem(Code.SPREADSHEET_TOO_BIG)
    file.seek(0)

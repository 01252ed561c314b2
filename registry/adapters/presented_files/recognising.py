"""Reading whatever was dropped: told by how it begins, read by the one reader of its kind, put together at the end.

PNG                  the credential baked into it, else its QR code
JPEG                 its QR code
PDF                  what is attached to it
zip                  its members, each as if it had come alone; a zip inside it is refused
<                    SVG, the credential baked into it
anything else        text: JSON, a token, a link, a short code
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from typing_extensions import override

from registry.adapters.baking_png import SIGNATURE as PNG_SIGNATURE
from registry.adapters.baking_png import extract_png
from registry.adapters.baking_svg import MAX_MARKUP, extract_svg
from registry.adapters.presented_files.allowance import Allowance
from registry.adapters.presented_files.pdf_attachments import read_attachments
from registry.adapters.presented_files.pictures import JPEG_SIGNATURE, read_codes
from registry.adapters.presented_files.zip_members import END_SIGNATURE, LOCAL_SIGNATURE, read_members
from registry.domain.errors import Malformed
from registry.domain.presented import is_token
from registry.domain.presented_files import MAX_FILE_BYTES, FileCode, FileKind, FoundCredential
from registry.domain.presented_text import Piece, bring_together, read_carried, read_text
from registry.ports import FileReader

_MAX_NAME: Final = 255
"""As long as a name may be where files are kept."""
_PDF_SIGNATURE: Final = b"%PDF-"
_ZIP_SIGNATURES: Final = (LOCAL_SIGNATURE, END_SIGNATURE)
_OTHER_PICTURES: Final = (
    b"GIF8",
    b"RIFF",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"\0\0\0\x18ftyp",
    b"\0\0\0\x1cftyp",
    b"\0\0\0\x20ftyp",
)
"""GIF, WebP, BMP, TIFF, HEIC and AVIF: each would be another decoder for strangers to attack."""


class _FileReader(FileReader):
    def __init__(self) -> None:
        self._decoding = threading.Lock()

    @override
    def read(self, content: bytes, *, name: str) -> tuple[FoundCredential, ...]:
        return _read_file(content, name, Allowance(decoding=self._decoding))

    @override
    def read_all(self, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[FoundCredential, ...] | Malformed]:
        allowance = Allowance(decoding=self._decoding)
        for name, content in files:
            try:
                yield _read_file(content, name, allowance)
            except Malformed as error:
                yield error


def open_file_reader() -> FileReader:
    """Return a reader of files. It keeps nothing between two of them, and threads may share it."""
    return _FileReader()


def _read_file(content: bytes, name: str, allowance: Allowance) -> tuple[FoundCredential, ...]:
    if len(content) > MAX_FILE_BYTES:
        raise Malformed(FileCode.FILE_TOO_LARGE, f"expected at most {MAX_FILE_BYTES} bytes, got {len(content)}")
    if content.startswith(_ZIP_SIGNATURES):
        return _read_zip(content, allowance)
    found = bring_together(_read_one(content, _shown(name), allowance))
    for item in found:
        if item.problem is not None and len(found) == 1:
            raise item.problem
    return found


def _read_zip(content: bytes, allowance: Allowance) -> tuple[FoundCredential, ...]:
    pieces: list[Piece] = []
    for name, member in read_members(content, allowance):
        try:
            if isinstance(member, Malformed):
                raise member
            if member.startswith(_ZIP_SIGNATURES):
                raise Malformed(FileCode.ZIP_NESTED, "expected no zip file inside a zip file")
            pieces += _read_one(member, name, allowance)
        except Malformed as error:
            pieces.append(FoundCredential(name=_shown(name), kind=_kind(member), problem=error))
    found = bring_together(pieces)
    if not found:
        raise Malformed(FileCode.ZIP_WITHOUT_CREDENTIAL, "expected a zip file with a credential in it")
    return found


def _shown(name: str) -> str:
    """Return a name that steers neither a terminal nor the eye."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name[:_MAX_NAME]
    )


def _kind(member: bytes | Malformed) -> FileKind:
    if isinstance(member, Malformed):
        return FileKind.OTHER
    return next((kind for begins, kind, _ in _READERS if begins(member)), FileKind.OTHER)


def _read_one(content: bytes, name: str, allowance: Allowance) -> tuple[Piece, ...]:
    for begins, _, read in _READERS:
        if begins(content):
            return read(content, name, allowance)
    if content.startswith(_OTHER_PICTURES):
        raise Malformed(FileCode.PICTURE_UNSUPPORTED, "expected the picture as PNG or JPEG")
    return _read_text(content, name, allowance)


def _read_text(content: bytes, name: str, allowance: Allowance) -> tuple[Piece, ...]:
    allowance.read(content)
    return read_text(content, name=name)


def _read_carried(content: bytes, name: str, kind: FileKind, allowance: Allowance) -> tuple[Piece, ...]:
    allowance.read(content)
    return read_carried(content, name=name, kind=kind)


def _read_png(content: bytes, name: str, allowance: Allowance) -> tuple[Piece, ...]:
    try:
        carried = extract_png(content)
    except Malformed as error:
        if error.code != FileCode.PNG_WITHOUT_CREDENTIAL:
            raise
        return _read_picture(content, name, allowance)
    return _read_carried(carried, name, FileKind.PNG, allowance)


def _read_picture(content: bytes, name: str, allowance: Allowance) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for text in read_codes(content, allowance):
        try:
            pieces += read_text(text.encode("utf-8"), name=name, kind=FileKind.QR)
        except Malformed as error:
            pieces.append(FoundCredential(name=name, kind=FileKind.QR, problem=error))
    return tuple(pieces)


def _read_svg(content: bytes, name: str, allowance: Allowance) -> tuple[Piece, ...]:
    # Every element and attribute has one of them. Of what has too many nothing is read.
    allowance.step(min(content.count(b"<") + content.count(b"="), MAX_MARKUP))
    carried = extract_svg(content)
    return _read_carried(carried, name, FileKind.SVG, allowance)


def _read_pdf(content: bytes, name: str, allowance: Allowance) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for attached, data in read_attachments(content, allowance):
        if isinstance(data, Malformed):
            pieces.append(FoundCredential(name=attached, kind=FileKind.PDF, problem=data))
        elif data.strip()[:1] == b"{" or is_token(data):
            pieces += _read_carried(data, attached, FileKind.PDF, allowance)
    if not pieces:
        raise Malformed(
            FileCode.PDF_WITHOUT_CREDENTIAL,
            "expected a PDF file with a credential attached: printing it again loses it",
        )
    found = bring_together(pieces)
    several = len(found) > 1
    return tuple(replace(item, name=f"{name} [{number}]" if several else name) for number, item in enumerate(found, 1))


def _begins_as_svg(content: bytes) -> bool:
    return content[:1_024].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


_Reader = Callable[[bytes, str, Allowance], tuple[Piece, ...]]
_READERS: Final[tuple[tuple[Callable[[bytes], bool], FileKind, _Reader], ...]] = (
    (lambda content: content.startswith(PNG_SIGNATURE), FileKind.PNG, _read_png),
    (lambda content: content.startswith(JPEG_SIGNATURE), FileKind.QR, _read_picture),
    (lambda content: content.startswith(_PDF_SIGNATURE), FileKind.PDF, _read_pdf),
    (_begins_as_svg, FileKind.SVG, _read_svg),
    (lambda content: content[:1_024].lstrip()[:1] in {b"{", b"["}, FileKind.JSON, _read_text),
)

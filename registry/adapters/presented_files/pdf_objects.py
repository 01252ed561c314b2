"""The objects of a PDF file (ISO 32000-2 section 7.3): as many of them as lead to its attachments.

Nothing is run, drawn or decrypted. Parsing uses no recursion, and every token is paid for.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from registry.adapters.presented_files.allowance import Allowance
from registry.domain.errors import Malformed
from registry.domain.presented_files import FileCode

MAX_NESTING: Final = 32
"""Containers in containers: the objects on the way to an attachment are five deep."""
_MAX_TEXT: Final = 65_536
"""Of one string: those on the way are names of files."""
_STEP_BYTES: Final = 64
"""What is passed over in the time of one step."""

PdfValue: TypeAlias = "bool | int | float | bytes | PdfName | PdfReference | list[PdfValue] | PdfDict | None"


class PdfName(bytes):
    """A name, `/Type`, without its slash and as it is written."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PdfReference:
    """A reference to an object that stands elsewhere."""

    number: int


PdfDict: TypeAlias = "dict[bytes, PdfValue]"

_REGULAR: Final = rb"[^\x00\t\n\x0c\r ()<>\[\]{}/%]"
SKIP: Final = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+")
_TOKEN: Final = re.compile(
    rb"(?P<opendict><<)|(?P<closedict>>>)|(?P<openarray>\[)|(?P<closearray>\])"
    rb"|/(?P<name>" + _REGULAR + rb"{0,127}+)(?!" + _REGULAR + rb")"
    rb"|(?P<text>\()"
    rb"|<(?P<hex>[0-9A-Fa-f\x00\t\n\x0c\r ]*+)>"
    rb"|(?P<reference>\d{1,10})[\x00\t\n\x0c\r ]++\d{1,5}[\x00\t\n\x0c\r ]++R(?!" + _REGULAR + rb")"
    rb"|(?P<real>[+-]?(?:\d{1,20}\.\d{0,20}|\.\d{1,20}))(?!" + _REGULAR + rb")"
    rb"|(?P<integer>[+-]?\d{1,20})(?!" + _REGULAR + rb")"
    rb"|(?P<word>true|false|null)(?!" + _REGULAR + rb")"
)
_TEXT_PART: Final = re.compile(rb"[^()\\]++|\\(?:[0-7]{1,3}|\r\n|.)|[()]", re.DOTALL)
_WORDS: Final = {b"true": True, b"false": False, b"null": None}
_ESCAPES: Final = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"b": b"\b",
    b"f": b"\f",
    b"\n": b"",
    b"\r": b"",
    b"\r\n": b"",
}


def malformed(message: str) -> Malformed:
    """Return the error of a file that does not follow the standard."""
    return Malformed(FileCode.PDF_MALFORMED, message)


def parse_value(data: bytes, position: int, allowance: Allowance) -> tuple[PdfValue, int]:
    """Read one object; return it and where it ends.

    Raises Malformed.
    """
    containers: list[tuple[bool, list[PdfValue]]] = []
    while True:
        position, begun = _skip(data, position), position
        # Space, comments and long strings are paid for too: an object may be read again and again.
        allowance.step(1 + (position - begun) // _STEP_BYTES)
        match = _TOKEN.match(data, position)
        if match is None:
            raise malformed(f"expected an object at {position}")
        position = match.end()
        allowance.step(len(match[0]) // _STEP_BYTES)
        kind = str(match.lastgroup)
        if kind.startswith("open"):
            if len(containers) == MAX_NESTING:
                raise Malformed(FileCode.PDF_TOO_COMPLEX, f"expected at most {MAX_NESTING} levels of objects")
            containers.append((kind == "opendict", []))
            continue
        if kind.startswith("close"):
            value = _closed(containers, kind, position)
        elif kind == "text":
            value, position = _text(data, position, allowance)
        else:
            value = _scalar(kind, match)
        if not containers:
            return value, position
        containers[-1][1].append(value)


def _skip(data: bytes, position: int) -> int:
    match = SKIP.match(data, position)
    return match.end() if match else position


def _closed(containers: list[tuple[bool, "list[PdfValue]"]], kind: str, position: int) -> PdfValue:
    if not containers or containers[-1][0] != (kind == "closedict"):
        raise malformed(f"expected no end of a container at {position}")
    is_dict, items = containers.pop()
    if not is_dict:
        return items
    names = items[::2]
    if len(items) % 2 or not all(isinstance(name, PdfName) for name in names):
        raise malformed(f"expected names and values before {position}")
    members = {bytes(name): value for name, value in zip(names, items[1::2], strict=True) if isinstance(name, PdfName)}
    if len(members) != len(names):
        # Readers differ in which of the two they take.
        raise malformed(f"expected each name once before {position}")
    return members


def _scalar(kind: str, match: re.Match[bytes]) -> PdfValue:
    text = match[kind]
    match kind:
        case "name":
            return PdfName(text)
        case "hex":
            digits = bytes(text).translate(None, b"\x00\t\n\x0c\r ").decode("ascii")
            return bytes.fromhex(digits + "0" * (len(digits) % 2))
        case "reference":
            return PdfReference(int(text))
        case "real":
            return float(text)
        case "integer":
            return int(text)
        case _:
            return _WORDS[text]


def _text(data: bytes, position: int, allowance: Allowance) -> tuple[bytes, int]:
    """Read a string after its opening parenthesis."""
    parts: list[bytes] = []
    depth, size = 1, 0
    while part := _TEXT_PART.match(data, position):
        allowance.step()
        position = part.end()
        piece = part[0]
        depth += {b"(": 1, b")": -1}.get(piece, 0)
        if not depth:
            return b"".join(parts), position
        if piece.startswith(b"\\"):
            piece = (
                bytes([int(piece[1:], 8) & 0xFF])
                if piece[1:].isdigit() and piece[1:2] < b"8"
                else _ESCAPES.get(piece[1:], piece[1:])
            )
        size += len(piece)
        if size > _MAX_TEXT:
            raise Malformed(FileCode.PDF_TOO_COMPLEX, f"expected strings of at most {_MAX_TEXT} bytes")
        parts.append(piece)
    raise malformed("expected the end of a string")

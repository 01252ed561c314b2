"""Pictures with a QR code: PNG and JPEG, told apart and measured here, decoded by Pillow, read by zxing-cpp.

Before a pixel is decoded the picture's size is known and its file is taken down to what makes up the pixels: no profile, no
text, no EXIF, no second picture reaches a decoder.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from registry.adapters.baking_png import SIGNATURE, read_chunks
from registry.adapters.presented_files.allowance import Allowance
from registry.domain.errors import Malformed
from registry.domain.presented_files import FileCode

if TYPE_CHECKING:
    from PIL.Image import Image

JPEG_SIGNATURE: Final = b"\xff\xd8\xff"
MAX_PIXELS: Final = 12_582_912
"""A photograph by a telephone has 12.2 million. Decoded they take four bytes each, while a JPEG in scans is put together
six more: 120 MB, beside what a service takes anyway."""
MAX_SCANS: Final = 20
"""A JPEG in scans has ten. Each costs a pass over all pixels and takes up no room: a megabyte of them would run for hours."""
MAX_SEGMENTS: Final = 1_000
"""Before the first scan. A photograph has twenty, with a colour profile and a preview a hundred."""
MAX_CODES: Final = 8
"""A page of certificates has one each."""
_FINE_SIDE: Final = 2_048
"""Longer sides are halved: a code fills a tenth of a photograph, and a module of it is still several pixels."""

_PNG_PARTS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_START_OF_FRAME: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SCAN: Final = 0xDA
_JPEG_PARTS: Final = _START_OF_FRAME | {0xC4, 0xCC, 0xDB, 0xDD, 0xEE, _SCAN}
"""Frames, tables, restarts, and Adobe's marker, which says how colours are written."""

_PILLOW_ERRORS: Final = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError, SyntaxError),
    *(TypeError, ValueError, Warning, struct.error, zlib.error),
)
"""What Pillow is known to raise for files that are broken: it promises none of them."""


def read_codes(content: bytes, allowance: Allowance) -> tuple[str, ...]:
    """Return the texts of the QR codes in a PNG or JPEG picture, each once.

    Raises Malformed for what is no such picture, is too large, or has no code.
    """
    kind, parts, pixels = _png(content) if content.startswith(SIGNATURE) else _jpeg(content)
    if not 0 < pixels <= MAX_PIXELS:
        raise Malformed(FileCode.PICTURE_TOO_LARGE, f"expected a picture of at most {MAX_PIXELS} pixels, got {pixels}")
    allowance.look_at(pixels)
    with allowance.decoding:
        texts = tuple(dict.fromkeys(_look(kind, parts)))
    if not texts:
        raise Malformed(
            FileCode.PICTURE_WITHOUT_CODE, "expected a picture with a credential or a readable QR code in it"
        )
    return texts[:MAX_CODES]


def _png(content: bytes) -> tuple[str, bytes, int]:
    chunks = read_chunks(content)
    width, height = struct.unpack_from(">LL", chunks[0].data)
    kept = [content[chunk.start : chunk.end] for chunk in chunks if chunk.kind in _PNG_PARTS]
    return "PNG", SIGNATURE + b"".join(kept), width * height


def _jpeg(content: bytes) -> tuple[str, bytes, int]:
    kept, pixels = [content[:2]], 0
    for marker, start, end in _segments(content):
        if marker in _START_OF_FRAME:
            if pixels or end - start < 11:
                raise _malformed("expected one frame")
            height, width = struct.unpack_from(">HH", content, start + 5)
            pixels = height * width
        if marker in _JPEG_PARTS:
            kept.append(content[start:end])
    parts = b"".join(kept)
    if parts.count(b"\xff\xda") > MAX_SCANS:
        raise Malformed(FileCode.PICTURE_TOO_LARGE, f"expected a picture of at most {MAX_SCANS} scans")
    return "JPEG", parts, pixels


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment (ITU T.81 annex B); the last is the first scan and all that follows."""
    position = 2
    for _ in range(MAX_SEGMENTS):
        if position + 4 > len(content):
            break
        marker, length = content[position + 1], int.from_bytes(content[position + 2 : position + 4], "big")
        end = position + 2 + length
        if content[position] != 0xFF or marker < 0xC0 or 0xD0 <= marker <= 0xD9 or length < 2 or end > len(content):
            break
        if marker == _SCAN:
            yield marker, position, len(content)
            return
        yield marker, position, end
        position = end
    raise _malformed("expected segments of a JPEG picture up to its first scan")


def _look(kind: str, parts: bytes) -> Iterator[str]:
    # Neither is needed for a credential as JSON: a verification would wait for them.
    import zxingcpp  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(parts), formats=(kind,)) as picture:
            grey = _grey(picture)
    except _PILLOW_ERRORS as error:
        raise _malformed(f"expected a picture that can be decoded: {type(error).__name__}") from error
    for code in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)):
        yield code.text


def _grey(picture: "Image") -> "Image":
    from PIL import Image  # noqa: PLC0415

    # A JPEG is decoded to grey at once: a quarter of the memory.
    picture.draft("L", picture.size)
    picture.load()
    if picture.has_transparency_data:
        clear = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        grey = Image.new("L", clear.size, 255)
        grey.paste(clear.convert("L"), mask=clear.getchannel("A"))
    else:
        grey = picture.convert("L")
    return grey.reduce(2) if max(grey.size) > _FINE_SIDE else grey


def _malformed(message: str) -> Malformed:
    return Malformed(FileCode.PICTURE_MALFORMED, message)

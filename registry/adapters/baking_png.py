r"""Credentials baked into PNG pictures (Open Badges 3.0 section 5.3.1; PNG third edition, chunks).

    signature | IHDR | iTXt openbadgecredential \0 0 0 \0 \0 <JSON or compact JWS> | ... | IEND

One uncompressed chunk is written. Read are compressed ones too, which others write; a second one, one in a chunk of
another type, and anything after the end of the picture are refused: two readers could find different credentials. Every
length and checksum is checked, and no pixel is decoded.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.domain.canonical import MAX_DOCUMENT_BYTES
from registry.domain.errors import Malformed
from registry.domain.presented_files import FileCode
from registry.domain.presented_text import credential_kind

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS: Final = 4_096
"""Encoders write chunks of 8 KiB and more: the largest file has two thousand of them."""

_KEYWORD: Final = b"openbadgecredential"
_KEYWORD_2: Final = b"openbadges"
"""Open Badges 2.0, in any chunk of text."""
_TEXTS: Final = frozenset({b"iTXt", b"tEXt", b"zTXt"})
_LARGEST_LENGTH: Final = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PngChunk:
    """One chunk of a picture, where it stands."""

    kind: bytes
    data: memoryview
    start: int
    end: int


def bake_png(picture: bytes, credential: bytes) -> bytes:
    """Return a PNG picture that carries a credential; all else stays as it is.

    Raises Malformed for what is no PNG, for a picture that carries one already, and for what is no credential.
    """
    credential_kind(credential)
    chunks = read_chunks(picture)
    if any(_keyword(chunk) == _KEYWORD for chunk in chunks):
        raise Malformed(FileCode.PNG_ALREADY_BAKED, "expected a picture that carries no credential yet")
    body = b"iTXt" + _KEYWORD + b"\0\0\0\0\0" + credential
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    after_header = chunks[0].end
    return picture[:after_header] + chunk + picture[after_header:]


def extract_png(picture: bytes) -> bytes:
    """Return the credential that a PNG picture carries, byte for byte.

    Raises Malformed: `png-without-credential`, `open-badges-2`, or what is wrong with the picture.
    """
    chunks = read_chunks(picture)
    carriers = [chunk for chunk in chunks if _keyword(chunk) == _KEYWORD]
    if len(carriers) > 1:
        raise Malformed(FileCode.PNG_CREDENTIAL_TWICE, f"expected one credential in the picture, got {len(carriers)}")
    if carriers:
        return _text(carriers[0])
    if any(_keyword(chunk) == _KEYWORD_2 for chunk in chunks):
        raise Malformed(FileCode.OPEN_BADGES_2, "expected Open Badges 3.0, got a badge of Open Badges 2, not supported")
    raise Malformed(FileCode.PNG_WITHOUT_CREDENTIAL, "expected a picture that carries a credential")


def read_chunks(picture: bytes) -> tuple[PngChunk, ...]:
    """Return the chunks of a PNG picture, from IHDR to IEND, each with the right checksum.

    Raises Malformed.
    """
    if not picture.startswith(SIGNATURE):
        raise Malformed(FileCode.PNG_MALFORMED, "expected a PNG picture")
    chunks = tuple(_chunks(memoryview(picture)))
    header, last = chunks[0], chunks[-1]
    if header.kind != b"IHDR" or len(header.data) != 13 or len(last.data):
        raise Malformed(FileCode.PNG_MALFORMED, "expected a header of 13 bytes first and an empty end last")
    if last.end != len(picture):
        raise Malformed(
            FileCode.PNG_TRAILING_BYTES, f"expected nothing after the picture, got {len(picture) - last.end} bytes"
        )
    return chunks


def _chunks(picture: memoryview) -> Iterator[PngChunk]:
    position = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if position + 12 > len(picture):
            raise Malformed(FileCode.PNG_TRUNCATED, "expected another chunk, the file ends")
        length, kind = struct.unpack_from(">I4s", picture, position)
        end = position + 12 + length
        if not (kind.isalpha() and kind.isascii()) or length > _LARGEST_LENGTH:
            raise Malformed(FileCode.PNG_MALFORMED, f"expected a chunk at {position}")
        if end > len(picture):
            raise Malformed(
                FileCode.PNG_TRUNCATED, f"expected {length} bytes in the chunk at {position}, the file ends"
            )
        if zlib.crc32(picture[position + 4 : end - 4]) != int.from_bytes(picture[end - 4 : end], "big"):
            raise Malformed(FileCode.PNG_CHECKSUM, f"expected the chunk at {position} to have its checksum")
        yield PngChunk(kind=kind, data=picture[position + 8 : end - 4], start=position, end=end)
        if kind == b"IEND":
            return
        position = end
    raise Malformed(FileCode.PNG_TOO_MANY_CHUNKS, f"expected at most {MAX_CHUNKS} chunks")


def _keyword(chunk: PngChunk) -> bytes:
    if chunk.kind not in _TEXTS:
        return b""
    # A keyword has 79 bytes at most.
    return bytes(chunk.data[:80]).partition(b"\0")[0]


def _text(chunk: PngChunk) -> bytes:
    if chunk.kind != b"iTXt":
        raise Malformed(FileCode.PNG_CREDENTIAL_MISPLACED, "expected the credential in an iTXt chunk")
    # compression flag, compression method, language \0 translated keyword \0 text
    rest = bytes(chunk.data[len(_KEYWORD) + 1 :])
    flags, (_, language_end, rest) = rest[:2], rest[2:].partition(b"\0")
    _, keyword_end, text = rest.partition(b"\0")
    if not (language_end and keyword_end) or flags not in {b"\0\0", b"\1\0"}:
        raise Malformed(FileCode.PNG_TEXT_MALFORMED, "expected an iTXt chunk with all its parts")
    if flags[0]:
        text = _inflate(text)
    if len(text) > MAX_DOCUMENT_BYTES:
        raise Malformed(FileCode.PNG_TEXT_TOO_LARGE, f"expected a credential of at most {MAX_DOCUMENT_BYTES} bytes")
    return text


def _inflate(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(data, MAX_DOCUMENT_BYTES + 1)
    except zlib.error as error:
        raise Malformed(FileCode.PNG_TEXT_MALFORMED, "expected text that zlib can read") from error
    if len(text) <= MAX_DOCUMENT_BYTES and not stream.eof:
        raise Malformed(FileCode.PNG_TEXT_MALFORMED, "expected the whole of a compressed text")
    return text

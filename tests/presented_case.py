"""Good files of every kind that may be presented, made small and by hand, around one credential and its receipt."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

import segno
from PIL import Image

from registry.adapters.baking_png import bake_png
from registry.adapters.baking_svg import bake_svg
from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.leaf import leaf_of_document

DOCUMENT: Final[JsonObject] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "issuer": "did:example:issuer",
    "credentialSubject": {"id": "urn:example:1", "name": "Zoë \u2028 李伟 \U0001f393", "note": "a ]] > b & <c>"},
}
CREDENTIAL: Final = canonicalize(DOCUMENT)
RECEIPT: Final = canonicalize({"type": "CredrootReceipt", "version": 1, "leaf": leaf_of_document(DOCUMENT).hex()})
TOKEN: Final = b"eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJkaWQ6ZXhhbXBsZSJ9.c2lnbmF0dXJl"
LINK: Final = "https://registry.example.org/c/AAAAAAAAAAAAAAAAAAAAAA"
CODE: Final = "ABCDE-FGH2K"

PICTURE_SVG: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- <svg> --><svg xmlns="http://www.w3.org/2000/svg" '
    b"width='10' height=\"10\">\n  <rect width='10' height='10' fill='#aabbcc'/>\n</svg>\n"
)


def make_png(*chunks: tuple[bytes, bytes], width: int = 8, height: int = 8) -> bytes:
    """A grey picture with some chunks of the caller's before its pixels."""
    header = struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x7f" * min(width, 64)) * min(height, 64))
    parts = [(b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, data) for kind, data in parts)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def itxt(text: bytes, *, keyword: bytes = b"openbadgecredential", flags: bytes = b"\0\0") -> tuple[bytes, bytes]:
    return b"iTXt", keyword + b"\0" + flags + b"\0\0" + text


def qr_picture(text: str, *, kind: str = "PNG", mode: str = "L") -> bytes:
    """A picture with a QR code in it."""
    written = io.BytesIO()
    segno.make(text, micro=False).save(written, kind="png", scale=6, border=4)
    with Image.open(io.BytesIO(written.getvalue())) as picture:
        saved = io.BytesIO()
        picture.convert("L").convert(mode).save(saved, format=kind)
    return saved.getvalue()


def make_pdf(objects: Mapping[int, bytes], *, trailer: bytes = b"/Root 1 0 R", prefix: bytes = b"%PDF-1.7\n") -> bytes:
    """A PDF file with a table of references."""
    body, offsets = prefix, {}
    for number, content in objects.items():
        offsets[number] = len(body)
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"xref\n0 1\n0000000000 65535 f \n" + b"".join(
        b"%d 1\n%010d 00000 n \n" % (number, offset) for number, offset in offsets.items()
    )
    size = max(objects) + 1
    return body + table + b"trailer\n<</Size %d %b>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, len(body))


def pdf_stream(data: bytes, about: bytes = b"") -> bytes:
    return b"<</Length %d %b>>\nstream\n%b\nendstream" % (len(data), about, data)


def attached_pdf(attachments: Mapping[str, bytes], *, catalog: bytes = b"", deflate: bool = True) -> bytes:
    """A PDF file with attachments."""
    objects: dict[int, bytes] = {1: b""}
    names = b""
    for index, (name, content) in enumerate(attachments.items()):
        specification, stream = 2 * index + 10, 2 * index + 11
        names += b"(%b) %d 0 R " % (name.encode(), specification)
        objects[specification] = b"<</Type/Filespec/F(%b)/EF<</F %d 0 R>>>>" % (name.encode(), stream)
        data = zlib.compress(content) if deflate else content
        objects[stream] = pdf_stream(data, b"/Type/EmbeddedFile" + (b"/Filter/FlateDecode" if deflate else b""))
    objects[1] = b"<</Type/Catalog/Names<</EmbeddedFiles<</Names[%b]>>>>%b>>" % (names, catalog)
    return make_pdf(objects)


def make_zip(members: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


def good_files() -> dict[str, bytes]:
    """Files that each hold the credential, and nothing else that is one."""
    return {
        "credential.json": CREDENTIAL,
        "pair.json": b'{"receipt":%b,"credential":%b}' % (RECEIPT, CREDENTIAL),
        "baked.png": bake_png(make_png(), CREDENTIAL),
        "baked.svg": bake_svg(PICTURE_SVG, CREDENTIAL),
        "attached.pdf": attached_pdf({"credential.json": CREDENTIAL, "receipt.json": RECEIPT}),
        "stored.pdf": attached_pdf({"credential.json": CREDENTIAL}, deflate=False),
        "one.zip": make_zip({"a/credential.json": CREDENTIAL, "a/receipt.json": RECEIPT}),
    }

"""Files that mean harm, made here: bombs, loops, entities, polyglots, lies about sizes.

    for file in hostile_files(): post(file.content) -> file.outcome

`outcome` is the code of the one error that the file gets, or `CREDENTIAL`: the right credential, found beside what did not
run. `not-json` is for the verdict to say.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from PIL import Image

from registry.adapters.baking_png import bake_png
from registry.adapters.baking_svg import bake_svg
from tests.presented_case import (
    CREDENTIAL,
    PICTURE_SVG,
    RECEIPT,
    attached_pdf,
    itxt,
    make_pdf,
    make_png,
    make_zip,
    pdf_stream,
    png_chunk,
    qr_picture,
)

READ: Final = "credential"
NOT_JSON: Final = "not-json"
OTHER: Final = "other"
"""A document that is no credential, for the verdict to refuse."""
_MEBIBYTE: Final = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileFile:
    """One file and what must become of it."""

    name: str
    content: bytes
    outcome: str


def hostile_files() -> Iterator[HostileFile]:
    """Make them all, one after the other: together they are large."""
    for make in (_texts, _pngs, _pictures, _svgs, _pdfs, _zips):
        for name, content, outcome in make():
            yield HostileFile(name=name, content=content, outcome=outcome)


@cache
def bomb(mebibytes: int = 64, *, raw: bool = False) -> bytes:
    """Zeros, a thousandth of what they inflate to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
    block = bytes(_MEBIBYTE)
    return b"".join(packer.compress(block) for _ in range(mebibytes)) + packer.flush()


def _texts() -> Iterator[tuple[str, bytes, str]]:
    yield "oversize.json", b"{" + b" " * (16 * _MEBIBYTE), "file-too-large"
    yield "large-text.json", b'{"a":"' + b"a" * (4 * _MEBIBYTE) + b'"}', "text-too-large"
    yield "large-credential.json", b'{"a":"' + b"a" * (_MEBIBYTE + 100) + b'"}', "text-too-large"
    yield "deep-arrays.json", b'{"a":' + b"[" * 19_000, NOT_JSON
    yield "deep-objects.json", b'{"a":' * 19_000, NOT_JSON
    yield "deeper-arrays.json", b'{"a":' + b"[" * 500_000, "json-too-many-values"
    yield "deeper-objects.json", b'{"a":' * 200_000, "json-too-many-values"
    yield "many-values.json", b'{"a":[' + b"1.0," * 190_000 + b"1]}", "json-too-many-values"
    yield "more-values-than-a-credential.json", b'{"a":[' + b"1.0," * 20_000 + b"1]}", "json-too-many-values"
    yield "long-number.json", b'{"a":' + b"9" * 1_000_000 + b"}", NOT_JSON
    yield "duplicate-name.json", b'{"id":"urn:a",' + CREDENTIAL[1:-1] + b',"id":"urn:b"}', NOT_JSON
    yield "truncated.json", CREDENTIAL[: len(CREDENTIAL) // 2], NOT_JSON
    yield "many-dots.jwt", b"a." * 400_000, "file-not-recognised"
    yield "not-utf-8.txt", b"\xc3\x28" * 1_000, "file-not-recognised"
    yield "script.txt", b"javascript:alert(document.domain)", "file-not-recognised"
    yield "file-link.txt", b"file:///etc/passwd", "file-not-recognised"
    yield "many-presented.json", _presentation(101), "presentation-malformed"


def _presentation(count: int) -> bytes:
    credentials = b",".join([b'{"type":["VerifiableCredential"]}'] * count)
    head = b'{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiablePresentation"'
    return head + b',"verifiableCredential":[' + credentials + b"]}"


def _pngs() -> Iterator[tuple[str, bytes, str]]:
    baked = bake_png(make_png(), CREDENTIAL)
    yield "itxt-bomb.png", make_png(itxt(bomb(), flags=b"\1\0")), "png-text-too-large"
    yield "ztxt-bomb.png", make_png((b"zTXt", b"Comment\0\0" + bomb())), "picture-without-code"
    yield "iccp-bomb.png", make_png((b"iCCP", b"sRGB\0\0" + bomb())), "picture-without-code"
    yield "huge-dimensions.png", make_png(width=2**31 - 1, height=2**31 - 1), "picture-too-large"
    yield "no-dimensions.png", make_png(width=0), "picture-too-large"
    pixels = png_chunk(b"IHDR", struct.pack(">LLBBBBB", 4, 4, 8, 0, 0, 0, 0)) + png_chunk(b"IDAT", bomb())
    yield "pixel-bomb.png", baked[:8] + pixels + png_chunk(b"IEND", b""), "picture-without-code"
    yield "largest-interlaced.png", _largest_png(), "picture-without-code"
    yield "credential-twice.png", make_png(itxt(CREDENTIAL), itxt(CREDENTIAL)), "png-credential-twice"
    yield "in-latin-1.png", make_png((b"tEXt", b"openbadgecredential\0{}")), "png-credential-misplaced"
    yield "open-badges-2.png", make_png((b"tEXt", b"openbadges\0https://example.org/1")), "open-badges-2"
    yield "many-chunks.png", make_png(*[(b"tEXt", b"")] * 5_000), "png-too-many-chunks"
    yield "length-of-4-gib.png", baked[:33] + b"\xff\xff\xff\xffiTXt" + baked[41:], "png-malformed"
    yield "checksum.png", baked.replace(b"did:example", b"did:exbmple"), "png-checksum"
    yield "zip-behind.png", baked + make_zip({"other.json": b"{}"}), "png-trailing-bytes"
    yield "truncated.png", baked[:-20], "png-truncated"


def _largest_png() -> bytes:
    """As many pixels as are looked at, with transparency, in the order that costs most."""
    row = bytes(4_096 * 4)
    packer = zlib.compressobj(1)
    header = png_chunk(b"IHDR", struct.pack(">LLBBBBB", 4_096, 3_072, 8, 6, 0, 0, 1))
    # Adam7: seven small pictures, of which only the sizes matter here.
    passes = ((512, 384), (512, 384), (1024, 384), (1024, 768), (2048, 768), (2048, 1536), (4096, 1536))
    pixels = b"".join(packer.compress((b"\0" + row[: width * 4]) * height) for width, height in passes) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")


def _pictures() -> Iterator[tuple[str, bytes, str]]:
    yield "largest-in-scans.jpg", _largest_jpeg(), "picture-without-code"
    photograph = qr_picture("https://example.org/", kind="JPEG")
    written = io.BytesIO()
    Image.new("L", (64, 64)).save(written, format="JPEG", progressive=True)
    scan = written.getvalue()[written.getvalue().index(b"\xff\xda") : -2]
    yield "scan-bomb.jpg", written.getvalue()[:-2] + scan * 20_000 + b"\xff\xd9", "picture-too-large"
    frame = photograph.index(b"\xff\xc0") + 5
    yield "huge-dimensions.jpg", photograph[:frame] + b"\xff\xff\xff\xff" + photograph[frame + 4 :], "picture-too-large"
    yield "truncated.jpg", photograph[:300], "picture-malformed"
    yield "many-segments.jpg", b"\xff\xd8" + b"\xff\xe0\0\2" * 500_000, "picture-malformed"
    yield "no-pixels.jpg", photograph[: photograph.index(b"\xff\xda") + 20], "picture-malformed"
    yield "script-in-code.png", qr_picture("javascript:alert(1)"), "file-not-recognised"
    yield "bomb.gif", b"GIF89a" + b"\xff" * 100, "picture-unsupported"


def _largest_jpeg() -> bytes:
    """As many pixels as are looked at, put together from scans, every colour at full size."""
    written = io.BytesIO()
    Image.new("RGB", (4_096, 3_072), "#884422").save(written, format="JPEG", progressive=True, subsampling=0)
    return written.getvalue()


def _svgs() -> Iterator[tuple[str, bytes, str]]:
    root = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:o="https://purl.imsglobal.org/ob/v3p0">'
    carried = b"<o:credential><![CDATA[" + CREDENTIAL + b"]]></o:credential>"
    laughs = b"".join(b'<!ENTITY l%d "%b">' % (level, b"&l%d;" % (level - 1) * 10) for level in range(1, 10))
    yield (
        "billion-laughs.svg",
        b'<!DOCTYPE svg [<!ENTITY l0 "ha">' + laughs + b"]>" + root + b"<title>&l9;</title></svg>",
        "svg-entities",
    )
    yield (
        "quadratic.svg",
        b'<!DOCTYPE svg [<!ENTITY a "' + b"a" * 500_000 + b'">]>' + root + b"&a;" * 10_000 + b"</svg>",
        "svg-entities",
    )
    yield (
        "external-entity.svg",
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + root + b"<title>&x;</title></svg>",
        "svg-entities",
    )
    yield (
        "parameter-entity.svg",
        b'<!DOCTYPE svg [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>' + root + b"</svg>",
        "svg-entities",
    )
    yield (
        "external-dtd.svg",
        b'<!DOCTYPE svg SYSTEM "http://127.0.0.1:9/x.dtd">' + root + carried + b"</svg>",
        READ,
    )
    yield "undefined-entity.svg", root + b"<o:credential>{&quote;}</o:credential></svg>", "svg-malformed"
    script = b"<script>fetch('http://127.0.0.1:9/')</script><g onload='alert(1)'/>"
    yield "script.svg", root + carried + script + b"</svg>", READ
    yield "deep.svg", root + b"<g>" * 40_000 + b"</g>" * 40_000 + b"</svg>", "svg-too-complex"
    yield "many-elements.svg", root + b"<g/>" * 500_000 + b"</svg>", "svg-too-complex"
    attributes = b"".join(b" a%d=''" % number for number in range(300_000))
    yield "many-attributes.svg", root + b"<g" + attributes + b"/></svg>", "svg-too-complex"
    yield "large.svg", root + b" " * (5 * _MEBIBYTE) + b"</svg>", "svg-too-large"
    yield "credential-twice.svg", root + carried * 2 + b"</svg>", "svg-credential-twice"
    yield "text-and-token.svg", root + b"<o:credential verify='a.b.c'>{}</o:credential></svg>", "credential-unreadable"
    yield "element-inside.svg", root + b"<o:credential>{}<g/></o:credential></svg>", "credential-unreadable"
    yield "codec.svg", b"<?xml version='1.0' encoding='zip'?>" + root + carried + b"</svg>", READ
    yield "truncated.svg", root + carried[:-30], "svg-malformed"
    yield "page.html", b"<!doctype html><script>alert(1)</script>", "svg-malformed"


def _pdfs() -> Iterator[tuple[str, bytes, str]]:
    good = attached_pdf({"credential.json": CREDENTIAL})
    action = b"/OpenAction<</S/JavaScript/JS(app.launchURL('http://127.0.0.1:9/'))>>/AA<</WC<</S/Launch/F(/bin/sh)>>>>"
    yield "javascript.pdf", attached_pdf({"credential.json": CREDENTIAL}, catalog=action), READ
    inside = {"credential.json": CREDENTIAL, "other.zip": make_zip({"other.json": b"{}"})}
    yield "zip-inside.pdf", attached_pdf(inside, deflate=False), READ
    yield "zip-behind.pdf", good + make_zip({"other.json": b"{}"}), "pdf-trailing-bytes"
    encrypted = make_pdf({1: b"<</Type/Catalog>>"}, trailer=b"/Root 1 0 R/Encrypt<</Filter/Standard/V 5/R 6>>")
    yield "encrypted.pdf", encrypted, "pdf-encrypted"
    yield "stream-bomb.pdf", _one_attachment(pdf_stream(bomb(), b"/Filter/FlateDecode")), "pdf-stream-too-large"
    yield "stored-5-mb.pdf", _one_attachment(pdf_stream(bytes(5 * _MEBIBYTE))), "pdf-stream-too-large"
    twice = pdf_stream(zlib.compress(bomb()), b"/Filter[/FlateDecode/FlateDecode]")
    yield "bomb-in-a-bomb.pdf", _one_attachment(twice), "pdf-filter-unsupported"
    yield "length-beyond-the-end.pdf", _one_attachment(b"<</Length 999999999>>\nstream\n{}\nendstream"), "pdf-malformed"
    yield "length-of-itself.pdf", _one_attachment(b"<</Length 11 0 R>>\nstream\n{}\nendstream"), "pdf-malformed"
    yield "prev-loop.pdf", good.replace(b"/Root", b"/Prev %d/Root" % good.index(b"xref")), "pdf-too-complex"
    yield "prev-outside.pdf", good.replace(b"/Root", b"/Prev 99999999/Root"), "pdf-malformed"
    loop = {1: b"<</Type/Catalog/Names<</EmbeddedFiles 2 0 R>>>>", 2: b"<</Kids[2 0 R 2 0 R]>>"}
    yield "kids-loop.pdf", make_pdf(loop), "pdf-too-complex"
    wide = b"<</Type/Catalog/Names<</EmbeddedFiles<</Kids[" + b"<<>>" * 500 + b"]>>>>>>"
    yield "kids-wide.pdf", make_pdf({1: wide}), "pdf-too-complex"
    yield "reference-loop.pdf", make_pdf({1: b"2 0 R", 2: b"1 0 R"}), "pdf-malformed"
    yield "object-stream-of-itself.pdf", _object_stream_loop(), "pdf-filter-unsupported"
    yield "deep.pdf", make_pdf({1: b"<</Type/Catalog/X" + b"<</A" * 90_000 + b">>"}), "pdf-too-complex"
    arrays = b"<</Type/Catalog/X[" + (b"[" + b"1 " * 90_000 + b"]") * 40 + b"]>>"
    yield "wide-arrays.pdf", make_pdf({1: arrays}), "file-too-complex"
    yield "long-text.pdf", make_pdf({1: b"<</Type/Catalog/X(" + b"a" * 12_000_000 + b")>>"}), "pdf-too-complex"
    yield "escapes.pdf", make_pdf({1: b"<</Type/Catalog/X(" + b"\\)" * 6_000_000 + b")>>"}), "pdf-too-complex"
    yield "read-again-and-again.pdf", _named_often(b"<</X<" + b"00" * 4_000_000 + b">>>"), "file-too-complex"
    yield "comments.pdf", _named_often(b"%" + b"x" * 8_000_000 + b"\n<<>>"), "file-too-complex"
    body = b"%PDF-1.7\nxref\n0 700000\n" + b"0000000009 00000 n \n" * 700_000
    yield "many-references.pdf", body + b"trailer\n<<>>\nstartxref\n9\n%%EOF", "pdf-too-complex"
    files = {f"{number}.json": b"%d" % number for number in range(40)}
    yield "many-attachments.pdf", attached_pdf(files), "pdf-too-many-attachments"
    yield "truncated.pdf", good[: len(good) // 2], "pdf-malformed"
    yield "name-twice.pdf", make_pdf({1: b"<</Type/Catalog/AF[]/AF[1 0 R]>>"}), "pdf-malformed"


def _one_attachment(stream: bytes) -> bytes:
    names = b"<</Type/Catalog/Names<</EmbeddedFiles<</Names[(credential.json)10 0 R]>>>>>>"
    return make_pdf({1: names, 10: b"<</Type/Filespec/F(credential.json)/EF<</F 11 0 R>>>>", 11: stream})


def _named_often(specification: bytes) -> bytes:
    """One file specification under two hundred names."""
    return make_pdf(
        {1: b"<</Type/Catalog/Names<</EmbeddedFiles<</Names[" + b"()2 0 R" * 200 + b"]>>>>>>", 2: specification}
    )


def _object_stream_loop() -> bytes:
    """The root stands in a stream of objects whose filter stands in that stream."""
    head = b"%PDF-1.7\n"
    container = (
        b"2 0 obj\n"
        + pdf_stream(b"1 0 3 6 <<>> /FlateDecode", b"/Type/ObjStm/N 2/First 8/Filter 3 0 R")
        + b"\nendobj\n"
    )
    rows = b"\0\0\0" + b"\2\2\0" + b"\1" + bytes([len(head)]) + b"\0" + b"\2\2\1"
    references = pdf_stream(rows, b"/Type/XRef/W[1 1 1]/Size 4/Root 1 0 R")
    at = len(head) + len(container)
    return head + container + b"4 0 obj\n" + references + b"\nendobj\nstartxref\n%d\n%%%%EOF" % at


def _zips() -> Iterator[tuple[str, bytes, str]]:
    good = make_zip({"credential.json": CREDENTIAL})
    yield "bomb.zip", raw_zip((b"bomb.json", bomb(15, raw=True), 15 * _MEBIBYTE)), "zip-bomb"
    yield "huge-member.zip", raw_zip((b"bomb.json", b"\3\0", 60 * _MEBIBYTE)), "zip-member-too-large"
    yield (
        "too-large-in-all.zip",
        raw_zip(*[(b"%d" % number, b"\3\0", 2**32 - 2) for number in range(9)]),
        "zip-too-large",
    )
    yield "lying-size.zip", raw_zip((b"a.json", bomb(15, raw=True), 1_000)), "zip-member-malformed"
    yield "nested.zip", make_zip({"inner.zip": good}), "zip-nested"
    yield "path-traversal.zip", make_zip({"../../../tmp/evil.json": CREDENTIAL}), "zip-name-unsafe"
    yield "absolute-path.zip", make_zip({"/etc/evil.json": CREDENTIAL}), "zip-name-unsafe"
    yield "drive.zip", make_zip({"C:\\evil.json": CREDENTIAL}), "zip-name-unsafe"
    yield "control-name.zip", make_zip({"\x1b[2J.json": CREDENTIAL}), "zip-name-unsafe"
    yield "encrypted.zip", _with_flag(good, 0x0001), "zip-member-encrypted"
    yield "method.zip", make_zip({"a.json": CREDENTIAL}, method=zipfile.ZIP_LZMA), "zip-method-unsupported"
    yield "overlap.zip", _overlapping(), "zip-overlap"
    yield "many-members.zip", make_zip({f"{number}.json": b"" for number in range(1_001)}), "zip-too-many-members"
    yield "pdf-before.zip", b"PK\x03\x04" + good, "zip-malformed"
    yield "comment-behind.zip", good + b"behind", "zip-malformed"
    yield "checksum.zip", _stored_and_changed(), "zip-member-malformed"
    yield "other-header.zip", good.replace(b"credential.json", b"credentiax.json", 1), "zip-member-malformed"
    yield "receipt-alone.zip", make_zip({"receipt.json": RECEIPT}), "receipt-alone"
    yield "truncated.zip", good[:-10], "zip-malformed"
    svg = bake_svg(PICTURE_SVG, CREDENTIAL).replace(b"</svg>", b"<script>alert(1)</script></svg>")
    yield "script-inside.zip", make_zip({"badge.svg": svg}), READ
    text = b'{"a":[' + b"".join(b"1.0, " * 20 + b"%d, " % number for number in range(9_000)) + b"1]}"
    much = make_zip({f"{number}.json": text[:-1] + b',"b":%d}' % number for number in range(10)})
    yield "much-text.zip", much, "json-too-many-values file-too-complex"
    values = b'{"a":[' + b"1," * 19_990
    members = {f"{number}.json": values + b"%d]}" % number for number in range(10)}
    yield "many-values.zip", make_zip(members, method=zipfile.ZIP_STORED), f"{OTHER} file-too-complex"
    drawn = {f"{number}.svg": b"<svg>" + b"<g/>" * 99_000 + b"<!--%d--></svg>" % number for number in range(8)}
    yield "many-svgs.zip", make_zip(drawn, method=zipfile.ZIP_STORED), "svg-malformed file-too-complex"
    dear = make_pdf({1: b"<</Type/Catalog/X[" + b"1 " * 90_000 + b"]>>"})
    many = make_zip({f"{number}.pdf": dear for number in range(10)}, method=zipfile.ZIP_STORED)
    yield "many-dear-members.zip", many, "pdf-without-credential file-too-complex"


def raw_zip(*members: tuple[bytes, bytes, int]) -> bytes:
    """A zip of deflated members that announce whatever sizes they like."""
    body, directory = b"", b""
    for name, packed, size in members:
        place = len(body)
        body += (
            struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(packed), size, len(name), 0) + name + packed
        )
        fields = (20, 20, 0, 8, 0, 0, 0, len(packed), size, len(name), 0, 0, 0, 0, 0, place)
        directory += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *fields) + name
    count = len(members)
    return body + directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)


def _with_flag(archive: bytes, flag: int) -> bytes:
    directory = archive.index(b"PK\x01\x02")
    flagged = bytearray(archive)
    flagged[6] |= flag
    flagged[directory + 8] |= flag
    return bytes(flagged)


def _overlapping() -> bytes:
    """Two members of one place."""
    once = raw_zip((b"a", zlib.compress(CREDENTIAL)[2:-4], len(CREDENTIAL)))
    start, end = once.index(b"PK\x01\x02"), once.index(b"PK\x05\x06")
    entry = once[start:end]
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(entry), start, 0)
    return once[:start] + entry * 2 + tail


def _stored_and_changed() -> bytes:
    return make_zip({"a.json": CREDENTIAL}, method=zipfile.ZIP_STORED).replace(b"did:example", b"did:exbmple")

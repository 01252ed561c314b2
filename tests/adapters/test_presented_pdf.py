"""Attachments of PDF files: as several programs write them, and every way in which a file may be none."""

import io
import zlib
from collections.abc import Mapping

import pytest
import typst
from pypdf import PdfReader, PdfWriter

from registry.adapters.presented_files.allowance import Allowance
from registry.adapters.presented_files.pdf_attachments import read_attachments
from registry.adapters.presented_files.pdf_objects import PdfName, PdfReference, PdfValue, parse_value
from registry.domain.errors import Malformed
from tests.presented_case import CREDENTIAL, RECEIPT, attached_pdf, make_pdf, pdf_stream

ATTACHED = {"credential.json": CREDENTIAL, "receipt.json": RECEIPT}
NAMES = b"<</Type/Catalog/Names<</EmbeddedFiles %b>>>>"


def attachments(content: bytes) -> dict[str, bytes]:
    found = dict(read_attachments(content, Allowance()))
    return {name: data for name, data in found.items() if isinstance(data, bytes)}


def code_of(content: bytes) -> str:
    """The code of the file's error, or of the first of its attachments that cannot be read."""
    try:
        found = [data for _, data in read_attachments(content, Allowance())]
    except Malformed as error:
        return error.code
    return next((data.code for data in found if isinstance(data, Malformed)), "")


def pypdf_file(*, attached: Mapping[str, bytes] = ATTACHED, password: str | None = None) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for name, content in attached.items():
        writer.add_attachment(name, content)
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def typst_file() -> bytes:
    lines = [f'#pdf.attach("{name}", bytes(sys.inputs.at("{name}")))' for name in ATTACHED]
    source = "\n".join([*lines, "= A certificate", "for 李伟"])
    compiled = typst.compile(source.encode(), sys_inputs={name: data.decode() for name, data in ATTACHED.items()})
    assert isinstance(compiled, bytes)
    return compiled


def streamed_file(*, predictor: bool = True, references: bytes = b"") -> bytes:
    """A file as newer programs write it: references in a stream, and objects in another."""
    inside = {
        1: b"<</Type/Catalog/Names 2 0 R>>",
        2: b"<</EmbeddedFiles<</Kids[3 0 R]>>>>",
        3: b"<</Limits[(a)(z)]/Names[(credential.json)4 0 R]>>",
        4: b"<</Type/Filespec/UF<FEFF0063>/EF<</UF 6 0 R>>>>",
    }
    pairs, body = b"", b""
    for number, content in inside.items():
        pairs += b"%d %d " % (number, len(body))
        body += content + b" "
    packed = zlib.compress(pairs + body)
    head = b"%PDF-2.0\n%\xe2\xe3\xcf\xd3\n"
    about = b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(inside), len(pairs))
    container = b"5 0 obj\n" + pdf_stream(packed, about) + b"\nendobj\n"
    stream = b"6 0 obj\n" + pdf_stream(zlib.compress(CREDENTIAL), b"/Filter[/FlateDecode]") + b"\nendobj\n"
    at = len(head + container + stream)
    rows = [b"\0\0\0\0", *(b"\2\0\5" + bytes([index]) for index in range(4))]
    rows += [b"\1" + place.to_bytes(2, "big") + b"\0" for place in (len(head), len(head + container), at)]
    if predictor:
        above, encoded = bytes(4), b""
        for row in rows:
            encoded += b"\2" + bytes((a - b) % 256 for a, b in zip(row, above, strict=True))
            above = row
        about = b"/DecodeParms<</Predictor 12/Columns 4>>"
    else:
        encoded, about = b"".join(rows), b""
    data = zlib.compress(references or encoded)
    table = pdf_stream(data, b"/Type/XRef/W[1 2 1]/Size 8/Root 1 0 R/Filter/FlateDecode" + about)
    return head + container + stream + b"7 0 obj\n" + table + b"\nendobj\nstartxref\n%d\n%%%%EOF" % at


def test_attachments_are_read_as_typst_writes_them() -> None:
    assert attachments(typst_file()) == ATTACHED


def test_attachments_are_read_as_pypdf_writes_them_and_pypdf_reads_ours() -> None:
    ours = PdfReader(io.BytesIO(attached_pdf(ATTACHED)), strict=True)

    assert attachments(pypdf_file()) == ATTACHED
    assert {name: content[0] for name, content in ours.attachments.items()} == ATTACHED


def test_attachments_are_read_through_a_change_that_was_saved_behind_the_file() -> None:
    writer = PdfWriter(io.BytesIO(pypdf_file(attached={})), incremental=True)
    writer.add_attachment("credential.json", CREDENTIAL)
    written = io.BytesIO()
    writer.write(written)

    assert written.getvalue().count(b"startxref") == 2
    assert attachments(written.getvalue()) == {"credential.json": CREDENTIAL}


@pytest.mark.parametrize("predictor", [True, False])
def test_attachments_are_read_where_objects_and_references_are_compressed(predictor: bool) -> None:
    content = streamed_file(predictor=predictor)

    assert attachments(content) == {"c": CREDENTIAL}
    assert [item.content for item in PdfReader(io.BytesIO(content), strict=True).attachment_list] == [CREDENTIAL]


def test_a_removed_object_does_not_come_back_from_an_older_section() -> None:
    old = attached_pdf(ATTACHED)
    section = b"xref\n11 1\n0000000000 00001 f \ntrailer<</Size 14/Root 1 0 R/Prev %d>>\n" % old.index(b"xref\n")
    content = old + section + b"startxref\n%d\n%%%%EOF" % len(old)

    assert attachments(content) == {"receipt.json": RECEIPT}


def test_a_file_of_thousands_of_objects_in_as_many_subsections_is_read() -> None:
    pages = dict.fromkeys(range(100, 5000), b"<</Type/Page>>")
    names = NAMES % b"<</Names[(a)2 0 R]>>"
    content = make_pdf({1: names, 2: b"<</F(a)/EF<</F 3 0 R>>>>", 3: pdf_stream(CREDENTIAL), **pages})

    assert attachments(content) == {"a": CREDENTIAL}


def test_a_hybrid_file_is_read_by_its_stream_of_references_too() -> None:
    streamed = streamed_file()
    body, at = streamed[: streamed.index(b"startxref")], streamed.index(b"7 0 obj")
    hidden = b"xref\n0 8\n" + b"0000000000 65535 f \n" * 8
    table = hidden + b"trailer<</Size 8/Root 1 0 R/XRefStm %d>>\n" % at

    assert attachments(body + table + b"startxref\n%d\n%%%%EOF" % len(body)) == {"c": CREDENTIAL}


def test_associated_files_are_attachments_and_each_comes_once() -> None:
    names = b"/Names<</EmbeddedFiles<</Names[(a)10 0 R(a)10 0 R]>>>>/AF[10 0 R 12 0 R 14 0 R]"
    stream = pdf_stream(CREDENTIAL)
    content = make_pdf(
        {
            1: b"<</Type/Catalog%b>>" % names,
            10: b"<</F(a\\051\\n\\(b\\))/EF<</F 11 0 R>>>>",
            11: stream,
            12: b"<</EF<</UF 13 0 R>>>>",
            13: pdf_stream(RECEIPT),
            14: b"<</F(elsewhere)>>",
        }
    )

    assert attachments(content) == {"a)\n(b)": CREDENTIAL, "": RECEIPT}


def test_what_is_encrypted_is_told_before_anything_is_looked_at() -> None:
    assert code_of(pypdf_file(password="secret")) == "pdf-encrypted"


def one_attachment(stream: bytes) -> bytes:
    specification = b"<</F(a)/EF<</F 11 0 R>>>>"
    return make_pdf({1: NAMES % b"<</Names[(a)10 0 R]>>", 10: specification, 11: stream, 12: b"(no length)"})


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7\n", "pdf-malformed"),
        (attached_pdf({}) + b"x", "pdf-trailing-bytes"),
        (attached_pdf({}).replace(b"trailer", b"trailed"), "pdf-malformed"),
        (attached_pdf({}).replace(b"00000 n", b"00000 x"), "pdf-malformed"),
        (attached_pdf({}).replace(b"/Root", b"/Prev/x/Root"), "pdf-malformed"),
        (attached_pdf({}).replace(b"1 0 obj", b"2 0 obj"), "pdf-malformed"),
        (attached_pdf({}).replace(b"/Root 1 0 R", b"/Root 9 0 R"), "pdf-malformed"),
        (attached_pdf({}).replace(b"/Root 1 0 R", b"/Root 1 0 R/XRefStm 9"), "pdf-malformed"),
        (make_pdf({1: NAMES % b"<</Names 7>>"}), "pdf-malformed"),
        (make_pdf({1: NAMES % b"<</Names[(a)7]>>"}), "pdf-malformed"),
        (make_pdf({1: b"<</AF 7>>"}), "pdf-too-many-attachments"),
        (make_pdf({1: b"<</A>>"}), "pdf-malformed"),
        (make_pdf({1: b"<</A 1]>>"}), "pdf-malformed"),
        (make_pdf({1: b"<</A (open>>"}), "pdf-malformed"),
        (make_pdf({1: b"<</A obj>>"}), "pdf-malformed"),
        (one_attachment(b"<</Length 12 0 R>>\nstream\n{}\nendstream"), "pdf-malformed"),
        (one_attachment(b"<</Length 99 0 R>>\nstream\n{}\nendstream"), "pdf-malformed"),
        (one_attachment(b"<</Length 1>>\nstream\n{}\nendstream"), "pdf-malformed"),
        (one_attachment(pdf_stream(b"no zlib", b"/Filter/FlateDecode")), "pdf-malformed"),
        (one_attachment(pdf_stream(zlib.compress(CREDENTIAL)[:-8], b"/Filter/FlateDecode")), "pdf-malformed"),
        (one_attachment(pdf_stream(b"7B7D>", b"/Filter/ASCIIHexDecode")), "pdf-filter-unsupported"),
        (one_attachment(pdf_stream(b"{}", b"/DecodeParms<</Predictor 2>>")), "pdf-filter-unsupported"),
        (one_attachment(pdf_stream(b"\3{", b"/DecodeParms<</Predictor 15>>")), "pdf-filter-unsupported"),
        (one_attachment(pdf_stream(b"{}", b"/Filter 11 0 R")), "pdf-malformed"),
        (streamed_file().replace(b"/W[1 2 1]", b"/W[1 9 1]"), "pdf-malformed"),
        (streamed_file().replace(b"/W[1 2 1]", b"/W[1 2]  "), "pdf-malformed"),
        (streamed_file().replace(b"/Type/XRef", b"/Type/XRaf"), "pdf-malformed"),
        (streamed_file().replace(b"/Size 8/", b"/Size 9/"), "pdf-malformed"),
        (streamed_file().replace(b"/Size 8/", b"/Size 8/Index 0/"), "pdf-malformed"),
        (streamed_file().replace(b"/Size 8/", b"/Size 8/Index[0 -1]/"), "pdf-malformed"),
        (streamed_file().replace(b"/Type/ObjStm/N 4", b"/Type/ObjStm/N 5"), "pdf-malformed"),
        (streamed_file().replace(b"/Type/ObjStm/N 4", b"/Type/ObjStm/N(4)"), "pdf-malformed"),
        (streamed_file().replace(b"/Type/ObjStm/N 4", b"/Type/ObjStm/N 0"), "pdf-malformed"),
        (streamed_file(predictor=False, references=b"\0\0\0\0\3\0\0\0" + bytes(24)), "pdf-malformed"),
        (streamed_file(predictor=False, references=b"\0\0\0\0\2\0\2\0\2\0\1\0" + bytes(20)), "pdf-malformed"),
        (streamed_file(predictor=False, references=b"\0\0\0\0\2\0\2\0\1\0\x0f\0" + bytes(20)), "pdf-malformed"),
    ],
)
def test_a_file_that_does_not_follow_the_standard_is_told(content: bytes, code: str) -> None:
    assert code_of(content) == code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"true ", True),
        (b"%comment\n null", None),
        (b"-12", -12),
        (b"+.5", 0.5),
        (b"4. ", 4.0),
        (b"/Name", PdfName(b"Name")),
        (b"12 0 R", PdfReference(12)),
        (b"<48 656C6C6F7>", b"Hellop"),
        (b"(a(b)\\(\\101\\r\n\\\nc)", b"a(b)(A\r\nc"),
        (b"[1 0 R 2 [] <</A/B>>]", [PdfReference(1), 2, [], {b"A": PdfName(b"B")}]),
    ],
)
def test_objects_are_read_as_the_standard_spells_them(text: bytes, value: PdfValue) -> None:
    assert parse_value(text, 0, Allowance())[0] == value

"""Files that people present: each kind is told by its content, and gives back what was put into it."""

import pytest

from registry.adapters.baking_png import bake_png
from registry.adapters.baking_svg import bake_svg
from registry.adapters.presented_files import open_file_reader
from registry.domain.errors import Malformed
from registry.domain.presented_files import FileKind, FoundCredential
from tests.presented_case import (
    CODE,
    CREDENTIAL,
    LINK,
    PICTURE_SVG,
    RECEIPT,
    TOKEN,
    attached_pdf,
    good_files,
    itxt,
    make_png,
    make_zip,
    qr_picture,
)


def read(content: bytes, name: str = "file") -> tuple[FoundCredential, ...]:
    return open_file_reader().read(content, name=name)


def read_one(content: bytes) -> FoundCredential:
    (found,) = read(content)
    return found


def code_of(content: bytes) -> str:
    with pytest.raises(Malformed) as raised:
        read(content)
    return raised.value.code


@pytest.mark.parametrize("name", good_files())
def test_a_file_of_every_kind_gives_back_the_credential_byte_for_byte(name: str) -> None:
    found = read_one(good_files()[name])

    assert found.content == CREDENTIAL
    assert (found.link, found.problem) == (None, None)


@pytest.mark.parametrize("name", ["pair.json", "attached.pdf", "one.zip"])
def test_a_receipt_comes_with_its_credential(name: str) -> None:
    assert read_one(good_files()[name]).receipt == RECEIPT


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (CREDENTIAL, FileKind.JSON),
        (TOKEN, FileKind.TOKEN),
        (bake_png(make_png(), TOKEN), FileKind.PNG),
        (bake_svg(PICTURE_SVG, TOKEN), FileKind.SVG),
        (attached_pdf({"credential.jwt": TOKEN}), FileKind.PDF),
    ],
)
def test_the_kind_is_told_by_the_content(content: bytes, kind: FileKind) -> None:
    assert read_one(content).kind is kind


@pytest.mark.parametrize(
    "picture",
    [
        qr_picture(LINK),
        qr_picture(LINK, mode="RGB"),
        qr_picture(LINK, mode="RGBA"),
        qr_picture(LINK, mode="P"),
        qr_picture(LINK, kind="JPEG"),
        qr_picture(LINK, kind="JPEG", mode="CMYK"),
    ],
)
def test_a_qr_code_leads_to_its_link(picture: bytes) -> None:
    found = read_one(picture)

    assert (found.kind, found.link, found.content) == (FileKind.QR, LINK, None)


def test_a_qr_code_may_hold_a_short_code_or_a_token() -> None:
    assert read_one(qr_picture(CODE)).link == CODE
    assert read_one(qr_picture(TOKEN.decode())).content == TOKEN


def test_a_picture_that_carries_a_credential_is_not_asked_for_its_qr_code() -> None:
    found = read_one(bake_png(qr_picture(LINK), CREDENTIAL))

    assert (found.kind, found.content, found.link) == (FileKind.PNG, CREDENTIAL, None)


def test_members_of_a_zip_come_in_their_order_and_a_bad_one_hides_no_other() -> None:
    other = CREDENTIAL.replace(b"urn:example:1", b"urn:example:2")
    found = read(
        make_zip({"b.json": other, "broken.png": make_png()[:-5], "a/baked.png": bake_png(make_png(), CREDENTIAL)})
    )

    assert [item.name for item in found] == ["b.json", "broken.png", "a/baked.png"]
    assert [item.content for item in found] == [other, None, CREDENTIAL]
    assert found[1].problem is not None
    assert (found[1].problem.code, found[1].kind) == ("png-truncated", FileKind.PNG)


def test_names_are_shown_without_what_steers_a_terminal_or_the_eye() -> None:
    found = read(make_zip({"a.json": CREDENTIAL, "b\x1b[2J\u202e.json": CREDENTIAL}))
    (alone,) = read(CREDENTIAL, name="\u202e" + "x" * 300)

    assert [item.name for item in found] == ["a.json", "b\ufffd[2J\ufffd.json"]
    assert alone.name == "\ufffd" + "x" * 254


def test_a_holders_bundle_is_one_credential_with_its_receipt() -> None:
    bundle = make_zip(
        {
            "README.txt": b"How to verify this without us.",
            "credential.json": CREDENTIAL,
            "receipt.json": RECEIPT,
            "badge.png": bake_png(make_png(), CREDENTIAL),
            "badge.svg": bake_svg(PICTURE_SVG, CREDENTIAL),
            "certificate.pdf": attached_pdf({"credential.json": CREDENTIAL, "receipt.json": RECEIPT}),
            "qr.png": qr_picture(LINK),
            "share.png": make_png(),
        }
    )

    found = read_one(bundle)

    assert (found.name, found.content, found.receipt) == ("credential.json", CREDENTIAL, RECEIPT)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b" \n ", "file-empty"),
        (b"hello to all of you", "file-not-recognised"),
        (b"\xff\xfe\x00", "file-not-recognised"),
        (b"javascript:alert(1)", "file-not-recognised"),
        (RECEIPT, "receipt-alone"),
        (make_png(), "picture-without-code"),
        (PICTURE_SVG, "svg-without-credential"),
        (b"<html><body/></html>", "svg-malformed"),
        (attached_pdf({}), "pdf-without-credential"),
        (attached_pdf({"invoice.xml": b"<invoice/>"}), "pdf-without-credential"),
        (attached_pdf({"receipt.json": RECEIPT}), "receipt-alone"),
        (make_zip({}), "zip-without-credential"),
        (b"GIF89a", "picture-unsupported"),
        (b"RIFF\0\0\0\0WEBP", "picture-unsupported"),
        (make_png(itxt(b"https://example.org/1")), "credential-unreadable"),
        (qr_picture("WIFI:S:guest;;"), "file-not-recognised"),
    ],
)
def test_what_holds_no_credential_is_told_by_one_code(content: bytes, code: str) -> None:
    assert code_of(content) == code


def test_a_photograph_with_two_frames_is_none() -> None:
    photograph = qr_picture(LINK, kind="JPEG")
    at = photograph.index(b"\xff\xc0")
    length = 2 + int.from_bytes(photograph[at + 2 : at + 4], "big")

    assert code_of(photograph[: at + length] + photograph[at : at + length] + photograph[at + length :]) == (
        "picture-malformed"
    )

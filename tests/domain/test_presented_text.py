"""Text that is presented, and credentials and receipts that are brought together."""

import json

import pytest

from registry.domain.canonical import MAX_DOCUMENT_BYTES, JsonObject, JsonValue, canonicalize
from registry.domain.errors import Malformed
from registry.domain.leaf import leaf_of_document, leaf_of_token
from registry.domain.presented_files import FileCode, FileKind, FoundCredential
from registry.domain.presented_text import (
    MAX_CREDENTIAL_VALUES,
    MAX_TEXT_BYTES,
    LooseReceipt,
    Piece,
    bring_together,
    credential_kind,
    read_carried,
    read_text,
)

ONE: JsonObject = {"type": ["VerifiableCredential"], "id": "urn:example:1"}
TWO: JsonObject = {"type": ["VerifiableCredential"], "id": "urn:example:2"}
TOKEN = b"eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl"
RECEIPT: JsonObject = {"type": "CredrootReceipt", "leaf": "00"}
ENVELOPED: JsonObject = {
    "@context": "https://www.w3.org/ns/credentials/v2",
    "type": "EnvelopedVerifiableCredential",
    "id": "data:application/vc+jwt,a.b.c",
}


def presentation(*credentials: JsonValue) -> JsonObject:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": list(credentials),
    }


def read_one(content: bytes) -> FoundCredential:
    (piece,) = read_text(content, name="file")
    assert isinstance(piece, FoundCredential)
    return piece


def code_of(content: bytes) -> str:
    with pytest.raises(Malformed) as raised:
        read_text(content, name="file")
    return raised.value.code


@pytest.mark.parametrize("content", [b'{ "b": 1,\n "a": 2 }', b'{"a":1,"a":2}', b'{"a":', b"[" * 70, b'["x"]'])
def test_a_document_is_kept_byte_for_byte_even_where_it_is_none(content: bytes) -> None:
    assert read_one(content) == FoundCredential(name="file", kind=FileKind.JSON, content=content)


def test_a_byte_order_mark_and_space_around_a_document_are_not_part_of_it() -> None:
    assert read_one(b'\xef\xbb\xbf\r\n {"a":1}\n').content == b'{"a":1}'


@pytest.mark.parametrize("token", [TOKEN, TOKEN + b"~WyJhIl0~", b" " + TOKEN + b"\n"])
def test_a_token_is_told_from_words(token: bytes) -> None:
    assert read_one(token) == FoundCredential(name="file", kind=FileKind.TOKEN, content=token.strip())


@pytest.mark.parametrize("link", ["https://example.org/c/abc", "HTTP://127.0.0.1:8000/c/x?y#z"])
def test_an_address_is_a_link(link: str) -> None:
    assert read_one(link.encode()) == FoundCredential(name="file", kind=FileKind.LINK, link=link)


@pytest.mark.parametrize("code", ["ABCDE-FGH2K", "abcdefgh2k", "ABCDE FGH2K", "oO1lI-00000"])
def test_a_short_code_is_taken_as_people_type_it(code: str) -> None:
    assert read_one(code.encode()) == FoundCredential(name="file", kind=FileKind.CODE, link=code)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", FileCode.FILE_EMPTY),
        (b"\xef\xbb\xbf  ", FileCode.FILE_EMPTY),
        (b"{" + b" " * MAX_TEXT_BYTES + b"}", FileCode.TEXT_TOO_LARGE),
        (b"{" + b" " * MAX_DOCUMENT_BYTES + b"}", FileCode.TEXT_TOO_LARGE),
        (b"{" + b" " * MAX_DOCUMENT_BYTES + b"]", FileCode.TEXT_TOO_LARGE),
        (b"{" + b"0," * MAX_CREDENTIAL_VALUES, FileCode.TOO_MANY_VALUES),
        (b'{"a":[' + b"0," * MAX_CREDENTIAL_VALUES + b"0]}", FileCode.TOO_MANY_VALUES),
        (b'{"credential":{"a":[' + b"0," * MAX_CREDENTIAL_VALUES + b"0]}}", FileCode.TOO_MANY_VALUES),
        (b"ftp://example.org/", FileCode.FILE_NOT_RECOGNISED),
        (b"https://example.org/ and more", FileCode.FILE_NOT_RECOGNISED),
        (b"https://example.org/" + b"a" * 2_100, FileCode.FILE_NOT_RECOGNISED),
        ("https://example.org/\u202e".encode(), FileCode.FILE_NOT_RECOGNISED),
        (b"ABCDE-FGHUK", FileCode.FILE_NOT_RECOGNISED),
        (b"\xff", FileCode.FILE_NOT_RECOGNISED),
        (canonicalize({"credential": 1}), FileCode.BUNDLE_MALFORMED),
        (canonicalize({"credential": "no token"}), FileCode.BUNDLE_MALFORMED),
        (canonicalize({"credential": ONE, "receipt": "x"}), FileCode.BUNDLE_MALFORMED),
        (canonicalize(presentation()), FileCode.PRESENTATION_MALFORMED),
        (canonicalize(presentation({"type": "Other"})), FileCode.PRESENTATION_MALFORMED),
        (
            canonicalize({"@context": ["https://www.w3.org/ns/credentials/v2"], "type": "VerifiablePresentation"}),
            FileCode.PRESENTATION_EMPTY,
        ),
        (canonicalize({"type": "EnvelopedVerifiablePresentation"}), FileCode.PRESENTATION_ENVELOPED),
    ],
)
def test_what_is_no_credential_is_told_by_one_code(content: bytes, code: FileCode) -> None:
    assert code_of(content) == code


def test_a_credential_and_its_receipt_may_stand_in_one_document() -> None:
    both = read_one(json.dumps({"receipt": RECEIPT, "credential": ONE}).encode())
    alone = read_one(json.dumps({"credential": TOKEN.decode()}).encode())

    assert (both.content, both.receipt) == (canonicalize(ONE), canonicalize(RECEIPT))
    assert (alone.content, alone.receipt) == (TOKEN, None)


def test_a_credential_with_a_member_called_credential_is_one_credential() -> None:
    document = canonicalize({"credential": ONE, "type": "VerifiableCredential"})

    assert read_one(document).content == document


def test_the_credentials_of_a_presentation_come_one_by_one() -> None:
    pieces = read_text(canonicalize(presentation(ONE, ENVELOPED)), name="file")
    only = read_text(canonicalize(presentation(ONE)), name="file")

    assert [piece.name for piece in pieces] == ["file [1]", "file [2]"]
    assert [piece.content for piece in pieces] == [canonicalize(ONE), canonicalize(ENVELOPED)]
    assert [piece.name for piece in only] == ["file"]


@pytest.mark.parametrize(("leaf", "kept"), [("ab", "ab"), (7, "")])
def test_a_receipt_waits_for_its_credential(leaf: JsonValue, kept: str) -> None:
    content = canonicalize({"type": "CredrootReceipt", "leaf": leaf})

    assert read_text(content, name="file") == (LooseReceipt(name="file", content=content, leaf=kept),)


def test_a_carrier_holds_a_credential_and_never_a_link() -> None:
    found = read_carried(b' {"a":1} ', name="file", kind=FileKind.SVG)

    assert found == (FoundCredential(name="file", kind=FileKind.SVG, content=b'{"a":1}'),)
    assert read_carried(TOKEN, name="file", kind=FileKind.PNG)[0].content == TOKEN
    with pytest.raises(Malformed) as raised:
        read_carried(b"https://example.org/", name="file", kind=FileKind.PNG)
    assert raised.value.code == FileCode.CREDENTIAL_UNREADABLE


def test_a_credential_is_a_json_object_or_a_token() -> None:
    assert credential_kind(canonicalize(ONE)) is FileKind.JSON
    assert credential_kind(TOKEN) is FileKind.TOKEN


@pytest.mark.parametrize("content", [b"", b"[]", b"a.b", TOKEN + b"\n", b'{"a":1,"a":1}', b"\xff"])
def test_anything_else_is_no_credential(content: bytes) -> None:
    with pytest.raises(Malformed) as raised:
        credential_kind(content)

    assert raised.value.code == FileCode.CREDENTIAL_UNREADABLE


# -- bringing together -------------------------------------------------------------------------------------------------


def credential(document: JsonObject, name: str, *, receipt: bytes | None = None) -> FoundCredential:
    return FoundCredential(name=name, kind=FileKind.JSON, content=canonicalize(document), receipt=receipt)


def receipt_of(document: JsonObject, name: str) -> LooseReceipt:
    return LooseReceipt(name=name, content=b"receipt " + name.encode(), leaf=leaf_of_document(document).hex())


def test_receipts_find_their_credentials_by_their_leaf_whatever_they_are_called() -> None:
    pieces: list[Piece] = [
        FoundCredential(name="w/0", kind=FileKind.LINK, link="https://example.org/"),
        receipt_of(TWO, "x/1"),
        credential(ONE, "y/2"),
        credential(TWO, "z/3"),
        receipt_of(ONE, "x/4"),
    ]

    found = bring_together(pieces)

    assert [(item.name, item.receipt) for item in found] == [
        ("w/0", None),
        ("y/2", b"receipt x/4"),
        ("z/3", b"receipt x/1"),
    ]


def test_a_receipt_of_a_token_is_found_by_its_signed_part() -> None:
    disclosed = FoundCredential(name="t", kind=FileKind.TOKEN, content=TOKEN + b"~WyJhIl0~")
    receipt = LooseReceipt(name="r", content=b"receipt", leaf=leaf_of_token(TOKEN.decode()).hex())

    assert bring_together([disclosed, receipt])[0].receipt == b"receipt"


def test_a_changed_credential_gets_the_only_receipt_of_its_folder() -> None:
    changed = credential({**ONE, "name": "Mallory"}, "a/credential.json")

    found = bring_together([changed, receipt_of(ONE, "a/receipt.json"), credential(TWO, "b/credential.json")])

    assert [item.receipt for item in found] == [b"receipt a/receipt.json", None]


@pytest.mark.parametrize(
    "pieces",
    [
        [credential(ONE, "a/1"), receipt_of(TWO, "b/2")],
        [credential(ONE, "a/1"), credential({"id": "urn:x"}, "a/2"), receipt_of(TWO, "a/3")],
        [receipt_of(TWO, "a/3")],
        [credential(ONE, "1", receipt=b"its own"), receipt_of(TWO, "2")],
    ],
)
def test_a_receipt_that_fits_nothing_is_told(pieces: list[Piece]) -> None:
    last = bring_together(pieces)[-1]

    assert last.problem is not None
    assert last.problem.code == FileCode.RECEIPT_ALONE


def test_two_receipts_that_fit_nothing_are_not_handed_out_by_chance() -> None:
    found = bring_together([credential(ONE, "1"), receipt_of(TWO, "2"), receipt_of({"id": "urn:x"}, "3")])

    assert [item.receipt for item in found] == [None, None, None]


def test_a_credential_that_stands_there_twice_is_found_once_with_the_receipt_of_either() -> None:
    again = FoundCredential(name="2", kind=FileKind.PDF, content=canonicalize(ONE), receipt=b"the other's")

    assert bring_together([credential(ONE, "1"), again]) == (credential(ONE, "1", receipt=b"the other's"),)
    assert bring_together([credential(ONE, "1", receipt=b"own"), again])[0].receipt == b"own"
    assert bring_together([credential(ONE, "1", receipt=b"own"), receipt_of(ONE, "2")])[0].receipt == b"own"


def test_a_receipt_is_found_for_a_document_that_is_not_canonical_up_to_a_bound() -> None:
    def spaced(document: JsonObject, name: str) -> FoundCredential:
        return FoundCredential(name=name, kind=FileKind.JSON, content=json.dumps(document, indent=1).encode())

    large = [spaced({**TWO, "padding": str(number) * MAX_DOCUMENT_BYTES}, "a/large") for number in range(3)]
    receipt = receipt_of(ONE, "b/receipt")

    assert bring_together([spaced(ONE, "a/1"), receipt])[0].receipt == receipt.content
    assert bring_together([*large, credential(ONE, "a/1"), receipt])[-1].receipt == receipt.content
    assert bring_together([*large, spaced(ONE, "a/1"), receipt])[-2].receipt is None


def test_what_is_no_document_has_no_leaf_and_is_told_apart_by_its_bytes() -> None:
    broken = [
        FoundCredential(name=str(number), kind=FileKind.JSON, content=text)
        for number, text in enumerate((b"{", b"{", b"["))
    ]

    found = bring_together([*broken, LooseReceipt(name="a/b", content=b"receipt", leaf="00")])

    assert [item.name for item in found] == ["0", "2", "a/b"]


def test_notes_and_pictures_beside_a_credential_are_passed_over_and_nothing_else() -> None:
    def problem(code: FileCode, name: str) -> FoundCredential:
        return FoundCredential(name=name, kind=FileKind.OTHER, problem=Malformed(code, "expected otherwise"))

    link = FoundCredential(name="a/qr.png", kind=FileKind.QR, link="https://example.org/c/1")
    elsewhere = FoundCredential(name="b/qr.png", kind=FileKind.QR, link="https://example.org/c/2")
    note = problem(FileCode.FILE_NOT_RECOGNISED, "a/README.txt")
    broken = problem(FileCode.PNG_CHECKSUM, "a/badge.png")

    assert bring_together([credential(ONE, "a/1"), link, elsewhere, note, broken])[1:] == (elsewhere, broken)
    assert bring_together([note, broken]) == (note, broken)
    assert bring_together([link, note]) == (link,)

"""Text that somebody presents: what it is, told by how it begins (JSON, a token, a web address, a short code).

    {...}                               a credential, kept byte for byte
    {"credential": ..., "receipt": ...} a credential and its receipt
    {"type": "VerifiablePresentation"}  the credentials inside, one by one; the holder's proof is not looked at
    {"type": "CredrootReceipt"}         a receipt, to be matched with its credential
    a.b.c                               a JWT or SD-JWT
    https://...                         a link
    ABCDE-FGH2K                         a short code

A text that begins like JSON and is none is handed on as it is: the verdict says what is wrong with it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from registry.domain.canonical import (
    MAX_DOCUMENT_BYTES,
    JsonObject,
    JsonValue,
    canonicalize,
    check_values,
    parse_object,
)
from registry.domain.errors import Malformed
from registry.domain.form_problem import types_of
from registry.domain.hashing import sha256
from registry.domain.leaf import leaf_of_document, leaf_of_token
from registry.domain.presentation_form import (
    ENVELOPED_PRESENTATION,
    PRESENTATION_TYPE,
    check_presentation,
    is_enveloped,
    presented_credentials,
)
from registry.domain.presented import is_token
from registry.domain.presented_files import FileCode, FileKind, FoundCredential
from registry.domain.receipt import MAX_RECEIPT_BYTES, RECEIPT_TYPE

MAX_TEXT_BYTES: Final = MAX_DOCUMENT_BYTES + MAX_RECEIPT_BYTES + 1_024
"""The largest credential with the largest receipt, in one document; presentations have to do with it too."""

MAX_CREDENTIAL_VALUES: Final = 20_000
"""Of a credential in a file, itself and whatever is inside it: the largest among the examples of the standard has 545. A document
may have more (a megabyte holds half a million, a hundredth of a millisecond each until it is judged): it is not said to be
wrong, a file with such a one is not read. `POST /v1/verify` judges it, alone."""

MAX_TEXT_VALUES: Final = 100_000
"""In one document: a presentation of a hundred credentials, each twice as large as the largest of the standard's examples."""

_MAX_LEAVES_BYTES: Final = 2_097_152
"""Of documents that are canonicalized to find a receipt's: a few seconds where they are written to be dear. The leaf of one
that is canonical already costs nothing."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LINK: Final = re.compile(r"https?://[!-~]{1,2040}", re.IGNORECASE)
"""No browser and no QR code carries more; printable ASCII, as addresses are written."""
_CODE: Final = re.compile(r"[0-9A-TV-Z]{5}[- ]?[0-9A-TV-Z]{5}", re.IGNORECASE)
"""Crockford's base32 as people type it: it has no U, and I, L and O are read as digits by whoever looks it up."""

_NOTHING_INSIDE: Final = frozenset(
    {
        FileCode.FILE_EMPTY,
        FileCode.FILE_NOT_RECOGNISED,
        FileCode.PNG_WITHOUT_CREDENTIAL,
        FileCode.SVG_WITHOUT_CREDENTIAL,
        FileCode.PDF_WITHOUT_CREDENTIAL,
        FileCode.PICTURE_UNSUPPORTED,
        FileCode.PICTURE_WITHOUT_CODE,
    }
)
"""What is said of a file that was read and holds no credential: in a bundle, its notes and its pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseReceipt:
    """A receipt whose credential is somewhere else in the file."""

    name: str
    content: bytes
    leaf: str
    """What it says that it is a receipt of, as hex."""


Piece: TypeAlias = FoundCredential | LooseReceipt


def credential_kind(content: bytes) -> FileKind:
    """Tell whether bytes are a JSON object or a compact token: all that may be baked into a picture.

    Raises Malformed `credential-unreadable`.
    """
    if is_token(content) and content == content.strip():
        return FileKind.TOKEN
    try:
        parse_object(content)
    except Malformed as error:
        raise Malformed(
            FileCode.CREDENTIAL_UNREADABLE, f"expected a JSON object or a token: {error.message}"
        ) from error
    return FileKind.JSON


def read_text(content: bytes, *, name: str, kind: FileKind | None = None) -> tuple[Piece, ...]:
    """Return what a text is; `kind` is what it was found in, None for a text that stands alone.

    Raises Malformed for what is no credential and leads to none.
    """
    text = content.removeprefix(_BYTE_ORDER_MARK).strip()
    if not text:
        raise Malformed(FileCode.FILE_EMPTY, "expected a credential, got nothing")
    if len(text) > MAX_TEXT_BYTES:
        raise Malformed(FileCode.TEXT_TOO_LARGE, f"expected at most {MAX_TEXT_BYTES} bytes of text")
    if text[:1] in {b"{", b"["}:
        return tuple(_read_json(text, name=name, kind=kind or FileKind.JSON))
    if is_token(text):
        return (_found(text, name=name, kind=kind or FileKind.TOKEN),)
    return (_read_words(text, name=name, kind=kind),)


def read_carried(content: bytes, *, name: str, kind: FileKind) -> tuple[Piece, ...]:
    """Return what a picture or a document carries: as `read_text`, but never a link, which a carrier must not hold.

    Raises Malformed.
    """
    text = content.strip()
    if text[:1] in {b"{", b"["} or is_token(text):
        return read_text(content, name=name, kind=kind)
    raise Malformed(FileCode.CREDENTIAL_UNREADABLE, "expected JSON or a token where the credential is carried")


def bring_together(pieces: Iterable[Piece]) -> tuple[FoundCredential, ...]:
    """Give credentials the receipts that stand beside them, and name each credential once.

    A receipt belongs to the credential whose leaf it names; of the others, to the only credential of its folder that has
    none: it may be a changed one, and the verdict will say so. What leads to no credential is passed over where it
    stands beside one.
    """
    pieces = tuple(pieces)
    found = _each_once(piece for piece in pieces if isinstance(piece, FoundCredential))
    receipts = [piece for piece in pieces if isinstance(piece, LooseReceipt)]
    leaves = _leaves(found) if receipts else {}
    left = [receipt for receipt in receipts if not _match_by_leaf(receipt, found, leaves)]
    alone = [receipt for receipt in left if not _match_by_folder(receipt, left, found)]
    return (*_without_decoration(found), *map(_told_alone, alone))


def _read_json(text: bytes, *, name: str, kind: FileKind) -> Iterator[Piece]:
    try:
        document = parse_object(text, limit_bytes=MAX_TEXT_BYTES)
    except Malformed:
        # The verdict reads it again and says why it is no document.
        yield _found(text, name=name, kind=kind)
        return
    leaf = document.get("leaf")
    if document.get("type") == RECEIPT_TYPE:
        yield LooseReceipt(name=name, content=text, leaf=leaf if isinstance(leaf, str) else "")
    elif "credential" in document and document.keys() <= {"credential", "receipt"}:
        yield _read_pair(document, name=name, kind=kind)
    elif {PRESENTATION_TYPE, ENVELOPED_PRESENTATION}.isdisjoint(types_of(document)):
        yield _found(text, name=name, kind=kind)
    else:
        yield from _read_presentation(document, name=name, kind=kind)


def _read_pair(document: JsonObject, *, name: str, kind: FileKind) -> FoundCredential:
    receipt = document.get("receipt")
    if not isinstance(receipt, dict | None):
        raise Malformed(FileCode.BUNDLE_MALFORMED, "expected an object", where="receipt")
    content = _content_of(document["credential"])
    found = _found(content, name=name, kind=kind)
    return found if receipt is None else replace(found, receipt=canonicalize(receipt))


def _content_of(value: JsonValue) -> bytes:
    if isinstance(value, dict):
        return canonicalize(value)
    token = value.encode() if isinstance(value, str) else b""
    if not is_token(token):
        raise Malformed(FileCode.BUNDLE_MALFORMED, "expected an object or a token", where="credential")
    return token


def _read_presentation(document: JsonObject, *, name: str, kind: FileKind) -> Iterator[FoundCredential]:
    if is_enveloped(document, ENVELOPED_PRESENTATION):
        raise Malformed(FileCode.PRESENTATION_ENVELOPED, "expected JSON, got a presentation as a token in an envelope")
    for wrong in check_presentation(document):
        raise Malformed(FileCode.PRESENTATION_MALFORMED, wrong.message, where=wrong.where)
    credentials = presented_credentials(document)
    if not credentials:
        raise Malformed(FileCode.PRESENTATION_EMPTY, "expected a presentation of one credential at least")
    for number, credential in enumerate(credentials, start=1):
        called = name if len(credentials) == 1 else f"{name} [{number}]"
        yield _found(canonicalize(credential), name=called, kind=kind)


def _read_words(text: bytes, *, name: str, kind: FileKind | None) -> FoundCredential:
    try:
        words = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_recognised() from error
    if _LINK.fullmatch(words):
        return FoundCredential(name=name, kind=kind or FileKind.LINK, link=words)
    if _CODE.fullmatch(words):
        return FoundCredential(name=name, kind=kind or FileKind.CODE, link=words)
    raise _not_recognised()


def _not_recognised() -> Malformed:
    return Malformed(
        FileCode.FILE_NOT_RECOGNISED,
        "expected a credential as JSON, token, PNG, SVG, PDF or zip, a link or a short code",
    )


def _found(content: bytes, *, name: str, kind: FileKind) -> FoundCredential:
    if len(content) > MAX_DOCUMENT_BYTES:
        raise Malformed(
            FileCode.TEXT_TOO_LARGE, f"expected a credential of at most {MAX_DOCUMENT_BYTES} bytes, got {len(content)}"
        )
    check_values(content, limit=MAX_CREDENTIAL_VALUES)
    return FoundCredential(name=name, kind=kind, content=content)


def _each_once(found: Iterable[FoundCredential]) -> list[FoundCredential]:
    """Return what was found, a document that stands there twice once."""
    kept: list[FoundCredential] = []
    places: dict[bytes, int] = {}
    for item in found:
        place = len(kept) if item.content is None else places.setdefault(item.content, len(kept))
        if place == len(kept):
            kept.append(item)
        elif kept[place].receipt is None:
            kept[place] = replace(kept[place], receipt=item.receipt)
    return kept


def _leaves(found: list[FoundCredential]) -> dict[str, int]:
    """Return where each leaf stands among what was found."""
    leaves: dict[str, int] = {}
    left = _MAX_LEAVES_BYTES
    for place, item in enumerate(found):
        if item.content is None:
            continue
        # What this registry writes is canonical already.
        leaves.setdefault(sha256(item.content).hex(), place)
        left -= len(item.content)
        if left >= 0:
            leaves.setdefault(_leaf(item.content), place)
    return leaves


def _leaf(content: bytes) -> str:
    if is_token(content):
        return leaf_of_token(content.decode("ascii")).hex()
    try:
        return leaf_of_document(parse_object(content)).hex()
    except Malformed:
        return ""


def _match_by_leaf(receipt: LooseReceipt, found: list[FoundCredential], leaves: dict[str, int]) -> bool:
    place = leaves.get(receipt.leaf)
    if place is None:
        return False
    if found[place].receipt is None:
        found[place] = replace(found[place], receipt=receipt.content)
    return True


def _match_by_folder(receipt: LooseReceipt, receipts: list[LooseReceipt], found: list[FoundCredential]) -> bool:
    folder = _folder(receipt.name)
    places = [
        place
        for place, item in enumerate(found)
        if item.content is not None and item.receipt is None and _folder(item.name) == folder
    ]
    if len(places) != 1 or sum(_folder(other.name) == folder for other in receipts) != 1:
        return False
    found[places[0]] = replace(found[places[0]], receipt=receipt.content)
    return True


def _without_decoration(found: list[FoundCredential]) -> Iterator[FoundCredential]:
    """Leave out what is no credential: notes and pictures, and links that stand beside the credential itself."""
    folders = {_folder(item.name) for item in found if item.content is not None}
    something = any(item.problem is None for item in found)
    for item in found:
        beside = item.link is not None and _folder(item.name) in folders
        empty = something and item.problem is not None and item.problem.code in _NOTHING_INSIDE
        if not beside and not empty:
            yield item


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _told_alone(receipt: LooseReceipt) -> FoundCredential:
    problem = Malformed(FileCode.RECEIPT_ALONE, "expected the credential that this receipt belongs to")
    return FoundCredential(name=receipt.name, kind=FileKind.JSON, problem=problem)

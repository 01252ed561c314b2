r"""Credentials baked into SVG pictures (Open Badges 3.0 section 5.3.2).

    <svg xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0" ...>
    <openbadges:credential><![CDATA[{...}]]></openbadges:credential>    or    <openbadges:credential verify="a.b.c"/>

Written directly after `<svg>`; the rest of the file stays as it is, byte for byte. Read wherever it stands and however it
is spelled, once. What XML cannot carry in a CDATA section is written as JSON spells it otherwise (`]]>` as `]]\u003e`).

The picture is parsed as a stream, by defusedxml: no entity is expanded and nothing is fetched.
"""

import re
from typing import Final

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from registry.domain.canonical import MAX_DOCUMENT_BYTES
from registry.domain.errors import Malformed
from registry.domain.presented_files import FileCode, FileKind
from registry.domain.presented_text import credential_kind

MAX_SVG_BYTES: Final = 4_194_304
"""A badge is some kilobytes, one with a photograph in it a megabyte, and the largest credential another."""
MAX_MARKUP: Final = 100_000
"""Of `<` and `=`, so of elements and attributes: a map of a country has as many, a badge a thousand."""
MAX_NESTING: Final = 256
"""A drawing program nests groups twenty deep."""

_NAMESPACE: Final = "https://purl.imsglobal.org/ob/v3p0"
_NAMESPACE_2: Final = "http://openbadges.org"
_SVG: Final = "http://www.w3.org/2000/svg"
_ACTIVE_ELEMENTS: Final = frozenset({"script", "foreignobject", "iframe", "embed", "object", "handler", "listener"})
_ADDRESSES: Final = frozenset({"href", "src"})
_HARMLESS: Final = ("#", "data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp")
"""What a picture that stands alone may point at: itself, and pictures inside it that run nothing."""
_OUTWARD: Final = re.compile(
    r"url\(\s*+['\"]?+(?!#|data:image/|data:font/)|(?:image-set|cross-fade|\bimage|\bsrc)\(|@import|javascript:|\\",
    re.IGNORECASE,
)
"""What in a style sheet loads something; a backslash spells any of it so that it is not seen."""
_PASSED_OVER: Final = str.maketrans("", "", "\t\r\n")
"""What a browser takes out of an address before it reads it."""

_BEFORE_ROOT: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE(?:[^\"'\[>]|\"[^\"]*\"|'[^']*')*+>)*+", re.DOTALL
)
_ROOT: Final = re.compile(rb"<(?:[\w.-]+:)?svg(?=[\s>/])")
_ATTRIBUTE: Final = re.compile(rb"\s++([\w.:-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
_TAG_END: Final = re.compile(rb"\s*+>")

_UNCARRIED: Final = {"]]>": "]]\\u003e", "\ufffe": "\\ufffe", "\uffff": "\\uffff", "\r": "\n"}
"""What a CDATA section ends at, what XML forbids, and what its readers change, as JSON spells it otherwise. Outside its
strings JSON has none of them but the line's end."""


def bake_svg(picture: bytes, credential: bytes) -> bytes:
    """Return an SVG picture that carries a credential.

    Raises Malformed for what is no SVG or could run something, for a picture that carries one already, and for what is no
    credential.
    """
    kind = credential_kind(credential)
    carrier = _parse(picture)
    if carrier.found:
        raise Malformed(FileCode.SVG_ALREADY_BAKED, "expected a picture that carries no credential yet")
    if carrier.active:
        raise Malformed(
            FileCode.SVG_ACTIVE_CONTENT, f"expected a picture that runs and loads nothing, got {carrier.active}"
        )
    name_end, tag_end, declared = _root_tag(picture)
    declaration = b"" if declared else f' xmlns:openbadges="{_NAMESPACE}"'.encode()
    element = _element(credential.decode("utf-8"), kind).encode()
    return picture[:name_end] + declaration + picture[name_end:tag_end] + element + picture[tag_end:]


def extract_svg(picture: bytes) -> bytes:
    """Return the credential that an SVG picture carries, as it stands there.

    Raises Malformed: `svg-without-credential`, `open-badges-2`, or what is wrong with the picture.
    """
    carrier = _parse(picture)
    if carrier.found > 1:
        raise Malformed(FileCode.SVG_CREDENTIAL_TWICE, f"expected one credential in the picture, got {carrier.found}")
    if carrier.found:
        return carrier.credential()
    if carrier.version_2:
        raise Malformed(FileCode.OPEN_BADGES_2, "expected Open Badges 3.0, got a badge of Open Badges 2, not supported")
    raise Malformed(FileCode.SVG_WITHOUT_CREDENTIAL, "expected a picture that carries a credential")


class _Carrier:
    """Looks at a picture as it is parsed, and keeps the text of the credential alone."""

    def __init__(self) -> None:
        self.found = 0
        self.version_2 = False
        self.active = ""
        """The first thing in it that could run or load something."""
        self._depth = 0
        self._inside = 0
        """The depth of the credential that is being read, 0: none."""
        self._style = 0
        """The depth of the style sheet that is being read, 0: none."""
        self._sheet: list[str] = []
        self._verify = ""
        self._text: list[str] = []
        self._length = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        namespace, _, name = tag.removeprefix("{").rpartition("}")
        if self._depth == 1 and (namespace, name) != (_SVG, "svg"):
            raise Malformed(FileCode.SVG_MALFORMED, "expected <svg> in the namespace of SVG")
        if self._depth > MAX_NESTING:
            raise Malformed(FileCode.SVG_TOO_COMPLEX, f"expected at most {MAX_NESTING} levels of elements")
        if self._inside:
            raise Malformed(FileCode.CREDENTIAL_UNREADABLE, "expected text in the credential, got an element")
        if (namespace, name) == (_NAMESPACE, "credential"):
            self.found += 1
            self._inside = self._depth
            self._verify = attributes.get("verify", "")
            self._text.clear()
        self.version_2 = self.version_2 or namespace == _NAMESPACE_2
        self.active = self.active or _active(name, attributes)
        if self._style:
            # It would split what is read of the sheet, or be one itself.
            self.active = self.active or "an element in a style sheet"
        elif name.lower() == "style":
            self._style = self._depth

    def pi(self, target: str, _data: str) -> None:
        """A processing instruction."""
        if target == "xml-stylesheet":
            self.active = self.active or target

    def data(self, text: str) -> None:
        """Text, outside or inside a CDATA section."""
        if self._style:
            self._sheet.append(text)
        if self._inside:
            self._length += len(text)
            if self._length > MAX_DOCUMENT_BYTES:
                raise _too_large()
            self._text.append(text)

    def end(self, _tag: str) -> None:
        """An element ends."""
        if self._depth == self._inside:
            self._inside = 0
        if self._depth == self._style:
            self._style = 0
            # As a whole: comments, CDATA sections and references split it anywhere.
            if _OUTWARD.search("".join(self._sheet)):
                self.active = self.active or "a style sheet that loads something"
            self._sheet.clear()
        self._depth -= 1

    def close(self) -> None:
        """All is read."""

    def credential(self) -> bytes:
        """Return the one credential."""
        content = "".join(self._text).encode("utf-8")
        if self._verify and content.strip():
            raise Malformed(FileCode.CREDENTIAL_UNREADABLE, "expected the credential as text or in verify, got both")
        content = self._verify.strip().encode("utf-8") or content
        if len(content) > MAX_DOCUMENT_BYTES:
            raise _too_large()
        return content


def _parse(picture: bytes) -> _Carrier:
    if len(picture) > MAX_SVG_BYTES:
        raise Malformed(FileCode.SVG_TOO_LARGE, f"expected a picture of at most {MAX_SVG_BYTES} bytes")
    if picture.count(b"<") + picture.count(b"=") > MAX_MARKUP:
        raise Malformed(FileCode.SVG_TOO_COMPLEX, f"expected at most {MAX_MARKUP} elements and attributes")
    carrier = _Carrier()
    # The encoding is ours to say: a declaration could name any codec of Python.
    parser = DefusedXMLParser(target=carrier, encoding="utf-8", forbid_entities=True, forbid_external=True)
    try:
        parser.feed(picture)
        parser.close()
    except DefusedXmlException as error:
        raise Malformed(FileCode.SVG_ENTITIES, "expected a picture that declares no entities") from error
    except ParseError as error:
        # Where, and not what: its own words repeat those of the file.
        line, column = error.position
        raise Malformed(
            FileCode.SVG_MALFORMED, f"expected a well-formed SVG picture up to line {line}, column {column}"
        ) from error
    return carrier


def _too_large() -> Malformed:
    return Malformed(FileCode.TEXT_TOO_LARGE, f"expected a credential of at most {MAX_DOCUMENT_BYTES} bytes")


def _active(name: str, attributes: dict[str, str]) -> str:
    if name.lower() in _ACTIVE_ELEMENTS:
        return f"<{name.lower()}>"
    for attribute, value in attributes.items():
        local = attribute.rpartition("}")[2].lower()
        if local.startswith("on"):
            return local
        if local == "attributename" and value.strip().lower().rpartition(":")[2].startswith(("href", "on")):
            return "an animation of what runs or loads"
        if _OUTWARD.search(value.translate(_PASSED_OVER)):
            return f"{local} that loads something"
        if local in _ADDRESSES and not value.strip().lower().startswith(_HARMLESS):
            return f"{local} to somewhere else"
    return ""


def _root_tag(picture: bytes) -> tuple[int, int, bool]:
    """Return where the root's name and its tag end, and whether the prefix is declared there."""
    start = _BEFORE_ROOT.match(picture)
    root = _ROOT.match(picture, start.end() if start else 0)
    if root is None:
        raise Malformed(FileCode.SVG_MALFORMED, "expected <svg> after the prolog")
    position, declared = root.end(), False
    while attribute := _ATTRIBUTE.match(picture, position):
        position = attribute.end()
        if attribute[1] == b"xmlns:openbadges":
            declared = True
            if (attribute[2] or attribute[3]) != _NAMESPACE.encode():
                raise Malformed(FileCode.SVG_PREFIX_TAKEN, "expected the prefix openbadges to be free")
    end = _TAG_END.match(picture, position)
    if end is None:
        raise Malformed(FileCode.SVG_MALFORMED, "expected <svg> with something inside")
    return root.end(), end.end(), declared


def _element(credential: str, kind: FileKind) -> str:
    if kind is FileKind.TOKEN:
        # A token has no character that XML would read as its own.
        return f'<openbadges:credential verify="{credential}"/>'
    for uncarried, written in _UNCARRIED.items():
        credential = credential.replace(uncarried, written)
    return f"<openbadges:credential><![CDATA[{credential}]]></openbadges:credential>"

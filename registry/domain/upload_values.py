r"""What one cell may hold: cleaning of text, then e-mail addresses, dates, numbers, web addresses, languages.

Cleaning removes what nobody sees (zero-width characters, marks that turn text around, space around the value) and
composes the rest (Unicode NFC, UAX #15), so that two spellings that look the same hash the same. A zero-width joiner
or non-joiner stays where it changes what is seen: between Arabic letters, after a virama, inside an emoji.

E-mail addresses: the dot-atom of RFC 5321 section 4.1.2 with the letters of RFC 6531, a domain of two or more labels,
254 and 64 octets at most (RFC 5321 section 4.5.3.1). Not admitted: quoted local parts, comments, address literals,
several addresses. Whether mail arrives is not asked.
"""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Final
from urllib.parse import SplitResult, urlsplit

from registry.domain.claims import is_iri
from registry.domain.upload_codes import Code
from registry.domain.upload_languages import ISO_639_1

MAX_EMAIL_OCTETS: Final = 254
"""RFC 5321 section 4.5.3.1.3 less the angle brackets (RFC 3696 erratum 1690)."""
MAX_LOCAL_OCTETS: Final = 64
MAX_LABEL_OCTETS: Final = 63
MAX_NUMBER_DIGITS: Final = 15
"""What a binary64 number, and so every JSON reader, keeps exactly."""
EARLIEST_YEAR: Final = 1900
"""Nobody who was issued anything before is uploaded: an earlier year is a mistyped one."""

SPACES: Final = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
_JOINERS: Final = "\u200c\u200d"
INVISIBLE: Final = re.compile("[\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
REFUSED: Final = re.compile("[\x00-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
"""C0 controls, DEL, noncharacters, lone surrogates: canonicalizers disagree on them (RDFC-1.0 section 5.1), and no
cell needs a line break."""

_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\x80-\U0010ffff]+")
_ASCII_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_ASCII_LABEL_END: Final = r"(?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ASCII_EMAIL: Final = re.compile(
    rf"{_ASCII_ATOM}++(?:\.{_ASCII_ATOM}++)*+@(?:[A-Za-z0-9]{_ASCII_LABEL_END}\.)+[A-Za-z]{_ASCII_LABEL_END}", re.ASCII
)
"""Nearly every address, at once: ASCII, with a last label that begins with a letter. Its lengths are checked apart."""
_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9\-\x80-\U0010ffff]+(?<!-)")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}", re.ASCII)
_VIRAMA: Final = 9
"""The canonical combining class of viramas (Unicode Standard, table 4-3)."""


class CellRefused(Exception):
    """A cell does not hold what its column asks for."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def clean_text(value: str) -> tuple[str, tuple[Code, ...]]:
    """Return the text without what is not seen, composed, and the codes of what was done to it.

    A value of which nothing is left carries no code.
    """
    if value.isascii() and value.isprintable() and value == value.strip(" "):
        return value, ()
    seen = INVISIBLE.sub(_keep_visible_joiner, value)
    trimmed = seen.strip(SPACES)
    composed = unicodedata.normalize("NFC", trimmed)
    done = (
        (seen != value, Code.INVISIBLE_CHARS_REMOVED),
        (trimmed != seen, Code.WHITESPACE_TRIMMED),
        (composed != trimmed, Code.TEXT_NORMALISED),
    )
    return composed, tuple(code for happened, code in done if happened and composed)


def check_characters(value: str) -> None:
    """Refuse characters that readers of a signature treat differently.

    Raises CellRefused CHARACTER_REFUSED.
    """
    found = REFUSED.search(value)
    if found is not None:
        detail = f"the value holds U+{ord(found[0]):04X} (character {found.start() + 1}), which must not be signed"
        raise CellRefused(Code.CHARACTER_REFUSED, detail)


def parse_email(value: str) -> str:
    """Return the address if it has the form described above; upper and lower case stay as they are.

    Raises CellRefused EMAIL_INVALID.
    """
    if not is_email(value):
        raise CellRefused(Code.EMAIL_INVALID)
    return value


def is_email(value: str) -> bool:
    """Tell whether a text has the form of an e-mail address."""
    if is_ascii_email(value):
        return True
    local, at, domain = value.rpartition("@")
    if not at:
        return False
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].isdecimal():
        return False
    if _octets(value) > MAX_EMAIL_OCTETS or _octets(local) > MAX_LOCAL_OCTETS:
        return False
    return (
        all(_ATOM.fullmatch(atom) for atom in local.split("."))
        and all(_LABEL.fullmatch(label) and _octets(label) <= MAX_LABEL_OCTETS for label in labels)
        and (value.isascii() or all(c.isascii() or unicodedata.category(c)[0] in "LMN" for c in value))
    )


def is_ascii_email(value: str) -> bool:
    """Tell whether a text has the form of an e-mail address of the ordinary kind; nine in ten of all are."""
    return (
        len(value) <= MAX_EMAIL_OCTETS
        and _ASCII_EMAIL.fullmatch(value) is not None
        and value.index("@") <= MAX_LOCAL_OCTETS
    )


def normalise_identifier(value: str) -> str:
    """Return the form in which two spellings of one recipient are equal; for comparing only, never for hashing.

    An e-mail address is compared without regard to case, anything else as it stands; both cleaned and composed.
    """
    if is_ascii_email(value):
        # There is nothing to clean, and ASCII has no other case folding and no composition.
        return value.lower()
    text, _ = clean_text(value)
    return unicodedata.normalize("NFC", text.casefold()) if is_email(text) else text


def parse_date(value: str) -> date:
    """Read YYYY-MM-DD, and only that.

    Raises CellRefused DATE_FORMAT, DATE_INVALID.
    """
    if _DATE.fullmatch(value) is None:
        raise CellRefused(Code.DATE_FORMAT)
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise CellRefused(Code.DATE_INVALID) from error
    if day.year < EARLIEST_YEAR:
        raise CellRefused(Code.DATE_INVALID)
    return day


def parse_number(value: str) -> Decimal:
    """Read a plain decimal number.

    Raises CellRefused NUMBER_FORMAT.
    """
    if _NUMBER.fullmatch(value) is None or sum(c.isdecimal() for c in value) > MAX_NUMBER_DIGITS:
        raise CellRefused(Code.NUMBER_FORMAT)
    return Decimal(value)


def parse_web_address(value: str) -> str:
    """Return an absolute https or http IRI (RFC 3987) with a host and without user information.

    What is not an IRI would silently be left out of what is signed. Raises CellRefused URL_SCHEME, URL_INVALID.
    """
    if not value.lower().startswith(("https://", "http://")):
        raise CellRefused(Code.URL_SCHEME)
    parts = _split_address(value)
    if parts is None or not parts.hostname or "@" in parts.netloc or not is_iri(value):
        raise CellRefused(Code.URL_INVALID)
    return value


def parse_language(value: str, *, known: tuple[str, ...] | None) -> str:
    """Return the known language this tag names (BCP 47: without regard to case).

    None knows every language of ISO 639-1, in any script and region. Raises CellRefused LOCALE_UNKNOWN.
    """
    if known is None:
        if _LANGUAGE_TAG.fullmatch(value) is None:
            raise CellRefused(Code.LOCALE_UNKNOWN, "this is no language tag (BCP 47)")
        if value.split("-", 1)[0].lower() not in ISO_639_1:
            raise CellRefused(Code.LOCALE_UNKNOWN, "ISO 639-1 has no such language")
        return value
    for language in known:
        if language.casefold() == value.casefold():
            return language
    raise CellRefused(Code.LOCALE_UNKNOWN, f"the language is none of {', '.join(known)}")


def _keep_visible_joiner(found: re.Match[str]) -> str:
    character, text = found[0], found.string
    before, after = text[: found.start()][-1:], text[found.end() :][:1]
    return character if character in _JOINERS and before and after and _joins(before, after) else ""


def _joins(before: str, after: str) -> bool:
    if unicodedata.combining(before) == _VIRAMA:
        return unicodedata.category(after)[0] in "LM"
    if unicodedata.bidirectional(before) == unicodedata.bidirectional(after) == "AL":
        return True
    return unicodedata.category(before) in {"So", "Sk", "Mn"} and unicodedata.category(after) == "So"


def _octets(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _split_address(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        return parts if parts.port is None or parts.port > 0 else None
    except ValueError:  # a port out of range, brackets without an IPv6 address, a host that NFKC changes
        return None

"""Texts, links, numbers and moments of a stranger's document, as people may be shown them.

A value of another form than expected reads as empty, never as an error. Texts for people are strings, language value objects (VC
Data Model 2.0 section 11.1) or language maps (JSON-LD 1.1 section 9.8); one or many.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.domain.one_or_many import as_items, objects_of
from registry.domain.timestamp import parse_time
from registry.domain.vocabularies import LANGUAGE

DEFAULT_LANGUAGE: Final = "en"
MAX_ADDRESS: Final = 2_048
"""Of a link: what every browser and PDF reader follows."""

_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
"""Controls; soft hyphens, which a PDF takes for hyphens; direction overrides and isolates, with which a name could turn the
words beside it around; the byte order mark, which PDF/UA forbids."""
_TAG: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", re.IGNORECASE | re.ASCII)


def clean_text(text: str) -> str:
    """Return a text without what cannot be seen; each of its line breaks is a line feed."""
    return _UNSEEN.sub("", "\n".join(text.splitlines()))


def shorten(text: str, limit: int) -> str:
    """Return a text as it is shown on one line: cleaned, and with an ellipsis where it was cut."""
    shown = " ".join(clean_text(text).split())
    if len(shown) <= limit:
        return shown
    end = limit - 1
    # A letter keeps its marks: half of one would be another letter.
    while end and unicodedata.category(shown[end]).startswith("M"):
        end -= 1
    return shown[:end].rstrip() + "…"


def read_texts(value: JsonValue) -> Iterator[tuple[str, str]]:
    """Give the texts for people in a value with their language tags, which may be empty."""
    for tag, text in _written(value):
        cleaned = read_string(text)
        if cleaned.strip():
            yield read_string(tag), cleaned


def choose_text(value: JsonValue, languages: tuple[str, ...]) -> str:
    """Choose a text for people: of several, one in the first of the languages that there is one in, else the first."""
    texts = list(read_texts(value))
    for language in languages:
        spoken = [(tag, text) for tag, text in texts if _is_spoken(tag, language)]
        if spoken:
            # The very tag before its relatives: `pt-BR` before `pt`.
            return next((text for tag, text in spoken if tag.lower() == language.lower()), spoken[0][1])
    return texts[0][1] if texts else ""


def has_language(value: JsonValue, language: str) -> bool:
    """Tell whether there is a text for people in a language."""
    return any(_is_spoken(tag, language) for tag, _ in read_texts(value))


def read_string(value: JsonValue) -> str:
    """Return a string for people that has no language, such as an identifier."""
    return clean_text(value) if isinstance(value, str) else ""


def read_language(value: JsonValue) -> str:
    """Return a language tag, else the default."""
    return value if isinstance(value, str) and LANGUAGE.fullmatch(value) is not None else DEFAULT_LANGUAGE


def read_number(value: JsonValue) -> str:
    """Return a number as it is written; a whole one without its fraction."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value).removesuffix(".0") if is_number else ""


def read_web_address(value: JsonValue) -> str:
    """Return what a reader may click on: another scheme could run something, in a browser or in a PDF."""
    address = read_string(value)
    is_link = address == value and address.startswith(("https://", "http://")) and len(address) <= MAX_ADDRESS
    return address if is_link else ""


def read_moment(value: JsonValue) -> datetime | None:
    """Return a moment in the offset that it was written in; one without an offset is none."""
    try:
        parse_time(value, "moment")
    except Malformed:
        return None
    return datetime.fromisoformat(str(value))


def first_object(value: JsonValue) -> JsonObject:
    """Return the first object of a value; one without members where there is none."""
    return next(iter(objects_of(value)), {})


def named_object(value: JsonValue) -> JsonObject:
    """Return the first object of a value, which may be written as its identifier alone."""
    return first_object(value) or {"id": next(iter(as_items(value)), None)}


def _written(value: JsonValue) -> Iterator[tuple[JsonValue, JsonValue]]:
    for item in as_items(value):
        if not isinstance(item, dict):
            yield "", item
        elif "@value" in item:
            yield item.get("@language"), item["@value"]
        else:
            yield from ((tag, text) for tag, text in item.items() if _TAG.fullmatch(tag) is not None)


def _is_spoken(tag: str, language: str) -> bool:
    return tag.partition("-")[0].lower() == language.partition("-")[0].lower()

"""What a credential says, for people: who, what, from whom, when, which skills. Read out of any document, believed in none.

Every text is a stranger's: it is shortened here and escaped where it is shown. Only http(s) links become links.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue, parse_object
from registry.domain.errors import Malformed
from registry.domain.timestamp import parse_time

MAX_TEXT: Final = 300
MAX_SKILLS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """A skill that an achievement is aligned to."""

    name: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is shown of a credential; None and empty where it says nothing."""

    title: str | None
    description: str | None
    kind: str | None
    holder: str | None
    issuer_name: str | None
    issuer_id: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    results: tuple[str, ...]
    skills: tuple[Skill, ...]


def read_facts(content: bytes) -> Facts | None:
    """Read what a document says; None for what is no JSON object."""
    try:
        document = parse_object(content)
    except Malformed:
        return None
    subject = _first(document.get("credentialSubject"))
    achievement = _first(subject.get("achievement"))
    issuer = document.get("issuer")
    return Facts(
        title=_text(achievement.get("name")) or _text(document.get("name")),
        description=_text(achievement.get("description")) or _text(document.get("description")),
        kind=_text(achievement.get("achievementType")),
        holder=_holder(subject),
        issuer_name=_text(issuer.get("name")) if isinstance(issuer, dict) else None,
        issuer_id=_text(issuer.get("id") if isinstance(issuer, dict) else issuer),
        valid_from=_moment(document.get("validFrom") or document.get("issuanceDate")),
        valid_until=_moment(document.get("validUntil") or document.get("expirationDate")),
        results=tuple(_values(subject.get("result"))),
        skills=tuple(_skills(achievement.get("alignment")))[:MAX_SKILLS],
    )


def _holder(subject: JsonObject) -> str | None:
    identifiers = subject.get("identifier")
    for item in identifiers if isinstance(identifiers, list) else [identifiers]:
        # A hashed identifier says nothing to people.
        if isinstance(item, dict) and item.get("identityType") == "name" and item.get("hashed") is not True:
            return _text(item.get("identityHash"))
    return _text(subject.get("name")) or _text(subject.get("id"))


def _skills(value: JsonValue) -> Iterator[Skill]:
    for item in value if isinstance(value, list) else [value]:
        name = _text(item.get("targetName")) if isinstance(item, dict) else None
        if isinstance(item, dict) and name is not None:
            url = item.get("targetUrl")
            yield Skill(
                name=name, url=url if isinstance(url, str) and url.startswith(("https://", "http://")) else None
            )


def _values(value: JsonValue) -> Iterator[str]:
    for item in (value if isinstance(value, list) else [value])[:MAX_SKILLS]:
        text = _text(item.get("value")) if isinstance(item, dict) else None
        if text is not None:
            yield text


def _first(value: JsonValue) -> JsonObject:
    item = value[0] if isinstance(value, list) and value else value
    return item if isinstance(item, dict) else {}


def _text(value: JsonValue) -> str | None:
    """Return a text; of one in several languages the first."""
    item = value[0] if isinstance(value, list) and value else value
    if isinstance(item, dict):
        item = item.get("@value") or item.get("value")
    if not isinstance(item, str) or not item.strip():
        return None
    return item if len(item) <= MAX_TEXT else f"{item[:MAX_TEXT]}…"


def _moment(value: JsonValue) -> datetime | None:
    try:
        return parse_time(value, "moment")
    except Malformed:
        return None

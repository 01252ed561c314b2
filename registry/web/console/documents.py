"""A credential's document as a page of the console shows it: the facts that a registrar looks for, each a plain text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from registry.domain.canonical import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCredential:
    """What a document says, whatever it leaves out."""

    recipient: str | None
    achievement: JsonObject
    issuer: str | None
    dates: Mapping[str, datetime]
    """By the names of their members."""
    results: tuple[tuple[str, str], ...]
    """What was measured, and the value."""
    evidence: tuple[Mapping[str, str], ...] = field(default=())
    narrative: str | None = None


def shown_credential(document: JsonObject) -> ShownCredential:
    """Read a document, ours or one that another program signed: what is missing or odd is left out."""
    subject = _object(document.get("credentialSubject"))
    achievement = _object(subject.get("achievement"))
    names = {str(item.get("id")): str(item.get("name")) for item in _objects(achievement.get("resultDescription"))}
    return ShownCredential(
        recipient=_text(subject.get("name")) or _identifier_name(subject),
        achievement=achievement,
        issuer=_text(_object(document.get("issuer")).get("name")),
        dates={
            name: moment
            for name in ("validFrom", "validUntil", "awardedDate")
            if (moment := _moment(document.get(name))) is not None
        },
        results=tuple(
            (names.get(str(item.get("resultDescription")), ""), str(item.get("value")))
            for item in _objects(subject.get("result"))
            if "value" in item
        ),
        evidence=tuple(
            {name: value for name, value in item.items() if isinstance(value, str)}
            for item in _objects(document.get("evidence"))
        ),
        narrative=_text(subject.get("narrative")),
    )


def _moment(value: JsonValue) -> datetime | None:
    try:
        return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else None
    except ValueError:
        return None


def _identifier_name(subject: JsonObject) -> str | None:
    # A name stands among the identifiers, unhashed.
    for item in _objects(subject.get("identifier")):
        if item.get("identityType") == "name" and item.get("hashed") is False:
            return _text(item.get("identityHash"))
    return None


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _objects(value: JsonValue) -> list[JsonObject]:
    """Return the objects of a list, or the one that stands for a list of one."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None

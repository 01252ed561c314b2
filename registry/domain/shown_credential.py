"""What a page shows of a credential, read out of its document (Open Badges 3.0, VC Data Model 2.0).

Documents of others are read too: a member of another form than expected is taken as absent, never as an error. Nothing here is
checked, and nothing is fetched. Of evidence that is marked as private only the name is read.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.private_evidence import evidence_of, is_private
from registry.domain.vocabularies import LANGUAGE

MAX_ITEMS: Final = 100
"""Of skills, results and evidence: more than any page is read for; the document itself has all of them."""

_UNSHOWN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
"""Controls; and direction overrides and isolates, with which a name could turn the words beside it around."""
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A name that may lead somewhere."""

    name: str
    url: str
    """An https or http address; empty where it leads nowhere."""
    framework: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownResult:
    """One result of an assessment."""

    name: str
    value: str
    scale: tuple[str, ...]
    """The values that there are, lowest first; empty where the achievement does not list them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvidence:
    """Something that shows what the earner did."""

    name: str
    is_private: bool
    url: str = ""
    narrative: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCredential:
    """A credential as people read it; texts are empty where the document says nothing."""

    title: str
    description: str
    achievement_type: str
    language: str
    """A tag such as `pt-BR`: of the texts of the achievement."""
    holder: str
    issuer: Link
    creator: str
    """Who made the achievement, where that is not the issuer."""
    criteria: str
    """Markdown."""
    criteria_url: str
    skills: tuple[Link, ...]
    results: tuple[ShownResult, ...]
    evidence: tuple[ShownEvidence, ...]
    narrative: str
    credits: str
    license_number: str
    awarded: datetime | None
    """In the offset that the issuer wrote it in."""
    valid_from: datetime | None
    valid_until: datetime | None
    activity_start: datetime | None
    activity_end: datetime | None


def show_credential(document: JsonObject) -> ShownCredential:
    """Read what a page shows of a credential."""
    subject = _first(document.get("credentialSubject"))
    achievement = _first(subject.get("achievement"))
    language = _language(achievement.get("inLanguage"))
    read = _Reader(language=language)
    issuer = read.party(document.get("issuer"))
    creator = read.party(achievement.get("creator"))
    criteria = _first(achievement.get("criteria"))
    return ShownCredential(
        title=read.text(achievement.get("name")) or read.text(document.get("name")) or _types(document),
        description=read.text(achievement.get("description")) or read.text(document.get("description")),
        achievement_type=_string(achievement.get("achievementType")).removeprefix("ext:"),
        language=language,
        holder=_holder(subject) or read.text(subject.get("name")),
        issuer=issuer,
        creator="" if creator.name == issuer.name else creator.name,
        criteria=read.text(criteria.get("narrative")),
        criteria_url=_web_address(criteria.get("id")),
        skills=read.skills(achievement),
        results=read.results(subject, achievement),
        evidence=read.evidence(document),
        narrative=read.text(subject.get("narrative")),
        credits=_number(subject.get("creditsEarned")) or _number(achievement.get("creditsAvailable")),
        license_number=_string(subject.get("licenseNumber")),
        awarded=_moment(document.get("awardedDate")) or _moment(document.get("validFrom")),
        valid_from=_moment(document.get("validFrom")),
        valid_until=_moment(document.get("validUntil")),
        activity_start=_moment(subject.get("activityStartDate")),
        activity_end=_moment(subject.get("activityEndDate")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads texts, each in the achievement's language where a document has it in several."""

    language: str

    def text(self, value: JsonValue) -> str:
        texts = [(_string(item.get("@language")), _string(item.get("@value"))) for item in _objects(value)]
        chosen = [text for tag, text in texts if tag.lower() == self.language.lower()] or [text for _, text in texts]
        return chosen[0] if chosen else _string(value)

    def party(self, value: JsonValue) -> Link:
        profile = _first(value) or {"id": value}
        identifier = _string(profile.get("id"))
        url = _web_address(profile.get("url")) or _web_address(identifier)
        return Link(name=self.text(profile.get("name")) or identifier, url=url)

    def skills(self, achievement: JsonObject) -> tuple[Link, ...]:
        found = [
            Link(
                name=self.text(alignment.get("targetName")),
                url=_web_address(alignment.get("targetUrl")),
                framework=self.text(alignment.get("targetFramework")),
                description=self.text(alignment.get("targetDescription")),
            )
            for alignment in _objects(achievement.get("alignment"))[:MAX_ITEMS]
        ]
        return tuple(skill for skill in found if skill.name)

    def results(self, subject: JsonObject, achievement: JsonObject) -> tuple[ShownResult, ...]:
        described = {_string(each.get("id")): each for each in _objects(achievement.get("resultDescription"))}
        found: list[ShownResult] = []
        for result in _objects(subject.get("result"))[:MAX_ITEMS]:
            description = described.get(_string(result.get("resultDescription")), {})
            allowed = description.get("allowedValue")
            found.append(
                ShownResult(
                    name=self.text(description.get("name")),
                    value=self.text(result.get("value")) or _string(result.get("status")),
                    scale=tuple(map(_string, allowed)) if isinstance(allowed, list) else (),
                )
            )
        return tuple(result for result in found if result.value)

    def evidence(self, document: JsonObject) -> tuple[ShownEvidence, ...]:
        return tuple(
            ShownEvidence(name=self.text(each.get("name")), is_private=True)
            if is_private(each)
            else ShownEvidence(
                name=self.text(each.get("name")),
                is_private=False,
                url=_web_address(each.get("id")),
                narrative=self.text(each.get("narrative")),
                description=self.text(each.get("description")),
            )
            for each in evidence_of(document)[:MAX_ITEMS]
        )


def _holder(subject: JsonObject) -> str:
    for identity in _objects(subject.get("identifier")):
        if identity.get("identityType") == "name" and identity.get("hashed") is False:
            return _string(identity.get("identityHash"))
    return ""


def _types(document: JsonObject) -> str:
    types = document.get("type")
    named = [_string(each) for each in (types if isinstance(types, list) else [types])]
    return next((name for name in named if name and name != "VerifiableCredential"), "")


def _language(value: JsonValue) -> str:
    return value if isinstance(value, str) and LANGUAGE.fullmatch(value) is not None else "en"


def _moment(value: JsonValue) -> datetime | None:
    if not isinstance(value, str) or _MOMENT.fullmatch(value) is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _number(value: JsonValue) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value).removesuffix(".0") if is_number else ""


def _web_address(value: JsonValue) -> str:
    """Keep what a reader may click on: another scheme could run something."""
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else ""


def _first(value: JsonValue) -> JsonObject:
    return next(iter(_objects(value)), {})


def _objects(value: JsonValue) -> list[JsonObject]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _string(value: JsonValue) -> str:
    return _UNSHOWN.sub("", value) if isinstance(value, str) else ""

"""What people are shown of a credential, read out of its document: Open Badges 3.0, VC Data Model 2.0 and 1.1.

One reader for pages, letters, pictures, certificates and the console; each shortens for its place. Documents of others are read
too: a member of another form than expected is taken as absent, never as an error. Nothing here is checked, and nothing is fetched.
Of evidence that is marked as private only the name is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.form_problem import types_of
from registry.domain.one_or_many import as_items, objects_of
from registry.domain.private_evidence import is_private
from registry.domain.shown_text import (
    choose_text,
    first_object,
    has_language,
    named_object,
    read_language,
    read_moment,
    read_number,
    read_string,
    read_web_address,
)

MAX_ITEMS: Final = 100
"""Of skills, results and evidence: more than any page is read for; the document itself has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An issuer, or who made an achievement."""

    name: str
    """Its identifier where it has no name."""
    id: str = ""
    url: str = ""
    """An https or http address; empty where it leads nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """One skill, occupation or standard that the achievement answers to."""

    name: str
    url: str = ""
    framework: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownResult:
    """One result of an assessment."""

    name: str
    value: str
    scale: tuple[str, ...] = ()
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
    """The achievement's name, else the credential's, else its type."""
    achievement: str
    """The achievement's name alone: it tells nothing of the holder."""
    achievement_id: str
    """The credential's where the achievement has none."""
    achievement_type: str
    description: str
    language: str
    """A tag such as `pt-BR`: of the texts of the achievement."""
    pictures: tuple[str, ...]
    """Addresses, data URLs among them, the achievement's first: unexamined."""
    holder: str
    holder_id: str
    issuer: Party
    creator: str
    """Who made the achievement, where that is not the issuer."""
    criteria: str
    """Markdown."""
    criteria_url: str
    skills: tuple[Skill, ...]
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


def show_credential(document: JsonObject, *, visitor: str = "") -> ShownCredential:
    """Read what people are shown of a credential.

    Of texts in several languages those in the visitor's, a tag, are read, else those in the achievement's own.
    """
    subject = first_object(document.get("credentialSubject"))
    achievement = first_object(subject.get("achievement"))
    own = read_language(achievement.get("inLanguage"))
    is_visitors = visitor != "" and has_language(achievement.get("name"), visitor)
    read = _Reader(languages=(visitor, own) if visitor else (own,))
    issuer, creator = read.party(document.get("issuer")), read.party(achievement.get("creator"))
    criteria = named_object(achievement.get("criteria"))
    name = read.text(achievement.get("name"))
    valid_from = read_moment(document.get("validFrom", document.get("issuanceDate")))
    return ShownCredential(
        title=name or read.text(document.get("name")) or _kind(document),
        achievement=name,
        achievement_id=read_string(achievement.get("id")) or read_string(document.get("id")),
        achievement_type=read_string(achievement.get("achievementType")).removeprefix("ext:"),
        description=read.text(achievement.get("description")) or read.text(document.get("description")),
        language=visitor if is_visitors else own,
        pictures=tuple(_pictures(achievement, document)),
        holder=_holder(subject) or read.text(subject.get("name")),
        holder_id=read_string(subject.get("id")),
        issuer=issuer,
        creator="" if creator.name == issuer.name else creator.name,
        criteria=read.text(criteria.get("narrative")),
        criteria_url=read_web_address(criteria.get("id")),
        skills=tuple(read.skills(achievement)),
        results=tuple(read.results(subject, achievement)),
        evidence=tuple(map(read.evidence, objects_of(document.get("evidence"))[:MAX_ITEMS])),
        narrative=read.text(subject.get("narrative")),
        credits=read_number(subject.get("creditsEarned")) or read_number(achievement.get("creditsAvailable")),
        license_number=read_string(subject.get("licenseNumber")),
        awarded=read_moment(document.get("awardedDate")) or valid_from,
        valid_from=valid_from,
        valid_until=read_moment(document.get("validUntil", document.get("expirationDate"))),
        activity_start=read_moment(subject.get("activityStartDate")),
        activity_end=read_moment(subject.get("activityEndDate")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads what has texts in several languages."""

    languages: tuple[str, ...]

    def text(self, value: JsonValue) -> str:
        return choose_text(value, self.languages)

    def party(self, value: JsonValue) -> Party:
        profile = named_object(value)
        identifier = read_string(profile.get("id"))
        url = read_web_address(profile.get("url")) or read_web_address(identifier)
        return Party(name=self.text(profile.get("name")) or identifier, id=identifier, url=url)

    def skills(self, achievement: JsonObject) -> Iterator[Skill]:
        for alignment in objects_of(achievement.get("alignment"))[:MAX_ITEMS]:
            name, framework = (self.text(alignment.get(member)) for member in ("targetName", "targetFramework"))
            if name:
                yield Skill(name=name, url=read_web_address(alignment.get("targetUrl")), framework=framework)

    def results(self, subject: JsonObject, achievement: JsonObject) -> Iterator[ShownResult]:
        described = dict(map(self._description, objects_of(achievement.get("resultDescription"))[:MAX_ITEMS]))
        for result in objects_of(subject.get("result"))[:MAX_ITEMS]:
            written = result.get("value")
            value = self.text(written) or read_number(written) or read_string(result.get("status"))
            name, scale = described.get(read_string(result.get("resultDescription")), ("", ()))
            if value:
                yield ShownResult(name=name, value=value, scale=scale)

    def _description(self, described: JsonObject) -> tuple[str, tuple[str, tuple[str, ...]]]:
        """Return the id of a result's description, and its name and scale: read once, however many results refer to it."""
        scale = filter(None, map(read_string, as_items(described.get("allowedValue"))[:MAX_ITEMS]))
        return read_string(described.get("id")), (self.text(described.get("name")), tuple(scale))

    def evidence(self, piece: JsonObject) -> ShownEvidence:
        name = self.text(piece.get("name"))
        if is_private(piece):
            return ShownEvidence(name=name, is_private=True)
        return ShownEvidence(
            name=name,
            is_private=False,
            url=read_web_address(piece.get("id")),
            narrative=self.text(piece.get("narrative")),
            description=self.text(piece.get("description")),
        )


def _holder(subject: JsonObject) -> str:
    """Return the name among the identifiers: only one that says to be in the clear, a hash tells people nothing."""
    identities = objects_of(subject.get("identifier"))
    named = (each for each in identities if each.get("identityType") == "name" and each.get("hashed") is False)
    return next(filter(None, (read_string(each.get("identityHash")) for each in named)), "")


def _pictures(*pictured: JsonObject) -> Iterator[str]:
    for each in pictured:
        address = named_object(each.get("image")).get("id")
        if isinstance(address, str):
            yield address


def _kind(document: JsonObject) -> str:
    return next((read_string(name) for name in types_of(document) if name != "VerifiableCredential"), "")

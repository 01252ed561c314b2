"""Achievements: what a credential says was achieved, as registrars write it and as Open Badges 3.0 shows it.

The body is this registry's own small form: the members of an Open Badges Achievement that a registrar decides
on, plus `suspension` (status entries of both purposes, see docs/decisions/0013-open-badges-and-suspension.md)
and `validityDays`. Identifier and version are the registry's and are frozen into each credential.
"""

import re
from dataclasses import dataclass
from typing import Final

from registry.domain.assessment import ResultDescription, parse_result_description
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import check_iri, check_text
from registry.domain.errors import Malformed, Refused
from registry.domain.fields import read_integer, read_list, read_object, read_text
from registry.domain.vocabularies import ACHIEVEMENT_TYPES, LANGUAGE, TARGET_TYPES

ESCO_SKILL: Final = "ext:ESCOSkill"
ONET_ELEMENT: Final = "ext:ONETElement"
MICRO_CREDENTIAL: Final = "MicroCredential"

MAX_ALIGNMENTS: Final = 100
MAX_TAGS: Final = 50
MAX_RESULT_DESCRIPTIONS: Final = 20
"""More than any course description lists; each is frozen into every credential of a cohort."""
MAX_TEXT: Final = 10_000
"""Five pages of criteria or description."""
MAX_IMAGE: Final = 131_072
"""A picture embedded as a data URL; larger ones belong behind an https URL."""
MAX_VALIDITY_DAYS: Final = 36_525
"""A hundred years."""
MAX_CREDITS: Final = 100_000

_EXTENSION: Final = re.compile(r"ext:[A-Za-z0-9._-]{1,100}")
_REQUIRED: Final = ("name", "description", "achievementType", "criteria")
_TEXTS: Final = ("fieldOfStudy", "humanCode", "specialization")
_OPTIONAL: Final = (
    *("alignment", "tag", "inLanguage", "image", "resultDescription", "creditsAvailable"),
    *("suspension", "validityDays", *_TEXTS),
)
_ALIGNMENT_TEXTS: Final = ("targetCode", "targetFramework", "targetDescription")


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What had to be done to earn the achievement: a page, a text, or both."""

    id: str | None
    narrative: str | None
    """Markdown."""

    def __post_init__(self) -> None:
        """Raise Malformed `achievement-without-criteria` when there is neither."""
        if not self.id and not (self.narrative and self.narrative.strip()):
            message = "expected criteria with an id or a narrative"
            raise Malformed("achievement-without-criteria", message, where="criteria")

    def document(self) -> JsonObject:
        """Write the Open Badges Criteria."""
        return _present({"id": self.id, "narrative": self.narrative})


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """A skill, occupation or standard of a framework that the achievement answers to."""

    target_name: str
    target_url: str
    target_type: str | None
    target_code: str | None
    target_framework: str | None
    target_description: str | None

    def to_body(self) -> JsonObject:
        """Write the members that a body's alignment has."""
        return _present(
            {
                "targetName": self.target_name,
                "targetUrl": self.target_url,
                "targetType": self.target_type,
                "targetCode": self.target_code,
                "targetFramework": self.target_framework,
                "targetDescription": self.target_description,
            }
        )

    def document(self) -> JsonObject:
        """Write the Open Badges Alignment."""
        return {"type": ["Alignment"], **self.to_body()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture by URL, or embedded as a data URL."""

    id: str
    caption: str | None

    def document(self) -> JsonObject:
        """Write the Open Badges Image."""
        return {"id": self.id, "type": "Image", **_present({"caption": self.caption})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Achievement:
    """One version of an achievement."""

    name: str
    description: str
    type: str
    criteria: Criteria
    alignments: tuple[Alignment, ...]
    tags: tuple[str, ...]
    language: str | None
    image: Image | None
    results: tuple[ResultDescription, ...]
    credits_available: int | float | None
    texts: tuple[tuple[str, str], ...]
    """Optional plain members, by their Open Badges names: fieldOfStudy, humanCode, specialization."""
    suspension: bool
    """Credentials get a second status entry. W3C-valid, but the Open Badges 3.0 schema admits only one."""
    validity_days: int | None
    """How long credentials are valid unless the registrar says otherwise; None: for ever."""

    def __post_init__(self) -> None:
        """Raise Refused `achievement-without-alignment` for a MicroCredential that names no skill."""
        if self.type == MICRO_CREDENTIAL and not self.alignments:
            message = "expected at least one alignment: a MicroCredential says which skill it stands for"
            raise Refused("achievement-without-alignment", message)

    def to_body(self) -> JsonObject:
        """Write the body that `parse_achievement` reads."""
        body = self._shared()
        body["criteria"] = self.criteria.document()
        if self.alignments:
            body["alignment"] = [alignment.to_body() for alignment in self.alignments]
        if self.image is not None:
            body["image"] = _present({"id": self.image.id, "caption": self.image.caption})
        if self.results:
            body["resultDescription"] = [result.to_body() for result in self.results]
        body["suspension"] = self.suspension
        return {**body, **_present({"validityDays": self.validity_days})}

    def document(self, *, achievement_id: str, version: int) -> JsonObject:
        """Write the Open Badges Achievement that is frozen into a credential."""
        document: JsonObject = {"id": achievement_id, "type": ["Achievement"], **self._shared()}
        document["criteria"] = self.criteria.document()
        if self.alignments:
            document["alignment"] = [alignment.document() for alignment in self.alignments]
        if self.image is not None:
            document["image"] = self.image.document()
        if self.results:
            document["resultDescription"] = [
                result.document(result_id(achievement_id, number)) for number, result in enumerate(self.results)
            ]
        document["version"] = str(version)
        return document

    def _shared(self) -> JsonObject:
        members: JsonObject = {
            "name": self.name,
            "description": self.description,
            "achievementType": self.type,
            **_present({"inLanguage": self.language, "creditsAvailable": self.credits_available}),
            **dict(self.texts),
        }
        if self.tags:
            members["tag"] = list(self.tags)
        return members


def result_id(achievement_id: str, number: int) -> str:
    """Write the identifier of an achievement's result description, counted from 0."""
    return f"{achievement_id}#result-{number + 1}"


def parse_achievement(body: JsonValue) -> Achievement:
    """Read the body of an achievement.

    Raises Malformed with a code and place for each rule, Refused `achievement-without-alignment`.
    """
    members = read_object(body, required=_REQUIRED, optional=_OPTIONAL, where="achievement")
    suspension = members.get("suspension", False)
    if not isinstance(suspension, bool):
        raise Malformed("malformed-suspension", "expected true or false", where="suspension")
    return Achievement(
        name=_text(members["name"], "name", limit=500),
        description=_text(members["description"], "description"),
        type=_achievement_type(members["achievementType"]),
        criteria=_criteria(members["criteria"]),
        alignments=tuple(
            _alignment(item, f"alignment[{n}]")
            for n, item in _unique(members.get("alignment", []), MAX_ALIGNMENTS, "alignment")
        ),
        tags=tuple(_text(item, f"tag[{n}]", limit=200) for n, item in _unique(members.get("tag", []), MAX_TAGS, "tag")),
        language=_language(members["inLanguage"]) if "inLanguage" in members else None,
        image=_image(members["image"]) if "image" in members else None,
        results=tuple(
            parse_result_description(item, f"resultDescription[{n}]")
            for n, item in _unique(members.get("resultDescription", []), MAX_RESULT_DESCRIPTIONS, "resultDescription")
        ),
        credits_available=_credits(members["creditsAvailable"]) if "creditsAvailable" in members else None,
        texts=tuple((name, _text(members[name], name, limit=500)) for name in _TEXTS if name in members),
        suspension=suspension,
        validity_days=_validity(members["validityDays"]) if "validityDays" in members else None,
    )


def _achievement_type(value: JsonValue) -> str:
    if isinstance(value, str) and (value in ACHIEVEMENT_TYPES or _EXTENSION.fullmatch(value) is not None):
        return value
    message = f"expected ext:<name> or one of {', '.join(sorted(ACHIEVEMENT_TYPES))}"
    raise Malformed("achievement-type-unknown", message, where="achievementType")


def _criteria(value: JsonValue) -> Criteria:
    members = read_object(value, required=(), optional=("id", "narrative"), where="criteria")
    return Criteria(
        id=_iri(members["id"], "criteria.id") if "id" in members else None,
        narrative=_text(members["narrative"], "criteria.narrative") if "narrative" in members else None,
    )


def _alignment(value: JsonValue, where: str) -> Alignment:
    required, optional = ("targetName", "targetUrl"), ("targetType", *_ALIGNMENT_TEXTS)
    members = read_object(value, required=required, optional=optional, where=where)
    code, framework, description = (
        _text(members[name], f"{where}.{name}") if name in members else None for name in _ALIGNMENT_TEXTS
    )
    return Alignment(
        target_name=_text(members["targetName"], f"{where}.targetName", limit=500),
        target_url=_iri(members["targetUrl"], f"{where}.targetUrl"),
        target_type=_target_type(members["targetType"], where) if "targetType" in members else None,
        target_code=code,
        target_framework=framework,
        target_description=description,
    )


def _target_type(value: JsonValue, where: str) -> str:
    if isinstance(value, str) and (value in TARGET_TYPES or _EXTENSION.fullmatch(value) is not None):
        return value
    message = f"expected ext:<name> or one of {', '.join(sorted(TARGET_TYPES))}"
    raise Malformed("alignment-type-unknown", message, where=f"{where}.targetType")


def _image(value: JsonValue) -> Image:
    members = read_object(value, required=("id",), optional=("caption",), where="image")
    return Image(
        id=_iri(members["id"], "image.id", limit=MAX_IMAGE),
        caption=_text(members["caption"], "image.caption", limit=500) if "caption" in members else None,
    )


def _language(value: JsonValue) -> str:
    if not isinstance(value, str) or LANGUAGE.fullmatch(value) is None:
        raise Malformed("malformed-language", "expected a language tag such as en or pt-BR", where="inLanguage")
    return value


def _credits(value: JsonValue) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_CREDITS:
        raise Malformed("malformed-credits", f"expected a number from 0 to {MAX_CREDITS}", where="creditsAvailable")
    return value


def _validity(value: JsonValue) -> int:
    return read_integer(value, minimum=1, maximum=MAX_VALIDITY_DAYS, where="validityDays")


def _unique(value: JsonValue, limit: int, where: str) -> list[tuple[int, JsonValue]]:
    items = read_list(value, limit=limit, where=where)
    for number, item in enumerate(items):
        if item in items[:number]:
            raise Malformed("achievement-duplicate", "expected each item once", where=f"{where}[{number}]")
    return list(enumerate(items))


def _text(value: JsonValue, where: str, *, limit: int = MAX_TEXT) -> str:
    text = check_text(read_text(value, limit=limit, where=where), where)
    if not text.strip():
        raise Malformed("achievement-empty-text", "expected more than white space", where=where)
    return text


def _iri(value: JsonValue, where: str, *, limit: int = 2_048) -> str:
    return check_iri(read_text(value, limit=limit, where=where), where)


def _present(members: dict[str, str | int | float | None]) -> JsonObject:
    return {name: value for name, value in members.items() if value is not None}

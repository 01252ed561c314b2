"""The classes of Open Badges 3.0 as its formal schema has them, and what its prose adds to single values.

    shape = name in `type` + members that must be there + what each member's values are, one or several

Written for speed: a table that is walked once. One value may stand where the formal schema asks for a list of them, as
in the JSON-LD variant of the schema; what the schema leaves open stays open. Stricter than the schema, by the prose: IRIs
are absolute, moments have an offset, criteria say something, hashed identities are hashes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from registry.domain.canonical import JsonValue
from registry.domain.claims import is_iri
from registry.domain.vocabularies import (
    ACHIEVEMENT_TYPES,
    EXTENSION,
    IDENTIFIER_TYPES,
    LANGUAGE,
    RESULT_STATUSES,
    RESULT_TYPES,
    TARGET_TYPES,
)

Test: TypeAlias = Callable[[JsonValue], bool]

_JWS: Final = re.compile(r"[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*\.[a-zA-Z0-9_-]+")
_DATE: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
CREDENTIAL: Final = "credential"
"""In the place of a shape's name: a credential of its own, an endorsement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What one value of a member may be."""

    expected: str
    """In words."""
    test: Test | None = None
    """Whether a plain value is one; None for moments, which have problems of their own, and objects."""
    shape: str | None = None
    """The shape of an object, or `CREDENTIAL`."""
    plain_too: bool = False
    """An absolute IRI may stand in place of the object."""
    several: bool = False
    """A list of values is one of them."""
    code: str = "malformed-badge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One class."""

    required: tuple[str, ...]
    members: Mapping[str, Kind]
    type: str | None = None
    """What must be among its types; None: a class that need not say it."""
    listed_type: bool = True
    """Several types are possible; else `type` is the one text."""
    closed: bool = False
    """Has no other members."""
    code: str = "malformed-badge"
    """Of a problem with its type or a member that is missing."""


def _kind(expected: str, test: Test, *, several: bool = False, code: str = "malformed-badge") -> Kind:
    return Kind(expected=expected, test=test, several=several, code=code)


def _object(shape: str, *, several: bool = False, plain_too: bool = False, code: str = "malformed-badge") -> Kind:
    expected = f"a {shape}" if not plain_too else f"an absolute IRI or a {shape}"
    return Kind(expected=expected, shape=shape, several=several, plain_too=plain_too, code=code)


def _matches(pattern: re.Pattern[str]) -> Test:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _one_of(values: frozenset[str]) -> Test:
    return lambda value: isinstance(value, str) and (value in values or EXTENSION.fullmatch(value) is not None)


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


TEXT: Final = _kind("a text", lambda value: isinstance(value, str))
TEXTS: Final = _kind("texts", lambda value: isinstance(value, str), several=True)
IRI: Final = _kind("an absolute IRI", is_iri)
NUMBER: Final = _kind("a number", _is_number)
MOMENT: Final = Kind(expected="a moment")
_BOOLEAN: Final = _kind("true or false", lambda value: isinstance(value, bool))
_DAY: Final = _kind("a date, YYYY-MM-DD", _matches(_DATE))
_TAG: Final = _kind("a language tag such as en or pt-BR", _matches(LANGUAGE))
_JWTS: Final = _kind("compact JWS", _matches(_JWS), several=True)
_NAMED: Final = _kind(
    "a name", lambda value: isinstance(value, str) and bool(value.strip()), code="malformed-achievement"
)
_ENDORSEMENTS: Final = {"endorsement": _object(CREDENTIAL, several=True), "endorsementJwt": _JWTS}
_IMAGE: Final = {"image": _object("Image")}
_ALIGNMENTS: Final = {"alignment": _object("Alignment", several=True)}
_IDENTIFIER_TYPE: Final = _kind(
    "an identifier type of Open Badges or ext:<name>", _one_of(IDENTIFIER_TYPES), code="identity-type-unknown"
)
_PERSONAL: Final = (
    *("familyName", "givenName", "additionalName", "patronymicName", "honorificPrefix", "honorificSuffix"),
    "familyNamePrefix",
)
_ADDRESS: Final = (
    *("addressCountry", "addressCountryCode", "addressRegion", "addressLocality", "streetAddress"),
    *("postOfficeBoxNumber", "postalCode"),
)


def _texts(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, TEXT)


SHAPES: Final[Mapping[str, Shape]] = {
    "AchievementCredential": Shape(
        required=("id", "validFrom"),
        members={
            **_texts("name", "description"),
            **_IMAGE,
            **_ENDORSEMENTS,
            "awardedDate": MOMENT,
            "credentialSubject": _object("AchievementSubject"),
            "evidence": _object("Evidence", several=True),
            "issuer": _object("Profile", plain_too=True, code="malformed-issuer"),
        },
    ),
    "EndorsementCredential": Shape(
        required=("id", "name", "validFrom"),
        members={
            **_texts("name", "description"),
            "awardedDate": MOMENT,
            "credentialSubject": _object("EndorsementSubject"),
            "issuer": _object("Profile", plain_too=True, code="malformed-issuer"),
        },
    ),
    "AchievementSubject": Shape(
        type="AchievementSubject",
        code="malformed-type",
        required=(),
        members={
            **_texts("licenseNumber", "narrative", "role", "term"),
            **_IMAGE,
            "activityStartDate": MOMENT,
            "activityEndDate": MOMENT,
            "creditsEarned": NUMBER,
            "achievement": _object("Achievement", code="malformed-achievement"),
            "identifier": _object("IdentityObject", several=True, code="malformed-identity"),
            "result": _object("Result", several=True),
            "source": _object("Profile"),
        },
    ),
    "EndorsementSubject": Shape(
        type="EndorsementSubject", required=("id",), members={"id": IRI, "endorsementComment": TEXT}
    ),
    "Achievement": Shape(
        type="Achievement",
        code="malformed-achievement",
        required=("id", "name", "description", "criteria"),
        members={
            "id": _kind("an absolute IRI", is_iri, code="malformed-achievement"),
            "name": _NAMED,
            "description": _NAMED,
            "criteria": _object("Criteria", code="achievement-without-criteria"),
            **_texts("fieldOfStudy", "humanCode", "specialization", "version"),
            **_IMAGE,
            **_ALIGNMENTS,
            **_ENDORSEMENTS,
            "achievementType": _kind(
                "an achievement type of Open Badges or ext:<name>",
                _one_of(ACHIEVEMENT_TYPES),
                code="achievement-type-unknown",
            ),
            "creator": _object("Profile"),
            "creditsAvailable": NUMBER,
            "inLanguage": _TAG,
            "otherIdentifier": _object("IdentifierEntry", several=True),
            "related": _object("Related", several=True),
            "resultDescription": _object("ResultDescription", several=True),
            "tag": TEXTS,
        },
    ),
    "Criteria": Shape(required=(), members={"id": IRI, "narrative": TEXT}),
    "Alignment": Shape(
        type="Alignment",
        required=("targetName", "targetUrl"),
        members={
            **_texts("targetCode", "targetDescription", "targetFramework", "targetName"),
            "targetUrl": IRI,
            "targetType": _kind(
                "a target type of Open Badges or ext:<name>", _one_of(TARGET_TYPES), code="alignment-type-unknown"
            ),
        },
    ),
    "Image": Shape(
        type="Image", listed_type=False, closed=True, required=("id",), members={"id": IRI, "caption": TEXT}
    ),
    "IdentityObject": Shape(
        type="IdentityObject",
        listed_type=False,
        closed=True,
        code="malformed-identity",
        required=("hashed", "identityHash", "identityType"),
        members={
            "hashed": _BOOLEAN,
            "identityHash": _kind("a text", lambda value: isinstance(value, str) and bool(value.strip())),
            "identityType": _IDENTIFIER_TYPE,
            "salt": TEXT,
        },
    ),
    "IdentifierEntry": Shape(
        type="IdentifierEntry",
        listed_type=False,
        closed=True,
        required=("identifier", "identifierType"),
        members={"identifier": TEXT, "identifierType": _IDENTIFIER_TYPE},
    ),
    "Evidence": Shape(
        type="Evidence",
        required=(),
        members={"id": IRI, **_texts("narrative", "name", "description", "genre", "audience")},
    ),
    "Result": Shape(
        type="Result",
        required=(),
        members={
            **_ALIGNMENTS,
            "achievedLevel": IRI,
            "resultDescription": IRI,
            "status": _kind(
                f"one of {', '.join(sorted(RESULT_STATUSES))}",
                lambda value: isinstance(value, str) and value in RESULT_STATUSES,
                code="result-status-unknown",
            ),
            "value": TEXT,
        },
    ),
    "ResultDescription": Shape(
        type="ResultDescription",
        required=("id", "name", "resultType"),
        members={
            "id": IRI,
            **_texts("name", "requiredValue", "valueMax", "valueMin"),
            **_ALIGNMENTS,
            "allowedValue": TEXTS,
            "requiredLevel": IRI,
            "resultType": _kind(
                "a result type of Open Badges or ext:<name>", _one_of(RESULT_TYPES), code="result-type-unknown"
            ),
            "rubricCriterionLevel": _object("RubricCriterionLevel", several=True),
        },
    ),
    "RubricCriterionLevel": Shape(
        type="RubricCriterionLevel",
        required=("id", "name"),
        members={"id": IRI, **_texts("name", "description", "level", "points"), **_ALIGNMENTS},
    ),
    "Related": Shape(type="Related", required=("id",), members={"id": IRI, "inLanguage": _TAG, "version": TEXT}),
    "Profile": Shape(
        type="Profile",
        code="malformed-issuer",
        required=("id",),
        members={
            "id": IRI,
            **_texts("name", "phone", "description", "email", "official", *_PERSONAL),
            "url": IRI,
            **_IMAGE,
            **_ENDORSEMENTS,
            "address": _object("Address"),
            "dateOfBirth": _DAY,
            "otherIdentifier": _object("IdentifierEntry", several=True),
            "parentOrg": _object("Profile"),
        },
    ),
    "Address": Shape(type="Address", required=(), members={**_texts(*_ADDRESS), "geo": _object("GeoCoordinates")}),
    "GeoCoordinates": Shape(
        type="GeoCoordinates",
        listed_type=False,
        required=("latitude", "longitude"),
        members={"latitude": NUMBER, "longitude": NUMBER},
    ),
}

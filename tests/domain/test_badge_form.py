"""Badges are judged at least as strictly as the formal schema judges them, and where it is blind."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import EllipsisType
from typing import Any, TypeAlias, cast

import pytest
from jsonschema import Draft201909Validator

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.vc_form import check_form, is_open_badge
from tests.badges import unsigned_badge
from tests.paths import SHARED_DATA

SCHEMAS = SHARED_DATA / "schemas"
EXAMPLES = SHARED_DATA / "examples" / "1edtech-spec"

Place: TypeAlias = tuple[str | int, ...]
Change: TypeAlias = "JsonValue | EllipsisType"

REPLACEMENTS: list[Change] = [
    *(..., None, 5, "x", True, []),
    {},
    ["x"],
    [{}],
    {"x": "y"},
    {"@value": "x"},
    {"id": "urn:a:b", "type": "Image"},
    ["AchievementSubject", "VerifiableCredential"],
]


def full_badge() -> JsonObject:
    """Return the specification's example of everything."""
    return cast("JsonObject", json.loads((EXAMPLES / "fullOpenBadge-1.json").read_text()))


@cache
def schema(name: str) -> Draft201909Validator:
    return Draft201909Validator(json.loads((SCHEMAS / f"ob_v3p0_achievementcredential_schema{name}.json").read_text()))


def places(value: JsonValue, place: Place = ()) -> Iterator[Place]:
    """Walk every place in a document but proofs, which are judged elsewhere."""
    members: list[tuple[str | int, JsonValue]] = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for name, member in members:
        if name != "proof":
            yield (*place, name)
            yield from places(member, (*place, name))


def alike(place: Place) -> Place:
    return tuple("#" if isinstance(name, int) else name for name in place)


def changed(document: JsonObject, place: Place, value: Change) -> JsonObject:
    result: Any = copy.deepcopy(document)  # reached into by any path
    inner = result
    for name in place[:-1]:
        inner = inner[name]
    if isinstance(value, EllipsisType):
        del inner[place[-1]]
    else:
        inner[place[-1]] = copy.deepcopy(value)
    return cast("JsonObject", result)


def mutations(document: JsonObject) -> Iterator[tuple[Place, Change, JsonObject]]:
    seen: set[Place] = set()
    for place in places(document):
        if alike(place) not in seen:
            seen.add(alike(place))
            for value in REPLACEMENTS:
                yield place, value, changed(document, place, value)


def lean_badge() -> JsonObject:
    """Return the example with one of its seven endorsements left: the others have nothing new."""
    document: Any = full_badge()  # reached into by path
    achievement = document["credentialSubject"]["achievement"]
    for profile in (document["issuer"], achievement, achievement["creator"]):
        del profile["endorsement"]
    del document["endorsement"][1:]
    return cast("JsonObject", document)


@pytest.mark.parametrize("document", [unsigned_badge(), lean_badge()], ids=["ours", "full"])
def test_what_our_rules_admit_the_schema_admits_too(document: JsonObject) -> None:
    assert check_form(document) == ()
    assert schema("").is_valid(document)
    admitted = 0

    for place, value, mutation in mutations(document):
        # Without its type it is no badge any more, and judged as something else.
        if is_open_badge(mutation) and check_form(mutation) == ():
            admitted += 1
            assert schema(".jsonld-variant").is_valid(mutation), (place, value)

    assert admitted > 100


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_the_specification_s_examples_pass_both(path: Path) -> None:
    document = json.loads(path.read_text())

    assert check_form(document) == ()
    assert schema("").is_valid(document)


def problems(place: str, value: Change) -> list[tuple[str, str]]:
    names: Place = tuple(int(name) if name.isdigit() else name for name in place.split("."))
    return [(problem.code, problem.where) for problem in check_form(changed(full_badge(), names, value))]


SUBJECT = "credentialSubject"
ACHIEVEMENT = "credentialSubject.achievement"
PERSON: JsonObject = {"type": "IdentityObject", "hashed": True, "identityType": "emailAddress", "salt": "s"}


@pytest.mark.parametrize(
    ("place", "value", "code", "where"),
    [
        (f"{ACHIEVEMENT}.achievementType", "Sticker", "achievement-type-unknown", f"{ACHIEVEMENT}.achievementType"),
        (f"{ACHIEVEMENT}.achievementType", "ext:", "achievement-type-unknown", f"{ACHIEVEMENT}.achievementType"),
        (
            f"{ACHIEVEMENT}.alignment.0.targetType",
            "Skill",
            "alignment-type-unknown",
            f"{ACHIEVEMENT}.alignment[0].targetType",
        ),
        (f"{ACHIEVEMENT}.alignment.1.targetUrl", "x y", "malformed-badge", f"{ACHIEVEMENT}.alignment[1].targetUrl"),
        (f"{ACHIEVEMENT}.criteria", {"narrative": "  "}, "achievement-without-criteria", f"{ACHIEVEMENT}.criteria"),
        (f"{ACHIEVEMENT}.criteria", ..., "achievement-without-criteria", f"{ACHIEVEMENT}.criteria"),
        (f"{ACHIEVEMENT}.inLanguage", "english", "malformed-badge", f"{ACHIEVEMENT}.inLanguage"),
        (f"{ACHIEVEMENT}.image", "https://a.example/i.png", "malformed-badge", f"{ACHIEVEMENT}.image"),
        (f"{ACHIEVEMENT}.image.alt", "x", "malformed-badge", f"{ACHIEVEMENT}.image.alt"),
        (f"{ACHIEVEMENT}.image.type", ["Image"], "malformed-badge", f"{ACHIEVEMENT}.image.type"),
        (f"{ACHIEVEMENT}.creator", "https://a.example/", "malformed-badge", f"{ACHIEVEMENT}.creator"),
        (f"{ACHIEVEMENT}.name", "  ", "malformed-achievement", f"{ACHIEVEMENT}.name"),
        (f"{SUBJECT}.creditsEarned", True, "malformed-badge", f"{SUBJECT}.creditsEarned"),
        (f"{SUBJECT}.creditsEarned", "3", "malformed-badge", f"{SUBJECT}.creditsEarned"),
        (f"{SUBJECT}.activityEndDate", "2020-01-01T00:00:00", "time-without-offset", f"{SUBJECT}.activityEndDate"),
        (f"{SUBJECT}.identifier.0.identityType", "shoeSize", "identity-type-unknown", None),
        (f"{SUBJECT}.identifier.0", {**PERSON, "identityHash": "a@b.example"}, "malformed-identity", None),
        (f"{SUBJECT}.identifier.0", {**PERSON, "identityHash": "sha256$abc"}, "malformed-identity", None),
        (f"{SUBJECT}.identifier.0.pepper", "x", "malformed-identity", f"{SUBJECT}.identifier[0].pepper"),
        (f"{SUBJECT}.result.0.status", "Done", "result-status-unknown", f"{SUBJECT}.result[0].status"),
        ("issuer", "not an IRI", "malformed-issuer", "issuer"),
        ("issuer.dateOfBirth", "2020-13-01", "malformed-badge", "issuer.dateOfBirth"),
        ("issuer.url", "1edtech.edu", "malformed-badge", "issuer.url"),
        ("credentialStatus", {"type": "1EdTechRevocationList"}, "missing-id", "credentialStatus"),
        ("refreshService.type", ["a"], "malformed-badge", "refreshService.type"),
        ("endorsementJwt", ["not a token"], "malformed-badge", "endorsementJwt[0]"),
        ("endorsement", "x", "malformed-badge", "endorsement"),
        ("endorsement.0.type", ["VerifiableCredential"], "malformed-endorsement", "endorsement[0].type"),
        ("endorsement.0.@context.1", "https://a.example/", "malformed-endorsement", "endorsement[0].@context"),
        ("endorsement.0.name", ..., "missing-member", "endorsement[0].name"),
        ("endorsement.0.issuer", ..., "malformed-issuer", "endorsement[0].issuer"),
        ("endorsement.0.validUntil", "2001-01-01T00:00:00Z", "valid-until-before-from", "endorsement[0].validUntil"),
        ("endorsement.0.credentialSubject.id", ..., "malformed-badge", "endorsement[0].credentialSubject.id"),
        (
            "issuer.endorsement.0.credentialSubject",
            [{"id": "urn:a:b"}],
            "several-subjects",
            "issuer.endorsement[0].credentialSubject",
        ),
    ],
)
def test_each_broken_rule_of_badges_has_its_code(place: str, value: Change, code: str, where: str | None) -> None:
    found = problems(place, value)

    assert code in {problem for problem, _ in found}
    assert where is None or (code, where) in found


def test_an_endorsement_of_its_own_is_judged_by_its_class() -> None:
    endorsements = full_badge()["endorsement"]
    assert isinstance(endorsements, list)
    document = cast("JsonObject", endorsements[0])
    assert check_form(document) == ()

    nameless = {name: member for name, member in document.items() if name != "name"}

    assert [problem.where for problem in check_form(nameless)] == ["name"]


def test_the_word_endorsement_alone_makes_none() -> None:
    document: JsonObject = {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "issuer": "did:web:a.example",
        "credentialSubject": {"praise": "much"},
    }

    assert check_form(document) == ()


def test_one_value_may_stand_for_a_list_of_one() -> None:
    document = full_badge()
    subject = cast("JsonObject", document["credentialSubject"])
    subject["type"] = "AchievementSubject"
    subject["identifier"] = cast("list[JsonValue]", subject["identifier"])[0]

    assert check_form(document) == ()


def test_a_badge_may_name_its_issuer_by_an_iri_alone() -> None:
    assert check_form({**full_badge(), "issuer": "did:web:a.example"}) == ()

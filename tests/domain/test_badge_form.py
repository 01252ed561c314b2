"""The rules of badges, one by one; that they are no laxer than the formal schema is in `test_badge_schema`."""

import copy
from types import EllipsisType
from typing import Any, TypeAlias, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.vc_form import check_form
from tests.badges import unsigned_badge

Change: TypeAlias = "JsonValue | EllipsisType"

ENDORSEMENT: JsonObject = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "urn:uuid:0b3aef56-cc33-4d1b-8172-58172aacd8ba",
    "type": ["VerifiableCredential", "EndorsementCredential"],
    "name": "In good standing",
    "issuer": {"id": "did:web:agency.example", "type": ["Profile"], "name": "Agency"},
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2027-01-01T00:00:00Z",
    "credentialSubject": {"id": "https://poly.example/", "type": ["EndorsementSubject"], "endorsementComment": "Good."},
}
PICTURE: JsonObject = {"id": "https://poly.example/picture.png", "type": "Image", "caption": "A picture"}
PROFILE: JsonObject = {
    "id": "did:web:poly.example",
    "type": ["Profile"],
    "name": "Polytechnic",
    "url": "https://poly.example/",
    "image": PICTURE,
    "endorsement": [ENDORSEMENT],
    "dateOfBirth": "1970-01-01",
    "address": {
        "type": ["Address"],
        "addressCountry": "NL",
        "geo": {"type": "GeoCoordinates", "latitude": 52.1, "longitude": 5},
    },
    "otherIdentifier": [{"type": "IdentifierEntry", "identifier": "12345", "identifierType": "sourcedId"}],
    "parentOrg": {"id": "did:web:universities.example", "type": ["Profile"]},
}
ALIGNMENT: JsonObject = {
    "type": ["Alignment"],
    "targetName": "analysis",
    "targetUrl": "https://a.example/skills/1",
    "targetType": "CFItem",
}


def full_badge() -> JsonObject:
    """Return a badge with every class of Open Badges in it."""
    badge: Any = copy.deepcopy(unsigned_badge())  # reached into by path
    badge["issuer"] = PROFILE
    badge["endorsement"] = [ENDORSEMENT]
    badge["endorsementJwt"] = ["eyJh.e30.c2ln"]
    badge["image"] = PICTURE
    badge["credentialSchema"] = [{"id": "https://a.example/schema.json", "type": "1EdTechJsonSchemaValidator2019"}]
    badge["refreshService"] = {"id": "https://a.example/refresh", "type": "1EdTechCredentialRefresh"}
    badge["termsOfUse"] = [{"id": "https://a.example/terms", "type": "Policy"}]
    subject = badge["credentialSubject"]
    subject["source"] = PROFILE
    achievement = subject["achievement"]
    achievement["creator"] = PROFILE
    achievement["image"] = PICTURE
    achievement["endorsement"] = ENDORSEMENT
    achievement["alignment"] = [ALIGNMENT, ALIGNMENT]
    achievement["related"] = [{"id": "urn:a:related", "type": ["Related"], "inLanguage": "pt-BR", "version": "2"}]
    achievement["resultDescription"].append(
        {
            "id": "urn:a:rubric",
            "type": ["ResultDescription"],
            "name": "Rubric",
            "resultType": "RubricCriterionLevel",
            "rubricCriterionLevel": [{"id": "urn:a:level", "type": ["RubricCriterionLevel"], "name": "High"}],
        }
    )
    return cast("JsonObject", copy.deepcopy(badge))


def changed(document: JsonObject, place: list[str | int], value: Change) -> JsonObject:
    result: Any = copy.deepcopy(document)  # reached into by any path
    inner = result
    for name in place[:-1]:
        inner = inner[name]
    if isinstance(value, EllipsisType):
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return cast("JsonObject", result)


def test_a_badge_with_every_class_in_it_is_well_formed() -> None:
    assert check_form(full_badge()) == ()


def problems(place: str, value: Change) -> list[tuple[str, str]]:
    names = [int(name) if name.isdigit() else name for name in place.split(".")]
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
        ("credentialSubject", "somebody", "malformed-subject", "credentialSubject"),
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
    assert check_form(ENDORSEMENT) == ()

    nameless = {name: member for name, member in ENDORSEMENT.items() if name != "name"}

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


def places(value: JsonValue, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    members: list[tuple[str | int, JsonValue]] = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    inside = [deeper for name, member in members for deeper in places(member, (*place, name))]
    return [(*place, name) for name, _ in members] + inside


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "name", "@value", "x"]) | st.text(max_size=3), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(st.sampled_from(places(full_badge())), ANYTHING)
def test_nothing_in_any_place_of_a_badge_makes_the_check_fall_over(
    place: tuple[str | int, ...], value: JsonValue
) -> None:
    problems = check_form(changed(full_badge(), list(place), value))

    assert all(problem.code and problem.where and problem.message for problem in problems)

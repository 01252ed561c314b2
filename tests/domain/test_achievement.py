from typing import cast

import pytest

from registry.domain.achievement import Criteria, parse_achievement
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed, Refused
from registry.domain.vocabularies import ACHIEVEMENT_TYPES
from tests.badges import ACHIEVEMENT_ID, achievement, achievement_body

LEAST: JsonObject = {
    "name": "Leadership",
    "description": "Leads.",
    "achievementType": "Course",
    "criteria": {"narrative": "Lead."},
}
SKILL: JsonObject = {"targetName": "lead", "targetUrl": "http://data.europa.eu/esco/skill/1"}


def test_an_achievement_is_read_back_from_its_body() -> None:
    body = achievement_body()

    parsed = parse_achievement(body)

    assert parsed.to_body() == body
    assert parse_achievement(parsed.to_body()) == parsed


def test_the_least_achievement_is_read_back_too() -> None:
    parsed = parse_achievement(LEAST)

    assert parsed.to_body() == {**LEAST, "suspension": False}
    assert parse_achievement(parsed.to_body()) == parsed


def test_the_frozen_form_is_an_open_badges_achievement() -> None:
    document = achievement().document(achievement_id=ACHIEVEMENT_ID, version=3)

    assert document["id"] == ACHIEVEMENT_ID
    assert document["type"] == ["Achievement"]
    assert document["version"] == "3"
    assert document["image"] == {"id": "https://poly.example/da.png", "type": "Image", "caption": "A chart"}
    assert cast("list[JsonObject]", document["alignment"])[0]["type"] == ["Alignment"]
    assert [item["id"] for item in cast("list[JsonObject]", document["resultDescription"])] == [
        f"{ACHIEVEMENT_ID}#result-1",
        f"{ACHIEVEMENT_ID}#result-2",
    ]
    assert not {"suspension", "validityDays"} & set(document)


def test_the_least_frozen_form_has_no_empty_members() -> None:
    document = parse_achievement(LEAST).document(achievement_id=ACHIEVEMENT_ID, version=1)

    assert set(document) == {"id", "type", "version", *LEAST}


@pytest.mark.parametrize("kind", [*sorted(ACHIEVEMENT_TYPES), "ext:Nanodegree", "ext:MicroMasters"])
def test_every_type_of_the_standard_and_extensions_are_allowed(kind: str) -> None:
    assert parse_achievement({**LEAST, "achievementType": kind, "alignment": [SKILL]}).type == kind


def test_a_micro_credential_without_a_skill_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        parse_achievement({**LEAST, "achievementType": "MicroCredential"})

    assert refusal.value.code == "achievement-without-alignment"


def test_an_unknown_type_is_refused_with_the_list_of_the_known() -> None:
    with pytest.raises(Malformed) as refusal:
        parse_achievement({**LEAST, "achievementType": "Nanodegree"})

    assert refusal.value.code == "achievement-type-unknown"
    assert "MicroCredential" in refusal.value.message


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"achievementType": 5}, "achievement-type-unknown", "achievementType"),
        ({"achievementType": "ext:a b"}, "achievement-type-unknown", "achievementType"),
        ({"name": ""}, "malformed-string", "name"),
        ({"name": " \n"}, "achievement-empty-text", "name"),
        ({"name": "a\x00"}, "claim-control-character", "name"),
        ({"description": None}, "malformed-string", "description"),
        ({"criteria": {}}, "achievement-without-criteria", "criteria"),
        ({"criteria": "text"}, "malformed-object", "criteria"),
        ({"criteria": {"id": "a b"}}, "claim-not-iri", "criteria.id"),
        ({"criteria": {"narrative": " "}}, "achievement-empty-text", "criteria.narrative"),
        ({"alignment": [{}]}, "missing-member", "alignment[0]"),
        ({"alignment": [SKILL, SKILL]}, "achievement-duplicate", "alignment[1]"),
        ({"alignment": [{**SKILL, "targetType": "ESCO"}]}, "alignment-type-unknown", "alignment[0].targetType"),
        ({"alignment": [{**SKILL, "targetType": 1}]}, "alignment-type-unknown", "alignment[0].targetType"),
        ({"alignment": [{**SKILL, "targetUrl": "skill/1"}]}, "claim-not-iri", "alignment[0].targetUrl"),
        ({"tag": "data"}, "malformed-list", "tag"),
        ({"tag": ["a", "a"]}, "achievement-duplicate", "tag[1]"),
        ({"tag": ["a"] * 51}, "malformed-list", "tag"),
        ({"inLanguage": "EN"}, "malformed-language", "inLanguage"),
        ({"inLanguage": 1}, "malformed-language", "inLanguage"),
        ({"image": "https://a.example/i.png"}, "malformed-object", "image"),
        ({"image": {"id": "i.png"}}, "claim-not-iri", "image.id"),
        ({"resultDescription": [{}]}, "missing-member", "resultDescription[0]"),
        ({"creditsAvailable": -1}, "malformed-credits", "creditsAvailable"),
        ({"creditsAvailable": True}, "malformed-credits", "creditsAvailable"),
        ({"creditsAvailable": "3"}, "malformed-credits", "creditsAvailable"),
        ({"suspension": "yes"}, "malformed-suspension", "suspension"),
        ({"validityDays": 0}, "malformed-integer", "validityDays"),
        ({"validityDays": 36_526}, "malformed-integer", "validityDays"),
        ({"id": "https://a.example"}, "unknown-member", "achievement"),
    ],
)
def test_each_rule_of_an_achievement_has_its_code(change: JsonObject, code: str, where: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_achievement({**LEAST, **change})

    assert (refusal.value.code, refusal.value.where) == (code, where)


@pytest.mark.parametrize("body", [None, [], "text", {}])
def test_what_is_no_body_is_refused(body: JsonValue) -> None:
    with pytest.raises(Malformed):
        parse_achievement(body)


def test_criteria_may_be_a_page_or_a_text() -> None:
    page = Criteria(id="https://a.example", narrative=None)

    assert page.document() == {"id": "https://a.example"}
    assert achievement(criteria={"narrative": "Do."}).criteria.document() == {"narrative": "Do."}

"""What people are shown of a document: ours, those of others, and those of nobody's making."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.private_evidence import has_private_evidence
from registry.domain.shown_credential import (
    MAX_ITEMS,
    Party,
    ShownCredential,
    ShownEvidence,
    ShownResult,
    Skill,
    show_credential,
)

DOCUMENT: JsonObject = {
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "Of the credential",
    "issuer": {"id": "did:web:a.example", "name": "Poly", "url": "https://a.example/"},
    "validFrom": "2026-05-29T00:00:00+02:00",
    "awardedDate": "2026-05-28T00:00:00Z",
    "validUntil": "2029-05-29T23:59:59Z",
    "credentialSubject": {
        "id": "did:key:holder",
        "type": ["AchievementSubject"],
        "identifier": [
            {"identityType": "emailAddress", "hashed": True, "identityHash": "sha256$00", "salt": "s"},
            {"identityType": "name", "hashed": False, "identityHash": "Amal Haddad"},
        ],
        "narrative": "Well done.",
        "creditsEarned": 5.0,
        "licenseNumber": "17-4",
        "activityStartDate": "2026-01-01T00:00:00Z",
        "activityEndDate": "2026-05-01T23:59:59Z",
        "result": [
            {"resultDescription": "urn:r:1", "value": "A"},
            {"resultDescription": "urn:r:2", "status": "Completed"},
            {"value": 17.5},
            {"resultDescription": "urn:r:1"},
        ],
        "achievement": {
            "id": "https://a.example/achievements/1",
            "image": {"id": "https://a.example/badge.png", "type": "Image"},
            "name": "Data Analysis",
            "description": "Collect data.",
            "achievementType": "ext:Nanodegree",
            "inLanguage": "es",
            "creator": {"id": "did:web:b.example", "name": "Other"},
            "criteria": {"id": "https://a.example/criteria", "narrative": "Six *assignments*."},
            "resultDescription": [
                {"id": "urn:r:1", "name": "Grade", "allowedValue": ["C", "A"]},
                {"id": "urn:r:2", "name": "Project"},
            ],
            "alignment": [
                {"targetName": "analyse", "targetUrl": "https://e.example/1", "targetFramework": "ESCO"},
                {"targetName": "run", "targetUrl": "javascript:alert(1)", "targetDescription": "unread"},
                {"targetUrl": "https://e.example/2"},
            ],
        },
    },
    "image": "data:image/png,x",
    "evidence": [
        {"id": "https://e.example/report", "name": "Report", "narrative": "Long.", "description": "Short."},
        {"id": "https://e.example/secret", "name": "Portfolio", "narrative": "Not for you.", "audience": " Private "},
    ],
}


def test_a_credential_of_ours_is_read_whole() -> None:
    assert show_credential(DOCUMENT) == ShownCredential(
        title="Data Analysis",
        achievement="Data Analysis",
        achievement_id="https://a.example/achievements/1",
        achievement_type="Nanodegree",
        description="Collect data.",
        language="es",
        pictures=("https://a.example/badge.png", "data:image/png,x"),
        holder="Amal Haddad",
        holder_id="did:key:holder",
        issuer=Party(name="Poly", id="did:web:a.example", url="https://a.example/"),
        creator="Other",
        criteria="Six *assignments*.",
        criteria_url="https://a.example/criteria",
        skills=(Skill(name="analyse", url="https://e.example/1", framework="ESCO"), Skill(name="run")),
        results=(
            ShownResult(name="Grade", value="A", scale=("C", "A")),
            ShownResult(name="Project", value="Completed"),
            ShownResult(name="", value="17.5"),
        ),
        evidence=(
            ShownEvidence(
                name="Report",
                is_private=False,
                url="https://e.example/report",
                narrative="Long.",
                description="Short.",
            ),
            ShownEvidence(name="Portfolio", is_private=True),
        ),
        narrative="Well done.",
        credits="5",
        license_number="17-4",
        awarded=datetime(2026, 5, 28, tzinfo=UTC),
        valid_from=datetime(2026, 5, 29, tzinfo=timezone(timedelta(hours=2))),
        valid_until=datetime(2029, 5, 29, 23, 59, 59, tzinfo=UTC),
        activity_start=datetime(2026, 1, 1, tzinfo=UTC),
        activity_end=datetime(2026, 5, 1, 23, 59, 59, tzinfo=UTC),
    )


def test_a_type_of_the_issuer_s_own_is_named_without_its_mark() -> None:
    assert show_credential(achieved(achievementType="ext:Nanodegree")).achievement_type == "Nanodegree"


NOTHING = show_credential({})
NAMED: JsonObject = {"identityType": "name", "hashed": False, "identityHash": "李伟"}
NAMES: JsonObject = {"es": "Datos", "en": "Data"}


def about(**members: JsonValue) -> JsonObject:
    return {"credentialSubject": members}


def achieved(**members: JsonValue) -> JsonObject:
    return about(achievement=members)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        # Names: of the achievement, else of the credential, else its type.
        (achieved(name="Data") | {"name": "Of the credential"}, {"title": "Data", "achievement": "Data"}),
        ({"name": "Of the credential", "description": "d"}, {"title": "Of the credential", "description": "d"}),
        ({"type": ["VerifiableCredential", "DrivingLicence"]}, {"title": "DrivingLicence"}),
        ({"type": "VerifiableCredential"}, {}),
        ({"id": "urn:x"}, {"achievement_id": "urn:x"}),
        # One or many.
        ({"credentialSubject": [None, {"achievement": [7, {"name": "Data"}]}]}, {"title": "Data", "achievement": "Data"}),
        (about(result={"value": "A"}), {"results": (ShownResult(name="", value="A"),)}),
        ({"evidence": {"id": "urn:x", "name": "Capstone"}}, {"evidence": (ShownEvidence(name="Capstone", is_private=False),)}),
        # Issuers and makers.
        ({"issuer": "https://a.example/"}, {"issuer": Party(name="https://a.example/", id="https://a.example/", url="https://a.example/")}),
        ({"issuer": ["did:web:a.example"]}, {"issuer": Party(name="did:web:a.example", id="did:web:a.example")}),
        ({"issuer": [{"name": "Poly", "url": "javascript:x"}]}, {"issuer": Party(name="Poly")}),
        ({"issuer": 7}, {}),
        ({"issuer": {"name": "Poly"}} | achieved(creator={"id": "did:x", "name": "Poly"}), {"issuer": Party(name="Poly")}),
        # Who holds it: only a name in the clear.
        (about(identifier=NAMED), {"holder": "李伟"}),
        (about(identifier=[NAMED | {"identityHash": ""}, NAMED]), {"holder": "李伟"}),
        (about(identifier=[NAMED], name="Ann"), {"holder": "李伟"}),
        (about(identifier=NAMED | {"hashed": True}, name="Ann"), {"holder": "Ann"}),
        (about(identifier={"identityType": "name", "identityHash": "sha256$00"}), {}),
        (about(identifier=NAMED | {"identityType": "emailAddress"}, id="did:x"), {"holder_id": "did:x"}),
        # Criteria and pictures, written as their address alone.
        (achieved(criteria="https://a.example/c"), {"criteria_url": "https://a.example/c"}),
        (achieved(image="data:image/png,x") | {"image": {"id": 7}}, {"pictures": ("data:image/png,x",)}),
        # Credits: those earned before those on offer.
        (about(creditsEarned=2.0, achievement={"creditsAvailable": 3}), {"credits": "2"}),
        (about(creditsEarned=True, achievement={"creditsAvailable": 3}), {"credits": "3"}),
        # Moments: of VC Data Model 1.1, too; what 2.0 says goes before, however odd.
        ({"issuanceDate": "2026-05-29T00:00:00Z"}, {name: datetime(2026, 5, 29, tzinfo=UTC) for name in ("valid_from", "awarded")}),
        ({"expirationDate": "2026-05-29T00:00:00Z"}, {"valid_until": datetime(2026, 5, 29, tzinfo=UTC)}),
        ({"validUntil": "soon", "expirationDate": "2026-05-29T00:00:00Z"}, {}),
        # Languages: the achievement's, else the first.
        (achieved(name=NAMES, inLanguage="en"), {"title": "Data", "achievement": "Data"}),
        (achieved(name=NAMES, inLanguage="fr"), {"title": "Datos", "achievement": "Datos", "language": "fr"}),
    ],
)  # fmt: skip
def test_a_document_of_any_shape_says_what_can_be_read_of_it(document: JsonObject, said: dict[str, object]) -> None:
    shown = show_credential(document)

    different = {name for name in ShownCredential.__slots__ if getattr(shown, name) != getattr(NOTHING, name)}
    assert {name: getattr(shown, name) for name in different} == said


@pytest.mark.parametrize(
    ("visitor", "title", "language"), [("en", "Data", "en"), ("ar", "Datos", "es"), ("", "Datos", "es")]
)
def test_a_visitor_reads_texts_in_their_language_before_the_achievement_s(
    visitor: str, title: str, language: str
) -> None:
    shown = show_credential(achieved(name=NAMES, inLanguage="es"), visitor=visitor)

    assert (shown.title, shown.language) == (title, language)


@pytest.mark.parametrize(("member", "item"), [("alignment", {"targetName": "x"}), ("result", {"value": "x"})])
def test_a_list_without_end_is_cut(member: str, item: JsonObject) -> None:
    many: JsonObject = {member: [item] * 200}

    shown = show_credential(about(**many, achievement=many))

    assert len(shown.skills) + len(shown.results) == MAX_ITEMS


@pytest.mark.parametrize(("member", "item"), [("alignment", {"targetName": "x"}), ("result", {"value": "x"})])
def test_what_shows_nothing_is_not_read_without_end_either(member: str, item: JsonObject) -> None:
    many: JsonObject = {member: [*[{}] * MAX_ITEMS, item]}

    shown = show_credential(about(**many, achievement=many))

    assert [*shown.skills, *shown.results] == []


def test_a_scale_without_end_is_cut() -> None:
    described: JsonObject = {"resultDescription": {"id": "urn:x:1", "name": "Grade", "allowedValue": ["a"] * 200}}
    result: JsonObject = {"resultDescription": "urn:x:1", "value": "a"}

    shown = show_credential(about(result=[result] * 2, achievement=described))

    assert [(each.name, len(each.scale)) for each in shown.results] == [("Grade", MAX_ITEMS)] * 2


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ("private", True),
        ("PRIVATE", True),
        (["everybody", "private"], True),
        ({"@value": "private", "@language": "en"}, True),
        ([{"@value": " private"}], True),
        ("everybody", False),
        (None, False),
        ({"en": "pri\u00advate"}, True),
        (7, False),
    ],
)
def test_evidence_is_private_by_its_audience(audience: JsonValue, expected: bool) -> None:
    document: JsonObject = {"evidence": {"id": "https://e.example", "audience": audience}}

    assert has_private_evidence(document) is expected


MEMBERS = (
    *("type", "name", "issuer", "validFrom", "issuanceDate", "validUntil", "awardedDate", "credentialSubject"),
    *("achievement", "evidence", "result", "identifier", "hashed", "identityType", "identityHash", "criteria"),
    *("alignment", "resultDescription", "creditsEarned", "image", "inLanguage", "audience", "url", "id", "value"),
    *("@value", "@language", "en"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=8))
def test_no_document_is_an_error(document: JsonObject) -> None:
    shown = show_credential(document, visitor="es")

    links = [shown.criteria_url, shown.issuer.url, *(each.url for each in shown.skills)]
    links += [each.url for each in shown.evidence]
    assert all(url == "" or url.startswith(("https://", "http://")) for url in links)
    assert all(each.url == each.narrative == "" for each in shown.evidence if each.is_private)

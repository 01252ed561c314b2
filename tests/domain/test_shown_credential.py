"""What a page reads out of a document: ours, those of others, and those of nobody's making."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject
from registry.domain.private_evidence import has_private_evidence
from registry.domain.shown_credential import MAX_ITEMS, Link, ShownEvidence, ShownResult, show_credential

DOCUMENT: JsonObject = {
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "Of the credential",
    "issuer": {"id": "did:web:a.example", "name": "Poly", "url": "https://a.example/"},
    "validFrom": "2026-05-29T00:00:00+02:00",
    "awardedDate": "2026-05-28T00:00:00Z",
    "validUntil": "2029-05-29T23:59:59Z",
    "credentialSubject": {
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
            {"value": "17"},
            {"resultDescription": "urn:r:1"},
        ],
        "achievement": {
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
                {"targetName": "run", "targetUrl": "javascript:alert(1)", "targetDescription": "far"},
                {"targetUrl": "https://e.example/2"},
            ],
        },
    },
    "evidence": [
        {"id": "https://e.example/report", "name": "Report", "narrative": "Long.", "description": "Short."},
        {"id": "https://e.example/secret", "name": "Portfolio", "narrative": "Not for you.", "audience": " Private "},
    ],
}


def test_a_credential_of_ours_is_read_whole() -> None:
    shown = show_credential(DOCUMENT)

    assert (shown.title, shown.description, shown.achievement_type) == ("Data Analysis", "Collect data.", "Nanodegree")
    assert (shown.holder, shown.language, shown.creator) == ("Amal Haddad", "es", "Other")
    assert shown.issuer == Link(name="Poly", url="https://a.example/")
    assert (shown.criteria, shown.criteria_url) == ("Six *assignments*.", "https://a.example/criteria")
    assert shown.skills == (
        Link(name="analyse", url="https://e.example/1", framework="ESCO"),
        Link(name="run", url="", description="far"),
    )
    assert shown.results == (
        ShownResult(name="Grade", value="A", scale=("C", "A")),
        ShownResult(name="Project", value="Completed", scale=()),
        ShownResult(name="", value="17", scale=()),
    )
    assert (shown.narrative, shown.credits, shown.license_number) == ("Well done.", "5", "17-4")


def test_times_keep_the_offset_they_were_written_in() -> None:
    shown = show_credential(DOCUMENT)

    assert shown.valid_from == datetime(2026, 5, 29, tzinfo=timezone(timedelta(hours=2)))
    assert shown.valid_from is not None
    assert shown.valid_from.utcoffset() == timedelta(hours=2)
    assert shown.awarded == datetime(2026, 5, 28, tzinfo=UTC)
    assert shown.valid_until == datetime(2029, 5, 29, 23, 59, 59, tzinfo=UTC)
    assert (shown.activity_start, shown.activity_end) == (
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 5, 1, 23, 59, 59, tzinfo=UTC),
    )


def test_of_private_evidence_the_name_alone_is_read() -> None:
    public, private = show_credential(DOCUMENT).evidence

    assert public == ShownEvidence(
        name="Report", is_private=False, url="https://e.example/report", narrative="Long.", description="Short."
    )
    assert private == ShownEvidence(name="Portfolio", is_private=True)


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
        ({"id": "private"}, False),
        (7, False),
    ],
)
def test_evidence_is_private_by_its_audience(audience: object, expected: bool) -> None:
    document: JsonObject = {"evidence": {"id": "https://e.example", "audience": audience}}  # type: ignore[dict-item]

    assert has_private_evidence(document) is expected


def test_what_a_document_does_not_say_is_empty() -> None:
    shown = show_credential({"type": "VerifiableCredential", "issuer": "https://a.example/"})

    assert (shown.title, shown.holder, shown.credits, shown.evidence) == ("", "", "", ())
    assert shown.issuer == Link(name="https://a.example/", url="https://a.example/")
    assert (shown.awarded, shown.valid_until) == (None, None)


def test_a_document_without_a_name_is_called_by_its_type() -> None:
    assert show_credential({"type": ["VerifiableCredential", "DrivingLicence"]}).title == "DrivingLicence"
    assert show_credential({"type": ["VerifiableCredential"]}).title == ""


def test_a_text_in_several_languages_is_read_in_the_achievement_s() -> None:
    names: JsonObject = {
        "name": [{"@value": "Datos", "@language": "es"}, {"@value": "Data", "@language": "en"}],
        "inLanguage": "en",
    }

    assert show_credential({"credentialSubject": {"achievement": names}}).title == "Data"
    assert show_credential({"credentialSubject": {"achievement": names | {"inLanguage": "fr"}}}).title == "Datos"


def test_the_issuer_that_made_the_achievement_is_not_named_twice() -> None:
    document: JsonObject = {
        "issuer": {"id": "did:web:a.example", "name": "Poly"},
        "credentialSubject": {"achievement": {"creator": {"id": "did:web:a.example", "name": "Poly"}}},
    }

    assert show_credential(document).creator == ""


def test_a_subject_that_has_a_name_is_the_holder() -> None:
    assert show_credential({"credentialSubject": {"name": "Zoë O'Brien"}}).holder == "Zoë O'Brien"


@pytest.mark.parametrize("hidden", ["\u202e", "\u2067", "\x00", "\x1b"])
def test_what_would_turn_the_words_beside_it_around_is_left_out(hidden: str) -> None:
    assert show_credential({"name": f"Da{hidden}ta"}).title == "Data"


@pytest.mark.parametrize(
    "text",
    ["2026-05-29", "2026-05-29T00:00:00", "2026-13-29T00:00:00Z", "٢٠٢٦-05-29T00:00:00Z", "soon"],
)
def test_a_time_without_an_offset_is_none(text: str) -> None:
    assert show_credential({"validFrom": text}).valid_from is None


@pytest.mark.parametrize(("earned", "expected"), [(True, ""), ("5", ""), (2.5, "2.5"), (3, "3")])
def test_credits_are_numbers(earned: bool | str | float, expected: str) -> None:
    assert show_credential({"credentialSubject": {"creditsEarned": earned}}).credits == expected


def test_a_list_without_end_is_cut() -> None:
    alignment: JsonObject = {"targetName": "x", "targetUrl": "https://e.example"}

    shown = show_credential({"credentialSubject": {"achievement": {"alignment": [alignment] * 1000}}})

    assert len(shown.skills) == MAX_ITEMS


MEMBERS = (
    *(
        "type",
        "name",
        "issuer",
        "validFrom",
        "validUntil",
        "awardedDate",
        "credentialSubject",
        "achievement",
        "evidence",
    ),
    *("result", "identifier", "criteria", "alignment", "resultDescription", "audience", "url", "id", "@value", "value"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=8))
def test_no_document_is_an_error(document: JsonObject) -> None:
    show_credential(document)

import json
from datetime import UTC, datetime
from pathlib import Path
from types import EllipsisType
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.presentation_form import check_presentation, presented_credentials
from registry.domain.vc_form import (
    CREDENTIALS_CONTEXT,
    check_form,
    is_open_badge,
    is_version_1,
    issuer_id,
    own_contexts,
    validity,
)
from tests.badges import unsigned_badge
from tests.paths import SHARED_DATA

LEAST: JsonObject = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": "VerifiableCredential",
    "issuer": "did:web:a.example",
    "credentialSubject": {"id": "did:example:1"},
}


def changed(path: str, value: "JsonValue | EllipsisType") -> JsonObject:
    """Return the sample badge with the member at a path replaced, or removed by `...`."""
    document = cast("JsonObject", json.loads(json.dumps(unsigned_badge())))
    *parents, name = path.split(".")
    place = document
    for parent in parents:
        place = cast("JsonObject", place[parent])
    if isinstance(value, EllipsisType):
        del place[name]
    else:
        place[name] = value
    return document


def codes(document: JsonObject) -> list[tuple[str, str]]:
    return [(problem.code, problem.where) for problem in check_form(document)]


def test_the_sample_badge_and_the_least_credential_are_well_formed() -> None:
    assert codes(unsigned_badge()) == []
    assert codes(LEAST) == []


def test_a_badge_need_not_say_when_it_was_awarded() -> None:
    assert codes({name: member for name, member in unsigned_badge().items() if name != "awardedDate"}) == []


def test_the_1edtech_example_is_well_formed() -> None:
    document = json.loads((SHARED_DATA / "vectors/vc-di-eddsa/unsigned.json").read_text())

    assert codes(document) == []


@pytest.mark.parametrize(
    ("path", "value", "code", "where"),
    [
        ("@context", ..., "malformed-context", "@context"),
        ("@context", [], "malformed-context", "@context"),
        ("@context", ["https://www.w3.org/2018/credentials/v1"], "malformed-context", "@context"),
        ("@context", ["https://www.w3.org/ns/credentials/v2", 5], "malformed-context", "@context"),
        ("@context", ["https://www.w3.org/ns/credentials/v2"], "malformed-context", "@context"),
        ("id", ..., "missing-member", "id"),
        ("id", "8f1c2a3b", "malformed-id", "id"),
        ("type", ["OpenBadgeCredential"], "malformed-type", "type"),
        ("issuer", ..., "malformed-issuer", "issuer"),
        ("issuer", {"type": ["Profile"]}, "malformed-issuer", "issuer"),
        ("issuer", {"id": "did:web:a.example"}, "malformed-issuer", "issuer.type"),
        ("validFrom", ..., "missing-member", "validFrom"),
        ("validFrom", "2026-05-29", "malformed-time", "validFrom"),
        ("validFrom", "2026-05-29T12:00:00", "time-without-offset", "validFrom"),
        ("validUntil", "2026-05-29T11:59:59Z", "valid-until-before-from", "validUntil"),
        ("validUntil", None, "malformed-time", "validUntil"),
        ("awardedDate", "yesterday", "malformed-time", "awardedDate"),
        ("credentialSubject", ..., "malformed-subject", "credentialSubject"),
        ("credentialSubject.id", "S-1001", "malformed-subject", "credentialSubject.id"),
        ("credentialSubject.type", ["Person"], "malformed-type", "credentialSubject.type"),
        ("credentialSubject.identifier", ..., "subject-without-identity", "credentialSubject"),
        ("credentialSubject.identifier", [], "subject-without-identity", "credentialSubject"),
        ("credentialSubject.identifier", ["text"], "malformed-identity", "credentialSubject.identifier[0]"),
        (
            "credentialSubject.identifier",
            {"type": "IdentityObject", "hashed": "no", "identityHash": "x", "identityType": "name"},
            "malformed-badge",
            "credentialSubject.identifier.hashed",
        ),
        (
            "credentialSubject.identifier",
            [{"type": "IdentityObject", "hashed": False, "identityHash": "", "identityType": "name"}],
            "malformed-badge",
            "credentialSubject.identifier[0].identityHash",
        ),
        ("credentialSubject.activityEndDate", "2026", "malformed-time", "credentialSubject.activityEndDate"),
        ("credentialSubject.achievement", "x", "malformed-achievement", "credentialSubject.achievement"),
        ("credentialSubject.achievement.id", "x", "malformed-achievement", "credentialSubject.achievement.id"),
        ("credentialSubject.achievement.type", [5], "malformed-achievement", "credentialSubject.achievement.type"),
        ("credentialSubject.achievement.name", " ", "malformed-achievement", "credentialSubject.achievement.name"),
        (
            "credentialSubject.achievement.criteria",
            {},
            "achievement-without-criteria",
            "credentialSubject.achievement.criteria",
        ),
        (
            "credentialSubject.achievement.criteria",
            "x",
            "achievement-without-criteria",
            "credentialSubject.achievement.criteria",
        ),
        ("credentialStatus", "x", "missing-type", "credentialStatus"),
        ("credentialStatus", {"id": "urn:a:b"}, "missing-type", "credentialStatus"),
        ("evidence", [{"name": "x"}], "missing-type", "evidence"),
        ("termsOfUse", [{"type": "a"}, {"type": []}], "missing-type", "termsOfUse"),
        ("relatedResource", {"id": "urn:a:b"}, "malformed-related-resource", "relatedResource"),
    ],
)
def test_each_broken_must_has_its_code(path: str, value: "JsonValue | EllipsisType", code: str, where: str) -> None:
    # What follows from the first problem may be told beside it.
    assert codes(changed(path, value))[0] == (code, where)


def test_all_problems_are_told_at_once() -> None:
    document = changed("id", "x")
    document["validFrom"] = "2026"

    assert codes(document) == [("malformed-id", "id"), ("malformed-time", "validFrom")]


def test_a_badge_has_one_subject() -> None:
    document = unsigned_badge()
    document["credentialSubject"] = [document["credentialSubject"]]

    assert codes(document) == [("several-subjects", "credentialSubject")]


def test_another_credential_may_have_several_subjects() -> None:
    assert codes({**LEAST, "credentialSubject": [{"id": "did:example:1"}, {"name": "x"}]}) == []
    assert codes({**LEAST, "credentialSubject": [{}]}) == [("malformed-subject", "credentialSubject")]
    assert codes({**LEAST, "credentialSubject": []}) == [("malformed-subject", "credentialSubject")]


def test_a_badge_is_told_by_its_type() -> None:
    assert is_open_badge(unsigned_badge())
    assert is_open_badge({"type": "AchievementCredential"})
    assert not is_open_badge(LEAST)


def test_an_issuer_may_be_a_text_or_an_object() -> None:
    assert issuer_id({"issuer": "did:web:a.example"}) == "did:web:a.example"
    assert issuer_id({"issuer": {"id": "did:web:a.example"}}) == "did:web:a.example"
    assert issuer_id({"issuer": [1]}) is None
    assert issuer_id({}) is None


def test_the_bounds_of_validity_are_read() -> None:
    assert validity({}) == (None, None)
    assert validity({"validFrom": "2026-01-01T00:00:00Z", "validUntil": "2026-01-01T01:00:00+01:00"}) == (
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
    )


OLDER: JsonObject = {
    "@context": ["https://www.w3.org/2018/credentials/v1"],
    "type": ["VerifiableCredential"],
    "issuer": "did:web:a.example",
    "issuanceDate": "2020-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:1"},
}


def test_a_credential_of_version_1_is_well_formed_by_its_own_rules() -> None:
    assert codes(OLDER) == []
    assert is_version_1(OLDER)
    assert not is_version_1(LEAST)
    assert codes({**OLDER, "expirationDate": "2030-01-01T00:00:00Z"}) == []


@pytest.mark.parametrize(
    ("members", "code", "where"),
    [
        ({"issuanceDate": "2020-01-01"}, "malformed-time", "issuanceDate"),
        ({"expirationDate": "2020-01-01T00:00:00"}, "time-without-offset", "expirationDate"),
        ({"expirationDate": "2019-12-31T23:59:59Z"}, "valid-until-before-from", "expirationDate"),
        ({"validUntil": "2019-12-31T23:59:59Z"}, "valid-until-before-from", "validUntil"),
        ({"validFrom": "soon"}, "malformed-time", "validFrom"),
        ({"credentialStatus": {"type": "StatusList2021Entry"}}, "missing-id", "credentialStatus"),
        ({"credentialSchema": {"type": "JsonSchema"}}, "missing-id", "credentialSchema"),
        ({"refreshService": {"type": "ManualRefreshService2018"}}, "missing-id", "refreshService"),
        ({"refreshService": {"type": "ManualRefreshService2018", "id": "x"}}, "malformed-id", "refreshService.id"),
        ({"evidence": {"id": "urn:a:b"}}, "missing-type", "evidence"),
    ],
)
def test_each_broken_must_of_version_1_has_its_code(members: JsonObject, code: str, where: str) -> None:
    assert codes({**OLDER, **members}) == [(code, where)]


def test_a_credential_of_version_1_says_when_it_was_issued() -> None:
    document = {name: member for name, member in OLDER.items() if name != "issuanceDate"}

    assert codes(document) == [("missing-member", "issuanceDate")]
    assert codes({**LEAST, "issuanceDate": "whenever"}) == []


def test_under_version_1_both_kinds_of_bounds_hold() -> None:
    document: JsonObject = {
        **OLDER,
        "validFrom": "2021-01-01T00:00:00Z",
        "expirationDate": "2030-01-01T00:00:00Z",
        "validUntil": "2029-01-01T00:00:00Z",
    }

    assert codes(document) == []
    assert validity(document) == (datetime(2021, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))
    assert validity(OLDER) == (datetime(2020, 1, 1, tzinfo=UTC), None)
    assert validity({**document, "@context": [CREDENTIALS_CONTEXT]})[1] == datetime(2029, 1, 1, tzinfo=UTC)


def test_a_badge_of_version_1_needs_no_valid_from() -> None:
    document: JsonObject = {**unsigned_badge(), "issuanceDate": "2026-05-29T12:00:00Z"}
    document["@context"] = [
        "https://www.w3.org/2018/credentials/v1",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
    ]
    del document["validFrom"]

    assert codes(document) == []


@pytest.mark.parametrize(
    ("members", "code", "where"),
    [
        ({"@context": "https://www.w3.org/ns/credentials/v2"}, "malformed-context", "@context"),
        ({"@context": [CREDENTIALS_CONTEXT, "not a URL"]}, "malformed-context", "@context"),
        ({"@context": [{"x": "urn:a:x"}, CREDENTIALS_CONTEXT]}, "malformed-context", "@context"),
        ({"@context": [CREDENTIALS_CONTEXT, None]}, "malformed-context", "@context"),
        ({"id": None}, "malformed-id", "id"),
        ({"id": ["urn:a:b"]}, "malformed-id", "id"),
        ({"type": []}, "malformed-type", "type"),
        ({"type": ["VerifiableCredential", ""]}, "malformed-type", "type"),
        ({"name": 5}, "malformed-text", "name"),
        ({"name": []}, "malformed-text", "name"),
        ({"description": {"@value": "x", "@language": "en", "url": "urn:a:b"}}, "malformed-text", "description"),
        ({"issuer": ["did:web:a.example"]}, "malformed-issuer", "issuer"),
        ({"issuer": {"id": "did:web:a.example", "name": {"x": "y"}}}, "malformed-text", "issuer.name"),
        ({"issuer": {"id": "did:web:a.example", "description": None}}, "malformed-text", "issuer.description"),
        ({"credentialSubject": "did:example:1"}, "malformed-subject", "credentialSubject"),
        ({"credentialSubject": [{"id": "did:example:1"}, {}]}, "malformed-subject", "credentialSubject"),
        ({"credentialStatus": []}, "missing-type", "credentialStatus"),
        ({"credentialStatus": {"type": "BitstringStatusListEntry", "id": "x"}}, "malformed-id", "credentialStatus.id"),
        ({"credentialSchema": {"type": "JsonSchema"}}, "missing-id", "credentialSchema"),
        ({"credentialSchema": {"type": "JsonSchema", "id": "x"}}, "malformed-id", "credentialSchema.id"),
        ({"refreshService": {"id": "urn:a:b"}}, "missing-type", "refreshService"),
        ({"termsOfUse": {"id": "urn:a:b"}}, "missing-type", "termsOfUse"),
        ({"termsOfUse": [{"type": "a", "id": 5}]}, "malformed-id", "termsOfUse.id"),
        ({"validFrom": "2026-01-01T24:00:00Z"}, "malformed-time", "validFrom"),
        ({"validUntil": "2026-02-30T00:00:00Z"}, "malformed-time", "validUntil"),
    ],
)
def test_each_broken_must_of_a_plain_credential_has_its_code(members: JsonObject, code: str, where: str) -> None:
    assert codes({**LEAST, **members}) == [(code, where)]


@pytest.mark.parametrize(
    "members",
    [
        {"@context": [CREDENTIALS_CONTEXT, "https://www.w3.org/ns/credentials/examples/v2", {"x": "urn:a:x"}]},
        {"id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33"},
        {"type": ["VerifiableCredential", "https://a.example/types#Diploma"]},
        {"name": "Diploma", "description": {"@value": "Diplôme", "@language": "fr-CA", "@direction": "ltr"}},
        {"issuer": {"id": "did:web:a.example", "name": [{"@value": "a", "@language": "en"}, {"@value": "b"}]}},
        {"validFrom": "2026-01-01T00:00:00+05:30", "validUntil": "2026-01-01T00:00:00.123-14:00"},
        {"credentialStatus": {"type": "BitstringStatusListEntry"}},
        {"credentialSchema": [{"id": "urn:a:b", "type": "JsonSchema"}, {"id": "urn:a:c", "type": "JsonSchema"}]},
        {"refreshService": {"type": "VerifiableCredentialRefreshService2021"}},
        {"evidence": {"type": ["Evidence"]}, "termsOfUse": [{"type": "TrustFrameworkPolicy", "id": "urn:a:b"}]},
        {"credentialSubject": [{"id": "did:example:1"}, {"alumniOf": {"name": "x"}}]},
    ],
)
def test_what_the_data_model_admits_is_well_formed(members: JsonObject) -> None:
    assert codes({**LEAST, **members}) == []


def test_documents_that_define_terms_are_told() -> None:
    assert own_contexts({"@context": [CREDENTIALS_CONTEXT, {"x": "urn:a:x"}]})
    assert not own_contexts(LEAST)
    assert not own_contexts({})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(unsigned_badge())), json_values)
def test_no_value_in_any_place_makes_the_check_fall_over(name: str, value: JsonValue) -> None:
    problems = check_form({**unsigned_badge(), name: value})

    assert all(problem.code and problem.where and problem.message for problem in problems)


@pytest.mark.parametrize(
    "path", sorted((SHARED_DATA / "examples" / "w3c-vcdm").glob("*.json")), ids=lambda path: path.stem
)
def test_the_w3c_examples_are_well_formed(path: Path) -> None:
    document = json.loads(path.read_text())

    # Some are presentations, and their credentials are none of these.
    if "verifiableCredential" in document:
        assert check_presentation(document) == ()
        assert [check_form(inside) for inside in presented_credentials(document)] == [()] * len(
            document["verifiableCredential"]
        )
    else:
        assert check_form(document) == ()


@pytest.mark.parametrize(
    "path", sorted((SHARED_DATA / "examples" / "1edtech-spec").glob("*.json")), ids=lambda path: path.stem
)
def test_the_1edtech_examples_are_well_formed(path: Path) -> None:
    assert check_form(json.loads(path.read_text())) == ()

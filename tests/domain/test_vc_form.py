import json
from datetime import UTC, datetime
from pathlib import Path
from types import EllipsisType
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.vc_form import check_form, is_open_badge, issuer_id, validity
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
        ("credentialSubject.identifier", ["text"], "malformed-identity", "credentialSubject.identifier"),
        (
            "credentialSubject.identifier",
            {"type": "IdentityObject", "hashed": "no", "identityHash": "x", "identityType": "name"},
            "malformed-identity",
            "credentialSubject.identifier",
        ),
        (
            "credentialSubject.identifier",
            [{"type": "IdentityObject", "hashed": True, "identityHash": "", "identityType": "name"}],
            "malformed-identity",
            "credentialSubject.identifier",
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
        ("relatedResource", {"id": "urn:a:b"}, "related-resource-unsupported", "relatedResource"),
    ],
)
def test_each_broken_must_has_its_code(path: str, value: "JsonValue | EllipsisType", code: str, where: str) -> None:
    assert codes(changed(path, value)) == [(code, where)]


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


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(unsigned_badge())), json_values)
def test_no_value_in_any_place_makes_the_check_fall_over(name: str, value: JsonValue) -> None:
    problems = check_form({**unsigned_badge(), name: value})

    assert all(problem.code and problem.where and problem.message for problem in problems)


def test_the_w3c_examples_are_judged_without_falling_over() -> None:
    folder: Path = SHARED_DATA / "examples" / "w3c-vcdm"
    documents = [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]

    assert documents
    for document in documents:
        check_form(document)

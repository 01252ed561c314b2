import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.presentation_form import (
    MAX_PRESENTED,
    check_presentation,
    holder_id,
    is_enveloped,
    presented_credentials,
)

V2 = "https://www.w3.org/ns/credentials/v2"
CREDENTIAL: JsonObject = {
    "@context": [V2],
    "type": ["VerifiableCredential"],
    "issuer": "did:web:a.example",
    "credentialSubject": {"id": "did:web:b.example"},
}
ENVELOPE: JsonObject = {
    "@context": V2,
    "id": "data:application/vc+jwt,eyJh.e30.c2ln",
    "type": "EnvelopedVerifiableCredential",
}
PRESENTATION: JsonObject = {
    "@context": [V2],
    "id": "urn:uuid:313801ba-24b7-11ee-be02-ff560265cf9b",
    "type": "VerifiablePresentation",
    "holder": "did:web:b.example",
    "verifiableCredential": [CREDENTIAL, ENVELOPE],
}


def codes(**members: JsonValue) -> list[tuple[str, str]]:
    return [(problem.code, problem.where) for problem in check_presentation({**PRESENTATION, **members})]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"verifiableCredential": CREDENTIAL},
        {"verifiableCredential": ENVELOPE},
        {"holder": {"id": "did:web:b.example", "name": "B"}},
        {"type": ["VerifiablePresentation", "https://a.example/types#Transcript"]},
        {"@context": ["https://www.w3.org/2018/credentials/v1"]},
        {"name": {"@value": "Bewerbung", "@language": "de"}},
        {"termsOfUse": {"type": "HolderPolicy"}},
    ],
)
def test_presentations_of_every_kind_are_well_formed(members: JsonObject) -> None:
    assert codes(**members) == []


def test_a_presentation_may_have_neither_credentials_nor_a_holder() -> None:
    document: JsonObject = {"@context": [V2], "type": ["VerifiablePresentation"]}

    assert check_presentation(document) == ()
    assert presented_credentials(document) == ()
    assert holder_id(document) is None


@pytest.mark.parametrize(
    ("members", "code", "where"),
    [
        ({"@context": V2}, "malformed-context", "@context"),
        ({"@context": [{"x": "urn:a:x"}]}, "malformed-context", "@context"),
        ({"id": "x"}, "malformed-id", "id"),
        ({"type": ["Presentation"]}, "malformed-type", "type"),
        ({"holder": "me"}, "malformed-holder", "holder"),
        ({"holder": {"name": "B"}}, "malformed-holder", "holder"),
        ({"holder": ["did:web:b.example"]}, "malformed-holder", "holder"),
        ({"description": 5}, "malformed-text", "description"),
        ({"termsOfUse": [{"id": "urn:a:b"}]}, "missing-type", "termsOfUse"),
        ({"verifiableCredential": []}, "malformed-presentation", "verifiableCredential"),
        ({"verifiableCredential": "urn:a:b"}, "malformed-presentation", "verifiableCredential[0]"),
        ({"verifiableCredential": [CREDENTIAL, 5]}, "malformed-presentation", "verifiableCredential[1]"),
        ({"verifiableCredential": [{"type": "Thing"}]}, "malformed-presentation", "verifiableCredential[0]"),
        ({"verifiableCredential": [{**ENVELOPE, "id": "urn:a:b"}]}, "malformed-envelope", "verifiableCredential[0].id"),
        ({"verifiableCredential": {**ENVELOPE, "id": None}}, "malformed-envelope", "verifiableCredential[0].id"),
        (
            {"verifiableCredential": [{**ENVELOPE, "@context": "urn:a:b"}]},
            "malformed-context",
            "verifiableCredential[0].@context",
        ),
    ],
)
def test_each_broken_must_of_presentations_has_its_code(members: JsonObject, code: str, where: str) -> None:
    assert codes(**members) == [(code, where)]


def test_a_presentation_has_only_so_many_credentials() -> None:
    many: list[JsonValue] = [CREDENTIAL] * (MAX_PRESENTED + 1)

    assert codes(verifiableCredential=many) == [("malformed-presentation", "verifiableCredential")]


def test_an_enveloped_presentation_is_judged_as_an_envelope() -> None:
    document = {**ENVELOPE, "type": "EnvelopedVerifiablePresentation"}

    assert check_presentation(document) == ()
    assert [problem.where for problem in check_presentation({**document, "id": "urn:a:b"})] == ["id"]


def test_credentials_and_holder_are_handed_out() -> None:
    assert presented_credentials(PRESENTATION) == (CREDENTIAL, ENVELOPE)
    assert presented_credentials({"verifiableCredential": [5, CREDENTIAL]}) == (CREDENTIAL,)
    assert holder_id(PRESENTATION) == "did:web:b.example"
    assert holder_id({"holder": {"id": "did:web:b.example"}}) == "did:web:b.example"
    assert is_enveloped(ENVELOPE)
    assert not is_enveloped(CREDENTIAL)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "@context"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(PRESENTATION)), VALUES)
def test_nothing_in_a_presentation_makes_the_check_fall_over(name: str, value: JsonValue) -> None:
    document = {**PRESENTATION, name: value}

    assert all(problem.code and problem.where for problem in check_presentation(document))
    assert all(isinstance(credential, dict) for credential in presented_credentials(document))
    assert holder_id(document) is None or isinstance(holder_id(document), str)

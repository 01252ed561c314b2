"""The data model's rules from one end to the other: what is issued is verified, what breaks a MUST is neither.

Form and JSON-LD share the work; here only the outcome counts, at issue and at verify.
"""

import pytest

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.check import CheckId, Result
from registry.domain.errors import CredrootError
from registry.domain.evidence import Policy, Profile
from registry.domain.vc_preparing import prepare_credential
from registry.domain.verdict import Verdict, Word
from registry.service.verifying import VerifyRequest
from tests.issuing import make_key_issuer, sign
from tests.verdicts import default_policy, make_verifier

ISSUER = make_key_issuer("an issuer of anything")
V2 = "https://www.w3.org/ns/credentials/v2"
V1 = "https://www.w3.org/2018/credentials/v1"
EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
LEVEL: JsonObject = {"level": "https://a.example/#level"}
VOCABULARY: JsonObject = {"@vocab": "https://a.example/#"}
DIPLOMA: JsonObject = {"Diploma": "https://a.example/#Diploma"}
LEAST: JsonObject = {"@context": [V2], "type": ["VerifiableCredential"], "credentialSubject": {"id": "did:example:s"}}
OLDER: JsonObject = {**LEAST, "@context": [V1], "issuanceDate": "2020-01-01T00:00:00Z"}


def several(*items: JsonValue) -> JsonValue:
    return list(items)


def verify(document: JsonObject) -> Verdict:
    policy = Policy(published_contract=default_policy().published_contract, profile=Profile.VC)
    return make_verifier(chain=None).verify(VerifyRequest(credential=canonicalize(document), policy=policy))


def example(**members: JsonValue) -> JsonObject:
    return {"@context": [V2, EXAMPLES], **members}


@pytest.mark.parametrize(
    "document",
    [
        LEAST,
        {**LEAST, "@context": several(V2, EXAMPLES, LEVEL)},
        {**LEAST, "@context": several(V2, VOCABULARY), "undefined": "elsewhere"},
        {**LEAST, "@context": [V2, "https://www.w3.org/ns/credentials/undefined-terms/v2"], "undefined": "elsewhere"},
        {**LEAST, "type": "VerifiableCredential"},
        {**LEAST, "type": ["VerifiableCredential", "https://a.example/#Diploma"]},
        {**LEAST, **example(type=["VerifiableCredential", "ExampleDiploma"])},
        {**LEAST, "name": {"@value": "Diploma", "@language": "en-US"}, "description": "x"},
        {**LEAST, "description": [{"@value": "شهادة", "@language": "ar", "@direction": "rtl"}, {"@value": "Diploma"}]},
        {**LEAST, "issuer": {"name": {"@value": "A", "@language": "en"}}},
        {**LEAST, "credentialSubject": [{"id": "did:example:s"}, {"name": "x"}]},
        {**LEAST, "validFrom": "2020-01-01T00:00:00.5-05:00", "validUntil": "2099-01-01T00:00:00Z"},
        {**LEAST, **example(refreshService={"type": "ExampleRefresh"}, evidence=[{"type": "ExampleEvidence"}])},
        {**LEAST, **example(termsOfUse=[{"type": "ExampleTerms"}, {"type": "ExampleTerms", "id": "urn:a:b"}])},
        {
            **LEAST,
            "credentialSchema": [{"type": "JsonSchema", "id": "urn:a:b"}, {"type": "JsonSchema", "id": "urn:a:c"}],
        },
        {**LEAST, **example(credentialSubject={"n": 5, "f": 1.5, "b": True, "list": ["x", {"deeper": "y"}]})},
        OLDER,
        {**OLDER, "expirationDate": "2099-01-01T00:00:00Z"},
        {**OLDER, "@context": several(V1, DIPLOMA), "type": ["VerifiableCredential", "Diploma"]},
    ],
)
def test_what_the_data_model_admits_is_issued_as_it_is_and_verified(document: JsonObject) -> None:
    signed = sign(prepare_credential(document, issuer=ISSUER.did), issuer=ISSUER)

    verdict = verify(signed)

    assert verdict.word is Word.VALID, verdict.to_json()
    assert signed["credentialSubject"] == document["credentialSubject"]


@pytest.mark.parametrize(
    "members",
    [
        {"@context": V2},
        {"@context": [EXAMPLES, V2]},
        {"@context": [V2, "not a URL"]},
        {"@context": [V2, 5]},
        {"@context": [V2, "https://stranger.example/v1"]},
        {"@context": [V2, {"name": "https://a.example/#name"}]},
        {"id": "relative"},
        {"id": ["urn:a:b"]},
        {"id": None},
        {"type": ["ExampleDiploma"]},
        {"type": ["VerifiableCredential", "Undefined"]},
        {"type": ["VerifiableCredential", "./relative"]},
        {"name": 5},
        {"name": {"@value": "x", "@language": "en", "more": "x"}},
        {"issuer": {"name": {"@value": "x", "@language": "en", "url": "urn:a:b"}}},
        {"credentialSubject": {}},
        {"credentialSubject": [{"id": "urn:a:b"}, {}]},
        {"credentialSubject": "urn:a:b"},
        {"credentialSubject": {"id": "relative"}},
        {"credentialSubject": {"undefined": "x"}},
        {"credentialSubject": {"name": None}},
        {"validFrom": "2020-01-01"},
        {"validFrom": "2020-01-01T00:00:00"},
        {"validFrom": "2030-01-01T00:00:00Z", "validUntil": "2020-01-01T00:00:00Z"},
        {"credentialStatus": {"id": "urn:a:b"}},
        {"credentialStatus": {"type": "Undefined"}},
        {"credentialSchema": {"type": "JsonSchema"}},
        {"refreshService": {"id": "urn:a:b"}},
        {"termsOfUse": {"id": "urn:a:b"}},
        {"evidence": {"id": "urn:a:b"}},
        {"relatedResource": {"id": V2}},
        {"relatedResource": {"id": V2, "digestSRI": "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}},
        {"undefined": "x"},
        {"issuanceDate": "2020-01-01T00:00:00Z"},
    ],
)
def test_what_breaks_a_must_is_neither_issued_nor_verified(members: JsonObject) -> None:
    document = {**LEAST, **members}
    forged: JsonObject = {**sign({**LEAST, "issuer": ISSUER.did}, issuer=ISSUER), **members}
    forged["issuer"] = {"id": ISSUER.did, **issuer} if isinstance(issuer := members.get("issuer"), dict) else ISSUER.did

    with pytest.raises(CredrootError):
        sign(prepare_credential(document, issuer=ISSUER.did), issuer=ISSUER)

    verdict = verify(forged)
    assert verdict.word in {Word.INVALID, Word.INDETERMINATE}
    assert (
        verdict.check(CheckId.FORM).result is Result.FAIL or verdict.check(CheckId.SIGNATURE).result is Result.UNKNOWN
    )


@pytest.mark.parametrize(
    "members",
    [{"issuanceDate": "soon"}, {"undefined": "x"}, {"name": "x"}, {"type": ["VerifiableCredential", "Undefined"]}],
)
def test_what_breaks_a_must_of_version_1_is_not_issued(members: JsonObject) -> None:
    with pytest.raises(CredrootError):
        sign(prepare_credential({**OLDER, **members}, issuer=ISSUER.did), issuer=ISSUER)

"""Verifying by the VC API: one word, and reasons that tell what fails from what could not be checked."""

import httpx
import pytest

from tests.web.vc_calls import CONTEXT, JSON, codes, issued, verify


def test_a_good_credential_is_verified(client: httpx.Client, key_issuer: JSON) -> None:
    secured = issued(client, key_issuer, validFrom="2026-01-01T00:00:00Z")

    response = verify(client, secured, returnCredential=True, returnResults=True)

    answer = response.json()
    assert (response.status_code, answer["verified"], answer["problemDetails"]) == (200, True, [])
    assert answer["credential"] == secured
    assert answer["results"]["proof"] == [{"verified": True, "input": secured["proof"]}]
    assert answer["results"]["validFrom"] == {"verified": True, "input": "2026-01-01T00:00:00Z"}
    assert answer["checks"] == ["form", "signature", "issuer", "validity"]


@pytest.mark.parametrize(
    ("change", "code", "kind"),
    [
        ({"name": "Changed"}, "signature-mismatch", "CRYPTOGRAPHIC_SECURITY_ERROR"),
        ({"issuer": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"}, None, None),
    ],
    ids=str,
)
def test_a_changed_credential_is_not_verified(
    client: httpx.Client, key_issuer: JSON, change: JSON, code: str | None, kind: str | None
) -> None:
    response = verify(client, {**issued(client, key_issuer), **change})

    assert (response.status_code, response.json()["verified"]) == (200, False)
    first = response.json()["problemDetails"][0]
    assert code is None or (first["code"], first["type"].rsplit("#", 1)[1]) == (code, kind)
    assert response.json()["errors"] == response.json()["problemDetails"]


def test_what_could_not_be_checked_is_not_verified_and_says_so(client: httpx.Client, key_issuer: JSON) -> None:
    status = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://lists.example/3",
    }
    secured = issued(client, key_issuer, credentialStatus=status)

    strict, lenient = verify(client, secured), verify(client, secured, checks=["proof"])

    assert (strict.status_code, strict.json()["verified"]) == (200, False)
    (problem,) = strict.json()["problemDetails"]
    assert problem["type"] == "urn:credroot:problem:could-not-check"
    assert lenient.json()["verified"] is True
    (warning,) = lenient.json()["warnings"]
    # The list was looked for only where the status was asked for.
    assert (problem["code"], warning["code"]) == ("status-unreachable", "status-missing")
    assert warning["type"] == problem["type"]


def test_an_expired_credential_is_out_of_range(client: httpx.Client, key_issuer: JSON) -> None:
    secured = issued(client, key_issuer, validFrom="2020-01-01T00:00:00Z", validUntil="2021-01-01T00:00:00Z")

    response = verify(client, secured, returnResults=True)

    assert (response.json()["verified"], codes(response)) == (False, ["expired"])
    assert response.json()["problemDetails"][0]["type"] == "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"
    assert [response.json()["results"][name]["verified"] for name in ("validFrom", "validUntil")] == [True, False]


@pytest.mark.parametrize(
    "change",
    [
        {"proof": None},
        {"proof": []},
        {"proof": "text"},
        {"type": []},
        {"@context": CONTEXT},
        {"undefinedTerm": "lost"},
        {"credentialSubject": []},
        {"id": "relative"},
    ],
    ids=str,
)
def test_what_is_no_credential_with_a_proof_is_400(client: httpx.Client, key_issuer: JSON, change: JSON) -> None:
    response = verify(client, {**issued(client, key_issuer), **change})

    assert response.status_code == 400, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["verified"] is False
    assert response.json()["problemDetails"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verifiableCredential": "text"},
        {"verifiableCredential": [{}]},
        {"verifiableCredential": {}, "options": "x"},
        {"verifiableCredential": {}, "options": {"checks": "proof"}},
        {"verifiableCredential": {}, "options": {"checks": [1]}},
        {"verifiableCredential": {}, "options": {"challenge": 1}},
        {"verifiableCredential": {}, "options": {"domain": {}}},
        {"verifiableCredential": {}, "options": {"retrunResults": True}},
        {"verifiableCredential": {}},
    ],
    ids=str,
)
def test_a_verification_that_cannot_be_read_is_400(client: httpx.Client, body: JSON) -> None:
    response = client.post("/credentials/verify", json=body)

    assert response.status_code == 400, response.text
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_challenge_that_no_proof_answers_is_not_verified(client: httpx.Client, key_issuer: JSON) -> None:
    secured = issued(client, key_issuer)

    assert codes(verify(client, secured, challenge="x")) == ["challenge-differs"]
    assert codes(verify(client, secured, domain="x.example")) == ["domain-differs"]


def test_problem_details_may_be_left_out(client: httpx.Client, key_issuer: JSON) -> None:
    response = verify(client, {**issued(client, key_issuer), "name": "Changed"}, returnProblemDetails=False)

    assert (response.json()["verified"], response.json()["problemDetails"]) == (False, [])

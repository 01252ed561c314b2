"""Presentations: the holder's proof, the verifier's challenge and domain, and every credential inside."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from registry.wiring.interop_options import InteropOptions
from tests.interop import CONTEXT, JSON, NAMES, Holder, document, issue, served


@pytest.fixture(scope="module")
def interop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of a server as `--interop` starts it."""
    with served(InteropOptions(folder=tmp_path_factory.mktemp("interop"))) as client:
        yield client


def presentation(credentials: list[JSON], **members: Any) -> JSON:  # noqa: ANN401  # any member
    made = {"@context": [CONTEXT], "type": ["VerifiablePresentation"], "verifiableCredential": credentials}
    return {**made, **members}


def check(client: httpx.Client, presented: JSON, **options: Any) -> httpx.Response:  # noqa: ANN401  # any option
    return client.post("/presentations/verify", json={"verifiablePresentation": presented, "options": options})


def test_a_presentation_of_good_credentials_is_verified(interop: httpx.Client) -> None:
    holder = Holder()
    credentials = [issue(interop, name, document()) for name in NAMES[:3]]
    presented = holder.present(presentation(credentials, holder=holder.did), challenge="c-1", domain="v.example")

    response = check(interop, presented, challenge="c-1", domain="v.example", returnResults=True, further="ignored")

    answer = response.json()
    assert (response.status_code, answer["verified"]) == (200, True), response.text
    assert [item["verified"] for item in answer["results"]["credentials"]] == [True, True, True]
    assert answer["results"]["presentation"]["holder"] == {"verified": True, "input": holder.did}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"challenge": "c-2", "domain": "v.example"}, "challenge-differs"),
        ({"challenge": "c-1", "domain": "w.example"}, "domain-differs"),
    ],
    ids=str,
)
def test_a_presentation_for_another_occasion_is_not_verified(interop: httpx.Client, options: JSON, code: str) -> None:
    holder = Holder()
    made = presentation([issue(interop, NAMES[0], document())], holder=holder.did)

    response = check(interop, holder.present(made, challenge="c-1", domain="v.example"), **options)

    assert (response.status_code, response.json()["code"]) == (400, code)
    assert response.json()["verified"] is False


def test_a_presentation_by_another_than_the_holder_is_not_verified(interop: httpx.Client) -> None:
    made = presentation([issue(interop, NAMES[0], document())], holder=Holder().did)

    response = check(interop, Holder().present(made))

    assert (response.status_code, response.json()["verified"]) == (400, False)


def test_a_presentation_with_a_bad_credential_names_it(interop: httpx.Client) -> None:
    holder = Holder()
    bad = {**issue(interop, NAMES[0], document()), "name": "added"}
    presented = holder.present(presentation([issue(interop, NAMES[0], document()), bad]))

    response = check(interop, presented)

    assert (response.status_code, response.json()["code"]) == (400, "signature-mismatch")
    assert response.json()["detail"].startswith("credential 1: ")


def test_a_presentation_that_never_had_a_proof_counts_by_its_credentials(interop: httpx.Client) -> None:
    made = presentation([issue(interop, NAMES[0], document())])

    accepted = interop.post("/presentations/verify", json={"presentation": made})
    asked = interop.post("/presentations/verify", json={"presentation": made, "options": {"challenge": "x"}})

    assert (accepted.status_code, accepted.json()["verified"]) == (200, True)
    assert (asked.status_code, asked.json()["code"]) == (400, "proof-expected")
    assert check(interop, made).json()["code"] == "no-proof"
    signed = Holder().present(made)
    misplaced = interop.post("/presentations/verify", json={"presentation": signed})
    assert (misplaced.status_code, misplaced.json()["code"]) == (400, "proof-unexpected")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verifiablePresentation": "text"},
        {"verifiablePresentation": {}},
        {"verifiablePresentation": {}, "presentation": {}},
        {"verifiablePresentation": {"type": ["VerifiablePresentation"]}},
        {"presentation": {"@context": [CONTEXT], "type": ["Other"]}},
        {"presentation": {"@context": [CONTEXT], "type": ["VerifiablePresentation"], "verifiableCredential": ["x"]}},
        {"presentation": {"@context": [CONTEXT], "type": ["VerifiablePresentation"]}, "options": {"challenge": 5}},
    ],
    ids=str,
)
def test_what_is_no_presentation_is_400(interop: httpx.Client, body: JSON) -> None:
    response = interop.post("/presentations/verify", json=body)

    assert response.status_code == 400, response.text
    assert response.headers["Content-Type"] == "application/problem+json"


def test_an_enveloped_presentation_could_not_be_checked(interop: httpx.Client) -> None:
    envelope = {
        "@context": [CONTEXT],
        "type": "EnvelopedVerifiablePresentation",
        "id": "data:application/vp+jwt,eyJhbGciOiJFZERTQSJ9.e30.c2ln",
    }

    response = check(interop, envelope)

    assert (response.status_code, response.json()["code"]) == (400, "token-unsupported")
    assert response.json()["type"] == "urn:credroot:problem:could-not-check"


def test_an_expired_proof_is_not_verified(interop: httpx.Client) -> None:
    holder = Holder()
    made = presentation([issue(interop, NAMES[0], document())])
    ended = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    response = check(interop, holder.present(made, expires=ended))

    assert (response.status_code, response.json()["code"]) == (400, "proof-expired")

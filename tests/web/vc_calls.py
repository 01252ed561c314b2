"""Calls of the VC API of a registry, by an issuer whose slug is `keyed` (the fixture `key_issuer`)."""

import copy
from typing import Any, Final

import httpx

CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
SUBJECT: Final = {"id": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"}
JSON = dict[str, Any]


def document(**members: Any) -> JSON:  # noqa: ANN401  # any member
    made = {"@context": [CONTEXT], "type": ["VerifiableCredential"], "credentialSubject": copy.deepcopy(SUBJECT)}
    return {**made, **members}


def issue(client: httpx.Client, issuer: JSON, credential: Any, **options: Any) -> httpx.Response:  # noqa: ANN401
    body = {"credential": credential, "options": options}
    return client.post("/issuers/keyed/credentials/issue", headers=issuer["headers"], json=body)


def issued(client: httpx.Client, issuer: JSON, **members: Any) -> JSON:  # noqa: ANN401  # any member
    response = issue(client, issuer, document(**members), credentialStatus=False)
    assert response.status_code == 201, response.text
    secured: JSON = response.json()["verifiableCredential"]
    return secured


def verify(client: httpx.Client, credential: Any, **options: Any) -> httpx.Response:  # noqa: ANN401  # any JSON
    return client.post("/credentials/verify", json={"verifiableCredential": credential, "options": options})


def codes(response: httpx.Response) -> list[str]:
    return [problem["code"] for problem in response.json()["problemDetails"]]

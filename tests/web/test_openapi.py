"""The OpenAPI document: whole, honest, and with examples that work when they are sent."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from registry.web.problems import MEDIA_TYPE
from registry.web.routers.achievements import _EXAMPLE
from registry.web.vc_examples import UNSIGNED
from tests.registry_world import World

PROBLEM: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemView"}}}


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> Any:  # noqa: ANN401  # JSON of any shape
    return client.get("/openapi.json").json()


def operations(document: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # JSON of any shape
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def references(value: Any) -> Iterator[str]:  # noqa: ANN401  # JSON of any shape
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_every_operation_says_what_it_is_for(document: Any) -> None:  # noqa: ANN401  # JSON of any shape
    for route, operation in operations(document):
        assert operation["summary"], route
        assert operation["description"].startswith(operation["summary"]), route
        assert operation["tags"], route


def test_every_operation_names_its_answers_and_problems(document: Any) -> None:  # noqa: ANN401  # JSON of any shape
    for route, operation in operations(document):
        answers = operation["responses"]
        good = {status: answer for status, answer in answers.items() if status < "400"}
        assert any(status.startswith("2") for status in good), route
        for status, answer in good.items():
            schemas = [media.get("schema") for media in answer.get("content", {}).values()]
            assert all(schemas), (route, status)
            assert schemas or status in {"204", "304"}, (route, status)
        for status in answers.keys() - good.keys():
            content = answers[status]["content"]
            # DID resolution says what went wrong in its own words.
            assert content == PROBLEM or ("/1.0/" in route and content), (route, status)
        assert {"400", "500", "503"} <= answers.keys(), route
        assert ("security" in operation) == ("401" in answers), route
        assert ("requestBody" in operation) == ("413" in answers), route


def test_every_reference_leads_somewhere(document: Any) -> None:  # noqa: ANN401  # JSON of any shape
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert set(references(document)) <= schemas
    assert {"ProblemView", "VerifyForm", "VerdictView"} <= document["components"]["schemas"].keys()
    assert "HTTPValidationError" not in document["components"]["schemas"]


ISSUER: Final = "/v1/issuers/example-polytechnic"


def example_of(document: Any, operation: Any) -> Any:  # noqa: ANN401  # JSON of any shape
    media = next(iter(operation["requestBody"]["content"].values()))
    if "example" in media:
        return media["example"]
    name = media["schema"]["$ref"].rsplit("/", 1)[1]
    return document["components"]["schemas"][name]["examples"][0]


def own_key(client: httpx.Client, admin: dict[str, str]) -> str:
    form = {"role": "issuer", "issuer": "example-polytechnic", "label": "its own"}
    return str(client.post("/v1/api-keys", headers=admin, json=form).json()["key"])


def issued_id(client: httpx.Client, admin: dict[str, str]) -> str:
    identifier = f"urn:uuid:{uuid4()}"
    body = {"credential": {**UNSIGNED, "id": identifier}}
    path = "/issuers/example-polytechnic/credentials/issue"
    assert client.post(path, headers=admin, json=body).is_success
    return identifier


def test_every_example_works_when_it_is_sent(
    client: httpx.Client,
    document: Any,  # noqa: ANN401  # JSON of any shape
    admin: dict[str, str],
) -> None:
    """Send them in the order of the document, which is the order in which one needs them."""
    names = {"slug": "example-polytechnic"}
    order: dict[str, Any]
    sent = []
    for route, operation in operations(document):
        # What an issuer signed itself is no example that anybody could send: `test_own_keys` sends such requests.
        if "requestBody" not in operation or operation["tags"] == ["own keys"]:
            continue
        example, (method, path) = example_of(document, operation), route.split(" ")
        if path.endswith("/credentials"):
            # Suspension is what an achievement opts in to: the example of a suspension needs it.
            suspendable = {**_EXAMPLE, "suspension": True}
            made = client.post("/v1/issuers/example-polytechnic/achievements", headers=admin, json=suspendable)
            names["achievement_id"] = made.json()["id"]
        if "achievement" in example:
            example = {**example, "achievement": names["achievement_id"]}
        query = {"achievement": names["achievement_id"]} if path.endswith("/uploads") else {}
        body = {"content": example} if isinstance(example, str) else {"json": example}
        headers = admin
        if path in {"/credentials/issue", "/credentials/status", "/status-lists"}:
            headers = {"Authorization": f"Bearer {own_key(client, admin)}"}
        if path.endswith("/credentials/status"):
            example["credentialId"] = issued_id(client, admin)
        if path.endswith("/renew"):
            order = {"achievement": names["achievement_id"], "recipient": {"email": "c@example.org"}}
            order["expiresOn"] = "2031-01-01"
            names["credential_id"] = client.post(f"{ISSUER}/credentials", headers=admin, json=order).json()["id"]
        if path.endswith("/claim"):
            order = {
                "achievement": names["achievement_id"],
                "recipient": {"email": example["email"]},
                "allowDuplicate": True,
            }
            names["credential_id"] = client.post(f"{ISSUER}/credentials", headers=admin, json=order).json()["id"]
        response = client.request(method, path.format(**names), headers=headers, params=query, **body)
        assert response.is_success, (route, response.text)
        kind = {"achievements": "achievement_id", "credentials": "credential_id", "uploads": "upload_id"}
        if (name := kind.get(path.rsplit("/", 1)[1])) is not None:
            names[name] = response.json()["id"]
        if path.endswith("/revoke"):
            # A revocation is for ever: what follows needs a credential of its own.
            order = {"achievement": names["achievement_id"], "recipient": {"email": "b@example.org"}}
            names["credential_id"] = client.post(f"{ISSUER}/credentials", headers=admin, json=order).json()["id"]
        sent.append(route)
    assert len(sent) == 31


def test_answers_are_what_the_document_says(
    client: httpx.Client,
    document: Any,  # noqa: ANN401  # JSON of any shape
    world: World,
    admin: dict[str, str],
) -> None:
    world.add_issuer("described")

    shown = client.get("/v1/issuers/described", headers=admin).json()

    schema = document["components"]["schemas"]["IssuerView"]
    assert shown.keys() == schema["properties"].keys()
    assert set(schema["required"]) <= shown.keys()

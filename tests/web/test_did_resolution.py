"""DID resolution over HTTP: forms, codes, and the words of both generations of the specification."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import trustme

from registry.adapters.did_resolver import WebDidResolver
from registry.adapters.guarded_fetch import FetchSettings
from registry.domain.canonical import canonicalize
from registry.domain.did import did_key_document
from registry.domain.multikey import base58_encode
from registry.service.did_resolution import ERROR_TYPES, RESOLUTION_CONTEXT, ResolutionError
from registry.web.app import create_app
from registry.web.routers import did_resolution
from registry.web.routers.did_resolution import RESULT, RESULT_WITH_PROFILE
from tests.adapters.did_hosts import DidHost, ca_file, did_host
from tests.registry_world import World
from tests.web_server import serve

ED25519 = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
P256 = "did:key:zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP"
P384 = "did:key:z82LkvCwHNreneWpsgPEbV3gu1C6NFJEBg4srfJ5gdxEsMGRJUz2sG9FE42shbn2xkZJh54"
SECP256K1 = "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"

# No point of P-256 has this x: x^3 - 3x + b is no square.
OFF_CURVE = "did:key:z" + base58_encode(bytes.fromhex("8024") + b"\x02" + (1).to_bytes(32, "big"))


@pytest.fixture(scope="module")
def host() -> Iterator[tuple[DidHost, trustme.CA]]:
    certificates = trustme.CA()
    with did_host(certificates) as running:
        yield running, certificates


@pytest.fixture(scope="module")
def resolver(
    world: World, host: tuple[DidHost, trustme.CA], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Give a client of a service that resolves DIDs, and trusts one host of this machine."""
    folder: Path = tmp_path_factory.mktemp("ca")
    settings = FetchSettings(ca_file=ca_file(host[1], folder), private_hosts=frozenset({"localhost"}))
    app = create_app(replace(world.container, did_resolver=WebDidResolver(settings)))
    app.include_router(did_resolution.router)
    with serve(app) as opened:
        yield opened


def ask(client: httpx.Client, did: str, accept: str = "*/*") -> httpx.Response:
    return client.get(f"/1.0/identifiers/{quote(did, safe='')}", headers={"Accept": accept})


@pytest.mark.parametrize("did", [ED25519, P256, P384, SECP256K1])
def test_a_did_key_of_each_kind_resolves(resolver: httpx.Client, did: str) -> None:
    answer = ask(resolver, did)

    body: Any = answer.json()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert body == {
        "@context": RESOLUTION_CONTEXT,
        "didDocument": did_key_document(did),
        "didResolutionMetadata": {"contentType": "application/did+ld+json"},
        "didDocumentMetadata": {},
    }
    method = body["didDocument"]["verificationMethod"][0]
    assert method == {
        "id": f"{did}#{did.removeprefix('did:key:')}",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": did.removeprefix("did:key:"),
    }
    assert body["didDocument"]["assertionMethod"] == [method["id"]]
    assert body["didDocument"]["authentication"] == [method["id"]]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/did", "application/did"),
        ("application/did+json", "application/did+json"),
        ("application/did+ld+json, */*", "application/did+ld+json"),
        ("text/html, application/did+json;q=0.5", "application/did+json"),
        ("*/*;q=0, application/did", "application/did"),
    ],
)
def test_the_document_alone_is_given_when_asked_for(resolver: httpx.Client, accept: str, content_type: str) -> None:
    answer = ask(resolver, ED25519, accept)

    assert answer.json() == did_key_document(ED25519)
    assert answer.headers["Content-Type"] == content_type


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", None),
        ("application/json", "application/json"),
        (RESULT_WITH_PROFILE, RESULT_WITH_PROFILE),
        ("application/ld+json", RESULT_WITH_PROFILE),
        ("text/html, application/xml;q=0.9, */*;q=0.8", "application/json"),
    ],
)
def test_the_result_has_the_form_that_resolvers_in_use_give(
    resolver: httpx.Client, accept: str, content_type: str | None
) -> None:
    answer = ask(resolver, "did:key:z6Mk", accept)

    if content_type is None:
        assert answer.status_code == 406
    else:
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, content_type)
        assert answer.json()["didResolutionMetadata"]["error"] == "invalidDid"


def test_the_result_has_the_form_of_the_recommendation_track_when_asked_for(resolver: httpx.Client) -> None:
    found, refused = ask(resolver, ED25519, RESULT), ask(resolver, "did:key:z6Mk", RESULT)

    assert found.headers["Content-Type"] == refused.headers["Content-Type"] == RESULT
    assert found.json()["didResolutionMetadata"] == {"contentType": "application/did"}
    assert found.json()["didDocument"] == did_key_document(ED25519)
    error = refused.json()["didResolutionMetadata"]["error"]
    assert (refused.status_code, refused.json()["didDocument"]) == (400, None)
    assert error["type"] == f"{ERROR_TYPES}INVALID_DID"
    assert sorted(error) == ["detail", "title", "type"]


@pytest.mark.parametrize(
    ("did", "status", "error"),
    [
        ("nonsense", 400, "invalidDid"),
        ("did:key", 400, "invalidDid"),
        (ED25519[:-1], 400, "invalidDid"),
        (P256[:-1], 400, "invalidDid"),
        (SECP256K1 + "1", 400, "invalidDid"),
        (ED25519 + "#key", 400, "invalidDid"),
        (ED25519 + "/path", 400, "invalidDid"),
        (ED25519 + "?versionId=1", 400, "invalidDid"),
        (OFF_CURVE, 400, "invalidDid"),
        ("did:web:10.0.0.1", 400, "invalidDid"),
        ("did:web:a.example%2Fb", 400, "invalidDid"),
        ("did:ion:EiClkZMDxPKqC9c-umQfTkR8vvZ9JPhl_xLDI9Nfk38w5w", 400, "methodNotSupported"),
        ("did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F", 400, "invalidDid"),
        ("did:web:stranger.example%3A25", 404, "notFound"),
    ],
)
def test_what_cannot_be_resolved_is_told_by_code_and_word(
    resolver: httpx.Client, did: str, status: int, error: str
) -> None:
    answer = ask(resolver, did)

    metadata = answer.json()["didResolutionMetadata"]
    assert (answer.status_code, metadata["error"], answer.json()["didDocument"]) == (status, error, None)
    assert metadata["message"]


def test_a_form_that_there_is_not_is_not_acceptable(resolver: httpx.Client) -> None:
    for accept in ("text/html", "application/json;q=0", "application/did;q=0.000", ",;,"):
        answer = ask(resolver, ED25519, accept)
        assert answer.status_code == 406
        assert answer.json()["didResolutionMetadata"]["error"] == "representationNotSupported"


def test_a_did_web_is_resolved_with_its_port_however_it_was_encoded(
    resolver: httpx.Client, host: tuple[DidHost, trustme.CA]
) -> None:
    did = f"{host[0].did}:physics"
    host[0].serve("/physics/did.json", canonicalize({"id": did}))

    encoded, plain, halfway = (
        resolver.get(f"/1.0/identifiers/{path}").json() for path in (quote(did, safe=""), did, quote(did, safe=":"))
    )

    assert encoded == plain == halfway
    assert encoded["didDocument"] == {"id": did}
    assert encoded["didResolutionMetadata"] == {"contentType": "application/did+json"}


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (404, b"", (404, "notFound")),
        (302, b"", (404, "notFound")),
        (200, b"<html>", (400, "invalidDidDocument")),
        (200, b'{"id": "did:web:other.example"}', (400, "invalidDidDocument")),
        (410, b"", (410, None)),
    ],
)
def test_what_a_host_answers_decides_the_code(
    resolver: httpx.Client,
    host: tuple[DidHost, trustme.CA],
    status: int,
    content: bytes,
    expected: tuple[int, str | None],
) -> None:
    name = f"answers-{status}-{len(content)}"
    host[0].serve(f"/{name}/did.json", content, status=status)

    answer = ask(resolver, f"{host[0].did}:{name}")

    assert (answer.status_code, answer.json()["didResolutionMetadata"].get("error")) == expected
    assert answer.json()["didDocumentMetadata"] == ({"deactivated": True} if status == 410 else {})
    assert answer.json()["didDocument"] is None


def test_each_error_has_its_type() -> None:
    assert [error.type.removeprefix(ERROR_TYPES) for error in ResolutionError] == [
        "INVALID_DID",
        "INVALID_DID_DOCUMENT",
        "METHOD_NOT_SUPPORTED",
        "NOT_FOUND",
        "REPRESENTATION_NOT_SUPPORTED",
    ]

"""Two servers: one issues and revokes, the other has never heard of it and fetches its signed lists."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from eth_utils.crypto import keccak

from registry.adapters.clock import SystemClock
from registry.adapters.guarded_fetch import FetchSettings
from registry.adapters.status_fetcher import WebStatusLists
from registry.service.verifying import Verifier
from registry.web.app import create_app, create_interop_app
from registry.wiring.interop import INSTANCES, opened_interop
from registry.wiring.interop_options import InteropOptions
from tests.registry_world import World
from tests.web_server import serve


@contextmanager
def server(*, loopback: bool = True) -> Iterator[httpx.Client]:
    """Run a server for interoperability tests."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with (
        opened_interop(InteropOptions(loopback=loopback), public_url=url) as opened,
        serve(create_interop_app(opened.container), listener) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def issuing() -> Iterator[httpx.Client]:
    with server() as client:
        yield client


@pytest.fixture(scope="module")
def stranger() -> Iterator[httpx.Client]:
    with server() as client:
        yield client


def issue(client: httpx.Client, instance: str, name: str) -> dict[str, Any]:
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": f"urn:example:{instance}:{name}",
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"},
    }
    answer = client.post(f"/issuers/{instance}/credentials/issue", json={"credential": credential})
    assert answer.status_code == 201, answer.text
    issued: dict[str, Any] = answer.json()["verifiableCredential"]
    return issued


def revoke(client: httpx.Client, instance: str, credential: dict[str, Any]) -> None:
    status = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    body = {"credentialId": credential["id"], "credentialStatus": status, "status": True}
    answer = client.post(f"/issuers/{instance}/credentials/status", json=body)
    assert answer.status_code == 200, answer.text


def verified(client: httpx.Client, credential: dict[str, Any]) -> tuple[bool, list[str]]:
    answer = client.post("/credentials/verify", json={"verifiableCredential": credential, "options": {}}).json()
    return answer["verified"], [problem["code"] for problem in answer["problemDetails"]]


@pytest.mark.parametrize("instance", [instance.name for instance in INSTANCES])
def test_a_list_of_another_server_is_fetched_and_believed_whatever_its_suite(
    issuing: httpx.Client, stranger: httpx.Client, instance: str
) -> None:
    good, bad = issue(issuing, instance, "good"), issue(issuing, instance, "bad")
    revoke(issuing, instance, bad)

    assert verified(stranger, good) == (True, [])
    assert verified(stranger, bad) == (False, ["revoked"])


def test_a_server_that_must_not_look_at_this_machine_does_not_and_is_in_doubt(issuing: httpx.Client) -> None:
    credential = issue(issuing, INSTANCES[0].name, "unseen")

    with server(loopback=False) as stranger:
        assert verified(stranger, credential) == (False, ["status-unreachable"])


def test_the_registry_fetches_lists_only_when_the_verifier_asks(issuing: httpx.Client, world: World) -> None:
    credential = issue(issuing, INSTANCES[0].name, "asked")
    verifier = Verifier(
        clock=SystemClock(),
        json_ld=world.resources.json_ld,
        did_resolver=world.container.did_resolver,
        status_lists=WebStatusLists(SystemClock(), FetchSettings(plain_http_hosts=frozenset({"127.0.0.1"}))),
        chain=None,
        published=None,
        keccak=keccak,
    )
    codes = []
    with serve(create_app(replace(world.container, verifier=verifier))) as client:
        for options in ({}, {"fetchStatus": False}, {"fetchStatus": True}):
            body = {"credential": credential, "options": {"profile": "vc", **options}}
            verdict = client.post("/v1/verify", json=body).json()
            codes.append((verdict["verdict"], verdict["checks"][8]["code"]))

    assert codes == [
        ("indeterminate", "status-missing"),
        ("indeterminate", "status-missing"),
        ("valid", "not-revoked"),
    ]

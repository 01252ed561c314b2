"""The service's metrics: routes by their templates, whatever is asked; verdicts by their words; nothing about people."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.samples import Sample

from registry.domain.canonical import parse_object
from registry.web.app import create_app
from registry.web.metering import Metering, ServiceCollector
from tests.registry_world import World, migrated_world
from tests.web_server import serve


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with migrated_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def metering(world: World) -> Metering:
    made = Metering()
    made.registry.register(ServiceCollector(world.container))
    return made


@pytest.fixture
def client(world: World, metering: Metering) -> Iterator[httpx.Client]:
    with serve(create_app(world.container, metering)) as opened:
        yield opened


def sample(metering: Metering, name: str, **labels: str) -> float | None:
    return metering.registry.get_sample_value(name, labels)


def requests(metering: Metering, route: str, method: str, status: str) -> float | None:
    return sample(metering, "credroot_http_requests_total", route=route, method=method, status=status)


def test_requests_are_counted_by_template_method_and_class(client: httpx.Client, metering: Metering) -> None:
    for _ in range(3):
        client.get(f"/v1/credentials/{uuid.uuid4()}")
    client.get("/healthz")
    client.head("/healthz")

    routes = {dict(each.labels)["route"] for each in counted(metering)}
    assert requests(metering, "/healthz", "GET", "2xx") == 2
    assert sample(metering, "credroot_http_request_seconds_count", route="/healthz") == 2
    assert not any(len(route) > 36 and "-" in route and "{" not in route for route in routes)


def test_what_strangers_invent_adds_no_series(client: httpx.Client, metering: Metering) -> None:
    client.get("/healthz")
    before = len(counted(metering))
    for number in range(20):
        client.get(f"/no/such/place/{number}")
        client.request(("PROPFIND", "MKCOL")[number % 2], "/no/such/place")

    assert len(counted(metering)) - before <= 2
    assert requests(metering, "unmatched", "GET", "4xx") == 20
    assert requests(metering, "unmatched", "other", "4xx") == 20


def test_verdicts_are_counted_by_their_word(client: httpx.Client, world: World, metering: Metering) -> None:
    issuer = world.add_issuer()
    credential = world.issue(issuer, world.add_achievement(issuer))
    body = {"credential": parse_object(credential.document)}

    for _ in range(2):
        client.post("/v1/verify", json=body)

    told = {word: sample(metering, "credroot_verdicts_total", word=word) for word in ("not-yet-anchored", "valid")}
    assert told == {"not-yet-anchored": 2, "valid": 0}


def test_what_was_issued_and_what_waits_is_told(world: World, metering: Metering) -> None:
    issuer = world.add_issuer()
    achievement = world.add_achievement(issuer)
    world.issue(issuer, achievement, "sealed@example.org")
    world.anchor()
    world.issue(issuer, achievement, "waiting@example.org")
    world.upload(issuer, achievement, b"recipient_email,recipient_name,issued_on\nada@example.org,Ada,2026-05-01\n")

    assert sample(metering, "credroot_credentials_issued_total") == 2
    assert sample(metering, "credroot_waiting_credentials") == 1
    assert sum(each or 0 for each in (sample(metering, "credroot_uploads", state=s) for s in STATES)) == 1
    assert sample(metering, "credroot_database_up") == 1
    told = generate_latest(metering.registry).decode()
    assert "example.org" not in told
    assert issuer.slug not in told


STATES = ("received", "checked", "issuing", "issued", "failed")


def test_the_service_itself_does_not_serve_them(client: httpx.Client) -> None:
    assert client.get("/metrics").status_code == 404


def counted(metering: Metering) -> list[Sample]:
    families = [family for family in metering.registry.collect() if family.name == "credroot_http_requests"]
    return [each for family in families for each in family.samples if each.name.endswith("_total")]

"""How long a warm verification takes through the service: what its page's scripts and an HR system wait for.

Chain, service and worker are processes, over https. The credentials are anchored and final, each request judges another one
than the request before, one after the other on one connection, and every answer must be `valid`: the service reads the
chain and its published files anew for each.
"""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from registry.demo.client import Service
from registry.demo.stage import Stage, empty_folder
from registry.domain.canonical import JsonObject
from registry.domain.leaf import leaf_of_document
from tests.bench.million import ACHIEVEMENT, SLUG
from tests.bench.people import people

CREDENTIALS: Final = 20
WARM_UP: Final = 20
REQUESTS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Of one kind of request: half are answered within `median_ms`, 95 of 100 within `p95_ms`."""

    name: str
    requests: int
    median_ms: float
    p95_ms: float
    worst_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What an earner has of one credential."""

    document: JsonObject
    receipt: JsonObject
    certificate: bytes
    badge: bytes


def measure_latency(folder: Path) -> list[Latency]:
    """Issue, anchor, and verify again and again. Raises AssertionError when an answer is not `valid`."""
    empty_folder(folder)
    with Stage(folder) as stage:
        stage.prepare()
        stage.start_chain()
        key = stage.initialise(stage.deploy())
        stage.start_service()
        stage.start_worker()
        admin, anyone = stage.client(key), stage.client()
        try:
            held = _issue(stage, admin)
            return [
                _measured("credential", held, lambda one: _verify(anyone, {"credential": one.document})),
                _measured(
                    "credential and receipt",
                    held,
                    lambda one: _verify(anyone, {"credential": one.document, "receipt": one.receipt}),
                ),
                _measured("PDF certificate", held, lambda one: _judge(anyone, one.certificate, "certificate.pdf")),
                _measured("baked PNG", held, lambda one: _judge(anyone, one.badge, "badge.png")),
            ]
        finally:
            admin.close()
            anyone.close()


def _issue(stage: Stage, admin: Service) -> list[_Held]:
    admin.post("/v1/issuers", {"slug": SLUG, "name": "Polytechnic", "kind": "university", "didMethod": "web"}, once="i")
    path = f"/v1/issuers/{SLUG}"
    achievement = admin.post(f"{path}/achievements", ACHIEVEMENT, once="a")["id"]
    content = people(0, CREDENTIALS, today=datetime.now(UTC).date())
    upload = admin.upload(f"{path}/uploads", content, achievement=achievement, filename="people.csv")["id"]
    admin.post(f"{path}/uploads/{upload}/issue", {}, once="u")
    admin.wait(f"{path}/uploads/{upload}", "state", {"issued"})
    stage.seal()
    admin.wait("/v1/epochs/1", "state", {"FINAL"})
    admin.wait("/v1/epochs/1", "published", {True})
    return [_fetch(admin, f"{path}/credentials/{one['id']}") for one in admin.get(f"{path}/credentials")]


def _fetch(admin: Service, path: str) -> _Held:
    document = json.loads(admin.content(f"{path}/document"))
    return _Held(
        document=document,
        receipt=admin.get(f"/receipts/{leaf_of_document(document).hex()}"),
        certificate=admin.content(f"{path}/certificate.pdf"),
        badge=admin.content(f"{path}/badge.png"),
    )


def _measured(name: str, held: list[_Held], ask: Callable[[_Held], str]) -> Latency:
    taken = []
    for number in range(WARM_UP + REQUESTS):
        begun = time.perf_counter()
        word = ask(held[number % len(held)])
        taken.append((time.perf_counter() - begun) * 1000)
        assert word == "valid", (name, word)
    counted = taken[WARM_UP:]
    return Latency(
        name=name,
        requests=len(counted),
        median_ms=statistics.median(counted),
        p95_ms=statistics.quantiles(counted, n=20)[-1],
        worst_ms=max(counted),
    )


def _verify(service: Service, body: JsonObject) -> str:
    return str(service.post("/v1/verify", body)["verdict"])


def _judge(service: Service, content: bytes, name: str) -> str:
    (answer,) = service.judge_file(content, name=name)
    return str(answer["verdict"]["verdict"])

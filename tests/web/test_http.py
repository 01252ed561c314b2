"""What every route has in common: problems, limits, idempotency keys, headers, one spelling of an address."""

import http.client
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.domain.errors import CredrootError, Malformed, ProofMismatch, Unavailable
from registry.domain.hashing import sha256
from registry.service.proving import Receipts
from registry.service.running import IssuingRunner
from registry.store_ports import AchievementRecord, IssuerRecord, ReadStore, WriteStore
from registry.web.app import create_app
from registry.web.delivery import HEADERS
from registry.web.limits import MAX_BODY_BYTES
from registry.web.problems import status_of
from tests.postgres import PostgresServer
from tests.registry_world import BODY, MAX_UPLOAD_BYTES, World, opened_world
from tests.web_server import serve

CSV: Final = b"recipient_email,recipient_name,issued_on,grade\r\na@example.org,A,2026-05-29,A\r\n"


@pytest.fixture(scope="module")
def issuer(world: World) -> IssuerRecord:
    return world.add_issuer()


@pytest.fixture(scope="module")
def achievement(world: World, issuer: IssuerRecord) -> AchievementRecord:
    return world.add_achievement(issuer)


def problem(response: httpx.Response) -> tuple[int, str]:
    """Check that an answer is a whole problem, and return what programs compare."""
    body = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert body["type"] == f"urn:credroot:problem:{body['code']}"
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    return response.status_code, body["code"]


@pytest.mark.parametrize(
    ("method", "path", "content", "expected"),
    [
        ("GET", "/nowhere", b"", (404, "not-found")),
        ("GET", "/v1/issuers/", b"", (404, "not-found")),
        ("GET", "/v1/issuers/poly/", b"", (404, "not-found")),
        ("GET", "/docs", b"", (404, "not-found")),
        ("PUT", "/v1/issuers", b"", (405, "method-not-allowed")),
        ("GET", "/v1/issuers/nobody", b"", (404, "issuer-not-found")),
        ("GET", "/v1/issuers?limits=5", b"", (400, "unknown-parameter")),
        ("GET", "/v1/issuers?limit=0", b"", (400, "malformed-request")),
        ("GET", "/v1/issuers?limit=501", b"", (400, "malformed-request")),
        ("GET", "/v1/issuers?after=x", b"", (400, "malformed-request")),
        ("GET", "/v1/epochs/0", b"", (400, "malformed-request")),
        ("GET", "/v1/epochs/9007199254740992", b"", (400, "malformed-request")),
        ("GET", "/v1/epochs/7", b"", (404, "epoch-not-found")),
        ("POST", "/v1/issuers", b"", (400, "malformed-request")),
        ("POST", "/v1/issuers", b"{", (400, "malformed-request")),
        ("POST", "/v1/issuers", b'{"slug": "a"}', (400, "malformed-request")),
        ("POST", "/v1/issuers", b'{"slug": "a", "name": "A", "nmae": "A"}', (400, "malformed-request")),
        ("POST", "/v1/issuers", b'{"slug": "a", "name": "\\ud800"}', (400, "claim-surrogate")),
        ("POST", "/v1/issuers", b'{"slug": "A", "name": "A"}', (400, "malformed-slug")),
        ("POST", "/v1/issuers", b'{"slug": "poly", "name": "A"}', (409, "issuer-slug-taken")),
        ("POST", "/v1/issuers/poly/achievements", b'{"name": "x", "name": "y"}', (400, "json-duplicate-name")),
        ("POST", "/v1/issuers/poly/achievements", b"[]", (400, "json-not-object")),
        ("POST", "/v1/issuers/poly/keys?x=1", b"{}", (400, "unknown-parameter")),
        ("POST", "/v1/api-keys", b'{"role": "issuer", "label": "x"}', (400, "malformed-role")),
        ("POST", "/v1/api-keys", b'{"role": "auditor", "issuer": "poly", "label": "x"}', (400, "malformed-role")),
        ("POST", "/v1/api-keys", b'{"role": "auditor", "label": ""}', (400, "malformed-label")),
        ("POST", "/v1/api-keys", b'{"role": "issuer", "issuer": "no", "label": "x"}', (404, "issuer-not-found")),
        ("DELETE", "/v1/api-keys/01900000-0000-7000-8000-000000000000", b"", (404, "api-key-not-found")),
    ],
)
def test_errors_are_problems_with_stable_codes(  # noqa: PLR0917  # a table of cases
    client: httpx.Client,
    issuer: IssuerRecord,
    admin: dict[str, str],
    method: str,
    path: str,
    content: bytes,
    expected: tuple[int, str],
) -> None:
    headers = {**admin, "Content-Type": "application/json"}

    assert problem(client.request(method, path, headers=headers, content=content)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"recipient": {}}, (400, "recipient-without-identity")),
        ({"recipient": {"email": "nobody"}}, (400, "malformed-email")),
        ({"recipient": {"id": "not an iri"}}, (400, "claim-not-iri")),
        ({"results": ["Z"]}, (400, "result-not-allowed")),
        ({"issuedOn": "2031-01-01"}, (400, "issued-in-future")),
        ({"issuedOn": 0}, (400, "malformed-request")),
        ({"issuedOn": "01/02/2026"}, (400, "malformed-request")),
        ({"issuedOn": "2026-05-29", "expiresOn": "2026-05-28"}, (400, "valid-until-before-from")),
        ({"achievement": "01900000-0000-7000-8000-000000000000"}, (404, "achievement-not-found")),
        ({"evidence": [{"url": "javascript:alert(1)"}]}, (400, "malformed-url")),
    ],
)
def test_a_credential_that_cannot_be_is_refused_with_its_code(  # noqa: PLR0917  # a table of cases
    client: httpx.Client,
    issuer: IssuerRecord,
    achievement: AchievementRecord,
    admin: dict[str, str],
    change: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    form = {"achievement": str(achievement.id), "recipient": {"email": "z@example.org"}, "results": ["A"], **change}

    status, code = problem(client.post("/v1/issuers/poly/credentials", headers=admin, json=form))

    assert (status, code) == expected


def test_a_rule_of_the_registry_is_422(client: httpx.Client, issuer: IssuerRecord, admin: dict[str, str]) -> None:
    body = {name: member for name, member in BODY.items() if name != "alignment"}

    response = client.post("/v1/issuers/poly/achievements", headers=admin, json=body)

    assert problem(response) == (422, "achievement-without-alignment")


def test_an_award_twice_is_409(
    client: httpx.Client, issuer: IssuerRecord, achievement: AchievementRecord, admin: dict[str, str]
) -> None:
    form = {"achievement": str(achievement.id), "recipient": {"email": "twice@example.org"}}

    first, second = (client.post("/v1/issuers/poly/credentials", headers=admin, json=form) for _ in range(2))

    assert first.status_code == 201
    assert problem(second) == (409, "already-issued")


def test_a_validation_error_does_not_repeat_what_was_sent(client: httpx.Client, admin: dict[str, str]) -> None:
    response = client.post("/v1/issuers", headers=admin, json={"slug": ["secret-value"], "name": "A"})

    assert problem(response) == (400, "malformed-request")
    assert "secret-value" not in response.text
    assert response.json()["errors"][0]["where"] == "body.slug"


@dataclass(frozen=True, slots=True)
class BrokenStore:
    """A store that fails whoever opens it."""

    error: Exception

    def read(self) -> AbstractContextManager[ReadStore]:
        raise self.error

    def write(self) -> AbstractContextManager[WriteStore]:
        raise self.error


@contextmanager
def served_over(world: World, error: Exception) -> Iterator[httpx.Client]:
    resources = replace(world.resources, store=BrokenStore(error))
    container = replace(
        world.container,
        resources=resources,
        receipts=Receipts(resources.store),
        # It resumes over the store that works: what fails are requests.
        runner=IssuingRunner(world.resources, max_bytes=MAX_UPLOAD_BYTES),
        close_store=lambda: None,
    )
    with serve(create_app(container)) as client:
        yield client


def test_what_nobody_expected_is_500_without_its_cause(
    world: World, admin: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    with served_over(world, RuntimeError("Amal Haddad is the cause")) as client:
        response = client.get("/v1/issuers", headers=admin)

    printed = "".join(capfd.readouterr())
    assert problem(response) == (500, "internal-error")
    assert "request_failed" in printed
    for secret in ("Amal", world.admin_key):
        assert secret not in response.text + printed
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/v1/issuers", "/readyz", "/v1/log", "/receipts/" + "00" * 32])
def test_a_lost_database_is_503(world: World, admin: dict[str, str], path: str) -> None:
    lost = Unavailable("database-unavailable", "the database could not do it")
    with served_over(world, lost) as client:
        response, alive = client.get(path, headers=admin), client.get("/healthz")

    assert problem(response) == (503, "database-unavailable")
    assert alive.json() == {"status": "ok"}


def test_a_database_that_is_gone_makes_the_service_not_ready(postgres_server: PostgresServer, tmp_path: Path) -> None:
    with ExitStack() as registry, ExitStack() as database:
        url = database.enter_context(postgres_server.fresh_database())
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        world = registry.enter_context(opened_world(url, tmp_path))
        client = registry.enter_context(serve(create_app(world.container)))
        before = client.get("/readyz")

        database.close()
        after, alive = client.get("/readyz"), client.get("/healthz")

    assert before.status_code == 200
    assert problem(after) == (503, "database-unavailable")
    assert alive.status_code == 200


def test_an_error_of_no_other_class_is_the_service_s_own() -> None:
    mismatch = ProofMismatch("mismatch", "root", expected=bytes(32), actual=sha256(b""))

    assert (status_of(mismatch), status_of(CredrootError("x", "y"))) == (500, 500)
    assert status_of(Malformed("x", "y")) == 400


# -- limits ---------------------------------------------------------------------------------------------------------


def test_a_body_that_announces_too_much_is_refused_before_it_is_sent(client: httpx.Client) -> None:
    response = client.post("/v1/verify", content=b"{}" + b" " * MAX_BODY_BYTES)

    assert problem(response) == (413, "body-too-large")


def test_a_body_that_announces_nothing_is_counted(client: httpx.Client, admin: dict[str, str]) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(5):
            yield b" " * 1_048_576

    for path in ("/v1/verify", "/v1/issuers"):
        assert problem(client.post(path, headers=admin, content=chunks())) == (413, "body-too-large")


def test_a_file_of_people_has_a_limit_of_its_own(
    client: httpx.Client, issuer: IssuerRecord, achievement: AchievementRecord, admin: dict[str, str]
) -> None:
    path = f"/v1/issuers/poly/uploads?achievement={achievement.id}"

    large = client.post(path, headers=admin, content=CSV + b",,,\r\n" * 1_000_000)

    assert problem(large) == (400, "TOO_MANY_ROWS")


def test_a_file_that_announces_too_much_is_refused_before_it_is_sent(client: httpx.Client) -> None:
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port or 0, timeout=60)
    connection.putrequest("POST", "/v1/issuers/poly/uploads")
    connection.putheader("Content-Length", str(MAX_UPLOAD_BYTES + 1))
    connection.endheaders()

    answer = connection.getresponse()

    assert (answer.status, json.loads(answer.read())["code"]) == (413, "body-too-large")
    connection.close()


def test_a_stranger_s_file_is_not_received(client: httpx.Client, world: World, achievement: AchievementRecord) -> None:
    stranger = {"Authorization": "Bearer credroot_" + "A" * 43}
    response = client.post(f"/v1/issuers/poly/uploads?achievement={achievement.id}", headers=stranger, content=CSV)

    assert problem(response) == (401, "not-authenticated")


# -- headers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/v1/issuers", "/nowhere", "/v1/verify"])
def test_every_answer_has_the_common_headers(client: httpx.Client, admin: dict[str, str], path: str) -> None:
    answer = client.get(path, headers=admin)

    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "Server" not in answer.headers or answer.headers["Server"] == "uvicorn"


@pytest.mark.parametrize("path", ["/healthz", "/v1/log", "/issuers/poly/did.json", "/nowhere"])
def test_head_is_get_without_the_body(client: httpx.Client, issuer: IssuerRecord, path: str) -> None:
    got, head = client.get(path), client.head(path)

    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


def test_pages_lead_from_one_to_the_next(client: httpx.Client, world: World, admin: dict[str, str]) -> None:
    for number in range(3):
        world.add_issuer(f"page-{number}")

    every = [item["id"] for item in client.get("/v1/issuers", headers=admin).json()]
    first = client.get("/v1/issuers?limit=2", headers=admin).json()
    rest = client.get(f"/v1/issuers?after={first[-1]['id']}", headers=admin).json()

    assert [item["id"] for item in first + rest] == every


def test_a_public_route_passes_over_parameters_it_does_not_know(client: httpx.Client, issuer: IssuerRecord) -> None:
    assert client.get("/issuers/poly/did.json?utm_source=mail").status_code == 200


def test_the_api_s_description_is_json(client: httpx.Client) -> None:
    assert json.loads(client.get("/openapi.json").content)["openapi"].startswith("3.1")

"""A POST that creates something and is sent again is carried out once, and answered the same."""

from typing import Any, Final

import httpx
import pytest

from registry.store_ports import AchievementRecord, IssuerRecord
from tests.registry_world import BODY, World

MAPPING: Final = {
    "name": "ours",
    "columns": {"recipient_name": {"from": "N"}, "recipient_id": {"from": "I"}, "issued_on": {"from": "D"}},
}
CSV: Final = b"recipient_email,recipient_name,issued_on,grade\r\na@example.org,A,2026-05-29,A\r\n"


@pytest.fixture(scope="module")
def issuer(world: World) -> IssuerRecord:
    return world.add_issuer()


@pytest.fixture(scope="module")
def achievement(world: World, issuer: IssuerRecord) -> AchievementRecord:
    return world.add_achievement(issuer)


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def creating(issuer_slug: str, achievement: AchievementRecord, ids: tuple[str, str]) -> dict[str, dict[str, Any]]:
    recipient = {"email": "once@example.org"}
    return {
        "/v1/issuers": {"json": {"slug": "once", "name": "Once"}},
        f"/v1/issuers/{issuer_slug}/keys": {"json": {}},
        "/v1/api-keys": {"json": {"role": "auditor", "label": "once"}},
        f"/v1/issuers/{issuer_slug}/achievements": {"json": BODY},
        f"/v1/issuers/{issuer_slug}/achievements/{achievement.id}/versions": {"json": BODY},
        f"/v1/issuers/{issuer_slug}/credentials": {
            "json": {"achievement": str(achievement.id), "recipient": recipient, "results": ["A"]}
        },
        f"/v1/issuers/{issuer_slug}/credentials/{ids[0]}/supersede": {"json": {"name": "Another"}},
        f"/v1/issuers/{issuer_slug}/credentials/{ids[1]}/renew": {"json": {"expiresOn": "2040-01-01"}},
        f"/v1/issuers/{issuer_slug}/column-mappings": {"json": MAPPING},
        f"/v1/issuers/{issuer_slug}/uploads": {"content": CSV, "params": {"achievement": str(achievement.id)}},
    }


def test_every_creating_post_takes_an_idempotency_key(client: httpx.Client, achievement: AchievementRecord) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    taking = {
        path
        for path, item in paths.items()
        if any(parameter["name"] == "Idempotency-Key" for parameter in item.get("post", {}).get("parameters", []))
    }

    creates = {
        path for path, item in paths.items() if {"201", "202"} & item.get("post", {}).get("responses", {}).keys()
    }
    assert taking == creates
    # Beside these, issuing an upload, ordering a mail and ordering it again, what issuers with a key of their own send (tests/web/test_own_keys.py), the VC API.
    own_keys = {path for path in taking if path.endswith(("/signed", "/signed-uploads", "/slot-reservations"))}
    others = {path for path in taking - own_keys if path.startswith("/v1/")}
    assert (len(others), len(own_keys)) == (len(creating("poly", achievement, ("", ""))) + 3, 3)


def test_a_repeated_request_is_carried_out_once_and_answered_the_same(
    client: httpx.Client, world: World, issuer: IssuerRecord, admin: dict[str, str]
) -> None:
    own = world.add_issuer("repeats")
    achievement = world.add_achievement(own)
    earlier = [str(world.issue(own, achievement, f"{name}@example.org", days=9).id) for name in ("old", "ending")]
    for number, (path, sent) in enumerate(creating("repeats", achievement, (earlier[0], earlier[1])).items()):
        headers = {**admin, "Idempotency-Key": f"key-{number}"}

        first, second = (client.post(path, headers=headers, **sent) for _ in range(2))

        assert (first.status_code, second.status_code) == (201, 201), first.text
        assert first.headers["Location"] == second.headers["Location"]
        shown = first.json()
        if path == "/v1/api-keys":
            assert shown.pop("key").startswith("credroot_")
            assert "key" not in second.json()
        assert second.json() == shown


def test_an_issue_request_is_carried_out_once(
    client: httpx.Client, world: World, achievement: AchievementRecord, issuer: IssuerRecord, admin: dict[str, str]
) -> None:
    content = CSV.replace(b"a@example.org", b"issue-once@example.org")
    upload = world.upload(issuer, achievement, content)
    path = f"/v1/issuers/poly/uploads/{upload.id}/issue"

    first, second = (client.post(path, headers={**admin, "Idempotency-Key": "issue"}) for _ in range(2))

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert problem(client.post(path, headers=admin)) == (409, "upload-state")


@pytest.mark.parametrize("order", ["claim", "claim/resend"])
def test_a_mail_is_ordered_once(
    client: httpx.Client, world: World, achievement: AchievementRecord, admin: dict[str, str], order: str
) -> None:
    with world.store.read() as unit:
        issuer = unit.issuers.by_slug("poly")
    address = f"{order.replace('/', '-')}@example.org"
    path = f"/v1/issuers/poly/credentials/{world.issue(issuer, achievement, address).id}"
    assert client.post(f"{path}/claim", headers=admin, json={"email": address}).status_code == 202

    headers = {**admin, "Idempotency-Key": order}
    first, second = (client.post(f"{path}/{order}", headers=headers, json={"email": address}) for _ in range(2))

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()


def test_another_request_under_the_same_key_is_refused(client: httpx.Client, admin: dict[str, str]) -> None:
    headers = {**admin, "Idempotency-Key": "reused"}
    assert client.post("/v1/api-keys", headers=headers, json={"role": "auditor", "label": "a"}).status_code == 201

    other = client.post("/v1/api-keys", headers=headers, json={"role": "auditor", "label": "b"})

    assert problem(other) == (409, "idempotency-key-reused")


def test_a_refused_request_leaves_its_key_free(
    client: httpx.Client, issuer: IssuerRecord, admin: dict[str, str]
) -> None:
    headers = {**admin, "Idempotency-Key": "free-again"}
    assert client.post("/v1/issuers", headers=headers, json={"slug": "poly", "name": "A"}).status_code == 409

    assert client.post("/v1/issuers", headers=headers, json={"slug": "free", "name": "A"}).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "é"])
def test_a_malformed_idempotency_key_is_refused(client: httpx.Client, admin: dict[str, str], key: str) -> None:
    headers: Any = list(admin.items())
    headers.append((b"Idempotency-Key", key.encode("utf-8")))

    response = client.post("/v1/api-keys", headers=headers, json={"role": "auditor", "label": "a"})

    assert problem(response) == (400, "malformed-idempotency-key")

"""The audit trail over HTTP: what each role is shown of it, and that it is a chain for everybody."""

import json
from typing import Final

import httpx
import pytest

from registry.domain.audit_trail import AuditEntry, AuditLine, AuditLink, check_trail, parse_line
from registry.store_ports import IssuerRecord, Role
from tests.registry_world import BODY, World
from tests.web.vc_calls import JSON

PEOPLE: Final = "recipient_email,recipient_name,issued_on,grade\r\nzara.quill@example.org,Zara Quill,2026-05-29,A\r\n"


@pytest.fixture
def own(world: World) -> JSON:
    issuer = world.add_issuer(f"poly-{world.resources.ids.new().hex[-8:]}")
    key = world.add_key(Role.ISSUER, issuer)
    return {"slug": issuer.slug, "id": str(issuer.id), "headers": {"Authorization": f"Bearer {key}"}}


def lines(response: httpx.Response) -> list[AuditLine]:
    assert response.headers["Content-Type"] == "application/jsonl"
    return [parse_line(line) for line in response.content.splitlines()]


def test_everything_that_an_issuer_answers_for_is_written_down(client: httpx.Client, world: World, own: JSON) -> None:
    base, headers = f"/v1/issuers/{own['slug']}", own["headers"]
    made = client.post(f"{base}/achievements", headers=headers, json=BODY).json()
    client.post(f"{base}/achievements/{made['id']}/versions", headers=headers, json={**BODY, "name": "Second"})
    upload = client.post(f"{base}/uploads", headers=headers, content=PEOPLE, params={"achievement": made["id"]}).json()
    client.post(f"{base}/uploads/{upload['id']}/issue", headers=headers)
    recipient = {"email": "wendel.frost@example.org", "name": "Wendel Frost"}
    single = client.post(
        f"{base}/credentials", headers=headers, json={"achievement": made["id"], "recipient": recipient}
    ).json()
    for action in ("suspend", "suspend", "reinstate", "revoke", "revoke"):
        decision = {"reason": "other", "note": "asked by Wendel Frost"}
        client.post(f"{base}/credentials/{single['id']}/{action}", headers=headers, json=decision)
    client.post(f"{base}/keys", headers=headers, json={})

    entries = client.get(f"{base}/audit-entries", headers=headers).json()
    actions = [entry["action"] for entry in reversed(entries) if entry["actor"] != "service"]

    assert actions == [
        "issuer-created",
        "api-key-created",
        "achievement-created",
        "achievement-version-added",
        "upload-received",
        "upload-started",
        "credential-issued",
        "credential-suspended",
        "credential-reinstated",
        "credential-revoked",
        "signing-key-replaced",
    ]
    # Ids, codes and counts alone: nobody's name, address or words.
    assert not any(word in json.dumps(entries) for word in ("Zara", "zara", "Wendel", "wendel", "people.csv"))


def test_an_issuer_is_shown_its_own_entries_and_checks_the_whole_chain(
    client: httpx.Client, world: World, own: JSON
) -> None:
    world.add_issuer(f"other-{own['slug']}")
    world.add_achievement(world_issuer(world, own))

    shown = lines(client.get("/v1/audit-trail", headers=own["headers"]))
    report = check_trail(shown)

    assert report.broken is None
    assert {line.issuer for line in shown if isinstance(line, AuditEntry)} == {own["id"]}
    assert any(isinstance(line, AuditLink) for line in shown)


def test_an_auditor_and_an_admin_are_shown_all(client: httpx.Client, world: World, admin: dict[str, str]) -> None:
    auditor = {"Authorization": f"Bearer {world.add_key(Role.AUDITOR)}"}

    both = [lines(client.get("/v1/audit-trail", headers=headers)) for headers in (auditor, admin)]

    assert both[0] == both[1]
    assert all(isinstance(line, AuditEntry) for line in both[0])
    assert both[0][0].number == 1


def test_the_rest_of_a_trail_continues_what_was_kept(client: httpx.Client, world: World, admin: dict[str, str]) -> None:
    kept = lines(client.get("/v1/audit-trail", headers=admin))
    world.add_issuer(f"later-{len(kept)}")

    rest = lines(client.get("/v1/audit-trail", headers=admin, params={"after": kept[-1].number}))

    assert [line.number for line in rest] == [kept[-1].number + 1]
    assert check_trail([*kept, *rest]).broken is None


def test_an_issuers_entries_are_paged_from_the_newest_on(client: httpx.Client, world: World, own: JSON) -> None:
    world.add_achievement(world_issuer(world, own))
    url = f"/v1/issuers/{own['slug']}/audit-entries"

    newest = client.get(url, headers=own["headers"], params={"limit": 1}).json()
    before = client.get(url, headers=own["headers"], params={"before": newest[0]["number"]}).json()

    assert [entry["action"] for entry in [*newest, *before]] == [
        "achievement-created",
        "api-key-created",
        "issuer-created",
    ]


def world_issuer(world: World, own: JSON) -> IssuerRecord:
    with world.store.read() as unit:
        return unit.issuers.by_slug(own["slug"])

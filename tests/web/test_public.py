"""What everybody may see: DID documents, status lists, receipts, published files, health, verdicts."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.domain.canonical import canonicalize, parse_object
from registry.domain.receipt import MEDIA_TYPE
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.store_ports import AchievementRecord, CredentialRecord, DidMethod, IssuerRecord
from registry.web.app import create_app
from tests.registry_world import World, opened_world
from tests.store_samples import LOG
from tests.web_server import serve

LIST_BITS: Final = 131_072


@pytest.fixture(scope="module")
def issuer(world: World) -> IssuerRecord:
    return world.add_issuer()


@pytest.fixture(scope="module")
def achievement(world: World, issuer: IssuerRecord) -> AchievementRecord:
    return world.add_achievement(issuer)


@pytest.fixture
def anchored(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> CredentialRecord:
    """Give a credential whose epoch is final and current."""
    credential = world.issue(issuer, achievement, f"{world.resources.ids.new()}@example.org")
    world.clock.advance(minutes=10)
    world.anchor()
    return world.get(credential)


def change(world: World, issuer: IssuerRecord, credential: CredentialRecord, action: StatusAction) -> None:
    world.clock.advance(seconds=1)
    with world.store.write() as unit:
        request = StatusRequest(action=action, reason=Reason.OTHER)
        change_status(world.resources, unit, issuer, credential.id, request, caller=world.admin)
    world.clock.advance(seconds=1)


def verify(client: httpx.Client, credential: bytes | Any, **members: Any) -> Any:  # noqa: ANN401  # JSON of any shape
    document = json.loads(credential) if isinstance(credential, bytes) else credential
    response = client.post("/v1/verify", json={"credential": document, **members})
    assert response.status_code == 200, response.text
    return response.json()


def code(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


# -- did:web, health ------------------------------------------------------------------------------------------------


def test_a_did_web_document_is_served_byte_for_byte(client: httpx.Client, issuer: IssuerRecord) -> None:
    answer = client.get("/issuers/poly/did.json")

    assert answer.content == issuer.did_document
    assert answer.headers["Content-Type"] == "application/did+json"
    assert answer.headers["Cache-Control"] == "max-age=300"


def test_a_did_key_issuer_has_no_document_to_serve(client: httpx.Client, world: World) -> None:
    world.add_issuer("by-key", DidMethod.KEY)

    assert code(client.get("/issuers/by-key/did.json")) == (404, "did-document-not-found")
    assert code(client.get("/issuers/nobody/did.json")) == (404, "issuer-not-found")


def test_an_achievement_s_id_leads_to_its_newest_version(
    client: httpx.Client, world: World, achievement: AchievementRecord, anchored: CredentialRecord
) -> None:
    document: Any = parse_object(anchored.document)
    iri = document["credentialSubject"]["achievement"]["id"]

    answer = client.get(iri.removeprefix(world.resources.public_url))

    assert answer.json()["id"] == iri
    assert answer.json()["version"] == "1"


def test_a_registry_without_a_log_is_not_ready(world: World, tmp_path: Path) -> None:
    url = str(world.engine.url).replace("registry.db", "empty.db")
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    with (
        opened_world(url, tmp_path, initialised=False) as empty,
        serve(create_app(empty.container)) as client,
    ):
        ready, alive, verdict = client.get("/readyz"), client.get("/healthz"), verify(client, {"id": "x"})

    assert code(ready) == (503, "not-initialised")
    assert alive.json() == {"status": "ok"}
    assert verdict["verdict"] == "invalid"


def test_a_ready_registry_says_so(client: httpx.Client) -> None:
    assert client.get("/readyz").json() == {"status": "ok"}


# -- status lists ---------------------------------------------------------------------------------------------------


def test_a_status_list_is_where_the_credential_says(
    client: httpx.Client, world: World, issuer: IssuerRecord, anchored: CredentialRecord
) -> None:
    document: Any = parse_object(anchored.document)
    url = document["credentialStatus"][0]["statusListCredential"]

    answer = client.get(url.removeprefix(world.resources.public_url))

    assert answer.json()["id"] == url
    assert answer.json()["issuer"] == issuer.did
    assert answer.headers["Content-Type"] == "application/vc"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in answer.headers


def test_an_unchanged_list_is_304_and_a_changed_one_is_not(
    client: httpx.Client, world: World, issuer: IssuerRecord, anchored: CredentialRecord
) -> None:
    path = f"/status/{LOG.name}/revocation/{anchored.slot // LIST_BITS}"
    first = client.get(path)
    same = client.get(path, headers={"If-None-Match": f'"other", W/{first.headers["ETag"]}'})
    any_of = client.get(path, headers={"If-None-Match": "*"})
    change(world, issuer, anchored, StatusAction.REVOKE)

    changed = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert any_of.status_code == 304
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/status/eip155:1/{LOG.name.contract}/1/revocation/0", (404, "status-list-not-found")),
        (f"/status/eip155:{LOG.name.chain_id}/{LOG.name.contract}/2/revocation/0", (404, "status-list-not-found")),
        (f"/status/{LOG.name}/refresh/0", (400, "malformed-request")),
        (f"/status/{LOG.name}/revocation/00", (404, "status-list-not-found")),
        (f"/status/{LOG.name}/revocation/+0", (404, "status-list-not-found")),
        (f"/status/{LOG.name}/revocation/٠", (404, "status-list-not-found")),
        (f"/status/{LOG.name}/revocation/1048576", (404, "status-list-not-found")),
        (f"/status/{LOG.name}/revocation/1048575", (404, "status-list-not-found")),
        (f"/status/{LOG.name}/revocation/0/", (404, "not-found")),
    ],
)
def test_no_other_status_list_exists(
    client: httpx.Client, anchored: CredentialRecord, path: str, expected: tuple[int, str]
) -> None:
    assert code(client.get(path)) == expected


# -- receipts -------------------------------------------------------------------------------------------------------


def test_a_receipt_needs_no_account(client: httpx.Client, anchored: CredentialRecord) -> None:
    answer = client.get(f"/receipts/{anchored.leaf.hex()}")

    receipt = answer.json()
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert receipt["leaf"] == hashlib.sha256(anchored.document).hexdigest()
    assert answer.content == canonicalize(receipt)


def test_what_waits_has_no_receipt_yet(
    client: httpx.Client, world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    waiting = world.issue(issuer, achievement, "waits@example.org")

    assert code(client.get(f"/receipts/{waiting.leaf.hex()}")) == (404, "not-yet-anchored")
    assert code(client.get("/receipts/" + "00" * 32)) == (404, "receipt-not-found")
    assert code(client.get("/receipts/" + "0G" * 32))[0] == 400


# -- published files ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(world: World) -> Path:
    folder = world.container.published_dir
    (folder / "log.json").write_text("{}")
    (folder / "epochs" / "1").mkdir(parents=True)
    (folder / "epochs" / "1" / "manifest.json").write_text('{"epoch": 1}')
    (folder / "epochs" / "1" / "batch-0.bin").write_bytes(bytes(64))
    (folder.parent / "secret.json").write_text("secret")
    (folder / "epochs" / "1" / "batch-1.bin").symlink_to(folder.parent / "secret.json")
    (folder / "epochs" / "2").symlink_to(folder / "epochs" / "1")
    (folder / "epochs" / "1" / "notes.txt").write_text("secret")
    return folder


def test_published_files_are_served_for_ever_but_the_log_s(client: httpx.Client, published: Path) -> None:
    manifest, entries = client.get("/published/epochs/1/manifest.json"), client.get("/published/epochs/1/batch-0.bin")
    log = client.get("/published/log.json")

    assert (manifest.json(), manifest.headers["Content-Type"]) == ({"epoch": 1}, "application/json")
    assert (entries.content, entries.headers["Content-Type"]) == (bytes(64), "application/octet-stream")
    assert manifest.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert log.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.json",
        "%2e%2e/secret.json",
        "epochs/1/../../../secret.json",
        "epochs/1/%2e%2e%2f%2e%2e%2f%2e%2e%2fsecret.json",
        "/etc/passwd",
        "epochs/1/notes.txt",
        "epochs/1/batch-1.bin",
        "epochs/2/manifest.json",
        "epochs/01/manifest.json",
        "epochs/1/manifest.json%00",
        "epochs/1/",
        "epochs/1",
        "",
        "log.json/",
    ],
)
def test_no_other_path_is_served(client: httpx.Client, published: Path, path: str) -> None:
    request = client.build_request("GET", "/")
    # Sent as it stands: the client would tidy the dots away.
    request.url = request.url.copy_with(raw_path=f"/published/{path}".encode())
    response = client.send(request)

    assert response.status_code == 404, response.text
    assert "secret" not in response.text.replace("secret.json", "")


# -- the log --------------------------------------------------------------------------------------------------------


def test_the_log_tells_what_waits(
    client: httpx.Client, world: World, issuer: IssuerRecord, achievement: AchievementRecord, anchored: CredentialRecord
) -> None:
    world.issue(issuer, achievement, f"{world.resources.ids.new()}@example.org")

    log = client.get("/v1/log").json()
    epoch = client.get(f"/v1/epochs/{log['newestEpoch']}").json()

    assert log["log"] == str(LOG.name)
    assert log["waitingCredentials"] >= 1
    assert log["oldestWaitingSince"] is not None
    assert (epoch["state"], epoch["epoch"]) == ("FINAL", log["newestFinalEpoch"])
    assert epoch["transaction"].startswith("0x")


# -- verdicts -------------------------------------------------------------------------------------------------------


def test_the_truth_is_told_about_a_valid_credential(client: httpx.Client, anchored: CredentialRecord) -> None:
    verdict = verify(client, anchored.document)

    assert (verdict["verdict"], verdict["exitCode"]) == ("valid", 0), verdict
    assert {check["result"] for check in verdict["checks"]} <= {"pass", "skipped"}


def test_one_letter_more_is_invalid(client: httpx.Client, anchored: CredentialRecord) -> None:
    verdict = verify(client, anchored.document.replace(b'"value":"A"', b'"value":"B"'))

    assert (verdict["verdict"], verdict["exitCode"]) == ("invalid", 1)
    assert "pass" not in {check["result"] for check in verdict["checks"]}


def test_a_revocation_is_told_at_once(
    client: httpx.Client, world: World, issuer: IssuerRecord, anchored: CredentialRecord
) -> None:
    change(world, issuer, anchored, StatusAction.REVOKE)

    assert verify(client, anchored.document)["verdict"] == "revoked"


def test_a_suspension_is_told_at_once_and_so_is_its_end(
    client: httpx.Client, world: World, issuer: IssuerRecord, anchored: CredentialRecord
) -> None:
    change(world, issuer, anchored, StatusAction.SUSPEND)
    suspended = verify(client, anchored.document)["verdict"]
    change(world, issuer, anchored, StatusAction.REINSTATE)

    assert (suspended, verify(client, anchored.document)["verdict"]) == ("suspended", "valid")


def test_what_waits_is_not_yet_anchored(
    client: httpx.Client, world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    waiting = world.issue(issuer, achievement, f"{world.resources.ids.new()}@example.org")

    assert verify(client, waiting.document)["verdict"] == "not-yet-anchored"


def test_what_cannot_be_checked_is_indeterminate(
    client: httpx.Client, world: World, anchored: CredentialRecord
) -> None:
    without_did = verify(client, anchored.document, options={"resolveDid": False})
    later = world.clock.now() + timedelta(hours=3)
    world.clock.moment, now = later, world.clock.moment
    stale = verify(client, anchored.document)
    world.clock.moment = now

    assert (without_did["verdict"], without_did["exitCode"]) == ("indeterminate", 3)
    assert stale["verdict"] == "indeterminate"


def test_a_receipt_of_somebody_else_s_credential_is_refused(
    client: httpx.Client, world: World, issuer: IssuerRecord, achievement: AchievementRecord, anchored: CredentialRecord
) -> None:
    other = world.issue(issuer, achievement, f"{world.resources.ids.new()}@example.org")
    world.clock.advance(minutes=1)
    world.anchor()
    receipt = client.get(f"/receipts/{other.leaf.hex()}").json()

    assert verify(client, anchored.document, receipt=receipt)["verdict"] == "invalid"


def test_the_verifier_s_own_policy_counts(client: httpx.Client, world: World, anchored: CredentialRecord) -> None:
    world.clock.advance(seconds=1)
    stranger = verify(client, anchored.document, options={"recognised": ["did:web:elsewhere.example"]})
    trusted = verify(client, anchored.document, options={"resolveDid": False, "trustLogs": [str(LOG.name)]})

    assert (stranger["verdict"], stranger["exitCode"]) == ("untrusted", 2)
    assert trusted["verdict"] == "valid"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "json-syntax"),
        (b"[]", "json-not-object"),
        (b"{}", "malformed-request"),
        (b'{"credential": {}, "credential": {}}', "json-duplicate-name"),
        (b'{"credential": {"a": 1, "a": 2}}', "json-duplicate-name"),
        (b'{"credential": {"a": 9007199254740993}}', None),
        (b'{"credential": {"a": 1e400}}', None),
        (b'{"credential": {"a": "\\ud800"}}', None),
        (b'{"credential": "x"}', "malformed-request"),
        (b'{"credential": {}, "receipts": {}}', "malformed-request"),
        (b'{"credential": {}, "options": {"at": "2026-06-01T00:00:00"}}', "malformed-request"),
        (b'{"credential": {}, "options": {"at": 1780000000}}', "malformed-request"),
        (b'{"credential": {}, "options": {"at": "9999-12-31T23:59:59Z"}}', "malformed-time"),
        (b'{"credential": {}, "options": {"at": "0001-01-01T00:00:00+14:00"}}', "malformed-time"),
        (b'{"credential": {}, "options": {"maxStatusAgeSeconds": -1}}', "malformed-request"),
        (b'{"credential": {}, "options": {"trustLogs": ["x"]}}', "malformed-log-name"),
        (b'{"credential": {}, "statusLists": [{}, {}, {}, {}, {}]}', "malformed-request"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused(client: httpx.Client, content: bytes, expected: str | None) -> None:
    status, found = code(client.post("/v1/verify", content=content))

    assert status == 400
    assert found == expected or (expected is None and found.startswith("json-"))


def test_everybodys_pages_may_read_what_everybody_may_see(
    client: httpx.Client, world: World, issuer: IssuerRecord, anchored: CredentialRecord
) -> None:
    (world.container.published_dir / "log.json").write_bytes(b"{}")
    leaf = hashlib.sha256(canonicalize(json.loads(anchored.document))).hexdigest()
    paths = (
        f"/issuers/{issuer.slug}/did.json",
        f"/status/{LOG.name}/revocation/0",
        f"/receipts/{leaf}",
        "/published/log.json",
    )

    for path in paths:
        answer = client.get(path)
        assert (answer.status_code, answer.headers.get("Access-Control-Allow-Origin")) == (200, "*"), path
    assert "Access-Control-Allow-Origin" not in client.get("/v1/log").headers
    assert "Access-Control-Allow-Origin" not in client.get("/").headers

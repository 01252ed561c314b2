"""The VC API on a registry: what it issues is stored and anchored, and answers have the shapes and codes of VCALM."""

import httpx
import pytest

from registry.domain.canonical import canonicalize
from registry.domain.hashing import sha256
from registry.store_ports import Role
from tests.registry_world import World
from tests.web.vc_calls import CONTEXT, JSON, codes, document, issue, verify


def test_what_is_issued_is_the_caller_s_document_with_issuer_status_and_proof(
    client: httpx.Client, key_issuer: JSON
) -> None:
    given = document(
        id="urn:uuid:6a0bb2b5-5a04-4f2e-96f6-4a3a0e8a1df0", name="A test", validFrom="2026-01-01T00:00:00Z"
    )

    response = issue(client, key_issuer, given)

    assert response.status_code == 201
    secured = response.json()["verifiableCredential"]
    assert {name: secured[name] for name in given} == given
    assert secured.keys() - given.keys() == {"issuer", "credentialStatus", "proof"}
    assert secured["issuer"] == key_issuer["did"]
    assert secured["proof"]["cryptosuite"] == "eddsa-rdfc-2022"


def test_it_is_stored_and_anchored_like_every_credential(client: httpx.Client, world: World, key_issuer: JSON) -> None:
    secured = issue(client, key_issuer, document(id="urn:example:anchored")).json()["verifiableCredential"]
    leaf = sha256(canonicalize(secured)).hex()
    assert client.get(f"/receipts/{leaf}").json()["code"] == "not-yet-anchored"

    world.anchor()

    assert client.get(f"/receipts/{leaf}").json()["leaf"] == leaf
    checked = verify(client, secured)
    assert (checked.status_code, checked.json()["verified"]) == (200, True), checked.text


def test_the_list_of_credentials_shows_it_by_its_own_id(client: httpx.Client, key_issuer: JSON) -> None:
    issue(client, key_issuer, document(id="urn:example:listed"))

    shown = client.get("/v1/issuers/keyed/credentials", headers=key_issuer["headers"]).json()

    (entry,) = [item for item in shown if item["uri"] == "urn:example:listed"]
    assert entry["achievement"] is None


def test_the_issuer_may_be_named_by_the_document(client: httpx.Client, key_issuer: JSON) -> None:
    for issuer in (key_issuer["did"], {"id": key_issuer["did"], "name": "Keyed"}, {"name": "Keyed"}):
        response = issue(client, key_issuer, document(issuer=issuer), credentialStatus=False)

        assert response.status_code == 201, response.text
        shown = response.json()["verifiableCredential"]["issuer"]
        assert shown == (issuer if isinstance(issuer, str) else {"id": key_issuer["did"], **issuer})


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"issuer": "did:example:another"}, "issuer-differs"),
        ({"issuer": None}, "issuer-differs"),
        ({"type": "Other"}, "malformed-type"),
        ({"@context": []}, "malformed-context"),
        ({"credentialSubject": {}}, "malformed-subject"),
        ({"id": "no iri"}, "malformed-id"),
        ({"id": 5}, "malformed-id"),
        ({"validFrom": "2026-01-01"}, None),
        ({"credentialStatus": {"statusPurpose": "revocation"}}, "missing-type"),
        ({"undefinedTerm": 1}, None),
        ({"proof": {"type": []}}, "malformed-proof"),
        ({"proof": "none"}, "malformed-proof"),
        ({"proof": {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022"}}, None),
        ({"@context": [CONTEXT, "https://nobody.example/context"]}, "unknown-context"),
    ],
    ids=str,
)
def test_what_is_no_credential_of_the_issuer_is_refused(
    client: httpx.Client, key_issuer: JSON, members: JSON, code: str | None
) -> None:
    response = issue(client, key_issuer, document(**members))

    assert response.status_code == 400, response.text
    problem = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code"} <= problem.keys()
    assert code is None or problem["code"] == code


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"credential": None},
        {"credential": []},
        {"credential": "eyJhbGciOiJFZERTQSJ9.e30.c2ln"},
        {"credential": document(), "options": []},
        {"credential": document(), "options": {"credentialId": 5}},
        {"credential": document(), "options": {"mandatoryPointers": ["/issuer"]}},
        {"credential": document(), "options": {"previousProof": "urn:x"}},
        {"credential": document(), "options": {"cryptosuite": "bbs-2023"}},
        {"credential": document(), "options": {"verificationMethod": "did:key:x#y"}},
        {"credential": document(), "options": {"credentialStatus": {"statusPurpose": "message"}}},
        {"credential": document(), "option": {}},
    ],
    ids=str,
)
def test_what_is_no_request_is_400(client: httpx.Client, key_issuer: JSON, body: JSON) -> None:
    response = client.post("/issuers/keyed/credentials/issue", headers=key_issuer["headers"], json=body)

    assert response.status_code == 400, response.text
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1, "a": 2}', b"\xff", b'"text"'], ids=repr)
@pytest.mark.parametrize("path", ["/credentials/verify", "/presentations/verify", "/issuers/keyed/credentials/issue"])
def test_what_is_no_json_is_400(client: httpx.Client, key_issuer: JSON, path: str, content: bytes) -> None:
    assert client.post(path, headers=key_issuer["headers"], content=content).status_code == 400


def test_a_slot_of_this_log_cannot_be_chosen(client: httpx.Client, key_issuer: JSON) -> None:
    taken = issue(client, key_issuer, document()).json()["verifiableCredential"]["credentialStatus"]

    for chosen in (taken, {**taken, "type": [taken["type"]]}, [taken, {**taken, "id": "urn:example:again"}]):
        response = issue(client, key_issuer, document(credentialStatus=chosen))

        assert (response.status_code, response.json()["code"]) == (400, "slot-not-drawn")


def test_another_s_status_is_left_as_it_is(client: httpx.Client, key_issuer: JSON) -> None:
    status = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://lists.example/3",
    }

    response = issue(client, key_issuer, document(credentialStatus=status))

    assert response.json()["verifiableCredential"]["credentialStatus"] == status


def test_the_same_id_is_issued_once(client: httpx.Client, key_issuer: JSON) -> None:
    assert issue(client, key_issuer, document(id="urn:example:once")).status_code == 201

    assert issue(client, key_issuer, document(id="urn:example:once")).status_code == 409


def test_a_repeated_request_is_answered_the_same(client: httpx.Client, key_issuer: JSON) -> None:
    headers = {**key_issuer["headers"], "Idempotency-Key": "vc-1"}
    body = {"credential": document(id="urn:example:repeated")}

    first, second = (client.post("/credentials/issue", headers=headers, json=body) for _ in range(2))

    assert (first.status_code, first.content) == (201, second.content)


def test_an_admin_says_as_whom(client: httpx.Client, admin: dict[str, str]) -> None:
    response = client.post("/credentials/issue", headers=admin, json={"credential": document()})

    assert (response.status_code, response.json()["code"]) == (400, "issuer-not-chosen")


def test_a_revoked_credential_is_not_verified(client: httpx.Client, world: World, key_issuer: JSON) -> None:
    secured = issue(client, key_issuer, document(id="urn:example:revoked")).json()["verifiableCredential"]
    world.anchor()
    order = {
        "credentialId": "urn:example:revoked",
        "credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
        "status": True,
    }

    response = client.post("/credentials/status", headers=key_issuer["headers"], json=order)

    assert response.status_code == 200, response.text
    checked = verify(client, secured, checks=["proof"])
    assert (checked.status_code, checked.json()["verified"], codes(checked)) == (200, False, ["revoked"])
    back = client.post("/credentials/status", headers=key_issuer["headers"], json={**order, "status": False})
    assert (back.status_code, back.json()["code"]) == (400, "revocation-final")


def test_a_suspension_is_asked_for_and_lifted(client: httpx.Client, key_issuer: JSON) -> None:
    wish = {"type": "BitstringStatusListEntry", "statusPurpose": "suspension"}
    secured = issue(client, key_issuer, document(), credentialId="my name for it", credentialStatus=wish)
    entries = secured.json()["verifiableCredential"]["credentialStatus"]
    assert [entry["statusPurpose"] for entry in entries] == ["revocation", "suspension"]

    for value in (True, False):
        order = {"credentialId": "my name for it", "credentialStatus": wish, "status": value}
        assert client.post("/credentials/status", headers=key_issuer["headers"], json=order).json() == {
            "credentialId": "my name for it",
            "statusPurpose": "suspension",
            "status": value,
        }


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"credentialId": "urn:example:nobody"}, 404, "credential-not-found"),
        ({"credentialId": "urn:uuid:0f4fd3a8-4d2b-4ad9-9a31-0f8e41e5a3c1"}, 404, "credential-not-found"),
        ({"status": "true"}, 400, "malformed-request"),
        (
            {"credentialStatus": {"type": "StatusList2021Entry", "statusPurpose": "revocation"}},
            400,
            "status-type-unknown",
        ),
        ({"credentialStatus": {"type": "BitstringStatusListEntry"}}, 400, "malformed-request"),
        (
            {"credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "suspension"}},
            400,
            "not-suspendable",
        ),
    ],
    ids=str,
)
def test_a_status_that_cannot_be_changed_says_why(
    client: httpx.Client, key_issuer: JSON, changes: JSON, status: int, code: str
) -> None:
    issue(client, key_issuer, document(id="urn:example:stays"))
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    order = {"credentialId": "urn:example:stays", "credentialStatus": entry, "status": True, **changes}

    response = client.post("/credentials/status", headers=key_issuer["headers"], json=order)

    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_badge_of_the_registry_is_revoked_by_its_id_too(client: httpx.Client, world: World) -> None:
    issuer = world.add_issuer("badges")
    badge = world.issue(issuer, world.add_achievement(issuer))
    headers = {"Authorization": f"Bearer {world.add_key(Role.ISSUER, issuer)}"}
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    order = {"credentialId": badge.document_id.urn, "credentialStatus": entry, "status": True}

    assert client.post("/credentials/status", headers=headers, json=order).status_code == 200

    assert world.get(badge).standing == "revoked"


def test_a_new_list_is_signed_and_served(client: httpx.Client, key_issuer: JSON) -> None:
    issue(client, key_issuer, document())
    before = client.post("/status-lists", headers=key_issuer["headers"], json={"statusPurpose": "revocation"})
    again = client.post("/status-lists", headers=key_issuer["headers"], json={"statusPurpose": "revocation"})

    assert before.status_code == 201
    assert before.headers["Location"] == before.json()["id"] == before.json()["verifiableCredential"]["id"]
    assert again.json()["id"] == before.json()["id"]
    number = before.json()["id"].rsplit("/", 1)[1]
    served = client.get(f"/status-lists/revocation-{number}")
    assert served.json() == before.json()["verifiableCredential"]
    assert served.headers["Content-Type"] == "application/json"
    as_credential = client.get(f"/status-lists/revocation-{number}", headers={"Accept": "application/vc"})
    assert as_credential.headers["Content-Type"] == "application/vc"
    kept = client.get(f"/status-lists/revocation-{number}", headers={"If-None-Match": served.headers["ETag"]})
    assert kept.status_code == 304
    issue(client, key_issuer, document())
    later = client.post("/status-lists", headers=key_issuer["headers"], json={"statusPurpose": "revocation"})
    assert later.json()["id"] != before.json()["id"]


@pytest.mark.parametrize("name", ["revocation-999999", "revocation-01", "message-0", "x", "revocation-9999999"])
def test_a_list_that_is_none_is_404(client: httpx.Client, name: str) -> None:
    response = client.get(f"/status-lists/{name}")

    assert (response.status_code, response.json()["code"]) == (404, "status-list-not-found")

"""A server for interoperability tests: one issuer a way of signing, no chain, no keys, lists of its own."""

import base64
import gzip
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx
import pytest

from registry.wiring.interop import INSTANCES, opened_interop
from registry.wiring.interop_options import InteropOptions
from tests.interop import JSON, NAMES, document, issue, served, verify

CONTEXT_1: Final = "https://www.w3.org/2018/credentials/v1"


@pytest.fixture(scope="module")
def interop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of a server as `--interop` starts it."""
    with served(InteropOptions(folder=tmp_path_factory.mktemp("interop"))) as client:
        yield client


def proofs_of(secured: JSON) -> list[JSON]:
    proofs = secured["proof"]
    return proofs if isinstance(proofs, list) else [proofs]


def test_the_instances_are_listed_with_what_they_sign_with(interop: httpx.Client) -> None:
    listed = interop.get("/instances").json()

    assert [(item["name"], tuple(item["cryptosuites"])) for item in listed] == [
        (instance.name, instance.suites) for instance in INSTANCES
    ]
    assert len({item["did"] for item in listed}) == len(INSTANCES)


@pytest.mark.parametrize("name", NAMES)
def test_every_instance_signs_with_its_suites_and_is_verified(interop: httpx.Client, name: str) -> None:
    given = document(name="A test", validFrom="2024-01-01T00:00:00Z")
    secured = issue(interop, name, given)

    instance = next(item for item in interop.get("/instances").json() if item["name"] == name)
    assert [proof["cryptosuite"] for proof in proofs_of(secured)] == instance["cryptosuites"]
    assert {proof["verificationMethod"] for proof in proofs_of(secured)} == {instance["verificationMethod"]}
    assert isinstance(secured["proof"], list) == (len(instance["cryptosuites"]) > 1)
    assert secured["issuer"] == instance["did"]
    assert {member: secured[member] for member in given} == given
    assert verify(interop, secured, checks=[]).json()["verified"] is True


@pytest.mark.parametrize("name", NAMES)
def test_every_instance_signs_what_is_of_version_1(interop: httpx.Client, name: str) -> None:
    given = document(issuanceDate="2024-01-01T00:00:00Z", **{"@context": [CONTEXT_1]})

    secured = issue(interop, name, given)

    assert "credentialStatus" not in secured
    assert secured["credentialSubject"] == given["credentialSubject"]
    assert secured["@context"] == [CONTEXT_1, "https://w3id.org/security/data-integrity/v2"]
    assert verify(interop, secured).json()["verified"] is True


@pytest.mark.parametrize("name", NAMES)
def test_one_changed_word_is_not_verified(interop: httpx.Client, name: str) -> None:
    secured = issue(interop, name, document(name="A test"))

    response = verify(interop, {**secured, "name": "a test"})

    assert (response.status_code, response.json()["verified"]) == (400, False)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "signature-mismatch"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "change",
    [
        {"undefined": "lost"},
        {"type": ["VerifiableCredential", "NobodyKnows"]},
        {"credentialSubject": {"id": "did:example:a", "unknown": 1}},
    ],
    ids=str,
)
def test_what_json_ld_would_lose_is_refused_by_every_suite(interop: httpx.Client, name: str, change: JSON) -> None:
    body = {"credential": document(**change)}

    response = interop.post(f"/issuers/{name}/credentials/issue", json=body)

    assert response.status_code == 400, response.text


@pytest.mark.parametrize("name", NAMES)
def test_the_status_is_in_a_list_that_anybody_can_fetch_and_verify(interop: httpx.Client, name: str) -> None:
    secured = issue(interop, name, document())
    entry = secured["credentialStatus"]

    served_list = httpx.get(entry["statusListCredential"], trust_env=False)

    assert entry["type"] == "BitstringStatusListEntry"
    assert entry["id"] == f"{entry['statusListCredential']}#{entry['statusListIndex']}"
    listed = served_list.json()
    assert listed["id"] == entry["statusListCredential"]
    assert listed["issuer"] == secured["issuer"]
    assert listed["credentialSubject"]["statusPurpose"] == "revocation"
    assert verify(interop, listed).json()["verified"] is True
    order = {
        "credentialId": secured["id"],
        "credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
        "status": True,
    }
    assert interop.post(f"/issuers/{name}/credentials/status", json=order).status_code == 200
    refused = verify(interop, secured)
    assert (refused.status_code, refused.json()["code"]) == (400, "revoked")


def test_the_status_may_be_left_out_or_be_a_suspension(interop: httpx.Client) -> None:
    assert "credentialStatus" not in issue(interop, NAMES[0], document(), credentialStatus=False)
    wish = {"type": "BitstringStatusListEntry", "statusPurpose": "suspension"}
    secured = issue(interop, NAMES[0], document(), credentialStatus=wish)
    order = {"credentialId": secured["id"], "credentialStatus": wish, "status": True}

    interop.post("/credentials/status", json=order)
    suspended = verify(interop, secured)
    interop.post("/credentials/status", json={**order, "status": False})

    assert (suspended.status_code, suspended.json()["code"]) == (400, "suspended")
    assert verify(interop, secured).json()["verified"] is True


def test_the_same_id_may_be_issued_again_and_its_index_tells_them_apart(interop: httpx.Client) -> None:
    given = document()
    first, second = issue(interop, NAMES[0], given), issue(interop, NAMES[0], given)
    entry = {**first["credentialStatus"]}
    order = {"credentialId": given["id"], "credentialStatus": entry, "status": True}

    assert interop.post("/credentials/status", json=order).status_code == 200

    assert verify(interop, first).json()["verified"] is False
    assert verify(interop, second).json()["verified"] is True


def test_a_proof_that_is_there_stays_beside_the_new_one(interop: httpx.Client) -> None:
    first = issue(interop, NAMES[0], document(), credentialStatus=False)

    both = issue(interop, NAMES[0], first, credentialStatus=False)

    assert proofs_of(both)[0] == first["proof"]
    assert len(proofs_of(both)) == 2
    assert verify(interop, both).json()["verified"] is True
    value = both["proof"][0]["proofValue"]
    both["proof"][0]["proofValue"] = value[:-1] + ("2" if value[-1] != "2" else "3")
    assert verify(interop, both).json()["verified"] is False


def test_a_list_of_the_caller_s_own_gets_no_status(interop: httpx.Client) -> None:
    bits = base64.urlsafe_b64encode(gzip.compress(bytes(16_384))).rstrip(b"=").decode("ascii")
    subject = {"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": f"u{bits}"}
    types = ["VerifiableCredential", "BitstringStatusListCredential"]

    secured = issue(interop, NAMES[0], document(type=types, credentialSubject=subject))

    assert "credentialStatus" not in secured
    assert verify(interop, secured).json()["verified"] is True


def test_a_new_list_is_opened(interop: httpx.Client) -> None:
    issue(interop, NAMES[1], document())
    opened = interop.post(f"/issuers/{NAMES[1]}/status-lists", json={"statusPurpose": "revocation"})

    assert opened.status_code == 201
    fetched = httpx.get(opened.headers["Location"], trust_env=False).json()
    assert fetched == opened.json()["verifiableCredential"]
    entry = issue(interop, NAMES[1], document())["credentialStatus"]
    assert entry["statusListCredential"] == opened.headers["Location"]


def test_a_did_is_resolved(interop: httpx.Client) -> None:
    did = interop.get("/instances").json()[0]["did"]

    assert interop.get(f"/1.0/identifiers/{did}").json()["didDocument"]["id"] == did


def test_its_document_asks_nobody_for_a_key(interop: httpx.Client) -> None:
    described = interop.get("/openapi.json").json()

    assert "securitySchemes" not in described["components"]
    for item in described["paths"].values():
        for operation in item.values():
            assert "security" not in operation
            assert "401" not in operation["responses"]


def test_failures_may_be_answered_with_200(tmp_path: Path) -> None:
    options = InteropOptions(folder=tmp_path, failure_status=HTTPStatus.OK, with_status=False)
    with served(options) as client:
        secured = issue(client, NAMES[0], document())

        changed, malformed = verify(client, {**secured, "name": "x"}), verify(client, {**secured, "type": []})

    assert "credentialStatus" not in secured
    assert (changed.status_code, changed.json()["verified"]) == (200, False)
    assert malformed.status_code == 400


def test_a_credential_may_be_answered_bare(tmp_path: Path) -> None:
    with served(InteropOptions(folder=tmp_path, bare=True)) as client:
        response = client.post("/credentials/issue", json={"credential": document()})

    assert response.status_code == 201
    assert response.json()["proof"]["cryptosuite"] == "eddsa-rdfc-2022"


def test_keys_and_lists_are_kept_in_the_folder(tmp_path: Path) -> None:
    options = InteropOptions(folder=tmp_path)
    with opened_interop(options, public_url="http://127.0.0.1:1") as first:
        dids = [issuer.did for issuer in first.issuers]
        first.container.close()

    with opened_interop(options, public_url="http://127.0.0.1:1") as second:
        assert [issuer.did for issuer in second.issuers] == dids
        second.container.close()


def test_without_a_folder_nothing_stays() -> None:
    with opened_interop(InteropOptions(), public_url="http://127.0.0.1:1") as server:
        folder = server.container.published_dir.parent
        assert folder.is_dir()
        server.container.close()

    assert not folder.exists()

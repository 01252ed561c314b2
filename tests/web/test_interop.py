"""A server for interoperability tests: one issuer a way of signing, no chain, no keys, lists of its own."""

import copy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.adapters.keys import Ed25519Signer
from registry.domain.cryptosuites import SUITES
from registry.domain.data_integrity import AUTHENTICATION, encode_proof_value, proof_options
from registry.domain.did import did_key
from registry.web.app import create_interop_app
from registry.wiring.interop import INSTANCES, opened_interop
from registry.wiring.interop_options import InteropOptions
from tests.registry_world import json_ld
from tests.web_server import serve

CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
CONTEXT_1: Final = "https://www.w3.org/2018/credentials/v1"
SUBJECT: Final = {"id": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"}
JSON = dict[str, Any]
NAMES: Final = [instance.name for instance in INSTANCES]


def document(**members: Any) -> JSON:  # noqa: ANN401  # any member
    made = {"@context": [CONTEXT], "type": ["VerifiableCredential"], "credentialSubject": copy.deepcopy(SUBJECT)}
    return {**made, "id": f"urn:uuid:{uuid4()}", **members}


class Holder:
    """Somebody who presents credentials."""

    def __init__(self) -> None:
        self.signer = Ed25519Signer(Ed25519PrivateKey.generate())
        self.did = did_key(self.signer.public_key)

    def present(self, presentation: JSON, **options: Any) -> JSON:  # noqa: ANN401  # any member of a proof
        """Sign a presentation."""
        suite = SUITES["eddsa-rdfc-2022"]
        method = f"{self.did}#{self.did.removeprefix('did:key:')}"
        now = datetime.now(UTC)
        proof = proof_options(
            presentation, suite=suite, verification_method=method, created=now, purpose=AUTHENTICATION
        )
        proof = {**proof, **options}
        covered = suite.cover(presentation, proof, canonical_nquads=json_ld().canonical_nquads)
        signature = self.signer.sign(covered.hash_data(self.signer.public_key.algorithm))
        return {**presentation, "proof": {**proof, "proofValue": encode_proof_value(signature)}}


@pytest.fixture(scope="module")
def interop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of a server as `--interop` starts it."""
    with served(InteropOptions(folder=tmp_path_factory.mktemp("interop"))) as client:
        yield client


@contextmanager
def served(options: InteropOptions) -> Iterator[httpx.Client]:
    """Serve what the options say, at the address that stands in the credentials."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with (
        opened_interop(options, public_url=url) as server,
        serve(create_interop_app(server.container), listener) as client,
    ):
        yield client


def issue(client: httpx.Client, name: str, credential: JSON, **options: Any) -> JSON:  # noqa: ANN401
    path = f"/issuers/{name}/credentials/issue"
    response = client.post(path, json={"credential": credential, "options": options})
    assert response.status_code == 201, response.text
    secured: JSON = response.json()["verifiableCredential"]
    return secured


def verify(client: httpx.Client, credential: JSON, **options: Any) -> httpx.Response:  # noqa: ANN401  # any option
    return client.post("/credentials/verify", json={"verifiableCredential": credential, "options": options})


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
    both["proof"][0]["proofValue"] = both["proof"][1]["proofValue"][:-1] + "1"
    assert verify(interop, both).json()["verified"] is False


def test_a_new_list_is_opened(interop: httpx.Client) -> None:
    issue(interop, NAMES[1], document())
    opened = interop.post(f"/issuers/{NAMES[1]}/status-lists", json={"statusPurpose": "revocation"})

    assert opened.status_code == 201
    fetched = httpx.get(opened.headers["Location"], trust_env=False).json()
    assert fetched == opened.json()["verifiableCredential"]
    entry = issue(interop, NAMES[1], document())["credentialStatus"]
    assert entry["statusListCredential"] == opened.headers["Location"]


def presentation(credentials: list[JSON], **members: Any) -> JSON:  # noqa: ANN401  # any member
    made = {"@context": [CONTEXT], "type": ["VerifiablePresentation"], "verifiableCredential": credentials}
    return {**made, **members}


def check(client: httpx.Client, presented: JSON, **options: Any) -> httpx.Response:  # noqa: ANN401  # any option
    return client.post("/presentations/verify", json={"verifiablePresentation": presented, "options": options})


def test_a_presentation_of_good_credentials_is_verified(interop: httpx.Client) -> None:
    holder = Holder()
    credentials = [issue(interop, name, document()) for name in NAMES[:3]]
    presented = holder.present(presentation(credentials, holder=holder.did), challenge="c-1", domain="v.example")

    response = check(interop, presented, challenge="c-1", domain="v.example", returnResults=True, further="ignored")

    answer = response.json()
    assert (response.status_code, answer["verified"]) == (200, True), response.text
    assert [item["verified"] for item in answer["results"]["credentials"]] == [True, True, True]
    assert answer["results"]["presentation"]["holder"] == {"verified": True, "input": holder.did}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"challenge": "c-2", "domain": "v.example"}, "challenge-differs"),
        ({"challenge": "c-1", "domain": "w.example"}, "domain-differs"),
    ],
    ids=str,
)
def test_a_presentation_for_another_occasion_is_not_verified(interop: httpx.Client, options: JSON, code: str) -> None:
    holder = Holder()
    made = presentation([issue(interop, NAMES[0], document())], holder=holder.did)

    response = check(interop, holder.present(made, challenge="c-1", domain="v.example"), **options)

    assert (response.status_code, response.json()["code"]) == (400, code)
    assert response.json()["verified"] is False


def test_a_presentation_by_another_than_the_holder_is_not_verified(interop: httpx.Client) -> None:
    made = presentation([issue(interop, NAMES[0], document())], holder=Holder().did)

    response = check(interop, Holder().present(made))

    assert (response.status_code, response.json()["verified"]) == (400, False)


def test_a_presentation_with_a_bad_credential_names_it(interop: httpx.Client) -> None:
    holder = Holder()
    bad = {**issue(interop, NAMES[0], document()), "name": "added"}
    presented = holder.present(presentation([issue(interop, NAMES[0], document()), bad]))

    response = check(interop, presented)

    assert (response.status_code, response.json()["code"]) == (400, "signature-mismatch")
    assert response.json()["detail"].startswith("credential 1: ")


def test_a_presentation_that_never_had_a_proof_counts_by_its_credentials(interop: httpx.Client) -> None:
    made = presentation([issue(interop, NAMES[0], document())])

    accepted = interop.post("/presentations/verify", json={"presentation": made})
    asked = interop.post("/presentations/verify", json={"presentation": made, "options": {"challenge": "x"}})

    assert (accepted.status_code, accepted.json()["verified"]) == (200, True)
    assert (asked.status_code, asked.json()["code"]) == (400, "proof-expected")
    assert check(interop, made).json()["code"] == "no-proof"
    signed = Holder().present(made)
    misplaced = interop.post("/presentations/verify", json={"presentation": signed})
    assert (misplaced.status_code, misplaced.json()["code"]) == (400, "proof-unexpected")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verifiablePresentation": "text"},
        {"verifiablePresentation": {}},
        {"verifiablePresentation": {}, "presentation": {}},
        {"verifiablePresentation": {"type": ["VerifiablePresentation"]}},
        {"presentation": {"@context": [CONTEXT], "type": ["Other"]}},
        {"presentation": {"@context": [CONTEXT], "type": ["VerifiablePresentation"], "verifiableCredential": ["x"]}},
        {"presentation": {"@context": [CONTEXT], "type": ["VerifiablePresentation"]}, "options": {"challenge": 5}},
    ],
    ids=str,
)
def test_what_is_no_presentation_is_400(interop: httpx.Client, body: JSON) -> None:
    response = interop.post("/presentations/verify", json=body)

    assert response.status_code == 400, response.text
    assert response.headers["Content-Type"] == "application/problem+json"


def test_an_enveloped_presentation_could_not_be_checked(interop: httpx.Client) -> None:
    envelope = {
        "@context": [CONTEXT],
        "type": "EnvelopedVerifiablePresentation",
        "id": "data:application/vp+jwt,eyJhbGciOiJFZERTQSJ9.e30.c2ln",
    }

    response = check(interop, envelope)

    assert (response.status_code, response.json()["code"]) == (400, "token-unsupported")
    assert response.json()["type"] == "urn:credroot:problem:could-not-check"


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


def test_an_expired_proof_is_not_verified(interop: httpx.Client) -> None:
    holder = Holder()
    made = presentation([issue(interop, NAMES[0], document())])
    ended = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    response = check(interop, holder.present(made, expires=ended))

    assert (response.status_code, response.json()["code"]) == (400, "proof-expired")

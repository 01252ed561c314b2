"""Own keys over HTTP: who may do what, files of thousands with line-precise answers, and requests that are repeated."""

import json
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from registry.domain.canonical import canonicalize
from registry.domain.multikey import encode_multikey
from registry.domain.signing_kit import Reservation, SigningKit
from registry.service.reserving import show_reservation
from registry.store_ports import Role
from tests.own_keys import OwnIssuer, add_own_issuer, make_key, vault
from tests.registry_world import BODY, World
from tests.web.route_matrix import OWN_KEYS

UNKNOWN: Final = UUID(int=7 << 76 | 2 << 62)


@pytest.fixture(scope="module")
def own(world: World) -> OwnIssuer:
    return add_own_issuer(world, "own")


@pytest.fixture(scope="module")
def headers(world: World, own: OwnIssuer) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.add_key(Role.ISSUER, own.record)}"}


def send(client: httpx.Client, route: str, own: OwnIssuer, headers: dict[str, str], **options: Any) -> httpx.Response:  # noqa: ANN401
    """Send a request that is right but for who sends it and what it names."""
    method, path = route.split(" ")
    reservation = str(own.reserve(1).id)
    names = {"slug": own.record.slug, "achievement_id": str(own.achievement.id), "reservation_id": reservation}
    arguments: dict[str, Any] = {}
    if path.endswith("/slot-reservations") and method == "POST":
        arguments["json"] = {"count": 1}
    elif method == "POST":
        made = Reservation.parse(canonicalize(reservation_of(own, reservation)))
        arguments = {"params": {"reservation": reservation, "allowDuplicates": True}, "content": own.sign(made)[0]}
    arguments |= options.pop("arguments", {})
    return client.request(method, path.format(**{**names, **options}), headers=headers, **arguments)


def reservation_of(own: OwnIssuer, reservation_id: str) -> Any:  # noqa: ANN401
    with own.world.store.read() as unit:
        record = unit.reservations.get(own.record.id, UUID(reservation_id))
        return show_reservation(own.world.resources, unit, own.record, record).document()


def code(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("route", OWN_KEYS)
def test_the_own_key_and_an_admins_are_answered(
    client: httpx.Client, own: OwnIssuer, headers: dict[str, str], admin: dict[str, str], route: str
) -> None:
    expected = 201 if route.startswith("POST") else 200

    assert [send(client, route, own, who).status_code for who in (headers, admin)] == [expected, expected]


@pytest.mark.parametrize("route", OWN_KEYS)
def test_an_auditor_sees_what_holds_no_personal_data(
    client: httpx.Client, world: World, own: OwnIssuer, route: str
) -> None:
    auditor = {"Authorization": f"Bearer {world.add_key(Role.AUDITOR)}"}

    answer = send(client, route, own, auditor)

    assert answer.status_code == (200 if OWN_KEYS[route] else 403)


@pytest.mark.parametrize("route", OWN_KEYS)
def test_another_issuers_key_finds_nothing(client: httpx.Client, world: World, own: OwnIssuer, route: str) -> None:
    other = world.add_issuer(f"other-{world.resources.ids.new()}")
    foreign = {"Authorization": f"Bearer {world.add_key(Role.ISSUER, other)}"}

    assert code(send(client, route, own, foreign)) == (404, "issuer-not-found")


@pytest.mark.parametrize("route", [route for route in OWN_KEYS if route.startswith("POST") or "signing-kit" in route])
def test_an_issuer_whose_key_is_here_has_nothing_of_this(
    client: httpx.Client, world: World, own: OwnIssuer, admin: dict[str, str], route: str
) -> None:
    plain = world.add_issuer(f"plain-{world.resources.ids.new()}")

    assert code(send(client, route, own, admin, slug=plain.slug)) == (422, "issuer-without-own-key")


def test_an_issuer_is_made_with_its_public_key_and_gets_another(client: httpx.Client, admin: dict[str, str]) -> None:
    first, second = make_key(), make_key()
    form = {"slug": "made", "name": "Made", "ownKey": {"publicKeyMultibase": encode_multikey(first.public_key)}}

    made = client.post("/v1/issuers", headers=admin, json=form)
    refused = client.post("/v1/issuers/made/keys", headers=admin, json={})
    replaced = client.post(
        "/v1/issuers/made/keys",
        headers=admin,
        json={"ownKey": encode_multikey(second.public_key), "compromised": True},
    )

    assert (made.status_code, replaced.status_code) == (201, 201)
    assert code(refused) == (422, "issuer-keeps-its-key")
    methods = replaced.json()["didDocument"]["verificationMethod"]
    assert [method["id"].split("#")[1] for method in methods] == ["own-1", "own-2", "status-1"]
    assert "revoked" in methods[0]
    assert client.get("/issuers/made/did.json").json() == replaced.json()["didDocument"]


def test_routes_that_sign_are_refused_for_it(client: httpx.Client, own: OwnIssuer, headers: dict[str, str]) -> None:
    award = {"achievement": str(own.achievement.id), "recipient": {"email": "a@example.org"}}

    issued = client.post("/v1/issuers/own/credentials", headers=headers, json=award)
    uploaded = client.post(
        f"/v1/issuers/own/uploads?achievement={own.achievement.id}",
        headers=headers,
        content=b"recipient_email,recipient_name,issued_on\r\na@b.org,A,2026-05-29\r\n",
    )

    assert [code(issued), code(uploaded)] == [(422, "issuer-keeps-its-key")] * 2


def test_a_file_goes_from_reservation_to_credentials(
    client: httpx.Client, own: OwnIssuer, headers: dict[str, str]
) -> None:
    base = "/v1/issuers/own"
    made = client.post(f"{base}/slot-reservations", headers=headers, json={"count": 20, "days": 2})
    again = client.get(made.headers["Location"], headers=headers)
    kit = client.get(f"{base}/achievements/{own.achievement.id}/signing-kit?version=1", headers=headers)
    reservation = Reservation.parse(again.content)
    before = len(client.get(f"{base}/credentials?limit=500", headers=headers).json())

    assert made.json() == again.json()
    assert SigningKit.parse(kit.content) == own.kit()
    listed = client.get(f"{base}/slot-reservations?limit=500", headers=headers).json()
    assert {
        "id": reservation.id,
        "count": 20,
        "created": again.json()["created"],
        "expires": again.json()["expires"],
    } in listed

    lines = own.sign(reservation, 20)
    query = f"{base}/signed-uploads?reservation={reservation.id}&allowDuplicates=true"
    named = {**headers, "Idempotency-Key": "the file"}
    wrong = [*lines[:4], lines[4].replace(b"Person 4", b"Person X"), b"{}\n"]
    refused = client.post(query, headers=headers, content=b"".join(wrong))
    accepted = client.post(query, headers=named, content=b"".join(lines))
    repeated = client.post(query, headers=named, content=b"".join(lines))
    other = client.post(query, headers=named, content=b"".join(lines[:3]))
    resent = client.post(query, headers=headers, content=b"".join(lines))

    assert code(refused) == (422, "signed-upload-has-errors")
    assert refused.json()["errors"] == 2
    found = [(finding["line"], finding["code"]) for finding in refused.json()["findings"]]
    assert found == [(5, "signature-mismatch"), (6, "missing-member")]
    assert (accepted.status_code, accepted.json()["accepted"], accepted.json()["alreadyStored"]) == (201, 20, 0)
    assert repeated.json() == accepted.json()
    assert code(other) == (409, "idempotency-key-reused")
    assert (resent.status_code, resent.json()["accepted"], resent.json()["alreadyStored"]) == (201, 0, 20)
    assert len(client.get(f"{base}/credentials?limit=500", headers=headers).json()) == before + 20


def test_one_credential_is_stored_once_and_shown(client: httpx.Client, own: OwnIssuer, headers: dict[str, str]) -> None:
    reservation = own.reserve(1)
    (line,) = own.sign(reservation)
    path = f"/v1/issuers/own/credentials/signed?reservation={reservation.id}&allowDuplicates=true"

    first, second = (client.post(path, headers=headers, content=line) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.json()["alreadyStored"], second.json()["alreadyStored"]) == (False, True)
    assert first.json()["id"] == second.json()["id"]
    document = client.get(f"{first.headers['Location']}/document", headers=headers)
    assert document.json() == json.loads(line)["credential"]


def test_a_lone_credential_is_refused_with_its_own_code(
    client: httpx.Client, own: OwnIssuer, headers: dict[str, str]
) -> None:
    reservation, other = own.reserve(1), own.reserve(1)
    (line,) = own.sign(reservation)
    stranger = vault().unlock(make_key().encrypted_key)
    path = "/v1/issuers/own/credentials/signed?allowDuplicates=true&reservation="

    found = [
        code(client.post(path + reservation.id, headers=headers, content=own.resign(line, signer=stranger))),
        code(client.post(path + other.id, headers=headers, content=line)),
        code(client.post(path + str(UNKNOWN), headers=headers, content=line)),
        code(client.post(path + "x", headers=headers, content=line)),
        code(client.post(path + reservation.id, headers=headers, content=b"")),
    ]

    assert found == [
        (400, "signature-mismatch"),
        (422, "slot-not-reserved"),
        (404, "slot-reservation-not-found"),
        (400, "malformed-request"),
        (400, "json-syntax"),
    ]


def test_lines_and_files_have_limits(client: httpx.Client, own: OwnIssuer, headers: dict[str, str]) -> None:
    reservation = own.reserve(1)
    path = f"/v1/issuers/own/signed-uploads?reservation={reservation.id}"

    endless = client.post(path, headers=headers, content=b"{" + b" " * 2_000_000)
    empty = client.post(path, headers=headers, content=b"\n")

    assert [code(endless), code(empty)] == [(400, "line-too-long"), (400, "signed-upload-empty")]


def test_another_achievements_body_is_not_taken(client: httpx.Client, own: OwnIssuer, headers: dict[str, str]) -> None:
    answer = client.get(f"/v1/issuers/own/achievements/{UNKNOWN}/signing-kit", headers=headers)

    assert code(answer) == (404, "achievement-not-found")
    assert BODY["name"] == own.kit().achievement.achievement.name


def test_the_examples_of_the_document_work(
    client: httpx.Client, own: OwnIssuer, headers: dict[str, str], admin: dict[str, str]
) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    (reservation,) = schemas["ReservationForm"]["examples"]
    key = schemas["OwnKeyForm"]["properties"]["publicKeyMultibase"]["examples"][0]

    reserved = client.post("/v1/issuers/own/slot-reservations", headers=headers, json=reservation)
    form = {"slug": "by-example", "name": "By Example", "ownKey": {"publicKeyMultibase": key}}
    made = client.post("/v1/issuers", headers=admin, json=form)

    assert (reserved.status_code, made.status_code) == (201, 201), made.text
    assert sum(len(group["indexes"]) for group in reserved.json()["slots"]) == reservation["count"]

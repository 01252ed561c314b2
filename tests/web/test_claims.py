"""Claims and share links over HTTP: ordered by issuers, mailed for real, claimed by earners."""

import time

import httpx
import pytest

from registry.store_ports import AchievementRecord, CredentialRecord, IssuerRecord
from tests.earner import letters
from tests.registry_world import World
from tests.web.vc_calls import JSON

PATIENCE_SECONDS = 60
CSV = b"recipient_email,recipient_name,issued_on,grade,locale\r\n%b@example.org,Amal Haddad,2026-05-29,A,fr\r\n"


@pytest.fixture(scope="module")
def issuer(world: World) -> IssuerRecord:
    return world.add_issuer()


@pytest.fixture(scope="module")
def achievement(world: World, issuer: IssuerRecord) -> AchievementRecord:
    return world.add_achievement(issuer)


@pytest.fixture
def address(world: World) -> str:
    return f"{world.resources.ids.new()}@example.org"


@pytest.fixture
def credential(world: World, issuer: IssuerRecord, achievement: AchievementRecord, address: str) -> CredentialRecord:
    return world.issue(issuer, achievement, address)


@pytest.fixture
def path(credential: CredentialRecord) -> str:
    return f"/v1/issuers/poly/credentials/{credential.id}"


def await_state(client: httpx.Client, path: str, admin: dict[str, str], state: str) -> JSON:
    """Wait until a claim stands there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer: JSON = client.get(f"{path}/claim", headers=admin).json()
        if answer["state"] == state:
            return answer
        assert time.monotonic() < deadline, answer
        time.sleep(0.01)


def test_an_earner_is_mailed_a_link_once(
    world: World, client: httpx.Client, admin: dict[str, str], path: str, address: str
) -> None:
    first = client.post(f"{path}/claim", headers=admin, json={"email": address, "language": "zh"})
    sent = await_state(client, path, admin, "sent")
    again = client.post(f"{path}/claim", headers=admin, json={"email": address.upper()})

    assert (first.status_code, first.json()["state"]) == (202, "waiting")
    assert first.headers["Location"] == f"{path}/claim"
    assert again.json() == sent
    (letter,) = letters(world, address)
    assert "领取" in letter.get_content()
    assert address not in first.text + again.text


def test_a_repeated_request_under_one_key_orders_one_new_link(
    world: World, client: httpx.Client, admin: dict[str, str], path: str, address: str
) -> None:
    client.post(f"{path}/claim", headers=admin, json={"email": address})
    await_state(client, path, admin, "sent")
    world.clock.advance(hours=1)
    named = admin | {"Idempotency-Key": address}

    answers = [client.post(f"{path}/claim/resend", headers=named, json={"email": address}).json() for _ in range(2)]
    await_state(client, path, admin, "sent")

    assert answers[0] == answers[1]
    assert len(letters(world, address)) == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "malformed-request"),
        ({"email": "x"}, 400, "malformed-email"),
        ({"email": "x" * 501}, 400, "malformed-request"),
        ({"email": "a@example.org", "link": True}, 400, "malformed-request"),
        ({"email": "stranger@example.org"}, 422, "claim-address-differs"),
        ({"email": "a@example.org\r\nBcc: b@example.org"}, 400, "malformed-email"),
    ],
)
def test_a_wrong_order_is_refused_and_mails_nobody(  # noqa: PLR0917  # fixtures and cases
    client: httpx.Client, admin: dict[str, str], path: str, body: JSON, status: int, code: str
) -> None:
    for route in ("claim", "claim/resend"):
        answer = client.post(f"{path}/{route}", headers=admin, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert "stranger" not in answer.text
    assert client.get(f"{path}/claim", headers=admin).json()["code"] == "claim-not-found"


def test_an_upload_is_mailed_and_counted(
    world: World, client: httpx.Client, admin: dict[str, str], achievement: AchievementRecord, address: str
) -> None:
    local = address.partition("@")[0]
    uploads = "/v1/issuers/poly/uploads"
    parameters = {"achievement": str(achievement.id)}
    upload = client.post(uploads, headers=admin, params=parameters, content=CSV % local.encode()).json()["id"]
    early = client.post(f"{uploads}/{upload}/claims", headers=admin)
    client.post(f"{uploads}/{upload}/issue", headers=admin)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while client.get(f"{uploads}/{upload}", headers=admin).json()["state"] != "issued":
        assert time.monotonic() < deadline
        time.sleep(0.01)

    made = [client.post(f"{uploads}/{upload}/claims", headers=admin).json() for _ in range(2)]
    while client.get(f"{uploads}/{upload}/claims", headers=admin).json()["sent"] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)

    assert early.json()["code"] == "upload-not-issued"
    assert made == [
        {"ordered": 1, "alreadyMailed": 0, "passedOver": 0},
        {"ordered": 0, "alreadyMailed": 1, "passedOver": 0},
    ]
    assert client.get(f"{uploads}/{upload}/claims", headers=admin).json() == {
        "waiting": 0,
        "sent": 1,
        "failed": 0,
        "expired": 0,
        "claimed": 0,
    }
    (letter,) = letters(world, address)
    assert "attestation" in letter.get_content()


def test_an_issuer_switches_sharing_until_the_earner_has_claimed(
    world: World, client: httpx.Client, admin: dict[str, str], path: str, address: str
) -> None:
    before = client.get(f"{path}/share", headers=admin).json()
    shared = client.put(f"{path}/share", headers=admin, json={"shared": True}).json()
    client.post(f"{path}/claim", headers=admin, json={"email": address})
    await_state(client, path, admin, "sent")
    link = letters(world, address)[0].get_content().split("/claim/")[1].split()[0]
    claimed = client.post(f"/claim/{link}", data={"secret": "A" * 43})
    hidden = client.put(f"{path}/share", headers=admin, json={"shared": False}).json()
    refused = client.put(f"{path}/share", headers=admin, json={"shared": True})

    assert before == {"shared": False, "url": None, "code": None}
    assert shared["shared"] is True
    assert claimed.headers["Location"] == "/mine/" + "A" * 43
    assert hidden == shared | {"shared": False}
    assert (refused.status_code, refused.json()["code"]) == (409, "shared-by-earner")
    assert client.get(f"{path}/claim", headers=admin).json()["state"] == "claimed"

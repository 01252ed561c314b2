"""Promises over HTTP: told when something is accepted, told again the same, and signed on request for what came by the file."""

from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from registry.adapters.promise_signatures import recover_signer
from registry.domain.promise import (
    MAX_DEADLINE,
    MIN_DEADLINE,
    MIN_EPOCHS_AHEAD,
    Promise,
    PromiseKind,
    check_acceptable,
)
from registry.store_ports import AchievementRecord, CredentialRecord, IssuerRecord
from registry.web.app import create_app
from tests.own_keys import add_own_issuer
from tests.promises import COURT, promise_account
from tests.registry_world import World, migrated_world
from tests.store_samples import LOG, order
from tests.web_server import serve

REVOKED: Final = {"reason": "superseded"}


@pytest.fixture(scope="module")
def issuer(world: World) -> IssuerRecord:
    return world.add_issuer("poly")


@pytest.fixture(scope="module")
def achievement(world: World, issuer: IssuerRecord) -> AchievementRecord:
    return world.add_achievement(issuer)


@pytest.fixture
def silent(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> CredentialRecord:
    """Give a credential that nothing was promised about, as uploads issue them."""
    return world.issue(issuer, achievement, f"{uuid4()}@example.org")


def award(achievement: AchievementRecord) -> dict[str, Any]:
    return {"achievement": str(achievement.id), "recipient": {"email": f"{uuid4()}@example.org"}}


def address(credential_id: object, last: str = "promises") -> str:
    return f"/v1/issuers/poly/credentials/{credential_id}/{last}"


def newest(world: World) -> int:
    with world.store.read() as unit:
        epoch = unit.epochs.newest()
    return 0 if epoch is None else epoch.number


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def check_terms(world: World, promise: Promise) -> None:
    """Check what a holder checks of a promise."""
    terms, now = promise.terms, world.clock.now()
    assert recover_signer(promise) == promise.key == promise_account().address.lower()
    assert (terms.log, terms.court) == (LOG.name, COURT)
    assert terms.epoch == newest(world) + MIN_EPOCHS_AHEAD
    assert now + MIN_DEADLINE <= terms.deadline <= now + MAX_DEADLINE
    check_acceptable(terms, latest_epoch=newest(world), now=now)


def test_an_issued_credential_comes_with_a_promise(
    client: httpx.Client, world: World, admin: dict[str, str], issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    world.anchor()

    issued = client.post("/v1/issuers/poly/credentials", headers=admin, json=award(achievement)).json()

    promise = Promise.parse(issued["promise"])
    check_terms(world, promise)
    assert promise.terms.kind is PromiseKind.INCLUSION
    assert (promise.terms.leaf or b"").hex() == issued["leaf"]
    assert promise.terms.slot == issued["slot"]
    assert client.get(address(issued["id"]), headers=admin).json() == [issued["promise"]]


def test_a_repeated_request_is_told_the_same_promise(
    client: httpx.Client, world: World, admin: dict[str, str], issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    headers, body = {**admin, "Idempotency-Key": str(uuid4())}, award(achievement)
    first = client.post("/v1/issuers/poly/credentials", headers=headers, json=body)
    world.anchor()
    world.clock.advance(hours=1)

    second = client.post("/v1/issuers/poly/credentials", headers=headers, json=body)
    asked = client.post(address(first.json()["id"]), headers=admin, json={"kind": "inclusion"})

    assert first.json()["promise"] is not None
    assert second.content == first.content
    assert asked.json() == first.json()["promise"]


def test_a_revocation_comes_with_a_promise_and_again_with_the_same(
    client: httpx.Client, world: World, admin: dict[str, str], silent: CredentialRecord
) -> None:
    world.anchor()

    revoked = client.post(address(silent.id, "revoke"), headers=admin, json=REVOKED).json()
    promise = Promise.parse(revoked["promise"])
    check_terms(world, promise)
    world.clock.advance(hours=1)
    again = client.post(address(silent.id, "revoke"), headers=admin, json=REVOKED).json()
    asked = client.post(address(silent.id), headers=admin, json={"kind": "revocation"}).json()

    assert (promise.terms.kind, promise.terms.slot) == (PromiseKind.REVOCATION, silent.slot)
    assert "leaf" not in revoked["promise"]
    assert again["promise"] == asked == revoked["promise"]
    assert client.get(address(silent.id), headers=admin).json() == [revoked["promise"]]


def test_what_was_issued_without_one_gets_its_promise_on_request(
    client: httpx.Client, world: World, admin: dict[str, str], silent: CredentialRecord
) -> None:
    before = client.get(address(silent.id), headers=admin).json()

    asked = client.post(address(silent.id), headers=admin, json={"kind": "inclusion"})
    promise = Promise.parse(asked.json())
    check_terms(world, promise)
    again = client.post(address(silent.id), headers=admin, json={"kind": "inclusion"})

    assert (before, asked.status_code) == ([], 200)
    assert (promise.terms.leaf, promise.terms.slot) == (silent.leaf, silent.slot)
    assert again.json() == asked.json()
    assert client.get(address(silent.id), headers=admin).json() == [asked.json()]


def test_what_is_sealed_and_not_anchored_can_be_promised(
    client: httpx.Client, world: World, admin: dict[str, str], silent: CredentialRecord
) -> None:
    sealed, _ = world.seal()

    promise = Promise.parse(client.post(address(silent.id), headers=admin, json={"kind": "inclusion"}).json())

    assert promise.terms.epoch == sealed + MIN_EPOCHS_AHEAD


def test_for_what_is_anchored_the_receipt_is_the_proof(
    client: httpx.Client, world: World, admin: dict[str, str], silent: CredentialRecord
) -> None:
    with world.store.write() as unit:
        unit.statuses.revoke(order(silent.id))
    world.anchor()

    answers = [
        client.post(address(silent.id), headers=admin, json={"kind": kind}) for kind in ("inclusion", "revocation")
    ]
    repeated = client.post(address(silent.id, "revoke"), headers=admin, json=REVOKED)

    assert [code(answer) for answer in answers] == [(409, "already-anchored")] * 2
    assert repeated.json()["promise"] is None
    assert client.get(address(silent.id), headers=admin).json() == []


def test_a_revocation_that_nobody_made_is_not_promised(
    client: httpx.Client, admin: dict[str, str], silent: CredentialRecord
) -> None:
    answer = client.post(address(silent.id), headers=admin, json={"kind": "revocation"})

    assert code(answer) == (409, "not-revoked")


def test_a_credential_that_an_issuer_signed_itself_comes_with_a_promise(
    client: httpx.Client, world: World, admin: dict[str, str]
) -> None:
    own = add_own_issuer(world, "own")
    reservation = own.reserve(2)
    one, other = own.sign(reservation, 2)
    path = "/v1/issuers/own/credentials/signed"
    params = {"reservation": reservation.id}

    taken = client.post(path, params=params, headers=admin, content=one).json()
    promise = Promise.parse(taken["promise"])
    check_terms(world, promise)
    world.seal()
    again = client.post(path, params=params, headers=admin, content=one).json()
    bulk = client.post("/v1/issuers/own/signed-uploads", params=params, headers=admin, content=other)
    alone = client.post(path, params=params, headers=admin, content=other).json()

    assert (promise.terms.leaf or b"").hex() == taken["leaf"]
    assert (again["alreadyStored"], again["promise"]) == (True, taken["promise"])
    assert "promise" not in bulk.json()
    assert Promise.parse(alone["promise"]).terms.epoch == newest(world) + MIN_EPOCHS_AHEAD


def test_the_log_tells_how_far_it_is_promised(
    client: httpx.Client, world: World, admin: dict[str, str], silent: CredentialRecord
) -> None:
    for _ in range(2):
        world.seal()
    before = client.get("/v1/log").json()["promisedEpoch"]
    promised = client.post(address(silent.id), headers=admin, json={"kind": "inclusion"})

    after = client.get("/v1/log").json()["promisedEpoch"]

    assert (before, after) == (None, promised.json()["epoch"])


def test_a_registry_without_a_promise_key_promises_nothing_and_says_so(tmp_path: Path) -> None:
    with migrated_world(tmp_path) as world, serve(create_app(world.container)) as client:
        issuer = world.add_issuer("poly")
        achievement = world.add_achievement(issuer)
        admin = {"Authorization": f"Bearer {world.admin_key}"}

        issued = client.post("/v1/issuers/poly/credentials", headers=admin, json=award(achievement)).json()
        revoked = client.post(address(issued["id"], "revoke"), headers=admin, json=REVOKED).json()
        asked = client.post(address(issued["id"]), headers=admin, json={"kind": "inclusion"})
        listed = client.get(address(issued["id"]), headers=admin)

    assert (issued["promise"], revoked["promise"]) == (None, None)
    assert code(asked) == (422, "no-promise-key")
    assert listed.json() == []

"""Receipts with light parts over HTTP, and verdicts by a block that the caller names."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from eth_utils.crypto import keccak

from registry.domain.errors import Unavailable
from registry.service.proving import Receipts
from registry.store_ports import CredentialRecord
from registry.web.app import create_app
from tests.registry_world import World
from tests.web_server import serve


@pytest.fixture(scope="module")
def credential(world: World) -> CredentialRecord:
    issuer = world.add_issuer("light")
    made = world.issue(issuer, world.add_achievement(issuer))
    world.clock.advance(minutes=10)
    world.anchor()
    return world.get(made)


@pytest.fixture
def failing(world: World) -> Iterator[None]:
    world.chain.failure = Unavailable("rpc-transport", "the node is down")
    yield
    world.chain.failure = None


def test_a_receipt_is_asked_for_with_a_light_part_and_verifies_with_no_node(
    client: httpx.Client, credential: CredentialRecord
) -> None:
    receipt = client.get(f"/receipts/{credential.leaf.hex()}", params={"light": "newest"}).json()
    block_hash = "0x" + keccak(hexstr=receipt["light"]["blockHeader"]).hex()

    def verdict(named: str) -> dict[str, object]:
        body = {"credential": credential_json(credential), "receipt": receipt, "options": {"blockHash": named}}
        answer: dict[str, object] = client.post("/v1/verify", json=body).json()
        return answer

    found = verdict(block_hash)
    assert found["verdict"] == "valid"
    block = found["block"]
    assert isinstance(block, dict)
    assert (block["hash"], block["time"]) == (block_hash, found["asOf"])
    assert verdict("0x" + "11" * 32)["verdict"] == "indeterminate"


def credential_json(credential: CredentialRecord) -> object:
    return httpx.Response(200, content=credential.document).json()


def test_without_a_node_a_light_part_is_unavailable_and_the_receipt_is_not(
    client: httpx.Client, credential: CredentialRecord, failing: None
) -> None:
    address = f"/receipts/{credential.leaf.hex()}"

    asked = client.get(address, params={"light": "newest"})

    assert (asked.status_code, asked.json()["code"]) == (503, "rpc-transport")
    assert client.get(address).status_code == 200


def test_a_service_without_a_node_says_so(world: World, credential: CredentialRecord) -> None:
    with serve(create_app(replace(world.container, receipts=Receipts(world.store)))) as alone:
        answer = alone.get(f"/receipts/{credential.leaf.hex()}", params={"light": "newest"})

    assert (answer.status_code, answer.json()["code"]) == (503, "no-rpc")


@pytest.mark.parametrize("light", ["", "oldest", "Newest"])
def test_no_other_light_part_is_to_be_had(client: httpx.Client, credential: CredentialRecord, light: str) -> None:
    answer = client.get(f"/receipts/{credential.leaf.hex()}", params={"light": light})

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")


@pytest.mark.parametrize(
    "options", [{"blockHash": "0x11"}, {"blockHash": 5}, {"blockHash": "0x" + "11" * 32, "at": "2026-01-01T00:00:00Z"}]
)
def test_a_block_is_named_by_its_whole_hash_and_no_date_beside_it(
    client: httpx.Client, credential: CredentialRecord, options: dict[str, object]
) -> None:
    answer = client.post("/v1/verify", json={"credential": credential_json(credential), "options": options})

    assert answer.status_code == 400

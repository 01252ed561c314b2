"""Deploying and opening logs on a real node: what is checked, what is refused, and that all of it may be repeated."""

import dataclasses
from collections.abc import Iterator
from typing import Final

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.types import RPCEndpoint

from registry.adapters.artifacts import DEPLOYMENT_PROXY, Artifact, load_artifact
from registry.adapters.deployment import (
    await_final_log,
    deploy,
    identify_chain,
    is_deployed,
    open_log,
)
from registry.adapters.networks import SEPOLIA, Network
from registry.adapters.rpc import connect
from registry.domain.errors import Conflict, Refused, Unavailable
from tests.anvil import ANVIL_CHAIN_ID, ANVIL_KEYS, run_anvil

pytestmark = pytest.mark.chain

NETWORK: Final = Network(name="anvil", chain_id=ANVIL_CHAIN_ID, genesis_hash=None)

ARTIFACT: Final = load_artifact()

BLOCKS_TO_FINALITY: Final = 2
# With --slots-in-an-epoch 1 anvil calls a block finalized when two more stand on it.


@pytest.fixture
def web3() -> Iterator[Web3]:
    with run_anvil("--slots-in-an-epoch", "1") as node:
        yield connect(node.url)


@pytest.fixture
def account() -> LocalAccount:
    account: LocalAccount = Account.from_key(ANVIL_KEYS[0])
    return account


def command(web3: Web3, method: str, *parameters: object) -> object:
    """Make the node do what only a test node does."""
    response = web3.provider.make_request(RPCEndpoint(method), list(parameters))
    if "error" in response:
        message = f"{method}: {response['error']}"
        raise AssertionError(message)
    return response["result"]


def set_code(web3: Web3, address: str, code: bytes) -> None:
    command(web3, "anvil_setCode", address, "0x" + code.hex())


def test_the_contract_comes_to_stand_at_its_address(web3: Web3, account: LocalAccount) -> None:
    deployment = deploy(web3, account, artifact=ARTIFACT, network=NETWORK)

    assert (deployment.address, deployment.block_number) == (ARTIFACT.address, 1)
    assert bytes(web3.eth.get_code(Web3.to_checksum_address(ARTIFACT.address))) == ARTIFACT.runtime_code


def test_a_second_deployment_sends_nothing(web3: Web3, account: LocalAccount) -> None:
    deploy(web3, account, artifact=ARTIFACT, network=NETWORK)
    nonce = web3.eth.get_transaction_count(account.address)

    again = deploy(web3, account, artifact=ARTIFACT, network=NETWORK)

    assert (again.address, again.block_number) == (ARTIFACT.address, None)
    assert web3.eth.get_transaction_count(account.address) == nonce


def test_another_chain_id_is_refused_before_anything_is_sent(web3: Web3, account: LocalAccount) -> None:
    for action in (deploy, open_log):
        with pytest.raises(Refused, match=r"11155111.*31337") as refusal:
            action(web3, account, artifact=ARTIFACT, network=SEPOLIA)

        assert refusal.value.code == "wrong-chain-id"
    assert web3.eth.get_transaction_count(account.address) == 0


def test_another_genesis_is_refused_before_anything_is_sent(web3: Web3, account: LocalAccount) -> None:
    with pytest.raises(Refused) as refusal:
        deploy(web3, account, artifact=ARTIFACT, network=dataclasses.replace(NETWORK, genesis_hash=bytes(32)))

    assert refusal.value.code == "wrong-genesis"
    assert web3.eth.get_transaction_count(account.address) == 0


def test_the_genesis_that_was_read_can_be_pinned(web3: Web3, account: LocalAccount) -> None:
    genesis_hash = identify_chain(web3, NETWORK)

    deployment = deploy(
        web3, account, artifact=ARTIFACT, network=dataclasses.replace(NETWORK, genesis_hash=genesis_hash)
    )

    assert deployment.block_number == 1


def test_a_chain_without_the_deployment_proxy_is_refused(web3: Web3, account: LocalAccount) -> None:
    set_code(web3, DEPLOYMENT_PROXY, b"")

    with pytest.raises(Refused) as refusal:
        deploy(web3, account, artifact=ARTIFACT, network=NETWORK)

    assert refusal.value.code == "deployer-missing"


def test_another_proxy_is_refused(web3: Web3, account: LocalAccount) -> None:
    set_code(web3, DEPLOYMENT_PROXY, b"\x60\x00\x60\x00\xf3")

    with pytest.raises(Refused) as refusal:
        deploy(web3, account, artifact=ARTIFACT, network=NETWORK)

    assert refusal.value.code == "deployer-missing"


def test_other_code_at_the_address_is_refused(web3: Web3, account: LocalAccount) -> None:
    set_code(web3, ARTIFACT.address, ARTIFACT.runtime_code + b"\x00")

    for action in (deploy, open_log):
        with pytest.raises(Refused) as refusal:
            action(web3, account, artifact=ARTIFACT, network=NETWORK)

        assert refusal.value.code == "wrong-contract-code"


def test_code_that_fails_while_it_is_deployed_is_refused(web3: Web3, account: LocalAccount) -> None:
    # Init code that only reverts, with the runtime code behind it for form's sake.
    failing = Artifact(
        name="Failing",
        compiler="none",
        abi=[],
        init_code=bytes.fromhex("5f5ffd") + ARTIFACT.runtime_code,
        runtime_code=ARTIFACT.runtime_code,
        sources={},
    )

    with pytest.raises(Refused) as refusal:
        deploy(web3, account, artifact=failing, network=NETWORK)

    assert refusal.value.code == "call-reverted"
    assert is_deployed(web3, failing) is False


def test_code_that_leaves_other_code_behind_is_refused(web3: Web3, account: LocalAccount) -> None:
    # Returns one zero byte as the runtime code.
    other = Artifact(
        name="Other",
        compiler="none",
        abi=[],
        init_code=bytes.fromhex("60015ff3") + ARTIFACT.runtime_code,
        runtime_code=ARTIFACT.runtime_code,
        sources={},
    )

    with pytest.raises(Refused) as refusal:
        deploy(web3, account, artifact=other, network=NETWORK)

    assert refusal.value.code == "wrong-contract-code"


def test_an_account_without_funds_is_told_so(web3: Web3) -> None:
    with pytest.raises(Unavailable, match=r"[Ii]nsufficient funds") as failure:
        deploy(web3, Account.create(), artifact=ARTIFACT, network=NETWORK)

    assert failure.value.code == "rpc-refused"


def test_a_log_is_opened_owned_and_bound(web3: Web3, account: LocalAccount) -> None:
    deploy(web3, account, artifact=ARTIFACT, network=NETWORK)

    opened = open_log(web3, account, artifact=ARTIFACT, network=NETWORK)

    contract = web3.eth.contract(address=Web3.to_checksum_address(ARTIFACT.address), abi=ARTIFACT.abi)
    assert str(opened.name) == f"eip155:31337/{ARTIFACT.address}/1"
    assert opened.block_number == 2
    assert contract.functions.ownerOf(1).call() == account.address
    assert contract.functions.anchorerOf(1).call() == account.address


def test_a_second_opening_finds_the_first(web3: Web3, account: LocalAccount) -> None:
    deploy(web3, account, artifact=ARTIFACT, network=NETWORK)
    first = open_log(web3, account, artifact=ARTIFACT, network=NETWORK)

    second = open_log(web3, account, artifact=ARTIFACT, network=NETWORK)

    assert (second.name, second.block_number) == (first.name, None)


def test_another_account_opens_another_log(web3: Web3, account: LocalAccount) -> None:
    deploy(web3, account, artifact=ARTIFACT, network=NETWORK)
    open_log(web3, account, artifact=ARTIFACT, network=NETWORK)

    other = open_log(web3, Account.from_key(ANVIL_KEYS[1]), artifact=ARTIFACT, network=NETWORK)

    assert other.name.number == 2


def test_a_log_is_not_opened_without_the_contract(web3: Web3, account: LocalAccount) -> None:
    with pytest.raises(Refused) as refusal:
        open_log(web3, account, artifact=ARTIFACT, network=NETWORK)

    assert refusal.value.code == "no-contract"


def test_an_account_that_anchors_for_another_owner_opens_no_log(web3: Web3, account: LocalAccount) -> None:
    deploy(web3, account, artifact=ARTIFACT, network=NETWORK)
    log = open_log(web3, account, artifact=ARTIFACT, network=NETWORK).name.number
    heir = Account.from_key(ANVIL_KEYS[1]).address
    contract = web3.eth.contract(address=Web3.to_checksum_address(ARTIFACT.address), abi=ARTIFACT.abi)
    contract.functions.nominateOwner(log, heir).transact({"from": account.address})
    contract.functions.acceptOwner(log).transact({"from": heir})

    with pytest.raises(Conflict, match=heir) as refusal:
        open_log(web3, account, artifact=ARTIFACT, network=NETWORK)

    assert refusal.value.code == "account-is-bound"


def test_a_log_is_final_when_the_finalized_block_knows_it(web3: Web3, account: LocalAccount) -> None:
    deploy(web3, account, artifact=ARTIFACT, network=NETWORK)
    opened = open_log(web3, account, artifact=ARTIFACT, network=NETWORK)

    with pytest.raises(Unavailable) as failure:
        await_final_log(web3, account, artifact=ARTIFACT, opened=opened, timeout_seconds=0)
    command(web3, "anvil_mine", hex(BLOCKS_TO_FINALITY))
    await_final_log(web3, account, artifact=ARTIFACT, opened=opened, timeout_seconds=0)

    assert failure.value.code == "log-not-final"


def test_a_log_that_a_reorganisation_took_away_is_not_final(web3: Web3, account: LocalAccount) -> None:
    deploy(web3, account, artifact=ARTIFACT, network=NETWORK)
    opened = open_log(web3, account, artifact=ARTIFACT, network=NETWORK)
    command(web3, "anvil_reorg", 1, [])
    command(web3, "anvil_mine", hex(BLOCKS_TO_FINALITY + 1))

    with pytest.raises(Unavailable) as failure:
        await_final_log(web3, account, artifact=ARTIFACT, opened=opened, timeout_seconds=0)

    assert failure.value.code == "log-not-final"


def test_a_dead_node_is_unavailable_and_its_access_key_is_not_told(account: LocalAccount) -> None:
    with run_anvil() as node:
        url = f"{node.url}/secret-access-key"

    with pytest.raises(Unavailable) as failure:
        deploy(connect(url), account, artifact=ARTIFACT, network=NETWORK)

    assert failure.value.code == "rpc-transport"
    assert "secret" not in failure.value.message

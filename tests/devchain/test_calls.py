"""Calls and estimates: results, revert data, gas that suffices."""

import pytest
from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError
from web3.types import Wei

from tests.devchain.client import KEEPER_INITCODE, RpcFailure, rpc, send, word

ERROR_SELECTOR = bytes.fromhex("08c379a0")
PANIC_SELECTOR = bytes.fromhex("4e487b71")
RECIPIENT = "0x00000000000000000000000000000000000A11cE"
LOOP_FOR_EVER = "0x5b5f56"


def failure(url: str, method: str, *parameters: object) -> RpcFailure:
    with pytest.raises(RpcFailure) as caught:
        rpc(url, method, *parameters)
    return caught.value


def test_a_call_sees_what_a_transaction_left(web3: Web3, account: LocalAccount, keeper: str) -> None:
    send(web3, account, to=keeper, data=word(5))

    assert web3.eth.call({"to": Web3.to_checksum_address(keeper)}) == word(5)


def test_a_call_changes_nothing(web3: Web3, keeper: str) -> None:
    head = web3.eth.get_block("latest")["hash"]

    web3.eth.call({"to": Web3.to_checksum_address(keeper), "data": word(9)})

    assert web3.eth.get_block("latest")["hash"] == head
    assert web3.eth.get_storage_at(Web3.to_checksum_address(keeper), 0) == word(0)


def test_revert_data_reaches_the_caller(url: str, keeper: str) -> None:
    error = failure(url, "eth_call", {"to": keeper, "data": "0xdeadbeef01"}, "latest")

    assert (error.code, error.message, error.data) == (3, "execution reverted", "0xdeadbeef01")


def test_a_reason_is_read_out_of_the_revert_data(url: str, keeper: str) -> None:
    sent = ERROR_SELECTOR + encode(["string"], ["tree did not grow"])

    error = failure(url, "eth_call", {"to": keeper, "data": "0x" + sent.hex()}, "latest")

    assert (error.code, error.message) == (3, "execution reverted: tree did not grow")
    assert error.data == "0x" + sent.hex()


@pytest.mark.parametrize(
    "body", [b"", word(32), word(32) + word(1), word(64) + word(0) + word(0), word(32) + word(2**255)]
)
def test_a_malformed_reason_is_handed_on_unread(url: str, keeper: str, body: bytes) -> None:
    error = failure(url, "eth_call", {"to": keeper, "data": "0x" + (ERROR_SELECTOR + body).hex()}, "latest")

    assert (error.code, error.message) == (3, "execution reverted")
    assert error.data == "0x" + (ERROR_SELECTOR + body).hex()


def test_a_panic_is_named_by_its_code(url: str, keeper: str) -> None:
    sent = PANIC_SELECTOR + word(0x11)

    error = failure(url, "eth_call", {"to": keeper, "data": "0x" + sent.hex()}, "latest")

    assert error.message == "execution reverted: panic code 0x11"


def test_web3_raises_its_own_errors_for_reverts(web3: Web3, keeper: str) -> None:
    reason = ERROR_SELECTOR + encode(["string"], ["no"])

    with pytest.raises(ContractLogicError, match="no"):
        web3.eth.call({"to": Web3.to_checksum_address(keeper), "data": reason})
    with pytest.raises(ContractCustomError) as caught:
        web3.eth.call({"to": Web3.to_checksum_address(keeper), "data": bytes.fromhex("deadbeef01")})

    assert caught.value.data == "0xdeadbeef01"


def test_an_estimate_of_a_revert_carries_the_revert_data_too(url: str, keeper: str) -> None:
    error = failure(url, "eth_estimateGas", {"to": keeper, "data": "0xdeadbeef01"})

    assert (error.code, error.data) == (3, "0xdeadbeef01")


def test_a_transfer_is_estimated_to_the_unit(web3: Web3, account: LocalAccount) -> None:
    assert web3.eth.estimate_gas({"from": account.address, "to": RECIPIENT, "value": Wei(1)}) == 21_000


def test_an_estimate_suffices_and_wastes_little(web3: Web3, account: LocalAccount, keeper: str) -> None:
    gas = web3.eth.estimate_gas({"from": account.address, "to": Web3.to_checksum_address(keeper), "data": word(8)})

    receipt = send(web3, account, to=keeper, data=word(8), gas=gas)

    assert receipt["status"] == 1
    assert receipt["gasUsed"] <= gas <= receipt["gasUsed"] * 1.05


def test_a_creation_can_be_estimated(web3: Web3, account: LocalAccount) -> None:
    gas = web3.eth.estimate_gas({"from": account.address, "data": KEEPER_INITCODE})

    assert send(web3, account, data=KEEPER_INITCODE, gas=gas)["status"] == 1


def test_code_that_never_ends_runs_out_of_gas(url: str) -> None:
    loop = {"data": LOOP_FOR_EVER, "gas": hex(200_000)}

    assert failure(url, "eth_call", loop, "latest").message == "out of gas"
    assert failure(url, "eth_estimateGas", loop).message == "gas required exceeds allowance (200000)"


def test_less_gas_than_any_transaction_needs_is_refused(url: str) -> None:
    assert "allowance (100)" in failure(url, "eth_estimateGas", {"to": RECIPIENT, "gas": "0x64"}).message


def test_code_that_is_none_fails_without_being_a_revert(url: str) -> None:
    error = failure(url, "eth_call", {"data": "0xfe"}, "latest")

    assert error.code == -32000
    assert "InvalidInstruction" in error.message


def test_a_call_cannot_spend_what_its_sender_lacks(url: str) -> None:
    error = failure(url, "eth_call", {"from": "0x" + "11" * 20, "to": RECIPIENT, "value": "0x1"}, "latest")

    assert error.message.startswith("insufficient funds for transfer")

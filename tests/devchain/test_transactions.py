"""Sending transactions: what is mined, and what is refused in the words that clients know."""

from typing import Any

import pytest
import rlp
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import HexStr
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import TransactionNotFound, Web3RPCError

from registry.devchain.accounts import development_accounts
from tests.devchain.client import (
    KEEPER_INITCODE,
    KEEPER_RUNTIME,
    KEPT_TOPIC,
    PROXY,
    RpcFailure,
    rpc,
    send,
    signed,
    word,
)
from tests.devchain_process import DevChainProcess

RECIPIENT = Web3.to_checksum_address("0x00000000000000000000000000000000000a11ce")


def refusal(web3: Web3, raw: bytes) -> str:
    with pytest.raises(Web3RPCError) as caught:
        web3.eth.send_raw_transaction(raw)
    assert caught.value.rpc_response is not None
    assert caught.value.rpc_response["error"]["code"] == -32000
    return str(caught.value.rpc_response["error"]["message"])


def test_a_transfer_is_in_a_block_when_its_sender_hears_of_it(web3: Web3, account: LocalAccount) -> None:
    before = web3.eth.get_balance(RECIPIENT), web3.eth.block_number

    receipt = send(web3, account, to=RECIPIENT, value=7, gas=21_000)

    assert receipt["status"] == 1
    assert receipt["gasUsed"] == 21_000
    assert receipt["blockNumber"] == before[1] + 1 == web3.eth.block_number
    assert web3.eth.get_balance(RECIPIENT) == before[0] + 7
    assert web3.eth.get_balance(account.address) == 10 * 10**18 - 7 - 21_000 * receipt["effectiveGasPrice"]


@pytest.mark.parametrize(
    "fields",
    [
        {"gasPrice": 10**10},
        {"gasPrice": 10**10, "type": 1, "accessList": [{"address": PROXY, "storageKeys": ["0x" + "00" * 32]}]},
        {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 3, "type": 2},
    ],
    ids=["legacy", "access list", "dynamic fee"],
)
def test_each_kind_of_transaction_comes_back_as_it_was_signed(
    web3: Web3, account: LocalAccount, fields: dict[str, Any]
) -> None:
    transaction = {"to": RECIPIENT, "value": 1, "gas": 60_000, "nonce": 0, "chainId": web3.eth.chain_id, **fields}
    made = account.sign_transaction(transaction)

    web3.eth.send_raw_transaction(made.raw_transaction)

    found = web3.eth.get_transaction(made.hash)
    assert (int.from_bytes(found["r"]), int.from_bytes(found["s"]), found["v"]) == (made.r, made.s, made.v)
    assert found["from"] == account.address
    assert found["type"] == fields.get("type", 0)
    assert [dict(entry) for entry in found.get("accessList", [])] in ([], fields.get("accessList", []))
    assert web3.eth.get_transaction_receipt(made.hash)["type"] == fields.get("type", 0)


def test_the_deployment_proxy_puts_a_contract_where_create2_says(web3: Web3, keeper: str) -> None:
    code = web3.eth.get_code(Web3.to_checksum_address(keeper))

    assert code == KEEPER_RUNTIME


def test_the_deployment_proxy_has_its_well_known_code(web3: Web3) -> None:
    code = web3.eth.get_code(Web3.to_checksum_address(PROXY))

    assert keccak(code).hex() == "2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989"


def test_a_creation_names_the_contract_in_its_receipt(web3: Web3, account: LocalAccount) -> None:
    receipt = send(web3, account, data=KEEPER_INITCODE)

    expected = keccak(rlp.encode([bytes.fromhex(account.address[2:]), b""]))[12:]
    assert receipt["contractAddress"] == Web3.to_checksum_address(expected)
    assert web3.eth.get_code(receipt["contractAddress"]) == KEEPER_RUNTIME


def test_a_call_leaves_its_state_and_its_event(web3: Web3, account: LocalAccount, keeper: str) -> None:
    receipt = send(web3, account, to=keeper, data=word(42))

    (event,) = receipt["logs"]
    assert event["address"] == keeper
    assert [bytes(topic) for topic in event["topics"]] == [KEPT_TOPIC]
    assert event["data"] == word(42)
    assert web3.eth.get_storage_at(Web3.to_checksum_address(keeper), 0) == word(42)


def test_a_reverted_transaction_is_mined_with_status_zero(web3: Web3, account: LocalAccount, keeper: str) -> None:
    receipt = send(web3, account, to=keeper, data=b"\x01")

    assert receipt["status"] == 0
    assert receipt["logs"] == []
    assert web3.eth.get_transaction_count(account.address) == 1


def test_a_used_nonce_is_too_low(web3: Web3, account: LocalAccount) -> None:
    send(web3, account, to=RECIPIENT)

    assert refusal(web3, signed(web3, account, to=RECIPIENT, value=1, nonce=0)).startswith("nonce too low")


def test_a_nonce_with_a_gap_before_it_is_too_high(web3: Web3, account: LocalAccount) -> None:
    assert refusal(web3, signed(web3, account, to=RECIPIENT, nonce=1)).startswith("nonce too high")


def test_the_same_transaction_again_is_already_known(web3: Web3, account: LocalAccount) -> None:
    raw = signed(web3, account, to=RECIPIENT)
    web3.eth.send_raw_transaction(raw)

    assert refusal(web3, raw) == "already known"


def test_a_sender_without_funds_is_told_so(web3: Web3) -> None:
    poor: LocalAccount = Account.create()

    assert refusal(web3, signed(web3, poor, to=RECIPIENT)).startswith("insufficient funds for gas * price + value")


def test_a_refused_transaction_changes_nothing(web3: Web3, account: LocalAccount) -> None:
    head = web3.eth.get_block("latest")["hash"]

    refusal(web3, signed(web3, account, to=RECIPIENT, nonce=5))

    assert web3.eth.get_block("latest")["hash"] == head
    assert web3.eth.get_transaction_count(account.address) == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"chainId": 1}, "invalid chain id for signer: have 1 want"),
        ({"gas": 20_999}, "intrinsic gas too low"),
        ({"gas": 30_000_001}, "exceeds block gas limit"),
        ({"gas": 24_000, "data": b"\x01" * 100}, "insufficient gas for floor data gas cost"),
        ({"maxFeePerGas": 1, "maxPriorityFeePerGas": 2}, "max priority fee per gas higher than max fee per gas"),
        ({"maxFeePerGas": 0, "maxPriorityFeePerGas": 0}, "max fee per gas less than block base fee"),
        ({"to": None, "data": b"\x00" * 49_153, "gas": 10**7}, "max initcode size exceeded"),
        ({"data": b"\x00" * 131_072, "gas": 10**7}, "oversized data"),
    ],
)
def test_what_no_block_takes_is_refused_in_the_words_of_other_nodes(
    web3: Web3, account: LocalAccount, fields: dict[str, Any], words: str
) -> None:
    wanted = {name: value for name, value in {"to": RECIPIENT, **fields}.items() if value is not None}

    assert refusal(web3, signed(web3, account, **wanted)).startswith(words)


def test_a_transaction_without_a_chain_id_is_refused(web3: Web3, account: LocalAccount) -> None:
    made = account.sign_transaction(
        {"to": HexStr(RECIPIENT), "value": 0, "gas": 21_000, "nonce": 0, "gasPrice": 10**10}
    )

    assert refusal(web3, made.raw_transaction).startswith("only replay-protected")


@pytest.mark.parametrize("raw", ["0x", "0x02", "0x03c0", "0x05c0", "0x7fc0", "0xc0", "0xf8", "0x02c1c0", "0x80"])
def test_bytes_that_are_no_transaction_are_refused(url: str, raw: str) -> None:
    with pytest.raises(RpcFailure) as caught:
        rpc(url, "eth_sendRawTransaction", raw)

    assert caught.value.code == -32000


def test_a_changed_byte_of_a_signed_transaction_is_never_mined_for_its_signer(
    web3: Web3, account: LocalAccount
) -> None:
    raw = bytearray(signed(web3, account, to=RECIPIENT))
    raw[-1] ^= 1

    refusal(web3, bytes(raw))

    assert web3.eth.get_transaction_count(account.address) == 0


def test_an_unknown_transaction_is_not_found(web3: Web3) -> None:
    with pytest.raises(TransactionNotFound):
        web3.eth.get_transaction_receipt(HexBytes(keccak(b"nothing")))


def test_the_development_accounts_have_funds(devchain: DevChainProcess, web3: Web3) -> None:
    balances = [web3.eth.get_balance(account.address, 0) for account in development_accounts()]

    assert balances == [10**24] * 10
    assert devchain.chain_id == web3.eth.chain_id

"""Reading the chain: tags, block hashes, old states, headers that can be rebuilt."""

from typing import Any

import pytest
import rlp
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from web3 import Web3
from web3.exceptions import BlockNotFound

from tests.devchain.client import RpcFailure, rpc, send, word

HEADER_FIELDS = [
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
    "baseFeePerGas",
    "withdrawalsRoot",
    "blobGasUsed",
    "excessBlobGas",
    "parentBeaconBlockRoot",
    "requestsHash",
]
QUANTITIES = frozenset(
    ["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"]
)


def header_hash(block: dict[str, Any]) -> str:
    """Rebuild the header's RLP from the JSON and hash it, as an auditor does."""
    fields = [int(block[name], 16) if name in QUANTITIES else bytes.fromhex(block[name][2:]) for name in HEADER_FIELDS]
    return "0x" + keccak(rlp.encode(fields)).hex()


def test_a_header_rebuilt_from_its_json_has_the_blocks_hash(
    url: str, web3: Web3, account: LocalAccount, keeper: str
) -> None:
    number = send(web3, account, to=keeper, data=word(1))["blockNumber"]

    for wanted in (0, 1, number):
        block = rpc(url, "eth_getBlockByNumber", hex(wanted), False)
        assert header_hash(block) == block["hash"]


def test_each_block_names_its_parent(url: str) -> None:
    rpc(url, "evm_mine")
    head = rpc(url, "eth_getBlockByNumber", "latest", False)

    parent = rpc(url, "eth_getBlockByHash", head["parentHash"], False)

    assert int(parent["number"], 16) == int(head["number"], 16) - 1
    assert int(parent["timestamp"], 16) < int(head["timestamp"], 16)


@pytest.mark.parametrize("tag", ["latest", "safe", "finalized"])
def test_the_newest_block_is_final(url: str, tag: str) -> None:
    rpc(url, "evm_mine")

    block = rpc(url, "eth_getBlockByNumber", tag, False)

    assert block["number"] == rpc(url, "eth_blockNumber")
    assert block == rpc(url, "eth_getBlockByHash", block["hash"], False)


def test_earliest_is_the_genesis_block(url: str) -> None:
    block = rpc(url, "eth_getBlockByNumber", "earliest", False)

    assert block["number"] == "0x0"
    assert block["parentHash"] == "0x" + "00" * 32


def test_pending_is_the_next_block_and_has_no_hash(url: str) -> None:
    block = rpc(url, "eth_getBlockByNumber", "pending", False)

    assert int(block["number"], 16) == int(rpc(url, "eth_blockNumber"), 16) + 1
    assert (block["hash"], block["nonce"], block["transactions"]) == (None, None, [])
    assert rpc(url, "eth_getBlockReceipts", "pending") == []


def test_every_state_method_takes_a_block_hash(url: str, web3: Web3, account: LocalAccount, keeper: str) -> None:
    old = send(web3, account, to=keeper, data=word(1))
    balance = web3.eth.get_balance(account.address)
    send(web3, account, to=keeper, data=word(2))
    at_hash = {"blockHash": old["blockHash"].to_0x_hex(), "requireCanonical": True}
    at_number = {"blockNumber": hex(old["blockNumber"])}

    for block in (at_hash, at_number, at_hash["blockHash"], hex(old["blockNumber"])):
        assert rpc(url, "eth_call", {"to": keeper}, block) == "0x" + word(1).hex()
        assert rpc(url, "eth_getStorageAt", keeper, "0x0", block) == "0x" + word(1).hex()
        assert rpc(url, "eth_getBalance", account.address, block) == hex(balance)
        assert rpc(url, "eth_getTransactionCount", account.address, block) == "0x1"
        assert len(rpc(url, "eth_getCode", keeper, block)) > 2
        assert rpc(url, "eth_getProof", keeper, ["0x0"], block)["storageProof"][0]["value"] == "0x1"
    assert rpc(url, "eth_call", {"to": keeper}, "latest") == "0x" + word(2).hex()


def test_the_state_before_a_deployment_has_no_code(web3: Web3, keeper: str) -> None:
    address = Web3.to_checksum_address(keeper)

    assert web3.eth.get_code(address, web3.eth.block_number - 1) == b""
    assert web3.eth.get_code(address) != b""


def test_an_unknown_block_is_not_the_newest(url: str, web3: Web3) -> None:
    beyond = hex(web3.eth.block_number + 100)

    with pytest.raises(RpcFailure) as by_number:
        rpc(url, "eth_getBalance", "0x" + "00" * 20, beyond)
    with pytest.raises(RpcFailure) as by_hash:
        rpc(url, "eth_getBalance", "0x" + "00" * 20, {"blockHash": "0x" + "11" * 32})
    with pytest.raises(BlockNotFound):
        web3.eth.get_block(web3.eth.block_number + 100)

    assert (by_number.value.code, by_hash.value.code) == (-32000, -32001)
    assert rpc(url, "eth_getBlockByHash", "0x" + "11" * 32, False) is None
    assert rpc(url, "eth_getBlockReceipts", beyond) is None


def test_a_state_root_is_not_taken_for_a_block(url: str) -> None:
    root = rpc(url, "eth_getBlockByNumber", "latest", False)["stateRoot"]

    assert rpc(url, "eth_getBlockByHash", root, False) is None


def test_block_receipts_are_the_transaction_receipts(url: str, web3: Web3, account: LocalAccount, keeper: str) -> None:
    receipt = send(web3, account, to=keeper, data=word(3))

    together = rpc(url, "eth_getBlockReceipts", receipt["blockHash"].to_0x_hex())

    assert together == [rpc(url, "eth_getTransactionReceipt", receipt["transactionHash"].to_0x_hex())]


def test_a_block_lists_its_transactions_in_full_when_asked(url: str, web3: Web3, account: LocalAccount) -> None:
    receipt = send(web3, account, to=account.address)
    block_hash, transaction_hash = receipt["blockHash"].to_0x_hex(), receipt["transactionHash"].to_0x_hex()

    brief = rpc(url, "eth_getBlockByHash", block_hash, False)
    full = rpc(url, "eth_getBlockByHash", block_hash, True)

    assert brief["transactions"] == [transaction_hash]
    assert full["transactions"] == [rpc(url, "eth_getTransactionByHash", transaction_hash)]
    assert {**full, "transactions": []} == {**brief, "transactions": []}


def test_fees_follow_from_the_history(url: str, web3: Web3, account: LocalAccount) -> None:
    send(web3, account, to=account.address, maxPriorityFeePerGas=5, gas=21_000)
    head = web3.eth.block_number

    history = rpc(url, "eth_feeHistory", 2, "latest", [0, 50, 100])

    assert history["oldestBlock"] == hex(head - 1)
    assert history["reward"][1] == ["0x5", "0x5", "0x5"]
    assert history["gasUsedRatio"][1] == 21_000 / 30_000_000
    assert history["baseFeePerGas"][1] == rpc(url, "eth_getBlockByNumber", hex(head), False)["baseFeePerGas"]
    rpc(url, "evm_mine")
    assert history["baseFeePerGas"][2] == rpc(url, "eth_getBlockByNumber", hex(head + 1), False)["baseFeePerGas"]


def test_an_empty_block_has_no_rewards(url: str) -> None:
    rpc(url, "evm_mine")

    assert rpc(url, "eth_feeHistory", "0x1", "pending", [50.5])["reward"] == [["0x0"]]
    assert "reward" not in rpc(url, "eth_feeHistory", "0x1", "latest")


def test_a_suggested_price_is_accepted(url: str, web3: Web3, account: LocalAccount) -> None:
    tip, price = web3.eth.max_priority_fee, web3.eth.gas_price

    receipt = send(web3, account, to=account.address, maxFeePerGas=price, maxPriorityFeePerGas=tip)

    assert receipt["status"] == 1
    assert tip <= price


def test_the_node_says_what_it_is(url: str, web3: Web3) -> None:
    assert rpc(url, "net_version") == str(web3.eth.chain_id)
    assert rpc(url, "eth_syncing") is False
    assert rpc(url, "eth_accounts") == []
    assert rpc(url, "net_listening") is True
    assert rpc(url, "web3_clientVersion").startswith("credroot-devchain/")

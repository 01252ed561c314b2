"""Searching logs: every way to narrow the search, and its bounds."""

import pytest
from eth.rlp.logs import Log
from eth.rlp.receipts import Receipt
from eth.vm.forks.prague.blocks import PragueBlockHeader
from eth_account.signers.local import LocalAccount
from eth_typing import Address, BlockNumber
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3

from registry.devchain.chain import DevChain
from registry.devchain.logs import BLOCK_RANGE_LIMIT, LogFilter, search_logs
from tests.devchain.client import KEPT_TOPIC, RpcFailure, rpc, send, word

TOPIC = "0x" + KEPT_TOPIC.hex()
OTHER = "0x" + "11" * 32


@pytest.fixture
def kept(web3: Web3, account: LocalAccount, keeper: str) -> list[int]:
    """Log the values 1 to 3 in three blocks and return the blocks' numbers."""
    return [send(web3, account, to=keeper, data=word(value))["blockNumber"] for value in (1, 2, 3)]


def values(found: list[dict[str, str]]) -> list[int]:
    return [int(log["data"], 16) for log in found]


def test_a_range_of_blocks_gives_its_logs_in_order(url: str, keeper: str, kept: list[int]) -> None:
    def search(first: int, last: int) -> list[int]:
        return values(rpc(url, "eth_getLogs", {"address": keeper, "fromBlock": hex(first), "toBlock": hex(last)}))

    assert search(kept[0], kept[2]) == [1, 2, 3]
    assert search(kept[1], kept[1]) == [2]
    assert search(kept[2] + 1, kept[2] + 50) == []
    assert search(kept[1], kept[2] + 50) == [2, 3]


def test_a_block_hash_gives_the_logs_of_that_block(url: str, web3: Web3, keeper: str, kept: list[int]) -> None:
    block = web3.eth.get_block(kept[1])

    found = rpc(url, "eth_getLogs", {"blockHash": block["hash"].to_0x_hex(), "address": [keeper]})

    assert values(found) == [2]
    assert found[0]["blockHash"] == block["hash"].to_0x_hex()
    assert int(found[0]["blockTimestamp"], 16) == block["timestamp"]


@pytest.mark.parametrize(
    ("topics", "count"),
    [
        ([], 3),
        ([TOPIC], 3),
        ([None], 3),
        ([[OTHER, TOPIC]], 3),
        ([[]], 3),
        ([OTHER], 0),
        ([TOPIC, None], 0),
        ([None, TOPIC], 0),
    ],
)
def test_topics_select_by_position(url: str, keeper: str, kept: list[int], topics: list[object], count: int) -> None:
    found = rpc(url, "eth_getLogs", {"address": keeper, "topics": topics, "fromBlock": hex(kept[0])})

    assert len(found) == count


def test_another_contracts_logs_are_left_out(url: str, kept: list[int]) -> None:
    assert rpc(url, "eth_getLogs", {"address": "0x" + "22" * 20, "fromBlock": hex(kept[0])}) == []


def test_the_logs_of_a_receipt_are_those_of_the_search(url: str, web3: Web3, keeper: str, kept: list[int]) -> None:
    found = rpc(url, "eth_getLogs", {"address": keeper, "fromBlock": hex(kept[2])})

    assert rpc(url, "eth_getTransactionReceipt", found[0]["transactionHash"])["logs"] == found


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"fromBlock": "0x2", "toBlock": "0x1"}, -32602),
        ({"blockHash": OTHER}, -32001),
        ({"blockHash": OTHER, "fromBlock": "0x1"}, -32602),
        ({"topics": [None] * 5}, -32602),
        ({"topics": "0x"}, -32602),
        ({"topics": ["0x1234"]}, -32602),
        ({"address": "0x12"}, -32602),
        ({"address": ["0x" + "22" * 20] * 1001}, -32602),
        ({"adress": "0x" + "22" * 20}, -32602),
        ([], -32602),
    ],
)
def test_a_malformed_search_is_refused(url: str, wanted: object, code: int) -> None:
    with pytest.raises(RpcFailure) as caught:
        rpc(url, "eth_getLogs", wanted)

    assert caught.value.code == code


@given(st.lists(st.integers(0, 2**256 - 1), max_size=4), st.binary(min_size=20, max_size=20))
def test_the_bloom_filter_never_hides_a_log(topics: list[int], address: bytes) -> None:
    receipt = Receipt(b"\x01", 1, [Log(Address(address), tuple(topics), b"")])
    header = PragueBlockHeader(difficulty=0, block_number=BlockNumber(1), gas_limit=1, timestamp=1, bloom=receipt.bloom)

    wanted = LogFilter(addresses=frozenset((Address(address),)), topics=tuple(frozenset((topic,)) for topic in topics))

    assert wanted.may_be_in(header)
    assert wanted.matches(receipt.logs[0])


def test_a_range_reaches_as_far_as_the_chain() -> None:
    ticks = iter(range(1, 10**6))
    chain = DevChain.create_or_open(None, chain_id=7, funded=(), now=lambda: next(ticks))
    chain.mine_empty_block()

    found = search_logs(chain, {"fromBlock": "0x0", "toBlock": hex(BLOCK_RANGE_LIMIT * 2)})

    assert found == []
    chain.close()

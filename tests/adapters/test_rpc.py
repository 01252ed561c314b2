"""One connection to one node, and nodes that do everything wrong."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler
from time import monotonic

import pytest
from eth_utils.address import to_checksum_address

from registry.adapters.artifacts import load_artifact
from registry.adapters.rpc import (
    RpcRefused,
    WrongChain,
    block_parameter,
    check_chain,
    check_contract,
    connect,
    read_data,
    read_hash,
    read_member,
    read_quantity,
    read_time,
    request,
    translated_errors,
)
from registry.adapters.rpc_exchange import redact
from registry.domain.canonical import JsonValue
from registry.domain.errors import Refused, Unavailable
from tests.adapters.rpc_nodes import Answer, node, reply, rpc

HASH = "0x" + "ab" * 32
TIMEOUT_SECONDS = 5.0


def test_a_result_is_returned_as_it_came() -> None:
    with node(lambda handler, asked: rpc(handler, asked, result=asked["params"])) as url:
        assert request(connect(url), "echo", ["0x1", None]) == ["0x1", None]


def test_a_null_result_is_a_result() -> None:
    with node(lambda handler, asked: rpc(handler, asked, result=None)) as url:
        assert request(connect(url), "eth_getTransactionReceipt", [HASH]) is None


def test_the_nodes_own_no_is_told_apart_from_silence() -> None:
    def refuse(handler: BaseHTTPRequestHandler, asked: dict[str, JsonValue]) -> None:
        rpc(handler, asked, error={"code": -32000, "message": "nonce too low", "data": "0x01"})

    with node(refuse) as url, pytest.raises(RpcRefused) as caught:
        request(connect(url), "eth_sendRawTransaction", ["0x"])

    assert (caught.value.number, caught.value.reason, caught.value.data) == (-32000, "nonce too low", "0x01")


BROKEN: dict[str, Answer] = {
    "html": lambda handler, _: reply(handler, b"<html>rate limited</html>"),
    "rate limit": lambda handler, _: reply(handler, b"{}", status=429),
    "server error": lambda handler, _: reply(handler, b"", status=502),
    "redirect": lambda handler, _: reply(handler, b"", status=302),
    "truncated": lambda handler, _: reply(handler, b'{"jsonrpc"', length=1000),
    "nothing": lambda handler, _: handler.connection.shutdown(socket.SHUT_RDWR),
    "not utf-8": lambda handler, _: reply(handler, b'"\xff"'),
    "a list": lambda handler, _: reply(handler, b"[]"),
    "no version": lambda handler, asked: reply(handler, json.dumps({"id": asked["id"], "result": 1}).encode()),
    "neither": rpc,
    "both": lambda handler, asked: rpc(handler, asked, result=1, error={"code": 1, "message": "x"}),
    "another question": lambda handler, asked: rpc(handler, {**asked, "id": 99_999}, result="0x1"),
    "a nameless error": lambda handler, asked: rpc(handler, asked, error="x"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_answer_is_unavailable_and_never_shows_the_key(kind: str) -> None:
    with node(BROKEN[kind]) as url, pytest.raises(Unavailable) as caught:
        request(connect(url), "eth_blockNumber", [])

    assert not isinstance(caught.value, RpcRefused)
    shown = f"{caught.value} {caught.value.__cause__}"
    assert "SECRET" not in shown
    assert "hidden" not in shown


def test_a_node_that_drips_bytes_is_given_up_at_the_deadline() -> None:
    done = threading.Event()

    def drip(handler: BaseHTTPRequestHandler, _: dict[str, JsonValue]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not done.wait(0.05):
            try:
                handler.wfile.write(b" ")
                handler.wfile.flush()
            except OSError:
                return

    with node(drip) as url:
        began = monotonic()
        with pytest.raises(Unavailable, match="did not answer"):
            request(connect(url, timeout_seconds=0.5), "eth_blockNumber", [])
        took = monotonic() - began
        done.set()

    assert took < TIMEOUT_SECONDS


def test_a_request_is_made_once_however_it_ends() -> None:
    seen: list[str] = []

    def count(handler: BaseHTTPRequestHandler, asked: dict[str, JsonValue]) -> None:
        seen.append(str(asked["method"]))
        reply(handler, b"", status=503)

    with node(count) as url, pytest.raises(Unavailable):
        request(connect(url), "eth_sendRawTransaction", ["0x"])

    assert seen == ["eth_sendRawTransaction"]


def test_nobody_listening_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(Unavailable, match="could not be asked"):
        request(connect(f"http://127.0.0.1:{port}"), "eth_blockNumber", [])


def test_an_answer_larger_than_any_we_ask_for_is_refused() -> None:
    def flood(handler: BaseHTTPRequestHandler, _: dict[str, JsonValue]) -> None:
        try:
            reply(handler, b" " * (33 * 1024 * 1024 + 1))
        except OSError:
            return

    with node(flood) as url, pytest.raises(Unavailable, match="over 33554432 bytes"):
        request(connect(url, timeout_seconds=30.0), "eth_getLogs", [])


def test_web3_reads_through_the_same_connection() -> None:
    with node(lambda handler, asked: rpc(handler, asked, result="0x10")) as url:
        assert connect(url).eth.block_number == 16


def test_what_web3_makes_of_a_refusal_is_translated() -> None:
    def refuse(handler: BaseHTTPRequestHandler, asked: dict[str, JsonValue]) -> None:
        rpc(handler, asked, error={"code": -32005, "message": "limit exceeded"})

    with node(refuse) as url, pytest.raises(Unavailable, match="limit exceeded"), translated_errors("reading"):
        connect(url).eth.get_balance(to_checksum_address("0x" + "11" * 20))


def test_what_web3_makes_of_a_revert_is_a_refusal_of_the_contract() -> None:
    def revert(handler: BaseHTTPRequestHandler, asked: dict[str, JsonValue]) -> None:
        rpc(handler, asked, error={"code": 3, "message": "execution reverted", "data": "0x"})

    with node(revert) as url, pytest.raises(Refused, match="the contract refused"), translated_errors("calling"):
        connect(url).eth.call({"to": to_checksum_address("0x" + "11" * 20), "data": b""})


def test_what_web3_does_not_find_is_unavailable() -> None:
    with node(lambda handler, asked: rpc(handler, asked, result=None)) as url:
        web3 = connect(url)
        with pytest.raises(Unavailable), translated_errors("reading a block"):
            web3.eth.get_block("finalized")


def test_an_empty_answer_to_a_call_is_unavailable() -> None:
    with node(lambda handler, asked: rpc(handler, asked, result="0x")) as url:
        artifact = load_artifact()
        contract = connect(url).eth.contract(address=to_checksum_address(artifact.address), abi=artifact.abi)
        with pytest.raises(Unavailable, match="no usable answer"), translated_errors("calling"):
            contract.functions.latestEpoch(1).call()


def chain_of(**answers: JsonValue) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, asked: dict[str, JsonValue]) -> None:
        rpc(handler, asked, result=answers[str(asked["method"])])

    return answer


def test_the_chain_is_checked_and_not_believed() -> None:
    with node(chain_of(eth_chainId="0x7", eth_getBlockByNumber={"hash": HASH})) as url:
        web3 = connect(url)

        check_chain(web3, chain_id=7, genesis_hash=HASH)
        with pytest.raises(WrongChain, match="wrong chain id: expected 8") as other_id:
            check_chain(web3, chain_id=8, genesis_hash=HASH)
        with pytest.raises(WrongChain, match="wrong genesis") as other_genesis:
            check_chain(web3, chain_id=7, genesis_hash="0x" + "cd" * 32)

    assert (other_id.value.code, other_genesis.value.code) == ("wrong-chain-id", "wrong-genesis")


@pytest.mark.parametrize(
    ("code", "error"), [("0x6001", None), ("0x", "no-contract"), ("0x6002", "wrong-contract-code")]
)
def test_the_contracts_code_is_compared(code: str, error: str | None) -> None:
    with node(chain_of(eth_getCode=code)) as url:
        web3 = connect(url)
        if error is None:
            check_contract(web3, address="0x" + "11" * 20, runtime_code=b"\x60\x01")
            return
        with pytest.raises(WrongChain) as caught:
            check_contract(web3, address="0x" + "11" * 20, runtime_code=b"\x60\x01")

    assert caught.value.code == error


@pytest.mark.parametrize("value", [None, "", "0x", "0x01", "1", 1, "0xg", [], "0x" + "1" * 65])
def test_a_quantity_has_one_form(value: JsonValue) -> None:
    with pytest.raises(Unavailable):
        read_quantity(value, where="test")


@pytest.mark.parametrize("value", [None, "0x", "ab" * 32, HASH + "0", 1])
def test_a_hash_has_one_size(value: JsonValue) -> None:
    with pytest.raises(Unavailable):
        read_hash(value, where="test")


def test_what_has_the_form_is_read() -> None:
    assert read_quantity("0x0", where="test") == 0
    assert read_hash(HASH.upper().replace("X", "x"), where="test") == HASH
    assert read_data("0x00ff", where="test") == b"\x00\xff"
    assert read_member({"a": None}, "a") is None


@pytest.mark.parametrize("value", [None, 1, "0x01", hex(253_402_300_800), "0x" + "f" * 64])
def test_a_time_is_a_quantity_within_the_calendar(value: JsonValue) -> None:
    assert read_time(hex(253_402_300_799), where="test").year == 9999
    with pytest.raises(Unavailable):
        read_time(value, where="test")


@pytest.mark.parametrize("value", ["0x1", None, "00", 1])
def test_data_is_whole_bytes(value: JsonValue) -> None:
    with pytest.raises(Unavailable):
        read_data(value, where="test")


@pytest.mark.parametrize("value", [None, [], {}, {"b": 1}])
def test_a_missing_member_is_no_answer(value: JsonValue) -> None:
    with pytest.raises(Unavailable):
        read_member(value, "a")


def test_blocks_are_named_by_number_tag_or_hash() -> None:
    assert block_parameter(255) == "0xff"
    assert block_parameter("finalized") == "finalized"
    assert block_parameter(HASH) == {"blockHash": HASH, "requireCanonical": True}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://mainnet.example/v3/KEY", "https://mainnet.example"),
        ("http://user:pass@10.0.0.1:8545/?k=KEY", "http://10.0.0.1:8545"),
        ("http://[::1]:8545/KEY", "http://[::1]:8545"),
    ],
)
def test_only_the_place_of_a_url_is_shown(url: str, shown: str) -> None:
    assert redact(url) == shown

"""Requests as they should not be: each gets the error of its kind, and the chain goes on."""

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from registry.devchain.arguments import BlockTag
from registry.devchain.server import REQUEST_BYTES_LIMIT
from tests.devchain.client import RpcFailure, post, rpc

ADDRESS = "0x" + "0b" * 20
CHAIN_ID = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}


def ask(url: str, request: object) -> Any:  # noqa: ANN401  any JSON; each test knows its form
    status, body = post(url, json.dumps(request).encode())
    assert status == 200
    return json.loads(body)


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff\xfe", b"[" * 5000, b'{"id": NaN}'])
def test_what_is_not_json_is_a_parse_error(url: str, body: bytes) -> None:
    status, answer = post(url, body)

    assert status == 200
    assert json.loads(answer) == {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "parse error"}}


@pytest.mark.parametrize(
    "request_json",
    [
        1,
        "eth_chainId",
        None,
        [],
        [1],
        {},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "1.0", "id": 1, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": 1, "method": 7},
        {"jsonrpc": "2.0", "id": {}, "method": "eth_chainId"},
        [CHAIN_ID] * 1001,
    ],
)
def test_what_is_no_request_is_an_invalid_request(url: str, request_json: object) -> None:
    if request_json == {}:
        request_json = {"id": None}

    answer = ask(url, request_json)

    only = answer[0] if isinstance(answer, list) else answer
    assert only["error"]["code"] == -32600


def test_an_unknown_method_is_not_found(url: str) -> None:
    with pytest.raises(RpcFailure) as caught:
        rpc(url, "eth_sendTransaction", {})

    assert caught.value.code == -32601


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("eth_chainId", [1]),
        ("eth_getBalance", []),
        ("eth_getBalance", ["0x12"]),
        ("eth_getBalance", [ADDRESS, "newest"]),
        ("eth_getBalance", [ADDRESS, "0x01"]),
        ("eth_getBalance", [ADDRESS, "0x"]),
        ("eth_getBalance", [ADDRESS, "0x1" + "0" * 16]),
        ("eth_getBalance", [ADDRESS, 1]),
        ("eth_getBalance", [ADDRESS, {}]),
        ("eth_getBalance", [ADDRESS, {"blockHash": "0x12"}]),
        ("eth_getBalance", [ADDRESS, {"blockHash": "0x" + "11" * 32, "requireCanonical": 1}]),
        ("eth_getBalance", [ADDRESS, {"blockHash": "0x" + "11" * 32, "blockNumber": "0x1"}]),
        ("eth_getBalance", [ADDRESS, "latest", "latest"]),
        ("eth_getBlockByNumber", []),
        ("eth_getBlockByNumber", ["latest", "yes"]),
        ("eth_getBlockByHash", ["0x12", False]),
        ("eth_getTransactionReceipt", ["0x" + "zz" * 32]),
        ("eth_sendRawTransaction", ["02f8"]),
        ("eth_sendRawTransaction", ["0x123"]),
        ("eth_sendRawTransaction", [None]),
        ("eth_call", ["0x"]),
        ("eth_call", [{"to": ADDRESS, "date": "0x"}]),
        ("eth_call", [{"to": ADDRESS, "data": "0x01", "input": "0x02"}]),
        ("eth_call", [{"to": ADDRESS, "value": "0x1" + "0" * 64}]),
        ("eth_call", [{"to": ADDRESS, "accessList": {}}]),
        ("eth_call", [{"to": ADDRESS, "accessList": [{"address": ADDRESS, "storageKeys": "0x"}]}]),
        ("eth_feeHistory", ["0x0", "latest"]),
        ("eth_feeHistory", [True, "latest"]),
        ("eth_feeHistory", ["0x1", "latest", [101]]),
        ("eth_feeHistory", ["0x1", "latest", [50, 10]]),
        ("eth_feeHistory", ["0x1", "latest", 5]),
    ],
)
def test_malformed_parameters_are_refused(url: str, method: str, parameters: list[object]) -> None:
    with pytest.raises(RpcFailure) as caught:
        rpc(url, method, *parameters)

    assert caught.value.code == -32602


def test_parameters_by_name_are_refused(url: str) -> None:
    answer = ask(url, {"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": {"address": ADDRESS}})

    assert answer["error"]["code"] == -32602


def test_an_access_list_of_a_call_is_read(url: str) -> None:
    entry = {"address": ADDRESS, "storageKeys": ["0x" + "00" * 32]}

    assert rpc(url, "eth_call", {"to": ADDRESS, "input": "0x", "accessList": [entry]}, BlockTag.PENDING) == "0x"


def test_a_batch_is_answered_one_by_one(url: str) -> None:
    unknown = {"jsonrpc": "2.0", "id": "b", "method": "nothing", "params": []}

    answers = ask(url, [CHAIN_ID, unknown, {**CHAIN_ID, "id": 3}])

    assert [answer["id"] for answer in answers] == [1, "b", 3]
    assert [list(answer)[-1] for answer in answers] == ["result", "error", "result"]


def test_a_notification_gets_no_answer(url: str) -> None:
    notification = {"jsonrpc": "2.0", "method": "eth_chainId"}

    assert post(url, json.dumps(notification).encode()) == (200, b"")
    assert post(url, json.dumps([notification, notification]).encode()) == (200, b"")
    assert len(ask(url, [notification, CHAIN_ID])) == 1


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "10.0.0.1:8545", "", "[", "127.0.0.1@evil"])
def test_a_foreign_host_header_is_refused(url: str, host: str) -> None:
    assert post(url, json.dumps(CHAIN_ID).encode(), Host=host)[0] == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8545", "[::1]:8545", "LOCALHOST"])
def test_a_loopback_host_header_is_accepted(url: str, host: str) -> None:
    assert post(url, json.dumps(CHAIN_ID).encode(), Host=host)[0] == 200


def test_a_web_page_from_elsewhere_is_refused(url: str) -> None:
    body = json.dumps(CHAIN_ID).encode()

    assert post(url, body, Origin="https://example.org")[0] == 403
    assert post(url, body, Origin="null")[0] == 403
    assert post(url, body, Origin="http://localhost:3000")[0] == 200


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:3000", True),
        ("https://127.0.0.1:8443", True),
        ("https://example.org", False),
        ("null", False),
    ],
)
def test_a_browser_is_told_which_pages_may_ask(url: str, origin: str, *, allowed: bool) -> None:
    asked = httpx.options(url, headers={"Origin": origin, "Access-Control-Request-Method": "POST"}, trust_env=False)
    sent = httpx.post(url, json=CHAIN_ID, headers={"Origin": origin}, trust_env=False)

    for answer in (asked, sent):
        assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    assert asked.headers.get("Access-Control-Allow-Headers") == ("Content-Type" if allowed else None)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_content_type_that_browsers_send_unasked_is_refused(url: str, content_type: str) -> None:
    assert post(url, json.dumps(CHAIN_ID).encode(), Content_Type=content_type)[0] == 415


def test_a_request_over_the_limit_is_refused_before_it_is_read(url: str) -> None:
    for length in (str(REQUEST_BYTES_LIMIT + 1), "9" * 5000):
        assert raw_status(url, f"Content-Length: {length}\r\n") == 413


@pytest.mark.parametrize("header", ["", "Content-Length: x\r\n", "Content-Length: -1\r\n", "Content-Length: +5\r\n"])
def test_a_request_without_a_length_is_refused(url: str, header: str) -> None:
    assert raw_status(url, header) == 411


def raw_status(url: str, header: str) -> int:
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), parts.port), timeout=60) as connection:
        head = f"POST / HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n{header}\r\n"
        connection.sendall(head.encode())
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
    return int(answer.split(b" ")[1])


def test_only_post_is_answered(url: str) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)

    connection.request("GET", "/")

    assert connection.getresponse().status == 405
    connection.close()


def test_a_connection_serves_one_request_after_another(url: str) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    results = []
    for _ in range(3):
        connection.request("POST", "/", json.dumps(CHAIN_ID), {"Content-Type": "application/json"})
        results.append(connection.getresponse().read())

    assert len(set(results)) == 1
    connection.close()

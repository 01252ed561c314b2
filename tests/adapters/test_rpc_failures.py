"""How a request failed: of what kind, with what status, and when to come back; and what was counted of it."""

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler

import pytest

from registry.adapters.rpc import RpcRefused, connect, place_of, request, tally_of
from registry.adapters.rpc_exchange import FailureKind, RpcFailed, read_retry_after
from registry.domain.canonical import JsonValue
from registry.domain.errors import Unavailable
from tests.adapters.rpc_nodes import node, reply, rpc

SUNDAY = "Sun, 01 Nov 2026 12:00:00 GMT"
A_MINUTE_LATER = "Sun, 01 Nov 2026 12:01:00 GMT"


def failed(url: str) -> RpcFailed:
    with pytest.raises(RpcFailed) as caught:
        request(connect(url, timeout_seconds=5.0), "eth_blockNumber", [])
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, FailureKind.RATE_LIMITED),
        (401, FailureKind.UNAUTHORIZED),
        (403, FailureKind.UNAUTHORIZED),
        (500, FailureKind.SERVER_ERROR),
        (503, FailureKind.SERVER_ERROR),
        (302, FailureKind.HTTP_STATUS),
        (404, FailureKind.HTTP_STATUS),
    ],
)
def test_a_status_has_a_kind(status: int, kind: FailureKind) -> None:
    with node(lambda handler, _: reply(handler, b"", status=status)) as url:
        error = failed(url)

    assert (error.code, error.kind, error.status, error.retry_after_seconds) == ("rpc-http", kind, status, None)


@pytest.mark.parametrize(
    ("code", "kind"), [(-32_005, FailureKind.RATE_LIMITED), (-32_000, FailureKind.REFUSED), (3, FailureKind.REFUSED)]
)
def test_the_nodes_own_no_has_a_kind(code: int, kind: FailureKind) -> None:
    with node(lambda handler, asked: rpc(handler, asked, error={"code": code, "message": "no"})) as url:
        error = failed(url)

    assert isinstance(error, RpcRefused)
    assert (error.code, error.kind, error.status) == ("rpc-refused", kind, None)


def test_what_is_not_json_has_a_kind() -> None:
    with node(lambda handler, _: reply(handler, b"<html>")) as url:
        assert failed(url).kind is FailureKind.ANSWER


def test_a_connection_that_breaks_has_a_kind() -> None:
    with node(lambda handler, _: reply(handler, b"{", length=1000)) as url:
        assert failed(url).kind is FailureKind.TRANSPORT


def test_a_deadline_that_passes_has_a_kind() -> None:
    done = threading.Event()

    def wait(_handler: BaseHTTPRequestHandler, _asked: dict[str, JsonValue]) -> None:
        done.wait(10.0)

    with node(wait) as url:
        with pytest.raises(RpcFailed) as caught:
            request(connect(url, timeout_seconds=0.1), "eth_blockNumber", [])
        done.set()

    assert caught.value.kind is FailureKind.TIMEOUT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": A_MINUTE_LATER, "Date": SUNDAY}, 60.0),
        ({"Retry-After": "86400"}, 600.0),
        ({}, None),
    ],
    ids=["seconds", "a date", "a day", "nothing"],
)
def test_when_to_come_back_is_read_from_the_answer(headers: Mapping[str, str], seconds: float | None) -> None:
    with node(lambda handler, _: reply(handler, b"", status=429, headers=headers)) as url:
        assert failed(url).retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("value", "answered_at", "seconds"),
    [
        ("0", None, 0.0),
        (" 5 ", None, 5.0),
        ("9999999999", None, 600.0),
        ("99999999999", None, None),
        ("-1", None, None),
        ("1.5", None, None),
        ("\u0665", None, None),
        ("soon", SUNDAY, None),
        ("", SUNDAY, None),
        (None, SUNDAY, None),
        (A_MINUTE_LATER, None, None),
        (A_MINUTE_LATER, "now", None),
        (SUNDAY, A_MINUTE_LATER, 0.0),
        ("Sun, 01 Nov 2026 12:00:30 -0000", SUNDAY, 30.0),
        ("Sun, 01 Nov 99999999999 12:00:00 GMT", SUNDAY, None),
    ],
)
def test_a_time_to_come_back_is_bounded_and_guessed_from_nothing(
    value: str | None, answered_at: str | None, seconds: float | None
) -> None:
    assert read_retry_after(value, answered_at=answered_at) == seconds


def test_every_request_is_counted_and_every_failure_by_its_kind() -> None:
    asked_for: list[str] = []

    def moody(handler: BaseHTTPRequestHandler, asked: dict[str, JsonValue]) -> None:
        asked_for.append(str(asked["method"]))
        if len(asked_for) == 1:
            rpc(handler, asked, result="0x1")
        elif len(asked_for) == 2:
            rpc(handler, asked, error={"code": -32_000, "message": "no"})
        else:
            reply(handler, b"", status=429)

    with node(moody) as url:
        web3 = connect(url)
        request(web3, "eth_blockNumber", [])
        for _ in range(3):
            with pytest.raises(Unavailable):
                request(web3, "eth_blockNumber", [])
        tally = tally_of(web3)

    assert tally.requests == 4
    assert tally.seconds > 0.0
    assert tally.failures == {FailureKind.REFUSED: 1, FailureKind.RATE_LIMITED: 2}


def test_a_connection_says_where_it_leads_and_no_key() -> None:
    assert place_of(connect("https://user:hidden@node.example:8545/v3/KEY?k=KEY")) == "https://node.example:8545"

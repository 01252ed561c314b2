"""Bodies that are made to cost: charsets of forms, senders that are many or slow."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from registry.web.app import create_app
from registry.web.holding import AT_ONCE, EACH_AT_ONCE, Holding
from registry.web.rate_limit import VERIFICATIONS, RateLimits, TooOften
from tests.adapters.chunk_work import until
from tests.registry_world import World
from tests.web_server import serve

FORM = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nabc\r\n--b--\r\n'


@pytest.mark.parametrize("path", ["/", "/verdict.json", "/v1/verify/file", "/claim/x"])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b; charset=punycode", "Multipart/Form-Data;CHARSET=x"])
def test_a_form_with_a_charset_is_refused_before_it_is_read(client: httpx.Client, path: str, kind: str) -> None:
    # Python decodes punycode in quadratic time.
    answer = client.post(path, content=FORM, headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-form")
    assert "without a charset" in answer.json()["detail"]


def test_what_is_called_something_else_is_not_read_as_a_form(client: httpx.Client) -> None:
    kind = {"Content-Type": "x/form-data; boundary=b; charset=latin-1"}

    answer = client.post("/verdict.json", content=FORM, headers=kind)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-form")


@contextmanager
def sending(
    client: httpx.Client, path: str, count: int = 1, *, host: str = "127.0.0.1"
) -> Iterator[list[http.client.HTTPConnection]]:
    """Begin to send bodies from an address of loopback, and do not go on."""
    with ExitStack() as stack:
        senders = []
        for _ in range(count):
            connection = http.client.HTTPConnection(
                client.base_url.host, client.base_url.port or 0, timeout=60, source_address=(host, 0)
            )
            stack.callback(connection.close)
            connection.putrequest("POST", path)
            connection.putheader("Content-Type", "multipart/form-data; boundary=b")
            connection.putheader("Content-Length", "1000")
            connection.endheaders(FORM[:20])
            senders.append(connection)
        yield senders


@pytest.mark.parametrize("path", ["/", "/verdict.json", "/v1/verify/file"])
def test_no_more_bodies_are_held_than_fit_into_memory(world: World, path: str) -> None:
    app = create_app(world.container)
    with serve(app) as client:

        def status() -> int:
            return client.post(path, content=b"").status_code

        def taken(count: int) -> None:
            until(lambda: app.state.holding.taken == count)

        with ExitStack() as stack:
            for number in range(AT_ONCE // EACH_AT_ONCE):
                count = EACH_AT_ONCE - (number == 0)
                stack.enter_context(sending(client, path, count, host=f"127.0.0.{number + 2}"))
            taken(AT_ONCE - 1)
            assert status() == 400
            with sending(client, path, host="127.0.0.2"):
                taken(AT_ONCE)
                answer = client.post(path, content=b"")
                others = [client.get("/").status_code, client.post("/v1/verify", json={}).status_code]
            taken(AT_ONCE - 1)
            again = status()

    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "busy", "1")
    assert others == [200, 400]
    assert again == 400


def test_one_visitor_has_a_share_of_the_places_and_leaves_the_others_theirs(world: World) -> None:
    app = create_app(world.container)
    path = "/v1/verify/file"
    with serve(app) as client:
        with sending(client, path, EACH_AT_ONCE), sending(client, path, host="127.0.0.2"):
            until(lambda: app.state.holding.taken == EACH_AT_ONCE + 1)
            answer = client.post(path, content=b"{}")
            with sending(client, path, host="127.0.0.2"):
                until(lambda: app.state.holding.taken == EACH_AT_ONCE + 2)
        until(lambda: app.state.holding.taken == 0)
        again = client.post(path, content=b"{}")

    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, "too-many-at-once", "1")
    assert again.status_code == 200


@pytest.mark.parametrize("path", ["/", "/verdict.json"])
def test_what_takes_a_processor_long_counts_for_more(world: World, path: str) -> None:
    app = create_app(world.container)
    limits = app.state.rate_limits = RateLimits(lambda: 1_000.0)
    with serve(app) as client:
        answer = client.post(path, files=[("file", ("a.json", b'{"a":[' + b"1.5,  " * 10_000 + b"1]}"))])

    for _ in range(VERIFICATIONS.at_once - 2):
        limits.take(VERIFICATIONS, "127.0.0.1")
    with pytest.raises(TooOften):
        limits.take(VERIFICATIONS, "127.0.0.1")
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/", "/verdict.json", "/v1/verify/file"])
def test_a_body_that_drips_is_cut_off(world: World, path: str) -> None:
    app = create_app(world.container)
    app.state.holding = Holding(seconds=0.0)
    with serve(app) as client, sending(client, path) as (sender,):
        answer = sender.getresponse()

        assert (answer.status, answer.headers["Connection"]) == (400, "close")
        assert b"body-too-slow" in answer.read()
        until(lambda: app.state.holding.taken == 0)

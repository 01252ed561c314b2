"""Other registries' status lists, fetched from a real https host under the limits of strangers' hosts."""

import gzip
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme

from registry.adapters.guarded_fetch import MAX_FETCHES, MAX_URL_LENGTH, FetchSettings, GuardedFetcher
from registry.adapters.status_fetcher import LEAST_SECONDS, MOST_SECONDS, USUAL_SECONDS, WebStatusLists
from registry.domain.canonical import MAX_DOCUMENT_BYTES
from registry.domain.errors import Malformed, Unavailable
from registry.ports import StatusListFetcher
from tests.adapters.did_hosts import DidHost, ca_file, did_host
from tests.epochs import NOW
from tests.verdicts import FixedClock

PATH = "/lists/3"
HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Seconds:
    """A clock that a test sets."""

    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds


@pytest.fixture(scope="module")
def certificates() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def host(certificates: trustme.CA) -> Iterator[DidHost]:
    with did_host(certificates) as running:
        yield running


@pytest.fixture
def trusting(certificates: trustme.CA, tmp_path: Path) -> FetchSettings:
    return FetchSettings(
        ca_file=ca_file(certificates, tmp_path), private_hosts=frozenset({"localhost"}), deadline_seconds=20
    )


def url_of(host: DidHost) -> str:
    return f"https://localhost:{host.port}{PATH}"


def list_with(ttl: object) -> bytes:
    return json.dumps({"credentialSubject": {"ttl": ttl}}).encode()


def refusal_of(settings: FetchSettings, url: str) -> str:
    with pytest.raises((Unavailable, Malformed)) as refusal:
        WebStatusLists(FixedClock(), settings).fetch(url, max_age=HOUR)
    return refusal.value.code


def test_a_list_is_fetched_as_it_is_and_its_time_is_when_it_was_asked_for(
    host: DidHost, trusting: FetchSettings
) -> None:
    host.serve(PATH, b"whatever it says")
    lists: StatusListFetcher = WebStatusLists(FixedClock(), trusting)

    fetched = lists.fetch(url_of(host), max_age=HOUR)

    assert (fetched.content, fetched.fetched_at) == (b"whatever it says", NOW)
    assert host.requests == [(PATH, f"localhost:{host.port}")]


@pytest.mark.parametrize(
    ("content", "headers", "seconds"),
    [
        (b"no JSON", {}, USUAL_SECONDS),
        (b"{}", {}, USUAL_SECONDS),
        (list_with(None), {}, USUAL_SECONDS),
        (list_with(True), {}, USUAL_SECONDS),
        (list_with(90_000), {}, 90.0),
        (list_with(0), {}, LEAST_SECONDS),
        (list_with(86_400_000), {}, MOST_SECONDS),
        (list_with(86_400_000), {"Cache-Control": "max-age=30"}, 30.0),
        (list_with(20_000), {"Cache-Control": "max-age=300"}, 20.0),
    ],
)
def test_a_list_is_kept_as_long_as_its_issuer_and_its_host_allow(
    host: DidHost, trusting: FetchSettings, content: bytes, headers: dict[str, str], seconds: float
) -> None:
    clock, wall = Seconds(), FixedClock()
    lists = WebStatusLists(wall, trusting, monotonic=clock.now)
    host.serve(PATH, content, headers=headers)

    counts, times = [], []
    for at in (0.0, seconds - 0.5, seconds):
        clock.seconds, wall.moment = at, NOW + timedelta(seconds=at)
        times.append(lists.fetch(url_of(host), max_age=HOUR).fetched_at)
        counts.append(len(host.requests))

    assert counts == [1, 1, 2]
    # A kept copy is as old as it is: it does not become fresh by being asked for.
    assert times == [NOW, NOW, NOW + timedelta(seconds=seconds)]


def test_a_verifier_that_wants_it_fresher_gets_it_fresher(host: DidHost, trusting: FetchSettings) -> None:
    clock = Seconds()
    lists = WebStatusLists(FixedClock(), trusting, monotonic=clock.now)
    host.serve(PATH, list_with(300_000))
    lists.fetch(url_of(host), max_age=HOUR)
    clock.seconds = 61.0

    lists.fetch(url_of(host), max_age=timedelta(seconds=90))
    before = len(host.requests)
    lists.fetch(url_of(host), max_age=timedelta(seconds=60))

    assert (before, len(host.requests)) == (1, 2)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/lists/3",
        "ftp://localhost/lists/3",
        "file:///etc/passwd",
        "gopher://localhost/",
        "data:application/vc,{}",
        "//localhost/lists/3",
        "lists/3",
        "https://",
        "https:///lists/3",
        "https://user:secret@localhost/lists/3",
        "https://good.example@localhost/lists/3",
        "https://localhost:0/lists/3",
        "https://localhost:65536/lists/3",
        "https://localhost:x/lists/3",
        "https://localhost/lists/3#fragment",
        "https://localhost/lists/3#",
        "https://localhost/lists/3?",
        "https://localhost/li sts/3",
        "https://localhost/lists\\3",
        "https://localhost/lists/3\r\nX-Injected: yes",
        "https://localhost/lists/\t3",
        "https://l\u00f6calhost/lists/3",
        "https://[::1/lists/3",
        "https://localhost/" + "a" * MAX_URL_LENGTH,
        "",
    ],
)
def test_what_is_no_plain_https_url_is_not_asked(trusting: FetchSettings, url: str) -> None:
    assert refusal_of(trusting, url) == "malformed-url"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:8443/lists/3",
        "https://127.1:8443/lists/3",
        "https://2130706433:8443/lists/3",
        "https://0x7f000001:8443/lists/3",
        "https://[::1]:8443/lists/3",
        "https://[::ffff:127.0.0.1]:8443/lists/3",
        "https://[fe80::1]:8443/lists/3",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/lists/3",
        "https://localhost:8443/lists/3",
    ],
)
def test_a_url_that_leads_inside_is_refused_however_it_is_spelled(url: str) -> None:
    assert refusal_of(FetchSettings(), url) == "status-list-host-private"


def test_http_is_for_named_hosts_of_this_machine_only() -> None:
    with did_host(None) as host:
        host.serve(PATH, b"{}")
        url = f"http://localhost:{host.port}{PATH}"
        named = FetchSettings(plain_http_hosts=frozenset({"localhost", "elsewhere.example"}))

        fetched = WebStatusLists(FixedClock(), named).fetch(url, max_age=HOUR)

        assert fetched.content == b"{}"
        assert refusal_of(FetchSettings(private_hosts=frozenset({"localhost"})), url) == "malformed-url"
        # Where both are allowed, what is written is asked.
        assert refusal_of(named, url.replace("http", "https")) == "status-list-unreachable"


def test_a_port_where_other_services_live_is_not_knocked_at() -> None:
    assert refusal_of(FetchSettings(), "https://stranger.example:25/lists/3") == "status-list-port"


def test_a_query_is_part_of_the_url(host: DidHost, trusting: FetchSettings) -> None:
    host.serve(f"{PATH}?list=7", b"{}")

    fetched = WebStatusLists(FixedClock(), trusting).fetch(f"{url_of(host)}?list=7", max_age=HOUR)

    assert fetched.content == b"{}"


@pytest.mark.parametrize(
    ("status", "code"),
    [(301, "status-list-status"), (404, "status-list-status"), (410, "status-list-gone"), (503, "status-list-status")],
)
def test_any_status_but_200_is_no_list(host: DidHost, trusting: FetchSettings, status: int, code: str) -> None:
    host.serve(PATH, b"{}", status=status, headers={"Location": "https://localhost/other"})

    assert refusal_of(trusting, url_of(host)) == code
    assert len(host.requests) == 1


def test_a_list_that_is_too_large_is_not_read_to_its_end(host: DidHost, trusting: FetchSettings) -> None:
    host.serve(PATH, b" " * (MAX_DOCUMENT_BYTES * 4))

    assert refusal_of(trusting, url_of(host)) == "status-list-too-large"


def test_a_compressed_answer_is_not_unpacked(host: DidHost, trusting: FetchSettings) -> None:
    host.serve(PATH, gzip.compress(b" " * 64 * 1024 * 1024), headers={"Content-Encoding": "gzip"})

    assert refusal_of(trusting, url_of(host)) == "status-list-unreadable"


def test_a_host_that_drips_its_list_meets_the_deadline(host: DidHost, trusting: FetchSettings) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while True:
                request.wfile.write(b" ")
                request.wfile.flush()
                time.sleep(0.02)
        except OSError:
            return

    host.answers[PATH] = drip
    started = time.monotonic()

    assert refusal_of(replace(trusting, deadline_seconds=1), url_of(host)) == "status-list-timeout"
    assert time.monotonic() - started < 10


def test_a_host_that_breaks_off_its_encryption_is_unreachable(host: DidHost, trusting: FetchSettings) -> None:
    def garble(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "100")
        request.end_headers()
        # Beside the encryption: a record of nobody.
        os.write(request.connection.fileno(), b"\x17\x03\x03\x00\x20" + bytes(32))

    host.answers[PATH] = garble

    assert refusal_of(trusting, url_of(host)) == "status-list-unreachable"


def test_slow_hosts_do_not_hold_every_thread(trusting: FetchSettings) -> None:
    fetcher = GuardedFetcher(trusting, what="status-list")
    for _ in range(MAX_FETCHES):
        assert fetcher._running.acquire(blocking=False)

    with pytest.raises(Unavailable) as refusal:
        fetcher.fetch("https://localhost:8443/lists/3", accept="*/*", limit_bytes=1)

    assert refusal.value.code == "status-list-busy"

import gzip
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme

from registry.adapters.did_resolver import MAX_DOCUMENT_BYTES, WebDidResolver
from registry.adapters.guarded_fetch import FetchSettings
from registry.domain.canonical import canonicalize
from registry.domain.did import DID_CONTEXT, did_key_document
from registry.domain.errors import Malformed, Unavailable
from registry.ports import DidResolver
from tests.adapters.did_hosts import DidHost, ca_file, did_host

WELL_KNOWN = "/.well-known/did.json"


@pytest.fixture(scope="module")
def certificates() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def host(certificates: trustme.CA) -> Iterator[DidHost]:
    with did_host(certificates) as running:
        yield running


@pytest.fixture
def trusting(certificates: trustme.CA, tmp_path: Path) -> FetchSettings:
    """Settings of the demonstration: this machine's hosts, certified by a CA that is named."""
    return FetchSettings(
        ca_file=ca_file(certificates, tmp_path), private_hosts=frozenset({"localhost"}), deadline_seconds=20
    )


def document_of(did: str) -> bytes:
    return canonicalize({"@context": [DID_CONTEXT], "id": did, "verificationMethod": []})


def refusal_of(settings: FetchSettings, did: str) -> str:
    with pytest.raises(Unavailable) as refusal:
        WebDidResolver(settings).resolve(did)
    return refusal.value.code


def test_a_did_key_is_derived_without_any_host() -> None:
    resolver: DidResolver = WebDidResolver()
    did = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"

    resolved = resolver.resolve(did)

    assert json.loads(resolved.content) == did_key_document(did)
    assert (resolved.did, resolved.source) == (did, "did:key")


def test_a_did_web_is_fetched_over_https_with_the_named_ca(host: DidHost, trusting: FetchSettings) -> None:
    host.serve(WELL_KNOWN, document_of(host.did))

    resolved = WebDidResolver(trusting).resolve(host.did)

    assert resolved.content == document_of(host.did)
    assert resolved.source == f"https://localhost:{host.port}{WELL_KNOWN}"
    assert host.requests == [(WELL_KNOWN, f"localhost:{host.port}")]


def test_a_did_web_with_a_path_is_fetched_there(host: DidHost, trusting: FetchSettings) -> None:
    did = f"{host.did}:issuers:physics"
    host.serve("/issuers/physics/did.json", document_of(did))

    assert WebDidResolver(trusting).resolve(did).content == document_of(did)


def test_a_host_certified_by_a_stranger_is_refused(host: DidHost, trusting: FetchSettings) -> None:
    host.serve(WELL_KNOWN, document_of(host.did))

    assert refusal_of(replace(trusting, ca_file=None), host.did) == "did-unreachable"
    assert host.requests == []


def test_a_host_certified_for_another_name_is_refused(certificates: trustme.CA, trusting: FetchSettings) -> None:
    with did_host(certificates, names=("other.example",)) as host:
        host.serve(WELL_KNOWN, document_of(host.did))

        assert refusal_of(trusting, host.did) == "did-unreachable"


def test_a_host_of_this_machine_must_be_named(host: DidHost, trusting: FetchSettings) -> None:
    host.serve(WELL_KNOWN, document_of(host.did))

    assert refusal_of(replace(trusting, private_hosts=frozenset()), host.did) == "did-host-private"
    assert host.requests == []


def test_http_is_asked_of_named_hosts_of_this_machine_only() -> None:
    with did_host(None) as host:
        host.serve(WELL_KNOWN, document_of(host.did))
        plain = FetchSettings(plain_http_hosts=frozenset({"localhost"}))

        resolved = WebDidResolver(plain).resolve(host.did)

        assert resolved.source == f"http://localhost:{host.port}{WELL_KNOWN}"
        assert refusal_of(FetchSettings(private_hosts=frozenset({"localhost"})), host.did) == "did-unreachable"


@pytest.mark.parametrize(
    ("scheme_hosts", "address", "code"),
    [
        ("none", "10.0.0.1", "did-host-private"),
        ("none", "169.254.169.254", "did-host-private"),
        ("none", "::ffff:127.0.0.1", "did-host-private"),
        ("none", "fe80::1%eth0", "did-host-private"),
        ("none", "224.0.0.1", "did-host-private"),
        ("none", "127.0.0.1", "did-host-private"),
        ("none", "0.0.0.0", "did-host-private"),
        ("none", "100.64.0.1", "did-host-private"),
        ("none", "192.168.1.1", "did-host-private"),
        ("none", "255.255.255.255", "did-host-private"),
        ("none", "::", "did-host-private"),
        ("none", "::1", "did-host-private"),
        ("none", "fd00::1", "did-host-private"),
        ("none", "fec0::1", "did-host-private"),
        ("none", "::127.0.0.1", "did-host-private"),
        ("none", "::ffff:10.0.0.1", "did-host-private"),
        ("none", "64:ff9b::10.0.0.1", "did-host-private"),
        ("none", "2002:7f00:1::", "did-host-private"),
        ("none", "2001::1", "did-host-private"),
        ("private", "224.0.0.1", "did-host-private"),
        ("http", "93.184.216.34", "did-host-not-loopback"),
        ("http", "10.0.0.1", "did-host-not-loopback"),
    ],
)
def test_a_name_that_leads_inside_is_refused(
    monkeypatch: pytest.MonkeyPatch, scheme_hosts: str, address: str, code: str
) -> None:
    # The name server is the stranger's: here it answers what the table says.
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    answer = [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    name = frozenset({"stranger.example"})
    settings = {
        "none": FetchSettings(),
        "private": FetchSettings(private_hosts=name),
        "http": FetchSettings(plain_http_hosts=name),
    }[scheme_hosts]

    assert refusal_of(settings, "did:web:stranger.example") == code


def test_one_inner_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.216.34", "192.168.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)

    assert refusal_of(FetchSettings(), "did:web:stranger.example") == "did-host-private"


def test_a_host_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)

    assert refusal_of(FetchSettings(), "did:web:nobody.example") == "did-host-unknown"


@pytest.mark.parametrize(
    "location", ["https://other.example/did.json", "http://127.0.0.1/did.json", "//other.example/"]
)
def test_a_redirect_to_another_host_is_not_followed(host: DidHost, trusting: FetchSettings, location: str) -> None:
    host.serve(WELL_KNOWN, document_of(host.did), status=307, headers={"Location": location})

    assert refusal_of(trusting, host.did) == "did-status"


@pytest.mark.parametrize("port", [22, 25, 80, 445, 1023])
def test_a_port_where_other_services_live_is_not_knocked_at(port: int) -> None:
    assert refusal_of(FetchSettings(), f"did:web:stranger.example%3A{port}") == "did-port"


def test_a_redirect_is_not_followed(host: DidHost, trusting: FetchSettings) -> None:
    host.serve(WELL_KNOWN, b"", status=302, headers={"Location": "/elsewhere"})
    host.serve("/elsewhere", document_of(host.did))

    assert refusal_of(trusting, host.did) == "did-status"
    assert [path for path, _ in host.requests] == [WELL_KNOWN]


@pytest.mark.parametrize("status", [204, 404, 410, 500])
def test_any_status_but_200_is_no_document(host: DidHost, trusting: FetchSettings, status: int) -> None:
    host.serve(WELL_KNOWN, b"" if status == 204 else document_of(host.did), status=status)

    assert refusal_of(trusting, host.did) == ("did-gone" if status == 410 else "did-status")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "did-unreadable"),
        (b"<html>", "did-unreadable"),
        (b"[]", "did-unreadable"),
        (b'{"id": "a", "id": "b"}', "did-unreadable"),
        (b"{}", "did-document-foreign"),
        (document_of("did:web:other.example"), "did-document-foreign"),
    ],
)
def test_what_is_not_this_dids_document_is_refused(
    host: DidHost, trusting: FetchSettings, content: bytes, code: str
) -> None:
    host.serve(WELL_KNOWN, content)

    assert refusal_of(trusting, host.did) == code


def test_a_document_that_is_too_large_is_not_read_to_its_end(host: DidHost, trusting: FetchSettings) -> None:
    host.serve(WELL_KNOWN, b" " * (MAX_DOCUMENT_BYTES * 8))

    assert refusal_of(trusting, host.did) == "did-too-large"


def test_a_compressed_body_is_refused(host: DidHost, trusting: FetchSettings) -> None:
    host.serve(WELL_KNOWN, document_of(host.did), headers={"Content-Encoding": "gzip"})

    assert refusal_of(trusting, host.did) == "did-unreadable"


def test_a_host_that_drips_its_answer_meets_the_deadline(host: DidHost, trusting: FetchSettings) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        # Each byte comes in time; only the whole does not.
        try:
            while True:
                request.wfile.write(b"H")
                request.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    host.answers[WELL_KNOWN] = drip
    started = time.monotonic()

    assert refusal_of(replace(trusting, deadline_seconds=1), host.did) == "did-timeout"
    assert time.monotonic() - started < 10


def test_a_host_with_an_address_that_cannot_be_reached_is_asked_at_its_next(
    monkeypatch: pytest.MonkeyPatch, host: DidHost, trusting: FetchSettings
) -> None:
    host.serve(WELL_KNOWN, document_of(host.did))
    # The host listens on IPv4 alone.
    answer = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", host.port, 0, 0)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", host.port, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", host.port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)

    assert WebDidResolver(trusting).resolve(host.did).content == document_of(host.did)
    assert len(host.requests) == 1


def test_a_port_where_nobody_listens_is_unreachable(trusting: FetchSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]

    assert refusal_of(trusting, f"did:web:localhost%3A{port}") == "did-unreachable"


@pytest.mark.parametrize("did", ["did:ion:abc", "did:web:10.0.0.1", "did:key:zz"])
def test_a_did_that_cannot_be_resolved_here_is_malformed(did: str) -> None:
    with pytest.raises(Malformed):
        WebDidResolver().resolve(did)


def test_a_ca_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refusal:
        WebDidResolver(FetchSettings(ca_file=tmp_path / "none.pem"))

    assert refusal.value.code == "ca-file-unreadable"


def test_a_name_that_answers_differently_the_second_time_reaches_nothing(
    monkeypatch: pytest.MonkeyPatch, host: DidHost, trusting: FetchSettings
) -> None:
    # Rebinding: the first answer is a public address, every later one is this machine.
    answers = iter(["93.184.216.34"])
    asked: list[str] = []

    def rebind(name: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(name)
        address = next(answers, "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    connections: list[str] = []
    connect = socket.socket.connect

    def watched(self: socket.socket, address: tuple[str, int]) -> None:
        connections.append(address[0])
        connect(self, ("127.0.0.1", 9) if address[0] == "93.184.216.34" else address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    host.serve(WELL_KNOWN, document_of(f"did:web:stranger.example%3A{host.port}"))

    code = refusal_of(replace(trusting, deadline_seconds=2), f"did:web:stranger.example%3A{host.port}")

    assert asked == ["stranger.example"]
    assert "127.0.0.1" not in connections
    assert host.requests == []
    assert code in {"did-unreachable", "did-timeout"}


def test_a_compressed_bomb_is_not_unpacked(host: DidHost, trusting: FetchSettings) -> None:
    bomb = gzip.compress(b" " * 64 * 1024 * 1024)
    assert len(bomb) < MAX_DOCUMENT_BYTES
    host.serve(WELL_KNOWN, bomb, headers={"Content-Encoding": "gzip"})

    assert refusal_of(trusting, host.did) == "did-unreadable"
    host.serve(WELL_KNOWN, bomb)
    assert refusal_of(trusting, host.did) == "did-unreadable"


@pytest.mark.parametrize(
    "did",
    [
        "did:web:localhost%3A8443%2f..%2fadmin",
        "did:web:localhost:..:admin",
        "did:web:localhost:%2e%2e:admin",
        "did:web:localhost%3A8443@other.example",
        "did:web:localhost%2Fadmin",
        "did:web:localhost%3A0",
        "did:web:localhost%3A65536",
        "did:web:127.0.0.1",
        "did:web:%5B%3A%3A1%5D",
        "did:web:localhost?x=1",
        "did:web:localhost#x",
        "did:web:local\x00host",
        "did:web:LOCALHOST",
        "did:web:" + "a" * 1024,
    ],
)
def test_a_did_web_that_could_be_read_in_two_ways_is_malformed(trusting: FetchSettings, did: str) -> None:
    with pytest.raises(Malformed):
        WebDidResolver(trusting).resolve(did)

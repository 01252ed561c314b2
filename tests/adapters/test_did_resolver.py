import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme

from registry.adapters.did_resolver import MAX_DOCUMENT_BYTES, DidResolverSettings, WebDidResolver
from registry.domain.canonical import canonicalize
from registry.domain.did import PublishedKey, did_key, did_key_document, issuer_document
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
def trusting(certificates: trustme.CA, tmp_path: Path) -> DidResolverSettings:
    """Settings of the demonstration: this machine's hosts, certified by a CA that is named."""
    return DidResolverSettings(
        ca_file=ca_file(certificates, tmp_path), private_hosts=frozenset({"localhost"}), deadline_seconds=20
    )


def document_of(did: str) -> bytes:
    return canonicalize(issuer_document(did, keys=[PublishedKey(fragment="k", public_key=bytes(32))], logs=[]))


def refusal_of(settings: DidResolverSettings, did: str) -> str:
    with pytest.raises(Unavailable) as refusal:
        WebDidResolver(settings).resolve(did)
    return refusal.value.code


def test_a_did_key_is_derived_without_any_host() -> None:
    resolver: DidResolver = WebDidResolver()
    did = did_key(bytes(32))

    resolved = resolver.resolve(did)

    assert json.loads(resolved.content) == did_key_document(did)
    assert (resolved.did, resolved.source) == (did, "did:key")


def test_a_did_web_is_fetched_over_https_with_the_named_ca(host: DidHost, trusting: DidResolverSettings) -> None:
    host.serve(WELL_KNOWN, document_of(host.did))

    resolved = WebDidResolver(trusting).resolve(host.did)

    assert resolved.content == document_of(host.did)
    assert resolved.source == f"https://localhost:{host.port}{WELL_KNOWN}"
    assert host.requests == [(WELL_KNOWN, f"localhost:{host.port}")]


def test_a_did_web_with_a_path_is_fetched_there(host: DidHost, trusting: DidResolverSettings) -> None:
    did = f"{host.did}:issuers:physics"
    host.serve("/issuers/physics/did.json", document_of(did))

    assert WebDidResolver(trusting).resolve(did).content == document_of(did)


def test_a_host_certified_by_a_stranger_is_refused(host: DidHost, trusting: DidResolverSettings) -> None:
    host.serve(WELL_KNOWN, document_of(host.did))

    assert refusal_of(replace(trusting, ca_file=None), host.did) == "did-unreachable"
    assert host.requests == []


def test_a_host_certified_for_another_name_is_refused(certificates: trustme.CA, trusting: DidResolverSettings) -> None:
    with did_host(certificates, names=("other.example",)) as host:
        host.serve(WELL_KNOWN, document_of(host.did))

        assert refusal_of(trusting, host.did) == "did-unreachable"


def test_a_host_of_this_machine_must_be_named(host: DidHost, trusting: DidResolverSettings) -> None:
    host.serve(WELL_KNOWN, document_of(host.did))

    assert refusal_of(replace(trusting, private_hosts=frozenset()), host.did) == "did-host-private"
    assert host.requests == []


def test_http_is_asked_of_named_hosts_of_this_machine_only() -> None:
    with did_host(None) as host:
        host.serve(WELL_KNOWN, document_of(host.did))
        plain = DidResolverSettings(plain_http_hosts=frozenset({"localhost"}))

        resolved = WebDidResolver(plain).resolve(host.did)

        assert resolved.source == f"http://localhost:{host.port}{WELL_KNOWN}"
        assert refusal_of(DidResolverSettings(private_hosts=frozenset({"localhost"})), host.did) == "did-unreachable"


@pytest.mark.parametrize(
    ("scheme_hosts", "address", "code"),
    [
        ("none", "10.0.0.1", "did-host-private"),
        ("none", "169.254.169.254", "did-host-private"),
        ("none", "::ffff:127.0.0.1", "did-host-private"),
        ("none", "fe80::1%eth0", "did-host-private"),
        ("none", "224.0.0.1", "did-host-private"),
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
        "none": DidResolverSettings(),
        "private": DidResolverSettings(private_hosts=name),
        "http": DidResolverSettings(plain_http_hosts=name),
    }[scheme_hosts]

    assert refusal_of(settings, "did:web:stranger.example") == code


def test_one_inner_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.216.34", "192.168.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)

    assert refusal_of(DidResolverSettings(), "did:web:stranger.example") == "did-host-private"


def test_a_host_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)

    assert refusal_of(DidResolverSettings(), "did:web:nobody.example") == "did-host-unknown"


def test_a_redirect_is_not_followed(host: DidHost, trusting: DidResolverSettings) -> None:
    host.serve(WELL_KNOWN, b"", status=302, headers={"Location": "/elsewhere"})
    host.serve("/elsewhere", document_of(host.did))

    assert refusal_of(trusting, host.did) == "did-status"
    assert [path for path, _ in host.requests] == [WELL_KNOWN]


@pytest.mark.parametrize("status", [204, 404, 410, 500])
def test_any_status_but_200_is_no_document(host: DidHost, trusting: DidResolverSettings, status: int) -> None:
    host.serve(WELL_KNOWN, b"" if status == 204 else b"{}", status=status)

    assert refusal_of(trusting, host.did) == "did-status"


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
    host: DidHost, trusting: DidResolverSettings, content: bytes, code: str
) -> None:
    host.serve(WELL_KNOWN, content)

    assert refusal_of(trusting, host.did) == code


def test_a_document_that_is_too_large_is_not_read_to_its_end(host: DidHost, trusting: DidResolverSettings) -> None:
    host.serve(WELL_KNOWN, b" " * (MAX_DOCUMENT_BYTES * 8))

    assert refusal_of(trusting, host.did) == "did-too-large"


def test_a_compressed_body_is_refused(host: DidHost, trusting: DidResolverSettings) -> None:
    host.serve(WELL_KNOWN, document_of(host.did), headers={"Content-Encoding": "gzip"})

    assert refusal_of(trusting, host.did) == "did-unreadable"


def test_a_host_that_drips_its_answer_meets_the_deadline(host: DidHost, trusting: DidResolverSettings) -> None:
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


def test_a_port_where_nobody_listens_is_unreachable(trusting: DidResolverSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]

    assert refusal_of(trusting, f"did:web:localhost%3A{port}") == "did-unreachable"


@pytest.mark.parametrize("did", ["did:ion:abc", "did:web:10.0.0.1", "did:key:zz"])
def test_a_did_that_cannot_be_resolved_here_is_malformed(did: str) -> None:
    with pytest.raises(Malformed):
        WebDidResolver().resolve(did)


def test_a_ca_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refusal:
        WebDidResolver(DidResolverSettings(ca_file=tmp_path / "none.pem"))

    assert refusal.value.code == "ca-file-unreadable"

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.did import (
    DidMethod,
    PublishedKey,
    did_key,
    did_key_document,
    did_key_public_key,
    did_method,
    did_web,
    did_web_url,
    issuer_document,
)
from registry.domain.did_document import parse_did_document
from registry.domain.errors import Malformed
from registry.domain.log_name import LogName
from registry.domain.multikey import PublicKey, encode_multikey
from tests.badges import LOG

W3C_KEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
MULTIKEY = encode_multikey(PublicKey.ed25519(bytes(32)))


@given(st.binary(min_size=32, max_size=32))
def test_a_did_key_gives_its_key_back(public_key: bytes) -> None:
    assert did_key_public_key(did_key(PublicKey.ed25519(public_key))).raw == public_key


def test_a_did_key_document_has_one_key_for_assertions_and_no_log() -> None:
    did = f"did:key:{W3C_KEY}"

    document = parse_did_document(did_key_document(did))

    assert document.id == did
    assert [(key.id, key.controller) for key in document.keys] == [(f"{did}#{W3C_KEY}", did)]
    assert document.keys[0].public_key == did_key_public_key(did)
    assert document.logs == ()


@pytest.mark.parametrize("did", ["did:web:a.example", "did:key:zz", "did:key:", "key:z6Mk"])
def test_what_is_no_did_key_has_no_key(did: str) -> None:
    with pytest.raises(Malformed):
        did_key_public_key(did)


@pytest.mark.parametrize(
    ("base", "segments", "did", "url"),
    [
        ("https://a.example", (), "did:web:a.example", "https://a.example/.well-known/did.json"),
        ("https://a.example/", ("x",), "did:web:a.example:x", "https://a.example/x/did.json"),
        (
            "https://localhost:8443",
            ("issuers", "physics"),
            "did:web:localhost%3A8443:issuers:physics",
            "https://localhost:8443/issuers/physics/did.json",
        ),
        ("https://a.example/b/c", ("d",), "did:web:a.example:b:c:d", "https://a.example/b/c/d/did.json"),
    ],
)
def test_a_did_web_names_the_url_of_its_document(base: str, segments: tuple[str, ...], did: str, url: str) -> None:
    assert did_web(base, *segments) == did
    assert did_web_url(did) == url


@pytest.mark.parametrize(
    "did",
    [
        "did:key:z6Mk",
        "did:web:",
        "did:web:A.example",
        "did:web:a..example",
        "did:web:-a.example",
        "did:web:a.example:",
        "did:web:a.example::b",
        "did:web:a.example:..:b",
        "did:web:a.example:b/c",
        "did:web:a.example:b%2Fc",
        "did:web:a.example%3A0",
        "did:web:a.example%3A70000",
        "did:web:a.example%3A",
        "did:web:a.example%3a443",
        "did:web:user@a.example",
        "did:web:a.example?x",
        "did:web:a.example#x",
        "did:web:10.0.0.1",
        "did:web:é.example",
        "did:web:" + "a" * 1_100,
    ],
)
def test_a_did_web_has_one_spelling(did: str) -> None:
    with pytest.raises(Malformed) as refusal:
        did_web_url(did)

    assert refusal.value.code == "malformed-did"


@pytest.mark.parametrize(
    "base",
    [
        "ftp://a.example",
        "https://u@a.example",
        "https://a.example?q",
        "https://a.example#f",
        "https://a:b:c",
        "https://a:99999",
    ],
)
def test_a_url_that_did_web_cannot_spell_is_refused(base: str) -> None:
    with pytest.raises(Malformed) as refusal:
        did_web(base)

    assert refusal.value.code == "malformed-did-url"


def test_a_base_url_of_an_address_is_refused() -> None:
    with pytest.raises(Malformed) as refusal:
        did_web("https://127.0.0.1:8443")

    assert refusal.value.code == "malformed-did"


def test_the_method_of_a_did_is_told() -> None:
    assert did_method(f"did:key:{W3C_KEY}") is DidMethod.KEY
    assert did_method("did:web:a.example") is DidMethod.WEB


@pytest.mark.parametrize(
    ("did", "code"),
    [
        ("did:ion:abc", "did-method-unsupported"),
        ("https://a.example", "malformed-did"),
        ("did:web:", "malformed-did"),
        ("did:key:z1", "key-type-unsupported"),
    ],
)
def test_a_did_of_another_kind_is_refused(did: str, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        did_method(did)

    assert refusal.value.code == code


def test_an_issuers_document_names_keys_and_logs_and_is_read_back() -> None:
    did = "did:web:a.example"
    retired = datetime(2026, 6, 1, tzinfo=UTC)
    expiring = datetime(2027, 6, 1, tzinfo=UTC)
    keys = (
        PublishedKey(fragment="key-1", public_key=PublicKey.ed25519(bytes(32)), revoked=retired),
        PublishedKey(fragment="key-2", public_key=PublicKey.ed25519(bytes([1]) * 32), expires=expiring),
    )
    other = LogName(chain_id=1, contract="0x" + "ab" * 20, number=7)

    document = parse_did_document(issuer_document(did, keys=keys, logs=(LOG, other)))

    assert document.id == did
    assert document.logs == (LOG, other)
    assert [(key.id, key.public_key, key.revoked, key.expires) for key in document.keys] == [
        (f"{did}#key-1", PublicKey.ed25519(bytes(32)), retired, None),
        (f"{did}#key-2", PublicKey.ed25519(bytes([1]) * 32), None, expiring),
    ]


def test_an_issuers_log_stands_in_a_service_of_the_protocols_type() -> None:
    key = PublishedKey(fragment="key-1", public_key=PublicKey.ed25519(bytes(32)))

    document = issuer_document("did:web:a.example", keys=(key,), logs=(LOG,))

    assert document["service"] == [
        {"id": "did:web:a.example#log-1", "type": "CredrootLog", "serviceEndpoint": str(LOG)},
    ]


def test_an_issuer_without_a_log_has_no_service() -> None:
    key = PublishedKey(fragment="key-1", public_key=PublicKey.ed25519(bytes(32)))

    assert "service" not in issuer_document("did:web:a.example", keys=(key,), logs=())


def test_an_issuer_without_a_key_has_no_document() -> None:
    with pytest.raises(Malformed) as refusal:
        issuer_document("did:web:a.example", keys=(), logs=(LOG,))

    assert refusal.value.code == "did-document-without-key"


def test_a_key_id_that_is_no_plain_word_is_refused() -> None:
    with pytest.raises(Malformed) as refusal:
        PublishedKey(fragment="key 1", public_key=PublicKey.ed25519(bytes(32)))

    assert refusal.value.code == "malformed-key-id"

from datetime import UTC, datetime, timedelta

import pytest

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.did_document import MAX_METHODS, parse_did_document
from registry.domain.errors import Malformed
from registry.domain.multikey import PublicKey, encode_multikey
from tests.badges import LOG

DID = "did:web:a.example"
MULTIKEY = encode_multikey(PublicKey.ed25519(bytes(32)))
WHEN = datetime(2026, 6, 1, tzinfo=UTC)


def method(fragment: str = "k", **changes: JsonValue) -> JsonObject:
    return {
        "id": f"{DID}#{fragment}",
        "type": "Multikey",
        "controller": DID,
        "publicKeyMultibase": MULTIKEY,
        **changes,
    }


def document(**members: JsonValue) -> JsonObject:
    return {"id": DID, **members}


def test_only_keys_for_assertions_count() -> None:
    parsed = parse_did_document(document(verificationMethod=[method("a"), method("b")], assertionMethod=[f"{DID}#b"]))

    assert [key.id for key in parsed.keys] == [f"{DID}#b"]
    assert parsed.key(f"{DID}#b") is parsed.keys[0]
    assert parsed.key(f"{DID}#a") is None


def test_a_relative_reference_means_the_documents_own_key() -> None:
    parsed = parse_did_document(document(verificationMethod=[method(id="#k")], assertionMethod=["#k"]))

    assert [key.id for key in parsed.keys] == [f"{DID}#k"]


def test_a_key_may_stand_inside_the_relationship() -> None:
    parsed = parse_did_document(document(assertionMethod=[method("inside")]))

    assert [key.id for key in parsed.keys] == [f"{DID}#inside"]


def test_a_key_of_another_document_gives_none() -> None:
    assert parse_did_document(document(assertionMethod=["did:web:b.example#k"])).keys == ()


def test_a_key_named_twice_counts_once() -> None:
    parsed = parse_did_document(document(verificationMethod=[method()], assertionMethod=["#k", f"{DID}#k"]))

    assert len(parsed.keys) == 1


@pytest.mark.parametrize(
    "unread", [{"type": "JsonWebKey"}, {"publicKeyMultibase": "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"}]
)
def test_a_key_of_an_unread_type_is_kept_without_bytes(unread: JsonObject) -> None:
    parsed = parse_did_document(document(verificationMethod=[{**method(), **unread}], assertionMethod=["#k"]))

    assert parsed.keys[0].public_key is None


def test_a_key_counts_until_it_is_revoked_or_expires() -> None:
    later = WHEN + timedelta(days=30)
    parsed = parse_did_document(
        document(
            verificationMethod=[
                method("revoked", revoked="2026-06-01T00:00:00Z", expires="2026-07-01T00:00:00Z"),
                method("expired", expires="2026-06-01T00:00:00Z"),
                method("open"),
            ],
            assertionMethod=["#revoked", "#expired", "#open"],
        )
    )

    before, at = WHEN - timedelta(seconds=1), WHEN
    assert [(key.ends, key.valid_at(before), key.valid_at(at), key.valid_at(later)) for key in parsed.keys] == [
        (True, True, False, False),
        (True, True, False, False),
        (False, True, True, True),
    ]


def test_logs_are_read_from_services_of_their_type_only() -> None:
    services: JsonValue = [
        {"id": "#a", "type": "LinkedDomains", "serviceEndpoint": "https://a.example"},
        {"id": "#b", "type": "CredrootLog", "serviceEndpoint": str(LOG)},
        {"id": "#c", "type": ["Other", "CredrootLog"], "serviceEndpoint": [str(LOG), "eip155:1/0x" + "ab" * 20 + "/2"]},
    ]

    parsed = parse_did_document(document(service=services))

    assert [str(log) for log in parsed.logs] == [str(LOG), "eip155:1/0x" + "ab" * 20 + "/2"]


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"id": 5},
        {"id": "https://a.example"},
        document(verificationMethod={}),
        document(verificationMethod=["text"]),
        document(verificationMethod=[{}]),
        document(verificationMethod=[method(), method()]),
        document(verificationMethod=[method()], assertionMethod=[method()]),
        document(verificationMethod=[method(publicKeyMultibase="x")]),
        document(verificationMethod=[method(revoked="2026-06-01")]),
        document(verificationMethod=[method(expires="soon")]),
        document(assertionMethod=[5]),
        document(assertionMethod=[f"#{n}" for n in range(MAX_METHODS + 1)]),
        document(service=["text"]),
        document(service=[{"type": "CredrootLog"}]),
        document(service=[{"type": "CredrootLog", "serviceEndpoint": str(LOG).upper()}]),
    ],
)
def test_a_document_that_could_be_read_in_two_ways_is_refused(broken: JsonObject) -> None:
    with pytest.raises(Malformed):
        parse_did_document(broken)

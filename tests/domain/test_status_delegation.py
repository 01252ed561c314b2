"""Keys that sign status lists and nothing else."""

import pytest

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.did import PublishedKey, issuer_document
from registry.domain.did_document import parse_did_document
from registry.domain.errors import Malformed
from registry.domain.multikey import PublicKey
from registry.domain.status_delegation import delegate_status, read_status_keys

DID = "did:web:own.example"
KEYS = (
    PublishedKey(fragment="own-1", public_key=PublicKey.ed25519(bytes([7] * 32))),
    PublishedKey(fragment="status-1", public_key=PublicKey.ed25519(bytes([8] * 32))),
)


def delegated() -> JsonObject:
    return delegate_status(issuer_document(DID, keys=KEYS, logs=()), ["status-1"])


def test_a_key_for_status_lists_signs_nothing_else() -> None:
    document = parse_did_document(delegated())

    assert document.key(f"{DID}#status-1") is None
    assert document.list_key(f"{DID}#status-1") == document.keys[1]
    assert document.key(f"{DID}#own-1") == document.list_key(f"{DID}#own-1") == document.keys[0]


def test_it_is_no_key_for_authentication_either() -> None:
    document = parse_did_document({**delegated(), "authentication": [f"{DID}#status-1", f"{DID}#own-1"]})

    assert document.key(f"{DID}#status-1", purpose="authentication") is None
    assert document.key(f"{DID}#own-1", purpose="authentication") is not None


@pytest.mark.parametrize(
    "service",
    [
        {"type": "CredrootStatusKey", "serviceEndpoint": "#status-1"},
        {"type": ["CredrootStatusKey", "Other"], "serviceEndpoint": [f"{DID}#status-1"]},
    ],
)
def test_every_spelling_of_the_service_is_read(service: JsonObject) -> None:
    assert read_status_keys([service, "none", {"type": "Other", "serviceEndpoint": 1}], subject=DID) == {
        f"{DID}#status-1"
    }


def test_a_service_that_names_no_key_is_refused_and_not_passed_over() -> None:
    with pytest.raises(Malformed) as refused:
        read_status_keys([{"type": "CredrootStatusKey"}], subject=DID)

    assert refused.value.code == "malformed-did-document"


@pytest.mark.parametrize("services", [None, "text", []])
def test_a_document_without_services_narrows_nothing(services: JsonValue) -> None:
    assert read_status_keys(services, subject=DID) == frozenset()


def test_services_that_are_none_are_replaced() -> None:
    document = delegate_status({"id": DID, "service": "text"}, ["status-1"])

    assert isinstance(document["service"], list)
    assert len(document["service"]) == 1

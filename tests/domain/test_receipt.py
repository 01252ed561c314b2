"""Receipts and manifests: exactly their members, and one spelling each."""

import json

import pytest

from registry.domain.canonical import JsonObject, JsonValue, parse_object
from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.manifest import LogFile, Manifest
from registry.domain.receipt import MAX_RECEIPT_BYTES, ReceiptParts, parse_receipt
from registry.domain.slot import Purpose
from tests.paths import VECTORS

PUBLISHED = VECTORS / "published"
CHAIN_HASH = "0x" + "ab" * 32


def receipt_json() -> JsonObject:
    receipt = parse_object((VECTORS / "good" / "suspension-lifted.json").read_bytes())["receipt"]
    assert isinstance(receipt, dict)
    return receipt


def manifest_json() -> JsonObject:
    return parse_object((PUBLISHED / "epochs" / "2" / "manifest.json").read_bytes())


def put(document: JsonObject, place: str, value: JsonValue) -> bytes:
    """Return the document as bytes with the value at a dotted place changed."""
    copy = json.loads(json.dumps(document))
    *parents, last = place.split(".")
    target = copy
    for name in parents:
        target = target[int(name) if isinstance(target, list) else name]
    target[int(last) if isinstance(target, list) else last] = value
    return json.dumps(copy).encode()


def test_a_receipt_may_have_a_light_part_of_one_form() -> None:
    proofs: list[JsonValue] = [["0x01"], ["0x02", "0x03"], []]
    light: JsonObject = {
        "blockHeader": "0xc0",
        "anchorer": "0x" + "a1" * 20,
        "accountProof": ["0x00"],
        "storageProofs": proofs,
    }

    receipt = parse_receipt(put(receipt_json(), "light", light))

    assert receipt.light is not None
    assert receipt.light.storage_proofs == ((b"\1",), (b"\2", b"\3"), ())
    assert receipt.to_json()["light"] == light
    for other in ({**light, "note": 1}, {**light, "anchorer": "0x"}, None):
        with pytest.raises(Malformed):
            parse_receipt(put(receipt_json(), "light", other))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("type", "Receipt"),
        ("version", 2),
        ("version", "1"),
        ("leaf", "AB" * 32),
        ("leafKind", 256),
        ("leafKind", True),
        ("slot", -1),
        ("slot", 2**37),
        ("slot", "5"),
        ("root", "00"),
        ("path", []),
        ("path.1", {"up": "00" * 32}),
        ("anchor", None),
        ("anchor.log", "x"),
        ("anchor.epoch", 0),
        ("anchor.transaction", "ab" * 32),
        ("anchor.transaction", CHAIN_HASH.upper()),
        ("anchor.blockNumber", -1),
        ("anchor.blockHash", CHAIN_HASH[:-1]),
        ("anchor.blockTime", "2026-11-21 01:05:00Z"),
        ("anchor.note", 1),
        ("batch", []),
        ("batch.note", 1),
        ("batch.header.count", 0),
        ("batch.path", [{}]),
        ("issuer", "did:web:a.example"),
        ("status", {}),
        ("status", [1]),
        ("status", [{}, {}, {}]),
        ("status.0.note", 1),
        ("note", 1),
    ],
)
def test_a_receipt_has_exactly_its_members_and_one_spelling(place: str, value: JsonValue) -> None:
    with pytest.raises(Malformed):
        parse_receipt(put(receipt_json(), place, value))


def test_a_receipt_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(Malformed) as caught:
        parse_receipt(b" " * (MAX_RECEIPT_BYTES + 1))

    assert caught.value.code == "json-too-large"


def test_a_damaged_part_leaves_the_other_parts_readable() -> None:
    parts = ReceiptParts.parse(parse_object(put(receipt_json(), "path", "gone")))

    assert len(parts.parse_status()) == 2
    assert parts.parse_batch()[0].count == 5
    assert parts.parse_light() is None
    with pytest.raises(Malformed):
        parts.parse_path()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("version", 2),
        ("epoch", 0),
        ("root", "x"),
        ("batches", {}),
        ("batches.0.entries", "batch-1.bin"),
        ("batches.0.entries", "../1/batch-0.bin"),
        ("batches.0.header.note", 1),
        ("batches.0.note", 1),
        ("lists", "x"),
        ("lists.0.list", 1),
        ("lists.0.purpose", "suspension"),
        ("lists.0.file", 5),
        ("lists.0.file", "revocation-00.bin"),
        ("lists.0.file", "revocation-0.bin\n"),
        ("lists.0.file", "/revocation-0.bin"),
        ("lists.0.file", "../../1/revocation-0.bin"),
        ("lists.0.file", "../01/revocation-0.bin"),
        ("lists.0.file", "../2/revocation-0.bin"),
        ("lists.0.file", "../3/revocation-0.bin"),
        ("lists.0.sha256", "x"),
        ("anchor.note", 1),
        ("note", 1),
    ],
)
def test_a_manifest_has_exactly_its_members_and_paths(place: str, value: JsonValue) -> None:
    with pytest.raises(Malformed):
        Manifest.parse(put(manifest_json(), place, value))


def test_a_manifest_lists_each_list_once() -> None:
    lists = manifest_json()["lists"]
    assert isinstance(lists, list)

    with pytest.raises(Malformed):
        Manifest.parse(put(manifest_json(), "lists", [*lists, lists[0]]))


def test_an_unchanged_list_stands_in_an_earlier_folder() -> None:
    manifest = Manifest.parse(put(manifest_json(), "lists.0.file", "../1/revocation-0.bin"))

    assert manifest.lists[0].file_epoch == 1
    assert manifest.lists[0].to_json(manifest.epoch)["file"] == "../1/revocation-0.bin"
    assert set(manifest.list_roots(Purpose.REVOCATION)) == {0}


@pytest.mark.parametrize(
    "place",
    ["root", "credentialsRoot", "statusRoot", "revocationRoot", "suspensionRoot", "batches.0.root", "lists.1.root"],
)
def test_a_root_that_does_not_follow_from_the_files_is_found(place: str) -> None:
    changed = Manifest.parse(put(manifest_json(), place, "11" * 32))

    with pytest.raises(ProofMismatch):
        changed.check_roots()


@pytest.mark.parametrize("changed", [b"[]", b'{"version":1}', b'{"version":1,"log":"x","deployBlock":1}'])
def test_another_log_file_is_refused(changed: bytes) -> None:
    with pytest.raises(Malformed):
        LogFile.parse(changed)

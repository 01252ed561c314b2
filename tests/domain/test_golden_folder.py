"""The golden folder of the second implementation: rebuilt to the byte, its good receipts read back."""

import json
from pathlib import Path as File

import pytest

from registry.domain.batch import decode_entries, encode_entries, tree_leaves
from registry.domain.hashing import sha256
from registry.domain.manifest import LogFile, Manifest
from registry.domain.merkle import MerkleTree
from registry.domain.receipt import parse_receipt
from registry.domain.status_tree import list_root
from tests.paths import SHARED_DATA

GOLDEN = SHARED_DATA / "golden"
PUBLISHED = GOLDEN / "published"
EPOCHS = sorted((PUBLISHED / "epochs").iterdir())
GOOD = sorted((GOLDEN / "good").glob("*.json"))


@pytest.mark.parametrize("folder", EPOCHS, ids=lambda folder: folder.name)
def test_the_golden_folder_is_rebuilt_to_the_byte(folder: File) -> None:
    data = (folder / "manifest.json").read_bytes()
    manifest = Manifest.parse(data)

    manifest.check_roots()

    assert manifest.to_json() == json.loads(data)
    for batch in manifest.batches:
        file = (folder / batch.entries).read_bytes()
        entries = decode_entries(file, batch.header)
        assert encode_entries(batch.header, entries) == file
        assert MerkleTree(tree_leaves(file)).root == batch.root
        issuer = (PUBLISHED / "issuers" / f"{batch.header.did_document.hex()}.json").read_bytes()
        assert sha256(issuer) == batch.header.did_document
    for item in manifest.lists:
        bits = (PUBLISHED / "epochs" / str(item.file_epoch) / item.file_name()).read_bytes()
        assert (list_root(bits), sha256(bits)) == (item.root, item.sha256)


def test_the_golden_log_file_reads_back() -> None:
    data = (PUBLISHED / "log.json").read_bytes()

    assert LogFile.parse(data).to_json() == json.loads(data)


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_golden_receipt_reads_back(file: File) -> None:
    written = json.loads(file.read_bytes())["receipt"]

    assert parse_receipt(json.dumps(written).encode()).to_json() == written

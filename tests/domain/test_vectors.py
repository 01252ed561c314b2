"""The project's own vectors: what the generator makes, what the domain rebuilds, what plain hashing rebuilds."""

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from registry.domain.batch import decode_entries, encode_entries, tree_leaves
from registry.domain.canonical import canonicalize, parse_object
from registry.domain.check import Result
from registry.domain.errors import Malformed
from registry.domain.hashing import digest_from_hex, sha256
from registry.domain.leaf import leaf_of_document, leaf_of_token
from registry.domain.manifest import LogFile, Manifest
from registry.domain.merkle import MerkleTree
from registry.domain.paths import path_to_json
from registry.domain.receipt import parse_receipt
from registry.domain.slot import Purpose, has_slot_word_form, parse_credential_slot, slot_word
from registry.domain.status import ZERO_ROOTS, StatusProof, bit_of_chunk, fold_status_proof
from registry.domain.status_tree import list_root, purpose_root
from registry.domain.verdict import Word
from tests.paths import VECTORS
from tests.vectors.generate import generate
from tests.vectors.reading import Stored, judge_light_vector, judge_vector, read_members, read_vectors

GOOD = read_vectors("good")
BAD = read_vectors("bad")
LIGHT = read_vectors("light")
MANIFESTS = sorted(VECTORS.glob("published*/epochs/*/manifest.json"))


def name_of(item: Stored | Path) -> str:
    return item.name if isinstance(item, Stored) else str(item.relative_to(VECTORS).parent)


def test_the_vectors_are_those_that_the_generator_makes(tmp_path: Path) -> None:
    generate(tmp_path)

    made = {file.relative_to(tmp_path): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    kept = {
        file.relative_to(VECTORS): file.read_bytes()
        for file in VECTORS.rglob("*")
        if file.is_file() and file.suffix in {".json", ".bin"}
    }

    assert sorted(made) == sorted(kept)
    assert [str(name) for name, content in made.items() if kept[name] != content] == []


def test_there_are_vectors_of_each_kind() -> None:
    assert len(GOOD) >= 20
    assert len(BAD) >= 200
    assert {vector.word for vector in GOOD} >= {Word.VALID, Word.REVOKED, Word.SUSPENDED, Word.EXPIRED}


@pytest.mark.parametrize("vector", GOOD, ids=name_of)
def test_a_good_vector_gets_its_verdict_and_nothing_else_is_wrong_with_it(vector: Stored) -> None:
    verdict = judge_vector(vector)

    assert verdict.word is vector.word
    assert not_passed(vector) == vector.not_passed


@pytest.mark.parametrize("vector", BAD, ids=name_of)
def test_a_bad_vector_is_refused_for_the_reason_it_states_and_no_other(vector: Stored) -> None:
    verdict = judge_vector(vector)

    assert verdict.word is vector.word
    assert verdict.word is not Word.VALID
    assert not_passed(vector) == vector.not_passed


@pytest.mark.parametrize("vector", LIGHT, ids=name_of)
def test_a_light_vector_gets_its_verdict_with_no_chain(vector: Stored) -> None:
    verdict = judge_light_vector(vector)

    doubts = {item.id: (item.result, item.reason) for item in verdict.checks if item.result is not Result.PASS}
    assert verdict.word is vector.word
    assert {check: doubt for check, doubt in doubts.items() if doubt[0] is not Result.SKIPPED} == vector.not_passed


@pytest.mark.parametrize("vector", GOOD, ids=name_of)
def test_a_good_receipt_reads_back(vector: Stored) -> None:
    assert parse_receipt(vector.receipt).to_json() == vector.members["receipt"]


@pytest.mark.parametrize("vector", GOOD, ids=name_of)
def test_a_good_receipt_verifies_by_hashing_alone(vector: Stored) -> None:
    receipt = vector.members["receipt"]
    roots = chain_roots(receipt["anchor"]["log"])

    leaf = hashlib.sha256(canonicalize(vector.members["credential"])).digest()

    assert receipt["leaf"] == leaf.hex()
    assert fold_plainly(leaf, receipt["path"]) == receipt["root"] == roots[receipt["anchor"]["epoch"]]
    header = hashlib.sha256(canonicalize(receipt["batch"]["header"])).digest()
    assert fold_plainly(header, receipt["batch"]["path"]) == receipt["root"]
    for proof in receipt["status"]:
        assert fold_status_plainly(proof, receipt["slot"]) == proof["root"] == roots[proof["epoch"]]


@pytest.mark.parametrize("file", MANIFESTS, ids=name_of)
def test_every_root_of_the_published_folders_is_rebuilt(file: Path) -> None:
    folder, published = file.parent, file.parents[2]
    manifest = Manifest.parse(file.read_bytes())

    manifest.check_roots()

    assert canonicalize(manifest.to_json()) == file.read_bytes()
    assert manifest.root.hex() == chain_roots(str(manifest.anchor.log))[manifest.epoch]
    for batch in manifest.batches:
        data = (folder / batch.entries).read_bytes()
        assert encode_entries(batch.header, decode_entries(data, batch.header)) == data
        assert MerkleTree(tree_leaves(data)).root == batch.root
        document = (published / "issuers" / f"{batch.header.did_document.hex()}.json").read_bytes()
        assert sha256(document) == batch.header.did_document
    for item in manifest.lists:
        bits = (published / "epochs" / str(item.file_epoch) / item.file_name()).read_bytes()
        assert (list_root(bits), sha256(bits)) == (item.root, item.sha256)


def test_the_first_log_has_every_kind_of_epoch() -> None:
    folder = VECTORS / "published" / "epochs"
    manifests = [Manifest.parse((folder / str(number) / "manifest.json").read_bytes()) for number in range(1, 6)]

    assert {batch.header.count for item in manifests for batch in item.batches} == {1, 2, 3, 5, 64, 65}
    assert LogFile.parse((VECTORS / "published" / "log.json").read_bytes()).log == manifests[0].anchor.log
    assert [len(item.batches) for item in manifests] == [3, 3, 0, 0, 1]
    assert manifests[2].root == manifests[3].root
    assert [item.root for item in manifests[2:4]] != [manifests[1].root] * 2
    assert any(listed.file_epoch < item.epoch for item in manifests for listed in item.lists)
    assert max(listed.number for item in manifests for listed in item.lists) == 2**20 - 1
    lists = [{(listed.purpose, listed.number): listed.root for listed in item.lists} for item in manifests]
    assert any(
        before[key] != after.get(key)
        for before, after in pairwise(lists)
        for key in before
        if key[0] is Purpose.SUSPENSION
    )


@pytest.mark.parametrize("item", read_members("leaves")["documents"], ids=lambda item: item["leaf"][:8])
def test_the_leaf_of_a_text_is_that_of_its_canonical_form(item: dict[str, str]) -> None:
    document = parse_object(item["text"].encode())

    assert canonicalize(document).decode() == item["canonical"]
    assert leaf_of_document(document).hex() == item["leaf"] == hashlib.sha256(item["canonical"].encode()).hexdigest()


@pytest.mark.parametrize("text", read_members("leaves")["notIJson"])
def test_a_text_that_is_no_i_json_object_has_no_leaf(text: str) -> None:
    with pytest.raises(Malformed):
        parse_object(text.encode())


def test_tokens_have_the_leaf_of_their_signed_part() -> None:
    members = read_members("leaves")

    assert {item["leaf"] for item in members["tokens"]} == {
        hashlib.sha256(members["tokens"][0]["token"].encode()).hexdigest()
    }
    assert [leaf_of_token(item["token"]).hex() for item in members["tokens"]] == [
        item["leaf"] for item in members["tokens"]
    ]


@pytest.mark.parametrize("token", read_members("leaves")["notTokens"])
def test_what_is_no_token_has_no_leaf(token: str) -> None:
    with pytest.raises(Malformed):
        leaf_of_token(token)


@pytest.mark.parametrize("item", read_members("slots")["slots"], ids=lambda item: str(item["slot"]))
def test_a_slot_has_its_word_and_is_read_from_its_entry(item: dict[str, Any]) -> None:
    assert slot_word(item["slot"]).hex() == item["word"]
    assert parse_credential_slot({"credentialStatus": item["entry"]}).slot == item["slot"]
    assert int(item["word"], 16) == item["slot"]


@pytest.mark.parametrize("item", read_members("slots")["wordForm"], ids=lambda item: item["node"][:16])
def test_the_form_of_a_word_is_recognised(item: dict[str, Any]) -> None:
    assert has_slot_word_form(bytes.fromhex(item["node"])) is item["isWord"]


@pytest.mark.parametrize("tree", read_members("trees")["trees"], ids=lambda tree: str(tree["size"]))
def test_a_tree_has_its_root_and_paths(tree: dict[str, Any]) -> None:
    leaves = [bytes.fromhex(leaf) for leaf in read_members("trees")["leaves"][: tree["size"]]]

    built = MerkleTree(leaves)

    assert built.root.hex() == tree["root"] == root_plainly(leaves).hex()
    assert [path_to_json(built.path(number)) for number in range(len(leaves))] == tree["paths"]
    assert {fold_plainly(leaf, path) for leaf, path in zip(leaves, tree["paths"], strict=True)} == {tree["root"]}


@pytest.mark.parametrize("item", read_members("status")["proofs"], ids=lambda item: str(item["slot"]))
def test_a_status_proof_leads_to_the_root_and_shows_its_bit(item: dict[str, Any]) -> None:
    proof = StatusProof.parse(item["proof"], "proof")

    assert fold_status_proof(proof, slot=item["slot"]).hex() == read_members("status")["root"]
    assert fold_status_plainly(item["proof"], item["slot"]) == read_members("status")["root"]
    assert int(bit_of_chunk(proof.chunk, item["slot"])) == item["bit"]
    assert item["bit"] == int(item["slot"] in read_members("status")["setSlots"])


def test_the_roots_of_the_status_tree_are_rebuilt() -> None:
    members = read_members("status")
    roots = {int(number): digest_from_hex(root, number) for number, root in members["listRoots"].items()}

    assert [node.hex() for node in ZERO_ROOTS] == members["zeroRoots"]
    assert purpose_root(roots).hex() == members["revocationRoot"]
    assert members["suspensionRoot"] == members["zeroRoots"][29]


def not_passed(vector: Stored) -> dict[Any, Any]:
    checks = judge_vector(vector).checks
    return {item.id: (item.result, item.reason) for item in checks if item.result in {Result.FAIL, Result.UNKNOWN}}


def chain_roots(log: str) -> dict[int, str]:
    return {event["epoch"]: event["root"] for event in read_members("chain")["logs"][log]}


# What follows is a second implementation of the checking half, out of hashlib and the protocol's text alone.


def h2(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(left + right).digest()


def fold_plainly(leaf: bytes, path: list[dict[str, str]]) -> str:
    node = leaf
    for step in path:
        node = h2(node, bytes.fromhex(step["right"])) if "right" in step else h2(bytes.fromhex(step["left"]), node)
    return node.hex()


def root_plainly(level: list[bytes]) -> bytes:
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [h2(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def fold_status_plainly(proof: dict[str, Any], slot: int) -> str:
    zero, node, listed = bytes(32), bytes.fromhex(proof["chunk"]), list(proof["siblings"])
    for level in range(29):
        sibling = bytes.fromhex(listed.pop(0)) if proof["siblingMap"] >> level & 1 else zero
        node = h2(sibling, node) if slot >> 8 >> level & 1 else h2(node, sibling)
        zero = h2(zero, zero)
    other = bytes.fromhex(proof["otherRoot"])
    status = h2(node, other) if proof["purpose"] == "revocation" else h2(other, node)
    return h2(bytes.fromhex(proof["credentialsRoot"]), status).hex()

"""Paths: form first, then where they lead."""

import hashlib

import pytest
from blockcerts_merkletools import MerkleTools
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonValue
from registry.domain.errors import Malformed
from registry.domain.hashing import Digest, sha256
from registry.domain.merkle import MerkleTree
from registry.domain.paths import MAX_STEPS, Side, Step, check_entry_path, fold, parse_path, path_to_json
from registry.domain.slot import HEADER_WORD, slot_word

digests = st.binary(min_size=32, max_size=32).map(Digest)
steps = st.builds(Step, side=st.sampled_from(Side), sibling=digests)


def node(number: int) -> Digest:
    return sha256(number.to_bytes(4, "big"))


def step(side: Side = Side.RIGHT, number: int = 1) -> Step:
    return Step(side=side, sibling=node(number))


WORD = slot_word(1000)
GOOD = (Step(side=Side.RIGHT, sibling=Digest(WORD)), step(Side.LEFT), step(Side.RIGHT, 2))


def reference_root(leaves: list[bytes]) -> bytes:
    """Compute the root by the sentence of the protocol, without a library."""
    level = leaves
    while len(level) > 1:
        pairs = [hashlib.sha256(level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


@given(st.lists(digests, min_size=1, max_size=70), st.data())
def test_every_path_of_a_tree_leads_to_its_root(leaves: list[Digest], data: st.DataObject) -> None:
    tree = MerkleTree(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))

    assert tree.root == reference_root(list(leaves))
    assert fold(leaves[index], tree.path(index)) == tree.root


@given(st.lists(digests, min_size=2, max_size=40), st.data())
def test_merkletools_itself_accepts_our_paths(leaves: list[Digest], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    tree = MerkleTree(leaves)

    proof = path_to_json(tree.path(index))

    assert MerkleTools().validate_proof(proof, leaves[index].hex(), tree.root.hex())


def test_a_tree_has_a_leaf_and_no_path_beyond_its_leaves() -> None:
    with pytest.raises(Malformed):
        MerkleTree([])
    with pytest.raises(IndexError):
        MerkleTree([node(1)]).path(1)
    assert MerkleTree([node(1)]).root == node(1)
    assert MerkleTree([node(1)]).path(0) == ()


@given(st.lists(steps, min_size=3, max_size=MAX_STEPS))
def test_a_path_reads_back(path: list[Step]) -> None:
    assert parse_path(path_to_json(tuple(path)), "path") == tuple(path)


GOOD_STEP: JsonValue = {"left": "00" * 32}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (None, "malformed-path"),
        ({}, "malformed-path"),
        ([], "malformed-path"),
        ([GOOD_STEP], "malformed-path"),
        ([GOOD_STEP] * 2, "malformed-path"),
        ([GOOD_STEP] * (MAX_STEPS + 1), "malformed-path"),
        ([GOOD_STEP, GOOD_STEP, "x"], "malformed-step"),
        ([GOOD_STEP, GOOD_STEP, {}], "malformed-step"),
        ([GOOD_STEP, GOOD_STEP, {"left": "00" * 32, "right": "00" * 32}], "malformed-step"),
        ([GOOD_STEP, GOOD_STEP, {"up": "00" * 32}], "malformed-step"),
        ([GOOD_STEP, GOOD_STEP, {"Left": "00" * 32}], "malformed-step"),
        ([GOOD_STEP, GOOD_STEP, {"left": "0x" + "00" * 31}], "malformed-digest"),
        ([GOOD_STEP, GOOD_STEP, {"left": "AA" * 32}], "malformed-digest"),
        ([GOOD_STEP, GOOD_STEP, {"left": "00" * 31}], "malformed-digest"),
        ([GOOD_STEP, GOOD_STEP, {"left": 0}], "malformed-digest"),
    ],
)
def test_another_spelling_of_a_path_is_refused(path: JsonValue, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_path(path, "path")

    assert caught.value.code == code


def test_a_step_has_a_sibling_of_32_bytes() -> None:
    with pytest.raises(Malformed):
        Step(side=Side.LEFT, sibling=Digest(bytes(31)))


def test_the_form_of_an_entry_path_is_taken() -> None:
    check_entry_path(GOOD, word=WORD, where="path")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (GOOD[:1], "malformed-path"),
        (GOOD[:2], "malformed-path"),
        (GOOD * 22, "malformed-path"),
        ((step(), *GOOD[1:]), "slot-word-differs"),
        ((Step(side=Side.LEFT, sibling=Digest(WORD)), *GOOD[1:]), "slot-word-differs"),
        ((Step(side=Side.RIGHT, sibling=Digest(slot_word(1001))), *GOOD[1:]), "slot-word-differs"),
        ((Step(side=Side.RIGHT, sibling=Digest(slot_word(1000, kind=1))), *GOOD[1:]), "slot-word-differs"),
        ((Step(side=Side.RIGHT, sibling=Digest(HEADER_WORD)), *GOOD[1:]), "slot-word-differs"),
        ((GOOD[0], GOOD[0], GOOD[2]), "second-slot-word"),
        ((GOOD[0], GOOD[1], Step(side=Side.RIGHT, sibling=Digest(HEADER_WORD))), "second-slot-word"),
        ((GOOD[0], Step(side=Side.LEFT, sibling=Digest(slot_word(3, kind=7))), GOOD[2]), "second-slot-word"),
        ((GOOD[0], Step(side=Side.LEFT, sibling=Digest(bytes(32))), GOOD[2]), "second-slot-word"),
        ((*GOOD[:2], step(Side.LEFT)), "no-status-root"),
    ],
)
def test_an_entry_path_of_another_form_is_refused(path: tuple[Step, ...], code: str) -> None:
    with pytest.raises(Malformed) as caught:
        check_entry_path(path, word=WORD, where="path")

    assert caught.value.code == code


@given(st.lists(steps, min_size=1, max_size=8), digests, st.data())
def test_one_changed_bit_of_a_path_leads_elsewhere(path: list[Step], leaf: Digest, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(path) - 1))
    bit = data.draw(st.integers(0, 255))
    sibling = bytearray(path[at].sibling)
    sibling[bit // 8] ^= 1 << bit % 8
    changed = [*path[:at], Step(side=path[at].side, sibling=Digest(bytes(sibling))), *path[at + 1 :]]

    assert fold(leaf, tuple(changed)) != fold(leaf, tuple(path))

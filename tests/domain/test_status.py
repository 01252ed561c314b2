"""The status tree, checked against SSZ's definition, and its proofs against every change."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonValue
from registry.domain.epoch import epoch_root, status_root
from registry.domain.errors import Malformed
from registry.domain.hashing import ZERO_DIGEST, Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.slot import LIST_SIZE, MAX_LIST, SLOT_LIMIT, Purpose
from registry.domain.status import DEPTH, ZERO_ROOTS, StatusProof, bit_of_chunk, fold_status_proof
from registry.domain.status_tree import (
    EMPTY_LIST,
    LIST_DEPTH,
    ListStatus,
    list_root,
    prove_status,
    purpose_root,
    read_bit,
    write_bit,
)

LOG = LogName(chain_id=31337, contract="0x" + "5f" * 20, number=1)
CREDENTIALS = sha256(b"credentials")

lists = st.integers(0, 3) | st.sampled_from([MAX_LIST, MAX_LIST - 1, 2**19])
slots = st.builds(lambda number, index: number * LIST_SIZE + index, lists, st.integers(0, LIST_SIZE - 1))


def bits_of(slots: set[int]) -> dict[int, bytes]:
    lists: dict[int, bytes] = {}
    for slot in slots:
        number, index = divmod(slot, LIST_SIZE)
        lists[number] = write_bit(lists.get(number, EMPTY_LIST), index, value=True)
    return lists


class Tree:
    """The status of one epoch, made from sets of slots."""

    def __init__(self, *, revoked: set[int], suspended: set[int]) -> None:
        self.bits = {Purpose.REVOCATION: bits_of(revoked), Purpose.SUSPENSION: bits_of(suspended)}
        self.lists = {
            purpose: {number: list_root(bits) for number, bits in lists.items()} for purpose, lists in self.bits.items()
        }
        self.roots = {purpose: purpose_root(roots) for purpose, roots in self.lists.items()}
        self.root = epoch_root(
            credentials_root=CREDENTIALS,
            status_root=status_root(
                revocation_root=self.roots[Purpose.REVOCATION], suspension_root=self.roots[Purpose.SUSPENSION]
            ),
        )

    def prove(self, purpose: Purpose, slot: int) -> StatusProof:
        other = Purpose.SUSPENSION if purpose is Purpose.REVOCATION else Purpose.REVOCATION
        return prove_status(
            purpose=purpose,
            log=LOG,
            epoch=3,
            root=self.root,
            slot=slot,
            bits=self.bits[purpose].get(slot // LIST_SIZE, EMPTY_LIST),
            list_roots=self.lists[purpose],
            other_root=self.roots[other],
            credentials_root=CREDENTIALS,
        )


trees = st.builds(
    lambda revoked, suspended: Tree(revoked=revoked, suspended=suspended),
    st.sets(slots, max_size=6),
    st.sets(slots, max_size=3),
)


@given(st.sets(slots, max_size=6), st.sets(slots, max_size=3), slots, st.sampled_from(Purpose))
def test_every_bit_is_proved_as_it_stands(revoked: set[int], suspended: set[int], slot: int, purpose: Purpose) -> None:
    tree = Tree(revoked=revoked, suspended=suspended)
    asked = sorted({slot, *revoked, *suspended})
    expected = revoked if purpose is Purpose.REVOCATION else suspended

    for one in asked:
        proof = tree.prove(purpose, one)
        assert fold_status_proof(proof, slot=one) == tree.root == proof.root
        assert bit_of_chunk(proof.chunk, one) is (one in expected)
        assert StatusProof.parse(proof.to_json(), "status") == proof


def test_the_tree_is_the_ssz_tree_of_the_whole_bitstring() -> None:
    # ByteVector[2^34] would be 16 GiB of zeros; the first list's subtree and the zero constants above it are the same.
    bits = write_bit(write_bit(EMPTY_LIST, 0, value=True), 131_071, value=True)
    nodes = [bits[at : at + 32] for at in range(0, len(bits), 32)]
    for _ in range(LIST_DEPTH):
        nodes = [hashlib.sha256(nodes[at] + nodes[at + 1]).digest() for at in range(0, len(nodes), 2)]
    root = nodes[0]
    assert list_root(bits) == root
    zero = bytes(32)
    for level in range(DEPTH):
        if level >= LIST_DEPTH:
            root = hashlib.sha256(root + zero).digest()
        zero = hashlib.sha256(zero + zero).digest()

    assert purpose_root({0: list_root(bits)}) == root
    assert purpose_root({}) == zero == ZERO_ROOTS[DEPTH]


def test_the_zero_constants_are_those_of_ssz() -> None:
    assert ZERO_ROOTS[0] == ZERO_DIGEST
    assert ZERO_ROOTS[1].hex() == "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"
    assert list_root(EMPTY_LIST) == ZERO_ROOTS[LIST_DEPTH]
    assert len(ZERO_ROOTS) == DEPTH + 1


@given(trees, slots, st.sampled_from(Purpose), st.data())
def test_one_changed_bit_of_a_proof_leads_elsewhere(
    tree: Tree, slot: int, purpose: Purpose, data: st.DataObject
) -> None:
    proof = tree.prove(purpose, slot)
    nodes = [proof.chunk, proof.other_root, proof.credentials_root, *proof.siblings]
    at = data.draw(st.integers(0, len(nodes) - 1))
    bit = data.draw(st.integers(0, 255))
    changed = bytearray(nodes[at])
    changed[bit // 8] ^= 1 << bit % 8
    nodes[at] = Digest(bytes(changed))

    try:
        forged = replace(
            proof, chunk=nodes[0], other_root=nodes[1], credentials_root=nodes[2], siblings=tuple(nodes[3:])
        )
    except Malformed:
        return  # a sibling became a zero constant: refused by its form

    assert fold_status_proof(forged, slot=slot) != tree.root


@given(trees, slots, st.integers(0, DEPTH - 1))
def test_one_changed_bit_of_the_map_is_malformed(tree: Tree, slot: int, level: int) -> None:
    proof = tree.prove(Purpose.REVOCATION, slot)

    with pytest.raises(Malformed):
        replace(proof, sibling_map=proof.sibling_map ^ 1 << level)


@given(trees, slots, slots)
def test_a_proof_is_of_one_chunk_only(tree: Tree, slot: int, other: int) -> None:
    proof = tree.prove(Purpose.REVOCATION, slot)

    leads_there = fold_status_proof(proof, slot=other) == tree.root

    # Two different positions can only share a proof when nothing distinguishes them: chunk and siblings all alike.
    assert leads_there is (tree.prove(Purpose.REVOCATION, other) == proof)


def test_a_suspension_proof_never_serves_for_revocation() -> None:
    tree = Tree(revoked={7}, suspended={300})

    proof = tree.prove(Purpose.SUSPENSION, 7)

    assert fold_status_proof(replace(proof, purpose=Purpose.REVOCATION), slot=7) != tree.root


def test_a_zero_constant_is_never_spelled_out() -> None:
    proof = Tree(revoked={7}, suspended=set()).prove(Purpose.REVOCATION, 7)

    with pytest.raises(Malformed):
        replace(proof, sibling_map=1, siblings=(ZERO_ROOTS[0],))


def test_a_proof_of_a_lonely_bit_is_half_a_kilobyte_at_most() -> None:
    tree = Tree(revoked=set(range(0, 40 * LIST_SIZE, 997)), suspended={1})

    proof = tree.prove(Purpose.REVOCATION, 11)

    assert 32 * (3 + len(proof.siblings)) + 4 <= 32 * 20


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("purpose", "refresh"),
        ("purpose", ["revocation"]),
        ("log", "x"),
        ("epoch", 0),
        ("epoch", "3"),
        ("epoch", 3.0),
        ("root", "0x" + "00" * 31),
        ("chunk", "00" * 31),
        ("siblingMap", 2**29),
        ("siblingMap", -1),
        ("siblingMap", 1),
        ("siblingMap", True),
        ("siblings", ["00" * 32]),
        ("siblings", ["00" * 32] * 30),
        ("siblings", "x"),
        ("otherRoot", "AB" * 32),
        ("credentialsRoot", None),
        ("note", 1),
    ],
)
def test_a_status_proof_has_one_spelling(member: str, value: JsonValue) -> None:
    good = Tree(revoked=set(), suspended=set()).prove(Purpose.REVOCATION, 5).to_json()
    assert StatusProof.parse(good, "status").to_json() == good

    with pytest.raises(Malformed):
        StatusProof.parse({**good, member: value}, "status")


@pytest.mark.parametrize("slot", [-1, SLOT_LIMIT])
def test_a_slot_outside_the_log_is_not_folded(slot: int) -> None:
    proof = Tree(revoked=set(), suspended=set()).prove(Purpose.REVOCATION, 5)

    with pytest.raises(Malformed):
        fold_status_proof(proof, slot=slot)


@given(st.sets(st.integers(0, LIST_SIZE - 1), max_size=5), st.integers(0, LIST_SIZE - 1))
def test_bits_are_counted_from_the_most_significant(indexes: set[int], asked: int) -> None:
    bits = EMPTY_LIST
    for index in indexes:
        bits = write_bit(bits, index, value=True)

    whole = f"{int.from_bytes(bits, 'big'):0{LIST_SIZE}b}"

    assert {at for at in range(LIST_SIZE) if whole[at] == "1"} == indexes
    assert read_bit(bits, asked) is (asked in indexes)
    assert write_bit(bits, asked, value=False) == write_bit(write_bit(bits, asked, value=True), asked, value=False)


def test_a_list_proves_its_own_slots_only() -> None:
    status = ListStatus(
        purpose=Purpose.REVOCATION,
        log=LOG,
        epoch=1,
        root=CREDENTIALS,
        number=3,
        bits=EMPTY_LIST,
        list_roots={},
        other_root=CREDENTIALS,
        credentials_root=CREDENTIALS,
    )

    assert status.prove(3 * LIST_SIZE).sibling_map == 0
    with pytest.raises(Malformed):
        status.prove(4 * LIST_SIZE)


def test_a_list_has_its_size_and_a_number_of_the_log() -> None:
    with pytest.raises(Malformed):
        list_root(bytes(16_383))
    with pytest.raises(Malformed):
        purpose_root({MAX_LIST + 1: ZERO_DIGEST})

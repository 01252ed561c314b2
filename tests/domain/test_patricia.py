"""Proofs in tries: what the library proves is found, absence too; and nothing that was changed is believed."""

from typing import Any, TypeAlias

import pytest
import rlp
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.patricia import EMPTY_TRIE, MAX_PROOF_NODES, find_value
from registry.domain.rlp import RlpItem
from tests.light_case import proof_nodes

# The library has no annotations.
Trie: TypeAlias = Any

# Keys that share long beginnings make extensions and nodes inside nodes, which hashed keys have once in a million.
KEYS = st.builds(
    lambda start, middle, end: (start * 31)[: 31 - len(middle)] + middle + end,
    st.sampled_from([b"\0", b"\x0f", b"\xf0"]),
    st.binary(max_size=2),
    st.sampled_from([b"\0", b"\1", b"\x10", b"\x11"]),
)


def as_it_is(data: bytes) -> bytes:
    """Leave keys unhashed; nodes are hashed as ever, whatever their size."""
    return data if len(data) == 32 else keccak(data)


def trie_of(items: dict[bytes, bytes]) -> Trie:
    trie = HexaryTrie({})
    for key, value in items.items():
        trie[key] = value
    return trie


def find(nodes: tuple[bytes, ...], root: bytes, key: bytes) -> bytes | None:
    # A node of exactly 32 bytes must be hashed, a key of 32 bytes must not: the nodes are told apart by being nodes.
    return find_value(
        nodes,
        root=root,
        key=key,
        keccak=lambda data: keccak(data) if data in nodes else as_it_is(data),
        where="proof",
    )


@given(st.dictionaries(KEYS, st.binary(min_size=1, max_size=40), min_size=1, max_size=12), KEYS)
def test_whatever_a_trie_holds_is_found_and_what_it_does_not_hold_is_not(
    items: dict[bytes, bytes], other: bytes
) -> None:
    trie = trie_of(items)

    for key in (*items, other):
        assert find(proof_nodes(trie, key), trie.root_hash, key) == items.get(key)


@given(
    st.dictionaries(KEYS, st.binary(min_size=1, max_size=40), min_size=1, max_size=12),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)
def test_a_changed_node_leads_nowhere(items: dict[bytes, bytes], node: int, bit: int) -> None:
    trie = trie_of(items)
    key = next(iter(items))
    nodes = list(proof_nodes(trie, key))
    changed = bytearray(nodes[node % len(nodes)])
    changed[bit // 8 % len(changed)] ^= 0x80 >> bit % 8
    nodes[node % len(nodes)] = bytes(changed)

    with pytest.raises(ProofMismatch):
        find(tuple(nodes), trie.root_hash, key)


def hashed_trie() -> Trie:
    return trie_of({keccak(bytes([number])): bytes([number + 1]) * 33 for number in range(200)})


def test_nodes_are_neither_too_few_nor_too_many_nor_in_another_order() -> None:
    trie = hashed_trie()
    nodes = proof_nodes(trie, keccak(b"\5"))

    def found(*given: bytes) -> bytes | None:
        return find_value(given, root=trie.root_hash, key=b"\5", keccak=keccak, where="proof")

    assert found(*nodes) == b"\6" * 33
    assert len(nodes) > 2
    for cut in range(len(nodes)):
        with pytest.raises(Malformed):
            found(*nodes[:cut])
    for more in ((*nodes, nodes[-1]), (*nodes, nodes[0]), (*nodes, rlp.encode(b""))):
        with pytest.raises(Malformed):
            found(*more)
    for other in (tuple(reversed(nodes)), nodes[1:], (nodes[0], *nodes)):
        with pytest.raises(ProofMismatch):
            found(*other)


def test_the_proof_of_one_key_says_nothing_of_another() -> None:
    trie = hashed_trie()
    nodes = proof_nodes(trie, keccak(b"\5"))

    for other in range(200):
        if other == 5:
            continue
        with pytest.raises((Malformed, ProofMismatch)):
            find_value(nodes, root=trie.root_hash, key=bytes([other]), keccak=keccak, where="proof")


def test_nothing_stands_in_an_empty_trie() -> None:
    assert EMPTY_TRIE == keccak(rlp.encode(b"")) == HexaryTrie({}).root_hash
    assert find_value((), root=EMPTY_TRIE, key=b"\5", keccak=keccak, where="proof") is None
    with pytest.raises(Malformed):
        find_value((rlp.encode(b""),), root=EMPTY_TRIE, key=b"\5", keccak=keccak, where="proof")


LEAF_PATH = keccak(b"key")


@pytest.mark.parametrize(
    "node",
    [
        b"text",  # no list
        (b"", b"", b""),  # neither 17 nor 2 items
        (),
        (b"", b"value"),  # no prefix
        ((b"\x20",), b"value"),  # a prefix that is a list
        (b"\x40" + LEAF_PATH, b"value"),  # an unknown flag
        (b"\x21" + LEAF_PATH, b"value"),  # a nibble where there is none
        (b"\x20" + LEAF_PATH, b""),  # a leaf without a value
        (b"\x20" + LEAF_PATH, (b"v",)),  # a value that is a list
        (b"\0" + LEAF_PATH, b"short"),  # an extension to no reference
        (b"\0" + LEAF_PATH, ()),
        (b"\0" + LEAF_PATH, tuple([b""] * 17)),  # a branch below the end of the key
    ],
)
def test_a_node_of_another_form_is_malformed(node: RlpItem) -> None:
    encoded = rlp.encode(node)

    with pytest.raises(Malformed):
        find_value((encoded,), root=keccak(encoded), key=b"key", keccak=keccak, where="proof")


def test_a_way_as_long_as_a_key_is_gone_to_its_end() -> None:
    path = [nibble for byte in LEAF_PATH for nibble in (byte >> 4, byte & 15)]
    node: Any = [b"\x20", b"at the end of all nibbles, and of more than 32 bytes"]
    nodes = [rlp.encode(node)]
    for nibble in reversed(path):
        branch: list[Any] = [b""] * 17
        branch[nibble] = keccak(nodes[0])
        nodes.insert(0, rlp.encode(branch))

    found = find_value(nodes, root=keccak(nodes[0]), key=b"key", keccak=keccak, where="proof")

    assert found == node[1]
    assert len(nodes) == MAX_PROOF_NODES

"""The tree of the protocol, against the library that defines it."""

import pytest
from blockcerts_merkletools import MerkleTools

from registry.domain.errors import Malformed
from registry.domain.hashing import Digest, sha256
from registry.domain.merkle import MerkleTree
from registry.domain.paths import fold


def leaves(count: int) -> list[Digest]:
    return [sha256(bytes([number])) for number in range(count)]


@pytest.mark.parametrize("count", range(1, 35))
def test_every_path_is_the_librarys_own(count: int) -> None:
    library = MerkleTools(hash_type="sha256")
    library.add_leaf([leaf.hex() for leaf in leaves(count)])
    library.make_tree()

    tree = MerkleTree(leaves(count))

    assert tree.root.hex() == library.get_merkle_root()
    assert [[{step.side.value: step.sibling.hex()} for step in tree.path(index)] for index in range(count)] == [
        library.get_proof(index) for index in range(count)
    ]


def test_every_path_leads_from_its_leaf_to_the_root() -> None:
    tree = MerkleTree(leaves(13))

    assert {fold(leaf, tree.path(index)) for index, leaf in enumerate(leaves(13))} == {tree.root}


def test_a_tree_knows_what_it_takes() -> None:
    assert MerkleTree(leaves(1)).size_bytes == 32
    assert MerkleTree(leaves(5)).size_bytes == 32 * (5 + 3 + 2 + 1)


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_path_of_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        MerkleTree(leaves(3)).path(index)


@pytest.mark.parametrize(
    ("wrong", "code"), [([], "empty-tree"), ([bytes(31)], "malformed-leaf"), ([bytes(32), bytes(33)], "malformed-leaf")]
)
def test_leaves_that_make_no_tree_are_refused(wrong: list[bytes], code: str) -> None:
    with pytest.raises(Malformed) as refused:
        MerkleTree(wrong)

    assert refused.value.code == code

"""Merkle trees, built with blockcerts-merkletools: SHA-256, leaves not hashed again, an odd last node moves up."""

from collections.abc import Sequence

from blockcerts_merkletools import MerkleTools

from registry.domain.errors import Malformed
from registry.domain.hashing import Digest
from registry.domain.paths import Path, Side, Step


class MerkleTree:
    """A tree over 32-byte leaves, kept with all its levels so that paths are cheap."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Build the tree.

        Raises Malformed when there is no leaf.
        """
        if not leaves:
            raise Malformed("empty-tree", "expected at least one leaf")
        self._tree = MerkleTools(hash_type="sha256")
        self._tree.add_leaf([leaf.hex() for leaf in leaves])
        self._tree.make_tree()

    @property
    def root(self) -> Digest:
        """The root; of a single leaf, the leaf."""
        return Digest(bytes.fromhex(self._tree.get_merkle_root()))

    def path(self, index: int) -> Path:
        """Return the steps from the leaf at an index to the root.

        Raises IndexError when there is no such leaf.
        """
        steps = self._tree.get_proof(index)
        if steps is None:
            raise IndexError(f"expected an index below {self._tree.get_leaf_count()}, got {index}")
        return tuple(
            Step(side=Side(side), sibling=Digest(bytes.fromhex(sibling)))
            for step in steps
            for side, sibling in step.items()
        )

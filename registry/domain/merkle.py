"""Merkle trees, built with blockcerts-merkletools: SHA-256, leaves not hashed again, an odd last node moves up."""

from collections.abc import Sequence

from blockcerts_merkletools import MerkleTools

from registry.domain.errors import Malformed
from registry.domain.hashing import DIGEST_SIZE, Digest
from registry.domain.paths import Path, Side, Step


class MerkleTree:
    """A tree over 32-byte leaves, kept with all its levels so that paths are cheap."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Build the tree.

        Raises Malformed when there is no leaf, or one that is not 32 bytes long.
        """
        if not leaves:
            raise Malformed("empty-tree", "expected at least one leaf")
        if any(len(leaf) != DIGEST_SIZE for leaf in leaves):
            raise Malformed("malformed-leaf", f"expected leaves of {DIGEST_SIZE} bytes")
        tree = MerkleTools(hash_type="sha256")
        # Not by add_leaf, which takes them in hex: the largest trees have 131,074 leaves.
        tree.leaves = list(leaves)
        tree.make_tree()
        # A level is one string, the leaves' first: a node among many as an object of its own takes thrice its size.
        self._levels = tuple(b"".join(level) for level in reversed(tree.levels))

    @property
    def root(self) -> Digest:
        """The root; of a single leaf, the leaf."""
        return Digest(self._levels[-1])

    @property
    def size_bytes(self) -> int:
        """How much memory the nodes take."""
        return sum(map(len, self._levels))

    def path(self, index: int) -> Path:
        """Return the steps from the leaf at an index to the root.

        Raises IndexError when there is no such leaf.
        """
        if not 0 <= index < len(self._levels[0]) // DIGEST_SIZE:
            raise IndexError(f"expected an index below {len(self._levels[0]) // DIGEST_SIZE}, got {index}")
        steps: list[Step] = []
        for level in self._levels[:-1]:
            at = (index ^ 1) * DIGEST_SIZE
            # The odd last node of a level has no sibling and moves up.
            if at < len(level):
                side = Side.LEFT if index % 2 else Side.RIGHT
                steps.append(Step(side=side, sibling=Digest(level[at : at + DIGEST_SIZE])))
            index //= 2
        return tuple(steps)

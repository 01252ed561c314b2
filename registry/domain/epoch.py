"""The epoch root: the 32 bytes that one transaction anchors (protocol section 5).

credentialsRoot = merkletools root over the batch roots, in batch order; 32 zero bytes when there is none
statusRoot      = H2(revocationRoot, suspensionRoot)
root            = H2(credentialsRoot, statusRoot)
"""

from collections.abc import Sequence
from typing import Final

from registry.domain.errors import Malformed
from registry.domain.hashing import ZERO_DIGEST, Digest, hash_pair
from registry.domain.merkle import MerkleTree
from registry.domain.paths import Path, Side, Step

MAX_BATCHES: Final = 2**16


def credentials_root(batch_roots: Sequence[Digest]) -> Digest:
    """Hash the batch roots of an epoch, in batch order.

    Raises Malformed for more than 2^16 batches.
    """
    _check_batches(batch_roots)
    return MerkleTree(batch_roots).root if batch_roots else ZERO_DIGEST


def status_root(*, revocation_root: Digest, suspension_root: Digest) -> Digest:
    """Hash the roots of the two status trees."""
    return hash_pair(revocation_root, suspension_root)


def epoch_root(*, credentials_root: Digest, status_root: Digest) -> Digest:
    """Hash what was issued and what was revoked to the one root."""
    return hash_pair(credentials_root, status_root)


def path_above_batch(batch_roots: Sequence[Digest], position: int, *, status_root: Digest) -> Path:
    """Return the steps from a batch root to the epoch root; the last one is the status root, on the right.

    Raises Malformed for more than 2^16 batches, IndexError when there is no such batch.
    """
    _check_batches(batch_roots)
    return (*MerkleTree(batch_roots).path(position), Step(side=Side.RIGHT, sibling=status_root))


def _check_batches(batch_roots: Sequence[Digest]) -> None:
    if len(batch_roots) > MAX_BATCHES:
        raise Malformed("too-many-batches", f"expected at most {MAX_BATCHES} batches, got {len(batch_roots)}")

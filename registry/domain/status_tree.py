"""Building the status tree and its proofs (protocol section 4)."""

from collections.abc import Mapping
from typing import Final

from registry.domain.errors import Malformed
from registry.domain.hashing import Digest, hash_pair
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
from registry.domain.paths import Path
from registry.domain.slot import LIST_SIZE, MAX_LIST, Purpose
from registry.domain.status import CHUNK_BITS, DEPTH, ZERO_ROOTS, StatusProof

LIST_BYTES: Final = LIST_SIZE // 8
CHUNK_BYTES: Final = CHUNK_BITS // 8
LIST_DEPTH: Final = 9
"""A list is 512 chunks: 9 levels inside it, 20 above."""
EMPTY_LIST: Final = bytes(LIST_BYTES)


def read_bit(bits: bytes, index: int) -> bool:
    """Read one entry of a list's bitstring, most significant bit first."""
    return bool(bits[index // 8] >> (7 - index % 8) & 1)


def write_bit(bits: bytes, index: int, *, value: bool) -> bytes:
    """Return a list's bitstring with one entry changed."""
    changed = bytearray(bits)
    mask = 0x80 >> index % 8
    changed[index // 8] = changed[index // 8] | mask if value else changed[index // 8] & ~mask
    return bytes(changed)


def list_root(bits: bytes) -> Digest:
    """Hash one list's 16,384 bytes to the root of its subtree, 9 levels up.

    Raises Malformed for another size.
    """
    return _list_tree(bits).root


def purpose_root(list_roots: Mapping[int, Digest]) -> Digest:
    """Hash the roots of all lists that are not all zero to the root of a purpose's tree."""
    nodes = _check_lists(list_roots)
    for level in range(LIST_DEPTH, DEPTH):
        nodes = _next_level(nodes, level)
    return nodes.get(0, ZERO_ROOTS[DEPTH])


def prove_status(
    *,
    purpose: Purpose,
    log: LogName,
    epoch: int,
    root: Digest,
    slot: int,
    bits: bytes,
    list_roots: Mapping[int, Digest],
    other_root: Digest,
    credentials_root: Digest,
) -> StatusProof:
    """Make the proof of one slot's bit.

    `bits` is the bitstring of the slot's list in this epoch, `list_roots` the roots of all lists of the purpose that
    are not all zero.
    """
    number, index = divmod(slot, LIST_SIZE)
    chunk = index // CHUNK_BITS
    siblings = [step.sibling for step in _list_path(bits, chunk)] + _upper_siblings(list_roots, number)
    listed = [(level, node) for level, node in enumerate(siblings) if node != ZERO_ROOTS[level]]
    return StatusProof(
        purpose=purpose,
        log=log,
        epoch=epoch,
        root=root,
        chunk=Digest(bits[chunk * CHUNK_BYTES : (chunk + 1) * CHUNK_BYTES]),
        sibling_map=sum(1 << level for level, _ in listed),
        siblings=tuple(node for _, node in listed),
        other_root=other_root,
        credentials_root=credentials_root,
    )


def _list_tree(bits: bytes) -> MerkleTree:
    if len(bits) != LIST_BYTES:
        raise Malformed("malformed-list-file", f"expected {LIST_BYTES} bytes, got {len(bits)}")
    return MerkleTree([bits[at : at + CHUNK_BYTES] for at in range(0, LIST_BYTES, CHUNK_BYTES)])


def _list_path(bits: bytes, chunk: int) -> Path:
    return _list_tree(bits).path(chunk)


def _upper_siblings(list_roots: Mapping[int, Digest], number: int) -> list[Digest]:
    nodes = _check_lists(list_roots)
    siblings: list[Digest] = []
    for level in range(LIST_DEPTH, DEPTH):
        siblings.append(nodes.get(number ^ 1, ZERO_ROOTS[level]))
        nodes = _next_level(nodes, level)
        number >>= 1
    return siblings


def _next_level(nodes: Mapping[int, Digest], level: int) -> dict[int, Digest]:
    zero = ZERO_ROOTS[level]
    return {
        parent: hash_pair(nodes.get(2 * parent, zero), nodes.get(2 * parent + 1, zero))
        for parent in {position >> 1 for position in nodes}
    }


def _check_lists(list_roots: Mapping[int, Digest]) -> dict[int, Digest]:
    if any(not 0 <= number <= MAX_LIST for number in list_roots):
        raise Malformed("malformed-list-number", f"expected lists from 0 to {MAX_LIST}")
    return dict(list_roots)

"""Building the status tree and its proofs (protocol section 4)."""

from collections.abc import Mapping
from typing import Final

from registry.domain.errors import Malformed
from registry.domain.hashing import Digest, hash_pair
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
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


class ListStatus:
    """One list as one epoch has it, with its tree kept so that proofs are cheap."""

    def __init__(
        self,
        *,
        purpose: Purpose,
        log: LogName,
        epoch: int,
        root: Digest,
        number: int,
        bits: bytes,
        list_roots: Mapping[int, Digest],
        other_root: Digest,
        credentials_root: Digest,
    ) -> None:
        """Build the list's tree.

        `bits` is the list's bitstring in this epoch, `list_roots` the roots of all lists of the purpose that are not
        all zero. Raises Malformed for bits of another size.
        """
        self._purpose = purpose
        self._log = log
        self._epoch = epoch
        self._root = root
        self._number = number
        self._bits = bits
        self._tree = _list_tree(bits)
        self._upper = _upper_siblings(list_roots, number)
        self._other_root = other_root
        self._credentials_root = credentials_root

    def prove(self, slot: int) -> StatusProof:
        """Make the proof of one slot's bit.

        Raises Malformed for a slot of another list.
        """
        number, index = divmod(slot, LIST_SIZE)
        if number != self._number:
            raise Malformed("malformed-slot", f"expected a slot of list {self._number}, got {slot}")
        chunk = index // CHUNK_BITS
        siblings = [*(step.sibling for step in self._tree.path(chunk)), *self._upper]
        listed = [(level, node) for level, node in enumerate(siblings) if node != ZERO_ROOTS[level]]
        return StatusProof(
            purpose=self._purpose,
            log=self._log,
            epoch=self._epoch,
            root=self._root,
            chunk=Digest(self._bits[chunk * CHUNK_BYTES : (chunk + 1) * CHUNK_BYTES]),
            sibling_map=sum(1 << level for level, _ in listed),
            siblings=tuple(node for _, node in listed),
            other_root=self._other_root,
            credentials_root=self._credentials_root,
        )


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
    """Make a single proof of one slot's bit; the arguments are those of `ListStatus`."""
    return ListStatus(
        purpose=purpose,
        log=log,
        epoch=epoch,
        root=root,
        number=slot // LIST_SIZE,
        bits=bits,
        list_roots=list_roots,
        other_root=other_root,
        credentials_root=credentials_root,
    ).prove(slot)


def _list_tree(bits: bytes) -> MerkleTree:
    if len(bits) != LIST_BYTES:
        raise Malformed("malformed-list-file", f"expected {LIST_BYTES} bytes, got {len(bits)}")
    return MerkleTree([bits[at : at + CHUNK_BYTES] for at in range(0, LIST_BYTES, CHUNK_BYTES)])


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

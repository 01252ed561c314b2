"""Proofs in Ethereum's tries: what stands under a key, or that nothing does (Yellow Paper, appendix D; EIP-1186).

    branch      17 items: one reference for each nibble, and a value that keys of one length never use
    extension    2 items: nibbles, reference
    leaf         2 items: nibbles, value
    reference    32 bytes, the hash of a node; or the node itself, when it is shorter than that; or empty

A proof is the nodes from the root on, each the one that the node before refers to by hash; a node inside its parent is no
element of its own. It ends at the leaf, or where the way to the key ends: then nothing stands under it. The keys of
account and storage tries are hashes themselves, 32 bytes each.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.hashing import DIGEST_SIZE
from registry.domain.rlp import RlpItem, decode_rlp

Keccak: TypeAlias = Callable[[bytes], bytes]
"""Keccak-256 as Ethereum has it: none of the libraries the domain may import has it, so it is handed in."""

EMPTY_TRIE: Final = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
"""The root of a trie with nothing in it, the hash of an empty string; its proofs have no nodes."""

MAX_PROOF_NODES: Final = 65
"""A key has 64 nibbles; every node but the last takes one at least."""
MAX_NODE_BYTES: Final = 532
"""A branch of 16 hashes: 16 x 33 bytes, one for the value that is not there, three for the length. Leaves are shorter."""

_BRANCH_ITEMS: Final = 17
_PATH_ITEMS: Final = 2
_LEAF_FLAG: Final = 2
_ODD_FLAG: Final = 1


def find_value(nodes: Sequence[bytes], *, root: bytes, key: bytes, keccak: Keccak, where: str) -> bytes | None:
    """Return what a trie holds under a key before it is hashed, None when the nodes prove that it holds nothing.

    Raises Malformed for nodes that are none, too few or too many of them, ProofMismatch for a node that the one before
    does not refer to.
    """
    path = _nibbles(keccak(key))
    unread = list(nodes)
    reference: RlpItem = b"" if root == EMPTY_TRIE else root
    value: bytes | None = None
    while reference != b"" and value is None:
        node = _resolve(reference, unread, keccak=keccak, where=where)
        if len(node) == _BRANCH_ITEMS:
            reference, path = _choose(node, path, where)
            continue
        own, is_leaf = _read_path(node, where)
        if path[: len(own)] != own or (is_leaf and len(own) < len(path)):
            # Another key's way: the one that was asked for is not there.
            reference = b""
        elif is_leaf:
            value = _read_value(node[1], where)
        else:
            reference, path = node[1], path[len(own) :]
    if unread:
        raise _malformed(f"no nodes beyond the end of the way, got {len(unread)}", where)
    return value


def _resolve(reference: RlpItem, unread: list[bytes], *, keccak: Keccak, where: str) -> tuple[RlpItem, ...]:
    """Return the node that a reference stands for; one that is referred to by hash is the next one not read yet."""
    if isinstance(reference, bytes):
        if len(reference) != DIGEST_SIZE:
            raise _malformed("a reference of 32 bytes", where)
        if not unread:
            raise _malformed("the nodes up to the end of the way", where)
        encoded = unread.pop(0)
        actual = keccak(encoded)
        if actual != reference:
            raise ProofMismatch("node-differs", where, expected=reference, actual=actual)
        reference = decode_rlp(encoded, where=where)
    if isinstance(reference, bytes) or len(reference) not in (_BRANCH_ITEMS, _PATH_ITEMS):
        raise _malformed("a node of 17 or 2 items", where)
    return reference


def _choose(branch: tuple[RlpItem, ...], path: bytes, where: str) -> tuple[RlpItem, bytes]:
    if not path:
        raise _malformed("no branch below the end of a key", where)
    return branch[path[0]], path[1:]


def _read_path(node: tuple[RlpItem, ...], where: str) -> tuple[bytes, bool]:
    """Return the nibbles of an extension or a leaf, and whether it is a leaf: the hex prefix encoding."""
    encoded = node[0]
    nibbles = _nibbles(encoded) if isinstance(encoded, bytes) else b""
    if not nibbles or nibbles[0] > _LEAF_FLAG + _ODD_FLAG:
        raise _malformed("nibbles with their prefix", where)
    is_odd = bool(nibbles[0] & _ODD_FLAG)
    if not is_odd and nibbles[1] != 0:
        raise _malformed("a zero after the prefix", where)
    return nibbles[1 if is_odd else 2 :], bool(nibbles[0] & _LEAF_FLAG)


def _read_value(value: RlpItem, where: str) -> bytes:
    if isinstance(value, tuple) or not value:
        raise _malformed("a value", where)
    return value


def _nibbles(data: bytes) -> bytes:
    """Cut bytes into halves, one in a byte each."""
    return bytes(half for byte in data for half in (byte >> 4, byte & 0xF))


def _malformed(expected: str, where: str) -> Malformed:
    return Malformed("malformed-node", f"expected {expected}", where=where)

"""The status tree: one bit a slot, and a proof of half a kilobyte that a bit is 0 (protocol section 4).

Per purpose the bitstrings of all lists, in list order, are cut into 32-byte chunks: slot s is bit `s & 255` of chunk
`s >> 8`, most significant bit first, exactly as in the decoded `encodedList`. Over 2^29 chunks stands one perfect tree
of depth 29; subtrees of zeros have the constant roots `z_i`, which a proof does not spell out.

    statusRoot = H2(revocationRoot, suspensionRoot)
    root       = H2(credentialsRoot, statusRoot)

This module checks proofs; `registry.domain.status_tree` makes them.
"""

from dataclasses import dataclass
from typing import Final, Self

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.domain.fields import read_integer, read_list, read_object
from registry.domain.hashing import ZERO_DIGEST, Digest, digest_from_hex, hash_pair
from registry.domain.log_name import LogName
from registry.domain.slot import SLOT_LIMIT, Purpose

DEPTH: Final = 29
CHUNK_BITS: Final = 256


def _zero_roots() -> tuple[Digest, ...]:
    roots = [ZERO_DIGEST]
    for _ in range(DEPTH):
        roots.append(hash_pair(roots[-1], roots[-1]))
    return tuple(roots)


ZERO_ROOTS: Final = _zero_roots()
"""z_0 .. z_29: the roots of all-zero subtrees."""

_MEMBERS: Final = (
    "purpose",
    "log",
    "epoch",
    "root",
    "chunk",
    "siblingMap",
    "siblings",
    "otherRoot",
    "credentialsRoot",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusProof:
    """A proof of one slot's bit in one epoch of one log."""

    purpose: Purpose
    log: LogName
    epoch: int
    root: Digest
    """The epoch root that the proof claims to lead to."""
    chunk: Digest
    """The 32 bytes of the bitstring that the slot's bit stands in."""
    sibling_map: int
    """Bit i is 1 when the sibling at level i (0 = chunk level) is not z_i and is listed."""
    siblings: tuple[Digest, ...]
    """The siblings that are not z_i, lowest level first."""
    other_root: Digest
    """The root of the other purpose's tree."""
    credentials_root: Digest

    def __post_init__(self) -> None:
        """Raise Malformed for a map and siblings that do not fit, or a sibling that is a zero constant spelled out."""
        if not 0 <= self.sibling_map < 2**DEPTH or self.sibling_map.bit_count() != len(self.siblings):
            raise Malformed("malformed-status-proof", "expected as many siblings as bits in siblingMap, below 2^29")
        levels = [level for level in range(DEPTH) if self.sibling_map >> level & 1]
        if any(sibling == ZERO_ROOTS[level] for level, sibling in zip(levels, self.siblings, strict=True)):
            raise Malformed("malformed-status-proof", "expected no listed sibling that equals its zero constant")

    @classmethod
    def parse(cls, value: JsonValue, where: str) -> Self:
        """Read a proof as it stands in a receipt.

        Raises Malformed for anything but its one spelling.
        """
        members = read_object(value, required=_MEMBERS, where=where)
        purpose = members["purpose"]
        if purpose not in tuple(Purpose):
            raise Malformed("malformed-status-proof", "expected purpose revocation or suspension", where=where)
        listed = read_list(members["siblings"], limit=DEPTH, where=f"{where}.siblings")
        return cls(
            purpose=Purpose(str(purpose)),
            log=LogName.parse(members["log"]),
            epoch=read_integer(members["epoch"], minimum=1, where=f"{where}.epoch"),
            root=digest_from_hex(members["root"], f"{where}.root"),
            chunk=digest_from_hex(members["chunk"], f"{where}.chunk"),
            sibling_map=read_integer(members["siblingMap"], maximum=2**DEPTH - 1, where=f"{where}.siblingMap"),
            siblings=tuple(digest_from_hex(item, f"{where}.siblings[{at}]") for at, item in enumerate(listed)),
            other_root=digest_from_hex(members["otherRoot"], f"{where}.otherRoot"),
            credentials_root=digest_from_hex(members["credentialsRoot"], f"{where}.credentialsRoot"),
        )

    def to_json(self) -> JsonObject:
        """Write the proof as it stands in a receipt."""
        return {
            "purpose": str(self.purpose),
            "log": str(self.log),
            "epoch": self.epoch,
            "root": self.root.hex(),
            "chunk": self.chunk.hex(),
            "siblingMap": self.sibling_map,
            "siblings": [sibling.hex() for sibling in self.siblings],
            "otherRoot": self.other_root.hex(),
            "credentialsRoot": self.credentials_root.hex(),
        }


def bit_of_chunk(chunk: bytes, slot: int) -> bool:
    """Read a slot's bit out of its chunk, most significant bit first."""
    position = slot % CHUNK_BITS
    return bool(chunk[position // 8] >> (7 - position % 8) & 1)


def fold_status_proof(proof: StatusProof, *, slot: int) -> Digest:
    """Follow a proof from the slot's chunk to the epoch root it leads to.

    The caller compares the result with `proof.root` and that with the chain; the bit is `bit_of_chunk(proof.chunk)`.

    Raises Malformed for a slot outside 0..2^37-1.
    """
    if not 0 <= slot < SLOT_LIMIT:
        raise Malformed("malformed-slot", f"expected 0 <= slot < 2^37, got {slot}")
    position = slot // CHUNK_BITS
    listed = iter(proof.siblings)
    node = proof.chunk
    for level in range(DEPTH):
        sibling = next(listed) if proof.sibling_map >> level & 1 else ZERO_ROOTS[level]
        node = hash_pair(sibling, node) if position >> level & 1 else hash_pair(node, sibling)
    pair = (node, proof.other_root) if proof.purpose is Purpose.REVOCATION else (proof.other_root, node)
    # The credentials root stands on the left of this last step: it keeps a zero chunk from passing for slot 0's leaf.
    return hash_pair(proof.credentials_root, hash_pair(*pair))

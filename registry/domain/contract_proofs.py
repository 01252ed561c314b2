"""Proofs as the contracts read them (docs/contracts.md; contracts/src/EpochProofs.sol).

    path            sides, 8 bytes ‖ siblings, 32 bytes each; without the first step, the slot word
    status proof    sibling map, 4 bytes ‖ chunk ‖ siblings ‖ other root ‖ credentials root

Numbers are big-endian; bit i of the sides, least significant first, is 1 when sibling i stands on the right. The same
proofs as in a receipt, in one spelling, without what the contract knows by itself.
"""

from typing import Final

from registry.domain.errors import Malformed
from registry.domain.hashing import DIGEST_SIZE, Digest
from registry.domain.log_name import LogName
from registry.domain.paths import MAX_STEPS, Path, Side, Step, check_entry_path
from registry.domain.slot import Purpose, slot_word
from registry.domain.status import DEPTH, StatusProof

SIDES_SIZE: Final = 8
MAP_SIZE: Final = 4
MAX_PATH_SIZE: Final = SIDES_SIZE + DIGEST_SIZE * (MAX_STEPS - 1)
MIN_NODES: Final = 3
"""Of a status proof: the chunk, the other root and the credentials root."""
MAX_STATUS_PROOF_SIZE: Final = MAP_SIZE + DIGEST_SIZE * (MIN_NODES + DEPTH)


def encode_path(path: Path, *, slot: int) -> bytes:
    """Write a credential's path for the contracts.

    Raises Malformed for a path that is not of the form of section 3 for this slot: the contracts refuse it too.
    """
    check_entry_path(path, word=slot_word(slot), where="path")
    steps = path[1:]
    sides = sum(1 << number for number, step in enumerate(steps) if step.side is Side.RIGHT)
    return sides.to_bytes(SIDES_SIZE, "big") + b"".join(step.sibling for step in steps)


def decode_path(data: bytes, *, slot: int) -> Path:
    """Read a credential's path as the contracts read it, and put the slot word before it.

    Raises Malformed for anything but its one spelling, and for a path or a slot that the contracts refuse.
    """
    word = slot_word(slot)
    if len(data) > MAX_PATH_SIZE or len(data) % DIGEST_SIZE != SIDES_SIZE:
        raise Malformed(
            "malformed-path", f"expected the sides and 2 to 63 siblings, got {len(data)} bytes", where="path"
        )
    sides = int.from_bytes(data[:SIDES_SIZE], "big")
    steps = (
        Step(side=Side.RIGHT if sides >> number & 1 else Side.LEFT, sibling=sibling)
        for number, sibling in enumerate(_words(data[SIDES_SIZE:]))
    )
    path = (Step(side=Side.RIGHT, sibling=Digest(word)), *steps)
    if encode_path(path, slot=slot) != data:
        raise Malformed("malformed-path", "expected no side beyond the last sibling", where="path")
    return path


def encode_status_proof(proof: StatusProof) -> bytes:
    """Write a status proof for the contracts."""
    parts = (proof.chunk, *proof.siblings, proof.other_root, proof.credentials_root)
    return proof.sibling_map.to_bytes(MAP_SIZE, "big") + b"".join(parts)


def decode_status_proof(data: bytes, *, purpose: Purpose, log: LogName, epoch: int, root: Digest) -> StatusProof:
    """Read a status proof as the contracts read it; what they know by themselves is told here.

    Raises Malformed for anything but its one spelling.
    """
    nodes = _words(data[MAP_SIZE:])
    if len(data) > MAX_STATUS_PROOF_SIZE or len(nodes) < MIN_NODES:
        raise Malformed("malformed-status-proof", f"expected a map and 3 to 32 nodes, got {len(data)} bytes")
    chunk, *siblings, other_root, credentials_root = nodes
    proof = StatusProof(
        purpose=purpose,
        log=log,
        epoch=epoch,
        root=root,
        chunk=chunk,
        sibling_map=int.from_bytes(data[:MAP_SIZE], "big"),
        siblings=tuple(siblings),
        other_root=other_root,
        credentials_root=credentials_root,
    )
    if encode_status_proof(proof) != data:
        raise Malformed("malformed-status-proof", "expected whole nodes")
    return proof


def _words(data: bytes) -> tuple[Digest, ...]:
    """Cut bytes into words; what is left over at the end is noticed when the proof is written again."""
    return tuple(Digest(data[at : at + DIGEST_SIZE]) for at in range(0, len(data) - DIGEST_SIZE + 1, DIGEST_SIZE))

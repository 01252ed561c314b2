"""Honest proofs for the comparison of two implementations, as contracts get them.

Half of them come from whole epochs, built as the registry builds them; the others are invented, to have every length
and every sibling map.
"""

from dataclasses import dataclass
from random import Random
from typing import Final

from registry.domain.contract_proofs import encode_path, encode_status_proof
from registry.domain.epoch import credentials_root, epoch_root, path_above_batch, status_root
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
from registry.domain.paths import MAX_STEPS, MIN_STEPS, Side, Step
from registry.domain.slot import LIST_SIZE, MAX_LIST, SLOT_LIMIT, Purpose, slot_word
from registry.domain.status import DEPTH, StatusProof
from registry.domain.status_tree import LIST_BYTES, ListStatus, list_root, purpose_root

LOG: Final = LogName(chain_id=31337, contract="0x" + "5f" * 20, number=1)
HONEST: Final = "honest"

EPOCHS: Final = 12
# Batches and lists of many sizes; each epoch takes some hundredths of a second to build.


@dataclass(frozen=True, slots=True, kw_only=True)
class PathCase:
    """A path as a contract gets it."""

    kind: str
    """`honest`, or how it was changed."""
    leaf: Digest
    slot: int
    data: bytes
    root: Digest | None
    """Where it must lead: known of a path of a whole epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCase:
    """A status proof as a contract gets it."""

    kind: str
    """`honest`, or how it was changed."""
    slot: int
    purpose: Purpose
    data: bytes
    root: Digest | None
    """Where it must lead: known of a proof of a whole epoch."""


class Prover:
    """Draws honest proofs."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._epochs = tuple(_Epoch(random) for _ in range(EPOCHS))

    def path(self) -> PathCase:
        """Draw a path."""
        if self._random.random() < 0.5:
            return self._random.choice(self._epochs).path(self._random)
        slot = self._random.randrange(SLOT_LIMIT)
        steps = [
            Step(side=self._random.choice(tuple(Side)), sibling=draw_digest(self._random))
            for _ in range(self._random.randint(MIN_STEPS, MAX_STEPS) - 2)
        ]
        word = Step(side=Side.RIGHT, sibling=Digest(slot_word(slot)))
        last = Step(side=Side.RIGHT, sibling=draw_digest(self._random))
        data = encode_path((word, *steps, last), slot=slot)
        return PathCase(kind=HONEST, leaf=draw_digest(self._random), slot=slot, data=data, root=None)

    def status(self) -> StatusCase:
        """Draw a status proof."""
        if self._random.random() < 0.5:
            return self._random.choice(self._epochs).status(self._random)
        sibling_map = self._random.getrandbits(DEPTH)
        proof = StatusProof(
            purpose=self._random.choice(tuple(Purpose)),
            log=LOG,
            epoch=1,
            root=draw_digest(self._random),
            chunk=draw_digest(self._random),
            sibling_map=sibling_map,
            siblings=tuple(draw_digest(self._random) for _ in range(sibling_map.bit_count())),
            other_root=draw_digest(self._random),
            credentials_root=draw_digest(self._random),
        )
        slot = self._random.randrange(SLOT_LIMIT)
        data = encode_status_proof(proof)
        return StatusCase(kind=HONEST, slot=slot, purpose=proof.purpose, data=data, root=None)


class _Epoch:
    """A whole epoch: some batches, two lists of each purpose, and its roots."""

    def __init__(self, random: Random) -> None:
        self._entries = [
            [(draw_digest(random), random.randrange(SLOT_LIMIT)) for _ in range(random.randint(2, 70))]
            for _ in range(random.randint(1, 20))
        ]
        self._batches = [
            MerkleTree([word for leaf, slot in entries for word in (leaf, slot_word(slot))])
            for entries in self._entries
        ]
        bits = {purpose: {random.randint(0, MAX_LIST): _draw_list(random) for _ in range(2)} for purpose in Purpose}
        roots = {
            purpose: {number: list_root(content) for number, content in lists.items()}
            for purpose, lists in bits.items()
        }
        tops = {purpose: purpose_root(lists) for purpose, lists in roots.items()}
        self._status_root = status_root(
            revocation_root=tops[Purpose.REVOCATION], suspension_root=tops[Purpose.SUSPENSION]
        )
        credentials = credentials_root([batch.root for batch in self._batches])
        self._root = epoch_root(credentials_root=credentials, status_root=self._status_root)
        self._lists = [
            (
                number,
                purpose,
                ListStatus(
                    purpose=purpose,
                    log=LOG,
                    epoch=1,
                    root=self._root,
                    number=number,
                    bits=content,
                    list_roots=roots[purpose],
                    other_root=tops[Purpose.SUSPENSION if purpose is Purpose.REVOCATION else Purpose.REVOCATION],
                    credentials_root=credentials,
                ),
            )
            for purpose, lists in bits.items()
            for number, content in lists.items()
        ]

    def path(self, random: Random) -> PathCase:
        number = random.randrange(len(self._batches))
        entry = random.randrange(len(self._entries[number]))
        leaf, slot = self._entries[number][entry]
        above = path_above_batch([batch.root for batch in self._batches], number, status_root=self._status_root)
        data = encode_path(self._batches[number].path(2 * entry) + above, slot=slot)
        return PathCase(kind=HONEST, leaf=leaf, slot=slot, data=data, root=self._root)

    def status(self, random: Random) -> StatusCase:
        number, purpose, status = random.choice(self._lists)
        slot = number * LIST_SIZE + random.randrange(LIST_SIZE)
        data = encode_status_proof(status.prove(slot))
        return StatusCase(kind=HONEST, slot=slot, purpose=purpose, data=data, root=self._root)


def draw_digest(random: Random) -> Digest:
    """Draw 32 bytes."""
    return Digest(random.randbytes(32))


def _draw_list(random: Random) -> bytes:
    """Draw a list of which a part is empty, so that some of its subtrees are."""
    filled = random.randint(1, LIST_BYTES)
    return (random.randbytes(filled) + bytes(LIST_BYTES))[:LIST_BYTES]

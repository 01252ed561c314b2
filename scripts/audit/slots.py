"""Which slot was filled with which leaf: to find slots that were filled twice, in any two epochs (protocol section 2).

    slots   8 bytes a credential      leaves  32 bytes      epochs  4 bytes

44 bytes a credential, kept in three flat arrays however a hostile log chooses its slots: 44 MB for a million. They are
compared at the end, in parts of about half a million, so that sorting takes a bounded 50 MB on top.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.domain.hashing import DIGEST_SIZE, Digest

PART_SIZE: Final = 500_000
"""Positions sorted at once: Python needs about 100 bytes for each while it sorts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reuse:
    """A slot that holds two different leaves."""

    slot: int
    first_leaf: Digest
    first_epoch: int
    leaf: Digest
    epoch: int


class SlotRegister:
    """Every slot that was filled, with its leaf and epoch."""

    def __init__(self) -> None:
        """Begin with none."""
        self._slots = array("Q")
        self._epochs = array("I")
        self._leaves = bytearray()

    def add(self, *, slot: int, leaf: bytes, epoch: int) -> None:
        """Note a filled slot. Epochs come in ascending order."""
        self._slots.append(slot)
        self._epochs.append(epoch)
        self._leaves += leaf

    def reuses(self) -> Iterator[Reuse]:
        """Yield each further leaf of a slot that an earlier entry filled with another one.

        The same leaf in the same slot again is none: a repeated root has a manifest that repeats it.
        """
        parts = len(self._slots) // PART_SIZE + 1
        for part in range(parts):
            positions = [at for at, slot in enumerate(self._slots) if slot % parts == part]
            # Sorting is stable: within a slot the order of epochs stays.
            positions.sort(key=self._slots.__getitem__)
            yield from self._reuses_among(positions)

    def _reuses_among(self, positions: list[int]) -> Iterator[Reuse]:
        first = 0
        told: set[Digest] = set()
        for at, position in enumerate(positions):
            if self._slots[position] != self._slots[positions[first]]:
                first, told = at, set()
            origin = positions[first]
            leaf = self._leaf(position)
            if leaf != self._leaf(origin) and leaf not in told:
                told.add(leaf)
                yield Reuse(
                    slot=self._slots[position],
                    first_leaf=self._leaf(origin),
                    first_epoch=self._epochs[origin],
                    leaf=leaf,
                    epoch=self._epochs[position],
                )

    def _leaf(self, position: int) -> Digest:
        return Digest(bytes(self._leaves[position * DIGEST_SIZE : (position + 1) * DIGEST_SIZE]))

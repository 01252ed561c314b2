"""Merkle paths: their form, and where they lead (protocol sections 3 and 5).

A path is a list of steps from a leaf to a root; a step holds the sibling and the side it stands on:

    [{"right": slot word}, {"right" | "left": node}, ..., {"right": statusRoot}]

Form is checked before anything is hashed: the slot word is what keeps an inner node from passing for a leaf.
This module only checks; trees are built in `registry.domain.merkle`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from registry.domain.canonical import JsonValue
from registry.domain.errors import Malformed
from registry.domain.hashing import DIGEST_SIZE, Digest, digest_from_hex, hash_pair
from registry.domain.slot import has_slot_word_form

MIN_STEPS: Final = 3
"""Slot word, at least one node of the batch (the header's), status root."""
MAX_STEPS: Final = 64
"""1 + 17 in the largest batch, 16 above it, 1 for the status root: 35. The rest bounds what a stranger can cost."""


class Side(StrEnum):
    """Where the sibling of a step stands."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step towards the root."""

    side: Side
    sibling: Digest

    def __post_init__(self) -> None:
        """Raise Malformed unless the sibling has 32 bytes."""
        if len(self.sibling) != DIGEST_SIZE:
            raise Malformed("malformed-step", f"expected a sibling of 32 bytes, got {len(self.sibling)}")

    def to_json(self) -> dict[str, JsonValue]:
        """Write the step as it stands in a receipt."""
        return {str(self.side): self.sibling.hex()}


Path: TypeAlias = tuple[Step, ...]


def parse_path(value: JsonValue, where: str) -> Path:
    """Read a path as it stands in a receipt.

    Raises Malformed unless it is a list of 3 to 64 objects with exactly one member, `left` or `right`, of 64
    lower-case hex digits.
    """
    if not isinstance(value, list) or not MIN_STEPS <= len(value) <= MAX_STEPS:
        raise Malformed("malformed-path", f"expected {MIN_STEPS} to {MAX_STEPS} steps", where=where)
    return tuple(_parse_step(step, f"{where}[{number}]") for number, step in enumerate(value))


def path_to_json(path: Path) -> list[JsonValue]:
    """Write a path as it stands in a receipt."""
    return [step.to_json() for step in path]


def check_entry_path(path: Path, *, word: bytes, where: str) -> None:
    """Check the form of the path of a credential or a header.

    `word` is the slot word that the first step must hold: for a credential the one that its own status names.

    Raises Malformed: `malformed-path`, `slot-word-differs`, `second-slot-word`, `no-status-root`.
    """
    if not MIN_STEPS <= len(path) <= MAX_STEPS:
        raise Malformed("malformed-path", f"expected {MIN_STEPS} to {MAX_STEPS} steps, got {len(path)}", where=where)
    if path[0] != Step(side=Side.RIGHT, sibling=Digest(word)):
        raise Malformed("slot-word-differs", f"expected the first step to be right {word.hex()}", where=where)
    # Otherwise the "leaf" of an entry could be the root of a subtree of entries that no auditor ever sees.
    if any(has_slot_word_form(step.sibling) for step in path[1:]):
        raise Malformed("second-slot-word", "expected no slot word after the first step", where=where)
    if path[-1].side is not Side.RIGHT:
        raise Malformed("no-status-root", "expected the last step to be right, the status root", where=where)


def fold(leaf: Digest, path: Path) -> Digest:
    """Follow a path from a leaf and return the node it leads to."""
    node = leaf
    for step in path:
        node = hash_pair(node, step.sibling) if step.side is Side.RIGHT else hash_pair(step.sibling, node)
    return node


def _parse_step(value: JsonValue, where: str) -> Step:
    if not isinstance(value, dict) or len(value) != 1:
        raise Malformed("malformed-step", "expected an object with one member, left or right", where=where)
    ((name, sibling),) = value.items()
    if name not in tuple(Side):
        raise Malformed("malformed-step", f"expected left or right, got {name!r}", where=where)
    return Step(side=Side(name), sibling=digest_from_hex(sibling, where))

"""Two hours of base fees, block by block: calm, and nine spells in which it is not.

The fees of a spell are there from one block to the next. A real chain moves by an eighth a block, which gives a worker
more time than this. While blocks are full, none takes a transaction: that is how one that is signed already meets fees
that it does not pay.
"""

from dataclasses import dataclass
from typing import Final

GWEI: Final = 10**9
BLOCK_SECONDS: Final = 12
BLOCKS_A_MINUTE: Final = 60 // BLOCK_SECONDS

_CALM_GWEI: Final = (3.0, 2.0, 1.0, 4.0, 5.0)
"""A minute each, over and over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Blocks in a row with a base fee of their own."""

    first: int
    """The number of its first block; block 1 is the first after the beginning."""
    blocks: int
    gwei: float


def _at(minute: int, block: int = 1) -> int:
    return minute * BLOCKS_A_MINUTE + block


# Until something delays it, an epoch is sealed and signed between the last block of a minute and the first of the next.
SPELLS: Final = (
    # Signed at the price of the spell, and mined at once.
    Spell(first=_at(10), blocks=2 * BLOCKS_A_MINUTE, gwei=50),
    # Still above the base fee, but no longer with a tip: in the pool, and stuck.
    Spell(first=_at(20, 2), blocks=4, gwei=6.5),
    # Overtaken twice by the base fee.
    Spell(first=_at(30, 2), blocks=4, gwei=80),
    Spell(first=_at(31), blocks=6 * BLOCKS_A_MINUTE, gwei=170),
    # Above the limit of the fee, first for a transaction that is signed, then for one that is not.
    Spell(first=_at(41), blocks=4 * BLOCKS_A_MINUTE, gwei=400),
    Spell(first=_at(50), blocks=2 * BLOCKS_A_MINUTE, gwei=500),
    # Below that limit, and above what one anchor may cost.
    Spell(first=_at(60), blocks=6 * BLOCKS_A_MINUTE, gwei=270),
    # So long that the day's budget ends first.
    Spell(first=_at(70), blocks=10 * BLOCKS_A_MINUTE, gwei=150),
    # With little of the budget left.
    Spell(first=_at(95), blocks=5 * BLOCKS_A_MINUTE, gwei=120),
)

FULL: Final = (
    range(_at(20), _at(21)),
    range(_at(30), _at(31, 4)),
    # A whole minute: whenever an epoch is sealed by now, its transaction waits when the spell begins.
    range(_at(40), _at(41, 2)),
)


def base_fee_wei(block: int) -> int:
    """Return the base fee of a block."""
    for spell in SPELLS:
        if spell.first <= block < spell.first + spell.blocks:
            return round(spell.gwei * GWEI)
    minute = (block - 1) // BLOCKS_A_MINUTE
    return round(_CALM_GWEI[minute % len(_CALM_GWEI)] * GWEI)


def is_full(block: int) -> bool:
    """Tell whether a block has no room left."""
    return any(block in blocks for blocks in FULL)

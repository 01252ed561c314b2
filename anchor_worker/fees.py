"""What a unit of gas may cost: EIP-1559 fees from the market, raised for a replacement, held by caps. PURE.

A transaction is paid `base fee + tip`, at most its `max fee`; a node takes a second transaction of the same nonce only
when both numbers are raised by a tenth. The first offer allows for a base fee that doubles (six full blocks in a row).
"""

from dataclasses import dataclass
from typing import Final, Self

from registry.domain.errors import Malformed

BASE_FEE_FACTOR: Final = 2
"""The base fee rises by at most an eighth a block: twice the present one lasts for six full blocks."""

BUMP_PER_MILLE: Final = 1_125
"""Nodes ask for a tenth more on both fees; an eighth leaves room for their rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """The two fees of an EIP-1559 transaction, in wei per gas."""

    max_fee_wei: int
    tip_wei: int

    def __post_init__(self) -> None:
        """Raise Malformed for a tip that the whole fee does not hold."""
        if not 0 <= self.tip_wei <= self.max_fee_wei:
            raise Malformed("malformed-fees", f"expected 0 <= tip {self.tip_wei} <= max fee {self.max_fee_wei}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What the chain asks at the moment, in wei per gas."""

    base_fee_wei: int
    """Of the next block."""
    tip_wei: int
    """What transactions of the newest blocks paid on top, in the middle of what they and the cheaper ones paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLimits:
    """What the operator allows, in wei per gas."""

    max_fee_wei: int
    min_tip_wei: int
    max_tip_wei: int

    def __post_init__(self) -> None:
        """Raise Malformed for limits that allow nothing."""
        if not 0 <= self.min_tip_wei <= self.max_tip_wei <= self.max_fee_wei:
            raise Malformed("malformed-fee-limits", "expected 0 <= least tip <= highest tip <= highest fee")

    @classmethod
    def under(cls, max_fee_wei: int, *, min_tip_wei: int, max_tip_wei: int) -> Self:
        """Return limits of which the whole fee is the strongest: where it is below a tip's, it is that one's too."""
        highest_tip_wei = min(max_tip_wei, max_fee_wei)
        return cls(max_fee_wei=max_fee_wei, min_tip_wei=min(min_tip_wei, highest_tip_wei), max_tip_wei=highest_tip_wei)

    def lowered(self, max_fee_wei: int) -> Self:
        """Return the limits with the whole fee at most so high."""
        return self.under(
            min(self.max_fee_wei, max_fee_wei), min_tip_wei=self.min_tip_wei, max_tip_wei=self.max_tip_wei
        )


def first_offer(market: Market, limits: FeeLimits) -> Fees | None:
    """Return the fees of a first transaction, or None when even the next block costs more than the limit."""
    tip_wei = wanted_tip(market, limits)
    if market.base_fee_wei + tip_wei > limits.max_fee_wei:
        return None
    return Fees(max_fee_wei=min(BASE_FEE_FACTOR * market.base_fee_wei + tip_wei, limits.max_fee_wei), tip_wei=tip_wei)


def raised_offer(fees: Fees, market: Market, limits: FeeLimits) -> Fees | None:
    """Return fees that replace a transaction of the same nonce, or None when the limit forbids them.

    Both fees are at least an eighth above the old ones and not below the market. When the limit of either is reached
    nothing is replaced any more: the old transaction stays the offer.
    """
    offer = first_offer(market, limits)
    if offer is None:
        return None
    max_fee_wei = max(offer.max_fee_wei, _raised(fees.max_fee_wei))
    tip_wei = max(offer.tip_wei, _raised(fees.tip_wei))
    if max_fee_wei > limits.max_fee_wei or tip_wei > limits.max_tip_wei:
        return None
    return Fees(max_fee_wei=max_fee_wei, tip_wei=tip_wei)


def is_underpriced(fees: Fees, market: Market, limits: FeeLimits) -> bool:
    """Tell whether the market has moved above a transaction's fees."""
    tip_wei = wanted_tip(market, limits)
    return fees.tip_wei < tip_wei or fees.max_fee_wei < market.base_fee_wei + tip_wei


def wanted_tip(market: Market, limits: FeeLimits) -> int:
    """Return the market's tip within the operator's limits."""
    return min(max(market.tip_wei, limits.min_tip_wei), limits.max_tip_wei)


def _raised(wei: int) -> int:
    return wei * BUMP_PER_MILLE // 1000 + 1

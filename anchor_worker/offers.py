"""Which fees a transaction may offer: the market's, within everything that bounds them. PURE.

    fee-limit    the operator's highest fee and tip for a unit of gas
    anchor-cost  the most that one anchor may cost
    budget       the most that all may cost in 24 hours
    no-funds     what the account has

A first transaction that a bound forbids is not signed, and its anchor is blocked; a replacement that one forbids is
not signed either, and the transaction that is there stays the offer. Nothing is ever cancelled.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from anchor_worker.fees import FeeLimits, Fees, Market, first_offer, raised_offer, wanted_tip
from anchor_worker.obstacles import Obstacle, Reason

MAX_GAS: Final = 2_000_000
"""Rollups charge for their data in gas; above this a node's estimate is broken or hostile."""

GAS_FACTOR_AFTER_REVERT: Final = 2
"""A transaction that ran out of gas looks like any other that reverted; gas that is not used is not paid."""


class Refusal(StrEnum):
    """What a node said last of an attempt, when it said no."""

    UNDERPRICED = "underpriced"
    FUNDS = "funds"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One signed transaction of the anchor's nonce. Never changed, never deleted."""

    transaction: str
    """Its hash, lower-case hex with 0x."""
    nonce: int
    fees: Fees
    gas: int
    signed_at: datetime
    refusal: Refusal | None = None
    """The answer to the newest sending of it; None when it was taken, or the answer was lost, or it was not sent."""
    refusal_detail: str = ""

    @property
    def cost_wei(self) -> int:
        """What it may cost at most."""
        return self.gas * self.fees.max_fee_wei


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """Everything that bounds an offer, but for the market."""

    limits: FeeLimits
    anchor_left_wei: int
    day_left_wei: int
    balance_wei: int

    def fee_limits(self, gas: int) -> FeeLimits:
        """Return the limits of a unit of gas, with what the anchor may cost among them."""
        return self.limits.lowered(max(self.anchor_left_wei, 0) // gas)

    def obstacle(self, cost_wei: int) -> Obstacle | None:
        """Return what a transaction is too dear for that may cost so much."""
        if cost_wei > self.day_left_wei:
            return Obstacle(reason=Reason.BUDGET, detail=f"the day's budget has {self.day_left_wei} wei left")
        if cost_wei > self.balance_wei:
            detail = f"expected {cost_wei} wei, the account has {self.balance_wei}"
            return Obstacle(reason=Reason.NO_FUNDS, detail=detail)
        return None


def first_fees(market: Market, purse: Purse, *, gas: int) -> Fees | Obstacle:
    """Return the fees of a nonce's first transaction, or what forbids it."""
    if first_offer(market, purse.limits) is None:
        return _above_limits(purse.limits)
    fees = first_offer(market, purse.fee_limits(gas))
    if fees is None:
        return _above_anchor_cost(purse)
    return purse.obstacle(gas * fees.max_fee_wei) or fees


def replacing_fees(newest: Attempt, market: Market, purse: Purse) -> Fees | Obstacle:
    """Return the fees of a transaction that replaces the newest attempt, with the same gas, or what forbids it.

    The newest attempt is the dearest, so it counts for nothing once the other is there: one of the two is mined.
    """
    if raised_offer(newest.fees, market, purse.limits) is None:
        return _above_limits(purse.limits)
    fees = raised_offer(newest.fees, market, purse.fee_limits(newest.gas))
    if fees is None:
        return _above_anchor_cost(purse)
    return purse.obstacle(newest.gas * fees.max_fee_wei) or fees


def gas_after_reverts(gas: int, *, reverted: int | None) -> int:
    """Return the gas to allow: the estimate, and twice what the transaction had that reverted, if one did."""
    if reverted is None:
        return gas
    return max(gas, min(GAS_FACTOR_AFTER_REVERT * reverted, MAX_GAS))


def anchors_affordable(balance_wei: int, market: Market, limits: FeeLimits, *, gas: int) -> int:
    """Count the anchors that a balance pays for at the present price, each with all the gas it is allowed."""
    return balance_wei // max(gas * (market.base_fee_wei + wanted_tip(market, limits)), 1)


def _above_limits(limits: FeeLimits) -> Obstacle:
    # Nothing that changes from block to block: an obstacle that is the same as before is not stored and told again.
    detail = f"expected at most {limits.max_fee_wei} wei, and {limits.max_tip_wei} of tip, for a unit of gas"
    return Obstacle(reason=Reason.FEE_LIMIT, detail=detail)


def _above_anchor_cost(purse: Purse) -> Obstacle:
    return Obstacle(reason=Reason.ANCHOR_COST, detail=f"the anchor may cost {purse.anchor_left_wei} wei more")

"""What anchoring may cost in all: one anchor, and any 24 hours. PURE.

There is no ledger that could differ from what happened: what was paid stands with the anchors (of each the block's time
and the fee), and what may still be paid are the transactions that are signed and in no block.

    committed = paid since then, by block time + the most that open transactions of other anchors can cost
    signed only when                 committed + the most that it can cost itself  <=  the day's budget

So no 24 hours ever cost more than the budget that held in them: a transaction that is mined at a time t was signed at
an earlier one, s; all that is paid in the day before t was paid in the day before s, or is the transaction itself,
because the next anchor is not signed before this one is final.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingLimits:
    """What the operator allows to be spent, in wei."""

    anchor_wei: int
    """On one anchor, its reverted transactions included."""
    day_wei: int
    """On all of them in any 24 hours."""
    floor_anchors: int
    """Tell the operator when the account cannot pay for so many at the present price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What a transaction in a block cost: an anchor, or one that reverted."""

    block_time: datetime
    wei: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What the tables say was paid, and may still be paid for other anchors than the one looked at."""

    payments: tuple[Payment, ...] = ()
    """At least those of the day before the newest of them."""
    reserved_wei: int = 0
    """The most that signed transactions of other anchors, none of them in a block, can cost."""

    def paid_wei(self, since: datetime) -> int:
        """Sum up what was paid after a moment."""
        return sum(payment.wei for payment in self.payments if payment.block_time > since)

    def committed_wei(self, since: datetime) -> int:
        """Sum up what was paid after a moment and what is reserved."""
        return self.reserved_wei + self.paid_wei(since)


NOTHING_SPENT: Final = Spending()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a day may cost, and where the day began: a signed transaction is stored only if it keeps to this."""

    day_wei: int
    since: datetime

    def left_wei(self, spending: Spending) -> int:
        """Return what a transaction may cost now; negative when more is committed than is allowed by now."""
        return self.day_wei - spending.committed_wei(self.since)


def current_budget(limits: SpendingLimits, *, now: datetime, head_time: datetime) -> Budget:
    """Return the budget by two clocks, ours and the newest block's, of which the slower counts.

    A clock that jumps ahead would end the day early, and with it the limit.
    """
    return Budget(day_wei=limits.day_wei, since=min(now, head_time) - DAY)

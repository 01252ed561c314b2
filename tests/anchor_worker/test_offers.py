"""Which fees are offered within everything that bounds them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchor_worker.budget import NOTHING_SPENT, Budget, Payment, Spending, SpendingLimits, current_budget
from anchor_worker.fees import Fees, Market, is_underpriced
from anchor_worker.obstacles import Obstacle
from anchor_worker.offers import MAX_GAS, Purse, anchors_affordable, first_fees, gas_after_reverts, replacing_fees
from tests.anchor_worker.observations import GWEI, LIMITS, MARKET, NOW, an_attempt
from tests.anchor_worker.test_fees import ALL_LIMITS, MARKETS, WEI

GAS = st.integers(min_value=21_000, max_value=MAX_GAS)
AMOUNTS = st.integers(min_value=-(10**18), max_value=10**19)
PURSES = st.builds(
    Purse, limits=ALL_LIMITS, anchor_left_wei=AMOUNTS, day_left_wei=AMOUNTS, balance_wei=st.integers(0, 10**19)
)
FEES = st.tuples(WEI, WEI).map(lambda pair: Fees(max_fee_wei=max(pair), tip_wei=min(pair)))


def assert_within(fees: Fees, purse: Purse, gas: int) -> None:
    cost_wei = gas * fees.max_fee_wei
    assert fees.max_fee_wei <= purse.limits.max_fee_wei
    assert fees.tip_wei <= purse.limits.max_tip_wei
    assert cost_wei <= min(max(purse.anchor_left_wei, 0), purse.day_left_wei, purse.balance_wei)


@given(market=MARKETS, purse=PURSES, gas=GAS)
def test_a_first_offer_keeps_to_every_bound_and_is_enough_for_the_next_block(
    market: Market, purse: Purse, gas: int
) -> None:
    fees = first_fees(market, purse, gas=gas)

    if isinstance(fees, Fees):
        assert_within(fees, purse, gas)
        assert fees.max_fee_wei >= market.base_fee_wei + fees.tip_wei


@given(market=MARKETS, purse=PURSES, gas=GAS, old=FEES)
def test_a_replacement_keeps_to_every_bound_and_raises_both_fees_by_an_eighth(
    market: Market, purse: Purse, gas: int, old: Fees
) -> None:
    fees = replacing_fees(an_attempt(fees=old, gas=gas), market, purse)

    if isinstance(fees, Fees):
        assert_within(fees, purse, gas)
        assert fees.max_fee_wei * 1000 >= old.max_fee_wei * 1125
        assert fees.tip_wei * 1000 >= old.tip_wei * 1125
        assert not is_underpriced(fees, market, purse.fee_limits(gas))


def test_an_obstacle_names_its_figures() -> None:
    purse = Purse(limits=LIMITS, anchor_left_wei=10**18, day_left_wei=5, balance_wei=10**18)

    obstacle = first_fees(MARKET, purse, gas=80_000)

    assert isinstance(obstacle, Obstacle)
    assert obstacle.detail == "the day's budget has 5 wei left"


@pytest.mark.parametrize(
    ("reverted", "gas"), [(None, 80_000), (30_000, 80_000), (60_000, 120_000), (1_500_000, MAX_GAS)]
)
def test_after_a_revert_twice_the_gas_is_allowed(reverted: int | None, gas: int) -> None:
    assert gas_after_reverts(80_000, reverted=reverted) == gas


def test_gas_is_never_lowered_by_the_highest_that_a_revert_leads_to() -> None:
    assert gas_after_reverts(MAX_GAS + 1, reverted=MAX_GAS) == MAX_GAS + 1


def test_affordable_anchors_are_counted_at_the_price_of_the_moment() -> None:
    price_wei = 80_000 * 11 * GWEI

    assert anchors_affordable(20 * price_wei, MARKET, LIMITS, gas=80_000) == 20
    assert anchors_affordable(20 * price_wei - 1, MARKET, LIMITS, gas=80_000) == 19


def test_what_costs_nothing_is_affordable_without_end() -> None:
    free = LIMITS.under(0, min_tip_wei=0, max_tip_wei=0)

    assert anchors_affordable(7, Market(base_fee_wei=0, tip_wei=0), free, gas=80_000) == 7


def test_a_payment_counts_for_a_day_by_the_slower_clock() -> None:
    limits = SpendingLimits(anchor_wei=10, day_wei=10, floor_anchors=0)
    spending = Spending(payments=(Payment(block_time=NOW, wei=4),), reserved_wei=3)
    day = timedelta(days=1)

    budgets = [
        current_budget(limits, now=NOW + now, head_time=NOW + head)
        for now, head in ((day, day), (day, day - timedelta(seconds=1)), (day - timedelta(seconds=1), day))
    ]

    assert [budget.left_wei(spending) for budget in budgets] == [7, 3, 3]
    assert Budget(day_wei=10, since=NOW).left_wei(NOTHING_SPENT) == 10

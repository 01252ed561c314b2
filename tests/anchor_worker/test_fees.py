"""What an anchor may cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchor_worker.fees import FeeLimits, Fees, Market, first_offer, is_underpriced, raised_offer, wanted_tip
from registry.domain.errors import Malformed
from tests.anchor_worker.observations import FEES, GWEI, LIMITS, MARKET

WEI = st.integers(min_value=0, max_value=10**13)
MARKETS = st.builds(Market, base_fee_wei=WEI, tip_wei=WEI)


def limits_of(values: list[int]) -> FeeLimits:
    low, middle, high = sorted(values)
    return FeeLimits(min_tip_wei=low, max_tip_wei=middle, max_fee_wei=high)


ALL_LIMITS = st.lists(WEI, min_size=3, max_size=3).map(limits_of)


def test_the_first_offer_allows_for_twice_the_base_fee() -> None:
    assert first_offer(MARKET, LIMITS) == FEES


def test_the_offer_is_cut_at_the_limit() -> None:
    offer = first_offer(Market(base_fee_wei=150 * GWEI, tip_wei=GWEI), LIMITS)

    assert offer == Fees(max_fee_wei=200 * GWEI, tip_wei=GWEI)


def test_a_tip_is_kept_within_the_operators_limits() -> None:
    assert wanted_tip(Market(base_fee_wei=0, tip_wei=0), LIMITS) == LIMITS.min_tip_wei
    assert wanted_tip(Market(base_fee_wei=0, tip_wei=50 * GWEI), LIMITS) == LIMITS.max_tip_wei


@given(market=MARKETS, limits=ALL_LIMITS)
def test_an_offer_is_within_the_limits_and_enough_for_the_next_block(market: Market, limits: FeeLimits) -> None:
    offer = first_offer(market, limits)

    if offer is None:
        assert market.base_fee_wei + wanted_tip(market, limits) > limits.max_fee_wei
    else:
        assert offer.max_fee_wei <= limits.max_fee_wei
        assert not is_underpriced(offer, market, limits)


@given(market=MARKETS, limits=ALL_LIMITS, old=st.tuples(WEI, WEI))
def test_a_replacement_raises_both_fees_by_an_eighth_or_is_not_made(
    market: Market, limits: FeeLimits, old: tuple[int, int]
) -> None:
    fees = Fees(max_fee_wei=max(old), tip_wei=min(old))

    raised = raised_offer(fees, market, limits)

    if raised is not None:
        assert raised.max_fee_wei * 1000 >= fees.max_fee_wei * 1125
        assert raised.tip_wei * 1000 >= fees.tip_wei * 1125
        assert raised.max_fee_wei <= limits.max_fee_wei
        assert raised.tip_wei <= limits.max_tip_wei
        assert not is_underpriced(raised, market, limits)


@given(market=MARKETS, limits=ALL_LIMITS, old=st.tuples(WEI, WEI))
def test_geth_takes_every_replacement(market: Market, limits: FeeLimits, old: tuple[int, int]) -> None:
    fees = Fees(max_fee_wei=max(old), tip_wei=min(old))

    raised = raised_offer(fees, market, limits)

    if raised is not None:
        # Its pool's rule: both above the old ones, and at least 110 percent of them, in whole wei.
        for new_wei, old_wei in ((raised.max_fee_wei, fees.max_fee_wei), (raised.tip_wei, fees.tip_wei)):
            assert new_wei > old_wei
            assert new_wei >= old_wei * 110 // 100


def test_nothing_is_replaced_when_even_the_limit_would_not_be_mined() -> None:
    assert raised_offer(FEES, Market(base_fee_wei=300 * GWEI, tip_wei=GWEI), LIMITS) is None


def test_nothing_is_replaced_when_the_tip_has_reached_its_limit() -> None:
    highest = Fees(max_fee_wei=21 * GWEI, tip_wei=LIMITS.max_tip_wei)

    assert raised_offer(highest, Market(base_fee_wei=30 * GWEI, tip_wei=GWEI), LIMITS) is None


@given(limits=ALL_LIMITS, max_fee_wei=WEI)
def test_lowered_limits_are_limits_and_none_is_higher_than_before(limits: FeeLimits, max_fee_wei: int) -> None:
    lowered = limits.lowered(max_fee_wei)

    assert lowered.max_fee_wei == min(limits.max_fee_wei, max_fee_wei)
    assert lowered.max_tip_wei <= limits.max_tip_wei
    assert lowered.min_tip_wei <= limits.min_tip_wei


def test_a_tip_below_the_market_is_underpriced_whatever_the_whole_fee() -> None:
    assert is_underpriced(Fees(max_fee_wei=100 * GWEI, tip_wei=0), MARKET, LIMITS)
    assert is_underpriced(Fees(max_fee_wei=10 * GWEI, tip_wei=GWEI), MARKET, LIMITS)
    assert not is_underpriced(FEES, MARKET, LIMITS)


@pytest.mark.parametrize(("max_fee_wei", "tip_wei"), [(1, 2), (1, -1)])
def test_a_tip_outside_the_whole_fee_is_refused(max_fee_wei: int, tip_wei: int) -> None:
    with pytest.raises(Malformed, match="expected 0 <= tip"):
        Fees(max_fee_wei=max_fee_wei, tip_wei=tip_wei)


def test_limits_that_allow_nothing_are_refused() -> None:
    with pytest.raises(Malformed, match="least tip"):
        FeeLimits(max_fee_wei=1, min_tip_wei=0, max_tip_wei=2)

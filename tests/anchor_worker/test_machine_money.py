"""The anchor's life, where it is about money: what is not offered, and what begins anew after a failure."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from anchor_worker.budget import Payment, Spending
from anchor_worker.fees import Fees, Market
from anchor_worker.machine import Broadcast, Phase, Sign, SpentNonce, State, Wait, step
from anchor_worker.obstacles import Reason
from tests.anchor_worker.observations import (
    EPOCH,
    FEES,
    GWEI,
    NONCE,
    NOW,
    ROOT,
    SPENDING,
    a_place,
    a_sighting,
    a_sign,
    a_spent_nonce,
    a_state,
    hash_of,
    observed,
)
from tests.anchor_worker.test_machine import PENDING, SEALED, STUCK, WITH_ATTEMPT, held_by

DEARER = Market(base_fee_wei=30 * GWEI, tip_wei=GWEI)
RAISED_COST_WEI = 80_000 * 61 * GWEI


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"market": Market(base_fee_wei=300 * GWEI, tip_wei=GWEI)}, Reason.FEE_LIMIT),
        ({"spending": replace(SPENDING, anchor_wei=80_000 * 30 * GWEI)}, Reason.ANCHOR_COST),
        ({"spending": replace(SPENDING, day_wei=RAISED_COST_WEI - 1)}, Reason.BUDGET),
        ({"balance_wei": RAISED_COST_WEI - 1}, Reason.NO_FUNDS),
    ],
    ids=lambda value: value if isinstance(value, Reason) else "",
)
def test_a_bound_keeps_the_old_attempt_as_the_offer_and_says_which_it_is(
    changes: dict[str, Any], reason: Reason
) -> None:
    dear = {"now": STUCK, "market": DEARER} | changes

    waiting, wait = step(PENDING, observed(pooled=True, **dear))
    sending, send = step(PENDING, observed(pooled=False, **dear))

    assert (waiting, sending) == (PENDING, PENDING)
    assert (held_by(wait), held_by(send)) == (reason, reason)
    assert isinstance(send, Broadcast)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"anchor_wei": 80_000 * 10 * GWEI}, Reason.ANCHOR_COST),
        ({"day_wei": 80_000 * FEES.max_fee_wei - 1}, Reason.BUDGET),
    ],
)
def test_a_first_attempt_that_the_operator_does_not_pay_for_blocks_and_resumes(
    changes: dict[str, int], reason: Reason
) -> None:
    blocked, action = step(SEALED, observed(spending=replace(SPENDING, **changes)))

    assert blocked.obstacle is not None
    assert (blocked.obstacle.reason, action) == (reason, Wait())
    assert step(blocked, observed()) == (SEALED, a_sign())


def test_the_fees_of_a_first_attempt_are_cut_at_what_an_anchor_may_cost() -> None:
    limits = replace(SPENDING, anchor_wei=80_000 * 15 * GWEI)

    _, action = step(SEALED, observed(spending=limits))

    assert isinstance(action, Sign)
    assert (action.fees, action.gas) == (Fees(max_fee_wei=15 * GWEI, tip_wei=GWEI), 80_000)


def test_what_was_paid_in_the_day_before_leaves_less_and_frees_it_again() -> None:
    cost_wei = 80_000 * FEES.max_fee_wei
    spent = Spending(payments=(Payment(block_time=NOW - timedelta(hours=23), wei=1),))
    state, limits = replace(SEALED, spending=spent), replace(SPENDING, day_wei=cost_wei)

    early, _ = step(state, observed(spending=limits))
    one_clock, _ = step(state, observed(spending=limits, now=NOW + timedelta(hours=1)))
    later = NOW + timedelta(hours=1)
    _, action = step(early, observed(spending=limits, now=later, head_time=later))

    assert [each.obstacle and each.obstacle.reason for each in (early, one_clock)] == [Reason.BUDGET, Reason.BUDGET]
    assert isinstance(action, Sign)
    assert action.budget.since == NOW - timedelta(hours=23)


REVERTED_FOR_GOOD: dict[str, Any] = {
    "sightings": (a_sighting(succeeded=False, event_epoch=None, event_root=None),),
    "nonce_latest": NONCE + 1,
    "nonce_finalized": NONCE + 1,
}


@pytest.mark.parametrize("state", WITH_ATTEMPT, ids=lambda state: state.phase)
def test_an_epoch_whose_transaction_failed_for_good_is_sealed_again_and_gets_the_next_nonce(state: State) -> None:
    after, action = step(state, observed(**REVERTED_FOR_GOOD))

    spent = SpentNonce(nonce=NONCE, gas=80_000, place=a_place())
    assert (after, action) == (a_state(Phase.SEALED, spent=(spent,), nonce_floor=NONCE + 1), Wait())
    _, again = step(after, observed(nonce_latest=NONCE + 1, nonce_finalized=NONCE + 1))
    assert again == a_sign(nonce=NONCE + 1, gas=160_000)


@pytest.mark.parametrize(
    "changes",
    [
        {"finalized": None},
        {"finalized": 89},
        {"nonce_finalized": NONCE},
        {"chain_epoch": EPOCH},
        {"chain_root": ROOT, "chain_epoch": EPOCH},
        {"sightings": ()},
        {"sightings": (a_sighting(succeeded=False, canonical_hash=hash_of(5)),)},
        {"sightings": (a_sighting(event_epoch=None, event_root=None),)},
    ],
    ids=["no finality", "not final", "nonce not final", "epoch taken", "on chain", "unseen", "orphan", "no event"],
)
def test_no_second_nonce_while_anything_under_the_first_could_count(changes: dict[str, Any]) -> None:
    after, action = step(PENDING, observed(**REVERTED_FOR_GOOD | changes))

    assert (after.nonce, after.spent) == (NONCE, ())
    assert not isinstance(action, Sign)


def test_a_node_that_lags_behind_a_failed_transaction_is_not_given_its_nonce_again() -> None:
    after, _ = step(PENDING, observed(**REVERTED_FOR_GOOD))

    assert step(after, observed()) == (after, Wait())


def test_what_failed_transactions_cost_counts_for_the_anchor() -> None:
    paid = a_spent_nonce(fee_paid_wei=SPENDING.anchor_wei)

    after, action = step(a_state(Phase.SEALED, spent=(paid,)), observed())

    assert after.obstacle is not None
    assert (after.obstacle.reason, action) == (Reason.ANCHOR_COST, Wait())

"""The anchor's life, rule by rule."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from anchor_worker.fees import Fees, Market
from anchor_worker.machine import (
    Action,
    Broadcast,
    Distrust,
    Phase,
    State,
    Wait,
    step,
    with_attempt,
)
from anchor_worker.obstacles import Obstacle, Reason
from anchor_worker.offers import Refusal
from registry.domain.errors import Malformed
from tests.anchor_worker.observations import (
    EPOCH,
    FEES,
    GWEI,
    LIMITS,
    NONCE,
    NOW,
    OTHER_ROOT,
    ROOT,
    a_place,
    a_sighting,
    a_sign,
    a_state,
    an_attempt,
    hash_of,
    observed,
)

SEALED = a_state(Phase.SEALED)
SIGNED = a_state(Phase.SIGNED, an_attempt())
PENDING = a_state(Phase.PENDING, an_attempt())
MINED = a_state(Phase.MINED, an_attempt(), place=a_place())
FINAL = a_state(Phase.FINAL, an_attempt(), place=a_place())
BLOCKED = a_state(Phase.BLOCKED, an_attempt(), obstacle=Obstacle(reason=Reason.WRONG_CHAIN))
BLOCKED_EARLY = a_state(Phase.BLOCKED, obstacle=Obstacle(reason=Reason.NO_FUNDS))
BEFORE_FINAL = [SEALED, SIGNED, PENDING, MINED, BLOCKED, BLOCKED_EARLY]
WITH_ATTEMPT = [SIGNED, PENDING, MINED, BLOCKED]
STUCK = NOW + timedelta(seconds=36)


def held_by(action: Action) -> Reason | None:
    """What the action says keeps the fees from rising."""
    return action.held.reason if isinstance(action, Wait | Broadcast) and action.held is not None else None


def test_a_sealed_epoch_gets_the_accounts_next_nonce_and_is_signed() -> None:
    state, action = step(SEALED, observed())

    assert state == SEALED
    assert action == a_sign()


def test_a_signed_attempt_is_stored_before_anybody_is_told() -> None:
    state = with_attempt(SEALED, an_attempt())

    assert state == SIGNED


def test_a_blocked_epoch_that_signs_at_last_is_signed_and_no_longer_blocked() -> None:
    assert with_attempt(BLOCKED_EARLY, an_attempt()) == SIGNED


def test_a_replacement_does_not_change_the_phase() -> None:
    second = an_attempt(2, fees=Fees(max_fee_wei=30 * GWEI, tip_wei=2 * GWEI))

    assert with_attempt(PENDING, second) == replace(PENDING, attempts=(an_attempt(), second))


def test_an_attempt_with_another_nonce_is_refused() -> None:
    with pytest.raises(Malformed, match="expected one nonce"):
        with_attempt(PENDING, an_attempt(2, nonce=NONCE + 1))


@pytest.mark.parametrize("state", WITH_ATTEMPT, ids=lambda state: state.phase)
def test_an_attempt_the_node_does_not_have_is_sent_again_with_the_same_bytes(state: State) -> None:
    after, action = step(state, observed())

    assert after == PENDING
    assert action == Broadcast(transaction=hash_of(1))


def test_an_attempt_in_the_pool_is_waited_for() -> None:
    assert step(PENDING, observed(pooled=True)) == (PENDING, Wait())


@pytest.mark.parametrize("state", BEFORE_FINAL, ids=lambda state: state.phase)
@pytest.mark.parametrize(("finalized", "phase"), [(89, Phase.MINED), (90, Phase.FINAL), (None, Phase.MINED)])
def test_the_exact_event_in_a_canonical_block_is_mined_and_with_finality_final(
    state: State, finalized: int | None, phase: Phase
) -> None:
    after, action = step(state, observed(sightings=(a_sighting(),), finalized=finalized, nonce_latest=NONCE + 1))

    assert (after.phase, after.place, after.obstacle) == (phase, a_place(), None)
    assert action == Wait()


def test_final_is_never_left() -> None:
    assert step(FINAL, observed(sightings=())) == (FINAL, Wait())
    assert step(FINAL, Distrust(obstacle=Obstacle(reason=Reason.WRONG_CHAIN))) == (FINAL, Wait())


def test_an_older_attempt_may_be_the_one_mined() -> None:
    state = a_state(Phase.PENDING, an_attempt(1), an_attempt(2))

    after, _ = step(state, observed(sightings=(a_sighting(1),)))

    assert after.place == a_place(1)


def test_an_event_by_a_transaction_without_record_is_adopted() -> None:
    after, action = step(SEALED, observed(sightings=(a_sighting(9),), chain_epoch=EPOCH, chain_root=ROOT))

    assert (after.phase, after.nonce, action) == (Phase.FINAL, None, Wait())


@pytest.mark.parametrize("canonical", [hash_of(5), None])
def test_a_block_that_is_not_on_the_chain_proves_nothing(canonical: str | None) -> None:
    after, action = step(MINED, observed(sightings=(a_sighting(canonical_hash=canonical),)))

    assert (after, action) == (PENDING, Broadcast(transaction=hash_of(1)))


def test_a_reorganisation_that_moves_the_transaction_changes_the_place_only() -> None:
    moved = a_place(block=95)

    after, _ = step(MINED, observed(sightings=(a_sighting(place=moved),), finalized=80))

    assert after == replace(MINED, place=moved)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"succeeded": False}, Reason.REVERTED),
        ({"event_epoch": None, "event_root": None}, Reason.NO_EVENT),
        ({"event_epoch": EPOCH + 1}, Reason.EPOCH_DIFFERS),
    ],
)
def test_success_is_the_exact_event(changes: dict[str, Any], reason: Reason) -> None:
    after, action = step(PENDING, observed(sightings=(a_sighting(**changes),)))

    assert (after.phase, after.place, action) == (Phase.BLOCKED, None, Wait())
    assert after.obstacle is not None
    assert after.obstacle.reason is reason


def test_a_revert_that_a_reorganisation_takes_back_is_sent_again() -> None:
    blocked, _ = step(PENDING, observed(sightings=(a_sighting(succeeded=False),), finalized=80))

    assert step(blocked, observed(finalized=80)) == (PENDING, Broadcast(transaction=hash_of(1)))


@pytest.mark.parametrize("state", BEFORE_FINAL, ids=lambda state: state.phase)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"chain_root": OTHER_ROOT, "chain_epoch": EPOCH}, Reason.FOREIGN_ANCHOR),
        ({"chain_epoch": EPOCH - 2}, Reason.EPOCH_GAP),
        ({"hindrance": Obstacle(reason=Reason.LOG_NOT_BOUND)}, Reason.LOG_NOT_BOUND),
    ],
)
def test_what_would_go_wrong_on_chain_is_not_sent(state: State, changes: dict[str, Any], reason: Reason) -> None:
    after, action = step(state, observed(**changes))

    assert (after.phase, action) == (Phase.BLOCKED, Wait())
    assert after.obstacle is not None
    assert after.obstacle.reason is reason


@pytest.mark.parametrize("state", BEFORE_FINAL, ids=lambda state: state.phase)
def test_a_node_on_another_chain_blocks_and_its_word_counts_for_nothing(state: State) -> None:
    obstacle = Obstacle(reason=Reason.WRONG_CHAIN, detail="chain id 1")

    after, action = step(state, Distrust(obstacle=obstacle))

    assert (after.phase, after.obstacle, action) == (Phase.BLOCKED, obstacle, Wait())


def test_a_nonce_that_somebody_else_used_for_good_blocks() -> None:
    after, action = step(PENDING, observed(nonce_latest=NONCE + 1, nonce_finalized=NONCE + 1))

    assert after.obstacle == Obstacle(reason=Reason.FOREIGN_NONCE, detail="nonce 7 was used by another transaction")
    assert action == Wait()


def test_a_used_nonce_is_not_foreign_while_our_root_is_on_chain() -> None:
    seen = observed(nonce_latest=NONCE + 1, nonce_finalized=NONCE + 1, chain_epoch=EPOCH, chain_root=ROOT)

    assert step(MINED, seen) == (PENDING, Wait())


@pytest.mark.parametrize("finalized", [100, None])
def test_a_nonce_used_in_a_block_that_may_vanish_is_waited_for(finalized: int | None) -> None:
    seen = observed(nonce_latest=NONCE + 1, finalized=finalized, nonce_finalized=NONCE if finalized else 0)

    assert step(PENDING, seen) == (PENDING, Wait())
    assert step(SIGNED, seen) == (SIGNED, Wait())
    assert step(MINED, seen) == (PENDING, Wait())


def test_our_own_root_on_chain_without_its_event_yet_is_waited_for() -> None:
    assert step(SEALED, observed(chain_epoch=EPOCH, chain_root=ROOT)) == (SEALED, Wait())


@pytest.mark.parametrize(
    "changes",
    [
        {"finalized": None},
        {"nonce_finalized": NONCE - 1},
        {"nonce_latest": NONCE - 1, "nonce_finalized": NONCE - 1},
    ],
    ids=["no finality", "a transaction of the account is not final", "the node lags behind our own history"],
)
def test_no_nonce_is_chosen_while_it_could_be_a_used_one(changes: dict[str, Any]) -> None:
    state = replace(SEALED, nonce_floor=NONCE)

    assert step(state, observed(**changes)) == (state, Wait())


def test_a_market_above_the_limit_blocks_and_resumes_when_it_falls() -> None:
    dear = observed(market=Market(base_fee_wei=LIMITS.max_fee_wei, tip_wei=GWEI))

    blocked, action = step(SEALED, dear)

    assert blocked.obstacle is not None
    assert (blocked.obstacle.reason, action) == (Reason.FEE_LIMIT, Wait())
    assert step(blocked, observed()) == (SEALED, a_sign())


@pytest.mark.parametrize("state", [SEALED, PENDING], ids=lambda state: state.phase)
def test_an_empty_account_blocks_and_resumes_when_it_is_filled(state: State) -> None:
    cost_wei = 80_000 * FEES.max_fee_wei

    blocked, action = step(state, observed(balance_wei=cost_wei - 1))

    assert blocked.obstacle is not None
    assert (blocked.obstacle.reason, action) == (Reason.NO_FUNDS, Wait())
    resumed, action = step(blocked, observed(balance_wei=cost_wei))
    assert resumed == state
    assert action != Wait()


def test_a_stuck_and_underpriced_attempt_is_replaced_under_the_same_nonce() -> None:
    seen = observed(now=STUCK, pooled=True, market=Market(base_fee_wei=30 * GWEI, tip_wei=GWEI))

    after, action = step(PENDING, seen)

    assert after == PENDING
    assert action == a_sign(fees=Fees(max_fee_wei=61 * GWEI, tip_wei=GWEI * 1125 // 1000 + 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"now": STUCK - timedelta(seconds=1), "market": Market(base_fee_wei=30 * GWEI, tip_wei=GWEI)},
        {"now": STUCK},
    ],
    ids=["not stuck", "not underpriced"],
)
def test_an_attempt_in_the_pool_is_otherwise_left_alone(changes: dict[str, Any]) -> None:
    assert step(PENDING, observed(pooled=True, **changes)) == (PENDING, Wait())


def test_an_attempt_refused_as_too_cheap_is_replaced_at_once() -> None:
    state = a_state(Phase.PENDING, an_attempt(refusal=Refusal.UNDERPRICED))

    _, action = step(state, observed())

    raised = Fees(max_fee_wei=FEES.max_fee_wei * 1125 // 1000 + 1, tip_wei=GWEI * 1125 // 1000 + 1)
    assert action == a_sign(fees=raised)


def test_a_refusal_of_an_attempt_that_is_in_the_pool_after_all_is_no_reason_to_replace_it() -> None:
    state = a_state(Phase.PENDING, an_attempt(refusal=Refusal.UNDERPRICED))

    assert step(state, observed(pooled=True)) == (state, Wait())


def test_at_the_limit_the_old_attempt_stays_the_offer() -> None:
    full = Fees(max_fee_wei=LIMITS.max_fee_wei, tip_wei=GWEI)
    state = a_state(Phase.PENDING, an_attempt(refusal=Refusal.UNDERPRICED, fees=full))

    after, action = step(state, observed(balance_wei=10**20))

    assert after == state
    assert isinstance(action, Broadcast)
    assert (action.transaction, held_by(action)) == (hash_of(1), Reason.FEE_LIMIT)


def test_an_attempt_the_nodes_refuse_is_reported_and_offered_again() -> None:
    state = a_state(Phase.PENDING, an_attempt(refusal=Refusal.INVALID, refusal_detail="rlp: broken"))

    after, action = step(state, observed())

    assert after.obstacle == Obstacle(reason=Reason.REFUSED, detail="rlp: broken")
    assert action == Broadcast(transaction=hash_of(1))


@pytest.mark.parametrize(
    "impossible",
    [
        {"phase": Phase.SEALED, "attempts": (an_attempt(),)},
        {"phase": Phase.SIGNED},
        {"phase": Phase.PENDING},
        {"phase": Phase.MINED, "attempts": (an_attempt(),)},
        {"phase": Phase.PENDING, "attempts": (an_attempt(),), "place": a_place()},
        {"phase": Phase.BLOCKED},
        {"phase": Phase.SEALED, "obstacle": Obstacle(reason=Reason.REFUSED)},
        {"phase": Phase.PENDING, "attempts": (an_attempt(), an_attempt(2, nonce=NONCE + 1))},
    ],
)
def test_a_state_that_no_history_leads_to_does_not_exist(impossible: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        State(epoch=EPOCH, root=ROOT, **impossible)

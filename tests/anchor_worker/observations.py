"""Observations and states for the machine's tests: an ordinary one, to be changed in the one thing a test is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from anchor_worker.budget import DAY, Budget, SpendingLimits
from anchor_worker.fees import FeeLimits, Fees, Market
from anchor_worker.machine import Observation, Phase, Place, Sighting, Sign, SpentNonce, State
from anchor_worker.offers import Attempt
from registry.domain.hashing import Digest

ROOT: Final = Digest(b"\x11" * 32)
OTHER_ROOT: Final = Digest(b"\x22" * 32)
NOW: Final = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
GWEI: Final = 10**9
LIMITS: Final = FeeLimits(max_fee_wei=200 * GWEI, min_tip_wei=GWEI // 10, max_tip_wei=5 * GWEI)
SPENDING: Final = SpendingLimits(anchor_wei=10**18, day_wei=10**19, floor_anchors=20)
BUDGET: Final = Budget(day_wei=SPENDING.day_wei, since=NOW - DAY)
MARKET: Final = Market(base_fee_wei=10 * GWEI, tip_wei=GWEI)
FEES: Final = Fees(max_fee_wei=21 * GWEI, tip_wei=GWEI)
EPOCH: Final = 4
NONCE: Final = 7


def hash_of(number: int) -> str:
    """A chain hash."""
    return "0x" + number.to_bytes(32, "big").hex()


def observed(**changes: Any) -> Observation:  # noqa: ANN401  # any field
    """A healthy chain that has the epochs before ours, with changes."""
    ordinary = Observation(
        now=NOW,
        head_time=NOW,
        finalized=100,
        nonce_latest=NONCE,
        nonce_finalized=NONCE,
        chain_epoch=EPOCH - 1,
        balance_wei=10**18,
        gas=80_000,
        market=MARKET,
        limits=LIMITS,
        spending=SPENDING,
        stuck_after=timedelta(seconds=36),
    )
    return replace(ordinary, **changes)


def an_attempt(number: int = 1, **changes: Any) -> Attempt:  # noqa: ANN401  # any field
    """A signed transaction."""
    return replace(Attempt(transaction=hash_of(number), nonce=NONCE, fees=FEES, gas=80_000, signed_at=NOW), **changes)


def a_place(number: int = 1, *, block: int = 90, block_hash: str | None = None) -> Place:
    """Where the transaction of `an_attempt(number)` stands."""
    return Place(
        transaction=hash_of(number),
        transaction_index=0,
        block_number=block,
        block_hash=block_hash or hash_of(1000 + block),
        block_time=NOW,
        gas_used=51_299,
        fee_paid_wei=1,
    )


def a_sign(*, fees: Fees = FEES, **changes: Any) -> Sign:  # noqa: ANN401  # any field
    """The action that signs with the nonce of `an_attempt`."""
    return replace(Sign(nonce=NONCE, fees=fees, gas=80_000, budget=BUDGET), **changes)


def a_spent_nonce(nonce: int = NONCE - 1, *, gas: int = 80_000, fee_paid_wei: int = 1) -> SpentNonce:
    """A nonce that a transaction of the epoch used up by failing."""
    return SpentNonce(nonce=nonce, gas=gas, place=replace(a_place(99, block=50), fee_paid_wei=fee_paid_wei))


def a_sighting(number: int = 1, **changes: Any) -> Sighting:  # noqa: ANN401  # any field
    """The attempt, mined and final, with the exact event."""
    place = changes.pop("place", a_place(number))
    exact = Sighting(place=place, canonical_hash=place.block_hash, succeeded=True, event_epoch=EPOCH, event_root=ROOT)
    return replace(exact, **changes)


def a_state(phase: Phase, *attempts: Attempt, **changes: Any) -> State:  # noqa: ANN401  # any field
    """A state of the one epoch that these tests are about."""
    return State(epoch=EPOCH, root=ROOT, phase=phase, attempts=attempts, **changes)

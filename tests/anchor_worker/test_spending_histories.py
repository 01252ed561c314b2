"""What anchoring costs under any market: fees that leap, blocks that take any attempt, transactions that fail, a clock
that jumps. No day costs more than its budget, no anchor more than it may, and no offer is above its limits."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from anchor_worker.budget import DAY, Payment, Spending, SpendingLimits
from anchor_worker.fees import FeeLimits, Market
from anchor_worker.machine import Observation, Phase, Place, Sighting, Sign, State, step, with_attempt
from anchor_worker.offers import Attempt
from registry.domain.hashing import sha256
from tests.anchor_worker.observations import GWEI, NOW, hash_of

GAS: Final = 80_000
LIMITS: Final = FeeLimits(max_fee_wei=200 * GWEI, min_tip_wei=GWEI // 20, max_tip_wei=5 * GWEI)
SPENDING: Final = SpendingLimits(anchor_wei=GAS * 150 * GWEI, day_wei=GAS * 320 * GWEI, floor_anchors=20)


class Costs(RuleBasedStateMachine):
    """One account; whoever makes blocks takes any attempt of ours that pays the base fee, the dearest or another."""

    def __init__(self) -> None:
        super().__init__()
        self.head_time: datetime = NOW
        self.clock_ahead = timedelta(0)
        self.head = 100
        self.nonce = 0
        self.market = Market(base_fee_wei=10 * GWEI, tip_wei=GWEI)
        self.payments: list[Payment] = []
        self.costs: dict[int, int] = {}
        self.signed = 0
        self.sighting: Sighting | None = None
        self.state = self._sealed(1)

    @rule(times=st.integers(min_value=1, max_value=3))
    def the_worker_works(self, times: int) -> None:
        for _ in range(times):
            self.state = replace(self.state, spending=Spending(payments=tuple(self.payments)))
            self.state, action = step(self.state, self._observe())
            if self.state.phase is Phase.FINAL:
                self.state, self.sighting = self._sealed(self.state.epoch + 1), None
            elif isinstance(action, Sign):
                self._sign(action)
            elif not self.state.attempts:
                # Begun anew after a failure: what failed stands among the spent nonces.
                self.sighting = None

    @rule(base_fee_gwei=st.sampled_from([0, 10, 40, 99, 99, 400]), tip_gwei=st.sampled_from([0, 1, 3, 9]))
    def the_market_moves(self, base_fee_gwei: int, tip_gwei: int) -> None:
        self.market = Market(base_fee_wei=base_fee_gwei * GWEI, tip_wei=tip_gwei * GWEI)

    @rule(minutes=st.sampled_from([1, 800, 1_439, 1_440]))
    def time_passes(self, minutes: int) -> None:
        self.head_time += timedelta(minutes=minutes)
        self.head += minutes

    @rule(hours=st.sampled_from([-50, 0, 25, 1_000]))
    def our_clock_jumps(self, hours: int) -> None:
        self.clock_ahead = timedelta(hours=hours)

    @precondition(lambda self: self.sighting is None and self.state.attempts)
    @rule(which=st.integers(min_value=0, max_value=9), gas_used=st.integers(21_000, GAS), fails=st.booleans())
    def a_block_takes_an_attempt(self, which: int, gas_used: int, fails: bool) -> None:
        attempt = self.state.attempts[which % len(self.state.attempts)]
        if attempt.fees.max_fee_wei < self.market.base_fee_wei:
            return
        self.head_time += timedelta(seconds=12)
        self.head += 1
        self.nonce += 1
        price = min(attempt.fees.max_fee_wei, self.market.base_fee_wei + attempt.fees.tip_wei)
        # A failure for lack of gas pays for all of it.
        fee_wei = price * (attempt.gas if fails else gas_used)
        self.payments.append(Payment(block_time=self.head_time, wei=fee_wei))
        self.costs[self.state.epoch] = self.costs.get(self.state.epoch, 0) + fee_wei
        block_hash = hash_of(10**6 + self.head)
        self.sighting = Sighting(
            place=Place(
                transaction=attempt.transaction,
                transaction_index=0,
                block_number=self.head,
                block_hash=block_hash,
                block_time=self.head_time,
                gas_used=51_299,
                fee_paid_wei=fee_wei,
            ),
            canonical_hash=block_hash,
            succeeded=not fails,
            event_epoch=None if fails else self.state.epoch,
            event_root=None if fails else self.state.root,
        )

    @rule(fails=st.booleans())
    def a_transaction_is_signed_mined_and_seen(self, fails: bool) -> None:
        self.the_worker_works(2)
        if self.sighting is None and self.state.attempts:
            self.a_block_takes_an_attempt(which=9, gas_used=GAS, fails=fails)
        self.the_worker_works(1)

    @invariant()
    def no_day_costs_more_than_its_budget(self) -> None:
        for last in self.payments:
            day = [each.wei for each in self.payments if last.block_time - DAY < each.block_time <= last.block_time]
            assert sum(day) <= SPENDING.day_wei

    @invariant()
    def no_anchor_costs_more_than_it_may(self) -> None:
        assert all(cost <= SPENDING.anchor_wei for cost in self.costs.values())

    @invariant()
    def what_is_signed_could_still_be_paid_today(self) -> None:
        if self.sighting is None and self.state.attempts:
            paid = sum(each.wei for each in self.payments if each.block_time > self.head_time - DAY)
            assert paid + max(attempt.cost_wei for attempt in self.state.attempts) <= SPENDING.day_wei

    def _sign(self, action: Sign) -> None:
        fees = action.fees
        assert fees.max_fee_wei <= LIMITS.max_fee_wei
        assert fees.tip_wei <= LIMITS.max_tip_wei
        for before in self.state.attempts:
            assert fees.max_fee_wei * 1000 >= before.fees.max_fee_wei * 1125
            assert fees.tip_wei * 1000 >= before.fees.tip_wei * 1125
            assert action.gas >= before.gas
        self.signed += 1
        attempt = Attempt(
            transaction=hash_of(self.signed), nonce=action.nonce, fees=fees, gas=action.gas, signed_at=self._now()
        )
        self.state = with_attempt(self.state, attempt)

    def _observe(self) -> Observation:
        on_chain = self.sighting is not None and self.sighting.succeeded
        return Observation(
            now=self._now(),
            head_time=self.head_time,
            finalized=self.head,
            nonce_latest=self.nonce,
            nonce_finalized=self.nonce,
            chain_epoch=self.state.epoch if on_chain else self.state.epoch - 1,
            chain_root=self.state.root if on_chain else None,
            sightings=() if self.sighting is None else (self.sighting,),
            pooled=True,
            balance_wei=10**20,
            gas=GAS,
            market=self.market,
            limits=LIMITS,
            spending=SPENDING,
            stuck_after=timedelta(seconds=1),
        )

    def _now(self) -> datetime:
        # A second later each time: what was signed before is stuck by now.
        return self.head_time + self.clock_ahead + timedelta(seconds=self.signed)

    @staticmethod
    def _sealed(epoch: int) -> State:
        return State(epoch=epoch, root=sha256(b"root %d" % epoch), phase=Phase.SEALED)


Costs.TestCase.settings = settings(max_examples=200, stateful_step_count=50)
TestCosts = Costs.TestCase

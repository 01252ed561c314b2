"""The anchor's life under any history: a chain that forgets, reorganises and lies about orphans, and a worker that
crashes between any two of its steps."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from typing_extensions import override

from anchor_worker.fees import Market
from anchor_worker.machine import (
    Broadcast,
    Distrust,
    Observation,
    Phase,
    Place,
    Sighting,
    Sign,
    State,
    step,
    with_attempt,
)
from anchor_worker.obstacles import Obstacle, Reason
from anchor_worker.offers import Attempt, Refusal
from registry.domain.hashing import Digest, sha256
from tests.anchor_worker.observations import GWEI, LIMITS, MARKET, NOW, SPENDING, hash_of

RICH: Final = 10**18
CRASHES: Final = ("never", "before storing", "after storing", "after acting")


@dataclass
class Transaction:
    """A transaction of the account: ours, or a stranger's with the account's key."""

    name: str
    nonce: int
    root: Digest | None
    """What it anchors; None: nothing."""


@dataclass
class Block:
    """A block with at most one transaction of the account."""

    hash: str
    transaction: Transaction | None
    failed: bool = False
    """The transaction reverted: its nonce is used, and nothing is anchored."""

    @property
    def root(self) -> Digest | None:
        """What it anchors."""
        return None if self.failed or self.transaction is None else self.transaction.root


@dataclass
class Chain:
    """A chain that may change everything above its finalized block."""

    blocks: list[Block] = field(default_factory=lambda: [Block(hash_of(10**6), None)])
    finalized: int = 0
    pool: dict[str, Transaction] = field(default_factory=dict)
    orphans: dict[str, tuple[int, Block, int]] = field(default_factory=dict)
    made: int = 0

    def nonce(self, height: int) -> int:
        return sum(block.transaction is not None for block in self.blocks[: height + 1])

    def roots(self) -> list[Digest]:
        return [block.root for block in self.blocks if block.root is not None]

    def add(self, transaction: Transaction | None, *, failed: bool = False) -> None:
        self.made += 1
        self.blocks.append(Block(hash_of(10**6 + self.made), transaction, failed))
        if transaction is not None:
            self.pool.pop(transaction.name, None)

    def find(self, name: str) -> tuple[int, Block, int] | None:
        """Return the height of a transaction's block, the block, and the epoch its event names."""
        for height, block in enumerate(self.blocks):
            if block.transaction is not None and block.transaction.name == name:
                return height, block, self.epoch_of(height)
        return None

    def epoch_of(self, height: int) -> int:
        return sum(block.root is not None for block in self.blocks[: height + 1])


class Histories(RuleBasedStateMachine):
    """One account, one log, epoch after epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.chain = Chain()
        self.stored = self._sealed(1, floor=0)
        self.final: list[State] = []
        self.known: dict[str, Transaction] = {}
        self.told: list[tuple[int, str]] = []
        self.signed = 0
        self.now: datetime = NOW
        self.market = MARKET
        self.balance = RICH
        self.refusal: Refusal | None = None
        self.strangers = False
        self.with_strangers = False

    @initialize(with_strangers=st.booleans())
    def who_has_the_key(self, with_strangers: bool) -> None:
        self.with_strangers = with_strangers

    @rule(steps=st.integers(min_value=1, max_value=4), crash=st.sampled_from(CRASHES))
    def the_worker_works(self, steps: int, crash: str) -> None:
        for _ in range(steps):
            self._tick(self._observe(orphan_receipts=False), "never")
        self._tick(self._observe(orphan_receipts=False), crash)

    @rule()
    def the_worker_works_and_its_transaction_is_mined(self) -> None:
        for _ in range(3):
            self._tick(self._observe(orphan_receipts=False), "never")
        self.a_block_is_made(take=True)

    @rule(crash=st.sampled_from(CRASHES))
    def the_worker_asks_a_node_that_remembers_orphans(self, crash: str) -> None:
        self._tick(self._observe(orphan_receipts=True), crash)

    @rule(crash=st.sampled_from(CRASHES))
    def the_node_is_on_another_chain(self, crash: str) -> None:
        self._tick(Distrust(obstacle=Obstacle(reason=Reason.WRONG_CHAIN)), crash)

    @rule()
    def the_node_does_not_answer(self) -> None:
        # No observation: there is nothing to step with.
        pass

    @rule(take=st.booleans())
    def a_block_is_made(self, take: bool) -> None:
        ready = self._ready()
        self.chain.add(ready[-1] if take and ready else None)

    @precondition(lambda self: self._ready())
    @rule(lag=st.integers(min_value=0, max_value=1))
    def the_transaction_fails(self, lag: int) -> None:
        self.chain.add(self._ready()[-1], failed=True)
        self.blocks_become_final(lag)

    def _ready(self) -> list[Transaction]:
        next_nonce = self.chain.nonce(len(self.chain.blocks))
        return [each for each in self.chain.pool.values() if each.nonce == next_nonce]

    @rule(depth=st.integers(min_value=1, max_value=4), back_to_pool=st.booleans())
    def blocks_vanish(self, depth: int, back_to_pool: bool) -> None:
        for _ in range(min(depth, len(self.chain.blocks) - 1 - self.chain.finalized)):
            height = len(self.chain.blocks) - 1
            transaction, epoch = self.chain.blocks[height].transaction, self.chain.epoch_of(height)
            block = self.chain.blocks.pop()
            if transaction is not None:
                self.chain.orphans[transaction.name] = (height, block, epoch)
                if back_to_pool:
                    self.chain.pool[transaction.name] = transaction

    @rule(depth=st.integers(min_value=1, max_value=4), crash=st.sampled_from(CRASHES))
    def another_branch_wins_and_becomes_final(self, depth: int, crash: str) -> None:
        self.blocks_vanish(depth, back_to_pool=False)
        for _ in range(depth + 1):
            self.chain.add(None)
        self.blocks_become_final(lag=0)
        self._tick(self._observe(orphan_receipts=True), crash)

    @rule(lag=st.integers(min_value=0, max_value=8))
    def blocks_become_final(self, lag: int) -> None:
        self.chain.finalized = max(self.chain.finalized, len(self.chain.blocks) - 1 - lag)

    @rule()
    def the_node_forgets_its_pool(self) -> None:
        self.chain.pool.clear()

    @rule(base_fee_gwei=st.sampled_from([1, 10, 60, 150, 400]), refusal=st.sampled_from([None, *Refusal]))
    def the_market_changes(self, base_fee_gwei: int, refusal: Refusal | None) -> None:
        self.market = Market(base_fee_wei=base_fee_gwei * GWEI, tip_wei=GWEI)
        self.refusal = refusal

    @rule(balance=st.sampled_from([0, RICH]))
    def money_comes_and_goes(self, balance: int) -> None:
        self.balance = balance

    @rule()
    def time_passes(self) -> None:
        self.now += timedelta(seconds=40)

    @precondition(lambda self: self.with_strangers)
    @rule(root=st.sampled_from([None, sha256(b"foreign")]))
    def somebody_uses_the_account(self, root: Digest | None) -> None:
        self.strangers = True
        self.signed += 1
        stranger = Transaction(hash_of(5 * 10**6 + self.signed), self.chain.nonce(len(self.chain.blocks)), root)
        self.chain.add(stranger)

    @override
    def teardown(self) -> None:
        """In good times everything becomes final."""
        if self.strangers:
            return
        epoch = self.stored.epoch
        self.market, self.balance, self.refusal = MARKET, RICH, None
        for _ in range(12):
            self.now += timedelta(seconds=40)
            self._tick(self._observe(orphan_receipts=False), "never")
            self.a_block_is_made(take=True)
            self.blocks_become_final(lag=0)

        self.an_epoch_has_one_nonce_that_did_not_fail_for_good_and_a_nonce_one_epoch()
        self.final_is_the_exact_event_in_a_finalized_canonical_block()
        assert self.final, "nothing became final"
        assert self.final[-1].epoch >= epoch

    @invariant()
    def an_epoch_has_one_nonce_that_did_not_fail_for_good_and_a_nonce_one_epoch(self) -> None:
        nonces = {(epoch, self.known[name].nonce) for epoch, name in self.told}
        failed = {
            block.transaction.nonce
            for block in self.chain.blocks[: self.chain.finalized + 1]
            if block.failed and block.transaction is not None
        }

        alive = [epoch for epoch, nonce in nonces if nonce not in failed]
        assert len(set(alive)) == len(alive)
        assert len({nonce for _, nonce in nonces}) == len(nonces)

    @invariant()
    def final_is_the_exact_event_in_a_finalized_canonical_block(self) -> None:
        for state in self.final:
            assert state.place is not None
            block = self.chain.blocks[state.place.block_number]
            assert block.hash == state.place.block_hash
            assert block.transaction is not None
            assert (block.transaction.name, block.transaction.root) == (state.place.transaction, state.root)
            assert self.chain.epoch_of(state.place.block_number) == state.epoch
            assert state.place.block_number <= self.chain.finalized

    @invariant()
    def no_root_of_ours_is_anchored_twice(self) -> None:
        ours = [root for root in self.chain.roots() if root != sha256(b"foreign")]

        assert len(ours) == len(set(ours))

    def _tick(self, observation: Observation | Distrust, crash: str) -> None:
        state, action = step(self.stored, observation)
        assert step(self.stored, observation) == (state, action)
        if crash == "before storing":
            return
        self._store(state)
        if crash == "after storing":
            return
        if isinstance(action, Sign):
            self._sign(state, action)
        elif isinstance(action, Broadcast):
            self._send(action.transaction, lost=crash == "after acting")

    def _store(self, state: State) -> None:
        self.stored = state
        if state.phase is Phase.FINAL:
            self.final.append(state)
            floor = 0 if state.nonce is None else state.nonce + 1
            self.stored = self._sealed(state.epoch + 1, floor=max(floor, state.nonce_floor))

    def _sign(self, state: State, action: Sign) -> None:
        self.signed += 1
        attempt = Attempt(
            transaction=hash_of(self.signed), nonce=action.nonce, fees=action.fees, gas=action.gas, signed_at=self.now
        )
        self.known[attempt.transaction] = Transaction(attempt.transaction, action.nonce, state.root)
        self.stored = with_attempt(state, attempt)

    def _send(self, name: str, *, lost: bool) -> None:
        # Only what is stored is ever sent.
        assert name in {attempt.transaction for attempt in self.stored.attempts}
        self.told.append((self.stored.epoch, name))
        transaction = self.known[name]
        if self.refusal is None and transaction.nonce >= self.chain.nonce(len(self.chain.blocks)):
            self.chain.pool = {
                each.name: each for each in self.chain.pool.values() if each.nonce != transaction.nonce
            } | {name: transaction}
        if not lost:
            attempts = tuple(
                replace(each, refusal=self.refusal) if each.transaction == name else each
                for each in self.stored.attempts
            )
            self.stored = replace(self.stored, attempts=attempts)

    def _observe(self, *, orphan_receipts: bool) -> Observation:
        state, chain, head = self.stored, self.chain, len(self.chain.blocks) - 1
        roots = chain.roots()
        chain_root = roots[state.epoch - 1] if len(roots) >= state.epoch else None
        names = [attempt.transaction for attempt in state.attempts]
        sightings = [seen for name in names if (seen := self._sighting(name, orphans=orphan_receipts)) is not None]
        return Observation(
            now=self.now,
            head_time=self.now,
            finalized=chain.finalized,
            nonce_latest=chain.nonce(head),
            nonce_finalized=chain.nonce(chain.finalized),
            chain_epoch=len(roots),
            chain_root=chain_root,
            sightings=tuple(sightings),
            pooled=bool(names) and names[-1] in chain.pool,
            balance_wei=self.balance,
            gas=80_000,
            market=self.market,
            limits=LIMITS,
            spending=SPENDING,
            stuck_after=timedelta(seconds=36),
        )

    def _sighting(self, name: str, *, orphans: bool) -> Sighting | None:
        found = self.chain.find(name) or (self.chain.orphans.get(name) if orphans else None)
        if found is None:
            return None
        height, block, epoch = found
        canonical = self.chain.blocks[height].hash if height < len(self.chain.blocks) else None
        return Sighting(
            place=Place(
                transaction=name,
                transaction_index=0,
                block_number=height,
                block_hash=block.hash,
                block_time=NOW,
                gas_used=51_299,
                fee_paid_wei=1,
            ),
            canonical_hash=canonical,
            succeeded=not block.failed,
            event_epoch=None if block.failed else epoch,
            event_root=block.root,
        )

    @staticmethod
    def _sealed(epoch: int, *, floor: int) -> State:
        return State(epoch=epoch, root=sha256(b"root %d" % epoch), phase=Phase.SEALED, nonce_floor=floor)


Histories.TestCase.settings = settings(max_examples=200, stateful_step_count=50)
TestHistories = Histories.TestCase

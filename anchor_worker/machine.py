"""The life of an anchor: one epoch's root, from sealed to final on chain. PURE: no chain, no database, no clock.

                  choose nonce,            tell the                 exact event in a            its block is
                  sign, store              network                  canonical block             finalized
      SEALED ───────────────> SIGNED ─────────────────> PENDING ──────────────────> MINED ────────────────> FINAL
         │                       │                       │   ^                        │                       (terminal)
         │                       │                       │   └── block gone (reorg): ─┘
         │                       │                       │       the same bytes again
         └───────────────────────┴───────────┬───────────┴────────────────────────────┘
                                             v
                                          BLOCKED   reason stored; judged afresh at every observation, so that it
                                                    goes on by itself as soon as the reason is gone

`step(state, observation) -> (state, action)` is total: every state meets every observation. The caller stores the
state, then does the action; every action may be repeated. A failed RPC call is not an observation: there is then
nothing to step with, and nothing changes.

What the rules come from (docs/decisions/0030 to 0033):
- *One nonce for an epoch.* It is chosen once, together with the first signed transaction, and stored before anybody
  is told. Everything later (again, or with higher fees) uses the same nonce, so at most one of them is ever mined.
  Only when the one that is mined reverts, and that is final, is none of them left: the epoch is SEALED again, and the
  next nonce is chosen as the first was (docs/decisions/0037).
- *Every attempt is watched.* Any of them may be the one mined, not only the newest.
- *Success is the exact event*: our contract, our log, our epoch, our root. A transaction to an address without code
  succeeds too.
- *FINAL is a block hash*: the block of the event is the canonical one at its height, and not above the finalized one.
- *One open anchor at a time.* The next epoch chooses its nonce when this one is final, so an epoch's number and its
  place on chain cannot come apart.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from anchor_worker.budget import NOTHING_SPENT, Budget, Spending, SpendingLimits, current_budget
from anchor_worker.fees import FeeLimits, Fees, Market, is_underpriced
from anchor_worker.obstacles import Obstacle, Reason
from anchor_worker.offers import Attempt, Purse, Refusal, first_fees, gas_after_reverts, replacing_fees
from registry.domain.errors import Malformed
from registry.domain.hashing import Digest


class Phase(StrEnum):
    """Where an anchor is in its life."""

    SEALED = "SEALED"
    SIGNED = "SIGNED"
    PENDING = "PENDING"
    MINED = "MINED"
    FINAL = "FINAL"
    BLOCKED = "BLOCKED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a transaction stands; in a state, the one with the exact event."""

    transaction: str
    transaction_index: int
    block_number: int
    block_hash: str
    """By the transaction receipt."""
    block_time: datetime
    gas_used: int
    fee_paid_wei: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentNonce:
    """A nonce that a transaction of this epoch used up for good by failing."""

    nonce: int
    gas: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that is stored about an anchor."""

    epoch: int
    root: Digest
    phase: Phase
    attempts: tuple[Attempt, ...] = ()
    """In the order of signing; all of one nonce."""
    place: Place | None = None
    """In MINED and FINAL."""
    obstacle: Obstacle | None = None
    """In BLOCKED."""
    nonce_floor: int = 0
    """One above the highest nonce that this account used for an earlier anchor, or for this one, and used up."""
    spent: tuple[SpentNonce, ...] = ()
    """In the order of failing; none of the attempts under them can be mined any more."""
    spending: Spending = NOTHING_SPENT
    """What all anchors cost, as the tables had it when this one was read."""

    def __post_init__(self) -> None:
        """Raise Malformed for what no history leads to."""
        if len({attempt.nonce for attempt in self.attempts}) > 1:
            raise Malformed("malformed-anchor", f"expected one nonce for epoch {self.epoch}, got several")
        if (self.place is not None) != (self.phase in {Phase.MINED, Phase.FINAL}):
            raise Malformed("malformed-anchor", f"expected a place in MINED and FINAL only, got {self.phase}")
        if (self.obstacle is not None) != (self.phase is Phase.BLOCKED):
            raise Malformed("malformed-anchor", f"expected an obstacle in BLOCKED only, got {self.phase}")
        if (self.phase is Phase.SEALED and self.attempts) or (
            self.phase in {Phase.SIGNED, Phase.PENDING} and not self.attempts
        ):
            raise Malformed("malformed-anchor", f"expected attempts from SIGNED on, got {len(self.attempts)}")

    @property
    def nonce(self) -> int | None:
        """The nonce of every transaction of this epoch; None before the first is signed."""
        return self.attempts[0].nonce if self.attempts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A transaction that a block holds: one of our attempts, or the one whose event has our epoch and root."""

    place: Place
    canonical_hash: str | None
    """Of the block that the chain has at that height, asked afterwards; None when it is not that high any more."""
    succeeded: bool
    event_epoch: int | None
    """Of the event `Anchored` by our contract for our log; None when there is none in the transaction."""
    event_root: Digest | None

    @property
    def is_canonical(self) -> bool:
        """Tell whether the block is on the chain, and not an orphan that a node still remembers."""
        return self.place.block_hash == self.canonical_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Distrust:
    """An observation that the nodes are not to be believed: another chain, no contract, or a final anchor is gone."""

    obstacle: Obstacle


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What the chain says at one moment, every field of it answered. What could not be asked is no observation."""

    now: datetime
    head_time: datetime
    """Of the newest block."""
    hindrance: Obstacle | None = None
    """A transaction sent now would fail; what is on chain already still counts."""
    finalized: int | None = None
    """The newest finalized block; None when the node knows none yet."""
    nonce_latest: int = 0
    """The account's next nonce by the newest block."""
    nonce_finalized: int = 0
    chain_epoch: int = 0
    """Epochs in our log, by the newest block."""
    chain_root: Digest | None = None
    """What the newest block has as the root of our epoch; None when it has none."""
    sightings: tuple[Sighting, ...] = ()
    pooled: bool = False
    """The node holds the newest attempt and waits for a block to take it."""
    balance_wei: int = 0
    gas: int = 0
    """The gas to allow a first attempt."""
    market: Market
    limits: FeeLimits
    """The operator's; they may change from one start to the next."""
    spending: SpendingLimits
    stuck_after: timedelta
    """How long an attempt may wait before its fees are looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Do nothing until the next observation."""

    held: Obstacle | None = None
    """What forbids the higher fees that the transaction would need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Sign a transaction and store it (`with_attempt`); tell nobody yet."""

    nonce: int
    fees: Fees
    gas: int
    budget: Budget
    """Looked at again in the transaction that stores it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """Send the stored bytes of an attempt; any answer is fine, a lost one too."""

    transaction: str
    held: Obstacle | None = None
    """As of `Wait`."""


Action: TypeAlias = Wait | Sign | Broadcast


def step(state: State, observation: Observation | Distrust) -> tuple[State, Action]:
    """Return what an anchor is after an observation, and what to do once that is stored."""
    if state.phase is Phase.FINAL:
        return state, Wait()
    if isinstance(observation, Distrust):
        return _blocked(state, observation.obstacle), Wait()
    place = _place_of_event(state, observation)
    if place is not None:
        return _on_chain(state, place, observation), Wait()
    failed = _failed_for_good(state, observation)
    if failed is not None:
        return _reopened(state, failed), Wait()
    obstacle = _obstacle_on_chain(state, observation) or observation.hindrance
    if obstacle is not None:
        return _blocked(state, obstacle), Wait()
    if _chain_is_ahead(state, observation):
        # The nonce or the epoch is taken in a block whose transaction receipt the node has not indexed yet, or that
        # is not final: sending could not help, and it is too early to call it foreign.
        return _resting(state), Wait()
    if not state.attempts:
        return _first_attempt(state, observation)
    return _send_or_replace(state, observation)


def with_attempt(state: State, attempt: Attempt) -> State:
    """Return the state with one more signed transaction, which nobody was told of yet.

    Raises Malformed for an attempt with another nonce.
    """
    attempts = (*state.attempts, attempt)
    if not state.attempts:
        return replace(state, phase=Phase.SIGNED, attempts=attempts, place=None, obstacle=None)
    return replace(state, attempts=attempts)


def _place_of_event(state: State, observation: Observation) -> Place | None:
    for seen in observation.sightings:
        exact = seen.event_epoch == state.epoch and seen.event_root == state.root
        if seen.is_canonical and seen.succeeded and exact:
            return seen.place
    return None


def _on_chain(state: State, place: Place, observation: Observation) -> State:
    final = observation.finalized is not None and place.block_number <= observation.finalized
    return replace(state, phase=Phase.FINAL if final else Phase.MINED, place=place, obstacle=None)


def _failed_for_good(state: State, observation: Observation) -> Place | None:
    """Return where an attempt failed, when none of this nonce can ever be mined and the epoch is not on chain."""
    if state.nonce is None or observation.finalized is None or observation.nonce_finalized <= state.nonce:
        return None
    if observation.chain_root is not None or _is_taken(state, observation):
        return None
    for seen in observation.sightings:
        if seen.is_canonical and not seen.succeeded and seen.place.block_number <= observation.finalized:
            return seen.place
    return None


def _reopened(state: State, failed: Place) -> State:
    spent = SpentNonce(nonce=state.attempts[-1].nonce, gas=state.attempts[-1].gas, place=failed)
    floor = max(state.nonce_floor, spent.nonce + 1)
    again = replace(state, phase=Phase.SEALED, attempts=(), place=None, obstacle=None)
    return replace(again, spent=(*state.spent, spent), nonce_floor=floor)


def _obstacle_on_chain(state: State, observation: Observation) -> Obstacle | None:
    """Return what the chain itself holds against this anchor; the event was not found."""
    if observation.chain_root not in {None, state.root}:
        return Obstacle(reason=Reason.FOREIGN_ANCHOR, detail=f"epoch {state.epoch} is another root on chain")
    for seen in observation.sightings:
        if seen.is_canonical:
            return _obstacle_of_sighting(seen)
    used_for_good = (
        state.nonce is not None and observation.finalized is not None and (observation.nonce_finalized > state.nonce)
    )
    if used_for_good and observation.chain_root is None:
        return Obstacle(reason=Reason.FOREIGN_NONCE, detail=f"nonce {state.nonce} was used by another transaction")
    if observation.chain_epoch < state.epoch - 1:
        return Obstacle(
            reason=Reason.EPOCH_GAP,
            detail=f"expected {state.epoch - 1} epochs on chain, got {observation.chain_epoch}",
        )
    return None


def _obstacle_of_sighting(seen: Sighting) -> Obstacle:
    where = f"{seen.place.transaction} in block {seen.place.block_number}"
    if not seen.succeeded:
        return Obstacle(reason=Reason.REVERTED, detail=where)
    if seen.event_epoch is None:
        return Obstacle(reason=Reason.NO_EVENT, detail=where)
    return Obstacle(reason=Reason.EPOCH_DIFFERS, detail=f"{where} anchored as epoch {seen.event_epoch}")


def _chain_is_ahead(state: State, observation: Observation) -> bool:
    nonce_used = state.nonce is not None and observation.nonce_latest > state.nonce
    return nonce_used or _is_taken(state, observation)


def _is_taken(state: State, observation: Observation) -> bool:
    return observation.chain_epoch >= state.epoch


def _first_attempt(state: State, observation: Observation) -> tuple[State, Action]:
    nonce = observation.nonce_latest
    settled = observation.finalized is not None and nonce == observation.nonce_finalized
    if nonce < state.nonce_floor or not settled:
        # A node that lags behind our own history, or a transaction of this account that is not final: a nonce chosen
        # now could be one already used.
        return _resting(state), Wait()
    gas = gas_after_reverts(observation.gas, reverted=state.spent[-1].gas if state.spent else None)
    fees = first_fees(observation.market, _purse(state, observation), gas=gas)
    if isinstance(fees, Obstacle):
        return _blocked(state, fees), Wait()
    return _resting(state), Sign(nonce=nonce, fees=fees, gas=gas, budget=_budget(observation))


def _send_or_replace(state: State, observation: Observation) -> tuple[State, Action]:
    newest = state.attempts[-1]
    held: Obstacle | None = None
    if _is_too_cheap(newest, observation):
        fees = replacing_fees(newest, observation.market, _purse(state, observation))
        if isinstance(fees, Fees):
            sign = Sign(nonce=newest.nonce, fees=fees, gas=newest.gas, budget=_budget(observation))
            return _pending(state), sign
        held = fees
    if observation.pooled:
        return _pending(state), Wait(held=held)
    if newest.cost_wei > observation.balance_wei:
        detail = f"expected {newest.cost_wei} wei, the account has {observation.balance_wei}"
        return _blocked(state, Obstacle(reason=Reason.NO_FUNDS, detail=detail)), Wait()
    send = Broadcast(transaction=newest.transaction, held=held)
    if newest.refusal is Refusal.INVALID:
        # Sent again all the same: the answer may have been one node's, and the bytes cannot do harm.
        return _blocked(state, Obstacle(reason=Reason.REFUSED, detail=newest.refusal_detail)), send
    return _pending(state), send


def _is_too_cheap(newest: Attempt, observation: Observation) -> bool:
    refused = newest.refusal is Refusal.UNDERPRICED and not observation.pooled
    stuck = observation.now - newest.signed_at >= observation.stuck_after
    return refused or (stuck and is_underpriced(newest.fees, observation.market, observation.limits))


def _purse(state: State, observation: Observation) -> Purse:
    return Purse(
        limits=observation.limits,
        anchor_left_wei=observation.spending.anchor_wei - sum(each.place.fee_paid_wei for each in state.spent),
        day_left_wei=_budget(observation).left_wei(state.spending),
        balance_wei=observation.balance_wei,
    )


def _budget(observation: Observation) -> Budget:
    return current_budget(observation.spending, now=observation.now, head_time=observation.head_time)


def _resting(state: State) -> State:
    """Return the state in which nothing new is known: what it was before it was blocked or mined."""
    if not state.attempts:
        return replace(state, phase=Phase.SEALED, place=None, obstacle=None)
    return state if state.phase is Phase.SIGNED else _pending(state)


def _pending(state: State) -> State:
    return replace(state, phase=Phase.PENDING, place=None, obstacle=None)


def _blocked(state: State, obstacle: Obstacle) -> State:
    return replace(state, phase=Phase.BLOCKED, place=None, obstacle=obstacle)

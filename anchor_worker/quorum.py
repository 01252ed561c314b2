"""Observing through several nodes: one is read, and what cannot be taken back is put to the vote.

    reader's observation ── leads the machine to ──> anything provisional                      believed
                                                     FINAL, BLOCKED, or the epoch's nonce      every node is read on its own;
                                                                                               a quorum must conclude the same

A *conclusion* is what `machine.step` makes of one node's observation: so a node votes for FINAL when by its own word the
exact event stands in that very block, by its hash, and that block is finalized. The nodes vote as well when a quorum of
them says that the nonce is used for good and the reader shows nothing: it may be the one that hides the anchor.

Without agreement nothing is final (MINED stays MINED), no nonce is chosen while two nodes contradict each other, and
what would need a person, "used up by somebody else" above all, is no observation: docs/decisions/0035.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from anchor_worker.machine import Distrust, Observation, Phase, Sign, State, step
from anchor_worker.observer import AnchoredLog, ChainReading, Policy
from anchor_worker.obstacles import Obstacle, Reason
from anchor_worker.providers import Pool, Provider, ask_all
from registry.adapters.rpc import WrongChain, block_parameter, read_quantity, request
from registry.domain.errors import Unavailable
from registry.ports import Clock

NEEDS_A_PERSON: Final = frozenset(
    {
        Reason.REVERTED,
        Reason.NO_EVENT,
        Reason.EPOCH_GAP,
        Reason.EPOCH_DIFFERS,
        Reason.FOREIGN_ANCHOR,
        Reason.FOREIGN_NONCE,
    }
)
"""Obstacles that say the nonce or the epoch is used up: never on fewer words than a quorum's."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What an observation leads the machine to: two nodes agree when these are equal."""

    state: State
    """What would be stored, but for the words of an obstacle: each node has its own."""
    nonce: int | None
    """The one that the epoch would be given now; None when it has one, or gets none."""
    gives_up: bool
    """The transactions signed so far are no longer waited for."""

    @property
    def reason(self) -> Reason | None:
        """Return why the anchor would be blocked."""
        return None if self.state.obstacle is None else self.state.obstacle.reason

    @property
    def is_grave(self) -> bool:
        """Tell whether it ends, stops or commits the anchor."""
        return self.state.phase in {Phase.FINAL, Phase.BLOCKED} or self.nonce is not None or self.gives_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One node's observation, and what it leads to."""

    provider: Provider
    observation: Observation
    conclusion: Conclusion


class QuorumObserver:
    """Observes through a pool of nodes."""

    def __init__(self, pool: Pool, *, quorum: int, log: AnchoredLog, sender: str, policy: Policy, clock: Clock) -> None:
        """Take how many nodes must agree; `sender` is the anchoring account's address."""
        self._pool = pool
        self._quorum = quorum
        self._log = log
        self._sender = sender
        self._policy = policy
        self._clock = clock
        self._told: dict[str, str] = {}
        self.disagreements = 0
        """How often nodes contradicted each other since the start, for metrics."""

    def observe(self, state: State) -> Observation | Distrust:
        """Return everything the next step needs, as far as it may be believed. Raises Unavailable."""
        try:
            present = self._pool.survey()
        except WrongChain as error:
            return Distrust(obstacle=Obstacle(reason=Reason.WRONG_CHAIN, detail=error.message))
        first = self._read_one(state, present)
        others = [each for each in present if each is not first.provider]
        observation = first.observation
        if self._quorum > 1 and (first.conclusion.is_grave or self._is_used_up(state, first, others)):
            observation = self._vote(state, first, others)
        else:
            self._told = {}
        self._pool.note_success(present)
        return observation

    def _read_one(self, state: State, present: Sequence[Provider]) -> Ballot:
        failure: Unavailable | None = None
        for provider in self._pool.readers(present):
            try:
                return self._read(state, provider)
            except Unavailable as error:
                self._pool.note_failure(provider, error)
                failure = error
        raise failure or Unavailable("no-node", "expected an RPC URL, none is set")

    def _read(self, state: State, provider: Provider) -> Ballot:
        reading = ChainReading(provider, log=self._log, sender=self._sender)
        observation = reading.observe(state, self._policy, self._clock)
        return Ballot(provider=provider, observation=observation, conclusion=conclude(state, observation))

    def _is_used_up(self, state: State, first: Ballot, others: Sequence[Provider]) -> bool:
        """Tell whether a quorum says that the nonce is used for good; who cannot tell says no."""
        nonce = state.nonce
        if nonce is None:
            return False
        answers = [answer for _, answer in ask_all(others, self._nonce_finalized)]
        used = [
            each for each in (first.observation.nonce_finalized, *answers) if isinstance(each, int) and each > nonce
        ]
        return len(used) >= self._quorum

    def _nonce_finalized(self, provider: Provider) -> int:
        finalized = provider.stands().finalized
        if finalized is None:
            return 0
        answer = request(provider.web3, "eth_getTransactionCount", [self._sender, block_parameter(finalized)])
        return read_quantity(answer, where="nonce")

    def _vote(self, state: State, first: Ballot, others: Sequence[Provider]) -> Observation:
        ballots = [first]
        for provider, answer in ask_all(others, lambda each: self._read(state, each)):
            if isinstance(answer, Ballot):
                ballots.append(answer)
            else:
                # It abstains.
                self._pool.note_failure(provider, answer)
        winner, votes = Counter(ballot.conclusion for ballot in ballots).most_common(1)[0]
        contradicted = winner != first.conclusion
        unanimous = all(ballot.conclusion == winner for ballot in ballots)
        if not unanimous or votes < self._quorum:
            self._tell(state, ballots, votes)
        if votes < self._quorum:
            return self._without_agreement(first, unanimous=unanimous)
        if contradicted:
            self._pool.turn_from(first.provider)
        return next(ballot.observation for ballot in ballots if ballot.conclusion == winner)

    def _without_agreement(self, first: Ballot, *, unanimous: bool) -> Observation:
        conclusion, observation = first.conclusion, first.observation
        if conclusion.state.phase is Phase.FINAL or (conclusion.nonce is not None and not unanimous):
            # Nothing is agreed to be final: the anchor stays MINED, or no nonce is chosen.
            return replace(observation, finalized=None)
        if conclusion.gives_up or conclusion.reason in NEEDS_A_PERSON:
            self._pool.turn_from(first.provider)
            raise Unavailable("no-quorum", f"{first.provider.name} says {describe(conclusion)}, and no quorum does")
        return observation

    def _tell(self, state: State, ballots: Sequence[Ballot], votes: int) -> None:
        """Tell what each node says, once and not in every round."""
        answers = {ballot.provider.name: describe(ballot.conclusion) for ballot in ballots}
        if answers == self._told:
            return
        self._told = answers
        # Of the same block some say that it is final and some not yet: that is how finality comes.
        conclusions = {(each.conclusion.state.place, each.conclusion.reason, each.conclusion.nonce) for each in ballots}
        contradictory = len(conclusions) > 1
        self.disagreements += contradictory
        write = log.warning if contradictory else log.info
        facts = {"epoch": state.epoch, "quorum": self._quorum, "votes": votes, "answers": answers}
        if len(set(answers.values())) == 1:
            write("quorum_missing", **facts)
        else:
            write("providers_differ", **facts)


def conclude(state: State, observation: Observation) -> Conclusion:
    """Return what an observation leads to."""
    after, action = step(state, observation)
    obstacle = None if after.obstacle is None else Obstacle(reason=after.obstacle.reason)
    return Conclusion(
        state=replace(after, obstacle=obstacle),
        nonce=action.nonce if isinstance(action, Sign) and not state.attempts else None,
        gives_up=after.attempts != state.attempts,
    )


def describe(conclusion: Conclusion) -> str:
    """Say a conclusion in a few words."""
    place, words = conclusion.state.place, [str(conclusion.state.phase)]
    if place is not None:
        words.append(f"block {place.block_number} {place.block_hash}")
    if conclusion.reason is not None:
        words.append(str(conclusion.reason))
    if conclusion.nonce is not None:
        words.append(f"nonce {conclusion.nonce}")
    return " ".join(words)

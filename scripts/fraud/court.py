"""What the court has, at one block, and what becomes of evidence there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.adapters.court import (
    Challenge,
    court_address,
    encode_call,
    read_bond,
    read_challenge,
    read_marks,
    read_number,
)
from registry.adapters.promise_signatures import recover_signer
from registry.domain.errors import Unavailable
from registry.domain.fields import write_time
from registry.domain.fraud import BrokenInclusion, BrokenRevocation, Fraud, FraudKind
from registry.domain.log_name import LogName
from registry.domain.promise import Promise
from scripts.audit.chain import ChainView

REPORT_GAS: Final = {
    FraudKind.UNREVOCATION: 130_000,
    FraudKind.SLOT_REUSE: 130_000,
    FraudKind.BROKEN_REVOCATION_PROMISE: 130_000,
    FraudKind.BROKEN_INCLUSION_PROMISE: 160_000,
}
"""What a report takes, measured and rounded up, where batches are small; of an inclusion the challenge and its time-out."""
PROMISE_BOUNTY_WEI: Final = 2 * 10**15
"""What a reporter of a broken promise gets beside the gas of `PROMISE_GAS`; a constant of the contract."""
PROMISE_GAS: Final = 160_000
STAKE_MARGIN: Final = (5, 4)
"""The base fee, and the smallest stake with it, may rise until a challenge is mined."""


class Standing(StrEnum):
    """What can be done about evidence."""

    REPORTABLE = "reportable"
    CHALLENGED = "challenged"
    """Somebody asked for the path; it can still be answered for sure."""
    TIMED_OUT = "timed out"
    """Nobody answered: the time-out can be claimed."""
    MARKED = "marked"
    """The court has it, or an earlier case of the kind."""
    ANSWERED = "answered"
    """The challenge is over and the log not marked: the promise was kept."""
    NOT_A_PROMISE = "not a promise"
    """Not signed by a key of the log, for another court, or of a key that was retired too long ago."""
    NOT_ANCHORED = "not anchored"
    """The chain has other roots than the evidence: it is about nothing that the log did."""
    KEPT = "kept"
    """The epoch came, or still may."""
    NO_COURT = "no court"
    """The evidence holds, and nobody on this chain takes it."""

    @property
    def is_fraud(self) -> bool:
        """The evidence holds against the log."""
        return self not in {Standing.ANSWERED, Standing.NOT_A_PROMISE, Standing.NOT_ANCHORED, Standing.KEPT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Evidence, and how it stands at a block."""

    fraud: Fraud
    standing: Standing
    detail: str


class CourtView:
    """The court at the block of a view."""

    def __init__(self, chain: ChainView, *, log: LogName) -> None:
        """Look whether there is a court that judges the log. Raises Unavailable, as all reading does."""
        self.chain = chain
        self._log = log
        self._court = court_address()
        published = load_artifact(FRAUD_COURT).runtime_code
        self.exists = log.contract == load_artifact().address and chain.code(self._court) == published

    def marked_epoch(self, kind: FraudKind) -> int | None:
        """Return from which epoch on the log is marked for a kind, None when it is not."""
        marks = read_marks(self._ask("marksOf", self._log.number))
        return next((mark.epoch for mark in marks if mark.kind is kind), None)

    def bond_wei(self) -> int:
        """Return the log's bond."""
        return read_bond(self._ask("stakeOf", self._log.number))

    def challenge(self, leaf: bytes, slot: int) -> Challenge | None:
        """Return the challenge for a leaf and slot, None when there was never one."""
        return read_challenge(self._ask("challengeOf", self._log.number, leaf, slot))

    def stake_wei(self) -> int:
        """Return what to stake on a challenge now: the smallest stake, and a margin."""
        numerator, denominator = STAKE_MARGIN
        return read_number("minimumStake", self._ask("minimumStake")) * numerator // denominator

    def due_wei(self, account: str) -> int:
        """Return what an account can collect."""
        return read_number("dueTo", self._ask("dueTo", account))

    def reward_wei(self, kind: FraudKind) -> int:
        """Return what a report pays its reporter; the rest of the bond is burned."""
        half = self.bond_wei() // 2
        if kind.is_of_the_log:
            return half
        return min(half, PROMISE_GAS * self.chain.base_fee() + PROMISE_BOUNTY_WEI)

    def judge(self, fraud: Fraud) -> Case:
        """Compare evidence with the chain: roots, keys, deadlines, and what the court has already."""
        standing, detail = self._judge(fraud)
        return Case(fraud=fraud, standing=standing, detail=detail)

    def _judge(self, fraud: Fraud) -> tuple[Standing, str]:
        for epoch, root in fraud.roots:
            if self.chain.root_at(self._log, epoch) != root:
                return Standing.NOT_ANCHORED, f"the chain has another root for epoch {epoch}"
        if not self.exists:
            return self._without_court(fraud)
        if isinstance(fraud, BrokenRevocation | BrokenInclusion):
            flaw = self._flaw(fraud.promise)
            if flaw is not None:
                return Standing.NOT_A_PROMISE, flaw
            if self._may_be_kept(fraud):
                return Standing.KEPT, f"epoch {fraud.epoch} came, or may still come"
        if isinstance(fraud, BrokenInclusion):
            return self._challenged(fraud)
        return self._marked(fraud) or (Standing.REPORTABLE, "to be reported")

    def _marked(self, fraud: Fraud) -> tuple[Standing, str] | None:
        marked = self.marked_epoch(fraud.kind)
        if marked is None or marked > fraud.epoch:
            return None
        return Standing.MARKED, f"the court has marked the log for this, from epoch {marked} on"

    def _without_court(self, fraud: Fraud) -> tuple[Standing, str]:
        if fraud.kind.is_of_the_log:
            return Standing.NO_COURT, "the roots prove it; there is no court for this log on the chain"
        raise Unavailable("no-court", "there is no court for this log on the chain, which would know its promise keys")

    def _flaw(self, promise: Promise) -> str | None:
        """Say why the court takes a promise from nobody."""
        if (promise.terms.log, promise.terms.court) != (self._log, self._court):
            return "the promise is of another log, or for another court"
        signer = recover_signer(promise)
        if signer is None:
            return "the promise is not signed"
        until = read_number("reportableUntil", self._ask("reportableUntil", self._log.number, signer))
        if until == 0:
            return f"{signer} is no promise key of the log"
        if until < self._seconds():
            return f"the promise key {signer} was retired; its promises could be reported until {_written(until)}"
        return None

    def _may_be_kept(self, fraud: Fraud) -> bool:
        """Tell whether the contract would call the promise pending; one that a proof breaks never is."""
        if not isinstance(fraud, BrokenRevocation | BrokenInclusion) or fraud.roots:
            return False
        has_come = self.chain.latest_epoch(self._log) >= fraud.epoch
        is_late = self._seconds() > fraud.promise.terms.deadline_seconds
        # An inclusion can be asked for once its epoch is there; a revocation is overdue only when it is not.
        return not (has_come or is_late) if isinstance(fraud, BrokenInclusion) else has_come or not is_late

    def _challenged(self, fraud: BrokenInclusion) -> tuple[Standing, str]:
        terms = fraud.promise.terms
        challenge = self.challenge(terms.leaf or b"", terms.slot)
        if challenge is None:
            asked = (Standing.REPORTABLE, "to be challenged: the registry has seven days to show the path")
            return self._marked(fraud) or asked
        if challenge.closes_at is None:
            return self._marked(fraud) or (Standing.ANSWERED, "the challenge is over: somebody showed the path")
        # The stake comes back through the time-out, whether or not the log is marked by then.
        if challenge.closes_at > self.chain.block.time:
            return (
                Standing.CHALLENGED,
                f"challenged, and not answered: there is time until {write_time(challenge.closes_at)}",
            )
        return (
            Standing.TIMED_OUT,
            f"not answered in time: the challenger, {challenge.challenger}, can claim the time-out",
        )

    def _seconds(self) -> int:
        return int(self.chain.block.time.timestamp())

    def _ask(self, function: str, *arguments: object) -> bytes:
        return self.chain.ask_contract(self._court, encode_call(function, *arguments))


def _written(seconds: int) -> str:
    return write_time(datetime.fromtimestamp(seconds, UTC))

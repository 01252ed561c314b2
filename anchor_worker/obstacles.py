"""Why nothing can be sent, or nothing dearer: the closed set of reasons. PURE."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why an anchor is blocked; what the operator does about it stands in docs/worker.md."""

    WRONG_CHAIN = "wrong-chain"
    """The node is on another chain, or another genesis, or the contract's code is not there."""
    FINAL_MISMATCH = "final-mismatch"
    """The chain no longer has an anchor that was final: until it has, nothing about it is believed."""
    LOG_NOT_BOUND = "log-not-bound"
    """The account is not the one bound to our log: its transactions would revert or go elsewhere."""
    LOG_NOT_FINAL = "log-not-final"
    """The opening of the log is not finalized: its number could still become somebody else's."""
    EPOCH_GAP = "epoch-gap"
    """The chain lacks epochs before this one: the root would land under another number."""
    FOREIGN_ANCHOR = "foreign-anchor"
    """The chain has another root under this epoch: somebody else anchored with our account."""
    FOREIGN_NONCE = "foreign-nonce"
    """The nonce is used up for good, and not by us."""
    REVERTED = "reverted"
    """The transaction failed in a block that may still vanish; when it is final, the epoch begins anew."""
    NO_EVENT = "no-event"
    """The transaction succeeded without the event: what it called is not the contract."""
    EPOCH_DIFFERS = "epoch-differs"
    """Our transaction anchored under another epoch."""
    WOULD_REVERT = "would-revert"
    """The contract refuses the root already when asked."""
    NO_FUNDS = "no-funds"
    FEE_LIMIT = "fee-limit"
    """The market is above the operator's limit."""
    ANCHOR_COST = "anchor-cost"
    """It is above what the operator allows one anchor to cost."""
    BUDGET = "budget"
    """What the operator allows a day to cost does not hold this transaction too."""
    REFUSED = "refused"
    """The nodes do not take the transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why nothing can be sent, and the facts of it in words."""

    reason: Reason
    detail: str = ""

"""What a person does about a blocked anchor, in a sentence; docs/runbook.md and docs/worker.md say more. PURE."""

from typing import Final

from anchor_worker.obstacles import Reason

_ADVICE: Final = {
    Reason.WRONG_CHAIN: "set CREDROOT_RPC_URLS to nodes of the log's chain",
    Reason.FINAL_MISMATCH: "find out who reverted a finalized block, or which nodes are wrong; receipts name the vanished one",
    Reason.LOG_NOT_FINAL: "wait until the opening of the log is finalized, a quarter of an hour on Ethereum",
    Reason.LOG_NOT_BOUND: "use the account that is bound to the log, or bind this one (setAnchorer, acceptAnchorer)",
    Reason.NO_FUNDS: "send the anchoring account ether; it goes on by itself",
    Reason.FEE_LIMIT: "wait for lower fees, or raise CREDROOT_MAX_FEE_GWEI and start the worker again",
    Reason.ANCHOR_COST: "wait for lower fees, or raise CREDROOT_MAX_ANCHOR_ETHER and start the worker again",
    Reason.BUDGET: "wait until a day has passed, or raise CREDROOT_DAILY_BUDGET_ETHER and start the worker again",
    Reason.REFUSED: "correct what the nodes say; the same transaction is offered again in every round",
    Reason.WOULD_REVERT: "read the contract's words; nothing was sent",
    Reason.REVERTED: "find out why the transaction failed; when that is final, the epoch begins anew by itself",
    Reason.NO_EVENT: "trust nothing this node says: what stands at the contract's address is not the contract",
    Reason.EPOCH_GAP: "find out whether a finalized block was reverted, or the nodes are behind",
    Reason.EPOCH_DIFFERS: "find out who else anchors with this account; bind another one",
    Reason.FOREIGN_ANCHOR: "find out who else anchors with this account, or which backup was restored; bind another one",
    Reason.FOREIGN_NONCE: "find out who else sends with this account; bind another one, and retire the key",
}


def advise(blocked_reason: str) -> str:
    """Return what to do about a stored reason."""
    reason = blocked_reason.partition(":")[0]
    return next((words for known, words in _ADVICE.items() if known.value == reason), "see docs/runbook.md")

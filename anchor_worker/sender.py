"""Signing and sending with the anchoring account; nonce and fees were chosen by the machine, from observations.

A transaction is signed, read back and compared, and stored by the caller before `send` sees its bytes: what was never
stored is never sent. The network may be told any number of times.
"""

from collections.abc import Sequence
from typing import Final

from anchor_worker.machine import Sign, State
from anchor_worker.offers import Attempt, Refusal
from anchor_worker.ports import Reply, SignedAttempt
from anchor_worker.providers import Pool
from registry.adapters.artifacts import Artifact
from registry.adapters.transactions import (
    Answer,
    Delivery,
    anchor_calldata,
    send,
    sign_transaction,
)
from registry.chain_ports import AnchorSigner, AnchorTransaction
from registry.domain.errors import Malformed, ProofMismatch, Refused
from registry.domain.log_name import LogName
from registry.ports import Clock

_REFUSALS: Final = {
    Answer.UNDERPRICED: Refusal.UNDERPRICED,
    Answer.NO_FUNDS: Refusal.FUNDS,
    Answer.INVALID: Refusal.INVALID,
}
"""The other answers say that it may be in, or is: no refusal."""


class ChainSender:
    """Signs with one account's key and sends to every node."""

    def __init__(self, pool: Pool, *, signer: AnchorSigner, log: LogName, artifact: Artifact, clock: Clock) -> None:
        """Take the nodes to tell."""
        self._pool = pool
        self._signer = signer
        self._log = log
        self._artifact = artifact
        self._clock = clock

    def sign(self, state: State, action: Sign) -> SignedAttempt:
        """Sign a transaction whose calldata is the state's root.

        Raises Refused when the signer made anything else of it, Unavailable when it cannot be asked.
        """
        transaction = AnchorTransaction(
            chain_id=self._log.chain_id,
            contract=self._log.contract,
            calldata=anchor_calldata(state.root, self._artifact),
            nonce=action.nonce,
            gas=action.gas,
            max_fee_wei=action.fees.max_fee_wei,
            tip_wei=action.fees.tip_wei,
        )
        try:
            signed = sign_transaction(self._signer, transaction)
        except (Malformed, ProofMismatch) as error:
            raise Refused(error.code, f"the signer made something else of the transaction: {error.message}") from error
        attempt = Attempt(
            transaction=signed.transaction,
            nonce=action.nonce,
            fees=action.fees,
            gas=action.gas,
            signed_at=self._clock.now(),
        )
        return SignedAttempt(attempt=attempt, raw=signed.raw, budget=action.budget)

    def send(self, raw: bytes) -> Reply:
        """Send to every node: it is refused only when all that answered refuse it."""
        return _reply(self._pool.tell(lambda node: send(node, raw)))


def _reply(deliveries: Sequence[Delivery]) -> Reply:
    if any(delivery.answer in {Answer.TAKEN, Answer.NONCE_USED} for delivery in deliveries):
        return Reply(refusal=None, detail="")
    refused = [delivery for delivery in deliveries if delivery.answer in _REFUSALS]
    if len(refused) == len(deliveries):
        return Reply(refusal=_REFUSALS[refused[0].answer], detail=refused[0].detail)
    # Somebody may have it.
    return Reply(refusal=None, detail="; ".join(delivery.detail for delivery in deliveries if delivery.detail))

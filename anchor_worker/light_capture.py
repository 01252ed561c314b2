"""Capturing the light part of the newest final epoch (protocol section 7), while a node still has the state to prove it.

It is for receipts whose anchor and status are both of that epoch, so that they verify though no node can be reached. One
that an epoch did not get in time is not made up for: receipts take their status from the newest final epoch, and that
one's light part is what they can use. Nothing here is needed to anchor, and two workers that capture do no harm.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from registry.chain_ports import LightProver
from registry.domain.errors import Unavailable
from registry.ports import Clock
from registry.store_ports import Store

RETRY_AFTER: Final = timedelta(minutes=1)
"""A node that keeps no proofs will not keep any in the next round either, and is asked for nothing that matters."""


class LightCapture:
    """Proves what became final, and keeps the proof."""

    def __init__(self, store: Store, *, prover: LightProver, clock: Clock) -> None:
        """Take the registry's store and what asks the nodes."""
        self._store = store
        self._prover = prover
        self._clock = clock
        self._not_before = datetime.min.replace(tzinfo=UTC)

    def capture(self) -> int | None:
        """Capture the newest final epoch's light part and return the epoch; None when there is nothing to capture.

        Raises Unavailable when no node proves it: it is tried again after a while.
        """
        if self._clock.now() < self._not_before:
            return None
        with self._store.read() as unit:
            newest = unit.epochs.newest_final()
            if newest is None or unit.light_proofs.of_epoch(newest.number) is not None:
                return None
            log = unit.access.log().name
        try:
            proof = self._prover.prove_newest(log, anchor_epoch=newest.number, status_epoch=newest.number)
        except Unavailable:
            self._not_before = self._clock.now() + RETRY_AFTER
            raise
        with self._store.write() as writer:
            writer.light_proofs.keep(
                newest.number, proof.part, block_hash=proof.block.hash, captured_at=self._clock.now()
            )
        return newest.number

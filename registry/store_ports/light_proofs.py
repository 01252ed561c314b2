"""Light parts of receipts, as a store keeps them: what was proved of an epoch when it became final."""

from datetime import datetime
from typing import Protocol

from registry.domain.light import LightPart


class LightProofReader(Protocol):
    """Reads light parts."""

    def of_epoch(self, epoch: int) -> LightPart | None:
        """Return the light part whose anchor and status are of an epoch, None when none was captured."""
        ...


class LightProofWriter(LightProofReader, Protocol):
    """Keeps light parts."""

    def keep(self, epoch: int, light: LightPart, *, block_hash: bytes, captured_at: datetime) -> None:
        """Store the light part of an epoch, unless there is one: each proves the same for ever."""
        ...

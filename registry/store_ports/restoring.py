"""Taking back what published files know and a restored database forgot, as a store does it."""

from collections.abc import Sequence
from typing import Protocol

from registry.store_ports.epochs import NewBatch, NewEpoch


class RestoringWriter(Protocol):
    """Stores epochs that were sealed before, by a database that is gone."""

    def adopt(self, epoch: NewEpoch, batches: Sequence[NewBatch]) -> int:
        """Store a published epoch as sealed: the worker finds its anchor on chain, and believes nothing else.

        `batches` are the epoch's, whose own are not looked at. One that was ready in the backup is tied as it is. Of the
        others, credentials that are here and wait are tied, by their leaves; `credential_ids` is not looked at.
        Status changes that wait are tied when the epoch's lists have them. Returns the number of credentials tied.

        Raises Conflict `epoch-out-of-order` unless its number follows the newest.
        """
        ...

    def keep_did_document(self, content: bytes) -> None:
        """Store a DID document that an issuer once had; a second time changes nothing."""
        ...

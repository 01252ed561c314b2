"""How far the credentials of an upload are on their way to being final: signed, sealed, anchored, final."""

from dataclasses import dataclass

from registry.store_ports import AnchorState, ReadStore, UploadRecord, UploadState

_ANCHORED = frozenset({AnchorState.MINED, AnchorState.FINAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadStages:
    """How many credentials of an upload are how far; each number includes those that are further."""

    expected: int
    """How many there will be; when issuing is done, how many there are."""
    signed: int
    sealed: int
    anchored: int
    """In a block, which may still vanish."""
    final: int
    epochs: tuple[int, ...]
    """The epochs that they are in."""

    @property
    def is_final(self) -> bool:
        """Everything is done: nothing changes any more."""
        return self.final >= self.expected


def upload_stages(unit: ReadStore, record: UploadRecord) -> UploadStages:
    """Count how far the credentials of an upload are."""
    counts = unit.credentials.epochs_of_upload(record.id)
    sealed = {epoch: count for epoch, count in counts.items() if epoch is not None}
    states = {epoch: unit.epochs.anchor(epoch).state for epoch in sealed}
    signed = sum(counts.values())
    return UploadStages(
        # People who got the credential in another way since the dry run are passed over.
        expected=signed if record.state is UploadState.ISSUED else record.rows_ok,
        signed=signed,
        sealed=sum(sealed.values()),
        anchored=sum(count for epoch, count in sealed.items() if states[epoch] in _ANCHORED),
        final=sum(count for epoch, count in sealed.items() if states[epoch] is AnchorState.FINAL),
        epochs=tuple(sorted(sealed)),
    )

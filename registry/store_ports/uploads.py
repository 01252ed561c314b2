"""Uploaded CSV files and how far they are issued, as a store keeps them.

received ──> checked ──────────────────────────────> issuing ──> issued
                │ ──> approval-requested ──> approved ──┘   │
                └──────────────> failed <───────────────────┘
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from registry.domain.hashing import Digest


class UploadState(StrEnum):
    """How far an upload is."""

    RECEIVED = "received"
    CHECKED = "checked"
    APPROVAL_REQUESTED = "approval-requested"
    APPROVED = "approved"
    ISSUING = "issuing"
    ISSUED = "issued"
    FAILED = "failed"


class UploadFormat(StrEnum):
    """What kind of file was uploaded."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRecord:
    """An uploaded file, what its dry run counted, and how far it is issued."""

    id: UUID
    issuer_id: UUID
    achievement_id: UUID
    achievement_version: int
    filename: str
    sha256: Digest
    """Of the file's bytes."""
    today: date
    """The date that the dry run took for today; issuing takes the same."""
    skip_bad: bool
    allow_duplicates: bool
    ignore_extra: bool
    state: UploadState
    rows_ok: int
    rows_error: int
    rows_skipped: int
    rows_issued: int
    issued_through_line: int
    """Every row up to this line has been issued or passed over; 0 before the first."""
    created_at: datetime
    requested_at: datetime | None
    finished_at: datetime | None
    failure: str | None
    received_by: str
    """Who sent it, as changes are signed in the records."""
    format: UploadFormat = UploadFormat.CSV
    sheet: str | None = None
    """Which sheet of a spreadsheet file; None: the first."""
    mapping: bytes | None = None
    """JCS bytes of the column mapping as it was; None: the file has our columns."""
    approval_requested_by: str | None = None
    approval_requested_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None


class UploadReader(Protocol):
    """Reads uploads; an upload of another issuer is not found."""

    def get(self, issuer_id: UUID, upload_id: UUID) -> UploadRecord:
        """Return an upload. Raises NotFound."""
        ...

    def page(self, issuer_id: UUID, *, after: UUID | None, limit: int) -> tuple[UploadRecord, ...]:
        """Return an issuer's uploads by ascending id, those after an id."""
        ...

    def newest(self, issuer_id: UUID, *, before: UUID | None, limit: int) -> tuple[UploadRecord, ...]:
        """Return an issuer's uploads by descending id, those before an id."""
        ...

    def same_file(self, issuer_id: UUID, *, achievement_id: UUID, sha256: Digest) -> tuple[UploadRecord, ...]:
        """Return the uploads of the same bytes for the same achievement, by ascending id."""
        ...

    def in_state(self, state: UploadState) -> tuple[UploadRecord, ...]:
        """Return every issuer's uploads in a state, by ascending id: after a crash, what is to be carried on."""
        ...

    def count_by_state(self) -> Mapping[UploadState, int]:
        """Tell how many uploads are in each state; every state is named."""
        ...

    def chunk(self, upload_id: UUID, n: int) -> bytes | None:
        """Return the n-th chunk of the file, from 0; None after the last."""
        ...


class UploadWriter(UploadReader, Protocol):
    """Writes uploads."""

    def insert(self, upload: UploadRecord) -> None:
        """Store an upload without its content."""
        ...

    def add_chunk(self, upload_id: UUID, *, n: int, content: bytes) -> None:
        """Store the n-th chunk, from 0. Raises Conflict when there is one."""
        ...

    def record_check(self, upload_id: UUID, *, rows_ok: int, rows_error: int, rows_skipped: int) -> None:
        """Store what the dry run counted: received or checked becomes checked. Raises Conflict in another state."""
        ...

    def request_approval(self, upload_id: UUID, *, by: str, at: datetime) -> None:
        """Ask for approval: checked becomes approval-requested. Raises Conflict in another state."""
        ...

    def approve(self, upload_id: UUID, *, by: str, at: datetime) -> None:
        """Approve: approval-requested becomes approved. Raises Conflict in another state.

        Raises Refused `approval-by-same-person` for who sent it or asks for its approval.
        """
        ...

    def start(self, upload_id: UUID, *, requested_at: datetime) -> None:
        """Begin issuing what is checked, approved or waits for approval; whether it may is for the caller to say.

        Raises Conflict in another state: of two requests one wins.
        """
        ...

    def advance(self, upload_id: UUID, *, from_line: int, through_line: int, issued: int) -> None:
        """Note that the rows after `from_line` up to `through_line` are done, in the transaction that issues them.

        Raises Conflict unless the upload is issuing and stands at `from_line`: another process did these rows.
        """
        ...

    def finish(self, upload_id: UUID, *, finished_at: datetime) -> None:
        """End issuing: issuing becomes issued. Raises Conflict in another state."""
        ...

    def fail(self, upload_id: UUID, *, failure: str, finished_at: datetime) -> None:
        """Give up: whatever is not issued becomes failed, with a code. Raises Conflict in another state."""
        ...

"""Uploaded files and how far they are issued."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, select, update

from registry.adapters import tables
from registry.adapters.statements import one_row
from registry.domain.errors import Conflict, Refused
from registry.domain.hashing import Digest
from registry.store_ports import UploadFormat, UploadRecord, UploadState

_STARTABLE: Final = {UploadState.CHECKED, UploadState.APPROVAL_REQUESTED, UploadState.APPROVED}


class UploadStore:
    """Implements UploadReader and UploadWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, issuer_id: UUID, upload_id: UUID) -> UploadRecord:
        """Return an upload. Raises NotFound."""
        statement = select(tables.upload).where(tables.upload.c.id == upload_id, tables.upload.c.issuer_id == issuer_id)
        return _upload(one_row(self._connection, statement, what="upload"))

    def page(self, issuer_id: UUID, *, after: UUID | None, limit: int) -> tuple[UploadRecord, ...]:
        """Return an issuer's uploads by ascending id, those after an id."""
        statement = select(tables.upload).where(tables.upload.c.issuer_id == issuer_id)
        if after is not None:
            statement = statement.where(tables.upload.c.id > after)
        return tuple(map(_upload, self._connection.execute(statement.order_by(tables.upload.c.id).limit(limit))))

    def newest(self, issuer_id: UUID, *, before: UUID | None, limit: int) -> tuple[UploadRecord, ...]:
        """Return an issuer's uploads by descending id, those before an id."""
        statement = select(tables.upload).where(tables.upload.c.issuer_id == issuer_id)
        if before is not None:
            statement = statement.where(tables.upload.c.id < before)
        return tuple(map(_upload, self._connection.execute(statement.order_by(tables.upload.c.id.desc()).limit(limit))))

    def same_file(self, issuer_id: UUID, *, achievement_id: UUID, sha256: Digest) -> tuple[UploadRecord, ...]:
        """Return the uploads of the same bytes for the same achievement."""
        statement = select(tables.upload).where(
            tables.upload.c.issuer_id == issuer_id,
            tables.upload.c.sha256 == sha256,
            tables.upload.c.achievement_id == achievement_id,
        )
        return tuple(map(_upload, self._connection.execute(statement.order_by(tables.upload.c.id))))

    def in_state(self, state: UploadState) -> tuple[UploadRecord, ...]:
        """Return every issuer's uploads in a state."""
        statement = select(tables.upload).where(tables.upload.c.state == state.value).order_by(tables.upload.c.id)
        return tuple(map(_upload, self._connection.execute(statement)))

    def count_by_state(self) -> Mapping[UploadState, int]:
        """Tell how many uploads are in each state; every state is named."""
        upload = tables.upload
        rows = self._connection.execute(select(upload.c.state, func.count()).group_by(upload.c.state))
        counts = {UploadState(state): count for state, count in rows}
        return {state: counts.get(state, 0) for state in UploadState}

    def chunk(self, upload_id: UUID, n: int) -> bytes | None:
        """Return the n-th chunk of the file, from 0; None after the last."""
        parts = tables.upload_chunk
        statement = select(parts.c.content).where(parts.c.upload_id == upload_id, parts.c.n == n)
        content = self._connection.execute(statement).scalar_one_or_none()
        return None if content is None else bytes(content)

    def insert(self, upload: UploadRecord) -> None:
        """Store an upload without its content."""
        self._connection.execute(
            insert(tables.upload).values(
                id=upload.id,
                issuer_id=upload.issuer_id,
                achievement_id=upload.achievement_id,
                achievement_version=upload.achievement_version,
                filename=upload.filename,
                sha256=upload.sha256,
                today=upload.today.isoformat(),
                skip_bad=upload.skip_bad,
                allow_duplicates=upload.allow_duplicates,
                ignore_extra=upload.ignore_extra,
                state=upload.state.value,
                rows_ok=upload.rows_ok,
                rows_error=upload.rows_error,
                rows_skipped=upload.rows_skipped,
                rows_issued=upload.rows_issued,
                issued_through_line=upload.issued_through_line,
                created_at=upload.created_at,
                requested_at=upload.requested_at,
                finished_at=upload.finished_at,
                failure=upload.failure,
                received_by=upload.received_by,
                format=upload.format.value,
                sheet=upload.sheet,
                mapping=upload.mapping,
                approval_requested_by=upload.approval_requested_by,
                approval_requested_at=upload.approval_requested_at,
                approved_by=upload.approved_by,
                approved_at=upload.approved_at,
            )
        )

    def add_chunk(self, upload_id: UUID, *, n: int, content: bytes) -> None:
        """Store the n-th chunk, from 0. Raises Conflict."""
        self._connection.execute(insert(tables.upload_chunk).values(upload_id=upload_id, n=n, content=content))

    def record_check(self, upload_id: UUID, *, rows_ok: int, rows_error: int, rows_skipped: int) -> None:
        """Store what the dry run counted. Raises Conflict."""
        self._change(
            upload_id,
            {UploadState.RECEIVED, UploadState.CHECKED},
            state=UploadState.CHECKED.value,
            rows_ok=rows_ok,
            rows_error=rows_error,
            rows_skipped=rows_skipped,
        )

    def request_approval(self, upload_id: UUID, *, by: str, at: datetime) -> None:
        """Ask for approval. Raises Conflict."""
        state = UploadState.APPROVAL_REQUESTED.value
        self._change(upload_id, {UploadState.CHECKED}, state=state, approval_requested_by=by, approval_requested_at=at)

    def approve(self, upload_id: UUID, *, by: str, at: datetime) -> None:
        """Approve what somebody else sent and asked about. Raises Conflict; Refused `approval-by-same-person`."""
        upload = tables.upload
        # Judged by the statement that changes it: who asks may be another one than a moment ago.
        others = upload.c.received_by.is_distinct_from(by) & upload.c.approval_requested_by.is_distinct_from(by)
        waits = (upload.c.id == upload_id) & (upload.c.state == UploadState.APPROVAL_REQUESTED.value)
        approved = {"state": UploadState.APPROVED.value, "approved_by": by, "approved_at": at}
        if self._connection.execute(update(upload).where(waits, others).values(**approved)).rowcount == 1:
            return
        if (state := self._state(upload_id)) is not UploadState.APPROVAL_REQUESTED:
            raise _in_another_state({UploadState.APPROVAL_REQUESTED}, state)
        raise Refused("approval-by-same-person", "expected another member than who uploaded it or asks for approval")

    def start(self, upload_id: UUID, *, requested_at: datetime) -> None:
        """Begin issuing. Raises Conflict."""
        self._change(upload_id, _STARTABLE, state=UploadState.ISSUING.value, requested_at=requested_at)

    def advance(self, upload_id: UUID, *, from_line: int, through_line: int, issued: int) -> None:
        """Note that the rows up to a line are done. Raises Conflict."""
        statement = (
            update(tables.upload)
            .where(
                tables.upload.c.id == upload_id,
                tables.upload.c.state == UploadState.ISSUING.value,
                tables.upload.c.issued_through_line == from_line,
            )
            .values(issued_through_line=through_line, rows_issued=tables.upload.c.rows_issued + issued)
        )
        if self._connection.execute(statement).rowcount != 1:
            raise Conflict("upload-moved-on", f"expected an upload that is being issued and stands at line {from_line}")

    def finish(self, upload_id: UUID, *, finished_at: datetime) -> None:
        """End issuing. Raises Conflict."""
        self._change(upload_id, {UploadState.ISSUING}, state=UploadState.ISSUED.value, finished_at=finished_at)

    def fail(self, upload_id: UUID, *, failure: str, finished_at: datetime) -> None:
        """Give up. Raises Conflict."""
        self._change(
            upload_id,
            {UploadState.RECEIVED, UploadState.ISSUING} | _STARTABLE,
            state=UploadState.FAILED.value,
            failure=failure,
            finished_at=finished_at,
        )

    def _change(self, upload_id: UUID, expected: set[UploadState], **values: str | int | datetime) -> None:
        allowed = sorted(state.value for state in expected)
        statement = update(tables.upload).where(tables.upload.c.id == upload_id, tables.upload.c.state.in_(allowed))
        if self._connection.execute(statement.values(**values)).rowcount != 1:
            raise _in_another_state(expected, self._state(upload_id))

    def _state(self, upload_id: UUID) -> UploadState:
        statement = select(tables.upload.c.state).where(tables.upload.c.id == upload_id)
        return UploadState(one_row(self._connection, statement, what="upload").state)


def _in_another_state(expected: set[UploadState], state: UploadState) -> Conflict:
    allowed = sorted(each.value for each in expected)
    return Conflict("upload-state", f"expected an upload that is {' or '.join(allowed)}, got {state}")


def _upload(row: Row[Any]) -> UploadRecord:  # Any: a row of the table
    return UploadRecord(
        id=row.id,
        issuer_id=row.issuer_id,
        achievement_id=row.achievement_id,
        achievement_version=row.achievement_version,
        filename=row.filename,
        sha256=Digest(row.sha256),
        today=date.fromisoformat(row.today),
        skip_bad=row.skip_bad,
        allow_duplicates=row.allow_duplicates,
        ignore_extra=row.ignore_extra,
        state=UploadState(row.state),
        rows_ok=row.rows_ok,
        rows_error=row.rows_error,
        rows_skipped=row.rows_skipped,
        rows_issued=row.rows_issued,
        issued_through_line=row.issued_through_line,
        created_at=row.created_at,
        requested_at=row.requested_at,
        finished_at=row.finished_at,
        failure=row.failure,
        received_by=row.received_by,
        format=UploadFormat(row.format),
        sheet=row.sheet,
        mapping=None if row.mapping is None else bytes(row.mapping),
        approval_requested_by=row.approval_requested_by,
        approval_requested_at=row.approval_requested_at,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
    )

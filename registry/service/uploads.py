"""Uploads: judged first, issued when the registrar says so.

    receive ── dry run ──> checked ── start ──> issuing ── run (upload_issuing) ──> issued

The dry run builds every kind of credential without signing it, so that issuing finds nothing new.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from registry.domain.audit_trail import AuditAction
from registry.domain.canonical import JsonObject
from registry.domain.errors import Conflict, Malformed, NotFound, Refused
from registry.domain.hashing import Digest
from registry.domain.upload_judging import RowJudgement
from registry.domain.upload_report import annotate, annotated_rows
from registry.domain.upload_rules import UploadRules
from registry.domain.upload_text import ByteSource
from registry.service.access import Caller
from registry.service.approving import Remedy, require_no_approval
from registry.service.auditing import note
from registry.service.issuing import TemplateRecords, draft, open_template, read_template
from registry.service.resources import Resources
from registry.service.row_work import InProcess, RowExecutor, RowWork, RowWorker
from registry.service.rows import mapping_of, order_of, rules_of
from registry.service.upload_reading import opened_records, read_content, read_rows
from registry.store_ports import IssuerRecord, ReadStore, UploadFormat, UploadRecord, UploadState, WriteStore

CHUNK_BYTES: Final = 1_048_576
"""Of a file in the database: a row of one megabyte suits both databases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOrder:
    """A file and what the registrar chose for it."""

    id: UUID
    achievement_id: UUID
    filename: str
    sha256: Digest
    skip_bad: bool
    allow_duplicates: bool
    ignore_extra: bool
    mapping: bytes | None = None
    """JCS bytes of a column mapping; None: the file has our columns."""
    format: UploadFormat = UploadFormat.CSV
    sheet: str | None = None
    """Of a spreadsheet file; None: the first."""


def examine(
    resources: Resources,
    issuer: IssuerRecord,
    order: UploadOrder,
    source: ByteSource,
    *,
    max_bytes: int,
    caller: Caller,
    executor: RowExecutor | None = None,
) -> UploadRecord:
    """Judge a file before anything of it is stored, and return the record that `receive` stores.

    Without an executor everything happens in this process. Raises FileProblem when the file as a whole cannot be
    read, NotFound for an unknown achievement, Malformed `sheet-unexpected`.
    """
    if order.sheet is not None and order.format is UploadFormat.CSV:
        raise Malformed("sheet-unexpected", "expected none: a CSV file has no sheets", where="sheet")
    with resources.store.read() as unit:
        records = read_template(unit, issuer, order.achievement_id)
    record = UploadRecord(
        id=order.id,
        issuer_id=issuer.id,
        achievement_id=records.achievement.id,
        achievement_version=records.achievement.version,
        filename=order.filename,
        sha256=order.sha256,
        today=resources.clock.now().date(),
        skip_bad=order.skip_bad,
        allow_duplicates=order.allow_duplicates,
        ignore_extra=order.ignore_extra,
        state=UploadState.CHECKED,
        rows_ok=0,
        rows_error=0,
        rows_skipped=0,
        rows_issued=0,
        issued_through_line=0,
        created_at=resources.clock.now(),
        requested_at=None,
        finished_at=None,
        failure=None,
        received_by=caller.name,
        mapping=order.mapping,
        format=order.format,
        sheet=order.sheet,
    )
    work = _work(resources, records, record, source, max_bytes=max_bytes)
    counts = list((executor or InProcess(RowWorker(resources))).map(RowWorker.count, work))
    return replace(
        record,
        rows_ok=sum(chunk.ok for chunk in counts),
        rows_error=sum(chunk.error for chunk in counts),
        rows_skipped=sum(chunk.skipped for chunk in counts),
    )


def receive(resources: Resources, unit: WriteStore, record: UploadRecord, content: Iterable[bytes]) -> UploadRecord:
    """Store an examined upload with its content."""
    unit.uploads.insert(record)
    for number, chunk in enumerate(content):
        unit.uploads.add_chunk(record.id, n=number, content=chunk)
    note(
        resources,
        unit,
        AuditAction.UPLOAD_RECEIVED,
        by=record.received_by,
        issuer=record.issuer_id,
        subject=record.id,
        sha256=record.sha256.hex(),
        achievement=str(record.achievement_id),
        rowsOk=record.rows_ok,
        rowsError=record.rows_error,
    )
    return record


def judgements(
    resources: Resources, issuer: IssuerRecord, record: UploadRecord, *, max_bytes: int, after_line: int = 0
) -> Iterator[RowJudgement]:
    """Judge the rows of a stored upload again, those after a line, by the rules and the day of its dry run.

    What this upload itself issued, and what followed that, does not count against it.
    """
    records = _template_records(resources, issuer, record)
    worker = RowWorker(resources)
    for work in _work(resources, records, record, read_content(resources, record), max_bytes=max_bytes):
        # The rows before are read, for who stands in them, and not judged.
        if (rows := work.rows.after(after_line)) is not None:
            yield from worker.judge(replace(work, rows=rows))


def annotated(resources: Resources, issuer: IssuerRecord, record: UploadRecord, *, max_bytes: int) -> Iterator[bytes]:
    """Write the uploaded file again with what was found beside each row; formulas are made harmless.

    It is of the kind that was uploaded.
    """
    found = judgements(resources, issuer, record, max_bytes=max_bytes)
    # The same file is read twice, by what decides how it is read.
    rules = UploadRules(today=record.today, mapping=mapping_of(record), max_bytes=max_bytes)
    with opened_records(resources, record, read_content(resources, record), rules) as records:
        if record.format is UploadFormat.XLSX:
            yield from resources.spreadsheets.write(annotated_rows(records, found))
        else:
            yield from annotate(records, found, rules=rules)


def preview(
    resources: Resources, issuer: IssuerRecord, record: UploadRecord, *, line: int, max_bytes: int
) -> tuple[RowJudgement, JsonObject | None]:
    """Return the judgement of the row at a line and, when it can be issued, the credential it would become.

    Nothing is signed, the slot is 0. Raises NotFound `line-not-found`.
    """
    template = open_template(resources, _template_records(resources, issuer, record))
    judgement = next(judgements(resources, issuer, record, max_bytes=max_bytes, after_line=line - 1), None)
    if judgement is None or judgement.line != line:
        raise NotFound("line-not-found", f"no row starts on line {line}")
    if judgement.recipient is None:
        return judgement, None
    order = order_of(judgement.recipient, template.frozen.achievement, upload_id=record.id, allow_duplicate=True)
    return judgement, draft(resources, template, order, slot=0)[1]


def start(resources: Resources, unit: WriteStore, record: UploadRecord, *, caller: Caller) -> UploadRecord:
    """Accept an upload: from here on every accepted row will be issued.

    Raises Refused `upload-has-errors` unless bad rows are to be skipped, `upload-empty` without a good row,
    `approval-needed` where the issuer asks for it and nobody approved; Conflict `upload-outdated` when the same file
    was issued after this dry run, `upload-state` when it was started before.
    """
    require_issuable(record)
    if record.state in {UploadState.CHECKED, UploadState.APPROVAL_REQUESTED}:
        require_no_approval(unit.issuers.get(record.issuer_id), Remedy.ASK)
    if not record.allow_duplicates and _is_outdated(unit, record):
        raise Conflict("upload-outdated", "the same file was issued after this dry run: upload it again")
    unit.uploads.start(record.id, requested_at=resources.clock.now())
    action = AuditAction.UPLOAD_STARTED
    note(resources, unit, action, by=caller.name, issuer=record.issuer_id, subject=record.id, rowsOk=record.rows_ok)
    return unit.uploads.get(record.issuer_id, record.id)


def require_issuable(record: UploadRecord) -> None:
    """Raise Refused `upload-has-errors` unless bad rows are to be skipped, `upload-empty` without a good row."""
    if record.rows_error and not record.skip_bad:
        raise Refused(
            "upload-has-errors", f"{record.rows_error} rows have errors: correct them, or choose to skip them"
        )
    if not record.rows_ok:
        raise Refused("upload-empty", "no row can be issued")


def _is_outdated(unit: ReadStore, record: UploadRecord) -> bool:
    same = unit.uploads.same_file(record.issuer_id, achievement_id=record.achievement_id, sha256=record.sha256)
    return any(
        other.requested_at is not None and other.requested_at >= record.created_at
        for other in same
        if other.id != record.id and other.achievement_version == record.achievement_version
    )


def _template_records(resources: Resources, issuer: IssuerRecord, record: UploadRecord) -> TemplateRecords:
    with resources.store.read() as unit:
        return read_template(unit, issuer, record.achievement_id, version=record.achievement_version)


def _work(
    resources: Resources, records: TemplateRecords, record: UploadRecord, source: ByteSource, *, max_bytes: int
) -> Iterator[RowWork]:
    template = open_template(resources, records)
    rules = rules_of(record, template.frozen.achievement, max_bytes=max_bytes)
    for rows in read_rows(resources, template, record, source, rules):
        yield RowWork(rows=rows, rules=rules, records=records)

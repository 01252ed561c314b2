"""Uploads: a file of recipients, CSV or XLSX, judged, previewed, approved, issued and handed back."""

import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, BinaryIO, Final, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from registry.domain.errors import NotFound
from registry.domain.upload_judging import Result, RowJudgement
from registry.service.access import Caller, issuer_for_reading, issuer_for_writing
from registry.service.approving import approve, request_approval
from registry.service.container import Container
from registry.service.export import write_archive
from registry.service.mappings import find_mapping
from registry.service.once import RequestKey, once
from registry.service.upload_reading import ZIP_MARK, format_of
from registry.service.uploads import (
    CHUNK_BYTES,
    UploadOrder,
    annotated,
    examine,
    judgements,
    preview,
    receive,
    require_issuable,
    start,
)
from registry.store_ports import IdempotencyAnswer, IssuerRecord, UploadFormat, UploadRecord, WriteStore
from registry.web.requests import (
    MAX_PAGE,
    SPOOL_BYTES,
    Authenticated,
    IdempotencyKey,
    Named,
    Paged,
    Wired,
    known_parameters_of,
    name_request,
    respond,
    spool,
)
from registry.web.schemas import PreviewView, RowView, UploadView
from registry.web.views import created, view_row, view_upload

router = APIRouter(prefix="/v1/issuers/{slug}/uploads", tags=["uploads"], dependencies=[Depends(known_parameters_of)])

PDF: Final = "application/pdf"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CSV: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string", "format": "binary"},
                "example": "recipient_email,recipient_name,issued_on\r\namal@example.org,Amal Haddad,2026-05-29\r\n",
            },
            XLSX: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
_CSV_ANSWER: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
_XLSX_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}
}
_PDF_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}},
    422: {"description": "No font here shows the text."},
}
_ZIP_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.post("", status_code=201, response_model=UploadView, openapi_extra=_CSV)
async def post_upload(
    request: Request,
    container: Wired,
    caller: Authenticated,
    *,
    slug: str,
    achievement: Annotated[UUID, Query(description="The achievement that the file's people earned.")],
    filename: Annotated[str, Query(max_length=255)] = "upload.csv",
    skip_bad: Annotated[
        bool, Query(alias="skipBad", description="Issue the good rows of a file with bad ones.")
    ] = False,
    allow_duplicates: Annotated[bool, Query(alias="allowDuplicates")] = False,
    ignore_extra: Annotated[bool, Query(alias="ignoreExtra", description="Pass over unknown columns.")] = False,
    mapping: Annotated[
        str | None, Query(max_length=200, description="A column mapping: its id, or the name of one that is built in.")
    ] = None,
    sheet: Annotated[
        str | None, Query(max_length=100, description="Of an XLSX file; the first, when left out.")
    ] = None,
    key: IdempotencyKey = None,
) -> Response:
    """Upload a CSV or XLSX file. It is a dry run: every row is judged, nothing is issued."""
    # Asked before the file is received: a stranger's 64 MB are not worth a place on the disk.
    issuer, mapped = await run_in_threadpool(issuer_of, container, caller, slug, achievement, mapping)
    file, digest = await spool(request)
    with file:
        order = UploadOrder(
            id=container.resources.ids.new(),
            achievement_id=achievement,
            filename=filename,
            sha256=digest,
            skip_bad=skip_bad,
            allow_duplicates=allow_duplicates,
            ignore_extra=ignore_extra,
            mapping=mapped,
            format=format_of(file.read(len(ZIP_MARK))),
            sheet=sheet,
        )
        file.seek(0)
        named = name_request(request, caller, key=key, content=digest)
        return await run_in_threadpool(take, container, issuer, order=order, file=file, named=named, caller=caller)


@router.get("")
def get_uploads(container: Wired, caller: Authenticated, slug: str, page: Paged) -> list[UploadView]:
    """List an issuer's uploads."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        return [
            view_upload(record, container.runner.progress(record))
            for record in unit.uploads.page(issuer.id, after=page.after, limit=page.limit)
        ]


@router.get("/{upload_id}")
def get_upload(container: Wired, caller: Authenticated, slug: str, upload_id: UUID) -> UploadView:
    """Show an upload and how far it is issued."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        record = unit.uploads.get(issuer.id, upload_id)
    return view_upload(record, container.runner.progress(record))


@router.get("/{upload_id}/rows")
def get_rows(
    container: Wired,
    caller: Authenticated,
    slug: str,
    upload_id: UUID,
    *,
    after_line: Annotated[int, Query(alias="afterLine", ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    every: Annotated[bool, Query(description="Show rows without findings too.")] = False,
) -> list[RowView]:
    """Show what was found in the rows: line, column, value, code and remedy."""
    issuer, record = _find(container, caller, slug, upload_id)
    shown = (
        view_row(judgement)
        for judgement in _judge(container, issuer, record, after_line=after_line)
        if every or judgement.findings or judgement.result is not Result.OK
    )
    return list(islice(shown, limit))


@router.get("/{upload_id}/annotated.csv", response_class=Response, responses=_CSV_ANSWER)
def get_annotated(container: Wired, caller: Authenticated, slug: str, upload_id: UUID) -> Response:
    """Return an uploaded CSV file with the findings beside each row, safe to open in a spreadsheet program."""
    return _annotated(container, caller, slug, upload_id, UploadFormat.CSV, media_type="text/csv; charset=utf-8")


@router.get("/{upload_id}/annotated.xlsx", response_class=Response, responses=_XLSX_ANSWER)
def get_annotated_spreadsheet(container: Wired, caller: Authenticated, slug: str, upload_id: UUID) -> Response:
    """Return an uploaded XLSX file's sheet with the findings beside each row; every cell is text."""
    return _annotated(container, caller, slug, upload_id, UploadFormat.XLSX, media_type=XLSX)


@router.get("/{upload_id}/preview")
def get_preview(
    container: Wired, caller: Authenticated, slug: str, upload_id: UUID, line: Annotated[int, Query(ge=1)]
) -> PreviewView:
    """Show what the row at a line would become. Nothing is signed."""
    issuer, record = _find(container, caller, slug, upload_id)
    judgement, document = preview(container.resources, issuer, record, line=line, max_bytes=container.max_upload_bytes)
    return PreviewView(row=view_row(judgement), credential=document)


@router.get("/{upload_id}/preview.pdf", response_class=Response, responses=_PDF_ANSWER)
def get_preview_certificate(
    container: Wired, caller: Authenticated, slug: str, upload_id: UUID, line: Annotated[int, Query(ge=1)]
) -> Response:
    """Make the certificate that the row at a line would have, marked as a preview. Nothing is signed."""
    issuer, record = _find(container, caller, slug, upload_id)
    judgement, document = preview(container.resources, issuer, record, line=line, max_bytes=container.max_upload_bytes)
    if judgement.recipient is None or document is None:
        raise NotFound("row-refused", "no credential can be made of this row")
    headers = {"Content-Disposition": f'attachment; filename="{upload_id}-line-{line}-preview.pdf"'}
    certificate = container.certificates.preview(document, locale=judgement.recipient.locale)
    return Response(certificate, media_type=PDF, headers=headers)


@router.post("/{upload_id}/request-approval")
def post_approval_request(container: Wired, caller: Authenticated, slug: str, upload_id: UUID) -> UploadView:
    """Ask for approval by a second person. Only what could be issued is asked about."""
    with container.resources.store.write() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        record = unit.uploads.get(issuer.id, upload_id)
        require_issuable(record)
        return view_upload(request_approval(container.resources, unit, record, caller=caller))


@router.post("/{upload_id}/approve")
def post_approval(container: Wired, caller: Authenticated, slug: str, upload_id: UUID) -> UploadView:
    """Approve an upload that another member sent. For approvers and admins."""
    with container.resources.store.write() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        record = unit.uploads.get(issuer.id, upload_id)
        return view_upload(approve(container.resources, unit, record, caller=caller))


@router.post("/{upload_id}/issue", status_code=202, response_model=UploadView)
def post_issue(container: Wired, caller: Authenticated, named: Named, slug: str, upload_id: UUID) -> Response:
    """Issue the good rows. When this is answered they will be issued, each once, whatever happens to the service."""
    begun: list[UploadRecord] = []

    def begin(unit: WriteStore) -> UploadRecord:
        issuer = issuer_for_writing(unit, caller, slug)
        record = start(container.resources, unit, unit.uploads.get(issuer.id, upload_id), caller=caller)
        begun.append(record)
        return record

    def render(record: UploadRecord) -> IdempotencyAnswer:
        return created(view_upload(record), location=f"/v1/issuers/{slug}/uploads/{record.id}", status=202)

    answer = once(container.resources, named, begin, render)
    for record in begun:
        container.runner.submit(record)
    return respond(answer)


@router.get("/{upload_id}/archive.zip", response_class=Response, responses=_ZIP_ANSWER)
def get_archive(container: Wired, caller: Authenticated, slug: str, upload_id: UUID) -> Response:
    """Download all credentials of an upload, with the receipts of those that are anchored."""
    _, record = _find(container, caller, slug, upload_id)
    file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # noqa: SIM115 - closed by _pieces
    with container.resources.store.read() as unit:
        unanchored = write_archive(file, unit, container.receipts, record)
    file.seek(0)
    headers = {
        "Content-Disposition": f'attachment; filename="{record.id}.zip"',
        "Cache-Control": "no-store",
        "Credroot-Not-Yet-Anchored": str(unanchored),
    }
    return StreamingResponse(_pieces(file), media_type="application/zip", headers=headers)


def issuer_of(
    container: Container, caller: Caller, slug: str, achievement_id: UUID, mapping: str | None
) -> tuple[IssuerRecord, bytes | None]:
    """Return the issuer that an upload of an achievement is for, and its column mapping. Raises NotFound, Forbidden."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        unit.achievements.get(issuer.id, achievement_id)
        if mapping is None:
            return issuer, None
        return issuer, find_mapping(container.resources, unit, issuer, mapping)


def _annotated(
    container: Container, caller: Caller, slug: str, upload_id: UUID, wanted: UploadFormat, *, media_type: str
) -> Response:
    issuer, record = _find(container, caller, slug, upload_id)
    if record.format is not wanted:
        raise NotFound("annotated-file-not-found", f"expected annotated.{record.format}: that was uploaded")
    content = annotated(container.resources, issuer, record, max_bytes=container.max_upload_bytes)
    name = f"{record.id}-annotated.{wanted}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(content, media_type=media_type, headers=headers)


def take(
    container: Container,
    issuer: IssuerRecord,
    *,
    order: UploadOrder,
    file: BinaryIO,
    named: RequestKey | None,
    caller: Caller,
) -> Response:
    """Judge a received file and store it."""
    limit, executor = container.max_upload_bytes, container.runner.executor
    record = examine(container.resources, issuer, order, file, max_bytes=limit, caller=caller, executor=executor)

    def store(unit: WriteStore) -> UploadRecord:
        file.seek(0)
        pieces = iter(lambda: file.read(CHUNK_BYTES), b"")
        return receive(container.resources, unit, record, pieces)

    def render(stored: UploadRecord) -> IdempotencyAnswer:
        return created(view_upload(stored), location=f"/v1/issuers/{issuer.slug}/uploads/{stored.id}")

    return respond(once(container.resources, named, store, render))


def _find(container: Container, caller: Caller, slug: str, upload_id: UUID) -> tuple[IssuerRecord, UploadRecord]:
    """Return an upload whose people the caller may see."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        return issuer, unit.uploads.get(issuer.id, upload_id)


def _judge(
    container: Container, issuer: IssuerRecord, record: UploadRecord, *, after_line: int
) -> Iterator[RowJudgement]:
    return judgements(container.resources, issuer, record, max_bytes=container.max_upload_bytes, after_line=after_line)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(CHUNK_BYTES):
            yield piece

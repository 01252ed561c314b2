"""What is to be had of one upload: the annotated file, a row as it would look, how far it is, all its credentials."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from registry.domain.errors import NotFound
from registry.domain.shown_credential import show_credential
from registry.service.sessions import Session, peek_session
from registry.service.upload_progress import upload_stages
from registry.service.uploads import preview
from registry.web.console.cookie import session_id_of
from registry.web.console.gate import Place, SignInNeeded, Writing, reading_place
from registry.web.console.showing import show
from registry.web.requests import Wired
from registry.web.routers import uploads as api

router = APIRouter(prefix="/console/issuers/{slug}/uploads/{upload_id}", include_in_schema=False)


@router.get("/annotated.csv")
def get_annotated(container: Wired, place: Writing, upload_id: UUID) -> Response:
    """Return the file with the findings beside each row."""
    return api.get_annotated(container, place.caller, place.slug, upload_id)


@router.get("/annotated.xlsx")
def get_annotated_spreadsheet(container: Wired, place: Writing, upload_id: UUID) -> Response:
    """Return an uploaded spreadsheet with the findings beside each row."""
    return api.get_annotated_spreadsheet(container, place.caller, place.slug, upload_id)


@router.get("/archive.zip")
def get_archive(container: Wired, place: Writing, upload_id: UUID) -> Response:
    """Download all credentials of an upload, with the receipts of those that are anchored."""
    return api.get_archive(container, place.caller, place.slug, upload_id)


@router.get("/row")
def get_row(
    request: Request, container: Wired, place: Writing, upload_id: UUID, line: Annotated[int, Query(ge=1)]
) -> Response:
    """Show what the row at a line would become. Nothing is signed."""
    with container.resources.store.read() as unit:
        record = unit.uploads.get(place.issuer.id, upload_id)
    judgement, document = preview(
        container.resources, place.issuer, record, line=line, max_bytes=container.max_upload_bytes
    )
    context = {
        "upload": record,
        "row": judgement,
        "credential": None if document is None else show_credential(document),
        "document": document,
        "json": None if document is None else orjson.dumps(document, option=orjson.OPT_INDENT_2).decode(),
    }
    return show(request, place, "row.html", context)


@router.get("/row.json")
def get_row_document(container: Wired, place: Writing, upload_id: UUID, line: Annotated[int, Query(ge=1)]) -> Response:
    """Return what the row at a line would become, as JSON. Nothing is signed."""
    document = api.get_preview(container, place.caller, place.slug, upload_id, line).credential
    if document is None:
        raise NotFound("row-refused", "no credential can be made of this row")
    headers = {"Content-Disposition": f'attachment; filename="{upload_id}-line-{line}-unsigned.json"'}
    return Response(orjson.dumps(document, option=orjson.OPT_INDENT_2), media_type="application/json", headers=headers)


@router.get("/row.pdf")
def get_row_certificate(
    container: Wired, place: Writing, upload_id: UUID, line: Annotated[int, Query(ge=1)]
) -> Response:
    """Return the certificate that the row at a line would have. Nothing is signed."""
    return api.get_preview_certificate(container, place.caller, place.slug, upload_id, line)


def watching(request: Request, container: Wired) -> Session:
    """Return the session of a request that a page sends by itself: it keeps nothing open. Raises SignInNeeded."""
    session_id = session_id_of(request, container.resources.public_url)
    session = None if session_id is None else peek_session(container.resources, session_id)
    if session is None:
        raise SignInNeeded
    return session


def watched_place(container: Wired, session: Annotated[Session, Depends(watching)], slug: str) -> Place:
    """Return the part of an issuer that the caller may look at. Raises NotFound."""
    return reading_place(container, session, slug)


@router.get("/progress")
def get_progress(
    container: Wired, place: Annotated[Place, Depends(watched_place)], upload_id: UUID
) -> dict[str, int | str | bool | None]:
    """Tell how far the credentials of an upload are."""
    with container.resources.store.read() as unit:
        record = unit.uploads.get(place.issuer.id, upload_id)
        stages = upload_stages(unit, record)
    progress = container.runner.progress(record)
    return {
        "state": str(record.state),
        "expected": stages.expected,
        "signed": stages.signed,
        "sealed": stages.sealed,
        "anchored": stages.anchored,
        "final": stages.final,
        "isFinal": stages.is_final,
        "failure": record.failure,
        "remainingSeconds": None if progress is None else progress.remaining_seconds,
    }

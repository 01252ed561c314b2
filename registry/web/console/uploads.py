"""Uploads: choose a file and an achievement, read what was found in it, and have it issued."""

import hashlib
from typing import Annotated, BinaryIO, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from registry.domain.errors import CredrootError, Malformed
from registry.domain.hashing import Digest
from registry.domain.upload_codes import CODES
from registry.service.achievements import read_achievement
from registry.service.container import Container
from registry.service.following import links_shown
from registry.service.upload_pages import Rows, ShownRow
from registry.service.upload_progress import upload_stages
from registry.service.upload_reading import ZIP_MARK, format_of
from registry.service.uploads import CHUNK_BYTES, UploadOrder
from registry.store_ports import Approvals, CredentialLink, CredentialRecord, Role, UploadRecord, UploadState
from registry.web.console.gate import Form, Place, Posted, Reading, Writing, receive_form
from registry.web.console.showing import FormProblem, correctable, go, go_to_made, show
from registry.web.requests import MAX_PAGE, Wired
from registry.web.routers import claims, mappings
from registry.web.routers import uploads as api

SHOWN: Final = 25
"""Uploads a page."""
ROWS_SHOWN: Final = 50
"""Rows a page: what somebody goes through before taking a breath."""
MAX_FILENAME: Final = 255

router = APIRouter(prefix="/console/issuers/{slug}/uploads", include_in_schema=False)


@router.get("")
def get_uploads(
    request: Request, container: Wired, place: Reading, before: Annotated[UUID | None, Query()] = None
) -> Response:
    """List uploads, the newest first."""
    with container.resources.store.read() as unit:
        records = unit.uploads.newest(place.issuer.id, before=before, limit=SHOWN + 1)
    context = {"uploads": records[:SHOWN], "next": records[SHOWN - 1].id if len(records) > SHOWN else None}
    return show(request, place, "uploads.html", context)


@router.get("/new")
def get_new(
    request: Request,
    container: Wired,
    place: Writing,
    achievement: Annotated[UUID | None, Query()] = None,
    mapping: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Ask for a file."""
    return _form(request, container, place, chosen="" if achievement is None else str(achievement), mapping=mapping)


@router.post("")
async def post_upload(request: Request, container: Wired, place: Writing) -> Response:
    """Receive a file. It is a dry run: every row is judged, nothing is issued."""
    # The place was asked for first: a stranger's 64 MB are not worth a place on the disk.
    async with receive_form(request, place.session) as form:
        return await run_in_threadpool(_receive, request, container, place, form)


@router.get("/{upload_id}")
def get_upload(
    request: Request,
    container: Wired,
    place: Reading,
    upload_id: UUID,
    *,
    rows: Annotated[Rows | None, Query()] = None,
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Show what was found in the file, or how far its credentials are."""
    with container.resources.store.read() as unit:
        record = unit.uploads.get(place.issuer.id, upload_id)
        achievement = unit.achievements.get(place.issuer.id, record.achievement_id, version=record.achievement_version)
        stages = upload_stages(unit, record) if record.requested_at is not None else None
    # Rows are about people; an auditor sees how many, not who.
    may_see = place.caller.role is not Role.AUDITOR
    chosen = rows or (Rows.ERRORS if record.rows_error else Rows.FINDINGS)
    pages = container.upload_pages
    found = pages.page(place.issuer, record, chosen, after=after, limit=ROWS_SHOWN + 1) if may_see else ()
    context = {
        "upload": record,
        "achievement": read_achievement(achievement),
        "stages": stages,
        "progress": container.runner.progress(record),
        "rows": found[:ROWS_SHOWN],
        "became": {} if stages is None else _became(container, upload_id, found),
        "shown": chosen,
        "meanings": {code: rule.meaning for code, rule in CODES.items()},
        "next": found[ROWS_SHOWN - 1].line if len(found) > ROWS_SHOWN else None,
        "claims": None if stages is None else claims.get_upload_claims(container, place.caller, place.slug, upload_id),
        "step": _next_step(record, place),
    }
    return show(request, place, "upload.html", context)


@router.post("/{upload_id}/request-approval")
def post_approval_request(container: Wired, place: Writing, upload_id: UUID, form: Form) -> Response:
    """Ask for approval by a second person."""
    del form
    api.post_approval_request(container, place.caller, place.slug, upload_id)
    return go(place.address(f"/uploads/{upload_id}"))


@router.post("/{upload_id}/approve")
def post_approval(container: Wired, place: Writing, upload_id: UUID, form: Form) -> Response:
    """Approve what another member sent."""
    del form
    api.post_approval(container, place.caller, place.slug, upload_id)
    return go(place.address(f"/uploads/{upload_id}"))


@router.post("/{upload_id}/issue")
def post_issue(container: Wired, place: Writing, upload_id: UUID, form: Form) -> Response:
    """Issue the good rows."""
    return go_to_made(api.post_issue(container, place.caller, form.named(place.caller), place.slug, upload_id))


def _became(
    container: Container, upload_id: UUID, found: tuple[ShownRow, ...]
) -> dict[int, tuple[CredentialRecord, list[CredentialLink]]]:
    """Return by line the credential that a row became, and what followed it."""
    with container.resources.store.read() as unit:
        credentials = unit.credentials.of_lines(upload_id, [row.line for row in found])
        links = links_shown(unit, [credential.id for credential in credentials.values()])
    return {
        line: (credential, [link for link in links.get(credential.id, ()) if link.earlier_id == credential.id])
        for line, credential in credentials.items()
    }


def _next_step(record: UploadRecord, place: Place) -> str:
    """Return what somebody may do now: the use cases say so once more when it is done."""
    if not record.rows_ok or (record.rows_error and not record.skip_bad):
        return "correct"
    asked = place.issuer.approvals is Approvals.SECOND_PERSON
    if record.state is UploadState.APPROVED or (record.state is UploadState.CHECKED and not asked):
        return "issue"
    if record.state is UploadState.CHECKED:
        return "ask"
    if record.state is not UploadState.APPROVAL_REQUESTED:
        return ""
    caller = place.caller
    same_person = caller.name in {record.received_by, record.approval_requested_by}
    return "approve" if (caller.role is Role.ADMIN or caller.approver) and not same_person else "wait"


def _receive(request: Request, container: Container, place: Place, form: Posted) -> Response:
    try:
        return go_to_made(_take(container, place, form))
    except CredrootError as error:
        return _form(request, container, place, chosen=form.text("achievement"), form=form, problem=correctable(error))


def _take(container: Container, place: Place, form: Posted) -> Response:
    file = form.file("file")
    if file is None:
        raise Malformed("file-missing", "choose a file", where="file")
    achievement_id = _achievement_id(form)
    issuer, mapped = api.issuer_of(container, place.caller, place.slug, achievement_id, form.optional("mapping"))
    digest = _hash(file.file)
    order = UploadOrder(
        id=container.resources.ids.new(),
        achievement_id=achievement_id,
        filename=(file.filename or "upload.csv")[-MAX_FILENAME:],
        sha256=digest,
        skip_bad=form.flag("skip_bad"),
        allow_duplicates=form.flag("allow_duplicates"),
        ignore_extra=form.flag("ignore_extra"),
        mapping=mapped,
        format=format_of(file.file.read(len(ZIP_MARK))),
        sheet=form.optional("sheet"),
    )
    file.file.seek(0)
    named = form.named(place.caller, content=digest)
    return api.take(container, issuer, order=order, file=file.file, named=named, caller=place.caller)


def _hash(file: BinaryIO) -> Digest:
    digest = hashlib.sha256()
    while piece := file.read(CHUNK_BYTES):
        digest.update(piece)
    file.seek(0)
    return Digest(digest.digest())


def _achievement_id(form: Posted) -> UUID:
    try:
        return UUID(form.text("achievement"))
    except ValueError:
        raise Malformed(
            "achievement-missing", "choose the achievement that these people earned", where="achievement"
        ) from None


def _form(
    request: Request,
    container: Container,
    place: Place,
    *,
    chosen: str,
    mapping: str = "",
    form: Posted | None = None,
    problem: FormProblem | None = None,
) -> Response:
    with container.resources.store.read() as unit:
        records = unit.achievements.page(place.issuer.id, after=None, limit=MAX_PAGE)
    context = {
        "achievements": [(record, read_achievement(record)) for record in records],
        "chosen": chosen,
        "mappings": mappings.get_mappings(container, place.caller, place.slug),
        "mapping": mapping if form is None else form.text("mapping"),
        "sheet": "" if form is None else form.text("sheet"),
        "ticked": {name for name in ("skip_bad", "allow_duplicates", "ignore_extra") if form and form.flag(name)},
        "max_bytes": container.max_upload_bytes,
    }
    return show(request, place, "upload-new.html", context, problem=problem)

"""The audit trail: all of it as lines of JSON, to be kept and checked; and an issuer's newest entries, to be read."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from registry.domain.audit_trail import write_line
from registry.service.access import issuer_for_reading
from registry.service.auditing import read_trail, shown_to
from registry.web.requests import MAX_PAGE, Authenticated, Wired, known_parameters_of
from registry.web.schemas import View

router = APIRouter(prefix="/v1", tags=["audit trail"], dependencies=[Depends(known_parameters_of)])

MEDIA_TYPE: Final = "application/jsonl"
MAX_NUMBER: Final = 2**53 - 1
_LINES: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}


class AuditEntryView(View):
    """Something that was done."""

    number: int
    at: datetime
    actor: str = Field(description="A role and the id of an API key; `operator`, or `service`.")
    action: str
    subject: str = Field(description="The id of what it was done to.")
    details: dict[str, Any]
    hash: str


@router.get("/audit-trail", response_class=Response, responses=_LINES)
def get_audit_trail(
    container: Wired,
    caller: Authenticated,
    *,
    after: Annotated[int, Query(ge=0, le=MAX_NUMBER, description="The number of the last entry that you have.")] = 0,
) -> Response:
    """Return the audit trail, one entry a line; for the role issuer, entries of others are number and hashes alone."""
    trail = read_trail(container.resources.store, after=after)
    lines = (write_line(shown_to(entry, caller.issuer_id)) for entry in trail)
    headers = {"Content-Disposition": 'attachment; filename="audit-trail.jsonl"', "Cache-Control": "no-store"}
    return StreamingResponse(lines, media_type=MEDIA_TYPE, headers=headers)


@router.get("/issuers/{slug}/audit-entries")
def get_audit_entries(
    container: Wired,
    caller: Authenticated,
    *,
    slug: str,
    before: Annotated[int | None, Query(ge=1, le=MAX_NUMBER, description="The last number of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> list[AuditEntryView]:
    """List what was done for an issuer, the newest first."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        entries = unit.audit.of_issuer(issuer.id, before=before, limit=limit)
    return [
        AuditEntryView(
            number=entry.number,
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            details=entry.details,
            hash=entry.hash.hex(),
        )
        for entry in entries
    ]

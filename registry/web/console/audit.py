"""The audit trail: what was done for an issuer, whether the chain of it holds, and all of it as a file."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from registry.domain.audit_trail import check_trail
from registry.service.auditing import read_trail, shown_to
from registry.store_ports import ReadStore, Role
from registry.web.console.gate import Place, Reading
from registry.web.console.showing import show
from registry.web.requests import Wired
from registry.web.routers import audit_trail as api

SHOWN: Final = 50
"""Entries a page."""

router = APIRouter(prefix="/console/issuers/{slug}/audit", include_in_schema=False)


@router.get("")
def get_audit(
    request: Request,
    container: Wired,
    place: Reading,
    *,
    before: Annotated[int | None, Query(ge=1, le=api.MAX_NUMBER)] = None,
    check: Annotated[bool, Query()] = False,
) -> Response:
    """Show what was done, the newest first; when asked to, check every entry of the chain."""
    with container.resources.store.read() as unit:
        entries = unit.audit.of_issuer(place.issuer.id, before=before, limit=SHOWN + 1)
        names = member_names(unit, place)
    report = None
    if check:
        issuer_id = place.caller.issuer_id
        report = check_trail(shown_to(entry, issuer_id) for entry in read_trail(container.resources.store))
    context = {
        "entries": entries[:SHOWN],
        "next": entries[SHOWN - 1].number if len(entries) > SHOWN else None,
        "names": names,
        "report": report,
    }
    return show(request, place, "audit.html", context)


@router.get("/trail.jsonl")
def get_trail(container: Wired, place: Reading) -> Response:
    """Download the whole chain; entries of others are their number and hashes alone."""
    return api.get_audit_trail(container, place.caller, after=0)


def member_names(unit: ReadStore, place: Place) -> dict[str, str]:
    """Return the labels of an issuer's keys by how they sign, for those who may know its people."""
    if place.caller.role is Role.AUDITOR:
        return {}
    return {f"{key.role}:{key.id}": key.label for key in unit.access.api_keys_of(place.issuer.id)}

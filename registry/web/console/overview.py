"""The first page of an issuer's part: what waits for somebody, what is anchored, what was uploaded last."""

from typing import Final

from fastapi import APIRouter, Request, Response

from registry.store_ports import UploadRecord, UploadState
from registry.web.console.gate import Reading
from registry.web.console.showing import show
from registry.web.requests import Wired

SHOWN: Final = 5
"""Uploads: what somebody remembers of this week."""

_WAITING: Final = frozenset({UploadState.CHECKED, UploadState.APPROVED})

router = APIRouter(prefix="/console/issuers/{slug}", include_in_schema=False)


@router.get("")
def get_overview(request: Request, container: Wired, place: Reading) -> Response:
    """Show how everything stands."""
    with container.resources.store.read() as unit:
        uploads = unit.uploads.newest(place.issuer.id, before=None, limit=SHOWN)
        achievements = {record.id: record for record in unit.achievements.page(place.issuer.id, after=None, limit=1)}
        waiting = unit.epochs.waiting()
        newest, final = unit.epochs.newest(), unit.epochs.newest_final()
        anchor = None if final is None else unit.epochs.anchor(final.number)
    context = {
        "uploads": uploads,
        "to_issue": [upload for upload in uploads if upload.state in _WAITING and _has_rows_to_issue(upload)],
        "has_achievements": bool(achievements),
        "to_approve": [upload for upload in uploads if upload.state is UploadState.APPROVAL_REQUESTED],
        "waiting": waiting,
        "newest": newest,
        "final": final,
        "anchor": anchor,
    }
    return show(request, place, "overview.html", context)


def _has_rows_to_issue(upload: UploadRecord) -> bool:
    return upload.rows_ok > 0 and (upload.skip_bad or upload.rows_error == 0)

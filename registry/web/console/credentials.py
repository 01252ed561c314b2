"""Credentials: find one, see where it stands, and decide about it."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from registry.domain.canonical import parse_object
from registry.domain.errors import CredrootError, Malformed, NotFound
from registry.domain.hashing import digest_from_hex
from registry.domain.shown_credential import show_credential
from registry.domain.upload_values import normalise_identifier
from registry.service.following import links_shown
from registry.service.issuing import find_recipient
from registry.service.proving import anchored_epoch
from registry.service.statuses import Reason, StatusAction
from registry.store_ports import CredentialRecord, ReadStore, Role, Standing
from registry.web.console.audit import member_names
from registry.web.console.gate import Form, Place, Posted, Reading, Writing
from registry.web.console.showing import FormProblem, correctable, go, show
from registry.web.requests import Wired
from registry.web.routers import credentials as api
from registry.web.schemas import StatusForm

SHOWN: Final = 50
"""Credentials a page."""
MAX_SEARCH: Final = 320
"""The longest e-mail address."""

router = APIRouter(prefix="/console/issuers/{slug}/credentials", include_in_schema=False)


@router.get("")
def get_credentials(
    request: Request,
    container: Wired,
    place: Reading,
    standing: Annotated[Standing | None, Query()] = None,
    before: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List credentials, the newest first."""
    with container.resources.store.read() as unit:
        records = unit.credentials.newest(place.issuer.id, standing=standing, before=before, limit=SHOWN + 1)
        listed = [_listed(unit, place, record) for record in records[:SHOWN]]
    context = {
        "listed": listed,
        "standing": standing,
        "next": records[SHOWN - 1].id if len(records) > SHOWN else None,
        "searched": None,
    }
    return show(request, place, "credentials.html", context)


@router.post("/search")
def search(request: Request, container: Wired, place: Writing, form: Form) -> Response:
    """Find credentials by e-mail address or another identifier, by id, or by leaf: in a body, so that it stands in no log."""
    sought = form.text("sought")[:MAX_SEARCH]
    with container.resources.store.read() as unit:
        records = _find(unit, place, sought) if sought else ()
        listed = [_listed(unit, place, record) for record in records]
    context = {"listed": listed, "standing": None, "next": None, "searched": sought}
    return show(request, place, "credentials.html", context)


@router.get("/{credential_id}")
def get_credential(request: Request, container: Wired, place: Reading, credential_id: UUID) -> Response:
    """Show where a credential stands, and what it says."""
    return _page(request, container, place, credential_id)


@router.get("/{credential_id}/document")
def get_document(container: Wired, place: Writing, credential_id: UUID) -> Response:
    """Download the signed document."""
    answer = api.get_document(container, place.caller, place.slug, credential_id)
    answer.headers["Content-Disposition"] = f'attachment; filename="{credential_id}.json"'
    return answer


@router.get("/{credential_id}/{action}")
def get_decision(
    request: Request, container: Wired, place: Writing, credential_id: UUID, action: StatusAction
) -> Response:
    """Ask whether somebody is sure, and why."""
    return _ask(request, container, place, credential_id, action)


@router.post("/{credential_id}/{action}")
def post_decision(
    request: Request, container: Wired, place: Writing, *, credential_id: UUID, action: StatusAction, form: Form
) -> Response:
    """Carry out a decision: a second time changes nothing."""
    try:
        _DECISIONS[action](container, place.caller, place.slug, credential_id, _decision(form))
    except CredrootError as error:
        return _ask(request, container, place, credential_id, action, form=form, problem=correctable(error))
    return go(place.address(f"/credentials/{credential_id}"))


_DECISIONS: Final = {
    StatusAction.REVOKE: api.revoke,
    StatusAction.SUSPEND: api.suspend,
    StatusAction.REINSTATE: api.reinstate,
}


def _decision(form: Posted) -> StatusForm:
    try:
        reason = Reason(form.text("reason"))
    except ValueError:
        raise Malformed("reason-missing", "choose a reason", where="reason") from None
    return StatusForm(reason=reason, note=form.text("note"))


def _find(unit: ReadStore, place: Place, sought: str) -> tuple[CredentialRecord, ...]:
    if (record := _by_name(unit, place, sought)) is not None:
        return (record,)
    key = find_recipient(unit, normalise_identifier(sought))
    return unit.credentials.of_recipient(key, issuer_id=place.issuer.id, after=None, limit=SHOWN)


def _by_name(unit: ReadStore, place: Place, sought: str) -> CredentialRecord | None:
    """Return the credential of an id, of its document's id, or of a leaf."""
    try:
        if len(sought) == 64:
            found = unit.credentials.by_leaf(digest_from_hex(sought, "leaf"))
        else:
            number = UUID(sought.removeprefix("urn:uuid:"))
            found = unit.credentials.by_document_id(number) if number.version == 4 else unit.credentials.by_id(number)
    except (ValueError, Malformed, NotFound):
        return None
    return found if found.issuer_id == place.issuer.id else None


def _listed(unit: ReadStore, place: Place, record: CredentialRecord) -> dict[str, object]:
    shown = show_credential(parse_object(record.document))
    return {
        "record": record,
        # An auditor sees that there is one, not whose.
        "recipient": None if place.caller.role is Role.AUDITOR else shown.holder,
        "achievement": shown.achievement,
        "anchored": anchored_epoch(unit, record) is not None,
    }


def _page(
    request: Request,
    container: Wired,
    place: Place,
    credential_id: UUID,
) -> Response:
    sees_people = place.caller.role is not Role.AUDITOR
    with container.resources.store.read() as unit:
        record = unit.credentials.get(place.issuer.id, credential_id)
        changes = unit.statuses.changes(record.id)
        links = links_shown(unit, [record.id]).get(record.id, ())
        names = member_names(unit, place)
        anchor = None if record.epoch is None else unit.epochs.anchor(record.epoch)
        upload = None if record.upload_id is None else unit.uploads.get(place.issuer.id, record.upload_id)
        anchored = anchored_epoch(unit, record) is not None
    context = {
        "record": record,
        "credential": show_credential(parse_object(record.document)) if sees_people else None,
        "changes": changes,
        "links": links,
        "names": names,
        "anchor": anchor,
        "anchored": anchored,
        "upload": upload,
        "sees_people": sees_people,
    }
    return show(request, place, "credential.html", context)


def _ask(
    request: Request,
    container: Wired,
    place: Place,
    credential_id: UUID,
    action: StatusAction,
    *,
    form: Posted | None = None,
    problem: FormProblem | None = None,
) -> Response:
    with container.resources.store.read() as unit:
        record = unit.credentials.get(place.issuer.id, credential_id)
    context = {
        "record": record,
        "credential": show_credential(parse_object(record.document)),
        "action": action,
        "reason": "" if form is None else form.text("reason"),
        "note": "" if form is None else form.text("note"),
    }
    return show(request, place, "decide.html", context, problem=problem)

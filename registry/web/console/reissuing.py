"""Issuing again: a corrected credential in the place of another one, and renewing those that end soon."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.errors import CredrootError
from registry.store_ports import CredentialRecord
from registry.web.console.documents import ShownCredential, shown_credential
from registry.web.console.gate import Form, Place, Posted, Reading, Writing
from registry.web.console.showing import FormProblem, correctable, go_to_made, show
from registry.web.requests import Wired, read_form
from registry.web.routers import reissuing as api

SHOWN: Final = 50
"""Credentials a page."""
DAYS: Final = 90
"""Who renews looks a quarter of a year ahead."""
MAX_DAYS: Final = 3_650

router = APIRouter(prefix="/console/issuers/{slug}/credentials", include_in_schema=False)


@router.get("/expiring")
def get_expiring(
    request: Request,
    container: Wired,
    place: Reading,
    *,
    days: Annotated[int, Query(ge=0, le=MAX_DAYS)] = DAYS,
    after: Annotated[UUID | None, Query()] = None,
) -> Response:
    """List credentials that end soon or have ended, and are neither revoked nor renewed."""
    limit = container.resources.clock.now() + timedelta(days=days)
    with container.resources.store.read() as unit:
        records = unit.credentials.expiring(place.issuer.id, before=limit, after=after, limit=SHOWN + 1)
    context = {
        "listed": [(record, shown_credential(parse_object(record.document))) for record in records[:SHOWN]],
        "days": days,
        "next": records[SHOWN - 1].id if len(records) > SHOWN else None,
    }
    return show(request, "expiring.html", context, session=place.session, place=place)


@router.get("/{credential_id}/supersede")
def get_supersede(request: Request, container: Wired, place: Writing, credential_id: UUID) -> Response:
    """Show what a credential says, to be corrected."""
    return _ask(request, container, place, credential_id, "supersede")


@router.post("/{credential_id}/supersede")
def post_supersede(request: Request, container: Wired, place: Writing, *, credential_id: UUID, form: Form) -> Response:
    """Issue the corrected credential; the old one is revoked in the same moment."""
    try:
        correction = read_form(api.CorrectionForm, _correction(form))
        named = form.named(place.caller)
        answer = api.post_supersede(
            container, place.caller, named, slug=place.slug, credential_id=credential_id, form=correction
        )
    except CredrootError as error:
        return _ask(request, container, place, credential_id, "supersede", form=form, problem=correctable(error))
    return go_to_made(answer)


@router.get("/{credential_id}/renew")
def get_renewal(request: Request, container: Wired, place: Writing, credential_id: UUID) -> Response:
    """Ask until when it goes on."""
    return _ask(request, container, place, credential_id, "renew")


@router.post("/{credential_id}/renew")
def post_renewal(request: Request, container: Wired, place: Writing, *, credential_id: UUID, form: Form) -> Response:
    """Issue the credential that goes on; the old one stays as it is."""
    try:
        renewal = read_form(api.RenewalForm, _given(form, ("expiresOn",)))
        named = form.named(place.caller)
        answer = api.post_renew(
            container, place.caller, named, slug=place.slug, credential_id=credential_id, form=renewal
        )
    except CredrootError as error:
        return _ask(request, container, place, credential_id, "renew", form=form, problem=correctable(error))
    return go_to_made(answer)


def _correction(form: Posted) -> JsonObject:
    """Return what was said anew: a field that stands as it was, or is empty, changes nothing."""
    correction = _given(form, ("name", "issuedOn", "expiresOn", "narrative", "note"))
    for name in ("name", "narrative"):
        if correction.get(name) == form.text(f"was-{name}"):
            correction.pop(name, None)
    if (email := form.optional("recipient.email")) is not None:
        name = form.text("name")
        correction.pop("name", None)
        correction["recipient"] = {"name": name, "email": email} if name else {"email": email}
    results = [form.text(f"results.{number}") for number in range(form.count("results"))]
    if any(results):
        correction["results"] = list(results)
    return correction


def _given(form: Posted, names: tuple[str, ...]) -> JsonObject:
    return {name: form.text(name) for name in names if form.text(name)}


def _ask(
    request: Request,
    container: Wired,
    place: Place,
    credential_id: UUID,
    what: str,
    *,
    form: Posted | None = None,
    problem: FormProblem | None = None,
) -> Response:
    with container.resources.store.read() as unit:
        record = unit.credentials.get(place.issuer.id, credential_id)
    shown = shown_credential(parse_object(record.document))
    context = {
        "record": record,
        "credential": shown,
        "values": _values(record, shown, form),
        "problem": problem,
        "supersede": what == "supersede",
        "target": place.address(f"/credentials/{credential_id}/{what}"),
    }
    status = HTTPStatus.OK if problem is None else problem.status
    return show(request, "reissue.html", context, session=place.session, place=place, status=status)


def _values(record: CredentialRecord, shown: ShownCredential, form: Posted | None) -> dict[str, str]:
    """Return what stands in the fields: what was sent, or else what the credential says."""
    if form is not None:
        names = ("name", "recipient.email", "issuedOn", "expiresOn", "narrative", "note")
        results = {f"results.{number}": form.text(f"results.{number}") for number in range(form.count("results"))}
        return {name: form.text(name) for name in names} | results
    until = "" if record.valid_until is None else record.valid_until.date().isoformat()
    said = {
        "name": shown.recipient or "",
        "recipient.email": "",
        "issuedOn": record.valid_from.date().isoformat(),
        "expiresOn": until,
        "narrative": shown.narrative or "",
        "note": "",
    }
    return said | {f"results.{number}": value for number, (_, value) in enumerate(shown.results)}

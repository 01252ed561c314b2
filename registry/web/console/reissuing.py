"""Issuing again: a corrected credential in the place of another one, and renewing those that end soon."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.errors import CredrootError
from registry.domain.reissue import renewed_through
from registry.domain.shown_credential import ShownCredential, show_credential
from registry.store_ports import Approvals, CredentialRecord
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
        "listed": [(record, show_credential(parse_object(record.document))) for record in records[:SHOWN]],
        "days": days,
        "next": records[SHOWN - 1].id if len(records) > SHOWN else None,
    }
    return show(request, place, "expiring.html", context)


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
    said = ("name", "issuedOn", "expiresOn", "narrative", "note")
    # A day is not the moment that was signed: sent as it was shown, it would change it.
    correction = _given(form, tuple(name for name in said if form.text(name) != form.text(f"was-{name}")))
    if (email := form.optional("recipient.email")) is not None:
        name = form.text("name")
        correction.pop("name", None)
        correction["recipient"] = {"name": name, "email": email} if name else {"email": email}
    numbers = range(form.count("results"))
    results, before = ([form.text(f"{prefix}results.{number}") for number in numbers] for prefix in ("", "was-"))
    if any(results) and results != before:
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
    shown = show_credential(parse_object(record.document))
    said = _said(record, shown) if what == "supersede" else _goes_on(record, now=container.resources.clock.now())
    context = {
        "record": record,
        "credential": shown,
        "values": {**said, "recipient.email": "", "note": ""} if form is None else _sent(form),
        "said": said,
        "supersede": what == "supersede",
        "second_person": place.issuer.approvals is Approvals.SECOND_PERSON,
        "target": place.address(f"/credentials/{credential_id}/{what}"),
    }
    return show(request, place, "reissue.html", context, problem=problem)


def _sent(form: Posted) -> dict[str, str]:
    names = ("name", "recipient.email", "issuedOn", "expiresOn", "narrative", "note")
    results = tuple(f"results.{number}" for number in range(form.count("results")))
    return {name: form.text(name) for name in (*names, *results)}


def _goes_on(record: CredentialRecord, *, now: datetime) -> dict[str, str]:
    """Return the last day of a renewal for as long again: the day that the credential itself has would be refused."""
    until = record.valid_until
    through = None if until is None else renewed_through(record.valid_from, until, now=now)
    return {"expiresOn": "" if through is None else through.isoformat()}


def _said(record: CredentialRecord, shown: ShownCredential) -> dict[str, str]:
    """Return what the credential says, by the names of the fields."""
    said = {
        "name": shown.holder,
        "issuedOn": record.valid_from.date().isoformat(),
        "expiresOn": "" if record.valid_until is None else record.valid_until.date().isoformat(),
        "narrative": shown.narrative,
    }
    return said | {f"results.{number}": result.value for number, result in enumerate(shown.results)}

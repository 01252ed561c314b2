"""Credentials: issue one, find, revoke, suspend, reinstate."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from registry.domain.canonical import parse_object
from registry.domain.credential import Award
from registry.domain.errors import Malformed
from registry.domain.promise import Promise, PromiseKind
from registry.domain.upload_values import normalise_identifier
from registry.service.access import issuer_for_reading, issuer_for_writing
from registry.service.achievements import read_achievement
from registry.service.following import links_shown
from registry.service.issuing import Order, find_recipient, issue
from registry.service.once import once
from registry.service.promising import promise_accepted
from registry.service.proving import anchored_epoch
from registry.service.rows import validity_of
from registry.service.statuses import StatusAction, StatusRequest, change_status
from registry.store_ports import CredentialRecord, IdempotencyAnswer, ReadStore, WriteStore
from registry.web.awards import read_evidence, read_person
from registry.web.promise_schemas import IssuedView, RevokedView, view_inclusion, view_revocation
from registry.web.requests import Authenticated, Named, Paged, Wired, known_parameters_of, respond
from registry.web.schemas import CredentialForm, CredentialView, Day, SearchForm, StatusForm
from registry.web.views import created, view_credential

router = APIRouter(
    prefix="/v1/issuers/{slug}/credentials", tags=["credentials"], dependencies=[Depends(known_parameters_of)]
)

_DOCUMENT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/vc": {"schema": {"type": "object"}}}}
}


@router.post("", status_code=201, response_model=IssuedView)
def post_credential(container: Wired, caller: Authenticated, named: Named, slug: str, form: CredentialForm) -> Response:
    """Issue one credential; it is stored for good when this is answered."""

    def make(unit: WriteStore) -> tuple[CredentialRecord, Promise | None]:
        issuer = issuer_for_writing(unit, caller, slug)
        record = unit.achievements.get(issuer.id, form.achievement)
        order = Order(
            person=read_person(form.recipient),
            award=_award(form, container.resources.clock.now(), read_achievement(record).validity_days),
            allow_duplicate=form.allow_duplicate,
        )
        credential = issue(container.resources, unit, issuer, form.achievement, order, caller=caller)
        stored = unit.credentials.get(issuer.id, credential.id)
        return stored, promise_accepted(container.resources, unit, stored, PromiseKind.INCLUSION)

    def render(made: tuple[CredentialRecord, Promise | None]) -> IdempotencyAnswer:
        record, promise = made
        view = view_credential(container.resources, record, anchored=False)
        issued = IssuedView(
            document=parse_object(record.document), promise=view_inclusion(promise), **view.model_dump()
        )
        return created(issued, location=f"/v1/issuers/{slug}/credentials/{record.id}")

    return respond(once(container.resources, named, make, render))


@router.get("")
def get_credentials(
    container: Wired,
    caller: Authenticated,
    *,
    slug: str,
    page: Paged,
    expiring_before: Annotated[
        Day | None,
        Query(alias="expiringBefore", description="Only those that end before that day, not revoked, not renewed."),
    ] = None,
) -> list[CredentialView]:
    """List an issuer's credentials in the order they were issued."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        if expiring_before is None:
            records = unit.credentials.page(issuer.id, after=page.after, limit=page.limit)
        else:
            before = datetime.combine(expiring_before, time(), tzinfo=UTC)
            records = unit.credentials.expiring(issuer.id, before=before, after=page.after, limit=page.limit)
        return _views(container, unit, records)


@router.post("/search")
def search_credentials(
    container: Wired, caller: Authenticated, slug: str, form: SearchForm, page: Paged
) -> list[CredentialView]:
    """Find a recipient's credentials by an identifier: in a body, so that it stands in no log of addresses."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        key = find_recipient(unit, normalise_identifier(form.identifier))
        records = unit.credentials.of_recipient(key, issuer_id=issuer.id, after=page.after, limit=page.limit)
        return _views(container, unit, records)


@router.get("/{credential_id}")
def get_credential(container: Wired, caller: Authenticated, slug: str, credential_id: UUID) -> CredentialView:
    """Show where a credential stands."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        return _view(container, unit, unit.credentials.get(issuer.id, credential_id))


@router.get("/{credential_id}/document", response_class=Response, responses=_DOCUMENT)
def get_document(container: Wired, caller: Authenticated, slug: str, credential_id: UUID) -> Response:
    """Return the signed document, byte for byte as it was hashed."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        record = unit.credentials.get(issuer.id, credential_id)
    return Response(record.document, media_type="application/vc", headers={"Cache-Control": "private, no-store"})


@router.post("/{credential_id}/revoke")
def revoke(container: Wired, caller: Authenticated, slug: str, credential_id: UUID, form: StatusForm) -> RevokedView:
    """Revoke a credential for ever: seen in the served list at once, on chain with the next epoch."""
    request = StatusRequest(action=StatusAction.REVOKE, reason=form.reason, note=form.note)
    with container.resources.store.write() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        record = change_status(container.resources, unit, issuer, credential_id, request, caller=caller)
        promise = promise_accepted(container.resources, unit, record, PromiseKind.REVOCATION)
        view = _view(container, unit, record)
    return RevokedView(promise=view_revocation(promise), **view.model_dump())


@router.post("/{credential_id}/suspend")
def suspend(
    container: Wired, caller: Authenticated, slug: str, credential_id: UUID, form: StatusForm
) -> CredentialView:
    """Suspend a credential whose achievement opted in to suspension."""
    return _change(container, caller, slug, credential_id, form, action=StatusAction.SUSPEND)


@router.post("/{credential_id}/reinstate")
def reinstate(
    container: Wired, caller: Authenticated, slug: str, credential_id: UUID, form: StatusForm
) -> CredentialView:
    """Lift a suspension."""
    return _change(container, caller, slug, credential_id, form, action=StatusAction.REINSTATE)


def _change(
    container: Wired, caller: Authenticated, slug: str, credential_id: UUID, form: StatusForm, *, action: StatusAction
) -> CredentialView:
    request = StatusRequest(action=action, reason=form.reason, note=form.note)
    with container.resources.store.write() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        record = change_status(container.resources, unit, issuer, credential_id, request, caller=caller)
        return _view(container, unit, record)


def _view(container: Wired, unit: ReadStore, record: CredentialRecord) -> CredentialView:
    return _views(container, unit, (record,))[0]


def _views(container: Wired, unit: ReadStore, records: Sequence[CredentialRecord]) -> list[CredentialView]:
    links = links_shown(unit, [record.id for record in records])
    return [
        view_credential(
            container.resources,
            record,
            anchored=anchored_epoch(unit, record) is not None,
            links=links.get(record.id, ()),
        )
        for record in records
    ]


def _award(form: CredentialForm, now: datetime, validity_days: int | None) -> Award:
    awarded = now if form.issued_on is None else datetime.combine(form.issued_on, time(), tzinfo=UTC)
    if awarded > now:
        raise Malformed("issued-in-future", f"expected a day up to {now.date()}", where="issuedOn")
    return Award(
        valid_from=awarded.replace(microsecond=0),
        valid_until=validity_of(awarded, form.expires_on, validity_days),
        awarded=awarded.replace(microsecond=0),
        results=form.results,
        evidence=read_evidence(form.evidence),
        narrative=form.narrative,
    )

"""Issuing again: a corrected credential in the place of another one, or one that goes on where another one ends."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from registry.domain.canonical import parse_object
from registry.domain.promise import Promise, PromiseKind
from registry.service.access import issuer_for_writing
from registry.service.container import Container
from registry.service.following import links_shown
from registry.service.once import RequestKey, once
from registry.service.promising import promise_accepted
from registry.service.reissuing import Correction, renew, supersede
from registry.store_ports import CredentialLink, CredentialRecord, IdempotencyAnswer, WriteStore
from registry.web.awards import read_evidence, read_person
from registry.web.promise_schemas import IssuedView, view_inclusion
from registry.web.requests import Authenticated, Named, Wired, known_parameters_of, respond
from registry.web.schemas import Day, EvidenceForm, Form, RecipientForm, example
from registry.web.views import created, view_credential

router = APIRouter(
    prefix="/v1/issuers/{slug}/credentials/{credential_id}",
    tags=["credentials"],
    dependencies=[Depends(known_parameters_of)],
)

_Made = tuple[CredentialRecord, tuple[CredentialLink, ...], Promise | None]


class RenewalForm(Form):
    """What a credential that goes on says anew; what is left out is as it was."""

    model_config = example(expiresOn="2032-05-29")

    expires_on: Day | None = Field(default=None, description="The achievement's own time, when left out.")
    results: tuple[str, ...] | None = None
    evidence: tuple[EvidenceForm, ...] | None = None
    narrative: str | None = None


class CorrectionForm(RenewalForm):
    """What a corrected credential says anew; what is left out is as it was."""

    model_config = example(name="Amal Haddad-Núñez", note="asked for by the holder")

    name: str | None = Field(default=None, description="The recipient's name; the identifiers stay.")
    recipient: RecipientForm | None = Field(default=None, description="The recipient altogether, identifiers too.")
    issued_on: Day | None = None
    expires_on: Day | None = None
    note: Annotated[str, Field(description="Private: kept with the revocation, never published.")] = ""


@router.post("/supersede", status_code=201, response_model=IssuedView)
def post_supersede(
    container: Wired, caller: Authenticated, named: Named, *, slug: str, credential_id: UUID, form: CorrectionForm
) -> Response:
    """Issue a corrected credential in the place of this one, which is revoked with the reason superseded."""
    correction = Correction(
        name=form.name,
        person=None if form.recipient is None else read_person(form.recipient),
        issued_on=form.issued_on,
        expires_on=form.expires_on,
        results=form.results,
        evidence=None if form.evidence is None else read_evidence(form.evidence),
        narrative=form.narrative,
        note=form.note,
    )

    def make(unit: WriteStore) -> CredentialRecord:
        issuer = issuer_for_writing(unit, caller, slug)
        return supersede(container.resources, unit, issuer, credential_id, correction, caller=caller)

    return _issue(container, named, slug, make)


@router.post("/renew", status_code=201, response_model=IssuedView)
def post_renew(
    container: Wired, caller: Authenticated, named: Named, *, slug: str, credential_id: UUID, form: RenewalForm
) -> Response:
    """Issue a credential that goes on where this one ends, to the same person; this one stays as it is."""
    correction = Correction(
        expires_on=form.expires_on,
        results=form.results,
        evidence=None if form.evidence is None else read_evidence(form.evidence),
        narrative=form.narrative,
    )

    def make(unit: WriteStore) -> CredentialRecord:
        issuer = issuer_for_writing(unit, caller, slug)
        return renew(container.resources, unit, issuer, credential_id, correction, caller=caller)

    return _issue(container, named, slug, make)


def _issue(
    container: Container, named: RequestKey | None, slug: str, action: Callable[[WriteStore], CredentialRecord]
) -> Response:
    def make(unit: WriteStore) -> _Made:
        record = action(unit)
        promise = promise_accepted(container.resources, unit, record, PromiseKind.INCLUSION)
        return record, links_shown(unit, [record.id])[record.id], promise

    def render(made: _Made) -> IdempotencyAnswer:
        record, links, promise = made
        view = view_credential(container.resources, record, anchored=False, links=links)
        issued = IssuedView(
            document=parse_object(record.document), promise=view_inclusion(promise), **view.model_dump()
        )
        return created(issued, location=f"/v1/issuers/{slug}/credentials/{record.id}")

    return respond(once(container.resources, named, make, render))

"""Promises about a credential: show them, or have one made of what was accepted without."""

from uuid import UUID

from fastapi import APIRouter, Depends

from registry.service.access import issuer_for_reading, issuer_for_writing
from registry.service.promising import promise_on_request
from registry.web.promise_schemas import PromiseForm, PromiseView, view_promise
from registry.web.requests import Authenticated, Wired, known_parameters_of

router = APIRouter(
    prefix="/v1/issuers/{slug}/credentials/{credential_id}/promises",
    tags=["credentials"],
    dependencies=[Depends(known_parameters_of)],
)


@router.get("")
def get_promises(container: Wired, caller: Authenticated, slug: str, credential_id: UUID) -> list[PromiseView]:
    """Show what was promised about a credential. The holder keeps a promise: it proves what the registry owes."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        record = unit.credentials.get(issuer.id, credential_id)
        return [view_promise(promise) for promise in unit.promises.of_slot(record.slot)]


@router.post("")
def post_promise(
    container: Wired, caller: Authenticated, slug: str, credential_id: UUID, form: PromiseForm
) -> PromiseView:
    """Promise what is accepted and not anchored yet; asked again, it is the same promise.

    Credentials of uploads get theirs so. 409 `already-anchored`: the receipt is the proof. 422 `no-promise-key`: this
    registry makes none.
    """
    with container.resources.store.write() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        record = unit.credentials.get(issuer.id, credential_id)
        return view_promise(promise_on_request(container.resources, unit, record, form.kind))

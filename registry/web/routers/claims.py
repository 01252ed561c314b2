"""Claims: mail an earner the link to their credential, once, or again with a new link."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response

from registry.domain.errors import NotFound
from registry.service.access import Caller, issuer_for_reading, issuer_for_writing
from registry.service.claiming import ClaimOrder, order_claim, order_upload_claims, upload_claim_counts
from registry.service.container import Container
from registry.service.once import RequestKey, once
from registry.store_ports import ClaimRecord, IdempotencyAnswer, WriteStore
from registry.web.requests import Authenticated, Named, Wired, known_parameters_of, respond
from registry.web.sharing_schemas import (
    ClaimForm,
    ClaimView,
    UploadClaimCountsView,
    UploadClaimsView,
    view_claim,
    view_upload_claims,
)
from registry.web.views import created

router = APIRouter(prefix="/v1/issuers/{slug}", tags=["claims"], dependencies=[Depends(known_parameters_of)])


@router.get("/credentials/{credential_id}/claim")
def get_claim(container: Wired, caller: Authenticated, slug: str, credential_id: UUID) -> ClaimView:
    """Show whether the earner was mailed the link, and has claimed the credential. 404 before a mail was ordered."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        claim = unit.claims.of_credential(unit.credentials.get(issuer.id, credential_id).id)
    if claim is None:
        raise NotFound("claim-not-found", "no mail was ordered for this credential")
    return view_claim(claim, now=container.resources.clock.now())


@router.post("/credentials/{credential_id}/claim", status_code=202, response_model=ClaimView)
def post_claim(
    container: Wired, caller: Authenticated, named: Named, *, slug: str, credential_id: UUID, form: ClaimForm
) -> Response:
    """Mail the earner a link to claim the credential. Asked again for the same address, it is the same mail."""
    return _mail(container, caller, named, slug=slug, credential_id=credential_id, form=form, again=False)


@router.post("/credentials/{credential_id}/claim/resend", status_code=202, response_model=ClaimView)
def post_claim_again(
    container: Wired, caller: Authenticated, named: Named, *, slug: str, credential_id: UUID, form: ClaimForm
) -> Response:
    """Mail a new link: the one before stops working at once. Also for whoever claimed the credential and lost their page."""
    return _mail(container, caller, named, slug=slug, credential_id=credential_id, form=form, again=True)


@router.post("/uploads/{upload_id}/claims")
def post_upload_claims(container: Wired, caller: Authenticated, slug: str, upload_id: UUID) -> UploadClaimsView:
    """Mail the link to everybody of an upload who has an address in it and was not mailed yet, in their row's language.

    Where a credential was corrected or renewed, the link is that of the one that stands now.
    """
    resources = container.resources
    with resources.store.read() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        upload = unit.uploads.get(issuer.id, upload_id)
    made = order_upload_claims(resources, issuer, upload, max_bytes=container.max_upload_bytes)
    container.wake_mailer()
    return view_upload_claims(made)


@router.get("/uploads/{upload_id}/claims")
def get_upload_claims(container: Wired, caller: Authenticated, slug: str, upload_id: UUID) -> UploadClaimCountsView:
    """Show how many of an upload's claims stand where."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        counts = upload_claim_counts(container.resources, unit, unit.uploads.get(issuer.id, upload_id))
    return UploadClaimCountsView(**{state.value: number for state, number in counts.items()})


def _mail(
    container: Container,
    caller: Caller,
    named: RequestKey | None,
    *,
    slug: str,
    credential_id: UUID,
    form: ClaimForm,
    again: bool,
) -> Response:
    def make(unit: WriteStore) -> ClaimRecord:
        credential = unit.credentials.get(issuer_for_writing(unit, caller, slug).id, credential_id)
        order = ClaimOrder(address=form.email, language=form.language)
        return order_claim(container.resources, unit, credential, order, again=again)

    def render(claim: ClaimRecord) -> IdempotencyAnswer:
        location = f"/v1/issuers/{slug}/credentials/{credential_id}/claim"
        return created(view_claim(claim, now=container.resources.clock.now()), location=location, status=202)

    answer = once(container.resources, named, make, render)
    container.wake_mailer()
    return respond(answer)

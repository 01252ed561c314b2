"""Share links, as the issuer sees them: whether a credential is shared, its link, and switching it on and off."""

from uuid import UUID

from fastapi import APIRouter, Depends

from registry.service.access import issuer_for_writing
from registry.service.sharing import switch_for_issuer
from registry.web.requests import Authenticated, Wired, known_parameters_of
from registry.web.sharing_schemas import ShareForm, ShareView, view_share

router = APIRouter(
    prefix="/v1/issuers/{slug}/credentials/{credential_id}/share",
    tags=["claims"],
    dependencies=[Depends(known_parameters_of)],
)


@router.get("")
def get_share(container: Wired, caller: Authenticated, slug: str, credential_id: UUID) -> ShareView:
    """Show whether a credential is shared, and under which link."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        credential = unit.credentials.get(issuer.id, credential_id)
        return view_share(container.resources, unit.shares.of_credential(credential.id))


@router.put("")
def put_share(container: Wired, caller: Authenticated, slug: str, credential_id: UUID, form: ShareForm) -> ShareView:
    """Switch sharing on or off; off works at once. 409 `shared-by-earner`: who has claimed it, decides who may see it."""
    with container.resources.store.write() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        credential = unit.credentials.get(issuer.id, credential_id)
        share = switch_for_issuer(container.resources, unit, credential, shared=form.shared, caller=caller)
    return view_share(container.resources, share)

"""Members of an issuer: the holders of its API keys, and whether what they issue needs a second one of them."""

from fastapi import APIRouter, Depends

from registry.service.access import issuer_for_reading, issuer_for_writing, require_admin
from registry.service.approving import set_approvals
from registry.store_ports import Approvals
from registry.web.requests import Authenticated, Wired, known_parameters_of
from registry.web.schemas import ApiKeyView, Form, IssuerView, example
from registry.web.views import view_api_key, view_issuer

router = APIRouter(prefix="/v1/issuers/{slug}", tags=["issuers"], dependencies=[Depends(known_parameters_of)])


class ApprovalsForm(Form):
    """Whose word issuing takes."""

    model_config = example(approvals="none")

    approvals: Approvals


@router.get("/members")
def get_members(container: Wired, caller: Authenticated, slug: str) -> list[ApiKeyView]:
    """List an issuer's members: its API keys without secrets, revoked ones too, by whom they were given to."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        return [view_api_key(key) for key in unit.access.api_keys_of(issuer.id)]


@router.post("/approvals")
def post_approvals(container: Wired, caller: Authenticated, slug: str, form: ApprovalsForm) -> IssuerView:
    """Ask for approval by a second person before anything is issued, or no longer. Role admin."""
    require_admin(caller)
    with container.resources.store.write() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        return view_issuer(set_approvals(container.resources, unit, issuer, form.approvals, caller=caller))

"""Keys: the one that signs, and those that people and programs come in with."""

from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response

from registry.domain.errors import CredrootError, Malformed, NotFound
from registry.service.access import require_admin
from registry.store_ports import Approvals, DidMethod, Role
from registry.web.console.gate import Form, Place, Posted, Reading, Writing
from registry.web.console.showing import FormProblem, correctable, go, show
from registry.web.own_key_schemas import NewKeyForm
from registry.web.requests import Wired
from registry.web.routers import issuers as api
from registry.web.routers import members
from registry.web.schemas import ApiKeyForm, ApiKeyView, LinkedInForm

router = APIRouter(prefix="/console/issuers/{slug}/keys", include_in_schema=False)


@router.get("")
def get_keys(request: Request, container: Wired, place: Reading) -> Response:
    """Show the issuer's signing keys and, to an admin, the API keys of its people."""
    return _page(request, container, place)


@router.get("/replace")
def get_replacement(request: Request, place: Writing) -> Response:
    """Ask whether somebody is sure."""
    return _ask(request, place)


@router.post("")
def post_key(request: Request, container: Wired, place: Writing, form: Form) -> Response:
    """Replace the signing key."""
    try:
        if form.text("why") not in {"routine", "compromised"}:
            raise Malformed("why-missing", "say whether somebody else may have the old key", where="why")
        order = NewKeyForm(compromised=form.text("why") == "compromised")
        api.post_key(container, place.caller, form.named(place.caller), place.slug, order)
    except CredrootError as error:
        return _ask(request, place, correctable(error))
    return go(place.address("/keys"))


@router.post("/api-keys")
def post_api_key(request: Request, container: Wired, place: Writing, form: Form) -> Response:
    """Make an API key, and show its secret in this answer and never again."""
    require_admin(place.caller)
    try:
        role = _role(form)
        order = ApiKeyForm(
            role=role,
            issuer=place.slug if role is Role.ISSUER else None,
            label=form.text("label"),
            approver=form.flag("approver"),
        )
        answer = api.post_api_key(container, place.caller, form.named(place.caller), order)
    except CredrootError as error:
        return _page(request, container, place, form=form, problem=correctable(error))
    made = orjson.loads(bytes(answer.body))
    context = {"label": made["label"], "role": made["role"], "secret": made.get("key")}
    return show(request, place, "key-made.html", context)


@router.post("/approvals")
def post_approvals(container: Wired, place: Writing, form: Form) -> Response:
    """Ask for approval by a second person before anything is issued, or no longer."""
    wanted = Approvals.SECOND_PERSON if form.flag("second_person") else Approvals.NONE
    members.post_approvals(container, place.caller, place.slug, members.ApprovalsForm(approvals=wanted))
    return go(place.address("/keys"))


@router.post("/linkedin")
def post_linkedin(request: Request, container: Wired, place: Writing, form: Form) -> Response:
    """Say which LinkedIn page is the issuer's, or that there is none."""
    order = LinkedInForm(organization_id=form.optional("organizationId"))
    try:
        api.put_linkedin(container, place.caller, place.slug, order)
    except CredrootError as error:
        return _page(request, container, place, form=form, problem=correctable(error))
    return go(place.address("/keys"))


@router.get("/api-keys/{key_id}/revoke")
def get_revocation(request: Request, container: Wired, place: Writing, key_id: UUID) -> Response:
    """Ask whether somebody is sure."""
    key = next((key for key in _api_keys(container, place) if key.id == key_id), None)
    if key is None:
        raise NotFound("api-key-not-found", "no such API key, or it is revoked already")
    return show(request, place, "key-revoke.html", {"key": key})


@router.post("/api-keys/{key_id}/revoke")
def post_revocation(container: Wired, place: Writing, key_id: UUID, form: Form) -> Response:
    """Revoke an API key: whoever is signed in with it is out at once."""
    del form
    api.delete_api_key(container, place.caller, key_id)
    return go(place.address("/keys"))


def _role(form: Posted) -> Role:
    try:
        return Role(form.text("role"))
    except ValueError:
        raise Malformed("malformed-role", "choose what the key may do", where="role") from None


def _api_keys(container: Wired, place: Place) -> list[ApiKeyView]:
    """Return the keys that reach this issuer: its own, and those of the registry's people."""
    keys = api.get_api_keys(container, place.caller)
    return [key for key in keys if key.issuer_id in {None, place.issuer.id}]


def _page(
    request: Request,
    container: Wired,
    place: Place,
    *,
    form: Posted | None = None,
    problem: FormProblem | None = None,
) -> Response:
    auditor = place.caller.role is Role.AUDITOR
    with container.resources.store.read() as unit:
        signing = unit.issuers.keys(place.issuer.id)
    context = {
        "signing": signing,
        "replaceable": place.issuer.did_method is DidMethod.WEB,
        "api_keys": _api_keys(container, place) if place.caller.role is Role.ADMIN else (),
        "members": () if auditor else members.get_members(container, place.caller, place.slug),
        "second_person": place.issuer.approvals is Approvals.SECOND_PERSON,
        "own_key_id": place.caller.key_id,
        "roles": tuple(Role),
        "role": "" if form is None else form.text("role"),
        "label": "" if form is None else form.text("label"),
        "linkedin": _linkedin(place, form),
    }
    return show(request, place, "keys.html", context, problem=problem)


def _linkedin(place: Place, form: Posted | None) -> str:
    sent = None if form is None else form.optional("organizationId")
    return sent or place.issuer.linkedin_organization or ""


def _ask(request: Request, place: Place, problem: FormProblem | None = None) -> Response:
    return show(request, place, "key-replace.html", {}, problem=problem)

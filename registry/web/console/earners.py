"""What the earner of a credential gets: files to be handed over, a link that can be switched on, a mail with a claim."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from registry.domain.errors import CredrootError, NotFound
from registry.web.console.gate import Form, Place, Posted, Writing
from registry.web.console.showing import FormProblem, correctable, go, show
from registry.web.pages.languages import TAGS
from registry.web.requests import Wired, read_form
from registry.web.routers import certificates, claims, shares
from registry.web.sharing_schemas import ClaimForm, ClaimView, ShareForm

router = APIRouter(prefix="/console/issuers/{slug}", include_in_schema=False)

_FILES: Final = {
    "certificate.pdf": certificates.get_certificate,
    "badge.png": certificates.get_badge_png,
    "badge.svg": certificates.get_badge_svg,
    "bundle.zip": certificates.get_bundle,
}


@router.get("/credentials/{credential_id}/earner")
def get_earner(request: Request, container: Wired, place: Writing, credential_id: UUID) -> Response:
    """Show what the earner has, and what can be handed over."""
    return _page(request, container, place, credential_id)


@router.get("/credentials/{credential_id}/files/{name}")
def get_file(container: Wired, place: Writing, credential_id: UUID, name: str) -> Response:
    """Download what is made of a credential for its holder."""
    make = _FILES.get(name)
    if make is None:
        raise NotFound("file-not-found", f"expected one of {', '.join(_FILES)}")
    return make(container, place.caller, place.slug, credential_id)


@router.post("/credentials/{credential_id}/share")
def post_share(request: Request, container: Wired, place: Writing, *, credential_id: UUID, form: Form) -> Response:
    """Switch the link on or off."""
    try:
        order = ShareForm(shared=form.text("shared") == "on")
        shares.put_share(container, place.caller, place.slug, credential_id, order)
    except CredrootError as error:
        return _page(request, container, place, credential_id, form=form, problem=correctable(error))
    return go(place.address(f"/credentials/{credential_id}/earner"))


@router.post("/credentials/{credential_id}/claim")
def post_claim(request: Request, container: Wired, place: Writing, *, credential_id: UUID, form: Form) -> Response:
    """Mail the earner the link to claim the credential; again: a new one, and the one before stops working."""
    mail = claims.post_claim_again if form.flag("again") else claims.post_claim
    try:
        order = read_form(ClaimForm, {"email": form.text("email"), "language": form.optional("language")})
        named = form.named(place.caller)
        mail(container, place.caller, named, slug=place.slug, credential_id=credential_id, form=order)
    except CredrootError as error:
        return _page(request, container, place, credential_id, form=form, problem=correctable(error))
    return go(place.address(f"/credentials/{credential_id}/earner"))


@router.post("/uploads/{upload_id}/claims")
def post_upload_claims(container: Wired, place: Writing, upload_id: UUID, form: Form) -> Response:
    """Mail everybody of an upload who has an address in it and was not mailed yet: sent twice, nobody is mailed twice."""
    del form
    claims.post_upload_claims(container, place.caller, place.slug, upload_id)
    return go(place.address(f"/uploads/{upload_id}"))


def _page(
    request: Request,
    container: Wired,
    place: Place,
    credential_id: UUID,
    *,
    form: Posted | None = None,
    problem: FormProblem | None = None,
) -> Response:
    with container.resources.store.read() as unit:
        record = unit.credentials.get(place.issuer.id, credential_id)
    context = {
        "record": record,
        "files": tuple(_FILES),
        "share": shares.get_share(container, place.caller, place.slug, credential_id),
        "claim": _claim(container, place, credential_id),
        "languages_of_mails": TAGS,
        "email": "" if form is None else form.text("email"),
        "language": "" if form is None else form.text("language"),
    }
    return show(request, place, "earner.html", context, problem=problem)


def _claim(container: Wired, place: Place, credential_id: UUID) -> ClaimView | None:
    try:
        return claims.get_claim(container, place.caller, place.slug, credential_id)
    except NotFound:
        return None

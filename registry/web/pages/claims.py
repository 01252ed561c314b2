"""The earner's pages: what a claim link offers, and what its holder has.

Whoever knows the address of a holder's page is the holder: it is as long as a key, stands in no log, is sent to nobody as a
referrer, and no page here loads anything from elsewhere. Forms need no token beside it: who does not know it cannot send them.
"""

from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from registry.domain.canonical import parse_object
from registry.domain.email_signature import email_signature
from registry.domain.errors import Forbidden, Malformed, NotFound
from registry.domain.linkedin import linkedin_url
from registry.domain.shown_credential import show_credential
from registry.service.claiming import Offer, draw_secret, open_claim, open_held, redeem_claim, switch_held
from registry.service.container import Container
from registry.web.pages.rendering import UNLISTED, language_of, pages_of
from registry.web.rate_limit import CLAIMS, limit_misses
from registry.web.requests import Wired

OWN_PAGES: Final = frozenset({"same-origin", "none"})

router = APIRouter(include_in_schema=False)


@router.get("/claim/{token}")
def get_claim(request: Request, container: Wired, token: str) -> Response:
    """Show what a claim link offers. Looking claims nothing: mail programs look too."""
    try:
        with limit_misses(request, CLAIMS):
            offer = open_claim(container.resources, token)
    except NotFound:
        return _gone(request)
    # The page draws the holder's secret, so that its button, pressed twice, leads to one page and not to a used link.
    context = _context(request, offer) | {"secret": draw_secret(container.resources)}
    return pages_of(request).render(request, "claim/offer.html", context, headers=UNLISTED)


@router.post("/claim/{token}")
def post_claim(
    request: Request, container: Wired, token: str, secret: Annotated[str, Form(max_length=100)]
) -> Response:
    """Claim a credential."""
    _refuse_other_sites(request)
    try:
        with limit_misses(request, CLAIMS):
            redeem_claim(container.resources, token, secret=secret)
    except NotFound:
        return _gone(request)
    return _see_other(request, f"/mine/{secret}")


@router.get("/mine/{secret}")
def get_mine(request: Request, container: Wired, secret: str) -> Response:
    """Show a holder their credential: whether it is shared, where, and everything to take along."""
    try:
        with limit_misses(request, CLAIMS):
            offer = open_held(container.resources, secret)
    except NotFound:
        return _gone(request)
    context = _context(request, offer) | {
        "badge": f"/mine/{secret}/badge.png",
        "elsewhere": _elsewhere(container, offer),
    }
    return pages_of(request).render(request, "claim/mine.html", context, headers=UNLISTED)


@router.post("/mine/{secret}/sharing")
def post_sharing(
    request: Request, container: Wired, secret: str, shared: Annotated[Literal["yes", "no"], Form()]
) -> Response:
    """Switch sharing on or off."""
    _refuse_other_sites(request)
    try:
        with limit_misses(request, CLAIMS):
            switch_held(container.resources, secret, shared=shared == "yes")
    except NotFound:
        return _gone(request)
    return _see_other(request, f"/mine/{secret}")


def _refuse_other_sites(request: Request) -> None:
    # A second line: browsers that do not send it are held by the secret alone.
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN_PAGES:
        raise Forbidden("cross-site-request", "expected a form of our own page")


def _see_other(request: Request, path: str) -> Response:
    return RedirectResponse(pages_of(request).visit(request).link(path), status_code=HTTPStatus.SEE_OTHER)


def _gone(request: Request) -> Response:
    return pages_of(request).render(request, "claim/gone.html", status=HTTPStatus.NOT_FOUND, headers=UNLISTED)


def embed_snippet(url: str) -> str:
    """Return the HTML that shows a badge on somebody's own page."""
    # Nothing may be run in the frame; its one link opens beside it.
    may = "allow-popups allow-popups-to-escape-sandbox"
    return (
        f'<iframe src="{url}/embed" title="Credential" width="420" height="140" loading="lazy" sandbox="{may}" '
        'style="border:0"></iframe>'
    )


def _context(request: Request, offer: Offer) -> dict[str, object]:
    record = offer.state.credential
    return {
        "state": offer.state,
        "claim": offer.claim,
        "shown": show_credential(parse_object(record.document), visitor=language_of(request)),
        "url": offer.url,
        "code": offer.code,
        "receipt": f"/receipts/{record.leaf.hex()}",
    }


def _elsewhere(container: Container, offer: Offer) -> dict[str, str]:
    """Write what a holder of a shared credential puts into other pages, as far as it can be written."""
    if offer.url is None:
        return {}
    facts = container.certificates.facts(offer.state.credential, None, share_url=offer.url, code=offer.code)
    made = {"embed": embed_snippet(offer.url)}
    # A credential of others may name no day, or be longer than a signature may be.
    with suppress(Malformed):
        made["linkedin"] = linkedin_url(facts, organization_id=offer.state.issuer.linkedin_organization)
    with suppress(Malformed):
        made["signature"] = email_signature(facts, picture_url=f"{offer.url}/badge.png")
    return made

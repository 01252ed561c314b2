"""What everybody sees of a shared credential: its page, its document at the same address, an embeddable badge.

Its pictures stand in `shared_pictures`. Nothing here is kept by anybody on the way (`no-store`): who stops sharing is not shown any more. No cookie, no counter.
"""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response

from registry.domain.canonical import parse_object
from registry.domain.errors import Forbidden, NotFound
from registry.domain.shown_credential import show_credential
from registry.service.sharing import SharedCredential, open_shared
from registry.web.pages.negotiation import best_type
from registry.web.pages.rendering import UNLISTED, Policy, language_of, pages_of
from registry.web.requests import Wired

HTML: Final = "text/html"
DOCUMENT_TYPES: Final = ("application/vc", "application/vc+ld+json", "application/ld+json", "application/json")
VARY: Final = {"Vary": "Accept, Accept-Language"}
EMBEDDED: Final = Policy(frame_ancestors="*")

router = APIRouter(include_in_schema=False)


@router.get("/c/{token}")
def get_shared(request: Request, container: Wired, token: str) -> Response:
    """Show a credential, or hand out its document: whichever is asked for."""
    kind = best_type(request.headers.get("Accept", ""), (HTML, *DOCUMENT_TYPES))
    if kind is None:
        raise HTTPException(
            HTTPStatus.NOT_ACCEPTABLE, f"expected one of {', '.join((HTML, *DOCUMENT_TYPES))} to be accepted"
        )
    try:
        shared = open_shared(container.resources, token)
    except NotFound:
        if kind == HTML:
            return _gone(request)
        raise
    if kind != HTML:
        return _document(shared, kind)
    return pages_of(request).render(request, "credential/page.html", _context(request, shared), headers=VARY | UNLISTED)


@router.get("/c/{token}/embed")
def get_embedded(request: Request, container: Wired, token: str) -> Response:
    """Show a badge for somebody's own page: a frame with a link in it, no script."""
    try:
        shared = open_shared(container.resources, token)
    except NotFound:
        return pages_of(request).render(
            request, "credential/embed_gone.html", status=HTTPStatus.NOT_FOUND, policy=EMBEDDED, headers=UNLISTED
        )
    return pages_of(request).render(
        request, "credential/embed.html", _context(request, shared), policy=EMBEDDED, headers=UNLISTED
    )


@router.get("/c/{token}/credential.json")
def get_document(container: Wired, token: str) -> Response:
    """Hand out the signed document as a file."""
    answer = _document(open_shared(container.resources, token), "application/vc")
    answer.headers["Content-Disposition"] = 'attachment; filename="credential.json"'
    return answer


def _document(shared: SharedCredential, kind: str) -> Response:
    if not shared.shows_document:
        raise Forbidden("private-evidence", "it holds evidence that is not for everybody: ask its earner for the file")
    return Response(shared.credential.document, media_type=kind, headers=VARY | UNLISTED)


def _gone(request: Request) -> Response:
    return pages_of(request).render(
        request, "credential/gone.html", status=HTTPStatus.NOT_FOUND, headers=VARY | UNLISTED
    )


def _context(request: Request, shared: SharedCredential) -> dict[str, object]:
    return {
        "state": shared.state,
        "shown": show_credential(parse_object(shared.credential.document), visitor=language_of(request)),
        "url": shared.url,
        "code": shared.code,
        "successor": shared.successor,
        "shows_document": shared.shows_document,
        "receipt": f"/receipts/{shared.credential.leaf.hex()}",
        "badge": f"/c/{shared.share.token.text}/badge.png",
    }

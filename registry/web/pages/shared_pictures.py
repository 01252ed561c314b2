"""The pictures of a shared credential: of its badge, for other sites' previews, of its link. They go when it is hidden.

None of them carries the credential: who may have that asks for it at the page's own address.
"""

from typing import Final

from fastapi import APIRouter, Request, Response

from registry.domain.badge_facts import BadgeFacts, badge_facts
from registry.domain.canonical import parse_object
from registry.service.badge_pictures import BadgePictures
from registry.service.sharing import open_shared
from registry.web.pages.rendering import UNLISTED
from registry.web.rate_limit import PICTURES, limit
from registry.web.requests import Wired, container_of

PNG: Final = "image/png"
# Pictures stand in other people's pages and mails.
_HEADERS: Final = UNLISTED | {"Cross-Origin-Resource-Policy": "cross-origin"}

router = APIRouter(include_in_schema=False)


@router.get("/c/{token}/badge.png")
def get_badge(request: Request, token: str) -> Response:
    """Show the badge."""
    return _picture(_pictures(request).badge(_facts(request, token), ask=lambda: limit(request, PICTURES)))


@router.get("/c/{token}/picture.png")
def get_share_picture(request: Request, token: str) -> Response:
    """Show what other sites show for the link: 1200 by 630 pixels, with nothing of the holder."""
    return _picture(_pictures(request).share_picture(_facts(request, token), ask=lambda: limit(request, PICTURES)))


@router.get("/c/{token}/qr.png")
def get_code(request: Request, container: Wired, token: str) -> Response:
    """Show the link as a QR code, which is drawn in less time than a page takes."""
    shared = open_shared(container.resources, token)
    return _picture(_pictures(request).code(shared.url))


def _facts(request: Request, token: str) -> BadgeFacts:
    shared = open_shared(container_of(request).resources, token)
    return badge_facts(parse_object(shared.credential.document))


def _pictures(request: Request) -> BadgePictures:
    return container_of(request).certificates.pictures


def _picture(content: bytes) -> Response:
    return Response(content, media_type=PNG, headers=_HEADERS)

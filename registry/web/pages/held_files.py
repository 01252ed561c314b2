"""What a holder takes along: the credential, pictures that carry it, a certificate, and a bundle of everything.

Each is made when it is asked for, with the share link in it while there is one.
"""

from fastapi import APIRouter, Request, Response

from registry.service.bundling import bundle
from registry.service.claiming import Offer, open_held
from registry.web.pages.rendering import UNLISTED
from registry.web.rate_limit import CLAIMS, FILES, limit, limit_misses
from registry.web.requests import Wired, container_of

router = APIRouter(prefix="/mine/{secret}", include_in_schema=False)


@router.get("/credential.json")
def get_document(request: Request, secret: str) -> Response:
    """Hand out the signed document."""
    offer = _held(request, secret)
    return _file(offer.state.credential.document, "application/vc", "credential.json")


@router.get("/certificate.pdf")
def get_certificate(request: Request, container: Wired, secret: str) -> Response:
    """Make the certificate."""
    offer = _held_to_make(request, secret)
    made = container.certificates.certificate(offer.state.credential, share_url=offer.url, code=offer.code)
    return _file(made, "application/pdf", "certificate.pdf")


@router.get("/badge.png")
def get_badge_png(request: Request, container: Wired, secret: str) -> Response:
    """Make the badge as PNG, with the credential in it."""
    offer = _held_to_make(request, secret)
    return _file(container.certificates.baked_png(offer.state.credential), "image/png", "badge.png")


@router.get("/badge.svg")
def get_badge_svg(request: Request, container: Wired, secret: str) -> Response:
    """Make the badge as SVG, with the credential in it."""
    offer = _held_to_make(request, secret)
    return _file(container.certificates.baked_svg(offer.state.credential), "image/svg+xml", "badge.svg")


@router.get("/bundle.zip")
def get_bundle(request: Request, container: Wired, secret: str) -> Response:
    """Make the bundle."""
    offer = _held_to_make(request, secret)
    made = bundle(container.certificates, offer.state.credential, share_url=offer.url, code=offer.code)
    return _file(made, "application/zip", "credential-bundle.zip")


def _held(request: Request, secret: str) -> Offer:
    with limit_misses(request, CLAIMS):
        return open_held(container_of(request).resources, secret)


def _held_to_make(request: Request, secret: str) -> Offer:
    offer = _held(request, secret)
    limit(request, FILES, of=str(offer.state.credential.id))
    return offer


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = UNLISTED | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)

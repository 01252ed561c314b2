"""What is made of a credential for people: certificate, pictures that carry it, and a bundle of everything.

For the issuer and admins, by the credential's number here; what the holder shares has addresses of its own. Nothing that
is made is kept: each answer says what the credential's standing is now.
"""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from registry.service.access import Caller, issuer_for_writing
from registry.service.bundling import bundle
from registry.service.container import Container
from registry.service.sharing import ShownNames, shown_names
from registry.store_ports import CredentialRecord
from registry.web.requests import Authenticated, Wired, known_parameters_of

router = APIRouter(
    prefix="/v1/issuers/{slug}/credentials/{credential_id}",
    tags=["credentials"],
    dependencies=[Depends(known_parameters_of)],
)


def _answers(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Describe a route's answers: a file, or the refusal of a text that no font shows."""
    file = {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}
    return {200: file, 422: {"description": "No font here shows the text."}}


_PDF: Final = "application/pdf"
_PNG: Final = "image/png"
_SVG: Final = "image/svg+xml"
_ZIP: Final = "application/zip"


@router.get("/certificate.pdf", response_class=Response, responses=_answers(_PDF))
def get_certificate(container: Wired, caller: Authenticated, slug: str, credential_id: UUID) -> Response:
    """Make the certificate of a credential: a PDF that carries the credential, and its receipt once there is one."""
    record, names = _record(container, caller, slug, credential_id)
    made = container.certificates.certificate(record, share_url=names.url, code=names.code)
    return _file(made, record, _PDF, "pdf")


@router.get("/badge.png", response_class=Response, responses=_answers(_PNG))
def get_badge_png(container: Wired, caller: Authenticated, slug: str, credential_id: UUID) -> Response:
    """Make the badge of a credential as PNG, with the credential in it."""
    record, _ = _record(container, caller, slug, credential_id)
    return _file(container.certificates.baked_png(record), record, _PNG, "png")


@router.get("/badge.svg", response_class=Response, responses=_answers(_SVG))
def get_badge_svg(container: Wired, caller: Authenticated, slug: str, credential_id: UUID) -> Response:
    """Make the badge of a credential as SVG, with the credential in it."""
    record, _ = _record(container, caller, slug, credential_id)
    return _file(container.certificates.baked_svg(record), record, _SVG, "svg")


@router.get("/bundle.zip", response_class=Response, responses=_answers(_ZIP))
def get_bundle(container: Wired, caller: Authenticated, slug: str, credential_id: UUID) -> Response:
    """Make the holder's bundle: credential, receipt, pictures, certificate, and how to check them without us."""
    record, names = _record(container, caller, slug, credential_id)
    return _file(bundle(container.certificates, record, share_url=names.url, code=names.code), record, _ZIP, "zip")


def _record(
    container: Container, caller: Caller, slug: str, credential_id: UUID
) -> tuple[CredentialRecord, ShownNames]:
    with container.resources.store.read() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        record = unit.credentials.get(issuer.id, credential_id)
        return record, shown_names(container.resources, unit, record.id)


def _file(content: bytes, record: CredentialRecord, media_type: str, ending: str) -> Response:
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{record.document_id}.{ending}"',
    }
    return Response(content, media_type=media_type, headers=headers)

"""What everybody may see, at the root: DID documents, status lists, receipts, published files."""

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse

from registry.domain.canonical import canonicalize
from registry.domain.errors import NotFound
from registry.domain.hashing import digest_from_hex
from registry.domain.receipt import MEDIA_TYPE
from registry.domain.slot import MAX_LIST, Purpose
from registry.service.achievements import freeze
from registry.service.statuses import LIST_TTL
from registry.store_ports import DidMethod, ReadStore
from registry.web.requests import Wired, known_parameters_of
from registry.web.schemas import EpochView, LogView
from registry.web.views import view_epoch

router = APIRouter(tags=["public"])

_PUBLISHED: Final = re.compile(
    r"log\.json|issuers/[0-9a-f]{64}\.json"
    r"|epochs/[1-9][0-9]{0,15}/(?:manifest\.json|batch-[0-9]{1,5}\.bin|(?:revocation|suspension)-[0-9]{1,7}\.bin)",
    re.ASCII,
)
MAX_EPOCH: Final = 2**53 - 1
"""Epochs are JSON numbers in receipts and manifests."""
_LIST: Final = re.compile(r"0|[1-9][0-9]{0,6}", re.ASCII)
ANY_ORIGIN: Final = {"Access-Control-Allow-Origin": "*"}
"""Everybody may read these files, and so may everybody's pages: a page that verifies by itself stands on another host, or in
a folder (docs/decisions/0117-the-browser-checks-by-itself.md)."""
_FOREVER: Final = "public, max-age=31536000, immutable"
_OBJECT: Final[dict[str, Any]] = {"schema": {"type": "object"}}
_RECEIPT: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {MEDIA_TYPE: _OBJECT}}}
_DID: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"application/did+json": _OBJECT}}}
_STATUS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/vc": _OBJECT}},
    304: {"description": "The list is still the one of the ETag."},
}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            "application/json": _OBJECT,
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


@router.get("/issuers/{slug}/did.json", response_class=Response, responses=_DID)
def get_did_document(container: Wired, slug: str) -> Response:
    """Serve the DID document of a did:web issuer."""
    with container.resources.store.read() as unit:
        issuer = unit.issuers.by_slug(slug)
    if issuer.did_method is not DidMethod.WEB:
        raise NotFound("did-document-not-found", "this issuer's DID is its key: there is nothing to look up")
    return Response(
        issuer.did_document, media_type="application/did+json", headers={**ANY_ORIGIN, "Cache-Control": "max-age=300"}
    )


@router.get("/issuers/{slug}/achievements/{achievement_id}")
def get_public_achievement(container: Wired, slug: str, achievement_id: UUID) -> dict[str, Any]:
    """Serve the newest version of an achievement: what its `id` in credentials leads to."""
    with container.resources.store.read() as unit:
        issuer = unit.issuers.by_slug(slug)
        record = unit.achievements.get(issuer.id, achievement_id)
    frozen = freeze(container.resources, issuer, record)
    return frozen.achievement.document(achievement_id=frozen.id, version=frozen.version)


@router.get("/status/{chain}/{contract}/{number}/{purpose}/{status_list}", response_class=Response, responses=_STATUS)
def get_status_list(
    container: Wired,
    chain: str,
    contract: str,
    number: str,
    *,
    purpose: Purpose,
    status_list: str,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Serve a signed `BitstringStatusListCredential`: the newest accepted state of a list."""
    with container.resources.store.read() as unit:
        ours = str(unit.access.log().name) == f"{chain}/{contract}/{number}"
    if not ours or _LIST.fullmatch(status_list) is None or int(status_list) > MAX_LIST:
        raise NotFound("status-list-not-found", "no such status list")
    signed = container.status_lists.serve(purpose, int(status_list))
    headers = {**ANY_ORIGIN, "ETag": signed.etag, "Cache-Control": f"public, max-age={int(LIST_TTL.total_seconds())}"}
    # Weak comparison (RFC 9110 section 13.1.2): a W/ before it makes no difference.
    if if_none_match is not None and (if_none_match.strip() == "*" or signed.etag in if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(signed.content, media_type="application/vc", headers=headers)


@router.get("/receipts/{leaf}", response_class=Response, responses=_RECEIPT)
def get_receipt(container: Wired, leaf: str, *, light: Literal["newest"] | None = None) -> Response:
    """Serve the receipt of a leaf; 404 `not-yet-anchored` before its epoch is final.

    Needs no account: a receipt holds nothing that is not published. With `light=newest` its light part is of the newest
    final block; 503 when no Ethereum node proves it.
    """
    digest = digest_from_hex(leaf, "leaf")
    receipts = container.receipts
    receipt = receipts.of_leaf(digest) if light is None else receipts.with_newest_light(digest)
    return Response(
        canonicalize(receipt.to_json()), media_type=MEDIA_TYPE, headers={**ANY_ORIGIN, "Cache-Control": "max-age=60"}
    )


@router.get("/published/{path:path}", response_class=Response, responses=_FILE)
def get_published(container: Wired, path: str) -> Response:
    """Serve a published file (protocol section 9). No other path exists."""
    folder = container.published_dir.resolve()
    file = folder / path
    # What is no plain file in its place was not published: a link may lead anywhere.
    if _PUBLISHED.fullmatch(path) is None or file.resolve() != file or not file.is_file():
        raise NotFound("published-file-not-found", "no such published file")
    media_type = "application/json" if file.suffix == ".json" else "application/octet-stream"
    return FileResponse(
        file,
        media_type=media_type,
        headers={**ANY_ORIGIN, "Cache-Control": _FOREVER if _is_immutable(file) else "no-cache"},
    )


@router.get("/v1/log", dependencies=[Depends(known_parameters_of)])
def get_log(container: Wired) -> LogView:
    """Show the registry's log and what waits to be anchored in it."""
    with container.resources.store.read() as unit:
        log = unit.access.log()
        waiting = unit.epochs.waiting()
        newest, final, owed = unit.epochs.newest(), unit.epochs.newest_final(), unit.promises.owed()
    return LogView(
        log=str(log.name),
        deploy_block=log.deploy_block,
        newest_epoch=0 if newest is None else newest.number,
        newest_final_epoch=0 if final is None else final.number,
        waiting_credentials=waiting.credentials,
        waiting_status_changes=waiting.status_changes,
        oldest_waiting_since=waiting.oldest_at,
        promised_epoch=None if owed is None else owed.through,
    )


@router.get("/v1/epochs/{number}", dependencies=[Depends(known_parameters_of)])
def get_epoch(container: Wired, number: Annotated[int, PathParameter(ge=1, le=MAX_EPOCH)]) -> EpochView:
    """Show an epoch and where its anchor stands."""
    with container.resources.store.read() as unit:
        return _epoch(unit, number)


def _epoch(unit: ReadStore, number: int) -> EpochView:
    return view_epoch(unit.epochs.get(number), unit.epochs.anchor(number))


def _is_immutable(file: Path) -> bool:
    return file.name != "log.json"

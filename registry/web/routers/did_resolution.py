"""DID resolution over HTTP (W3C DID Resolution 1.0, the HTTPS binding).

The answer's form is chosen by `Accept`: the whole result, or the document alone. Mounted where a service is to resolve
DIDs for others.
"""

import re
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import unquote

import orjson
from fastapi import APIRouter, Header, Request, Response
from fastapi import Path as PathParameter

from registry.service.did_resolution import (
    LINKED_JSON,
    PLAIN_JSON,
    Resolution,
    ResolutionError,
    resolve_did,
)
from registry.web.requests import Wired

router = APIRouter(prefix="/1.0", tags=["did-resolution"])

RESULT: Final = "application/did-resolution"
RESULT_WITH_PROFILE: Final = 'application/ld+json;profile="https://w3id.org/did-resolution"'

_RESULTS: Final = {
    "*/*": "application/json",
    "application/*": "application/json",
    "application/json": "application/json",
    RESULT: RESULT,
    "application/ld+json": RESULT_WITH_PROFILE,
}
_DOCUMENTS: Final = frozenset({"application/did", PLAIN_JSON, LINKED_JSON})
_STATUS: Final = {
    ResolutionError.INVALID_DID: HTTPStatus.BAD_REQUEST,
    ResolutionError.INVALID_DID_DOCUMENT: HTTPStatus.BAD_REQUEST,
    # The specification has 501 for it. Whoever watches a service counts that as its failure, and it is none.
    ResolutionError.METHOD_NOT_SUPPORTED: HTTPStatus.BAD_REQUEST,
    ResolutionError.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ResolutionError.REPRESENTATION_NOT_SUPPORTED: HTTPStatus.NOT_ACCEPTABLE,
}
_ZERO_QUALITY: Final = re.compile(r"\s*q\s*=\s*0(?:\.0*)?\s*", re.ASCII | re.IGNORECASE)
_MAX_ACCEPT: Final = 1_024
"""What browsers send is a tenth of it."""
_ANY: Final[dict[str, Any]] = {"schema": {"type": "object"}}
_CONTENT: Final = dict.fromkeys((*dict.fromkeys(_RESULTS.values()), *sorted(_DOCUMENTS)), _ANY)
_FORMS: Final = dict.fromkeys(_RESULTS.values(), _ANY)
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The DID document, with metadata or alone.", "content": _CONTENT},
    400: {
        "description": "No DID, not its document, another method: `invalidDid`, `invalidDidDocument`, "
        "`methodNotSupported`.",
        "content": _FORMS,
    },
    404: {"description": "No document could be had: `notFound`.", "content": _FORMS},
    406: {"description": "No such form of the answer: `representationNotSupported`.", "content": _FORMS},
    410: {"description": "The DID is deactivated.", "content": _FORMS},
}


@router.get("/identifiers/{did:path}", response_class=Response, responses=_RESPONSES)
def resolve(
    container: Wired,
    request: Request,
    did: Annotated[
        str,
        PathParameter(
            description="A did:key or did:web.", examples=["did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"]
        ),
    ],
    accept: Annotated[str, Header()] = "*/*",
) -> Response:
    """Resolve a DID. Nothing is fetched from this machine or a private network."""
    wanted = _wanted(accept)
    if wanted is None:
        message = f"expected one of {', '.join(sorted({*_RESULTS, *_DOCUMENTS}))}"
        error = ResolutionError.REPRESENTATION_NOT_SUPPORTED
        return _answer(Resolution(document=None, error=error, message=message), "application/json")
    return _answer(resolve_did(container.did_resolver, _as_meant(request, did)), wanted)


def _answer(resolution: Resolution, media_type: str) -> Response:
    if media_type in _DOCUMENTS and resolution.document is not None:
        return Response(orjson.dumps(resolution.document), media_type=media_type)
    typed = media_type == RESULT or media_type in _DOCUMENTS
    body = resolution.to_typed_json() if typed else resolution.to_json()
    if resolution.error is not None:
        status = _STATUS[resolution.error]
    else:
        status = HTTPStatus.GONE if resolution.deactivated else HTTPStatus.OK
    return Response(orjson.dumps(body), status_code=status, media_type=RESULT if typed else media_type)


def _wanted(accept: str) -> str | None:
    """Return the media type to answer with: the first that is known, whatever its quality unless that is zero."""
    for item in accept[:_MAX_ACCEPT].split(","):
        name, *parameters = item.split(";")
        media_type = name.strip().lower()
        if any(_ZERO_QUALITY.fullmatch(parameter) for parameter in parameters):
            continue
        if media_type in _DOCUMENTS:
            return media_type
        if media_type in _RESULTS:
            return _RESULTS[media_type]
    return None


def _as_meant(request: Request, did: str) -> str:
    """Return the DID as the caller wrote it.

    The `%3A` of a did:web's port is part of the DID: it must be sent as `%253A`, and some send it as it is.
    """
    raw = request.scope.get("raw_path", b"").decode("ascii", errors="replace").partition("?")[0]
    written = raw.rpartition("/identifiers/")[2]
    return written if written.startswith("did:") and "%25" not in written and unquote(written) == did else did

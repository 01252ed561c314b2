"""What every route asks of a request: who sends it, under which idempotency key, and how a file is received."""

import hashlib
import tempfile
from collections.abc import Iterator
from typing import Annotated, BinaryIO, Final, TypeVar, cast
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ValidationError

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.errors import Malformed
from registry.domain.hashing import Digest, sha256
from registry.service.access import Caller, authenticate
from registry.service.container import Container
from registry.service.once import RequestKey
from registry.store_ports import IdempotencyAnswer
from registry.web.limits import MAX_BODY_BYTES
from registry.web.problems import NotAuthenticated

MAX_IDEMPOTENCY_KEY: Final = 255
MAX_PAGE: Final = 500
SPOOL_BYTES: Final = 4 * 1_048_576
"""What of a file stays in memory while it is received; the rest waits on disk."""

FormType = TypeVar("FormType", bound=BaseModel)

_bearer = HTTPBearer(auto_error=False, description="An API key, as shown once when it was made.")


def container_of(request: Request) -> Container:
    """Return what the application was wired with."""
    return cast("Container", request.app.state.container)  # Starlette's state is untyped


Wired = Annotated[Container, Depends(container_of)]


async def caller_of(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Caller:
    """Return who sends the request. Raises NotAuthenticated."""
    container = container_of(request)
    if container.vc_api.everybody is not None:
        return container.vc_api.everybody
    if credentials is None:
        raise NotAuthenticated
    caller = await run_in_threadpool(authenticate, container.resources, credentials.credentials)
    if caller is None:
        raise NotAuthenticated
    return caller


Authenticated = Annotated[Caller, Depends(caller_of)]


async def json_body_of(request: Request) -> JsonObject:
    """Read a body whose every byte matters: I-JSON, or refused. Raises Malformed."""
    return parse_object(await request.body(), limit_bytes=MAX_BODY_BYTES)


StrictBody = Annotated[JsonObject, Depends(json_body_of)]


def read_form(form: type[FormType], body: JsonObject) -> FormType:
    """Read a request out of a body that was read strictly. Raises Malformed `malformed-request`."""
    try:
        return form.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Malformed("malformed-request", str(first["msg"]), where=where) from None


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Your name for this request: sent again within two days, it is answered again and not done again.",
    ),
]


async def request_key_of(request: Request, caller: Authenticated, key: IdempotencyKey = None) -> RequestKey | None:
    """Return the caller's name for this request, None when it gave none. Raises Malformed."""
    return name_request(request, caller, key=key, content=sha256(await request.body()))


Named = Annotated[RequestKey | None, Depends(request_key_of)]


def name_request(request: Request, caller: Caller, *, key: str | None, content: Digest) -> RequestKey | None:
    """Return the caller's name for a request whose body has this hash.

    Raises Malformed `malformed-idempotency-key`.
    """
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY or not key.isascii() or not key.isprintable():
        raise Malformed("malformed-idempotency-key", f"expected 1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters")
    identity = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + content
    return RequestKey(tenant=caller.tenant, key=key, request_hash=sha256(identity))


def known_parameters_of(request: Request) -> None:
    """Refuse parameters that the route does not have: a misspelt option is not an option left out.

    Raises Malformed `unknown-parameter`.
    """
    known = set(_parameters(request.scope["route"].dependant))
    for name in request.query_params:
        if name not in known:
            raise Malformed("unknown-parameter", f"expected {' or '.join(sorted(known)) or 'no parameter'}", where=name)


def _parameters(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for dependency in dependant.dependencies:
        yield from _parameters(dependency)


class Page:
    """Which part of a list is asked for."""

    def __init__(
        self,
        after: Annotated[UUID | None, Query(description="The id of the last item of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    ) -> None:
        self.after = after
        self.limit = limit


Paged = Annotated[Page, Depends()]


async def spool(request: Request) -> tuple[BinaryIO, Digest]:
    """Receive a file without holding it in memory; return it with the hash of its bytes. The caller closes it."""
    file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # noqa: SIM115 - handed to the caller
    digest = hashlib.sha256()
    try:
        async for part in request.stream():
            digest.update(part)
            await run_in_threadpool(file.write, part)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file, Digest(digest.digest())


def respond(answer: IdempotencyAnswer) -> Response:
    """Send a kept answer, or one that is about to be kept."""
    location = answer.headers.decode("ascii")
    headers = {"Location": location} if location else {}
    return Response(answer.body, status_code=answer.status, media_type="application/json", headers=headers)

"""Problems as RFC 9457 describes them: one clear error with a stable code, whatever went wrong.

    {"type": "urn:credroot:problem:<code>", "title": ..., "status": ..., "detail": ..., "code": ..., ...facts}

What a route cannot expect becomes `internal-error`: its cause goes to the log, never to the caller.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from traceback import extract_tb
from typing import Any, Final

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.domain.errors import Conflict, CredrootError, Forbidden, Malformed, NotFound, Refused, Unavailable
from registry.web.rate_limit import TooOften

MEDIA_TYPE: Final = "application/problem+json"
PROBLEM_TYPES: Final = "urn:credroot:problem:"
"""What the types of our own problems begin with."""
INTERNAL_ERROR: Final = "internal-error"
BODY_TOO_LARGE: Final = "body-too-large"

_STATUS: Final[tuple[tuple[type[CredrootError], HTTPStatus], ...]] = (
    (Malformed, HTTPStatus.BAD_REQUEST),
    (TooOften, HTTPStatus.TOO_MANY_REQUESTS),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (Refused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)
_HTTP_CODES: Final[Mapping[int, str]] = {
    401: "not-authenticated",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: BODY_TOO_LARGE,
}

_log = structlog.get_logger()


class NotAuthenticated(CredrootError):
    """The caller has no API key, or one that is unknown or revoked."""

    def __init__(self) -> None:
        super().__init__("not-authenticated", "expected an API key: Authorization: Bearer <key>")


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    facts: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Write one problem as a response."""
    body = {
        "type": f"{PROBLEM_TYPES}{code}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
        **(facts or {}),
    }
    return Response(orjson.dumps(body), status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def status_of(error: CredrootError) -> HTTPStatus:
    """Return the HTTP status that an error of ours is answered with."""
    if isinstance(error, NotAuthenticated):
        return HTTPStatus.UNAUTHORIZED
    return next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def install(app: FastAPI) -> None:
    """Make the application answer every error as a problem."""
    app.add_exception_handler(CredrootError, _answer_ours)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)


def _answer_ours(request: Request, error: Exception) -> Response:
    if not isinstance(error, CredrootError):
        raise error
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # The operator's to mend; what the outside world said of it stays in the log.
        _log.warning("request_unanswerable", method=request.method, route=_route(request), code=error.code)
    headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else None
    if isinstance(error, TooOften):
        headers = {"Retry-After": str(error.retry_after_seconds)}
    where = getattr(error, "where", "")
    return problem(status, error.code, error.message, facts={"where": where} if where else None, headers=headers)


def _answer_validation(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    # The values are left out: they may be the caller's secret in the wrong field.
    errors = [{"where": ".".join(str(part) for part in item["loc"]), "reason": item["msg"]} for item in error.errors()]
    detail = f"{errors[0]['where']}: {errors[0]['reason']}" if errors else "expected another request"
    return problem(HTTPStatus.BAD_REQUEST, "malformed-request", detail, facts={"errors": errors})


def _answer_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = _HTTP_CODES.get(error.status_code, "http-error")
    headers = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"Allow": ", ".join(sorted(_allowed(request)))}
    return problem(HTTPStatus(error.status_code), code, str(error.detail), headers=headers)


def _allowed(request: Request) -> Iterator[str]:
    """Tell the methods of an address: the framework names those of the first route alone (RFC 9110 section 10.2.1)."""
    # What the framework lists of a router that was included matches, but names no methods: the router's own routes do.
    routes = [route for route in request.app.state.routes if route.matches(request.scope)[0] is not Match.NONE]
    # `/credentials/search` could be an id as well: the address that says most of itself is meant.
    placeholders = min((route.path.count("{") for route in routes), default=0)
    for route in routes:
        if route.path.count("{") == placeholders:
            yield from route.methods or ()


class AnswerCutOff(Exception):
    """An answer that had begun cannot be ended: the connection is closed instead, and the caller sees that."""


class LastResort:
    """Answers what nobody expected.

    The log gets where it happened, never what the error says or the values at hand: either may be somebody's name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            # Whoever asked went away in the middle of sending: there is nobody to answer.
            return
        except Exception as error:  # noqa: BLE001 - behind it is only the server, which would show the error's words
            trace = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)]
            _log.error("request_failed", method=scope["method"], error=type(error).__name__, trace=trace)
            if begun:
                raise AnswerCutOff from None
            message = "something unexpected happened; it was logged"
            await problem(HTTPStatus.INTERNAL_SERVER_ERROR, INTERNAL_ERROR, message)(scope, receive, send)


def _route(request: Request) -> str:
    # As it was declared, not as it was called: addresses may hold what belongs in no log.
    return getattr(request.scope.get("route"), "path", "unknown")

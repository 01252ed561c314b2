"""Limits on request bodies, kept before anything reads them."""

import re
from http import HTTPStatus
from typing import Final

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.domain.presented_files import MAX_FILE_BYTES
from registry.web.problems import BODY_TOO_LARGE, problem

MAX_BODY_BYTES: Final = 4_194_304
"""The largest credential, its receipt, a DID document and two status lists fit; uploads have a limit of their own."""

MAX_PRESENTED_BYTES: Final = MAX_FILE_BYTES + 1_048_576
"""Of what a visitor wants verified: the largest file that is read, and what a form adds; all of it stays in memory."""

MALFORMED_FORM: Final = "malformed-form"

PRESENTED: Final = frozenset({"/", "/verdict.json", "/v1/verify/file"})
"""Where visitors send what they want verified."""
_UPLOAD: Final = re.compile(r"/v1/issuers/[^/]+/(?:signed-)?uploads")
_UPLOAD_FORM: Final = re.compile(r"/console/issuers/[^/]+/uploads")
_FORM_BYTES: Final = 65_536
"""What a form adds to the file in it: a few fields and boundaries."""


class BodyLimit:
    """Refuse bodies over the limit of their route: at once where the header tells, else when they exceed it."""

    def __init__(self, app: ASGIApp, *, max_upload_bytes: int) -> None:
        self._app = app
        self._max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        kind = headers.get("Content-Type", "").lower()
        if kind.startswith("multipart/") and "charset" in kind:
            # Fields would be decoded by any codec of Python that it names: that of punycode takes quadratic time.
            detail = "expected a form without a charset"
            await problem(HTTPStatus.BAD_REQUEST, MALFORMED_FORM, detail)(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        announced = headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > limit:
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, BODY_TOO_LARGE, _detail(limit))(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _detail(limit))
            return message

        await self._app(scope, counted, send)

    def _limit(self, path: str) -> int:
        if path in PRESENTED:
            return MAX_PRESENTED_BYTES
        if _UPLOAD.fullmatch(path):
            return self._max_upload_bytes
        return self._max_upload_bytes + _FORM_BYTES if _UPLOAD_FORM.fullmatch(path) else MAX_BODY_BYTES


def _detail(limit: int) -> str:
    return f"expected at most {limit} bytes"

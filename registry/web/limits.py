"""Size limits on request bodies, kept before anything reads them."""

import re
from http import HTTPStatus
from typing import Final

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.web.problems import BODY_TOO_LARGE, problem

MAX_BODY_BYTES: Final = 4_194_304
"""The largest credential, its receipt, a DID document and two status lists fit; uploads have a limit of their own."""

_UPLOAD: Final = re.compile(r"/v1/issuers/[^/]+/(?:signed-)?uploads")


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
        limit = self._max_upload_bytes if _UPLOAD.fullmatch(scope["path"]) else MAX_BODY_BYTES
        announced = Headers(scope=scope).get("Content-Length", "")
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


def _detail(limit: int) -> str:
    return f"expected at most {limit} bytes"

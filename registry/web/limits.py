"""Size limits on request bodies, kept before anything reads them."""

import re
from typing import Final

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES: Final = 4_194_304
"""The largest credential, its receipt, a DID document and two status lists fit; uploads have a limit of their own."""

_UPLOAD: Final = re.compile(r"/v1/issuers/[^/]+/uploads")


class BodyLimit:
    """Refuse bodies over the limit of their route, whatever their header announces."""

    def __init__(self, app: ASGIApp, *, max_upload_bytes: int) -> None:
        self._app = app
        self._max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._max_upload_bytes if _UPLOAD.fullmatch(scope["path"]) else MAX_BODY_BYTES
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, f"expected at most {limit} bytes")
            return message

        await self._app(scope, counted, send)

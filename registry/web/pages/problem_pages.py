"""Problems as pages: whoever asks for HTML reads what went wrong in words, with the same stable code.

One place for all of them: routes, limits and what nobody expected answer with a problem (RFC 9457), and here it becomes a page
for a browser. A request that does not name text/html gets the problem as it is.
"""

from http import HTTPStatus
from typing import Final

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.web.pages.rendering import Pages
from registry.web.problems import MEDIA_TYPE

_HTML: Final = "text/html"
_KEPT: Final = ("allow", "www-authenticate", "retry-after")
"""Headers of the problem that the page has too."""


class ProblemPages:
    """Show problems as pages to whoever asks for pages."""

    def __init__(self, app: ASGIApp, *, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an answer that is a problem is held back until it is whole."""
        if scope["type"] != "http" or _HTML not in Headers(scope=scope).get("Accept", ""):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def held(message: Message) -> None:
            nonlocal start, body
            if (
                message["type"] == "http.response.start"
                and Headers(raw=message["headers"]).get("content-type") == MEDIA_TYPE
            ):
                start = message
                return
            if start is None:
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._answer(scope, receive, send, start=start, body=body)

        await self._app(scope, receive, held)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, *, start: Message, body: bytes) -> None:
        problem = orjson.loads(body)
        headers = Headers(raw=start["headers"])
        page = self._pages.render(
            Request(scope),
            "problem.html",
            {"problem": problem, "status": HTTPStatus(start["status"])},
            status=HTTPStatus(start["status"]),
            headers={name: headers[name] for name in _KEPT if name in headers},
        )
        await page(scope, receive, send)

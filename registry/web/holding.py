"""How many bodies of visitors are held at once, and for how long one may be sent: each is in memory until it is answered."""

import asyncio
from typing import Final, cast

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.domain.errors import Malformed, Unavailable
from registry.web.limits import PRESENTED
from registry.web.problems import problem, status_of

AT_ONCE: Final = 16
"""Of 17 MB at most: 270 MB. Each is answered in a second as a rule, and two processors do no more at once."""
RECEIVE_SECONDS: Final = 60.0
"""For all of a body: the largest file over a line of 2.3 Mbit/s. Whoever drips bytes holds a place no longer."""


class Holding:
    """The places there are."""

    def __init__(self, *, at_once: int = AT_ONCE, seconds: float = RECEIVE_SECONDS) -> None:
        self.places = asyncio.Semaphore(at_once)
        self.seconds = seconds

    @property
    def full(self) -> bool:
        """There is no place left."""
        return self.places.locked()


class BodyHolding:
    """Give what is presented a place until it is answered; where none is free, say so at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in PRESENTED:
            await self._app(scope, receive, send)
            return
        holding = cast("Holding", scope["app"].state.holding)  # Starlette's state is untyped
        if holding.full:
            error = Unavailable("busy", "too many files are being verified at this moment: come again in a second")
            headers = {"Retry-After": "1", "Connection": "close"}
            await problem(status_of(error), error.code, error.message, headers=headers)(scope, receive, send)
            return
        # There is a place, so this does not wait.
        async with holding.places:
            await self._hold(scope, receive, send, seconds=holding.seconds)

    async def _hold(self, scope: Scope, receive: Receive, send: Send, *, seconds: float) -> None:
        until: float | None = asyncio.get_running_loop().time() + seconds
        slow = False

        async def timed() -> Message:
            nonlocal until, slow
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                slow = True
                raise Malformed("body-too-slow", f"expected the whole body within {seconds:.0f} seconds") from None
            if not message.get("more_body", False):
                # From here on only the visitor's going away is waited for.
                until = None
            return message

        async def answer(message: Message) -> None:
            if slow and message["type"] == "http.response.start":
                # What is left of the body is not waited for.
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, timed, answer)

"""How many bodies of visitors are held at once, in all and of each, and for how long one may be sent: each is in memory until
it is answered.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import Final, cast

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.domain.errors import CredrootError, Malformed, Unavailable
from registry.web.limits import PRESENTED
from registry.web.problems import problem, status_of
from registry.web.rate_limit import visitor

AT_ONCE: Final = 16
"""Of 17 MB at most: 270 MB. Each is answered in a second as a rule, and two processors do no more at once."""
EACH_AT_ONCE: Final = 4
"""Of one visitor: as many as keep two processors busy while others are sent, and a quarter of the places."""
RECEIVE_SECONDS: Final = 60.0
"""For all of a body: the largest file over a line of 2.3 Mbit/s. Whoever drips bytes holds a place no longer."""


class TooManyAtOnce(CredrootError):
    """A visitor has all the places that one may have."""

    def __init__(self) -> None:
        super().__init__(
            "too-many-at-once", f"{EACH_AT_ONCE} files of yours are being verified: send the next when one is answered"
        )


class Holding:
    """The places there are, and who has them. For one event loop."""

    def __init__(self, *, seconds: float = RECEIVE_SECONDS) -> None:
        self.seconds = seconds
        self.taken = 0
        self._of_visitor: Counter[str] = Counter()

    @contextmanager
    def place(self, of_visitor: str) -> Iterator[None]:
        """Hold a place inside the block. Raises TooManyAtOnce, Unavailable `busy`."""
        if self._of_visitor[of_visitor] >= EACH_AT_ONCE:
            raise TooManyAtOnce
        if self.taken >= AT_ONCE:
            raise Unavailable("busy", "too many files are being verified at this moment: come again in a second")
        self.taken += 1
        self._of_visitor[of_visitor] += 1
        try:
            yield
        finally:
            self.taken -= 1
            # What is nought is left out: nobody who has gone is remembered.
            self._of_visitor -= Counter([of_visitor])


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
        with ExitStack() as stack:
            try:
                stack.enter_context(holding.place(visitor(HTTPConnection(scope))))
            except (TooManyAtOnce, Unavailable) as error:
                status = HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, TooManyAtOnce) else status_of(error)
                headers = {"Retry-After": "1", "Connection": "close"}
                await problem(status, error.code, error.message, headers=headers)(scope, receive, send)
                return
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

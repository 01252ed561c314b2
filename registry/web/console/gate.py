"""Who passes into the console: an open session for every page, and for every form its token and our own origin.

A form is believed only if all of these hold, each of which stops a forged one by itself: the cookie came along
(SameSite=Strict: it does not from elsewhere), the browser says that one of our pages sent it (Sec-Fetch-Site, or Origin
where that is missing), and it carries the token that was made for this session.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode, urlsplit

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from registry.domain.errors import Forbidden
from registry.domain.hashing import sha256
from registry.service.access import Caller, issuer_for_reading, issuer_for_writing
from registry.service.once import RequestKey
from registry.service.sessions import Session, find_session, is_form_token
from registry.store_ports import IssuerRecord
from registry.web.console.cookie import session_id_of
from registry.web.pages.rendering import pages_of
from registry.web.requests import Wired

ROOT: Final = "/console"
SIGN_IN: Final = f"{ROOT}/sign-in"
MAX_FIELDS: Final = 1_000
"""The longest form, of an achievement with a hundred skills, has seven hundred."""
MAX_FIELD_BYTES: Final = 262_144
"""The longest field is a picture as text."""
HEADERS: Final[Mapping[str, str]] = {
    # Never told to another host; but our own forms must be able to say where they came from (Origin).
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}

_OURS: Final = re.compile(r"/console(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*(?:\?[A-Za-z0-9._~%&=+-]*)?")


class SignInNeeded(Exception):
    """Nobody is signed in, or not any more."""


def install(app: FastAPI) -> None:
    """Make the application ask whoever is not signed in to sign in."""
    app.add_exception_handler(SignInNeeded, _ask_to_sign_in)


def _ask_to_sign_in(request: Request, _error: Exception) -> Response:
    if request.method != "GET":
        return RedirectResponse(SIGN_IN, status_code=303)
    target = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        # A link in a mail: the browser keeps a strict cookie to itself. Asked again from a page of ours it brings it.
        context = {"target": own_address(target)}
        return pages_of(request).render(request, "console/arrival.html", context, headers=HEADERS, language="en")
    return RedirectResponse(f"{SIGN_IN}?{urlencode({'next': target})}", status_code=303)


def own_address(text: str | None) -> str:
    """Return an address if it is one of the console's, else the console's first."""
    return text if text is not None and _OURS.fullmatch(text) is not None else ROOT


def signed_in(request: Request, container: Wired) -> Session:
    """Return the session of a request. Raises SignInNeeded."""
    session_id = session_id_of(request, container.resources.public_url)
    session = None if session_id is None else find_session(container.resources, session_id)
    if session is None:
        raise SignInNeeded
    return session


Signed = Annotated[Session, Depends(signed_in)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An issuer's part of the console, and who is in it."""

    issuer: IssuerRecord
    session: Session

    @property
    def caller(self) -> Caller:
        """Whose right it is."""
        return self.session.caller

    @property
    def slug(self) -> str:
        """The issuer's short name."""
        return self.issuer.slug

    def address(self, path: str = "") -> str:
        """Write an address of this part."""
        return f"{ROOT}/issuers/{self.issuer.slug}{path}"


def reading_place(container: Wired, session: Signed, slug: str) -> Place:
    """Return the part of an issuer that the caller may look at. Raises NotFound."""
    with container.resources.store.read() as unit:
        return Place(issuer=issuer_for_reading(unit, session.caller, slug), session=session)


def writing_place(container: Wired, session: Signed, slug: str) -> Place:
    """Return the part of an issuer that the caller may act for. Raises NotFound, Forbidden for an auditor."""
    with container.resources.store.read() as unit:
        return Place(issuer=issuer_for_writing(unit, session.caller, slug), session=session)


Reading = Annotated[Place, Depends(reading_place)]
Writing = Annotated[Place, Depends(writing_place)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A form of ours that somebody sent."""

    path: str
    fields: FormData

    def text(self, name: str) -> str:
        """Return a field, empty when it is not there."""
        value = self.fields.get(name)
        # A browser sends line breaks as CR LF.
        return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""

    def optional(self, name: str) -> str | None:
        """Return a field that says something, else None."""
        return self.text(name) or None

    def count(self, name: str) -> int:
        """Tell how many fields there are that are numbered under a name."""
        return sum(field.startswith(f"{name}.") for field in self.fields)

    def flag(self, name: str) -> bool:
        """Tell whether a box was ticked."""
        return name in self.fields

    def file(self, name: str) -> UploadFile | None:
        """Return a file that was chosen."""
        value = self.fields.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def named(self, caller: Caller, *, content: bytes = b"") -> RequestKey | None:
        """Return the name of this one sending of the form: a double click does nothing twice.

        `content` is the hash of a file that came with it.
        """
        once = self.text("once")
        if not once:
            return None
        texts = sorted((name, value) for name, value in self.fields.multi_items() if isinstance(value, str))
        identity = f"POST {self.path}\n{urlencode(texts)}\n".encode() + content
        return RequestKey(tenant=caller.tenant, key=f"console-{once[:64]}", request_hash=sha256(identity))


async def posted(request: Request, session: Signed) -> AsyncIterator[Posted]:
    """Receive a form. Raises Forbidden `cross-site-form` or `form-token-wrong`."""
    async with receive_form(request, session) as form:
        yield form


@asynccontextmanager
async def receive_form(request: Request, session: Session) -> AsyncIterator[Posted]:
    """Receive a form and what files came with it, which are closed afterwards. Raises as `posted`."""
    require_own_page(request)
    async with request.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES) as fields:
        form = Posted(path=request.url.path, fields=fields)
        if not is_form_token(session, form.text("token")):
            raise Forbidden("form-token-wrong", "the form was not made for this session: load the page again")
        yield form


Form = Annotated[Posted, Depends(posted)]


def require_own_page(request: Request) -> None:
    """Raise Forbidden `cross-site-form` unless the browser says that a page of ours sent the request."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        ours = site == "same-origin"
    else:
        # Browsers before 2023. The host that it was sent to is the one whose cookies came along.
        ours = origin is not None and urlsplit(origin).netloc == request.headers.get("Host")
    if not ours:
        raise Forbidden("cross-site-form", "the form was sent by a page of another site")

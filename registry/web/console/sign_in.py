"""Signing in and out, and the choice of an issuer."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final, cast

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from registry.service.sessions import sign_in, sign_out
from registry.web.console.attempts import Attempts
from registry.web.console.cookie import delete_session, require_safe_address, session_id_of, set_session
from registry.web.console.gate import HEADERS, ROOT, SIGN_IN, Form, Signed, own_address, require_own_page
from registry.web.console.showing import go, show
from registry.web.pages.rendering import pages_of
from registry.web.requests import MAX_PAGE, Wired

MAX_SIGN_IN_FIELD_BYTES: Final = 4_096
"""An API key has 52 characters, an address of the console a few hundred."""
_SECOND: Final = timedelta(seconds=1)

router = APIRouter(prefix="/console", include_in_schema=False)


@router.get("/sign-in")
def get_sign_in(request: Request, container: Wired) -> Response:
    """Ask for an API key."""
    require_safe_address(container.resources.public_url)
    return _ask(request, target=own_address(request.query_params.get("next")))


@router.post("/sign-in")
async def post_sign_in(request: Request, container: Wired) -> Response:
    """Open a session, always a new one: an id that somebody planted beforehand is worth nothing."""
    resources = container.resources
    require_safe_address(resources.public_url)
    require_own_page(request)
    async with request.form(max_files=0, max_fields=4, max_part_size=MAX_SIGN_IN_FIELD_BYTES) as fields:
        secret, target = str(fields.get("key", "")).strip(), own_address(str(fields.get("next", "")))
    attempts = cast("Attempts", request.app.state.sign_in_attempts)  # Starlette's state is untyped
    address, now = "" if request.client is None else request.client.host, resources.clock.now()
    if (wait := attempts.wait(address, now)) is not None:
        return _ask(request, target=target, wait=wait)
    earlier = session_id_of(request, resources.public_url)
    if earlier is not None:
        await run_in_threadpool(sign_out, resources, earlier)
    session_id = await run_in_threadpool(sign_in, resources, secret)
    if session_id is None:
        attempts.note_failure(address, now)
        return _ask(request, target=target, refused=True)
    answer = go(target)
    set_session(answer, resources.public_url, session_id)
    return answer


@router.post("/sign-out")
def post_sign_out(request: Request, container: Wired, session: Signed, form: Form) -> Response:
    """End the session."""
    del session, form  # asked for: signing out by a forged form is a nuisance too
    public_url = container.resources.public_url
    if (session_id := session_id_of(request, public_url)) is not None:
        sign_out(container.resources, session_id)
    answer = go(SIGN_IN)
    delete_session(answer, public_url)
    return answer


@router.get("")
def get_console(request: Request, container: Wired, session: Signed) -> Response:
    """Show the issuers that somebody may act for, or go to the only one."""
    issuer_id = session.caller.issuer_id
    with container.resources.store.read() as unit:
        if issuer_id is not None:
            return go(f"{ROOT}/issuers/{unit.issuers.get(issuer_id).slug}")
        issuers = unit.issuers.page(after=None, limit=MAX_PAGE)
    return show(request, "issuers.html", {"issuers": issuers}, session=session)


def _ask(request: Request, *, target: str, refused: bool = False, wait: timedelta | None = None) -> Response:
    status, headers = HTTPStatus.OK, dict(HEADERS)
    if wait is not None:
        status, headers["Retry-After"] = HTTPStatus.TOO_MANY_REQUESTS, str(int(wait / _SECOND) + 1)
    elif refused:
        status = HTTPStatus.UNAUTHORIZED
    context = {"target": target, "refused": refused, "wait": wait}
    return pages_of(request).render(
        request, "console/sign-in.html", context, status=status, headers=headers, language="en"
    )

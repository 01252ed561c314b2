"""Signing in and out, and the choice of an issuer."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from registry.domain.errors import NotFound
from registry.service.resources import Resources
from registry.service.sessions import sign_in, sign_out
from registry.web.console.cookie import delete_session, require_safe_address, session_id_of, set_session
from registry.web.console.gate import HEADERS, ROOT, SIGN_IN, Form, Signed, own_address, require_own_page
from registry.web.console.showing import go, show_to
from registry.web.pages.rendering import pages_of
from registry.web.rate_limit import Limit, TooOften, limit_misses
from registry.web.requests import MAX_PAGE, Wired

MAX_SIGN_IN_FIELD_BYTES: Final = 4_096
"""An API key has 52 characters, an address of the console a few hundred."""
SIGN_INS: Final = Limit(name="tries to sign in", at_once=10, each_seconds=6.0)
"""Wrong keys. Nobody guesses 256 bits, but each try costs a look into the database; a person pastes a wrong one twice."""

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
    try:
        with limit_misses(request, SIGN_INS):
            session_id = await run_in_threadpool(_sign_in, resources, secret)
    except NotFound:
        return _ask(request, target=target, refused=True)
    except TooOften as error:
        return _ask(request, target=target, wait_seconds=error.retry_after_seconds)
    earlier = session_id_of(request, resources.public_url)
    if earlier is not None:
        await run_in_threadpool(sign_out, resources, earlier)
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
    return show_to(request, session, "issuers.html", {"issuers": issuers})


def _sign_in(resources: Resources, secret: str) -> str:
    session_id = sign_in(resources, secret)
    if session_id is None:
        raise NotFound("api-key-not-found", "no such API key, or it was revoked")
    return session_id


def _ask(request: Request, *, target: str, refused: bool = False, wait_seconds: int | None = None) -> Response:
    status, headers = HTTPStatus.OK, dict(HEADERS)
    if wait_seconds is not None:
        status, headers["Retry-After"] = HTTPStatus.TOO_MANY_REQUESTS, str(wait_seconds)
    elif refused:
        status = HTTPStatus.UNAUTHORIZED
    context = {
        "target": target,
        "refused": refused,
        "wait": None if wait_seconds is None else timedelta(seconds=wait_seconds),
    }
    return pages_of(request).render(
        request, "console/sign-in.html", context, status=status, headers=headers, language="en"
    )

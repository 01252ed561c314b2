"""Pages of the console as answers: in English, with who is signed in, and a new name for every form."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from registry.domain.errors import CredrootError, Forbidden, Malformed, NotFound, Unavailable
from registry.service.sessions import Session
from registry.store_ports import Role
from registry.web.console.gate import HEADERS, ROOT, Place
from registry.web.pages.rendering import pages_of
from registry.web.problems import status_of
from registry.web.requests import container_of

ONCE_BYTES: Final = 16
"""As many as make two forms of a caller never meet."""


class FormProblem:
    """Why a form was not accepted, said beside the field it is about."""

    def __init__(self, error: CredrootError) -> None:
        self.code = error.code
        self.where = error.where if isinstance(error, Malformed) else ""
        self.message = error.message.removeprefix(f"{self.where}: ")
        self.status = status_of(error)


def correctable(error: CredrootError) -> FormProblem:
    """Return what the sender of a form can put right; raise what the form has nothing to do with."""
    if isinstance(error, NotFound | Forbidden | Unavailable):
        raise error
    return FormProblem(error)


def show(
    request: Request,
    place: Place,
    template: str,
    context: Mapping[str, object],
    *,
    problem: FormProblem | None = None,
    status: HTTPStatus | None = None,
) -> Response:
    """Answer with a page about an issuer; with a problem it is a form once more."""
    told = HTTPStatus.OK if problem is None else problem.status
    shown = {"place": place, "problem": problem, **context}
    return show_to(request, place.session, template, shown, status=status or told)


def show_to(
    request: Request,
    session: Session,
    template: str,
    context: Mapping[str, object],
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """Answer with a page for whoever is signed in."""
    resources = container_of(request).resources
    shown = {
        "session": session,
        "place": None,
        "console": ROOT,
        "may_write": session.caller.role is not Role.AUDITOR,
        "is_admin": session.caller.role is Role.ADMIN,
        "once": resources.random_bytes(ONCE_BYTES).hex(),
        "now": resources.clock.now(),
        **context,
    }
    return pages_of(request).render(
        request, f"console/{template}", shown, status=status, headers=HEADERS, language="en"
    )


def go(address: str) -> Response:
    """Answer a form that was carried out: what follows is another page, and loading it again sends nothing."""
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


def go_to_made(answer: Response) -> Response:
    """Go to the page of what the API says was made: the console's addresses are those of the API."""
    return go(f"{ROOT}{answer.headers['Location'].removeprefix('/v1')}")

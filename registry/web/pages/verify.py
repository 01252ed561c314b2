"""The verify page: a form that works without scripts, and the verdict on every credential of what was sent.

With scripts the browser checks beside the service (static/verify.js), and goes on alone when the service does not answer.
What is sent is read in memory, judged and forgotten.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.check import CheckId, Result
from registry.domain.errors import Malformed
from registry.domain.problem import Problem
from registry.domain.share_link import MAX_TEXT
from registry.domain.shown_credential import ShownCredential, show_credential
from registry.service.verifying_files import Judged
from registry.web.judging import judge_received
from registry.web.pages.rendering import Policy, language_of, pages_of
from registry.web.pages.verdict_words import CHECKS, REASONS, RESULTS, TONES, WORDS
from registry.web.rate_limit import VERIFICATIONS, charge_work, limit
from registry.web.received_files import Received, receive_form
from registry.web.requests import container_of

POLICY: Final = Policy(connect="'self' https: http://localhost:* http://127.0.0.1:*")
"""The browser asks the Ethereum node and the published files that the visitor names, and no other host."""

router = APIRouter(include_in_schema=False)


MAX_EMBEDDED_BYTES: Final = 1_048_576
"""Of all documents and receipts in one page, for the browser and for saving: escaped twice they may take ten times as much. Those
beyond are judged by the service alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One credential as the page shows it."""

    judged: Judged
    facts: ShownCredential
    """Empty where there is no document."""
    document: str | None
    """The credential's text, for the browser and for saving; None where only the verdict may be shown, or there is no room."""
    receipt: str | None
    link: str | None
    """By which the verdict may be asked for again where its document is not shown."""


@router.get("/")
def get_verify_page(request: Request) -> Response:
    """Show the empty form."""
    return _page(request)


@router.post("/")
async def post_verify_page(request: Request) -> Response:
    """Show the verdicts on what was sent; what could not be read is told beside the form."""
    limit(request, VERIFICATIONS)
    received: Received | None = None
    try:
        received = await receive_form(request)
        judged = await run_in_threadpool(_judge, request, received)
    except Malformed as error:
        return _page(request, problem=Problem.of(error), received=received)
    if len(judged) == 1 and judged[0].problem is not None:
        return _page(request, problem=judged[0].problem, received=received)
    # Documents of megabytes are read and escaped: others are answered meanwhile.
    return await run_in_threadpool(_verdicts, request, judged)


@router.post("/verdict.json")
async def post_verdict_file(request: Request) -> Response:
    """Give the verdict as a file. Raises Malformed."""
    limit(request, VERIFICATIONS)
    received = await receive_form(request)
    judged = await run_in_threadpool(_judge, request, received)
    verdicts = [_to_json(item) for item in judged]
    content = verdicts[0] if len(verdicts) == 1 else verdicts
    return Response(
        orjson.dumps(content, option=orjson.OPT_INDENT_2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="verdict.json"'},
    )


def _judge(request: Request, received: Received) -> tuple[Judged, ...]:
    with charge_work(request, VERIFICATIONS):
        return judge_received(request, received)


def _verdicts(request: Request, judged: Sequence[Judged]) -> Response:
    with charge_work(request, VERIFICATIONS):
        return _page(request, judged=judged)


def _page(
    request: Request,
    *,
    judged: Sequence[Judged] = (),
    problem: Problem | None = None,
    received: Received | None = None,
) -> Response:
    container = container_of(request)
    contract = container.published_contract
    language = language_of(request)
    return pages_of(request).render(
        request,
        "verify/page.html",
        {
            "shown": list(_shown(judged, language)),
            "problem": problem,
            # A credential's own page leads here with its link: checking it is one press away.
            "link": next(iter(received.links), "") if received else request.query_params.get("link", "")[:MAX_TEXT],
            "rpc_url": container.public_rpc_url or "",
            "contract": contract,
            "words": WORDS,
            "checks": CHECKS,
            "results": RESULTS,
            "tones": TONES,
            "reasons": REASONS,
            "check_ids": tuple(CheckId),
            "Result": Result,
        },
        status=HTTPStatus.OK if problem is None else HTTPStatus.BAD_REQUEST,
        policy=POLICY,
    )


def _shown(judged: Sequence[Judged], language: str) -> Iterator[Shown]:
    room = MAX_EMBEDDED_BYTES
    for item in judged:
        size = len(item.content or b"") + len(item.receipt or b"")
        embedded = item.shown and size <= room
        room -= size if embedded else 0
        yield Shown(
            judged=item,
            facts=show_credential(_document(item.content), visitor=language),
            document=_text(item.content) if embedded else None,
            receipt=_text(item.receipt) if embedded else None,
            link=None if item.shown else item.name,
        )


def _document(content: bytes | None) -> JsonObject:
    try:
        return {} if content is None else parse_object(content)
    except Malformed:
        return {}


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", errors="replace")


def _to_json(item: Judged) -> object:
    if item.problem is not None:
        return {"name": item.name, "problem": {"code": item.problem.code, "message": item.problem.message}}
    return {} if item.verdict is None else item.verdict.to_json()

"""Verifying: one public call that answers in words and stable codes."""

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.errors import Malformed
from registry.domain.evidence import Policy
from registry.domain.log_name import LogName
from registry.service.checking import verify_here
from registry.service.served_lists import StatusListCopy
from registry.service.verifying import VerifyRequest
from registry.service.verifying_files import Judged
from registry.web.judging import judge_received, own_word
from registry.web.received_files import MAX_NAME, receive_body
from registry.web.requests import StrictBody, Wired, known_parameters_of, read_form
from registry.web.verdict_schemas import JudgedFileView, VerdictView, VerifyForm

router = APIRouter(prefix="/v1", tags=["verification"], dependencies=[Depends(known_parameters_of)])

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/VerifyForm"},
                "example": {"credential": {"@context": ["https://www.w3.org/ns/credentials/v2"]}},
            }
        },
    }
}


@router.post("/verify", response_model=VerdictView, openapi_extra=_BODY)
def verify(container: Wired, body: StrictBody) -> JsonObject:
    """Verify a credential. A credential that is revoked or forged is a successful check: the answer is 200.

    Needs no account; what is sent is not kept.
    """
    form = read_form(VerifyForm, body)
    options = form.options
    policy = Policy(
        published_contract=container.published_contract,
        profile=options.profile,
        max_status_age=timedelta(seconds=options.max_status_age_seconds),
        max_block_age=timedelta(seconds=options.max_block_age_seconds),
        at=options.at,
        trusted_logs=frozenset(LogName.parse(name) for name in options.trust_logs),
        contracts=frozenset(address.lower() for address in options.contracts),
        recognised=None if options.recognised is None else frozenset(options.recognised),
        block_hash=None if options.block_hash is None else bytes.fromhex(options.block_hash[2:]),
    )
    request = VerifyRequest(
        credential=canonicalize(form.credential),
        policy=policy,
        receipt=None if form.receipt is None else canonicalize(form.receipt),
        did_document=None if form.did_document is None else canonicalize(form.did_document),
        resolve_did=options.resolve_did,
        fetch_status=options.fetch_status,
        status_lists=tuple(StatusListCopy(content=canonicalize(item)) for item in form.status_lists),
    )
    return verify_here(request, verifier=container.verifier, own=own_word(container)).to_json()


_FILE_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary"},
                "example": '{"@context": ["https://www.w3.org/ns/credentials/v2"]}',
            }
        },
    }
}


@router.post("/verify/file", response_model=list[JudgedFileView], openapi_extra=_FILE_BODY)
async def verify_file(
    request: Request,
    name: Annotated[str | None, Query(max_length=MAX_NAME, description="What the file is called.")] = None,
) -> list[JsonObject]:
    """Verify every credential of a file: JSON, token, PNG, SVG, PDF, a QR code's picture, or a zip of many.

    The body is the file, or a form (multipart/form-data) of files (`file`), texts (`text`) and share links or short codes of this registry
    (`link`). Needs no account; what is sent is not kept, and no other link is followed. What one of several cannot be
    read as has its problem in its place.
    """
    received = await receive_body(request, name=name)
    judged = await run_in_threadpool(judge_received, request, received)
    if len(judged) == 1 and judged[0].problem is not None:
        raise Malformed(judged[0].problem.code, judged[0].problem.message)
    return [_to_json(item) for item in judged]


def _to_json(item: Judged) -> JsonObject:
    problem = item.problem
    return {
        "name": item.name,
        "kind": None if item.kind is None else str(item.kind),
        "verdict": None if item.verdict is None else item.verdict.to_json(),
        "problem": None if problem is None else {"code": problem.code, "message": problem.message},
    }

"""Verifying: one public call that answers in words and stable codes."""

from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Depends

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.evidence import Policy
from registry.domain.log_name import LogName
from registry.service.checking import OwnWord, verify_here
from registry.service.served_lists import StatusListCopy
from registry.service.verifying import VerifyRequest
from registry.web.requests import StrictBody, Wired, known_parameters_of, read_form
from registry.web.schemas import VerdictView, VerifyForm

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
    own = OwnWord(
        store=container.resources.store,
        clock=container.resources.clock,
        receipts=container.receipts,
        status_lists=container.status_lists,
    )
    return verify_here(request, verifier=container.verifier, own=own).to_json()

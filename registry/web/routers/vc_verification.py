"""The VC API (VCALM 1.0): verify a credential or a presentation. Needs no account; what is sent is not kept."""

from typing import Any

from fastapi import APIRouter, Depends, Response

from registry.domain.errors import Malformed
from registry.service.checking import OwnWord
from registry.service.vc_checking import CredentialChecker, Wanted
from registry.service.vc_presenting import PresentationChecker
from registry.web.requests import StrictBody, Wired, known_parameters_of, read_form
from registry.web.vc_answers import answer, view_checked, view_presentation
from registry.web.vc_schemas import CheckedPresentationView, CheckedView, CheckForm, PresentationForm

router = APIRouter(tags=["vc-api"], dependencies=[Depends(known_parameters_of)])


def _body(form: str) -> dict[str, Any]:
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{form}"}}},
        }
    }


@router.post("/credentials/verify", response_model=CheckedView, openapi_extra=_body("CheckForm"))
def verify_credential(container: Wired, body: StrictBody) -> Response:
    """Verify a credential. One that is not verified is answered with 200 too, or with 400 where the server is set so.

    What is no credential with a proof at all is always 400.
    """
    form = read_form(CheckForm, body)
    options = form.options
    wanted = Wanted(checks=frozenset(options.checks), challenge=options.challenge, domain=options.domain)
    checked = _checker(container).check(form.verifiable_credential, wanted)
    view = view_checked(checked, options)
    return answer(view, malformed=checked.malformed, failure_status=container.vc_api.failure_status)


@router.post("/presentations/verify", response_model=CheckedPresentationView, openapi_extra=_body("PresentationForm"))
def verify_presentation(container: Wired, body: StrictBody) -> Response:
    """Verify a presentation and every credential in it. Failures are answered as those of a credential are."""
    form = read_form(PresentationForm, body)
    options = form.options
    proved, bare = form.verifiable_presentation, form.presentation
    if (proved is None) == (bare is None):
        raise Malformed("malformed-request", "expected verifiablePresentation or presentation, and not both")
    if bare is not None and (options.challenge is not None or options.domain is not None):
        raise Malformed(
            "proof-expected", "expected no challenge and no domain where there is no proof", where="options"
        )
    wanted = Wanted(checks=frozenset(options.checks), challenge=options.challenge, domain=options.domain)
    checker = PresentationChecker(credentials=_checker(container), did_resolver=container.did_resolver)
    checked = checker.check(proved or bare or {}, wanted, proved=proved is not None)
    view = view_presentation(checked, options)
    return answer(view, malformed=checked.malformed, failure_status=container.vc_api.failure_status)


def _checker(container: Wired) -> CredentialChecker:
    own = OwnWord(
        store=container.resources.store,
        clock=container.resources.clock,
        receipts=container.receipts,
        status_lists=container.status_lists,
    )
    return CredentialChecker(
        resources=container.resources,
        verifier=container.verifier,
        own=own,
        published_contract=container.published_contract,
    )

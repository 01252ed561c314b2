"""How verdicts are told in the VC API: problem details with the types of the W3C, and our own stable codes.

    fails      form         ...vc-data-model#MALFORMED_VALUE_ERROR, PARSING_ERROR for what is no JSON
               signature    ...vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR; a wrong challenge or domain has its own type
               issuer       ...vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR
               validity     ...vc-data-model#RANGE_ERROR
               status       ...status-list#STATUS_VERIFICATION_ERROR
    unknown    any          urn:credroot:problem:could-not-check: neither fine nor forged, and never verified

The code says which of them it is exactly: it is the reason of docs/verdict.md.
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Final

import orjson
from fastapi import Response

from registry.domain.canonical import JsonObject
from registry.domain.check import Check, CheckId, Reason, Result
from registry.domain.one_or_many import as_items
from registry.service.vc_checking import CheckedCredential
from registry.service.vc_presenting import CheckedPresentation
from registry.web.problems import MEDIA_TYPE, PROBLEM_TYPES
from registry.web.vc_schemas import (
    CheckedPresentationView,
    CheckedView,
    CheckOptions,
    PresentationOptions,
    ProblemDetail,
    VerificationView,
)

COULD_NOT_CHECK: Final = f"{PROBLEM_TYPES}could-not-check"

_DATA_MODEL: Final = "https://www.w3.org/TR/vc-data-model#"
_SECURITY: Final = "https://w3id.org/security#"
_STATUS_LIST: Final = "https://www.w3.org/ns/credentials/status-list#"
_BY_REASON: Final = {
    Reason.NOT_JSON: f"{_DATA_MODEL}PARSING_ERROR",
    Reason.CHALLENGE_DIFFERS: f"{_SECURITY}INVALID_CHALLENGE_ERROR",
    Reason.DOMAIN_DIFFERS: f"{_SECURITY}INVALID_DOMAIN_ERROR",
}
_BY_CHECK: Final = {
    CheckId.FORM: f"{_DATA_MODEL}MALFORMED_VALUE_ERROR",
    CheckId.SIGNATURE: f"{_DATA_MODEL}CRYPTOGRAPHIC_SECURITY_ERROR",
    CheckId.ISSUER: f"{_DATA_MODEL}CRYPTOGRAPHIC_SECURITY_ERROR",
    CheckId.VALIDITY: f"{_DATA_MODEL}RANGE_ERROR",
    CheckId.REVOCATION: f"{_STATUS_LIST}STATUS_VERIFICATION_ERROR",
    CheckId.SUSPENSION: f"{_STATUS_LIST}STATUS_VERIFICATION_ERROR",
}


def detail(check: Check) -> ProblemDetail:
    """Tell a check that failed, or could not be made, as a problem."""
    if check.result is Result.UNKNOWN:
        return ProblemDetail(
            type=COULD_NOT_CHECK, title="Could not check", detail=check.sentence, code=str(check.reason)
        )
    kind = _BY_REASON.get(check.reason, _BY_CHECK.get(check.id, f"{PROBLEM_TYPES}{check.reason}"))
    title = str(check.id).capitalize()
    return ProblemDetail(type=kind, title=f"{title} failed", detail=check.sentence, code=str(check.reason))


def details(checks: Iterable[Check]) -> tuple[ProblemDetail, ...]:
    """Tell several."""
    return tuple(map(detail, checks))


def view_checked(checked: CheckedCredential, options: CheckOptions) -> CheckedView:
    """Show what became of a credential."""
    problems = details(checked.problems) if options.return_problem_details else ()
    return CheckedView(
        verified=checked.verified,
        checks=names_of(checked.verdict.checks),
        warnings=details(checked.warnings),
        errors=problems,
        problem_details=problems,
        credential=checked.document if options.return_credential else None,
        results=results_of(checked) if options.return_results else None,
    )


def view_presentation(checked: CheckedPresentation, options: PresentationOptions) -> CheckedPresentationView:
    """Show what became of a presentation."""
    problems = details(checked.problems)
    for number, credential in enumerate(checked.credentials):
        # Told with the place: whoever shows several credentials wants to know which one it is.
        problems += tuple(
            problem.model_copy(update={"detail": f"credential {number}: {problem.detail}"})
            for problem in details(credential.problems)
        )
    if not options.return_problem_details:
        problems = ()
    return CheckedPresentationView(
        verified=checked.verified,
        checks=("form", *(() if checked.proofs is None else ("signature",)), "credentials"),
        warnings=tuple(problem for credential in checked.credentials for problem in details(credential.warnings)),
        errors=problems,
        problem_details=problems,
        verifiable_presentation=checked.document if options.return_presentation else None,
        results=_presentation_results(checked) if options.return_results else None,
    )


def _presentation_results(checked: CheckedPresentation) -> JsonObject:
    own: JsonObject = {}
    if checked.proofs is not None:
        holds = checked.proofs.finding.result is Result.PASS
        own["proof"] = [{"verified": holds, "input": proof} for proof in as_items(checked.document.get("proof"))]
        if "holder" in checked.document:
            own["holder"] = {"verified": holds, "input": checked.document["holder"]}
    return {
        "presentation": own,
        "credentials": [
            {
                "verified": credential.verified,
                "credential": credential.document,
                "problemDetails": [
                    item.model_dump(mode="json", by_alias=True) for item in details(credential.problems)
                ],
                "results": results_of(credential),
            }
            for credential in checked.credentials
        ],
    }


def names_of(checks: Sequence[Check]) -> tuple[str, ...]:
    """Return the names of the checks that were made."""
    return tuple(str(check.id) for check in checks if check.result in {Result.PASS, Result.FAIL})


def results_of(checked: CheckedCredential) -> JsonObject:
    """Tell what came of each property, as VCALM 1.0 arranges it."""
    document, verdict = checked.document, checked.verdict
    results: JsonObject = {}
    valid = verdict.check(CheckId.VALIDITY)
    for name in ("validFrom", "validUntil", "issuanceDate", "expirationDate"):
        if name in document:
            reasons = {
                Reason.NOT_YET_VALID: ("validFrom", "issuanceDate"),
                Reason.EXPIRED: ("validUntil", "expirationDate"),
            }
            broken = name in reasons.get(valid.reason, ())
            results[name] = {"verified": valid.result is not Result.UNKNOWN and not broken, "input": document[name]}
    if "credentialStatus" in document:
        states = [verdict.check(CheckId.REVOCATION), verdict.check(CheckId.SUSPENSION)]
        results["credentialStatus"] = [
            {
                "verified": all(state.result in {Result.PASS, Result.SKIPPED} for state in states),
                "value": int(any(state.result is Result.FAIL for state in states)),
                "input": entry,
            }
            for entry in as_items(document["credentialStatus"])
        ]
    if "proof" in document:
        holds = verdict.check(CheckId.SIGNATURE).result is Result.PASS
        results["proof"] = [{"verified": holds, "input": proof} for proof in as_items(document["proof"])]
    return results


def answer(view: VerificationView, *, malformed: bool, failure_status: HTTPStatus) -> Response:
    """Answer a verification: 200, or a problem for what could not be verified at all or as the operator wants it."""
    dumped = view.model_dump(mode="json", by_alias=True)
    # What was not asked for is left out; inside what was verified nothing is.
    body = {name: member for name, member in dumped.items() if member is not None}
    if view.verified or (not malformed and failure_status is HTTPStatus.OK):
        return Response(orjson.dumps(body), media_type="application/json")
    status = HTTPStatus.BAD_REQUEST if malformed else failure_status
    first = view.problem_details[0] if view.problem_details else None
    problem = {
        "type": f"{PROBLEM_TYPES}not-verified" if first is None else first.type,
        "title": status.phrase if first is None else first.title,
        "status": status.value,
        "detail": "not verified" if first is None else first.detail,
        "code": "not-verified" if first is None else first.code,
    }
    return Response(orjson.dumps(problem | body), status_code=status, media_type=MEDIA_TYPE)

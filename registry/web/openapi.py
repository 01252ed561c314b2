"""The OpenAPI document, completed with what the framework does not know: problems, media types, examples' schemas.

Every operation lists the problems it can answer, as `application/problem+json`; what is not JSON is not said to be.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from registry.web.problems import MEDIA_TYPE
from registry.web.schemas import ProblemView
from registry.web.vc_schemas import CheckForm, IssueForm, ListedStatusForm, PresentationForm, StatusListForm
from registry.web.verdict_schemas import VerifyForm

PROBLEMS: Final = {
    HTTPStatus.BAD_REQUEST: "The request has the wrong form.",
    HTTPStatus.UNAUTHORIZED: "No API key, or one that is unknown or revoked.",
    HTTPStatus.FORBIDDEN: "The caller's role does not allow it.",
    HTTPStatus.NOT_FOUND: "No such thing, or not for this caller.",
    HTTPStatus.CONFLICT: "The state of the registry does not allow it.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A rule of the registry says no.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too often: Retry-After says when to come again.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something unexpected happened; it was logged.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The outside world failed; try again.",
}
_OF_KEYS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_REFERENCE: Final = "#/components/schemas/{model}"
_FRAMEWORK: Final = ("HTTPValidationError", "ValidationError")
_READ_STRICTLY: Final = (VerifyForm, IssueForm, CheckForm, PresentationForm, ListedStatusForm, StatusListForm)
"""Bodies whose every byte matters: the framework does not read them, so it does not describe them."""
_VALIDATION: Final = "Validation Error"
"""What the framework would answer with 422; here it is 400."""
_METHODS: Final = ("get", "post", "put", "delete")
_LIMITED: Final = frozenset({"/v1/verify/file"})
"""Where wrong short codes are counted, and every visitor has a share of the places."""


# Any: the document is JSON of the framework's making.
def complete(document: dict[str, Any], *, keyless: bool = False) -> dict[str, Any]:
    """Return the framework's document with what it lacks; a `keyless` server asks nobody for a key."""
    _, described = models_json_schema(
        [(ProblemView, "serialization"), *((form, "validation") for form in _READ_STRICTLY)], ref_template=_REFERENCE
    )
    components = document["components"]
    schemas = components["schemas"]
    schemas |= described["$defs"]
    for name in _FRAMEWORK:
        schemas.pop(name, None)
    if keyless:
        components.pop("securitySchemes", None)
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                # Asked before the key is taken away: who may act can be refused all the same.
                _complete_operation(operation, path=path, method=method, keyless=keyless)
                if keyless:
                    operation.pop("security", None)
    return document


def _complete_operation(operation: dict[str, Any], *, path: str, method: str, keyless: bool) -> None:
    operation["summary"] = operation["description"].split(". ")[0].split("\n")[0].rstrip(".")
    responses = operation["responses"]
    for answer in responses.values():
        content = answer.get("content", {})
        if len(content) > 1 and content.get("application/json", {}).get("schema") == {}:
            del content["application/json"]
    refusal = responses.pop(str(HTTPStatus.UNPROCESSABLE_ENTITY.value), {})
    documented = {*_problems_of(operation, path=path, method=method)}
    if refusal.get("description", _VALIDATION) != _VALIDATION:
        # The route's own word, not what the framework says of every route.
        documented.add(HTTPStatus.UNPROCESSABLE_ENTITY)
    for status in sorted(documented):
        if keyless and status in _OF_KEYS:
            continue
        # Some say what went wrong in words of their own as well.
        own = responses.get(str(status.value), {}).get("content", {})
        responses[str(status.value)] = {
            "description": PROBLEMS[status],
            "content": own | {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model=ProblemView.__name__)}}},
        }


def _problems_of(operation: dict[str, Any], *, path: str, method: str) -> Iterator[HTTPStatus]:
    changes = method != "get"
    yield HTTPStatus.BAD_REQUEST
    if "security" in operation:
        yield HTTPStatus.UNAUTHORIZED
        yield HTTPStatus.FORBIDDEN
    if "{" in path or "security" in operation:
        yield HTTPStatus.NOT_FOUND
    if changes and "security" in operation:
        yield HTTPStatus.CONFLICT
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    if "requestBody" in operation:
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if path in _LIMITED:
        yield HTTPStatus.TOO_MANY_REQUESTS
    yield HTTPStatus.INTERNAL_SERVER_ERROR
    yield HTTPStatus.SERVICE_UNAVAILABLE

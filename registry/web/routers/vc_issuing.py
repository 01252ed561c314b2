"""The VC API (VCALM 1.0): issue a credential that somebody else wrote, change its status, open and serve status lists.

    /issuers/{slug}/credentials/issue    one instance an issuer, with the cryptosuites that the issuer signs with
    /credentials/issue                   the instance of the caller's own issuer

What is issued with a slot is anchored like everything else.
"""

from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Header, Response

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.errors import Forbidden, Malformed
from registry.domain.slot import Purpose
from registry.service.access import Caller, issuer_for_writing
from registry.service.list_addresses import parse_list_id
from registry.service.once import RequestKey, once
from registry.service.statuses import LIST_TTL
from registry.service.vc_issuing import DocumentOrder, issue_document
from registry.service.vc_statuses import ListedStatus, OpenedList, open_list, set_status
from registry.store_ports import IdempotencyAnswer, IssuerRecord, ReadStore, Role, WriteStore
from registry.web.requests import Authenticated, Named, StrictBody, Wired, known_parameters_of, read_form, respond
from registry.web.vc_schemas import (
    IssuedCredential,
    IssueForm,
    IssueOptions,
    ListedStatusForm,
    ListedStatusView,
    StatusListForm,
    StatusListView,
    StatusWish,
)

router = APIRouter(tags=["vc-api"], dependencies=[Depends(known_parameters_of)])

STATUS_TYPES: Final = frozenset({"BitstringStatusListEntry", "BitstringStatusList"})
"""What an entry's type may be called in a request; the second is the word of VCALM's example."""


def _body(form: str) -> dict[str, Any]:
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{form}"}}},
        }
    }


_OBJECT: Final[dict[str, Any]] = {"schema": {"type": "object"}}
_LIST: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/json": _OBJECT, "application/vc": _OBJECT}},
    304: {"description": "The list is still the one of the ETag."},
}


@router.post("/credentials/issue", status_code=201, response_model=IssuedCredential, openapi_extra=_body("IssueForm"))
def issue_as_own(container: Wired, caller: Authenticated, named: Named, body: StrictBody) -> Response:
    """Issue a credential as the issuer that the caller acts for."""
    return _issue(container, caller, named, body, slug=None)


@router.post(
    "/issuers/{slug}/credentials/issue",
    status_code=201,
    response_model=IssuedCredential,
    openapi_extra=_body("IssueForm"),
)
def issue_as(container: Wired, caller: Authenticated, named: Named, slug: str, body: StrictBody) -> Response:
    """Issue a credential as an issuer: proofs by its cryptosuites are added, and a status entry."""
    return _issue(container, caller, named, body, slug=slug)


@router.post("/credentials/status", openapi_extra=_body("ListedStatusForm"))
def change_status_as_own(container: Wired, caller: Authenticated, body: StrictBody) -> ListedStatusView:
    """Revoke, suspend or reinstate a credential of the issuer that the caller acts for."""
    return _change_status(container, caller, body, slug=None)


@router.post("/issuers/{slug}/credentials/status", openapi_extra=_body("ListedStatusForm"))
def change_status_as(container: Wired, caller: Authenticated, slug: str, body: StrictBody) -> ListedStatusView:
    """Revoke, suspend or reinstate a credential of an issuer. Revocation is for ever."""
    return _change_status(container, caller, body, slug=slug)


@router.post("/status-lists", status_code=201, response_model=StatusListView, openapi_extra=_body("StatusListForm"))
def open_list_as_own(container: Wired, caller: Authenticated, named: Named, body: StrictBody) -> Response:
    """Open a status list for the next credentials of the issuer that the caller acts for."""
    return _open_list(container, caller, named, body, slug=None)


@router.post(
    "/issuers/{slug}/status-lists",
    status_code=201,
    response_model=StatusListView,
    openapi_extra=_body("StatusListForm"),
)
def open_list_as(container: Wired, caller: Authenticated, named: Named, slug: str, body: StrictBody) -> Response:
    """Open a status list for the next credentials of an issuer; one that is still empty is taken again."""
    return _open_list(container, caller, named, body, slug=slug)


@router.get("/status-lists/{list_id}", response_class=Response, responses=_LIST)
def get_list(
    container: Wired,
    list_id: str,
    accept: Annotated[str, Header()] = "*/*",
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Serve a signed status list by its short name, which is `revocation-` or `suspension-` and its number."""
    purpose, number = parse_list_id(list_id)
    signed = container.status_lists.serve(purpose, number)
    # Clients of test suites read JSON only where it is called so.
    media_type = "application/vc" if "application/vc" in accept else "application/json"
    headers = {
        "ETag": signed.etag,
        "Cache-Control": f"public, max-age={int(LIST_TTL.total_seconds())}",
        "Vary": "Accept",
    }
    if if_none_match is not None and (if_none_match.strip() == "*" or signed.etag in if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(signed.content, media_type=media_type, headers=headers)


def _issue(
    container: Wired, caller: Caller, named: RequestKey | None, body: JsonObject, *, slug: str | None
) -> Response:
    form = read_form(IssueForm, body)
    bare = container.vc_api.bare

    def make(unit: WriteStore) -> JsonObject:
        issuer = _issuer_of(container, unit, caller, slug)
        _check_options(unit, issuer, form.options)
        order = DocumentOrder(
            document=form.credential,
            credential_id=form.options.credential_id,
            purposes=_purposes(form.options.credential_status, default=container.vc_api.with_status),
            repeatable=container.vc_api.repeatable,
        )
        return issue_document(container.resources, unit, issuer, order, caller=caller)

    def render(secured: JsonObject) -> IdempotencyAnswer:
        answer: JsonObject = secured if bare else {"verifiableCredential": secured}
        return IdempotencyAnswer(status=201, headers=b"", body=orjson.dumps(answer))

    return respond(once(container.resources, named, make, render))


def _change_status(container: Wired, caller: Caller, body: JsonObject, *, slug: str | None) -> ListedStatusView:
    form = read_form(ListedStatusForm, body)
    entry = form.credential_status
    if entry.type not in STATUS_TYPES:
        raise Malformed("status-type-unknown", "expected BitstringStatusListEntry", where="credentialStatus.type")
    status = ListedStatus(
        credential_id=form.credential_id,
        purpose=entry.status_purpose,
        value=form.status,
        index=entry.status_list_index,
    )
    with container.resources.store.write() as unit:
        issuer = _issuer_of(container, unit, caller, slug)
        set_status(container.resources, unit, issuer, status, caller=caller)
    return ListedStatusView(credential_id=form.credential_id, status_purpose=entry.status_purpose, status=form.status)


def _open_list(
    container: Wired, caller: Caller, named: RequestKey | None, body: JsonObject, *, slug: str | None
) -> Response:
    form = read_form(StatusListForm, body)

    def make(unit: WriteStore) -> OpenedList:
        return open_list(container.resources, unit, _issuer_of(container, unit, caller, slug), form.status_purpose)

    def render(opened: OpenedList) -> IdempotencyAnswer:
        return IdempotencyAnswer(status=201, headers=opened.url.encode("ascii"), body=opened.id.encode("ascii"))

    kept = once(container.resources, named, make, render)
    # Signed after the transaction that opened it, and as it is now where the request is repeated.
    purpose, number = parse_list_id(kept.body.decode("ascii"))
    url = kept.headers.decode("ascii")
    shown = StatusListView(
        id=url, verifiable_credential=parse_object(container.status_lists.serve(purpose, number).content)
    )
    content = shown.model_dump_json(by_alias=True)
    return Response(content, status_code=201, media_type="application/json", headers={"Location": url})


def _issuer_of(container: Wired, unit: ReadStore, caller: Caller, slug: str | None) -> IssuerRecord:
    if slug is not None:
        return issuer_for_writing(unit, caller, slug)
    if caller.issuer_id is not None:
        return unit.issuers.get(caller.issuer_id)
    if caller.role is Role.AUDITOR:
        raise Forbidden("role-not-allowed", "expected an API key of the role issuer")
    if container.vc_api.default_issuer is None:
        raise Malformed("issuer-not-chosen", "expected /issuers/{slug}/ before it: this key acts for no one issuer")
    return issuer_for_writing(unit, caller, container.vc_api.default_issuer)


def _check_options(unit: ReadStore, issuer: IssuerRecord, options: IssueOptions) -> None:
    key = unit.issuers.active_key(issuer.id)
    if options.verification_method not in (None, key.verification_method):
        message = f"expected {key.verification_method}, the issuer's key"
        raise Malformed("option-refused", message, where="options.verificationMethod")
    if options.cryptosuite not in {None, *issuer.cryptosuites}:
        message = f"expected {' or '.join(issuer.cryptosuites)}, which this issuer signs with"
        raise Malformed("option-refused", message, where="options.cryptosuite")


def _purposes(wish: StatusWish | bool | None, *, default: bool) -> tuple[Purpose, ...]:  # noqa: FBT001 - a member of JSON
    if wish is None:
        wish = default
    if isinstance(wish, bool):
        return (Purpose.REVOCATION,) if wish else ()
    suspendable = wish.status_purpose is Purpose.SUSPENSION
    return (Purpose.REVOCATION, Purpose.SUSPENSION) if suspendable else (Purpose.REVOCATION,)

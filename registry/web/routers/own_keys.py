"""What an issuer that keeps its own key asks for: slots, a kit to sign with, and to have its credentials taken."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, BinaryIO, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from registry.domain.errors import Malformed
from registry.domain.fields import write_time
from registry.domain.hashing import Digest, sha256
from registry.domain.promise import Promise, PromiseKind
from registry.domain.submission_report import SubmissionRefused
from registry.service.access import Caller, issuer_for_reading, issuer_for_writing
from registry.service.container import Container
from registry.service.once import RequestKey, once
from registry.service.own_keys import present_own_key
from registry.service.promising import promise_accepted
from registry.service.reserving import ReservationOrder, reserve, show_reservation, signing_kit
from registry.service.submitting import (
    MAX_LINE_BYTES,
    Examined,
    SubmissionOrder,
    examine_lines,
    examine_one,
    store,
)
from registry.store_ports import CredentialRecord, IdempotencyAnswer, IssuerRecord, WriteStore
from registry.web.own_key_schemas import (
    ReservationForm,
    ReservationSummaryView,
    ReservationView,
    SigningKitView,
    SubmittedCredentialView,
    SubmittedView,
)
from registry.web.problems import problem
from registry.web.promise_schemas import view_inclusion
from registry.web.requests import (
    Authenticated,
    IdempotencyKey,
    Named,
    Paged,
    Wired,
    known_parameters_of,
    name_request,
    respond,
    spool,
)
from registry.web.views import created, view_credential

router = APIRouter(prefix="/v1/issuers/{slug}", tags=["own keys"], dependencies=[Depends(known_parameters_of)])

_NOT_ITS_OWN: Final[dict[int | str, dict[str, Any]]] = {422: {"description": "The registry signs for this issuer."}}
_LINE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["credential"],
    "additionalProperties": False,
    "properties": {
        "credential": {"type": "object", "description": "The signed credential."},
        "identifiers": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The recipient's identifiers in the clear: kept as keyed hashes, to search by.",
        },
    },
}
_ONE: Final[dict[str, Any]] = {"requestBody": {"required": True, "content": {"application/json": {"schema": _LINE}}}}
_MANY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/jsonl": {
                "schema": {"type": "string", "format": "binary"},
                "example": '{"credential": {}, "identifiers": ["amal@example.org"]}\n',
            }
        },
    }
}

Reserved = Annotated[UUID, Query(description="The reservation whose slots the credentials fill.")]
AllowDuplicates = Annotated[
    bool, Query(alias="allowDuplicates", description="Take credentials for recipients that hold one already.")
]


@router.post("/slot-reservations", status_code=201, response_model=ReservationView)
def post_reservation(
    container: Wired, caller: Authenticated, named: Named, slug: str, form: ReservationForm
) -> Response:
    """Set slots aside for credentials that the issuer signs itself. They are used up, whether they are filled or not."""
    order = ReservationOrder(count=form.count, days=form.days)

    def make(unit: WriteStore) -> ReservationView:
        issuer = issuer_for_writing(unit, caller, slug)
        record = reserve(container.resources, unit, issuer, order, caller=caller)
        shown = show_reservation(container.resources, unit, issuer, record)
        return ReservationView.model_validate(shown.document())

    def render(view: ReservationView) -> IdempotencyAnswer:
        return created(view, location=f"/v1/issuers/{slug}/slot-reservations/{view.id}")

    return respond(once(container.resources, named, make, render))


@router.get("/slot-reservations")
def get_reservations(container: Wired, caller: Authenticated, slug: str, page: Paged) -> list[ReservationSummaryView]:
    """List an issuer's reservations."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        records = unit.reservations.page(issuer.id, after=page.after, limit=page.limit)
    return [
        ReservationSummaryView(
            id=str(record.id),
            count=record.count,
            created=write_time(record.created_at),
            expires=write_time(record.expires_at),
        )
        for record in records
    ]


@router.get("/slot-reservations/{reservation_id}")
def get_reservation(container: Wired, caller: Authenticated, slug: str, reservation_id: UUID) -> ReservationView:
    """Return a reservation with its slots, as `credroot sign` takes it along."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        record = unit.reservations.get(issuer.id, reservation_id)
        shown = show_reservation(container.resources, unit, issuer, record)
    return ReservationView.model_validate(shown.document())


@router.get("/achievements/{achievement_id}/signing-kit", responses=_NOT_ITS_OWN)
def get_signing_kit(
    container: Wired,
    caller: Authenticated,
    *,
    slug: str,
    achievement_id: UUID,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="The newest, when left out.")] = None,
) -> SigningKitView:
    """Return what `credroot sign` takes along to sign credentials of an achievement. Nothing in it is secret."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        kit = signing_kit(container.resources, unit, issuer, achievement_id, version=version)
    return SigningKitView.model_validate(kit.document())


@router.post("/credentials/signed", status_code=201, response_model=SubmittedCredentialView, openapi_extra=_ONE)
async def post_signed_credential(
    request: Request,
    container: Wired,
    caller: Authenticated,
    *,
    slug: str,
    reservation: Reserved,
    allow_duplicates: AllowDuplicates = False,
    key: IdempotencyKey = None,
) -> Response:
    """Take one credential that the issuer signed itself; it is stored for good when this is answered."""
    issuer = await run_in_threadpool(_issuer_of, container, caller, slug)
    body = await request.body()
    named = name_request(request, caller, key=key, content=sha256(body))
    order = SubmissionOrder(reservation_id=reservation, allow_duplicates=allow_duplicates)
    return await run_in_threadpool(_take_one, container, issuer, order=order, body=body, named=named, caller=caller)


@router.post("/signed-uploads", status_code=201, response_model=SubmittedView, openapi_extra=_MANY)
async def post_signed_upload(
    request: Request,
    container: Wired,
    caller: Authenticated,
    *,
    slug: str,
    reservation: Reserved,
    allow_duplicates: AllowDuplicates = False,
    key: IdempotencyKey = None,
) -> Response:
    """Take a file of credentials that the issuer signed itself, one a line: all of it is stored, or nothing."""
    # Asked before the file is received: a stranger's 64 MB are not worth a place on the disk.
    issuer = await run_in_threadpool(_issuer_of, container, caller, slug)
    file, digest = await spool(request)
    with file:
        named = name_request(request, caller, key=key, content=digest)
        order = SubmissionOrder(reservation_id=reservation, allow_duplicates=allow_duplicates)
        return await run_in_threadpool(
            _take_file, container, issuer, order=order, file=file, digest=digest, named=named, caller=caller
        )


def _issuer_of(container: Container, caller: Caller, slug: str) -> IssuerRecord:
    with container.resources.store.read() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        present_own_key(unit, issuer)
    return issuer


def _take_one(
    container: Container,
    issuer: IssuerRecord,
    *,
    order: SubmissionOrder,
    body: bytes,
    named: RequestKey | None,
    caller: Caller,
) -> Response:
    examined = examine_one(container.resources, issuer, order, body)
    known = bool(examined.already_stored)
    leaf = examined.already_stored[0] if known else examined.credentials[0].leaf

    def make(unit: WriteStore) -> tuple[CredentialRecord, Promise | None]:
        store(container.resources, unit, examined, caller=caller)
        record = unit.credentials.by_leaf(leaf)
        return record, promise_accepted(container.resources, unit, record, PromiseKind.INCLUSION)

    def render(made: tuple[CredentialRecord, Promise | None]) -> IdempotencyAnswer:
        record, promise = made
        view = view_credential(container.resources, record, anchored=False)
        shown = SubmittedCredentialView(already_stored=known, promise=view_inclusion(promise), **view.model_dump())
        return created(shown, location=f"/v1/issuers/{issuer.slug}/credentials/{record.id}")

    return respond(once(container.resources, named, make, render))


def _take_file(
    container: Container,
    issuer: IssuerRecord,
    *,
    order: SubmissionOrder,
    file: BinaryIO,
    digest: Digest,
    named: RequestKey | None,
    caller: Caller,
) -> Response:
    try:
        examined = examine_lines(container.resources, issuer, order, _lines(file))
    except SubmissionRefused as error:
        findings = [
            {"line": found.line, "code": found.code, "where": found.where, "message": found.message}
            for found in error.findings
        ]
        facts = {"errors": error.errors, "findings": findings}
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, error.code, error.message, facts=facts)

    def render(stored: Examined) -> IdempotencyAnswer:
        view = SubmittedView(
            reservation=str(stored.reservation_id),
            sha256=digest.hex(),
            accepted=len(stored.credentials),
            already_stored=len(stored.already_stored),
        )
        return created(view, location=f"/v1/issuers/{issuer.slug}/credentials")

    def keep(unit: WriteStore) -> Examined:
        return store(container.resources, unit, examined, caller=caller)

    return respond(once(container.resources, named, keep, render))


def _lines(file: BinaryIO) -> Iterator[bytes]:
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            message = f"expected at most {MAX_LINE_BYTES} bytes"
            raise Malformed("line-too-long", message, where=f"line {number}")
        yield line

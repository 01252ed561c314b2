"""Issuers, their keys, and API keys."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from registry.domain.cryptosuites import DEFAULT_SUITES, key_algorithm
from registry.service.access import (
    IssuedKey,
    create_api_key,
    issuer_for_reading,
    issuer_for_writing,
    require_admin,
    revoke_api_key,
)
from registry.service.issuers import (
    IssuerOrder,
    create_issuer,
    rotate_key,
    rotated_algorithm,
    set_linkedin_organization,
)
from registry.service.once import once
from registry.service.own_keys import OwnKeyOrder, create_own_key_issuer, replace_own_key
from registry.store_ports import IdempotencyAnswer, IssuerRecord, WriteStore
from registry.web.own_key_schemas import NewIssuerForm, NewKeyForm
from registry.web.requests import Authenticated, Named, Paged, Wired, known_parameters_of, respond
from registry.web.schemas import (
    ApiKeyForm,
    ApiKeyView,
    IssuerView,
    LinkedInForm,
    NewApiKeyView,
)
from registry.web.views import created, view_api_key, view_issuer

router = APIRouter(prefix="/v1", tags=["issuers"], dependencies=[Depends(known_parameters_of)])


@router.post("/issuers", status_code=201, response_model=IssuerView)
def post_issuer(container: Wired, caller: Authenticated, named: Named, form: NewIssuerForm) -> Response:
    """Create an issuer with a signing key of its own, here or (`ownKey`) on its own machine. Role admin."""
    require_admin(caller)
    members = {"name": form.name, "url": form.url, "email": form.email, "phone": form.phone}
    members["description"] = form.description
    order = IssuerOrder(
        slug=form.slug,
        kind=form.kind,
        did_method=form.did_method,
        profile={name: value for name, value in members.items() if value is not None},
        cryptosuites=form.cryptosuites,
    )
    # An issuer that keeps its key gets one for status lists only.
    algorithm = key_algorithm(DEFAULT_SUITES if form.own_key else form.cryptosuites, wanted=form.key_algorithm)
    # Deriving the key's encryption is slow on purpose: not inside the transaction.
    key = container.resources.keys.generate(algorithm)
    own = None if form.own_key is None else form.own_key.order()

    def make(unit: WriteStore) -> IssuerRecord:
        if own is not None:
            return create_own_key_issuer(container.resources, unit, order, own, status_key=key, caller=caller)
        return create_issuer(container.resources, unit, order, key=key, caller=caller)

    def render(issuer: IssuerRecord) -> IdempotencyAnswer:
        return created(view_issuer(issuer), location=f"/v1/issuers/{issuer.slug}")

    return respond(once(container.resources, named, make, render))


@router.get("/issuers")
def get_issuers(container: Wired, caller: Authenticated, page: Paged) -> list[IssuerView]:
    """List issuers: all of them, or for the role issuer the one it acts for."""
    with container.resources.store.read() as unit:
        if caller.issuer_id is not None:
            return [view_issuer(unit.issuers.get(caller.issuer_id))]
        return [view_issuer(issuer) for issuer in unit.issuers.page(after=page.after, limit=page.limit)]


@router.get("/issuers/{slug}")
def get_issuer(container: Wired, caller: Authenticated, slug: str) -> IssuerView:
    """Show an issuer."""
    with container.resources.store.read() as unit:
        return view_issuer(issuer_for_reading(unit, caller, slug))


@router.post("/issuers/{slug}/keys", status_code=201, response_model=IssuerView)
def post_key(container: Wired, caller: Authenticated, named: Named, slug: str, form: NewKeyForm) -> Response:
    """Replace the signing key of a did:web issuer; the old one stays in the DID document."""
    with container.resources.store.read() as unit:
        algorithm = rotated_algorithm(unit, issuer_for_reading(unit, caller, slug))
    key = container.resources.keys.generate(algorithm)
    own = None if form.own_key is None else OwnKeyOrder(public_multibase=form.own_key)

    def rotate(unit: WriteStore) -> IssuerRecord:
        issuer = issuer_for_writing(unit, caller, slug)
        if own is not None:
            return replace_own_key(container.resources, unit, issuer, own, compromised=form.compromised, caller=caller)
        return rotate_key(container.resources, unit, issuer, key=key, compromised=form.compromised, caller=caller)

    def render(issuer: IssuerRecord) -> IdempotencyAnswer:
        return created(view_issuer(issuer), location=f"/v1/issuers/{issuer.slug}")

    return respond(once(container.resources, named, rotate, render))


@router.put("/issuers/{slug}/linkedin")
def put_linkedin(container: Wired, caller: Authenticated, slug: str, form: LinkedInForm) -> IssuerView:
    """Say which LinkedIn page is the issuer's: earners' links to add a certification there bring its logo along."""
    with container.resources.store.write() as unit:
        issuer = issuer_for_writing(unit, caller, slug)
        number = form.organization_id
        return view_issuer(set_linkedin_organization(container.resources, unit, issuer, number, caller=caller))


@router.post("/api-keys", status_code=201, response_model=NewApiKeyView)
def post_api_key(container: Wired, caller: Authenticated, named: Named, form: ApiKeyForm) -> Response:
    """Make an API key. Its secret is in this answer and nowhere else; a repeated request shows it no more. Role admin."""
    require_admin(caller)
    made: list[IssuedKey] = []

    def make(unit: WriteStore) -> IssuedKey:
        issuer_id = None if form.issuer is None else issuer_for_reading(unit, caller, form.issuer).id
        key = create_api_key(
            container.resources,
            unit,
            role=form.role,
            issuer_id=issuer_id,
            label=form.label,
            approver=form.approver,
            caller=caller,
        )
        made.append(key)
        return key

    def render(key: IssuedKey) -> IdempotencyAnswer:
        # Kept without the secret: an answer in the database is no place for it.
        return created(view_api_key(key.record), location=f"/v1/api-keys/{key.record.id}")

    answer = once(container.resources, named, make, render)
    if made:
        shown = NewApiKeyView(key=made[0].secret, **view_api_key(made[0].record).model_dump())
        answer = created(shown, location=answer.headers.decode("ascii"))
    return respond(answer)


@router.get("/api-keys")
def get_api_keys(
    container: Wired,
    caller: Authenticated,
    *,
    revoked: Annotated[bool, Query(description="Show revoked keys too.")] = False,
) -> list[ApiKeyView]:
    """List API keys. Role admin."""
    require_admin(caller)
    with container.resources.store.read() as unit:
        return [view_api_key(key) for key in unit.access.api_keys() if revoked or key.revoked_at is None]


@router.delete("/api-keys/{key_id}", status_code=204)
def delete_api_key(container: Wired, caller: Authenticated, key_id: UUID) -> None:
    """Revoke an API key at once. Role admin."""
    require_admin(caller)
    with container.resources.store.write() as unit:
        revoke_api_key(container.resources, unit, key_id, caller=caller)

"""The JSON forms of promises, and of credentials that something was promised about."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from registry.domain.promise import Promise, PromiseKind
from registry.web.schemas import CredentialView, Form, View


class _PromiseView(View):
    type: Literal["CredrootPromise"]
    version: Literal[1]
    log: str = Field(description="The log's name.")
    court: str = Field(description="The court contract, on the log's chain.")
    slot: int
    epoch: int = Field(description="The epoch by which it stands in the log.")
    deadline: str = Field(description="When that epoch is anchored at the latest.", examples=["2026-06-15T09:30:00Z"])
    key: str = Field(description="The address of the promise key.")
    signature: str = Field(description="EIP-712, compact as in EIP-2098: 64 bytes.")


class InclusionPromiseView(_PromiseView):
    """A promise that a credential will stand in the log."""

    kind: Literal[PromiseKind.INCLUSION]
    leaf: str


class RevocationPromiseView(_PromiseView):
    """A promise that a revocation will stand in the log."""

    kind: Literal[PromiseKind.REVOCATION]


PromiseView = Annotated[InclusionPromiseView | RevocationPromiseView, Field(discriminator="kind")]


class PromiseForm(Form):
    """What is to be promised about a credential."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "inclusion"}]})

    kind: PromiseKind


class PromisedView(CredentialView):
    """A credential, and what was promised when it was accepted."""

    promise: InclusionPromiseView | None = Field(
        description="Null when the registry makes no promises, or when the credential is anchored already."
    )


class IssuedView(PromisedView):
    """A credential that was just issued."""

    document: dict[str, Any]


class RevokedView(CredentialView):
    """A credential that is revoked, and what was promised when its revocation was accepted."""

    promise: RevocationPromiseView | None = Field(
        description="Null when the registry makes no promises, or when the revocation is anchored already."
    )


def view_inclusion(promise: Promise | None) -> InclusionPromiseView | None:
    """Show a promise of inclusion."""
    return None if promise is None else InclusionPromiseView.model_validate(promise.to_json())


def view_revocation(promise: Promise | None) -> RevocationPromiseView | None:
    """Show a promise of revocation."""
    return None if promise is None else RevocationPromiseView.model_validate(promise.to_json())


def view_promise(promise: Promise) -> InclusionPromiseView | RevocationPromiseView:
    """Show a promise of either kind."""
    document = promise.to_json()
    if promise.terms.kind is PromiseKind.INCLUSION:
        return InclusionPromiseView.model_validate(document)
    return RevocationPromiseView.model_validate(document)

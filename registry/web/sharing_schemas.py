"""The JSON forms of claims and share links."""

from datetime import datetime

from pydantic import ConfigDict, Field

from registry.domain.share_link import MAX_TEXT
from registry.service.claiming import UploadClaims
from registry.service.resources import Resources
from registry.service.sharing import shared_link
from registry.store_ports import ClaimRecord, ClaimState, MailState, ShareRecord
from registry.web.schemas import Form, View


class ClaimForm(Form):
    """To whom the mail with the claim link goes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "amal.haddad@example.org", "language": "ar"}]})

    email: str = Field(
        max_length=MAX_TEXT,
        description="Where the credential names its recipient by an e-mail address, that one. It is kept until the mail is sent.",
    )
    language: str | None = Field(
        default=None,
        max_length=MAX_TEXT,
        description="Of the mail; the achievement's unless given. English for any other.",
    )


class ClaimView(View):
    """Where the claim of a credential stands."""

    state: ClaimState
    ordered_at: datetime = Field(description="When the newest link was ordered.")
    link_expires_at: datetime = Field(description="The link ends then; the credential does not.")
    sent_at: datetime | None
    attempts: int
    failure: str | None = Field(description="Why the last try to hand the mail over failed.")
    claimed_at: datetime | None = Field(description="When an earner last claimed it.")


class UploadClaimsView(View):
    """What became of an order for an upload."""

    ordered: int
    already_mailed: int
    passed_over: int = Field(
        description="Rows without an address, or whose credential is revoked, or another person's by a correction."
    )


class UploadClaimCountsView(View):
    """How many claims of an upload stand where."""

    waiting: int
    sent: int
    failed: int
    expired: int
    claimed: int


class ShareForm(Form):
    """Whether everybody with the link may see the credential."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"shared": True}]})

    shared: bool


class ShareView(View):
    """Whether a credential is shared, and where."""

    shared: bool
    url: str | None = Field(description="The link, also while sharing is off; none before it was ever on.")
    code: str | None = Field(description="The short code, to be typed on the first page.")


def view_claim(claim: ClaimRecord, *, now: datetime) -> ClaimView:
    """Show a claim."""
    return ClaimView(
        state=claim.state(now),
        ordered_at=claim.created_at,
        link_expires_at=claim.expires_at,
        sent_at=claim.finished_at if claim.mail is MailState.SENT else None,
        attempts=claim.attempts,
        failure=claim.failure,
        claimed_at=claim.claimed_at,
    )


def view_upload_claims(made: UploadClaims) -> UploadClaimsView:
    """Show what became of an order for an upload."""
    return UploadClaimsView(ordered=made.ordered, already_mailed=made.already, passed_over=made.passed_over)


def view_share(resources: Resources, share: ShareRecord | None) -> ShareView:
    """Show whether a credential is shared, and where."""
    if share is None:
        return ShareView(shared=False, url=None, code=None)
    return ShareView(shared=share.hidden_at is None, url=shared_link(resources, share), code=share.code.spelled)

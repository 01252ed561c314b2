"""The JSON forms of the service's requests and answers, as its OpenAPI document shows them.

Names are camelCase on the wire. Unknown members of requests are refused: a misspelt option is not an option left out.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from registry.domain.cryptosuites import DEFAULT_SUITES
from registry.domain.multikey import KeyAlgorithm
from registry.domain.recipient import IdentityType
from registry.service.statuses import Reason
from registry.store_ports import AnchorState, Approvals, DidMethod, Role, Standing, UploadFormat, UploadState


def _only_text(value: object) -> object:
    # A number is no date: the framework would count it as seconds of 1970.
    if not isinstance(value, str):
        raise ValueError("expected text")  # noqa: TRY004 - the framework answers no other
    return value


Day = Annotated[date, BeforeValidator(_only_text)]
"""YYYY-MM-DD."""
Moment = Annotated[AwareDatetime, BeforeValidator(_only_text)]
"""RFC 3339, with an offset."""


def example(**members: JsonValue) -> ConfigDict:
    """Give a form an example of itself, for the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [members]})


class View(BaseModel):
    """An answer."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Form(BaseModel):
    """A request."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class ProblemView(View):
    """An error (RFC 9457)."""

    type: str = Field(examples=["urn:credroot:problem:issuer-not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["no such issuer"])
    code: str = Field(examples=["issuer-not-found"], description="Stable: compare this, not the words.")


class IssuerForm(Form):
    """A new issuer."""

    model_config = example(slug="example-polytechnic", name="Example Polytechnic", url="https://polytechnic.example")

    slug: str = Field(examples=["example-polytechnic"])
    name: str = Field(examples=["Example Polytechnic"])
    kind: str = Field(default="university", examples=["university"])
    did_method: DidMethod = DidMethod.WEB
    cryptosuites: tuple[str, ...] = Field(
        default=DEFAULT_SUITES,
        min_length=1,
        max_length=4,
        examples=[["eddsa-rdfc-2022"]],
        description="Every credential gets a proof of each: eddsa-rdfc-2022, eddsa-jcs-2022, or both; ecdsa-rdfc-2019, "
        "ecdsa-jcs-2019, or both.",
    )
    key_algorithm: KeyAlgorithm | None = Field(
        default=None, description="Of the signing key: P-256 (the default) or P-384 for the ecdsa suites."
    )
    url: str | None = Field(default=None, examples=["https://polytechnic.example"])
    email: str | None = Field(default=None, examples=["registrar@polytechnic.example"])
    phone: str | None = None
    description: str | None = None


class IssuerView(View):
    """An issuer."""

    id: UUID
    slug: str
    name: str
    kind: str
    did: str
    did_method: DidMethod
    cryptosuites: tuple[str, ...]
    did_document: dict[str, Any]
    profile: dict[str, Any]
    approvals: Approvals = Field(description="Whether issuing needs the approval of a second person.")
    linkedin_organization: str | None = Field(description="The number of its LinkedIn page.")
    created_at: datetime


class LinkedInForm(Form):
    """Which LinkedIn page is an issuer's."""

    model_config = example(organizationId="1234567")

    organization_id: str | None = Field(description="The digits of the page's number; null takes it away.")


class KeyRotationForm(Form):
    """Why the signing key is replaced."""

    model_config = example(compromised=False)

    compromised: bool = Field(default=False, description="Mark the old key revoked from now on.")


class ApiKeyForm(Form):
    """A new API key."""

    model_config = example(role="auditor", label="internal audit")

    role: Role
    issuer: str | None = Field(default=None, description="The issuer's slug; exactly for the role issuer.")
    label: str = Field(examples=["registrar's office"], description="Whose key it is: a member's name.")
    approver: bool = Field(default=False, description="It may approve what another member sent; role issuer.")


class ApiKeyView(View):
    """An API key, without its secret."""

    id: UUID
    role: Role
    issuer_id: UUID | None
    label: str
    approver: bool
    created_at: datetime
    revoked_at: datetime | None


class NewApiKeyView(ApiKeyView):
    """An API key, the only time its secret is shown."""

    key: str | None = Field(
        default=None, description="Keep it now: it is stored hashed and never shown again, not to a repeated request."
    )


class AchievementView(View):
    """A version of an achievement."""

    id: UUID
    iri: str
    version: int
    created_at: datetime
    achievement: dict[str, Any]


class RecipientForm(Form):
    """Whom a credential is about."""

    name: str | None = Field(default=None, examples=["Amal Haddad"])
    id: str | None = Field(default=None, description="A DID or another IRI of the recipient's own.")
    email: str | None = Field(default=None, examples=["amal.haddad@example.org"])
    identifiers: dict[IdentityType, str] = Field(default_factory=dict, description="Further identifiers, hashed too.")


class EvidenceForm(Form):
    """Something that shows what was done."""

    url: str | None = None
    name: str | None = None
    narrative: str | None = None
    description: str | None = None
    private: bool = Field(default=False, description="Shared pages show its name alone, and not the document.")


class CredentialForm(Form):
    """One credential to issue."""

    model_config = example(
        achievement="0197f3a0-0000-7000-8000-000000000000",
        recipient={"name": "Amal Haddad", "email": "amal.haddad@example.org"},
        results=["A"],
        evidence=[{"url": "https://evidence.example.org/1001", "name": "Capstone"}],
    )

    achievement: UUID
    recipient: RecipientForm
    issued_on: Day | None = Field(default=None, description="Today, when left out.")
    expires_on: Day | None = Field(default=None, description="The last day of validity.")
    results: tuple[str, ...] = Field(default=(), description="One value for each result description, or none.")
    evidence: tuple[EvidenceForm, ...] = ()
    narrative: str | None = None
    allow_duplicate: bool = False


class CredentialView(View):
    """A stored credential."""

    id: UUID
    uri: str | None = Field(description="The `id` of the document.")
    achievement: UUID | None = Field(description="None for a credential issued by the VC API.")
    achievement_version: int | None
    leaf: str
    slot: int
    standing: Standing
    suspendable: bool
    valid_from: datetime
    valid_until: datetime | None
    created_at: datetime
    upload: UUID | None
    line: int | None
    epoch: int | None = Field(description="None until it is sealed.")
    anchored: bool = Field(description="Its epoch is final on chain: there is a receipt.")
    receipt: str = Field(description="Where the receipt is, or will be.")
    supersedes: UUID | None = Field(default=None, description="The credential whose place it takes.")
    superseded_by: UUID | None = Field(default=None, description="The credential that takes its place.")
    renews: UUID | None = Field(default=None, description="The credential that it goes on from.")
    renewed_by: UUID | None = Field(
        default=None, description="The credential that goes on from it, unless that was revoked."
    )


class SearchForm(Form):
    """Whose credentials are looked for; identifiers are compared hashed."""

    model_config = example(identifier="amal.haddad@example.org")

    identifier: str = Field(examples=["amal.haddad@example.org"])


class StatusForm(Form):
    """A decision about a credential."""

    model_config = example(reason="under-review", note="case 2026-17")

    reason: Reason
    note: str = Field(default="", description="Private: kept, never published.")


class UploadView(View):
    """An upload and how far it is."""

    id: UUID
    achievement: UUID
    achievement_version: int
    filename: str
    sha256: str
    state: UploadState
    skip_bad: bool
    allow_duplicates: bool
    ignore_extra: bool
    rows_ok: int
    rows_error: int
    rows_skipped: int
    rows_issued: int
    created_at: datetime
    requested_at: datetime | None
    finished_at: datetime | None
    failure: str | None
    format: UploadFormat
    sheet: str | None
    mapping: str | None = Field(description="The name of the column mapping; null where the file has our columns.")
    received_by: str
    approval_requested_by: str | None
    approval_requested_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    rows_per_second: float | None = Field(
        default=None,
        description="How fast it was issued in the last half minute, by the process that answers; null when it is not.",
    )
    remaining_seconds: int | None = Field(default=None, description="How long the rest will take at that.")


class FindingView(View):
    """What was found in a row."""

    code: str
    severity: str
    column: str | None
    value: str | None
    message: str
    remedy: str
    same_as_line: int | None


class RowView(View):
    """A row of an upload and what was found in it."""

    line: int
    result: str
    code: str | None
    findings: tuple[FindingView, ...]


class PreviewView(View):
    """What a row would become."""

    row: RowView
    credential: dict[str, Any] | None = Field(description="Unsigned, with slot 0; none for a row that is refused.")


class EpochView(View):
    """An epoch and its anchor."""

    epoch: int
    root: str
    sealed_at: datetime
    state: AnchorState
    transaction: str | None
    block_number: int | None
    block_time: datetime | None
    blocked_reason: str | None
    published: bool


class LogView(View):
    """The registry's log and what waits to be anchored in it."""

    log: str
    deploy_block: int
    newest_epoch: int
    newest_final_epoch: int
    waiting_credentials: int
    waiting_status_changes: int
    oldest_waiting_since: datetime | None
    promised_epoch: int | None = Field(description="The largest epoch that a promise names and that is not sealed yet.")


class HealthView(View):
    """How the service is."""

    status: Literal["ok"]

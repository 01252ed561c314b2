"""The JSON forms of the VC API (VCALM 1.0 and the earlier VC API 0.x), as the OpenAPI document shows them.

Options that are not listed here are refused, as the schemas of VCALM have it: what a caller asked for and did not get
must not look as if it had been done. Only options for presentations may be extended, and are then passed over.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, JsonValue, StrictBool, StrictStr, WithJsonSchema

from registry.domain.data_integrity import ASSERTION
from registry.domain.slot import Purpose
from registry.web.schemas import Form, View
from registry.web.vc_examples import PRESENTED, SIGNED, UNSIGNED

MAX_CHECKS: Final = 16
"""There are five names of checks."""
MAX_TEXT: Final = 2_000
"""Challenges, domains and identifiers are shorter."""

Text = Annotated[StrictStr, Field(min_length=1, max_length=MAX_TEXT)]
Document = dict[str, Any]

_ONE_OR_MANY: Final[dict[str, JsonValue]] = {
    "anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}, "minItems": 1}]
}
_TYPES: Final[dict[str, JsonValue]] = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_CONTEXTS: Final[dict[str, JsonValue]] = {
    "type": "array",
    "minItems": 1,
    "items": {
        "anyOf": [
            {"enum": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/2018/credentials/v1"]},
            {"type": "string", "format": "uri"},
            {"type": "object"},
        ]
    },
}
_TIME: Final[dict[str, JsonValue]] = {"type": "string", "format": "date-time"}
_CREDENTIAL: Final[dict[str, JsonValue]] = {
    "type": "object",
    "description": "Of VC Data Model 2.0 or 1.1; what is listed here is a part of what it may have.",
    "properties": {
        "@context": _CONTEXTS,
        "id": {"type": "string", "format": "uri"},
        "type": _TYPES,
        "issuer": {"anyOf": [{"type": "string", "format": "uri"}, {"type": "object"}]},
        "validFrom": _TIME,
        "validUntil": _TIME,
        "credentialSubject": _ONE_OR_MANY,
        "credentialStatus": _ONE_OR_MANY,
        "credentialSchema": _ONE_OR_MANY,
        "evidence": _ONE_OR_MANY,
        "termsOfUse": _ONE_OR_MANY,
        "proof": _ONE_OR_MANY,
    },
}
_PRESENTATION: Final[dict[str, JsonValue]] = {
    "type": "object",
    "properties": {
        "@context": _CONTEXTS,
        "id": {"type": "string", "format": "uri"},
        "type": _TYPES,
        "holder": {"anyOf": [{"type": "string", "format": "uri"}, {"type": "object"}]},
        "verifiableCredential": {"anyOf": [_CREDENTIAL, {"type": "array", "items": _CREDENTIAL}]},
        "proof": _ONE_OR_MANY,
    },
}
Credential = Annotated[Document, WithJsonSchema(_CREDENTIAL)]
Presentation = Annotated[Document, WithJsonSchema(_PRESENTATION)]


class StatusWish(Form):
    """Which status entry a credential is to get."""

    type: Literal["BitstringStatusListEntry"] = "BitstringStatusListEntry"
    status_purpose: Purpose = Field(
        default=Purpose.REVOCATION, description="`suspension` stands beside `revocation`: a credential gets both."
    )


class IssueOptions(Form):
    """How a credential is issued."""

    credential_id: Text | None = Field(
        default=None, description="A name by which you will refer to a credential that has no `id`."
    )
    mandatory_pointers: Annotated[tuple[StrictStr, ...], Field(max_length=0)] = Field(
        default=(), description="Only for selective disclosure, of which there is none here: leave it out or empty."
    )
    credential_status: StatusWish | StrictBool | None = Field(
        default=None, description="Whether a status entry is added, and which; the server's choice when left out."
    )
    type: Literal["DataIntegrityProof"] = "DataIntegrityProof"
    cryptosuite: Text | None = Field(default=None, description="Refused unless the issuer signs with it.")
    proof_purpose: Literal["assertionMethod"] = ASSERTION
    verification_method: Text | None = Field(default=None, description="Refused unless it is the issuer's key.")


class IssueForm(Form):
    """A credential to be issued."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"credential": UNSIGNED, "options": {}}]})

    credential: Credential
    options: IssueOptions = IssueOptions()


class IssuedCredential(View):
    """A credential that was issued."""

    verifiable_credential: Document


class CheckOptions(Form):
    """How a credential is verified."""

    checks: Annotated[tuple[Text, ...], Field(max_length=MAX_CHECKS)] = Field(
        default=(),
        description="`proof`, `credentialStatus`: none means all. Without a word for the status, a status that could "
        "not be checked is a warning; nothing else is ever left out.",
    )
    challenge: Text | None = Field(default=None, description="Refused unless every proof that decides has it.")
    domain: Text | None = Field(default=None, description="Refused unless every proof that decides has it.")
    return_credential: StrictBool = False
    return_results: StrictBool = False
    return_problem_details: StrictBool = True


class CheckForm(Form):
    """A credential to be verified."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"verifiableCredential": SIGNED}]})

    verifiable_credential: Credential
    options: CheckOptions = CheckOptions()


class PresentationOptions(Form):
    """How a presentation is verified; further members are passed over."""

    model_config = ConfigDict(extra="ignore")

    checks: Annotated[tuple[Text, ...], Field(max_length=MAX_CHECKS)] = ()
    challenge: Text | None = Field(default=None, description="What you asked the holder to sign.")
    domain: Text | None = Field(default=None, description="Where you asked for it.")
    return_presentation: StrictBool = False
    return_results: StrictBool = False
    return_problem_details: StrictBool = True


class PresentationForm(Form):
    """A presentation to be verified: one with a proof, or one that never had any."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"presentation": PRESENTED}]})

    verifiable_presentation: Presentation | None = Field(default=None, description="A presentation with a proof.")
    presentation: Presentation | None = Field(
        default=None, description="One without: only its credentials are verified."
    )
    options: PresentationOptions = PresentationOptions()


class ProblemDetail(View):
    """One reason why something is not verified, or one warning (VC Data Model 2.0 section 7.1)."""

    type: str = Field(examples=["https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"])
    title: str
    detail: str
    code: str = Field(description="Stable: compare this, not the words (docs/verdict.md).")


class VerificationView(View):
    """What became of what was to be verified."""

    verified: bool
    checks: tuple[str, ...] = Field(description="The checks that were carried out.")
    warnings: tuple[ProblemDetail, ...]
    errors: tuple[ProblemDetail, ...] = Field(description="The same as `problemDetails`, by its earlier name.")
    problem_details: tuple[ProblemDetail, ...]
    results: Document | None = None


class CheckedView(VerificationView):
    """What became of a credential."""

    credential: Document | None = None


class CheckedPresentationView(VerificationView):
    """What became of a presentation and of the credentials in it."""

    verifiable_presentation: Document | None = None


class StatusEntryForm(Form):
    """Which entry of a credential is meant."""

    id: Text | None = None
    type: Text = Field(examples=["BitstringStatusListEntry"])
    status_purpose: Purpose
    status_list_index: Text | None = None
    status_list_credential: Text | None = None


class ListedStatusForm(Form):
    """What a status entry is to say."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "credentialId": "urn:uuid:0f4fd3a8-4d2b-4ad9-9a31-0f8e41e5a3c1",
                    "credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
                    "status": True,
                }
            ]
        }
    )

    credential_id: Text
    credential_status: StatusEntryForm
    status: StrictBool
    index_allocator: Text | None = Field(default=None, description="Passed over: indexes are drawn here.")


class ListedStatusView(View):
    """What a status entry says now."""

    credential_id: str
    status_purpose: Purpose
    status: bool


class StatusListForm(Form):
    """A new status list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"statusPurpose": "revocation"}]})

    status_purpose: Purpose
    options: dict[str, Any] = Field(default_factory=dict, max_length=0, description="There are none: leave it empty.")


class StatusListView(View):
    """A new status list."""

    id: str
    verifiable_credential: Document


class InstanceView(View):
    """An issuer of a server for interoperability tests."""

    name: str
    did: str
    cryptosuites: tuple[str, ...]
    verification_method: str
    issue: str = Field(description="Where it issues.")

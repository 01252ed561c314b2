"""The JSON forms of verification: what is asked, and what the verdict says."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from registry.domain.evidence import Profile
from registry.web.schemas import Form, Moment, View


class VerifyOptions(Form):
    """By which policy a credential is verified."""

    profile: Profile = Profile.CREDROOT
    max_status_age_seconds: Annotated[int, Field(ge=0, le=31_536_000)] = 3600
    max_block_age_seconds: Annotated[int, Field(ge=0, le=31_536_000)] = 3600
    at: Moment | None = Field(default=None, description="Judge as of this moment, with an offset.")
    trust_logs: tuple[str, ...] = Field(default=(), max_length=16)
    contracts: tuple[str, ...] = Field(default=(), max_length=16)
    resolve_did: bool = Field(default=True, description="Fetch the issuer's did:web document now.")
    fetch_status: bool = Field(default=False, description="Fetch the status lists that the credential names.")
    recognised: tuple[str, ...] | None = Field(default=None, max_length=10_000, description="DIDs of known issuers.")
    block_hash: Annotated[str, Field(pattern="^0x[0-9a-fA-F]{64}$")] | None = Field(
        default=None,
        description="Ask no node: judge by the receipt's light part at this block, which you know to be final.",
    )


class VerifyForm(Form):
    """A credential to verify."""

    credential: dict[str, Any]
    receipt: dict[str, Any] | None = Field(default=None, description="The service's own is taken when left out.")
    did_document: dict[str, Any] | None = None
    status_lists: tuple[dict[str, Any], ...] = Field(default=(), max_length=4)
    options: VerifyOptions = VerifyOptions()


class CheckView(View):
    """One check of a verdict."""

    id: str
    number: int
    result: Literal["pass", "fail", "unknown", "skipped"]
    code: str
    sentence: str


class BlockView(View):
    """The block that the chain was read at."""

    chain: str
    number: int
    hash: str
    time: datetime
    final: bool


class VerdictView(View):
    """What became of a credential (docs/verdict.md)."""

    verdict: str = Field(examples=["valid"])
    exit_code: int = Field(description="What `credroot verify` would exit with.")
    profile: Profile
    checked_at: datetime
    as_of: datetime
    block: BlockView | None
    credential: dict[str, Any]
    checks: tuple[CheckView, ...]
    scope: str
    notes: tuple[str, ...]
    next: tuple[str, ...]


class FileProblemView(View):
    """Why one credential of several cannot be read."""

    code: str
    message: str


class JudgedFileView(View):
    """One credential of what was sent: its verdict, or its problem."""

    name: str
    kind: str | None = Field(description="What it was found in, None when it is no credential at all.")
    verdict: VerdictView | None
    problem: FileProblemView | None

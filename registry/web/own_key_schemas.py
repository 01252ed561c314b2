"""The JSON forms of what concerns issuers that keep their own key."""

from typing import Any

from pydantic import ConfigDict, Field

from registry.domain.signing_kit import MAX_RESERVED
from registry.service.own_keys import OwnKeyOrder
from registry.service.reserving import DEFAULT_DAYS, MAX_DAYS
from registry.web.promise_schemas import PromisedView
from registry.web.schemas import Form, IssuerForm, KeyRotationForm, View

_MULTIKEY = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


class OwnKeyForm(Form):
    """The public key of an issuer that signs on its own machine."""

    public_key_multibase: str = Field(examples=[_MULTIKEY])
    did: str | None = Field(
        default=None, description="A did:web that the issuer serves itself; left out, the registry serves the document."
    )

    def order(self) -> OwnKeyOrder:
        """Return what is asked for."""
        return OwnKeyOrder(public_multibase=self.public_key_multibase, did=self.did)


class NewIssuerForm(IssuerForm):
    """A new issuer."""

    own_key: OwnKeyForm | None = Field(
        default=None, description="The issuer keeps its private key: the registry gets none and signs no credential."
    )


class NewKeyForm(KeyRotationForm):
    """Why the signing key is replaced, and by which."""

    own_key: str | None = Field(
        default=None, description="The new public key (Multikey), exactly for an issuer that keeps its own."
    )


class ReservationForm(Form):
    """How many slots are set aside, and for how long."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"count": 1000, "days": 30}]})

    count: int = Field(ge=1, le=MAX_RESERVED, examples=[1000])
    days: int = Field(default=DEFAULT_DAYS, ge=1, le=MAX_DAYS)


class SlotGroupView(View):
    """Slots of one status list, in the order they were drawn."""

    list: int
    indexes: tuple[int, ...]


class ReservationView(View):
    """Slots set aside, as `credroot sign` takes them along."""

    type: str
    version: int
    id: str
    issuer: str = Field(description="The issuer's DID.")
    log: str
    status_url: str
    created: str
    expires: str
    slots: tuple[SlotGroupView, ...]


class ReservationSummaryView(View):
    """A reservation without its slots."""

    id: str
    count: int
    created: str
    expires: str


class SigningKeyView(View):
    """The issuer's present key."""

    verification_method: str
    public_key_multibase: str


class KitAchievementView(View):
    """A version of an achievement as the registry keeps it."""

    id: str
    version: int
    body: dict[str, Any]


class SigningKitView(View):
    """What credentials of an achievement have in common, as `credroot sign` takes it along."""

    type: str
    version: int
    issuer: dict[str, Any]
    key: SigningKeyView
    log: str
    status_url: str
    achievement: KitAchievementView


class SubmittedView(View):
    """A file of signed credentials that was stored, all of it."""

    reservation: str
    sha256: str = Field(description="Of the file.")
    accepted: int = Field(description="Stored by this request.")
    already_stored: int = Field(description="Lines that were accepted before, byte for byte.")


class SubmittedCredentialView(PromisedView):
    """A signed credential that is stored."""

    already_stored: bool = Field(description="It was accepted before, byte for byte.")

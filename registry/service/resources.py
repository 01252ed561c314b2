"""What every use case works with: the outside world behind its ports, and the address the registry is known by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from registry.ports import Clock, JsonLd, KeyVault, PromiseSigner, Spreadsheets
from registry.store_ports import Store

RECIPIENT_HASHING: Final = "recipient-hashing"
"""Name of the database's secret under which recipients' identifiers are hashed."""
SECRET_BYTES: Final = 32


class NewIds(Protocol):
    """Makes ids that sort by the time they were made."""

    def new(self) -> UUID:
        """Return a new UUIDv7."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningTools:
    """What building and signing credentials needs of the outside world: another process can have its own."""

    clock: Clock
    ids: NewIds
    keys: KeyVault
    json_ld: JsonLd
    public_url: str
    """Where the world reaches the service, without a slash at the end: it stands in credentials for ever."""
    random_bytes: Callable[[int], bytes]
    """That many random bytes, like secrets.token_bytes."""

    def random_uuid4(self) -> UUID:
        """Return a UUIDv4 of 122 random bits: what makes a leaf unguessable (protocol section 1)."""
        return UUID(bytes=self.random_bytes(16), version=4)

    def issuer_url(self, slug: str) -> str:
        """Return the address of what is public of an issuer."""
        return f"{self.public_url}/issuers/{slug}"

    @property
    def status_url(self) -> str:
        """The address below which status lists stand."""
        return f"{self.public_url}/status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources(SigningTools):
    """The outside world of the use cases."""

    store: Store
    spreadsheets: Spreadsheets
    built_in_mappings: Mapping[str, bytes]
    """JCS bytes of the column mappings that come with the program, by name."""
    draw: Callable[[int], int]
    """A number below n, like secrets.randbelow."""
    promise_signer: PromiseSigner | None = None
    """None: the registry makes no promises."""

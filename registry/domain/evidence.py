"""The evidence a verdict is judged on: everything that was gathered, and why the rest could not be had.

    presented document · canonical bytes · receipt · the issuer's DID document · chain, read at one block
    · further status proofs · served status lists · word of pending · the moment · the verifier's policy

Whoever gathers (the service, the command line, an auditor's script) does it in its own way; `registry.domain.verdict`
judges all of it by the same rules. Nothing here is true because it was gathered: receipts, published files and served
lists are claims until the verdict has compared them with the chain or a signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from registry.domain.did_document import DidDocument
from registry.domain.endorsements import Endorsement
from registry.domain.errors import Malformed
from registry.domain.fraud import Mark
from registry.domain.hashing import DIGEST_SIZE, Digest
from registry.domain.log_name import LogName
from registry.domain.presented import Presented
from registry.domain.problem import Found, Problem
from registry.domain.proof_checking import CoveredDocument
from registry.domain.receipt import ReceiptParts
from registry.domain.served_list import ServedList
from registry.domain.status import StatusProof

DEFAULT_MAX_AGE: Final = timedelta(hours=1)
"""Of a status and of the block read: what the protocol says where the verifier says nothing."""

YEARS: Final = range(1000, 9999)
"""Of moments that may be judged as of: four digits, and room for what is added to them."""

LIST_UNUSABLE: Final = "status-list-unusable"
"""The gatherer's word for a status list that was had and is none, as opposed to one that could not be had."""


class Profile(StrEnum):
    """By which rules a credential is judged."""

    CREDROOT = "credroot"
    VC = "vc"
    """Any verifiable credential: no slot needed, checks 4-7 and 11 skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownContract:
    """The contract as it is published: its address follows from its code."""

    address: str
    """Lower-case hex with 0x."""
    code_hash: bytes
    """Keccak-256 of the runtime code."""
    court: "KnownContract | None" = None
    """The court as it is published, which marks logs of this very contract; None: none is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the verifier decided beforehand."""

    published_contract: KnownContract
    profile: Profile = Profile.CREDROOT
    max_status_age: timedelta = DEFAULT_MAX_AGE
    max_block_age: timedelta = DEFAULT_MAX_AGE
    at: datetime | None = None
    """Judge as of this moment; None is now."""
    trusted_logs: frozenset[LogName] = frozenset()
    """Logs whose copy of an issuer's DID document counts as the issuer's word."""
    contracts: frozenset[str] = frozenset()
    """Addresses of further contracts, lower-case hex with 0x."""
    recognised: frozenset[str] | None = None
    """The DIDs of recognised issuers; None: no policy."""
    block_hash: bytes | None = None
    """Judge by the receipt's light part at this block, which the verifier knows to be final on the log's chain; no node
    is asked."""

    def __post_init__(self) -> None:
        """Raise Malformed `malformed-time` for a moment at an end of the calendar: from there nothing can be counted.

        Raises Malformed `malformed-chain-hash` for a hash of another size, `block-and-date` for a block and a moment at
        once: each would be the clock.
        """
        if self.block_hash is not None and len(self.block_hash) != DIGEST_SIZE:
            raise Malformed("malformed-chain-hash", f"expected a block hash of {DIGEST_SIZE} bytes")
        if self.block_hash is not None and self.at is not None:
            raise Malformed("block-and-date", "expected a block to judge at or a date, got both")
        if self.at is not None and self.at.year not in YEARS:
            raise Malformed("malformed-time", f"expected a year from {YEARS[0]} to {YEARS[-1]}", where="at")


class IssuerSource(StrEnum):
    """Where the issuer's DID document comes from."""

    RESOLVED = "resolved"
    GIVEN = "given"
    DERIVED = "derived"
    """From a did:key."""
    NOT_ASKED = "not-asked"
    """Nobody asked to resolve it: only the receipt's copy is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerEvidence:
    """The issuer's DID document from a source that is not the registry."""

    source: IssuerSource
    document: Found[DidDocument] | None
    """None exactly when nobody asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainBlock:
    """The block that every chain read of one verdict is made at."""

    chain_id: int
    number: int
    hash: bytes
    time: datetime
    final: bool
    """Final by the policy under which it was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtEvidence:
    """What stands at the published court's address, and what it says of the credential's log."""

    code_hash: bytes | None
    """Keccak-256 of the code there; None when there is none."""
    marks: tuple[Mark, ...]
    """Empty where the code is not the published one: foreign code is not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEvidence:
    """What the contract of the credential's log says at one block."""

    block: ChainBlock
    log: LogName
    code_hash: bytes | None
    """Keccak-256 of the code at the log's contract; None when there is none."""
    latest_epoch: int
    """Zero where there is no code or no epoch."""
    roots: Mapping[int, Digest]
    """rootAt for each epoch that the evidence speaks of, those up to `latest_epoch`."""
    anchored_at: Mapping[int, datetime]
    """Times of the blocks that hold the Anchored events, for the epochs whose time matters and was found."""
    court: Found[CourtEvidence] | None = None
    """None where no court is known that judges the log: it was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that was gathered for one verdict."""

    presented: Presented
    covered: CoveredDocument
    """What the document's proofs sign, or why that could not be worked out."""
    receipt: Found[ReceiptParts] | None
    """None: there is none, and none was to be had."""
    issuer: IssuerEvidence
    chain: Found[ChainEvidence]
    status_proofs: tuple[StatusProof, ...]
    """Proofs made from published files, beside the receipt's."""
    served_lists: tuple[ServedList, ...]
    pending: bool
    """The log's own service or published files say that the credential waits to be anchored."""
    now: datetime
    """Aware UTC, from the clock."""
    policy: Policy
    endorsements: tuple[Endorsement, ...] = ()
    """Those inside the document."""
    list_problems: Mapping[str, Problem] = field(default_factory=dict)
    """Why status lists that were asked for could not be had, by URL."""
    gathering_notes: tuple[str, ...] = ()
    """What the gatherer met on its way and people should know."""

    @property
    def moment(self) -> datetime:
        """The moment as of which is judged."""
        return self.now if self.policy.at is None else self.policy.at

    @property
    def parts(self) -> ReceiptParts | None:
        """The receipt, if there is one that can be read."""
        return None if isinstance(self.receipt, Problem) else self.receipt

    @property
    def view(self) -> ChainEvidence | None:
        """What was read from the chain, if anything was."""
        return None if isinstance(self.chain, Problem) else self.chain

"""Ports of the store: what is kept, and what every store promises (style rule 7).

One transaction a use case, opened in the service:

    with store.write() as unit:
        slots = unit.statuses.assign_slots(issuer_id, count, draw=secrets.randbelow, now=clock.now())
        unit.credentials.insert(credentials)

Leaving the block commits, an exception rolls back everything. What every method promises besides its own words:
records that do not exist raise NotFound, broken rules raise Conflict (`credential-leaf-taken`: table, columns), and
both end the transaction; a database that cannot be reached or stays locked raises Unavailable. Times are aware UTC and
come from the caller; so do ids (UUIDv7) and randomness.
"""

from contextlib import AbstractContextManager
from typing import Protocol

from typing_extensions import override

from registry.domain.did import DidMethod
from registry.store_ports.access import (
    AccessReader,
    AccessWriter,
    ApiKeyRecord,
    IdempotencyAnswer,
    IdempotencyClaim,
    IdempotencyRecord,
    LogRecord,
    Role,
)
from registry.store_ports.audit import AuditReader, AuditWriter
from registry.store_ports.claims import (
    ClaimReader,
    ClaimRecord,
    ClaimState,
    ClaimWriter,
    DueMail,
    MailState,
    NewClaim,
)
from registry.store_ports.credentials import (
    CredentialReader,
    CredentialRecord,
    CredentialWriter,
    NewCredential,
    Standing,
)
from registry.store_ports.epochs import (
    AnchorEvent,
    AnchorRecord,
    AnchorState,
    AttemptKind,
    BatchRecord,
    EpochListRecord,
    EpochReader,
    EpochRecord,
    EpochWriter,
    NewBatch,
    NewEpoch,
    NewEpochList,
    ReadyBatch,
    UnsealedEntry,
    UnsealedGroup,
    Waiting,
)
from registry.store_ports.issuers import (
    AchievementReader,
    AchievementRecord,
    AchievementWriter,
    Approvals,
    IssuerKeyRecord,
    IssuerReader,
    IssuerRecord,
    IssuerWriter,
    NewIssuer,
)
from registry.store_ports.light_proofs import LightProofReader, LightProofWriter
from registry.store_ports.links import CredentialLink, LinkKind, LinkReader, LinkWriter, RecipientKeys
from registry.store_ports.mappings import MappingReader, MappingRecord, MappingWriter
from registry.store_ports.promises import OwedEpochs, PromiseReader, PromiseWriter
from registry.store_ports.reservations import (
    OwnKeyRecord,
    ReservationReader,
    ReservationRecord,
    ReservationSummary,
    ReservationWriter,
)
from registry.store_ports.restoring import RestoringWriter
from registry.store_ports.sessions import NewSession, SessionReader, SessionRecord, SessionWriter
from registry.store_ports.shares import ShareReader, ShareRecord, ShareWriter
from registry.store_ports.statuses import (
    StatusChangeRecord,
    StatusListRecord,
    StatusOrder,
    StatusReader,
    StatusWriter,
)
from registry.store_ports.uploads import UploadFormat, UploadReader, UploadRecord, UploadState, UploadWriter

__all__ = [
    "AccessReader",
    "AccessWriter",
    "AchievementReader",
    "AchievementRecord",
    "AchievementWriter",
    "AnchorEvent",
    "AnchorRecord",
    "AnchorState",
    "ApiKeyRecord",
    "Approvals",
    "AttemptKind",
    "AuditReader",
    "AuditWriter",
    "BatchRecord",
    "ClaimReader",
    "ClaimRecord",
    "ClaimState",
    "ClaimWriter",
    "CredentialLink",
    "CredentialReader",
    "CredentialRecord",
    "CredentialWriter",
    "DidMethod",
    "DueMail",
    "EpochListRecord",
    "EpochReader",
    "EpochRecord",
    "EpochWriter",
    "IdempotencyAnswer",
    "IdempotencyClaim",
    "IdempotencyRecord",
    "IssuerKeyRecord",
    "IssuerReader",
    "IssuerRecord",
    "IssuerWriter",
    "LightProofReader",
    "LightProofWriter",
    "LinkKind",
    "LinkReader",
    "LinkWriter",
    "LogRecord",
    "MailState",
    "MappingReader",
    "MappingRecord",
    "MappingWriter",
    "NewBatch",
    "NewClaim",
    "NewCredential",
    "NewEpoch",
    "NewEpochList",
    "NewIssuer",
    "NewSession",
    "OwedEpochs",
    "OwnKeyRecord",
    "PromiseReader",
    "PromiseWriter",
    "ReadStore",
    "ReadyBatch",
    "RecipientKeys",
    "ReservationReader",
    "ReservationRecord",
    "ReservationSummary",
    "ReservationWriter",
    "RestoringWriter",
    "Role",
    "SessionReader",
    "SessionRecord",
    "SessionWriter",
    "ShareReader",
    "ShareRecord",
    "ShareWriter",
    "Standing",
    "StatusChangeRecord",
    "StatusListRecord",
    "StatusOrder",
    "StatusReader",
    "StatusWriter",
    "Store",
    "UnsealedEntry",
    "UnsealedGroup",
    "UploadFormat",
    "UploadReader",
    "UploadRecord",
    "UploadState",
    "UploadWriter",
    "Waiting",
    "WriteStore",
]


class ReadStore(Protocol):
    """One consistent state of everything stored, for reading."""

    @property
    def access(self) -> AccessReader:
        """The registry's own records."""
        ...

    @property
    def issuers(self) -> IssuerReader:
        """Issuers and keys."""
        ...

    @property
    def achievements(self) -> AchievementReader:
        """Achievements and their versions."""
        ...

    @property
    def uploads(self) -> UploadReader:
        """Uploaded files."""
        ...

    @property
    def credentials(self) -> CredentialReader:
        """Issued credentials."""
        ...

    @property
    def statuses(self) -> StatusReader:
        """Status lists and changes."""
        ...

    @property
    def epochs(self) -> EpochReader:
        """Epochs, batches, anchors."""
        ...

    @property
    def reservations(self) -> ReservationReader:
        """Own keys of issuers, and slots set aside."""
        ...

    @property
    def promises(self) -> PromiseReader:
        """What was promised to holders."""
        ...

    @property
    def light_proofs(self) -> LightProofReader:
        """What was proved of epochs."""
        ...

    @property
    def mappings(self) -> MappingReader:
        """Saved column mappings."""
        ...

    @property
    def links(self) -> LinkReader:
        """Which credentials follow which."""
        ...

    @property
    def shares(self) -> ShareReader:
        """Share links."""
        ...

    @property
    def claims(self) -> ClaimReader:
        """Claims and their mails."""
        ...

    @property
    def sessions(self) -> SessionReader:
        """Who is signed in to the console."""
        ...

    @property
    def audit(self) -> AuditReader:
        """Who did what, and when."""
        ...


class WriteStore(ReadStore, Protocol):
    """The same, for writing: everything done through it is committed together or not at all."""

    @property
    @override
    def access(self) -> AccessWriter: ...

    @property
    @override
    def issuers(self) -> IssuerWriter: ...

    @property
    @override
    def achievements(self) -> AchievementWriter: ...

    @property
    @override
    def uploads(self) -> UploadWriter: ...

    @property
    @override
    def credentials(self) -> CredentialWriter: ...

    @property
    @override
    def statuses(self) -> StatusWriter: ...

    @property
    @override
    def epochs(self) -> EpochWriter: ...

    @property
    @override
    def reservations(self) -> ReservationWriter: ...

    @property
    @override
    def promises(self) -> PromiseWriter: ...

    @property
    @override
    def light_proofs(self) -> LightProofWriter: ...

    @property
    @override
    def mappings(self) -> MappingWriter: ...

    @property
    @override
    def links(self) -> LinkWriter: ...

    @property
    @override
    def shares(self) -> ShareWriter: ...

    @property
    @override
    def claims(self) -> ClaimWriter: ...

    @property
    @override
    def sessions(self) -> SessionWriter: ...

    @property
    @override
    def audit(self) -> AuditWriter: ...

    @property
    def restoring(self) -> RestoringWriter:
        """What published files know and the database forgot."""
        ...


class Store(Protocol):
    """Opens transactions; may be shared by threads, each transaction belongs to one."""

    def read(self) -> AbstractContextManager[ReadStore]:
        """Open a read transaction: one snapshot, nothing committed later is seen."""
        ...

    def write(self) -> AbstractContextManager[WriteStore]:
        """Open a write transaction. In SQLite it waits for the only writer; keep it short, do no other I/O in it.

        Durable once the block is left without an exception. Unavailable while leaving it means that nobody knows
        whether it was committed: ask before doing it again.
        """
        ...

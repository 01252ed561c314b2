"""The store: one transaction, and the stores of each subject inside it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from registry.adapters.access_store import AccessStore
from registry.adapters.achievement_store import AchievementStore
from registry.adapters.audit_store import AuditStore
from registry.adapters.credential_store import CredentialStore
from registry.adapters.database import read_transaction, write_transaction
from registry.adapters.issuer_store import IssuerStore
from registry.adapters.light_store import LightProofStore
from registry.adapters.link_store import LinkStore
from registry.adapters.mapping_store import MappingStore
from registry.adapters.promise_store import PromiseStore
from registry.adapters.reservation_store import ReservationStore
from registry.adapters.restoring_store import RestoringStore
from registry.adapters.sealing_store import SealingStore
from registry.adapters.session_store import SessionStore
from registry.adapters.share_store import ClaimStore, ShareStore
from registry.adapters.status_store import StatusStore
from registry.adapters.upload_store import UploadStore
from registry.store_ports import ReadStore, WriteStore


class SqlUnit:
    """Implements ReadStore and WriteStore over one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.access = AccessStore(connection)
        self.issuers = IssuerStore(connection)
        self.achievements = AchievementStore(connection)
        self.uploads = UploadStore(connection)
        self.credentials = CredentialStore(connection)
        self.statuses = StatusStore(connection)
        self.epochs = SealingStore(connection)
        self.reservations = ReservationStore(connection)
        self.promises = PromiseStore(connection)
        self.light_proofs = LightProofStore(connection)
        self.shares = ShareStore(connection)
        self.claims = ClaimStore(connection)
        self.sessions = SessionStore(connection)
        self.restoring = RestoringStore(connection)
        self.mappings = MappingStore(connection)
        self.links = LinkStore(connection)
        self.audit = AuditStore(connection)


class SqlStore:
    """Implements Store over an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def read(self) -> Iterator[ReadStore]:
        """Open a read transaction: one snapshot. Raises Unavailable."""
        with read_transaction(self._engine) as connection:
            yield SqlUnit(connection)

    @contextmanager
    def write(self) -> Iterator[WriteStore]:
        """Open a write transaction: durable once left. Raises Conflict, Unavailable."""
        with write_transaction(self._engine) as connection:
            unit = SqlUnit(connection)
            yield unit
            unit.audit.append_noted()

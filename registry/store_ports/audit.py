"""The audit trail, as a store keeps it."""

from typing import Protocol
from uuid import UUID

from registry.domain.audit_trail import AuditEntry, AuditNote


class AuditReader(Protocol):
    """Reads the audit trail."""

    def page(self, *, after: int, limit: int) -> tuple[AuditEntry, ...]:
        """Return the entries after a number (0: from the first), in order."""
        ...

    def of_issuer(self, issuer_id: UUID, *, before: int | None, limit: int) -> tuple[AuditEntry, ...]:
        """Return an issuer's entries, the newest first, those before a number."""
        ...


class AuditWriter(AuditReader, Protocol):
    """Writes the audit trail."""

    def note(self, note: AuditNote) -> None:
        """Write something down: it gets its place when the transaction is committed, and none if it is not."""
        ...

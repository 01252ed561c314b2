"""The audit trail in SQL, and the lock under which its entries get their places.

What a transaction notes is appended last of all, when its block is left: the lock is held from then to the commit that
follows at once, whatever the transaction did before. So nobody holds it and waits for another, and two transactions
never get the same number. It is an advisory one: a lock of the table would wait for those who clean it up. SQLite has
one writer, which comes to the same.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Select, insert, select, text

from registry.adapters.audit_tables import audit_entry
from registry.domain.audit_trail import AuditEntry, AuditNote, chain_note
from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.errors import Malformed
from registry.domain.hashing import Digest

_TRAIL_LOCK: Final = 0x6175646974
"""The name of the lock in PostgreSQL: "audit" in ASCII."""
_NEWEST: Final = select(audit_entry).order_by(audit_entry.c.number.desc()).limit(1)


class AuditStore:
    """Implements AuditReader and AuditWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._noted: list[AuditNote] = []

    def page(self, *, after: int, limit: int) -> tuple[AuditEntry, ...]:
        """Return the entries after a number, in order."""
        return self._entries(
            select(audit_entry).where(audit_entry.c.number > after).order_by(audit_entry.c.number).limit(limit)
        )

    def of_issuer(self, issuer_id: UUID, *, before: int | None, limit: int) -> tuple[AuditEntry, ...]:
        """Return an issuer's entries, the newest first."""
        statement = select(audit_entry).where(audit_entry.c.issuer_id == issuer_id)
        if before is not None:
            statement = statement.where(audit_entry.c.number < before)
        return self._entries(statement.order_by(audit_entry.c.number.desc()).limit(limit))

    def note(self, note: AuditNote) -> None:
        """Write something down, with the transaction it is part of."""
        self._noted.append(note)

    def append_noted(self) -> None:
        """Give what was noted its places in the chain; nothing may follow but the commit."""
        if not self._noted:
            return
        if self._connection.dialect.name == "postgresql":
            # Whoever holds it already is about to commit.
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _TRAIL_LOCK})
        newest = self._entries(_NEWEST)
        last = newest[0].link if newest else None
        rows: list[dict[str, int | str | bytes | datetime | UUID | None]] = []
        for note in self._noted:
            entry = chain_note(note, after=last)
            last = entry.link
            rows.append(
                {
                    "number": entry.number,
                    "at": entry.at,
                    "actor": entry.actor,
                    "issuer_id": None if entry.issuer is None else UUID(entry.issuer),
                    "action": entry.action,
                    "subject": entry.subject,
                    "details": canonicalize(entry.details),
                    "previous": entry.previous,
                    "hash": entry.hash,
                }
            )
        self._connection.execute(insert(audit_entry), rows)
        self._noted.clear()

    # Any: rows of the table.
    def _entries(self, statement: Select[Any]) -> tuple[AuditEntry, ...]:
        return tuple(map(_entry, self._connection.execute(statement)))


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        number=row.number,
        at=row.at,
        actor=row.actor,
        issuer=None if row.issuer_id is None else str(row.issuer_id),
        action=row.action,
        subject=row.subject,
        details=_details(bytes(row.details)),
        previous=Digest(row.previous),
        hash=Digest(row.hash),
    )


def _details(content: bytes) -> JsonObject:
    try:
        return parse_object(content)
    except Malformed:
        # Changed past the program. Its hash fits no more, which checking the trail tells with its number.
        return {}

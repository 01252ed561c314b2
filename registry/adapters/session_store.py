"""Sessions of the console in SQL."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from registry.adapters import tables
from registry.adapters.access_store import read_api_key
from registry.adapters.session_tables import session as sessions
from registry.adapters.statements import one_row
from registry.domain.hashing import Digest
from registry.store_ports import NewSession, SessionRecord

_SESSIONS: Final = select(
    tables.api_key,
    sessions.c.created_at.label("opened_at"),
    sessions.c.seen_at,
    sessions.c.expires_at,
).join_from(sessions, tables.api_key, tables.api_key.c.id == sessions.c.key_id)


class SessionStore:
    """Implements SessionReader and SessionWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, id_hash: Digest) -> SessionRecord:
        """Return a session, expired or not. Raises NotFound."""
        row = one_row(self._connection, _SESSIONS.where(sessions.c.id_hash == id_hash), what="session")
        return SessionRecord(
            id_hash=id_hash,
            key=read_api_key(row),
            created_at=row.opened_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
        )

    def insert(self, session: NewSession) -> None:
        """Store a session. Raises Conflict."""
        self._connection.execute(
            insert(sessions).values(
                id_hash=session.id_hash,
                key_id=session.key_id,
                created_at=session.created_at,
                seen_at=session.created_at,
                expires_at=session.expires_at,
            )
        )

    def touch(self, id_hash: Digest, *, seen_at: datetime) -> None:
        """Note that a session was used."""
        self._connection.execute(update(sessions).where(sessions.c.id_hash == id_hash).values(seen_at=seen_at))

    def end(self, id_hash: Digest) -> None:
        """Delete a session."""
        self._connection.execute(delete(sessions).where(sessions.c.id_hash == id_hash))

    def forget(self, *, expired_by: datetime, idle_since: datetime) -> int:
        """Delete the sessions that expired, or that nobody used since a moment; return how many."""
        statement = delete(sessions).where((sessions.c.expires_at <= expired_by) | (sessions.c.seen_at <= idle_since))
        return self._connection.execute(statement).rowcount

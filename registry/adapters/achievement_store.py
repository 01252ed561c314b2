"""Achievements and their versions."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Select, func, insert, select

from registry.adapters import tables
from registry.adapters.statements import not_found, one_row
from registry.store_ports import AchievementRecord

_VERSIONS: Final[Select[Any]] = select(  # Any: a row of the join
    tables.achievement.c.id,
    tables.achievement.c.issuer_id,
    tables.achievement_version.c.version,
    tables.achievement_version.c.body,
    tables.achievement_version.c.created_at,
).join_from(tables.achievement, tables.achievement_version)


class AchievementStore:
    """Implements AchievementReader and AchievementWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, issuer_id: UUID, achievement_id: UUID, *, version: int | None = None) -> AchievementRecord:
        """Return a version, the newest when none is named. Raises NotFound."""
        statement = _VERSIONS.where(
            tables.achievement.c.id == achievement_id, tables.achievement.c.issuer_id == issuer_id
        )
        if version is None:
            statement = statement.order_by(tables.achievement_version.c.version.desc()).limit(1)
        else:
            statement = statement.where(tables.achievement_version.c.version == version)
        return _achievement(one_row(self._connection, statement, what="achievement"))

    def versions(self, issuer_id: UUID, achievement_id: UUID) -> tuple[AchievementRecord, ...]:
        """Return all versions, ascending. Raises NotFound."""
        statement = _VERSIONS.where(
            tables.achievement.c.id == achievement_id, tables.achievement.c.issuer_id == issuer_id
        ).order_by(tables.achievement_version.c.version)
        versions = tuple(map(_achievement, self._connection.execute(statement)))
        if not versions:
            raise not_found("achievement")
        return versions

    def page(self, issuer_id: UUID, *, after: UUID | None, limit: int) -> tuple[AchievementRecord, ...]:
        """Return the newest version of each achievement, by ascending id, those after an id."""
        other = tables.achievement_version.alias()
        newest = (
            select(func.max(other.c.version)).where(other.c.achievement_id == tables.achievement.c.id).scalar_subquery()
        )
        statement = (
            _VERSIONS.where(tables.achievement.c.issuer_id == issuer_id, tables.achievement_version.c.version == newest)
            .order_by(tables.achievement.c.id)
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(tables.achievement.c.id > after)
        return tuple(map(_achievement, self._connection.execute(statement)))

    def insert(self, achievement_id: UUID, *, issuer_id: UUID, body: bytes, created_at: datetime) -> None:
        """Store an achievement as its version 1."""
        self._connection.execute(
            insert(tables.achievement).values(id=achievement_id, issuer_id=issuer_id, created_at=created_at)
        )
        self._insert_version(achievement_id, 1, body, created_at)

    def add_version(self, achievement_id: UUID, *, issuer_id: UUID, body: bytes, created_at: datetime) -> int:
        """Store the next version and return its number. Raises NotFound."""
        # The achievement's row is the lock: the next number is read only while nobody else may write it.
        locked = (
            select(tables.achievement.c.id)
            .where(tables.achievement.c.id == achievement_id, tables.achievement.c.issuer_id == issuer_id)
            .with_for_update(key_share=True)
        )
        one_row(self._connection, locked, what="achievement")
        version = self.get(issuer_id, achievement_id).version + 1
        self._insert_version(achievement_id, version, body, created_at)
        return version

    def _insert_version(self, achievement_id: UUID, version: int, body: bytes, created_at: datetime) -> None:
        self._connection.execute(
            insert(tables.achievement_version).values(
                achievement_id=achievement_id, version=version, body=body, created_at=created_at
            )
        )


def _achievement(row: Row[Any]) -> AchievementRecord:  # Any: a row of the join
    return AchievementRecord(
        id=row.id, issuer_id=row.issuer_id, version=row.version, body=row.body, created_at=row.created_at
    )

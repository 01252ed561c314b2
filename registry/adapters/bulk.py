"""Rows by the thousand: past SQLAlchemy's compiler, on the driver, inside the same transaction.

SQLite takes them with `executemany`, PostgreSQL with a binary COPY. What the database refuses is told in the same words
as by any other statement (`database_errors`).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Table, insert

from registry.adapters.column_types import microseconds

Row = tuple[Any, ...]  # Any: what the drivers take


class RowForms:
    """How values are handed to the driver of a connection."""

    def __init__(self, connection: Connection) -> None:
        """Choose the forms of a connection's database."""
        native = connection.dialect.name == "postgresql"
        self.id: Callable[[UUID], UUID | bytes] = _unchanged if native else _id_bytes
        self.flag: Callable[[bool], bool | int] = bool if native else int
        self._shared: dict[UUID | None, UUID | bytes | None] = {None: None}
        self._moments: dict[datetime, int] = {}

    def shared_id(self, value: UUID | None) -> UUID | bytes | None:
        """Return the form of an id that many rows of one call share, or that is missing."""
        if value not in self._shared and value is not None:
            self._shared[value] = self.id(value)
        return self._shared[value]

    def moment(self, value: datetime) -> int:
        """Return the form of a moment; the rows of one call have few."""
        known = self._moments.get(value)
        if known is None:
            known = self._moments[value] = microseconds(value)
        return known


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows whose values stand in the order of the table's columns, in the driver's forms.

    Raises what the driver raises.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
        return
    connection.exec_driver_sql(str(insert(table).compile(dialect=connection.dialect)), list(rows))


def _copy(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    # Nothing executed yet means no transaction yet: the driver begins it with its first statement, as for any other.
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"expected a PostgreSQL connection, got {type(driver)}")
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table.name), sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    )
    with driver.cursor() as cursor, cursor.copy(statement) as stream:
        stream.set_types([column.type.compile(dialect=connection.dialect).lower() for column in table.columns])
        for row in rows:
            stream.write_row(row)


def _id_bytes(value: UUID) -> bytes:
    return value.bytes


def _unchanged(value: UUID) -> UUID:
    return value

"""Statements that several stores need, and that the two databases spell differently."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Row,
    Select,
    Table,
    Update,
    func,
    literal,
    literal_column,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from registry.domain.errors import NotFound


# Any: rows and values of any table.
def one_row(connection: Connection, statement: Select[Any], *, what: str) -> Row[Any]:
    """Return the only row. Raises NotFound `<what>-not-found`."""
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise not_found(what)
    return row


def change_one(connection: Connection, statement: Update | Delete, *, what: str) -> None:
    """Change a row that must be there. Raises NotFound `<what>-not-found`."""
    if connection.execute(statement).rowcount != 1:
        raise not_found(what)


def first_said(column: Column[Any], value: object) -> ColumnElement[Any]:
    """Return what a column holds already, or else the value: a second time changes nothing."""
    return func.coalesce(column, literal(value, column.type))


def not_found(what: str) -> NotFound:
    """Return the error of a record that is not there, or not for this caller."""
    return NotFound(f"{what}-not-found", f"expected an existing {what.replace('-', ' ')}, found none")


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless a unique value of it is taken, and tell whether it was inserted.

    A transaction that is inserting the same is waited for.
    """
    # What was inserted comes back; a driver's count of rows is not to be had for this statement.
    inserted: ColumnElement[int] = literal_column("1")
    if connection.dialect.name == "postgresql":
        in_postgresql = postgresql.insert(table).values(values).on_conflict_do_nothing().returning(inserted)
        return connection.execute(in_postgresql).one_or_none() is not None
    in_sqlite = sqlite.insert(table).values(values).on_conflict_do_nothing().returning(inserted)
    return connection.execute(in_sqlite).one_or_none() is not None


def await_transactions(connection: Connection, table: Table) -> None:
    """Wait until no other transaction of PostgreSQL writes to a table or holds it ROW EXCLUSIVE; hold nothing then."""
    if connection.dialect.name == "postgresql":
        # A lock goes with the savepoint that it was taken after.
        with connection.begin_nested() as savepoint:
            lock_table(connection, table, "SHARE")
            savepoint.rollback()


def lock_table(connection: Connection, table: Table, mode: str) -> None:
    """Lock a table of PostgreSQL until the transaction ends; SQLite's one writer has it anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN {mode} MODE"))

"""What the tables are made of: the one MetaData with its names of constraints, and the kinds of tables and indexes."""

from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Index, MetaData, Table
from sqlalchemy.schema import SchemaItem

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def table(name: str, *items: SchemaItem) -> Table:
    """Define a table."""
    # Without STRICT, SQLite stores text in an integer column and says nothing.
    return Table(name, METADATA, *items, sqlite_strict=True)


def narrow_table(name: str, *items: SchemaItem) -> Table:
    """Define a table of short rows that are found by their primary key."""
    # SQLite keeps such rows in their primary key alone, not there and in a table as well.
    return Table(name, METADATA, *items, sqlite_strict=True, sqlite_with_rowid=False)


def partial_index(name: str, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False) -> None:
    """Define an index over some of a table's rows."""
    Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)

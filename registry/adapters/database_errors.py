"""What a database says of a failure, in the project's own errors.

    unique constraint or key   Conflict `<table>-<columns>-taken`
    check                      Conflict `<table>-<check>-broken`
    foreign key                Conflict `reference-unknown`      (SQLite does not tell which)
    anything else it refuses   Conflict `constraint-broken`
    a value it cannot hold     Malformed `value-not-storable`    (PostgreSQL has no text with NUL; SQLite has)
    not reached, locked, full  Unavailable `database-unavailable`

A mistake in a statement is nobody's news but ours: it is not translated.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from sqlalchemy import CheckConstraint, ColumnElement, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from registry.adapters.tables import METADATA
from registry.domain.errors import Conflict, Malformed, Unavailable

_SQLITE_NAMED: Final = re.compile(r"(?:UNIQUE|CHECK) constraint failed: (.+)")
_SQLITE_REFERENCE: Final = "FOREIGN KEY constraint failed"
_PREFIX_LENGTH: Final = len("uq_")


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what the database refuses or fails at, inside the block, into Conflict, Malformed and Unavailable."""
    try:
        yield
    except IntegrityError as error:
        code = _conflict_code(error)
        raise Conflict(code, f"the database refused it: {code}") from error
    except psycopg.IntegrityError as error:
        # Rows that were copied to PostgreSQL on the driver itself.
        code = _constraint_codes().get(error.diag.constraint_name or "", "constraint-broken")
        raise Conflict(code, f"the database refused it: {code}") from error
    except (DataError, psycopg.DataError) as error:
        cause = error.orig if isinstance(error, DataError) else error
        # What the server itself objects to has a state, and is a mistake in a statement.
        if not isinstance(cause, psycopg.DataError) or cause.sqlstate is not None:
            raise
        raise Malformed("value-not-storable", "expected values that a database can hold, such as no NUL") from error
    except (
        OperationalError,
        InterfaceError,
        InternalError,
        PoolTimeoutError,
        psycopg.OperationalError,
        psycopg.InterfaceError,
        psycopg.InternalError,
    ) as error:
        # The driver's words may name hosts and accounts: they stay in the cause, for the operator's log.
        message = f"the database could not do it ({type(error).__name__})"
        raise Unavailable("database-unavailable", message) from error


def _conflict_code(error: IntegrityError) -> str:
    codes = _constraint_codes()
    if isinstance(error.orig, psycopg.Error):
        return codes.get(error.orig.diag.constraint_name or "", "constraint-broken")
    message = str(error.orig)
    if match := _SQLITE_NAMED.fullmatch(message):
        return codes.get(match[1], "constraint-broken")
    return "reference-unknown" if message == _SQLITE_REFERENCE else "constraint-broken"


def _constraint_codes() -> dict[str, str]:
    # PostgreSQL tells a constraint's name, SQLite the columns of a unique one: both lead to the same code.
    codes: dict[str, str] = {}
    for table in METADATA.sorted_tables:
        for constraint in table.constraints:
            name = str(constraint.name)
            if isinstance(constraint, PrimaryKeyConstraint):
                code = _hyphenated("_".join([table.name, *constraint.columns.keys()]), "taken")
                codes |= {name: code, _spelled_by_sqlite(constraint.columns): code}
            elif isinstance(constraint, UniqueConstraint):
                code = _hyphenated(name[_PREFIX_LENGTH:], "taken")
                codes |= {name: code, _spelled_by_sqlite(constraint.columns): code}
            elif isinstance(constraint, CheckConstraint):
                codes[name] = _hyphenated(name[_PREFIX_LENGTH:], "broken")
            else:
                codes[name] = "reference-unknown"
        for index in table.indexes:
            if index.unique:
                code = _hyphenated(str(index.name)[_PREFIX_LENGTH:], "taken")
                codes |= {str(index.name): code, _spelled_by_sqlite(index.columns): code}
    return codes


def _spelled_by_sqlite(columns: Iterable[ColumnElement[Any]]) -> str:  # Any: a column of any type
    return ", ".join(str(column) for column in columns)


def _hyphenated(name: str, ending: str) -> str:
    return f"{name.replace('_', '-')}-{ending}"

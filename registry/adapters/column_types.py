"""Column types and checks that mean the same on SQLite and on PostgreSQL.

An id takes 16 bytes, a moment is an integer of microseconds, a flag is 0 or 1: nothing depends on what a database
thinks of time zones or booleans. SQLite's tables are STRICT, so every type here has a name that STRICT knows.
"""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Dialect, Integer, LargeBinary, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def whole_number() -> TypeEngine[int]:
    """Return a 64-bit integer; SQLite's STRICT tables spell it INTEGER."""
    return BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def one_of(name: str, values: Iterable[str]) -> CheckConstraint:
    """Return the check that a column holds one of some words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{name} IN ({listed})", name=name)


def sized(name: str, size_bytes: int) -> CheckConstraint:
    """Return the check that a column holds so many bytes."""
    return CheckConstraint(f"length({name}) = {size_bytes}", name=name)


def microseconds(moment: datetime) -> int:
    """Count the microseconds since 1970 of an aware moment."""
    # Subtracting the aware epoch refuses a naive time with TypeError: a clock without a zone is a bug, not a value.
    return (moment - _EPOCH) // _MICROSECOND


def moment_at(count: int) -> datetime:
    """Return the aware moment that many microseconds after 1970 began."""
    return _EPOCH + count * _MICROSECOND


class Id(TypeDecorator[uuid.UUID]):
    """A UUID: the native type of PostgreSQL, 16 bytes in SQLite."""

    impl = LargeBinary
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # Any: the signature of SQLAlchemy
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=True))
        return dialect.type_descriptor(LargeBinary())

    @override
    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> uuid.UUID | bytes | None:
        if value is None or dialect.name == "postgresql":
            return value
        return value.bytes

    @override
    def process_result_value(self, value: uuid.UUID | bytes | None, dialect: Dialect) -> uuid.UUID | None:
        return uuid.UUID(bytes=value) if isinstance(value, bytes) else value


class Moment(TypeDecorator[datetime]):
    """An aware moment, stored as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # Any: the signature of SQLAlchemy
        return dialect.type_descriptor(sqlite.INTEGER() if dialect.name == "sqlite" else BigInteger())

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    @override
    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment_at(value)


class Flag(TypeDecorator[bool]):
    """A yes or no: boolean in PostgreSQL, 0 or 1 in SQLite."""

    impl = Boolean
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # Any: the signature of SQLAlchemy
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else Boolean())

    @override
    def process_bind_param(self, value: bool | None, dialect: Dialect) -> bool | int | None:
        return int(value) if value is not None and dialect.name == "sqlite" else value

    @override
    def process_result_value(self, value: bool | int | None, dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


class Wei(TypeDecorator[int]):
    """An amount of wei, as decimal text: 256 bits fit no database integer."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

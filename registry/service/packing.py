"""Signed credentials on their way between processes: by column, what all of them share once, UUIDs as bytes.

Written value by value, a credential's row takes longer to send than its recipient's row takes to judge.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import repeat
from typing import Any, Final, TypeAlias
from uuid import UUID

from registry.store_ports import NewCredential

_UUID_BYTES: Final = 16
_NAMES: Final = tuple(field.name for field in fields(NewCredential) if field.name != "id")
"""All but the id, which the receiver gives: ids then sort by line, whichever process was first."""


@dataclass(frozen=True, slots=True)
class _Same:
    """A column that holds one value."""

    value: object


@dataclass(frozen=True, slots=True)
class _Uuids:
    """A column of UUIDs."""

    joined: bytes


_Column: TypeAlias = _Same | _Uuids | list[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedCredentials:
    """Signed credentials without their ids, in order."""

    count: int
    columns: tuple[_Column, ...]


def pack(credentials: Sequence[NewCredential]) -> PackedCredentials:
    """Return credentials in the form in which they are sent."""
    columns = tuple(_pack([getattr(credential, name) for credential in credentials]) for name in _NAMES)
    return PackedCredentials(count=len(credentials), columns=columns if credentials else ())


def unpack(packed: PackedCredentials, *, new_id: Callable[[], UUID]) -> list[NewCredential]:
    """Return the credentials that were packed, each with a new id."""
    if not packed.count:
        return []
    columns = [_unpack(column) for column in packed.columns]
    # Any: the values are those that were taken out of the same fields.
    rows: list[tuple[Any, ...]] = list(zip(range(packed.count), *columns, strict=False))
    return [NewCredential(id=new_id(), **dict(zip(_NAMES, row[1:], strict=True))) for row in rows]


def _pack(column: list[object]) -> _Column:
    if column and column.count(column[0]) == len(column):
        return _Same(column[0])
    if all(isinstance(value, UUID) for value in column):
        return _Uuids(b"".join(value.bytes for value in column if isinstance(value, UUID)))
    return column


def _unpack(column: _Column) -> "list[UUID] | list[object] | repeat[object]":
    if isinstance(column, _Same):
        return repeat(column.value)
    if isinstance(column, _Uuids):
        joined = column.joined
        return [UUID(bytes=joined[at : at + _UUID_BYTES]) for at in range(0, len(joined), _UUID_BYTES)]
    return column

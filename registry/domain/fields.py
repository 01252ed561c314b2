"""Readers for the members of our own JSON forms: exact names, exact types, one spelling."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from registry.domain.canonical import MAX_SAFE_INTEGER, JsonObject, JsonValue
from registry.domain.errors import Malformed

_UTC_SECONDS: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_CHAIN_HASH: Final = re.compile(r"0x[0-9a-f]{64}")


def read_object(
    value: JsonValue, *, required: Collection[str], optional: Collection[str] = (), where: str
) -> JsonObject:
    """Read an object with exactly these members.

    Raises Malformed `malformed-object` for another type, `missing-member`, `unknown-member`.
    """
    if not isinstance(value, dict):
        raise Malformed("malformed-object", "expected an object", where=where)
    for name in required:
        if name not in value:
            raise Malformed("missing-member", f"expected the member {name!r}", where=where)
    for name in value:
        if name not in required and name not in optional:
            raise Malformed("unknown-member", f"expected no member {name!r}", where=where)
    return value


def read_integer(value: JsonValue, *, minimum: int = 0, maximum: int = MAX_SAFE_INTEGER, where: str) -> int:
    """Read a JSON integer within bounds.

    Raises Malformed for booleans, fractions (1.0 too) and numbers outside.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise Malformed("malformed-integer", f"expected an integer from {minimum} to {maximum}", where=where)
    return value


def read_text(value: JsonValue, *, limit: int = 2048, where: str) -> str:
    """Read a string of 1 to `limit` characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= limit:
        raise Malformed("malformed-string", f"expected a string of 1 to {limit} characters", where=where)
    return value


def read_constant(value: JsonValue, *, expected: str | int, where: str) -> None:
    """Read a member that has one possible value."""
    if type(value) is not type(expected) or value != expected:
        raise Malformed("unexpected-value", f"expected {expected!r}", where=where)


def read_list(value: JsonValue, *, limit: int, where: str) -> list[JsonValue]:
    """Read a list of at most `limit` items."""
    if not isinstance(value, list) or len(value) > limit:
        raise Malformed("malformed-list", f"expected a list of at most {limit} items", where=where)
    return value


def read_chain_hash(value: JsonValue, where: str) -> str:
    """Read a transaction or block hash: 64 lower-case hex digits with 0x."""
    if not isinstance(value, str) or _CHAIN_HASH.fullmatch(value) is None:
        raise Malformed("malformed-chain-hash", "expected 0x and 64 lower-case hex digits", where=where)
    return value


def read_time(value: JsonValue, where: str) -> datetime:
    """Read `YYYY-MM-DDThh:mm:ssZ`, and only that spelling (RFC 3339 UTC)."""
    if not isinstance(value, str) or _UTC_SECONDS.fullmatch(value) is None:
        raise Malformed("malformed-time", "expected YYYY-MM-DDThh:mm:ssZ", where=where)
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Malformed("malformed-time", f"expected a time that exists, got {value}", where=where) from error


def write_time(time: datetime) -> str:
    """Write a time as `YYYY-MM-DDThh:mm:ssZ`, cut to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

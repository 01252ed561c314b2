"""JSON in and out: I-JSON (RFC 7493) is all that is read, JCS (RFC 8785) is all that is hashed.

A document that two parsers could understand differently is refused before anything is computed from it:
duplicate names, lone surrogates, integers beyond 2^53-1, numbers that overflow a double.

orjson is forty times as fast as what is strict, and strict in less. It is used where what it does is known to be the
same: for values that `_is_plain` has looked at, and for texts that it writes again as they were.
"""

import json
import math
import re
from typing import Final, NoReturn, TypeAlias, cast

import orjson
import rfc8785

from registry.domain.errors import Malformed

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, "JsonValue"]

MAX_SAFE_INTEGER: Final = 2**53 - 1

_FIRST_EXPONENT: Final = 1e21
"""From here on ECMAScript, and so RFC 8785, writes a number with an exponent."""

MAX_DOCUMENT_BYTES: Final = 1_048_576
"""A credential is a few kilobytes; a megabyte leaves room for an embedded image and bounds what a stranger can cost."""

MAX_DEPTH: Final = 64
"""Deeper than any credential, far below the recursion limit of any parser that will read the document after us."""


_PLAIN_FRACTIONS: Final = (1e-4, 1e15)
"""Between them ECMAScript and orjson both write a fraction as its shortest digits; below, orjson begins to write exponents."""

_STRINGS_AND_BRACKETS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{\]}]', re.DOTALL)
"""Strings whole, so that the brackets in them do not count; one that does not end takes the rest of the text."""

_STRINGS_AND_VALUES: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{][ \t\n\r]*+[\]}]|([\[{,])', re.DOTALL)
"""A value stands behind every comma and at the beginning of whatever is not empty: the group has one of them."""


def parse_json(data: bytes, *, limit_bytes: int = MAX_DOCUMENT_BYTES) -> JsonValue:
    """Read one I-JSON text.

    Raises Malformed: `json-too-large`, `json-not-utf8`, `json-syntax`, or a code of `check_ijson`.
    """
    if len(data) > limit_bytes:
        raise Malformed("json-too-large", f"expected at most {limit_bytes} bytes, got {len(data)}")
    compact = _parse_compact(data)
    if compact is not None:
        return compact
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(
            "json-not-utf8", f"expected UTF-8, got byte {data[error.start]:#04x} at {error.start}"
        ) from error
    check_nesting(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
            parse_int=_read_integer,
            parse_float=_read_float,
        )
    except json.JSONDecodeError as error:
        raise Malformed(
            "json-syntax", f"expected JSON, {error.msg} at line {error.lineno} column {error.colno}"
        ) from error
    checked = cast("JsonValue", value)  # json.loads is untyped; the hooks above admit nothing else
    check_ijson(checked)
    return checked


def parse_object(data: bytes, *, limit_bytes: int = MAX_DOCUMENT_BYTES) -> JsonObject:
    """Read one I-JSON text that is an object.

    Raises Malformed as `parse_json`, and `json-not-object`.
    """
    value = parse_json(data, limit_bytes=limit_bytes)
    if not isinstance(value, dict):
        raise Malformed("json-not-object", "expected a JSON object")
    return value


def check_values(data: bytes, *, limit: int) -> None:
    """Check how many values a JSON text has, before any of them costs anything; of other texts it says nothing.

    Raises Malformed `json-too-many-values`.
    """
    if most_values(data) <= limit:
        return
    values = 1
    for match in _STRINGS_AND_VALUES.finditer(data):
        values += match[1] is not None
        if values > limit:
            raise Malformed("json-too-many-values", f"expected at most {limit} values")


def most_values(data: bytes) -> int:
    """Return how many values a JSON text has at most: strings count as if what stands in them were JSON too."""
    return 1 + data.count(b",") + data.count(b"[") + data.count(b"{")


def check_nesting(text: str) -> None:
    """Check how deep a JSON text is nested, before a parser that recurses reads it.

    Python's parser ends the process where the recursion limit is higher than the stack is deep, and py_ecc, which web3
    loads, sets it to 100,000.

    Raises Malformed `json-too-deep`.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _STRINGS_AND_BRACKETS.finditer(text):
        if text[match.start()] in "[{":
            depth += 1
            # One more than the deepest value: whether the innermost holds anything is for `check_ijson` to tell.
            if depth > MAX_DEPTH + 1:
                raise Malformed("json-too-deep", f"expected at most {MAX_DEPTH} levels")
        elif text[match.start()] in "]}":
            depth -= 1


def check_ijson(value: JsonValue) -> None:
    """Check that a parsed value is I-JSON and not too deep.

    Raises Malformed: `json-too-deep`, `json-surrogate`, `json-number`, `json-value`.
    """
    pending: list[tuple[object, int]] = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise Malformed("json-too-deep", f"expected at most {MAX_DEPTH} levels")
        if isinstance(item, dict):
            for name, member in item.items():
                _check_text(name)
                pending.append((member, depth + 1))
        elif isinstance(item, list):
            pending.extend((member, depth + 1) for member in item)
        else:
            _check_scalar(item)


def canonicalize(value: JsonValue) -> bytes:
    """Write the canonical form of RFC 8785.

    Raises Malformed as `check_ijson`: what has no canonical form has no hash.
    """
    if _is_plain(value, 0):
        try:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:
            # A lone surrogate: told below.
            pass
    check_ijson(value)
    return rfc8785.dumps(value)


def _parse_compact(data: bytes) -> JsonObject | list[JsonValue] | None:
    """Read a text that orjson writes again as it was; None for any other.

    One of two members of a name would be missing then, and every number and string be spelled in another way.
    """
    try:
        value = orjson.loads(data)
        same = isinstance(value, dict | list) and _is_plain(value, 0) and orjson.dumps(value) == data
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return value if same else None


def _is_plain(value: object, depth: int) -> bool:
    """Tell whether a value is I-JSON, and written by orjson as RFC 8785 has it, but for lone surrogates.

    Names are ASCII: sorted by UTF-8 and by UTF-16 they come in the same order. Types are exact: orjson writes more of
    them than JSON has.
    """
    kind = type(value)
    if kind is dict:
        return depth < MAX_DEPTH and _has_plain_members(cast("dict[object, object]", value), depth)
    if kind is list:
        return depth < MAX_DEPTH and all(_is_plain(item, depth + 1) for item in cast("list[object]", value))
    if kind is int:
        return abs(cast("int", value)) <= MAX_SAFE_INTEGER
    if kind is float:
        return _is_plain_fraction(cast("float", value))
    return kind is str or kind is bool or value is None


def _has_plain_members(members: dict[object, object], depth: int) -> bool:
    for name, member in members.items():
        if type(name) is not str or not name.isascii():
            return False
        # Most are strings: what needs no call is not called for.
        if type(member) is not str and not _is_plain(member, depth + 1):
            return False
    return True


def _is_plain_fraction(number: float) -> bool:
    smallest, largest = _PLAIN_FRACTIONS
    return smallest <= abs(number) < largest and not number.is_integer()


def _object_without_duplicates(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]  # set.add is the point
        raise Malformed("json-duplicate-name", f"expected each name once, got {twice!r} twice")
    return members


def _refuse_constant(text: str) -> NoReturn:
    raise Malformed("json-number", f"expected a JSON number, got {text}")


def _read_integer(text: str) -> int | float:
    # Longer than any double's integer digits: refuse before int() spends quadratic time on it.
    if len(text) > 400:
        raise Malformed("json-number", "expected a number within the range of a double")
    return int(text)


def _read_float(text: str) -> float:
    return float(text)


def _check_scalar(item: object) -> None:
    if isinstance(item, str):
        _check_text(item)
    elif item is None or isinstance(item, bool):
        return
    elif isinstance(item, int):
        if abs(item) > MAX_SAFE_INTEGER:
            raise Malformed("json-number", f"expected an integer within ±{MAX_SAFE_INTEGER}")
    elif isinstance(item, float):
        if not math.isfinite(item):
            raise Malformed("json-number", "expected a number within the range of a double")
        # 1e20 is an integer too: its canonical form is written in digits, and would be refused when read again.
        if MAX_SAFE_INTEGER < abs(item) < _FIRST_EXPONENT and item.is_integer():
            raise Malformed("json-number", f"expected an integer within ±{MAX_SAFE_INTEGER}")
    else:
        raise Malformed("json-value", f"expected a JSON value, got {type(item).__name__}")


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise Malformed("json-value", f"expected a string as a name, got {type(text).__name__}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Malformed("json-surrogate", "expected Unicode scalar values, got a lone surrogate") from error

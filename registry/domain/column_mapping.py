"""Column mappings: how the columns of somebody's export become those of an upload. The form is docs/column-mappings.md.

    {"name": ..., "columns": {OUR COLUMN: SOURCE, ...}, "leaveOut": [CONDITION, ...]}

    SOURCE     {"constant": text}
               {"from": THEIR COLUMN, "split"?, "values"?, "date"?}
               {"join": [THEIR COLUMN or {"from", "split"}, ...], "with"?: text, "values"?, "date"?}
    split      {"at": text, "part": 1, 2, ... or -1, -2, ... from the end}
    values     {their value: ours}; any other value refuses the row
    date       YMD, DMY or MDY: the order is said, never guessed
    CONDITION  {"from": THEIR COLUMN, "if": [value, ...]} or {"from": ..., "unless": [value, ...]}

A mapping knows no row; `mapped_rows` applies it. Their columns and values are compared without regard to upper and
lower case and to space around them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue, parse_object
from registry.domain.errors import Malformed
from registry.domain.fields import read_integer, read_list, read_object, read_text
from registry.domain.upload_columns import Column
from registry.domain.upload_values import clean_text

MAX_MAPPING_BYTES: Final = 65_536
"""A mapping of a page; one with a thousand values of a page still fits."""
MAX_NAME: Final = 200
MAX_TEXT: Final = 500
"""Of a column's name or a value: headings of exports run to a sentence."""
MAX_PARTS: Final = 8
MAX_VALUES: Final = 1_000
MAX_CONDITIONS: Final = 20
MAX_PART: Final = 50
_REQUIRED: Final = (Column.RECIPIENT_NAME, Column.ISSUED_ON)
_IDENTIFYING: Final = (Column.RECIPIENT_EMAIL, Column.RECIPIENT_ID)
_STEPS: Final = ("values", "date")


class DateOrder(StrEnum):
    """In which order an export writes year, month and day."""

    YEAR_FIRST = "YMD"
    DAY_FIRST = "DMY"
    MONTH_FIRST = "MDY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Which piece of a text is taken."""

    at: str
    part: int
    """From 1; below 0 it is counted from the end. A piece that is not there is empty."""

    def take(self, text: str) -> str:
        """Return the piece."""
        pieces = text.split(self.at)
        at = self.part - 1 if self.part > 0 else len(pieces) + self.part
        return pieces[at] if 0 <= at < len(pieces) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something of one of their columns."""

    column: str
    split: Split | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one of our columns comes from: a constant, or parts that are joined."""

    constant: str | None = None
    parts: tuple[Part, ...] = ()
    separator: str = " "
    values: tuple[tuple[str, str], ...] | None = None
    """Theirs, as it is compared, and ours."""
    date: DateOrder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Which rows are left out."""

    column: str
    values: tuple[str, ...]
    """As they are compared; the empty one is an empty cell."""
    leaves_out_others: bool
    """Rows with another value are left out, not those with one of these."""

    def leaves_out(self, value: str) -> bool:
        """Tell whether a row with that value is left out."""
        return (comparable(value) in self.values) is not self.leaves_out_others


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """A mapping."""

    name: str
    sources: tuple[tuple[Column, Source], ...]
    """In the order of our columns."""
    conditions: tuple[Condition, ...] = ()

    @property
    def their_columns(self) -> tuple[str, ...]:
        """Every column of theirs that is asked for, once, as it is spelled in the mapping."""
        parts = (part.column for _, source in self.sources for part in source.parts)
        conditions = (condition.column for condition in self.conditions)
        return tuple({comparable(name): name for name in (*parts, *conditions)}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """How far a mapping fits a file."""

    key: str
    """Its id, or the name of one that is built in."""
    name: str
    found: int
    """How many of the columns that it asks for are there."""
    missing: tuple[str, ...]


def comparable(text: str) -> str:
    """Return a column's name or a value as it is compared."""
    return clean_text(text)[0].casefold()


def parse_mapping(content: bytes) -> ColumnMapping:
    """Read a mapping.

    Raises Malformed with the place of the first rule broken; `mapping-incomplete` for one that leaves a required
    column out.
    """
    return read_mapping(parse_object(content, limit_bytes=MAX_MAPPING_BYTES))


def read_mapping(document: JsonObject) -> ColumnMapping:
    """Read a mapping that is JSON already. Raises as `parse_mapping`."""
    read_object(document, required=("name", "columns"), optional=("leaveOut",), where="mapping")
    columns = document["columns"]
    if not isinstance(columns, dict):
        raise Malformed("malformed-object", "expected an object", where="columns")
    known = {column.value for column in Column}
    for name in columns:
        if name not in known:
            raise Malformed("unknown-member", f"expected one of {', '.join(sorted(known))}", where=f"columns.{name}")
    sources = tuple(
        (column, _source(columns[column.value], f"columns.{column}")) for column in Column if column.value in columns
    )
    conditions = read_list(document.get("leaveOut", []), limit=MAX_CONDITIONS, where="leaveOut")
    mapping = ColumnMapping(
        name=read_text(document["name"], limit=MAX_NAME, where="name"),
        sources=sources,
        conditions=tuple(_condition(item, f"leaveOut.{at}") for at, item in enumerate(conditions)),
    )
    given = {column for column, _ in sources}
    if not given.issuperset(_REQUIRED) or given.isdisjoint(_IDENTIFYING):
        message = "expected recipient_name, issued_on, and recipient_email or recipient_id"
        raise Malformed("mapping-incomplete", message, where="columns")
    return mapping


def suggest(header: Sequence[str], mappings: Mapping[str, ColumnMapping]) -> tuple[Suggestion, ...]:
    """Tell how far each mapping fits the first line of a file: those that lack nothing first, then by what they use."""
    there = {comparable(name) for name in header}
    told = (_suggestion(key, mapping, there) for key, mapping in mappings.items())
    return tuple(sorted(told, key=lambda each: (bool(each.missing), -each.found, len(each.missing), each.name)))


def _suggestion(key: str, mapping: ColumnMapping, there: set[str]) -> Suggestion:
    asked = mapping.their_columns
    missing = tuple(name for name in asked if comparable(name) not in there)
    return Suggestion(key=key, name=mapping.name, found=len(asked) - len(missing), missing=missing)


def _source(value: JsonValue, where: str) -> Source:
    if not isinstance(value, dict):
        raise Malformed("malformed-object", "expected an object", where=where)
    if "constant" in value:
        read_object(value, required=("constant",), where=where)
        return Source(constant=read_text(value["constant"], limit=MAX_TEXT, where=f"{where}.constant"))
    if "join" in value:
        read_object(value, required=("join",), optional=("with", *_STEPS), where=where)
        items = read_list(value["join"], limit=MAX_PARTS, where=f"{where}.join")
        parts = tuple(_joined(item, f"{where}.join.{at}") for at, item in enumerate(items))
        if not parts:
            raise Malformed("malformed-list", "expected at least one column", where=f"{where}.join")
        separator = value.get("with", " ")
        if not isinstance(separator, str) or len(separator) > MAX_TEXT:
            raise Malformed("malformed-string", f"expected at most {MAX_TEXT} characters", where=f"{where}.with")
    else:
        read_object(value, required=("from",), optional=("split", *_STEPS), where=where)
        parts, separator = (_part(value, where),), " "
    return Source(
        parts=parts, separator=separator, values=_values(value, where), date=_date_order(value, f"{where}.date")
    )


def _joined(value: JsonValue, where: str) -> Part:
    if isinstance(value, str):
        return Part(column=_column_name(value, where))
    return _part(read_object(value, required=("from",), optional=("split",), where=where), where)


def _part(value: JsonObject, where: str) -> Part:
    column = _column_name(value["from"], f"{where}.from")
    if "split" not in value:
        return Part(column=column)
    where = f"{where}.split"
    split = read_object(value["split"], required=("at", "part"), where=where)
    part = read_integer(split["part"], minimum=-MAX_PART, maximum=MAX_PART, where=f"{where}.part")
    if part == 0:
        raise Malformed("malformed-integer", "expected 1, 2, ... or -1, -2, ...", where=f"{where}.part")
    return Part(column=column, split=Split(at=read_text(split["at"], limit=MAX_TEXT, where=f"{where}.at"), part=part))


def _values(source: JsonObject, where: str) -> tuple[tuple[str, str], ...] | None:
    if "values" not in source:
        return None
    values, where = source["values"], f"{where}.values"
    if not isinstance(values, dict) or not 1 <= len(values) <= MAX_VALUES:
        raise Malformed("malformed-object", f"expected an object of 1 to {MAX_VALUES} values", where=where)
    pairs = tuple(_pairs(values, where))
    if len({theirs for theirs, _ in pairs}) < len(pairs):
        raise Malformed("mapping-value-twice", "expected each value once, in whatever spelling", where=where)
    return pairs


def _pairs(values: JsonObject, where: str) -> Iterator[tuple[str, str]]:
    for theirs, ours in values.items():
        if not isinstance(ours, str) or max(len(theirs), len(ours)) > MAX_TEXT:
            raise Malformed("malformed-string", f"expected at most {MAX_TEXT} characters", where=where)
        yield comparable(theirs), ours


def _date_order(source: JsonObject, where: str) -> DateOrder | None:
    if "date" not in source:
        return None
    order = next((order for order in DateOrder if order.value == source["date"]), None)
    if order is None:
        raise Malformed("mapping-date-order", f"expected one of {', '.join(DateOrder)}", where=where)
    return order


def _condition(value: JsonValue, where: str) -> Condition:
    members = read_object(value, required=("from",), optional=("if", "unless"), where=where)
    if ("if" in members) == ("unless" in members):
        raise Malformed("missing-member", "expected either 'if' or 'unless'", where=where)
    word = "if" if "if" in members else "unless"
    given = read_list(members[word], limit=MAX_VALUES, where=f"{where}.{word}")
    values = [item for item in given if isinstance(item, str) and len(item) <= MAX_TEXT]
    if not values or len(values) < len(given):
        raise Malformed("malformed-list", f"expected strings of at most {MAX_TEXT} characters", where=f"{where}.{word}")
    return Condition(
        column=_column_name(members["from"], f"{where}.from"),
        values=tuple(map(comparable, values)),
        leaves_out_others=word == "unless",
    )


def _column_name(value: JsonValue, where: str) -> str:
    name = read_text(value, limit=MAX_TEXT, where=where)
    if not comparable(name):
        raise Malformed("malformed-string", "expected the name of a column", where=where)
    return name

"""The header of an upload: which column is which, and what is wrong with it.

Order is free, upper case and space around a name do not matter. Names that begin with `_` belong to reports and are
passed over, so that an annotated file can be put right and uploaded again.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.domain.upload_codes import Code, FileProblem, Finding, find, show_value
from registry.domain.upload_text import Record
from registry.domain.upload_values import clean_text


class Column(StrEnum):
    """The known columns, in the order in which a row is judged."""

    RECIPIENT_EMAIL = "recipient_email"
    RECIPIENT_ID = "recipient_id"
    RECIPIENT_NAME = "recipient_name"
    ISSUED_ON = "issued_on"
    EXPIRES_ON = "expires_on"
    GRADE = "grade"
    SCORE = "score"
    EVIDENCE_URL = "evidence_url"
    EVIDENCE_NAME = "evidence_name"
    NARRATIVE = "narrative"
    LOCALE = "locale"
    CREDITS = "credits"
    ACTIVITY_START = "activity_start"
    ACTIVITY_END = "activity_end"
    EXTERNAL_REF = "external_ref"


COLUMN_NAMES: Final = frozenset(Column)
REPORT_PREFIX: Final = "_"
"""Columns whose name begins so are never read."""
REPORT_COLUMNS: Final = ("_line", "_status", "_code", "_column", "_message")
"""What an annotated file has beside the columns that were uploaded."""

_LIKENESS: Final = 0.7
"""Of difflib: takes a missing, doubled or swapped letter, and leaves `title` without a suggestion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the cells of each row mean."""

    columns: tuple[Column | None, ...]
    """By position; None is passed over."""
    report: frozenset[int]
    """The positions of columns that belong to a report: what stands there makes no row."""
    annotated: bool
    """The file is one of our reports: a `'` before a formula character was put there by us."""
    notes: tuple[Finding, ...]
    """Columns that are passed over."""

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return len(self.columns)

    @property
    def identifier(self) -> Column:
        """The column to name when a row names no recipient."""
        return Column.RECIPIENT_EMAIL if Column.RECIPIENT_EMAIL in self.columns else Column.RECIPIENT_ID


def read_header(record: Record | None, *, ignore_extra: bool) -> Header:
    """Read the first record of a file.

    Raises FileProblem: the first one, with all further ones in `others`.
    """
    names = () if record is None else header_names(record.cells)
    if record is None or not any(name in COLUMN_NAMES or nearest(name) for name in names):
        raise FileProblem(Code.HEADER_MISSING, line=1, value=",".join(names))
    problems = (
        *_repeated(names, record.line),
        *(() if ignore_extra else _unread(names, record.line)),
        *_missing(names, record.line),
    )
    if problems:
        first, *others = problems
        first.others = tuple(others)
        raise first
    return Header(
        columns=tuple(Column(name) if name in COLUMN_NAMES else None for name in names),
        report=frozenset(position for position, name in enumerate(names) if name.startswith(REPORT_PREFIX)),
        annotated=is_annotated(names),
        notes=tuple(
            find(Code.COLUMN_IGNORED, line=record.line, column=name or str(position))
            for position, name in enumerate(names, start=1)
            if name not in COLUMN_NAMES
        ),
    )


def header_names(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return the column names as they are compared, without the nameless columns at the end of the line."""
    names = [clean_text(cell)[0].casefold() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def is_annotated(names: tuple[str, ...]) -> bool:
    """Tell whether a file with these columns is a report that was written here."""
    return set(REPORT_COLUMNS) <= set(names)


def nearest(name: str) -> str | None:
    """Return the known column whose name is most like this one, if any is."""
    spelled = name.replace(" ", "_").replace("-", "_")
    return next(iter(difflib.get_close_matches(spelled, tuple(Column), n=1, cutoff=_LIKENESS)), None)


def _unread(names: tuple[str, ...], line: int) -> Iterator[FileProblem]:
    for position, name in enumerate(names, start=1):
        if not name:
            yield FileProblem(Code.COLUMN_UNNAMED, line=line, column=str(position))
        elif name not in COLUMN_NAMES and not name.startswith(REPORT_PREFIX):
            like = nearest(name)
            detail = f"no such column is known; did you mean {like}?" if like else ""
            yield FileProblem(Code.COLUMN_UNKNOWN, line=line, column=show_value(name), detail=detail)


def _repeated(names: tuple[str, ...], line: int) -> Iterator[FileProblem]:
    for name in sorted(COLUMN_NAMES):
        if names.count(name) > 1:
            yield FileProblem(Code.COLUMN_DUPLICATE, line=line, column=name)


def _missing(names: tuple[str, ...], line: int) -> Iterator[FileProblem]:
    if Column.RECIPIENT_EMAIL not in names and Column.RECIPIENT_ID not in names:
        detail = "one of the columns recipient_email and recipient_id is required"
        yield FileProblem(Code.COLUMN_MISSING, line=line, column=Column.RECIPIENT_EMAIL, detail=detail)
    for name in (Column.RECIPIENT_NAME, Column.ISSUED_ON):
        if name not in names:
            yield FileProblem(Code.COLUMN_MISSING, line=line, column=name)

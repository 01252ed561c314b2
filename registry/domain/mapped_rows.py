"""Rows of an export as rows of an upload, and what is found in them told in the words of the export.

    their cells ──map──> our cells ──judged as ever──> findings ──retold──> their columns, their values

What a mapping cannot read (a date in another order, a value that it does not know) refuses the row in its own words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from registry.domain.column_mapping import ColumnMapping, Condition, DateOrder, Source, comparable
from registry.domain.mapped_dates import read_day
from registry.domain.upload_codes import Code, FileProblem, Finding, Severity, find, show_value
from registry.domain.upload_columns import REPORT_PREFIX, Column, Header, header_names, is_annotated
from registry.domain.upload_judging import Result, RowJudgement, shaped_row
from registry.domain.upload_text import Record

JOINED: Final = " + "
"""Between the names of columns that were joined, and between their values, as they are told."""
_ORDER_WORDS: Final[Mapping[DateOrder, str]] = {
    DateOrder.YEAR_FIRST: "year, month, day",
    DateOrder.DAY_FIRST: "day, month, year",
    DateOrder.MONTH_FIRST: "month, day, year",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedRow:
    """A row of an export as our columns have it."""

    cells: tuple[str, ...]
    theirs: tuple[str, ...]
    """What they were made of."""
    refused: Mapping[Column, str]
    """Why columns could not be read; their cells are as they stood."""


class RowMapper:
    """Maps the rows of one file."""

    def __init__(self, mapping: ColumnMapping, record: Record | None) -> None:
        """Read their header. Raises FileProblem for columns that are missing or stand there twice."""
        names = () if record is None else header_names(record.cells)
        if record is None or not names:
            raise FileProblem(Code.HEADER_MISSING, line=1)
        self._line = record.line
        self._places = _places(mapping, names, record.line)
        self._mapping = mapping
        self._known = {column: dict(source.values) for column, source in mapping.sources if source.values is not None}
        self._spelled = {comparable(name): name for name in record.cells}
        columns = tuple(column for column, _ in mapping.sources)
        self.header = Header(
            columns=columns, report=frozenset(), annotated=False, notes=_passed_over(names, self._places, record.line)
        )
        self._theirs = Header(
            columns=(None,) * len(names),
            report=frozenset(at for at, name in enumerate(names) if name.startswith(REPORT_PREFIX)),
            annotated=is_annotated(names),
            notes=(),
        )

    def map(self, line: int, cells: tuple[str, ...]) -> MappedRow | RowJudgement:
        """Return a row as our columns have it, or why it has none of them."""
        theirs = shaped_row(Record(line=line, cells=cells), self._theirs)
        if isinstance(theirs, RowJudgement):
            return theirs
        for condition in self._mapping.conditions:
            value = theirs[self._places[comparable(condition.column)]]
            if condition.leaves_out(value):
                return _left_out(line, condition, value)
        refused: dict[Column, str] = {}
        ours = tuple(self._value(column, source, theirs, refused) for column, source in self._mapping.sources)
        return MappedRow(cells=ours, theirs=theirs, refused=refused)

    def retell(self, judgement: RowJudgement, row: MappedRow) -> RowJudgement:
        """Tell what was found in a mapped row by their columns and values, and refuse what could not be read."""
        if not judgement.findings and not row.refused:
            return judgement
        unread = tuple(
            find(Code.MAPPING_MISMATCH, line=judgement.line, column=column.value, detail=detail)
            for column, detail in row.refused.items()
        )
        # What was said of a cell that was not read is no help.
        kept = tuple(finding for finding in judgement.findings if finding.column not in row.refused)
        findings = tuple(self._retold(finding, row.theirs) for finding in (*unread, *kept))
        if not unread:
            return replace(judgement, findings=findings)
        findings = tuple(sorted(findings, key=lambda finding: finding.severity is Severity.WARNING))
        return replace(judgement, findings=findings, result=Result.ERROR, recipient=None)

    def _value(self, column: Column, source: Source, theirs: tuple[str, ...], refused: dict[Column, str]) -> str:
        if source.constant is not None:
            return source.constant
        pieces = [
            piece if part.split is None else part.split.take(piece).strip()
            for part in source.parts
            if (piece := theirs[self._places[comparable(part.column)]].strip())
        ]
        text = source.separator.join(piece for piece in pieces if piece)
        if not text:
            return ""
        if source.values is not None:
            known = self._known[column].get(comparable(text))
            if known is None:
                refused[column] = "the mapping knows no such value"
                return text
            text = known
        if source.date is not None:
            day = read_day(text, source.date)
            if day is None:
                refused[column] = f"the mapping expects {_ORDER_WORDS[source.date]}, the year with four digits"
                return text
            text = day.isoformat()
        return text

    def _retold(self, finding: Finding, theirs: tuple[str, ...]) -> Finding:
        source = next((source for column, source in self._mapping.sources if column.value == finding.column), None)
        if source is None or not source.parts:
            return finding
        names = [comparable(part.column) for part in source.parts]
        values = [value for name in names if (value := theirs[self._places[name]])]
        return replace(
            finding,
            column=JOINED.join(self._spelled.get(name, name) for name in names),
            value=show_value(JOINED.join(values)) if values else None,
        )


def _places(mapping: ColumnMapping, names: tuple[str, ...], line: int) -> dict[str, int]:
    problems: list[FileProblem] = []
    places: dict[str, int] = {}
    for column in mapping.their_columns:
        name = comparable(column)
        found = [at for at, candidate in enumerate(names) if candidate == name]
        if len(found) == 1:
            places[name] = found[0]
            continue
        code = Code.COLUMN_DUPLICATE if found else Code.COLUMN_MISSING
        detail = "" if found else f"the mapping {show_value(mapping.name)} asks for this column"
        problems.append(FileProblem(code, line=line, column=show_value(column), detail=detail))
    if problems:
        first, *others = problems
        first.others = tuple(others)
        raise first
    return places


def _passed_over(names: tuple[str, ...], places: Mapping[str, int], line: int) -> tuple[Finding, ...]:
    used = frozenset(places.values())
    return tuple(
        find(Code.COLUMN_IGNORED, line=line, column=name or str(at + 1))
        for at, name in enumerate(names)
        if at not in used
    )


def _left_out(line: int, condition: Condition, value: str) -> RowJudgement:
    finding = find(Code.ROW_LEFT_OUT, line=line, column=condition.column, value=value)
    return RowJudgement(line=line, result=Result.SKIPPED, findings=(finding,))

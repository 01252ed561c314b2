"""Rows of an upload that were read but not judged, a chunk at a time, with what other rows and the register say of them.

    bytes -> records -> header -> identifiers: seen before in the file? issued before? -> RowChunk

That much has to happen in one place and in the order of the file. A chunk holds all that judging its rows needs, so
that judging, which costs far more, can happen anywhere and in any order. Kept are one chunk and, for each identifier
seen, sixteen bytes and a line number. The first row of a recipient stands, refused or not; later ones are duplicates.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from registry.domain.column_mapping import comparable
from registry.domain.mapped_rows import MappedRow, RowMapper
from registry.domain.upload_codes import Code, FileProblem, Finding, find
from registry.domain.upload_columns import COLUMN_NAMES, Header, read_header
from registry.domain.upload_judging import Identifier, Result, RowJudgement, judge_row
from registry.domain.upload_plain import PlainRows
from registry.domain.upload_rules import UploadRules
from registry.domain.upload_text import ByteSource, Record, RecordReader, Records

CHUNK_ROWS: Final = 4_000
"""Rows asked about at once, judged together and committed together: about a second of work. Leaves and keys are random,
so each commit touches nearly every page of their indexes: a quarter of the commits write a quarter of the pages."""
_DIGEST_BYTES: Final = 16
"""Two of 2^18 different identifiers share one with a chance of 2^-93, and would be told to the uploader only."""

IssuedLookup: TypeAlias = Callable[[frozenset[str]], Mapping[str, str]]
"""Asked for normalised identifiers; answers those that already hold the credential, with the credential's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChunk:
    """Consecutive rows of a file, at least one."""

    header: Header
    mapper: RowMapper | None
    """What makes our columns of the file's; None: they are."""
    lines: tuple[int, ...]
    """The physical line on which each row starts."""
    cells: tuple[tuple[str, ...], ...]
    again: Mapping[int, tuple[Finding, ...]]
    """By line: identifiers of that row that stand in an earlier one."""
    issued: Mapping[str, str]
    """Those of the normalised identifiers that already hold the credential, with the credential's id."""

    @property
    def through_line(self) -> int:
        """The line on which the last row starts."""
        return self.lines[-1]

    def after(self, line: int) -> "RowChunk | None":
        """Return the rows after a line; None when there is none."""
        if line < self.lines[0]:
            return self
        left = sum(1 for number in self.lines if number > line)
        if not left:
            return None
        return RowChunk(
            header=self.header,
            mapper=self.mapper,
            lines=self.lines[-left:],
            cells=self.cells[-left:],
            again=self.again,
            issued=self.issued,
        )


class RowReader:
    """Reads the rows of an upload once, chunk by chunk."""

    def __init__(
        self, source: ByteSource | Records, rules: UploadRules, already_issued: IssuedLookup | None, *, chunk_rows: int
    ) -> None:
        """Read the header. Raises FileProblem when it cannot be read."""
        self._rules = rules
        self._already_issued = already_issued
        self._chunk_rows = chunk_rows
        self._records = open_records(source, rules)
        self.delimiter = self._records.delimiter
        first, mapping = next(self._records, None), rules.mapping
        self.mapper = None if mapping is None else RowMapper(mapping, first)
        self.header: Header = (
            read_header(first, ignore_extra=rules.ignore_extra) if self.mapper is None else self.mapper.header
        )
        self._plain = PlainRows(self.header, rules)
        self._lines: dict[int, int] = {}

    def chunks(self) -> Iterator[RowChunk]:
        """Yield the rows in the order of the file.

        Raises FileProblem when the file cannot be read on, or ends without a row.
        """
        filled = False
        chunk = _Growing()
        for number, record in enumerate(self._records, start=1):
            if number > self._rules.max_rows:
                detail = f"there are more than the {self._rules.max_rows:,} rows that one upload may hold"
                raise FileProblem(Code.TOO_MANY_ROWS, line=record.line, detail=detail)
            filled = self._add(chunk, record) or filled or self._is_filled(record)
            if len(chunk.lines) == self._chunk_rows:
                yield self._whole(chunk)
                chunk = _Growing()
        if not filled:
            raise FileProblem(Code.NO_ROWS)
        if chunk.lines:
            yield self._whole(chunk)

    def _add(self, chunk: "_Growing", record: Record) -> bool:
        """Take a row into a chunk; tell whether it names somebody."""
        mapped = None if self.mapper is None else self.mapper.map(record.line, record.cells)
        identifiers = self._identify(record) if mapped is None else self._identify_mapped(record.line, mapped)
        chunk.lines.append(record.line)
        chunk.cells.append(record.cells)
        again = self._find_again(record.line, identifiers)
        if again:
            chunk.again[record.line] = again
        if self._already_issued is not None:
            chunk.asked.update(identifier.normal for identifier in identifiers)
        return bool(identifiers)

    def _identify(self, record: Record) -> tuple[Identifier, ...]:
        identifiers = self._plain.identify(record.cells)
        return judge_row(record, self.header, self._rules).identifiers if identifiers is None else identifiers

    def _identify_mapped(self, line: int, mapped: MappedRow | RowJudgement) -> tuple[Identifier, ...]:
        return () if isinstance(mapped, RowJudgement) else self._identify(Record(line=line, cells=mapped.cells))

    def _is_filled(self, record: Record) -> bool:
        if self.mapper is None:
            return judge_row(record, self.header, self._rules).result is not Result.SKIPPED
        mapped = self.mapper.map(record.line, record.cells)
        return not (isinstance(mapped, RowJudgement) and mapped.code is Code.BLANK_ROW)

    def _find_again(self, line: int, identifiers: tuple[Identifier, ...]) -> tuple[Finding, ...]:
        """Tell which identifiers of a row stood there before, and remember the others."""
        lines = self._lines
        again: tuple[Finding, ...] = ()
        for given in identifiers:
            first = lines.setdefault(_digest(given.normal), line)
            if first != line:
                detail = f"the same recipient stands in line {first}"
                again = (*again, told(Code.DUPLICATE_IN_FILE, line, given, detail, same_as_line=first))
        return again

    def _whole(self, chunk: "_Growing") -> RowChunk:
        look_up = self._already_issued
        return RowChunk(
            header=self.header,
            mapper=self.mapper,
            lines=tuple(chunk.lines),
            cells=tuple(chunk.cells),
            again=chunk.again,
            issued=look_up(frozenset(chunk.asked)) if look_up is not None and chunk.asked else {},
        )


def open_records(source: ByteSource | Records, rules: UploadRules) -> Records:
    """Open the records of a file: of its bytes, or as a spreadsheet's reader gives them."""
    if isinstance(source, Records):
        return source
    names = COLUMN_NAMES if rules.mapping is None else frozenset(map(comparable, rules.mapping.their_columns))
    return RecordReader(source, column_names=names, max_bytes=rules.max_bytes)


def told(code: Code, line: int, given: Identifier, detail: str, *, same_as_line: int | None = None) -> Finding:
    """Say something of one identifier of a row."""
    column = given.column.value
    return find(code, line=line, column=column, value=given.value, detail=detail, same_as_line=same_as_line)


@dataclass(slots=True, kw_only=True)
class _Growing:
    """A chunk that is being filled."""

    lines: list[int] = field(default_factory=list)
    cells: list[tuple[str, ...]] = field(default_factory=list)
    again: dict[int, tuple[Finding, ...]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)


def _digest(normal: str) -> int:
    return int.from_bytes(hashlib.sha256(normal.encode("utf-8")).digest()[:_DIGEST_BYTES], "big")

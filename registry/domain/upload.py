"""Judge an uploaded CSV file, row by row, before anything is issued.

    bytes -> records -> header -> one judgement a row -> duplicates -> already issued

Rows stream through: kept are one chunk of judgements and, for each identifier seen, sixteen bytes and a line number.
The first row of a recipient stands, refused or not; later ones are duplicates of it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, TypeAlias

from registry.domain.upload_codes import Code, FileProblem, Finding, Severity, find
from registry.domain.upload_columns import COLUMN_NAMES, Header, read_header
from registry.domain.upload_judging import Identifier, Result, RowJudgement, judge_row
from registry.domain.upload_rules import UploadRules
from registry.domain.upload_text import ByteSource, RecordReader

LOOKUP_ROWS: Final = 1_000
"""Rows asked about at once: one query instead of a thousand, and few rows to hold."""
_DIGEST_BYTES: Final = 16
"""Two of 2^18 different identifiers share one with a chance of 2^-93, and would be told to the uploader only."""

IssuedLookup: TypeAlias = Callable[[frozenset[str]], Mapping[str, str]]
"""Asked for normalised identifiers; answers those that already hold the credential, with the credential's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadCounts:
    """How many rows came to which result so far."""

    ok: int
    error: int
    skipped: int


class Upload:
    """An upload being judged: its header, then one judgement for each row, in the order of the file."""

    def __init__(self, source: ByteSource, rules: UploadRules, already_issued: IssuedLookup | None) -> None:
        self._rules = rules
        self._records = RecordReader(source, column_names=COLUMN_NAMES, max_bytes=rules.max_bytes)
        self.delimiter = self._records.delimiter
        self.header: Header = read_header(next(self._records, None), ignore_extra=rules.ignore_extra)
        self._seen = _Seen()
        self._results: Counter[Result] = Counter()
        rows = self._rows()
        self._judgements = rows if already_issued is None else self._looked_up(rows, already_issued)

    @property
    def counts(self) -> UploadCounts:
        """Count what was judged so far."""
        results = self._results
        return UploadCounts(ok=results[Result.OK], error=results[Result.ERROR], skipped=results[Result.SKIPPED])

    def __iter__(self) -> Iterator[RowJudgement]:
        """Return itself: an upload is judged once."""
        return self

    def __next__(self) -> RowJudgement:
        """Judge the next row.

        Raises FileProblem when the file cannot be read on, or ends without a row.
        """
        judgement = next(self._judgements)
        self._results[judgement.result] += 1
        return judgement

    def _rows(self) -> Iterator[RowJudgement]:
        filled = False
        for number, record in enumerate(self._records, start=1):
            if number > self._rules.max_rows:
                detail = f"there are more than the {self._rules.max_rows:,} rows that one upload may hold"
                raise FileProblem(Code.TOO_MANY_ROWS, line=record.line, detail=detail)
            judgement = judge_row(record, self.header, self._rules)
            filled = filled or judgement.result is not Result.SKIPPED
            yield self._with_errors(judgement, self._seen.find_again(judgement))
        if not filled:
            raise FileProblem(Code.NO_ROWS)

    def _looked_up(self, rows: Iterator[RowJudgement], already_issued: IssuedLookup) -> Iterator[RowJudgement]:
        while chunk := list(islice(rows, LOOKUP_ROWS)):
            asked = frozenset(given.normal for row in chunk if row.recipient for given in row.identifiers)
            issued = already_issued(asked) if asked else {}
            for row in chunk:
                yield self._with_errors(row, _issued_before(row, issued))

    def _with_errors(self, judgement: RowJudgement, errors: tuple[Finding, ...]) -> RowJudgement:
        """Add what only shows beside other rows: errors, or warnings where duplicates are allowed."""
        if not errors:
            return judgement
        if self._rules.allow_duplicates:
            warnings = tuple(replace(error, severity=Severity.WARNING) for error in errors)
            return replace(judgement, findings=judgement.findings + warnings)
        kept = tuple(finding for finding in judgement.findings if finding.severity is not Severity.WARNING)
        warned = judgement.findings[len(kept) :]
        return replace(judgement, result=Result.ERROR, recipient=None, findings=kept + errors + warned)


def judge_upload(source: ByteSource, rules: UploadRules, already_issued: IssuedLookup | None = None) -> Upload:
    """Open an upload and judge its rows one after the other while they are asked for.

    Raises FileProblem when the header cannot be read; while rows are asked for, when the rest of the file cannot.
    What was judged before a FileProblem must not be issued.
    """
    return Upload(source, rules, already_issued)


class _Seen:
    """The recipients seen so far: a short digest and the line of each identifier."""

    def __init__(self) -> None:
        self._lines: dict[int, int] = {}

    def find_again(self, judgement: RowJudgement) -> tuple[Finding, ...]:
        """Tell which identifiers of a row stood there before, and remember the others."""
        lines, line = self._lines, judgement.line
        again: list[Finding] = []
        for given in judgement.identifiers:
            first = lines.setdefault(_digest(given.normal), line)
            if first != line:
                detail = f"the same recipient stands in line {first}"
                again.append(_told(Code.DUPLICATE_IN_FILE, line, given, detail, same_as_line=first))
        return tuple(again)


def _digest(normal: str) -> int:
    return int.from_bytes(hashlib.sha256(normal.encode("utf-8")).digest()[:_DIGEST_BYTES], "big")


def _issued_before(judgement: RowJudgement, issued: Mapping[str, str]) -> tuple[Finding, ...]:
    if judgement.recipient is None:
        return ()
    for given in judgement.identifiers:
        credential = issued.get(given.normal)
        if credential is not None:
            detail = f"this recipient already holds the credential {credential}"
            return (_told(Code.ALREADY_ISSUED, judgement.line, given, detail),)
    return ()


def _told(code: Code, line: int, given: Identifier, detail: str, *, same_as_line: int | None = None) -> Finding:
    column = given.column.value
    return find(code, line=line, column=column, value=given.value, detail=detail, same_as_line=same_as_line)

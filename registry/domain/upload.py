"""Judge an uploaded CSV file, row by row, before anything is issued.

    bytes -> records -> header -> chunks of rows, each with what stands beside it -> one judgement a row

Reading and what rows say of each other is `upload_chunks`; here each chunk is judged by itself.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from registry.domain.upload_chunks import CHUNK_ROWS, IssuedLookup, RowChunk, RowReader, told
from registry.domain.upload_codes import Code, Finding, Severity
from registry.domain.upload_judging import Result, RowJudgement, judge_row
from registry.domain.upload_plain import PlainRows
from registry.domain.upload_rules import UploadRules
from registry.domain.upload_text import ByteSource, Record, Records


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadCounts:
    """How many rows came to which result so far."""

    ok: int
    error: int
    skipped: int


class Upload:
    """An upload being judged: its header, then one judgement for each row, in the order of the file."""

    def __init__(self, source: ByteSource | Records, rules: UploadRules, already_issued: IssuedLookup | None) -> None:
        reader = RowReader(source, rules, already_issued, chunk_rows=CHUNK_ROWS)
        self.delimiter = reader.delimiter
        self.header = reader.header
        self._results: Counter[Result] = Counter()
        self._judgements = (row for chunk in reader.chunks() for row in judge_chunk(chunk, rules))

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


def judge_upload(
    source: ByteSource | Records, rules: UploadRules, already_issued: IssuedLookup | None = None
) -> Upload:
    """Open an upload and judge its rows one after the other while they are asked for.

    Raises FileProblem when the header cannot be read; while rows are asked for, when the rest of the file cannot.
    What was judged before a FileProblem must not be issued.
    """
    return Upload(source, rules, already_issued)


def judge_chunk(chunk: RowChunk, rules: UploadRules) -> Iterator[RowJudgement]:
    """Judge the rows of a chunk by the rules it was read by, wherever that is."""
    plain = PlainRows(chunk.header, rules)
    for line, cells in zip(chunk.lines, chunk.cells, strict=True):
        mapped = None if chunk.mapper is None else chunk.mapper.map(line, cells)
        if isinstance(mapped, RowJudgement):
            yield mapped
            continue
        ours = cells if mapped is None else mapped.cells
        judgement = plain.judge(line, ours) or judge_row(Record(line=line, cells=ours), chunk.header, rules)
        if chunk.again:
            judgement = _with_errors(judgement, chunk.again.get(line, ()), rules)
        if chunk.issued:
            judgement = _with_errors(judgement, _issued_before(judgement, chunk.issued), rules)
        if chunk.mapper is not None and mapped is not None:
            judgement = chunk.mapper.retell(judgement, mapped)
        yield judgement


def _with_errors(judgement: RowJudgement, errors: tuple[Finding, ...], rules: UploadRules) -> RowJudgement:
    """Add what only shows beside other rows: errors, or warnings where duplicates are allowed."""
    if not errors:
        return judgement
    if rules.allow_duplicates:
        warnings = tuple(replace(error, severity=Severity.WARNING) for error in errors)
        return replace(judgement, findings=judgement.findings + warnings)
    kept = tuple(finding for finding in judgement.findings if finding.severity is not Severity.WARNING)
    warned = judgement.findings[len(kept) :]
    return replace(judgement, result=Result.ERROR, recipient=None, findings=kept + errors + warned)


def _issued_before(judgement: RowJudgement, issued: Mapping[str, str]) -> tuple[Finding, ...]:
    if judgement.recipient is None:
        return ()
    for given in judgement.identifiers:
        credential = issued.get(given.normal)
        if credential is not None:
            detail = f"this recipient already holds the credential {credential}"
            return (told(Code.ALREADY_ISSUED, judgement.line, given, detail),)
    return ()

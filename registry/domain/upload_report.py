"""The annotated file: the upload again, with what was found beside each row.

    <the uploaded columns>, _line, _status, _code, _column, _message

It is UTF-8 with a byte order mark, so that spreadsheet programs open it as such, with the delimiter of the upload
and CRLF. A cell that such a program would run as a formula gets a `'` in front; reading the file back takes exactly
that `'` away again. Rows that are too short are filled up to the header; what is too much stands behind the message.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final

from registry.domain.upload_chunks import open_records
from registry.domain.upload_columns import REPORT_COLUMNS, header_names, is_annotated
from registry.domain.upload_judging import FORMULA_PREFIXES, RowJudgement, plain_cell
from registry.domain.upload_rules import UploadRules
from registry.domain.upload_text import ByteSource, Records

_UNSAFE: Final = re.compile(f"'*[{re.escape(''.join(FORMULA_PREFIXES))}]")
"""What must get a `'`: a formula character, or one that seems to have its `'` already."""


def annotate(
    source: ByteSource | Records, judgements: Iterable[RowJudgement], *, rules: UploadRules
) -> Iterator[bytes]:
    """Write the upload again as CSV with the judgements of its rows, which come in the order of the file.

    Rows without a judgement are repeated without one. Raises FileProblem where the file cannot be read.
    """
    records = open_records(source, rules)
    delimiter = records.delimiter
    for number, row in enumerate(annotated_rows(records, judgements)):
        yield ("\ufeff".encode() if number == 0 else b"") + _write(row, delimiter=delimiter)


def annotated_rows(records: Records, judgements: Iterable[RowJudgement]) -> Iterator[list[str]]:
    """Yield the rows of the annotated file, its header first; no cell of them is run by a spreadsheet program."""
    layout = _Layout(next(records).cells)
    yield layout.header()
    waiting = iter(judgements)
    judgement = next(waiting, None)
    for record in records:
        while judgement is not None and judgement.line < record.line:
            judgement = next(waiting, None)
        found = judgement if judgement is not None and judgement.line == record.line else None
        yield layout.row(record.cells, _annotation(record.line, found))


def formula_safe(cell: str) -> str:
    """Return the cell so that no spreadsheet program runs it."""
    return f"'{cell}" if _UNSAFE.match(cell) else cell


class _Layout:
    """Where the cells of a row go."""

    def __init__(self, header: tuple[str, ...]) -> None:
        names = header_names(header)
        self._header = header[: len(names)]
        self._kept = tuple(position for position, name in enumerate(names) if name not in REPORT_COLUMNS)
        self._annotated = is_annotated(names)

    def header(self) -> list[str]:
        """Write the header."""
        return [*(self._safe(self._header[at]) for at in self._kept), *REPORT_COLUMNS]

    def row(self, cells: tuple[str, ...], annotation: tuple[str, ...]) -> list[str]:
        """Write one row: its cells under their names, the annotation, what is too much."""
        width = len(self._header)
        full = cells + ("",) * (width - len(cells))
        own = [self._safe(full[at]) for at in self._kept]
        return [*own, *annotation, *(self._safe(cell) for cell in full[width:])]

    def _safe(self, cell: str) -> str:
        return formula_safe(plain_cell(cell) if self._annotated else cell)


def _write(cells: list[str], *, delimiter: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8")


def _annotation(line: int, judgement: RowJudgement | None) -> tuple[str, ...]:
    if judgement is None:
        return (str(line), "", "", "", "")
    message = " | ".join(f"{finding.code}: {finding.message}" for finding in judgement.findings)
    return (str(line), judgement.result.value, judgement.code or "", judgement.column or "", message)

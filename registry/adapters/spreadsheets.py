"""Spreadsheet files, in and out: XLSX is read by `xlsx_reader` and written with xlsxwriter."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, Final, cast

import xlsxwriter

from registry.adapters.xlsx_reader import SheetRecords
from registry.domain.upload_codes import Code, FileProblem
from registry.domain.upload_text import ByteSource, Readable, Records

SPOOL_BYTES: Final = 4 * 1_048_576
"""What of a file stays in memory; the rest is on disk."""
_PIECE_BYTES: Final = 1_048_576


class Spreadsheets:
    """Implements the port `Spreadsheets`."""

    @contextmanager
    def read(self, source: ByteSource, *, sheet: str | None, max_bytes: int) -> Iterator[Records]:
        """Open a sheet of a file, the first one unless it is named. Raises FileProblem."""
        file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # noqa: SIM115 - closed below
        with file:
            total = 0
            for piece in _pieces(source):
                total += len(piece)
                if total > max_bytes:
                    raise FileProblem(
                        Code.FILE_TOO_BIG, detail=f"the file is larger than the {max_bytes:,} bytes allowed"
                    )
                file.write(piece)
            yield SheetRecords(file, sheet=sheet, max_bytes=max_bytes)

    def write(self, rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
        """Write a file of one sheet in which every cell is text: nothing in it is run or turned into something else."""
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as file:
            # One row at a time in memory; what is written waits in the folder.
            book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder, "in_memory": False})
            sheet = book.add_worksheet()
            for line, row in enumerate(rows):
                for place, cell in enumerate(row):
                    sheet.write_string(line, place, cell)
            book.close()
            file.seek(0)
            while piece := file.read(_PIECE_BYTES):
                yield piece


def _pieces(source: ByteSource) -> Iterator[bytes]:
    if isinstance(source, Readable):
        yield from iter(lambda: source.read(_PIECE_BYTES), b"")
    else:
        yield from source

"""Hostile XLSX files, made small and meaning harm; and a program that reads one and tells what it cost.

python -m tests.adapters.hostile_spreadsheets FILE    prints the code of the problem and the megabytes of memory
"""

import io
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from registry.adapters.spreadsheets import Spreadsheets
from registry.domain.upload_codes import Code, FileProblem

MAX_BYTES: Final = 64 * 1024 * 1024
MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
KINDS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LISTED: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_SHEET: Final = f'<worksheet xmlns="{MAIN}"><sheetData>'
_SHEET_END: Final = "</sheetData></worksheet>"


def _relationships(*pairs: tuple[str, str]) -> bytes:
    items = "".join(
        f'<Relationship Id="r{at}" Type="{KINDS}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(pairs, start=1)
    )
    return f'<Relationships xmlns="{_LISTED}">{items}</Relationships>'.encode()


def package(sheet: bytes, *, method: int = zipfile.ZIP_DEFLATED, **others: bytes) -> bytes:
    """Put a workbook of one sheet together; parts in `others` (by their last name) take the place of ours."""
    parts = {
        "_rels/.rels": _relationships(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{KINDS}"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>'
        ).encode(),
        "xl/_rels/workbook.xml.rels": _relationships(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")
        ),
        "xl/worksheets/sheet1.xml": sheet,
    }
    parts |= {f"xl/{name}.xml": content for name, content in others.items()}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def workbook_of(rows: str) -> bytes:
    """Put a workbook of one sheet with these rows together."""
    return package(f"{_SHEET}{rows}{_SHEET_END}".encode())


def _bomb() -> bytes:
    return package(_SHEET.encode() + b" " * (40 * 1024 * 1024) + _SHEET_END.encode())


def _shared_bomb() -> bytes:
    """One string of a page in two million cells: gigabytes, were each of them to hold it."""
    cells = "".join('<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>' for _ in range(50_000))
    strings = f'<sst xmlns="{MAIN}"><si><t>{"x" * 30_000}</t></si></sst>'.encode()
    return package(f"{_SHEET}{cells}{_SHEET_END}".encode(), sharedStrings=strings)


def _far_cell() -> bytes:
    """Two cells in two corners: a table between them would take 17 billion cells."""
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return workbook_of(far)


def _entities() -> bytes:
    nested = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<!DOCTYPE x [<!ENTITY e0 "ha">{nested}]>{_SHEET}<row><c t="str"><v>&e9;</v></c></row>{_SHEET_END}'
    return package(document.encode())


def _outside_entity() -> bytes:
    document = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>{_SHEET}<row><c t="str"><v>&e;</v></c></row>'
    return package(f"{document}{_SHEET_END}".encode())


def _many_strings() -> bytes:
    strings = "".join(f"<si><t>{number:040x}</t></si>" for number in range(750_000))
    return package(_SHEET.encode(), sharedStrings=f'<sst xmlns="{MAIN}">{strings}</sst>'.encode())


def _many_entries() -> bytes:
    content = io.BytesIO(workbook_of(""))
    with zipfile.ZipFile(content, "a") as archive:
        for number in range(40_000):
            archive.writestr(f"x/{number}", b"")
    return content.getvalue()


def _truncated() -> bytes:
    whole = workbook_of('<row r="1"><c r="A1"><v>1</v></c></row>' * 1)
    return whole[: len(whole) // 2]


def _polyglot() -> bytes:
    return workbook_of("") + b"%PDF-1.7"


def _lying_size() -> bytes:
    whole = bytearray(workbook_of("<row><c><v>1</v></c></row>"))
    # The directory's word for how large the sheet is: the archive says 1 byte, and more comes out.
    at = whole.rindex(b"PK\x01\x02")
    whole[at + 24 : at + 28] = (1).to_bytes(4, "little")
    return bytes(whole)


def _outside_part() -> bytes:
    listed = (
        f'<Relationships xmlns="{_LISTED}"><Relationship Id="r1" Type="{KINDS}/worksheet" TargetMode="External" '
        'Target="http://127.0.0.1:1/sheet.xml"/></Relationships>'
    )
    whole = package(_SHEET.encode() + _SHEET_END.encode())
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            new.writestr(name, listed if name.endswith("workbook.xml.rels") else old.read(name))
    return content.getvalue()


HOSTILE: Final[Mapping[str, Callable[[], bytes]]] = {
    "a bomb": _bomb,
    "a string shared by all": _shared_bomb,
    "cells in far corners": _far_cell,
    "nested entities": _entities,
    "an entity from outside": _outside_entity,
    "strings without end": _many_strings,
    "entries without end": _many_entries,
    "half a file": _truncated,
    "two files in one": _polyglot,
    "a lie about a size": _lying_size,
    "a sheet somewhere else": _outside_part,
}
HOSTILE_CODES: Final = {
    "a bomb": Code.SPREADSHEET_TOO_BIG,
    "a string shared by all": Code.FILE_TOO_BIG,
    "cells in far corners": Code.SPREADSHEET_TOO_BIG,
    "nested entities": Code.SPREADSHEET_DAMAGED,
    "an entity from outside": Code.SPREADSHEET_DAMAGED,
    "strings without end": Code.SPREADSHEET_TOO_BIG,
    "entries without end": Code.SPREADSHEET_TOO_BIG,
    "half a file": Code.SPREADSHEET_DAMAGED,
    "two files in one": Code.SPREADSHEET_DAMAGED,
    "a lie about a size": Code.SPREADSHEET_DAMAGED,
    "a sheet somewhere else": Code.SPREADSHEET_DAMAGED,
}


def main(file: Path) -> None:
    """Read a file as an upload is read, and print what came of it."""
    try:
        with file.open("rb") as source, Spreadsheets().read(source, sheet=None, max_bytes=MAX_BYTES) as records:
            rows = sum(1 for _ in records)
        told = f"{rows}-rows"
    except FileProblem as problem:
        told = problem.code
    # Not getrusage: its figure begins with that of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kilobytes = int(status.partition("VmHWM:")[2].split()[0])
    print(told, kilobytes // 1024)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

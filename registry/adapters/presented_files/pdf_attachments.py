"""The files that are attached to a PDF file (ISO 32000-2 sections 7.7.4, 7.11.4 and 14.13).

    catalog -> /Names -> /EmbeddedFiles -> a tree of names -> file specifications -> /EF -> streams
    catalog -> /AF    -> file specifications

Nothing else of the document is looked at: no page, no action, no script.
"""

from collections.abc import Iterator
from typing import Final

from registry.adapters.presented_files.allowance import Allowance
from registry.adapters.presented_files.pdf_file import PdfFile, PdfStream
from registry.adapters.presented_files.pdf_objects import PdfReference, PdfValue, malformed
from registry.domain.errors import Malformed
from registry.domain.presented_files import FileCode

MAX_ATTACHMENTS: Final = 32
"""A certificate has two: a credential and its receipt."""
_MAX_NODES: Final = 256
"""Of the tree of names: an attachment needs one."""


def read_attachments(content: bytes, allowance: Allowance) -> Iterator[tuple[str, bytes | Malformed]]:
    """Yield name and content of each attached file, or why it cannot be read.

    Raises Malformed for a file whose attachments cannot be found.
    """
    file = PdfFile(content, allowance)
    seen: set[int] = set()
    for specification in _specifications(file):
        for stream in _streams(file, specification):
            if stream.start in seen:
                continue
            seen.add(stream.start)
            if len(seen) > MAX_ATTACHMENTS:
                raise Malformed(FileCode.PDF_TOO_MANY_ATTACHMENTS, f"expected at most {MAX_ATTACHMENTS} attached files")
            try:
                yield _name(file, specification), file.inflate(stream)
            except Malformed as error:
                yield _name(file, specification), error


def _specifications(file: PdfFile) -> Iterator[dict[bytes, PdfValue]]:
    catalog = file.catalog()
    names = file.resolve(catalog.get(b"Names"))
    tree = names.get(b"EmbeddedFiles") if isinstance(names, dict) else None
    if tree is not None:
        for value in _leaves(file, tree):
            yield file.dictionary(value)
    associated = file.resolve(catalog.get(b"AF"))
    if associated is not None:
        if not isinstance(associated, list) or len(associated) > MAX_ATTACHMENTS:
            raise Malformed(FileCode.PDF_TOO_MANY_ATTACHMENTS, f"expected at most {MAX_ATTACHMENTS} associated files")
        for value in associated:
            yield file.dictionary(value)


def _leaves(file: PdfFile, root: PdfValue) -> Iterator[PdfValue]:
    pending: list[PdfValue] = [root]
    seen: set[PdfReference] = set()
    visited = 0
    while pending:
        node = pending.pop()
        visited += 1
        if visited > _MAX_NODES or (isinstance(node, PdfReference) and node in seen):
            raise Malformed(FileCode.PDF_TOO_COMPLEX, f"expected at most {_MAX_NODES} nodes of names, in no circle")
        if isinstance(node, PdfReference):
            seen.add(node)
        members = file.dictionary(node)
        names, kids = (file.resolve(members.get(member)) for member in (b"Names", b"Kids"))
        for found in (names, kids):
            if found is not None and not (isinstance(found, list) and len(found) <= 2 * _MAX_NODES):
                raise malformed("expected lists in a tree of names")
        if isinstance(names, list):
            yield from names[1::2]
        if isinstance(kids, list):
            pending += reversed(kids)


def _streams(file: PdfFile, specification: dict[bytes, PdfValue]) -> Iterator[PdfStream]:
    embedded = file.resolve(specification.get(b"EF"))
    if not isinstance(embedded, dict):
        return
    for member in (b"UF", b"F"):
        stream = file.resolve(embedded.get(member))
        if isinstance(stream, PdfStream):
            yield stream
            return


def _name(file: PdfFile, specification: dict[bytes, PdfValue]) -> str:
    for member in (b"UF", b"F"):
        text = file.resolve(specification.get(member))
        if isinstance(text, bytes):
            encoding = "utf-16" if text.startswith((b"\xfe\xff", b"\xff\xfe")) else "latin-1"
            return text[:256].decode(encoding, errors="replace")
    return ""

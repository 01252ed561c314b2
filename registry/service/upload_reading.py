"""The rows of an upload with what the register says of them: what judging and issuing both begin with."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Final

from registry.domain.upload_chunks import CHUNK_ROWS, IssuedLookup, RowChunk, RowReader, open_records
from registry.domain.upload_rules import UploadRules
from registry.domain.upload_text import ByteSource, Records
from registry.service.following import followers_of_upload
from registry.service.issuing import Template
from registry.service.resources import Resources
from registry.store_ports import UploadFormat, UploadRecord

ZIP_MARK: Final = b"PK\x03\x04"


def read_rows(
    resources: Resources, template: Template, record: UploadRecord, source: ByteSource, rules: UploadRules
) -> Iterator[RowChunk]:
    """Read a file's rows, a chunk at a time.

    Raises FileProblem when the file as a whole cannot be read, at its beginning or in the middle.
    """
    with opened_records(resources, record, source, rules) as records:
        yield from RowReader(records, rules, _lookup(resources, template, record), chunk_rows=CHUNK_ROWS).chunks()


@contextmanager
def opened_records(
    resources: Resources, record: UploadRecord, source: ByteSource, rules: UploadRules
) -> Iterator[Records]:
    """Open a file's records by the kind of file it is. Raises FileProblem."""
    if record.format is UploadFormat.XLSX:
        with resources.spreadsheets.read(source, sheet=record.sheet, max_bytes=rules.max_bytes) as records:
            yield records
    else:
        yield open_records(source, rules)


def format_of(head: bytes) -> UploadFormat:
    """Tell by its first bytes what a file is to be read as: names of files say anything."""
    return UploadFormat.XLSX if head.startswith(ZIP_MARK) else UploadFormat.CSV


def read_content(resources: Resources, record: UploadRecord) -> Iterator[bytes]:
    """Yield a stored file piece by piece, each read in a transaction of its own.

    What is stored never changes, and whoever reads the answer slowly must not hold a connection of the database.
    """
    for number in count():
        with resources.store.read() as unit:
            piece = unit.uploads.chunk(record.id, number)
        if piece is None:
            return
        yield piece


def _lookup(resources: Resources, template: Template, record: UploadRecord) -> IssuedLookup:
    def look_up(identifiers: frozenset[str]) -> Mapping[str, str]:
        keys = {template.recipient_key(identifier): identifier for identifier in identifiers}
        with resources.store.read() as unit:
            held = unit.credentials.holders(
                template.record.id,
                version=template.record.version,
                recipient_keys=list(keys),
                not_of_upload=record.id,
            )
            if record.requested_at is not None:
                # What became of a credential of this upload is no other award.
                own = followers_of_upload(unit, frozenset(held.values()), record.id)
                held = {key: credential_id for key, credential_id in held.items() if credential_id not in own}
        return {keys[key]: str(credential_id) for key, credential_id in held.items()}

    return look_up

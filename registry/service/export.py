"""Everything that an upload issued, as one archive: what a registrar hands on, and what survives us."""

import zipfile
from collections.abc import Iterator
from typing import BinaryIO, Final

from registry.domain.canonical import canonicalize
from registry.domain.errors import NotFound
from registry.service.proving import Receipts
from registry.store_ports import CredentialRecord, ReadStore, UploadRecord

PAGE_ROWS: Final = 500
NOT_YET: Final = "not-yet-anchored"


def write_archive(target: BinaryIO, unit: ReadStore, receipts: Receipts, upload: UploadRecord) -> int:
    """Write `credentials/<uuid>.json`, and `receipts/<uuid>.json` for those that are anchored; return how many are not.

    The uuid is that of the credential's `id`.
    """
    unanchored = 0
    with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for record in _all(unit, upload):
            name = f"{record.document_id}.json"
            archive.writestr(f"credentials/{name}", record.document)
            try:
                receipt = receipts.make(unit, record)
            except NotFound as error:
                if error.code != NOT_YET:
                    raise
                unanchored += 1
            else:
                archive.writestr(f"receipts/{name}", canonicalize(receipt.to_json()))
    return unanchored


def _all(unit: ReadStore, upload: UploadRecord) -> Iterator[CredentialRecord]:
    line = 0
    while records := unit.credentials.of_upload(upload.id, after_line=line, limit=PAGE_ROWS):
        yield from records
        line = records[-1].line or line

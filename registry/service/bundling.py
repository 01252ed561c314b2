"""The holder's bundle: one archive with everything that is made of a credential, and a text on how to check it alone.

credential.json   receipt.json (once anchored)   badge.png   badge.svg   certificate.pdf   README.txt
"""

import io
import zipfile
from typing import Final

from registry.domain.bundle_text import bundle_text
from registry.service.certificates import Certificates
from registry.store_ports import CredentialRecord

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that an archive can name: the same bundle is the same bytes, whenever it is made."""
_PLAIN_FILE: Final = 0o644 << 16


def bundle(certificates: Certificates, record: CredentialRecord, *, share_url: str | None, code: str | None) -> bytes:
    """Return the bundle of a credential as a zip archive.

    Raises Refused `font-missing` for a text that no font here shows.
    """
    receipt = certificates.receipt(record)
    facts = certificates.facts(record, receipt, share_url=share_url, code=code)
    files = {"credential.json": record.document}
    if facts.attachments.receipt is not None:
        files["receipt.json"] = facts.attachments.receipt
    files["badge.png"] = certificates.baked_png(record)
    files["badge.svg"] = certificates.baked_svg(record)
    files["certificate.pdf"] = certificates.maker.certificate(facts)
    readme = bundle_text(
        language=facts.language,
        title=" – ".join(part for part in (facts.badge.name, facts.holder) if part),
        leaf=record.leaf,
        root=None if receipt is None else receipt.root,
        anchor=None if receipt is None else receipt.anchor,
        receipt_url=f"{certificates.resources.public_url}/receipts/{record.leaf.hex()}",
    )
    files["README.txt"] = readme.encode()
    return _archive(files)


def _archive(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.create_system = 3
            entry.external_attr = _PLAIN_FILE
            archive.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED)
    return target.getvalue()

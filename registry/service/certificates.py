"""What is made of a stored credential: pictures that carry it, and a certificate that shows and carries it.

Everything is made when it is asked for and kept nowhere: a certificate says what the credential's standing is now.
"""

from dataclasses import dataclass
from typing import Final

from registry.domain.badge_facts import (
    Attachments,
    CertificateFacts,
    Sharing,
    StatusWord,
    badge_facts,
    certificate_facts,
)
from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.claim_letter import letter_language
from registry.domain.errors import NotFound
from registry.domain.receipt import Receipt
from registry.domain.shown_credential import show_credential
from registry.ports import Artist, Baker, CertificateMaker
from registry.service.badge_pictures import BadgePictures
from registry.service.export import NOT_YET
from registry.service.proving import Receipts
from registry.service.resources import Resources
from registry.store_ports import CredentialRecord, Standing

BADGE_SIDE: Final = 600
"""Sharp at the size that badge walls show, and 100 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Makes what people see and hold of a credential.

    Its functions raise Refused `font-missing` for a text that no font here shows.
    """

    resources: Resources
    receipts: Receipts
    artist: Artist
    pictures: BadgePictures
    maker: CertificateMaker
    baker: Baker

    def facts(
        self, record: CredentialRecord, receipt: Receipt | None, *, share_url: str | None, code: str | None
    ) -> CertificateFacts:
        """Return what a certificate says of a credential now; `share_url` is None for one that is not shared."""
        return certificate_facts(
            parse_object(record.document),
            attachments=Attachments(
                credential=record.document, receipt=None if receipt is None else canonicalize(receipt.to_json())
            ),
            sharing=Sharing(verify_url=f"{self.resources.public_url}/", share_url=share_url, code=code),
            status=self._status(record),
            language=self._language(record),
        )

    def certificate(self, record: CredentialRecord, *, share_url: str | None, code: str | None) -> bytes:
        """Return the certificate as PDF, with credential and receipt in it."""
        return self.maker.certificate(self.facts(record, self.receipt(record), share_url=share_url, code=code))

    def preview(self, document: JsonObject, *, locale: str | None) -> bytes:
        """Return the certificate that a document without a proof would have, marked as nothing but that.

        It is in the language in which its holder would be written to: `locale` is that of its row.
        """
        facts = certificate_facts(
            document,
            attachments=Attachments(credential=canonicalize(document), receipt=None),
            sharing=Sharing(verify_url=f"{self.resources.public_url}/", share_url=None, code=None),
            status=StatusWord.PREVIEW,
            language=letter_language(locale, show_credential(document).language),
        )
        return self.maker.certificate(facts)

    def baked_png(self, record: CredentialRecord) -> bytes:
        """Return the badge as PNG, with the credential in it."""
        picture = self.artist.badge_png(badge_facts(parse_object(record.document)), BADGE_SIDE)
        return self.baker.bake_png(picture, record.document)

    def baked_svg(self, record: CredentialRecord) -> bytes:
        """Return the badge as SVG, with the credential in it."""
        picture = self.artist.badge_svg(badge_facts(parse_object(record.document)))
        return self.baker.bake_svg(picture, record.document)

    def receipt(self, record: CredentialRecord) -> Receipt | None:
        """Return the credential's receipt; None before its epoch is final."""
        try:
            return self.receipts.of_leaf(record.leaf)
        except NotFound as error:
            if error.code != NOT_YET:
                raise
            return None

    def _language(self, record: CredentialRecord) -> str | None:
        """Return the language in which the holder was written to."""
        with self.resources.store.read() as unit:
            claim = unit.claims.of_credential(record.id)
        return None if claim is None else claim.language

    def _status(self, record: CredentialRecord) -> StatusWord | None:
        if record.standing is Standing.REVOKED:
            return StatusWord.REVOKED
        if record.standing is Standing.SUSPENDED:
            return StatusWord.SUSPENDED
        ended = record.valid_until is not None and record.valid_until < self.resources.clock.now()
        return StatusWord.EXPIRED if ended else None

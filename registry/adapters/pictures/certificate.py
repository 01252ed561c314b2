"""The certificate: PDF/A-3a and PDF/UA-1 with the credential and its receipt in it (docs/decisions/0107-certificates.md)."""

from datetime import UTC, date, datetime, time
from typing import Final

from babel.dates import format_date

from registry.adapters.pictures.artist import show_badge
from registry.adapters.pictures.qr import qr_svg
from registry.adapters.pictures.typesetter import Typesetter
from registry.domain.badge_facts import CertificateFacts, StatusWord
from registry.domain.certificate_words import CertificateWords, words_of
from registry.domain.errors import Malformed

_EARLIEST: Final = date(1970, 1, 1)
"""Where a document names no day: a PDF says when it was made, and equal input makes equal files."""

_LOCALES: Final = {"en": "en_GB", "es": "es", "fr": "fr", "ar": "ar", "zh": "zh"}
"""How days are written. English as most of the world writes it: the day before the month."""


class TypstCertificateMaker:
    """Makes certificates."""

    def __init__(self, typesetter: Typesetter) -> None:
        self._typesetter = typesetter

    def certificate(self, facts: CertificateFacts) -> bytes:
        """Return the certificate as PDF."""
        words = words_of(facts.language)
        share_url = facts.sharing.share_url
        shown = {
            "badge": show_badge(facts.badge),
            "words": words.table(),
            "title": _title(facts, words),
            "qr": None if share_url is None else qr_svg(share_url).decode(),
            "certificate": _show(facts, words),
        }
        receipt = facts.attachments.receipt
        texts = {
            "credential": _text(facts.attachments.credential),
            "receipt": "" if receipt is None else _text(receipt),
        }
        made = datetime.combine(facts.awarded or _EARLIEST, time(), tzinfo=UTC)
        return self._typesetter.pdf("certificate.typ", shown, texts, moment=made)


def _show(facts: CertificateFacts, words: CertificateWords) -> dict[str, object]:
    days = ((words.awarded, facts.awarded), (words.valid_until, facts.valid_until))
    return {
        "holder": facts.holder,
        "status": "" if facts.status is None else _status(facts.status, words),
        "dates": [
            [name, format_date(day, "long", locale=_LOCALES[words.language])] for name, day in days if day is not None
        ],
        "credits": facts.credits,
        "results": [{"name": result.name, "value": result.value} for result in facts.results],
        "skills": [{"name": skill.name, "framework": skill.framework, "url": skill.url} for skill in facts.skills],
        "criteria": list(facts.criteria),
        "shortened": facts.is_shortened,
        "share_url": facts.sharing.share_url or "",
        "verify_url": facts.sharing.verify_url,
        "code": facts.sharing.code or "",
    }


def _status(status: StatusWord, words: CertificateWords) -> str:
    return words.table()[status.value]


def _title(facts: CertificateFacts, words: CertificateWords) -> str:
    parts = (words.certificate, facts.badge.name, facts.holder)
    return " – ".join(part for part in parts if part)


def _text(content: bytes) -> str:
    """Hand bytes to typst as the text they are: it writes them as UTF-8 again, the same bytes."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("json-not-utf8", "expected UTF-8 to attach") from error

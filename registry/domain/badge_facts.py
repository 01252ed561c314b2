"""What pictures and certificates show of a credential: what people are shown of it, cut to lengths that fit.

The credential itself, which goes with every certificate, says the rest.

    document ──> BadgeFacts          the achievement and its issuer: nothing of the holder
             └─> CertificateFacts    those, the holder, dates, results, skills; the credential and its receipt as bytes
"""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from urllib.parse import unquote_to_bytes

from registry.domain.canonical import JsonObject
from registry.domain.hashing import sha256
from registry.domain.shown_credential import ShownCredential, ShownResult, Skill, show_credential
from registry.domain.shown_text import shorten

MAX_NAME: Final = 500
"""The longest name that this registry signs; what is longer is no name that anybody would print."""
MAX_TITLE: Final = 160
"""Of an achievement or issuer: some lines of a certificate. Real ones have a third of it."""
MAX_DESCRIPTION: Final = 600
"""A paragraph below the title, so that an ordinary certificate has one page of it."""
MAX_CRITERIA: Final = 2_000
"""A page."""
MAX_VALUE: Final = 120
MAX_RESULTS: Final = 20
MAX_SKILLS: Final = 30
"""Of results and skills: as many as fit on the second page."""
MAX_PICTURE_BYTES: Final = 524_288
"""Four times what an achievement may embed; a credential of others may have a megabyte in all."""

PALETTE: Final = (
    *("#1b4d7a", "#0b5551", "#5a2a83", "#7a1f3d", "#33541f", "#7d3510", "#2d3a8c", "#00545e"),
    *("#14532d", "#1e3a5f", "#831843", "#454563", "#5a4300", "#6a2c5b", "#3f4a2a", "#8a2323"),
)
"""Dark enough for white text and for grey paper: each has a contrast of at least 7 to white (WCAG 2.2, 1.4.6)."""

_DATA_URL: Final = re.compile(r"data:(image/[a-z+]{3,7})(;base64)?,(.*)", re.DOTALL | re.IGNORECASE)


class PictureKind(StrEnum):
    """The kinds of embedded picture that are used; any other is as if there were none."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    SVG = "image/svg+xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPicture:
    """A picture that a credential embeds: unexamined bytes of a stranger."""

    kind: PictureKind
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeFacts:
    """What a badge picture shows."""

    name: str
    """Empty where the document names nothing."""
    description: str
    achievement_id: str
    issuer_id: str
    issuer_name: str
    language: str
    """A tag such as `pt-BR`: of the achievement's texts."""
    picture: OwnPicture | None
    """Only what is embedded: nothing is ever fetched."""

    @property
    def accent(self) -> str:
        """The issuer's colour: its badges look like a family."""
        return PALETTE[sha256(self.issuer_id.encode())[0] % len(PALETTE)]

    @property
    def pattern(self) -> tuple[int, int, int]:
        """Three numbers from 0 to 255 that the achievement's ornament is drawn from."""
        digest = sha256(self.achievement_id.encode())
        return digest[0], digest[1], digest[2]


class StatusWord(StrEnum):
    """What a certificate says of its credential's status. There is none for good standing: paper cannot keep saying it."""

    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    PREVIEW = "preview"
    """Nothing is signed: what an upload's row would become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """What a certificate carries, byte for byte."""

    credential: bytes
    receipt: bytes | None
    """None before the credential is anchored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """How the reader of a certificate finds the credential, and where certificates are checked."""

    verify_url: str
    share_url: str | None
    """None: the holder shares nothing. The certificate then verifies by what it carries alone."""
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What a certificate shows and carries."""

    badge: BadgeFacts
    language: str
    """A tag: of the words around what the credential says."""
    holder: str
    """Empty where the document names nobody."""
    awarded: date | None
    """Dates are days as the document spells them: in the offset that the issuer chose."""
    valid_until: date | None
    results: tuple[ShownResult, ...]
    skills: tuple[Skill, ...]
    credits: str
    criteria: tuple[str, ...]
    """By paragraph: Markdown, printed as it was written."""
    status: StatusWord | None
    sharing: Sharing
    attachments: Attachments
    is_shortened: bool
    """Some of it was cut, or left out: the credential says more."""


def badge_facts(document: JsonObject) -> BadgeFacts:
    """Read what a badge picture shows; `document` is a credential, or its part that has no proof yet."""
    return _badge(show_credential(document))


def certificate_facts(
    document: JsonObject,
    *,
    attachments: Attachments,
    sharing: Sharing,
    status: StatusWord | None,
    language: str | None = None,
) -> CertificateFacts:
    """Read what a certificate shows of a credential; `attachments.credential` are the document's own bytes.

    `language` is the holder's where it is known; None leaves it to the achievement.
    """
    shown = show_credential(document)
    return CertificateFacts(
        badge=_badge(shown),
        language=language or shown.language,
        holder=shorten(shown.holder, MAX_NAME),
        awarded=_day(shown.awarded),
        valid_until=_day(shown.valid_until),
        results=tuple(
            replace(result, name=shorten(result.name, MAX_VALUE), value=shorten(result.value, MAX_VALUE))
            for result in shown.results[:MAX_RESULTS]
        ),
        skills=tuple(
            replace(skill, name=shorten(skill.name, MAX_VALUE), framework=shorten(skill.framework, MAX_VALUE))
            for skill in shown.skills[:MAX_SKILLS]
        ),
        credits=shown.credits,
        criteria=_paragraphs(shown.criteria),
        status=status,
        sharing=sharing,
        attachments=attachments,
        is_shortened=_is_shortened(shown),
    )


def _badge(shown: ShownCredential) -> BadgeFacts:
    return BadgeFacts(
        name=shorten(shown.title, MAX_TITLE),
        description=shorten(shown.description, MAX_DESCRIPTION),
        achievement_id=shown.achievement_id,
        issuer_id=shown.issuer.id,
        issuer_name=shorten(shown.issuer.name, MAX_TITLE),
        language=shown.language,
        picture=next((picture for address in shown.pictures if (picture := _picture(address)) is not None), None),
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    whole = text if len(text) <= MAX_CRITERIA else text[:MAX_CRITERIA] + "…"
    paragraphs = (shorten(line, MAX_CRITERIA + 1) for line in whole.splitlines())
    return tuple(paragraph for paragraph in paragraphs if paragraph)


def _is_shortened(shown: ShownCredential) -> bool:
    return (
        len(shown.description) > MAX_DESCRIPTION
        or len(shown.results) > MAX_RESULTS
        or len(shown.skills) > MAX_SKILLS
        or len(shown.criteria) > MAX_CRITERIA
    )


def _picture(address: str) -> OwnPicture | None:
    found = _DATA_URL.fullmatch(address)
    # Written, a byte takes three characters at most: what is longer is not decoded at all.
    if found is None or found[1].lower() not in tuple(PictureKind) or len(found[3]) > 3 * MAX_PICTURE_BYTES:
        return None
    try:
        content = base64.b64decode(found[3], validate=True) if found[2] else unquote_to_bytes(found[3])
    except (binascii.Error, ValueError):
        return None
    within = 0 < len(content) <= MAX_PICTURE_BYTES
    return OwnPicture(kind=PictureKind(found[1].lower()), content=content) if within else None


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()

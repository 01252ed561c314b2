"""What pictures and certificates show of a credential, read out of its document (Open Badges 3.0, VC Data Model 2.0).

Documents of others are read too: a member of another type than expected is taken as absent, never as an error. What is
shown is cut to lengths that fit; the credential itself, which goes with every certificate, says the rest.

    document ──> BadgeFacts          the achievement and its issuer: nothing of the holder
             └─> CertificateFacts    those, the holder, dates, results, skills; the credential and its receipt as bytes
"""

import base64
import binascii
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from urllib.parse import unquote_to_bytes

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.hashing import sha256
from registry.domain.vocabularies import LANGUAGE

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
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
_UNSEEN: Final = re.compile("[\u00ad\u202a-\u202e\u2066-\u2069\ufeff]")
"""Soft hyphens, which a PDF takes for hyphens; direction overrides and isolates, with which a name could turn the words
beside it around; the byte order mark, which PDF/UA forbids."""
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?=T)")


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
    """Of the achievement; empty where the document names none."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFact:
    """One result of an assessment, as it is printed."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillFact:
    """One skill, occupation or standard that the achievement answers to."""

    name: str
    framework: str
    url: str


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
    holder: str
    """Empty where the document names nobody."""
    awarded: date | None
    """Dates are days as the document spells them: in the offset that the issuer chose."""
    valid_until: date | None
    results: tuple[ResultFact, ...]
    skills: tuple[SkillFact, ...]
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
    achievement = _achievement(document)
    issuer = document.get("issuer")
    profile = issuer if isinstance(issuer, dict) else {"id": issuer}
    language = _language(achievement.get("inLanguage"))
    issuer_id = _string(profile.get("id"))
    return BadgeFacts(
        name=_text(achievement.get("name"), language, MAX_TITLE) or _text(document.get("name"), language, MAX_TITLE),
        description=_text(achievement.get("description"), language, MAX_DESCRIPTION),
        achievement_id=_string(achievement.get("id")) or _string(document.get("id")),
        issuer_id=issuer_id,
        issuer_name=_text(profile.get("name"), language, MAX_TITLE) or shorten(issuer_id, MAX_TITLE),
        language=language,
        picture=_picture(achievement.get("image")) or _picture(document.get("image")),
    )


def certificate_facts(
    document: JsonObject, *, attachments: Attachments, sharing: Sharing, status: StatusWord | None
) -> CertificateFacts:
    """Read what a certificate shows of a credential; `attachments.credential` are the document's own bytes."""
    badge, achievement, subject = badge_facts(document), _achievement(document), _subject(document)
    return CertificateFacts(
        badge=badge,
        holder=_holder(subject, badge.language),
        awarded=_day(document.get("awardedDate")) or _day(document.get("validFrom")),
        valid_until=_day(document.get("validUntil")),
        results=_results(subject, achievement, badge.language),
        skills=_skills(achievement, badge.language),
        credits=_number(subject.get("creditsEarned")) or _number(achievement.get("creditsAvailable")),
        criteria=_criteria(achievement, badge.language),
        status=status,
        sharing=sharing,
        attachments=attachments,
        is_shortened=_is_shortened(badge, subject, achievement),
    )


def shorten(text: str, limit: int) -> str:
    """Return a text as it is shown: without what cannot be seen, and with an ellipsis where it was cut."""
    shown = " ".join(_CONTROL.sub(" ", _UNSEEN.sub("", text)).split())
    if len(shown) <= limit:
        return shown
    end = limit - 1
    # A letter keeps its marks: half of one would be another letter.
    while end and unicodedata.category(shown[end]).startswith("M"):
        end -= 1
    return shown[:end].rstrip() + "…"


def _subject(document: JsonObject) -> JsonObject:
    return next(iter(_objects(document.get("credentialSubject"))), {})


def _achievement(document: JsonObject) -> JsonObject:
    return next(iter(_objects(_subject(document).get("achievement"))), {})


def _holder(subject: JsonObject, language: str) -> str:
    for identity in _objects(subject.get("identifier")):
        if identity.get("identityType") == "name" and identity.get("hashed") is False:
            return shorten(_string(identity.get("identityHash")), MAX_NAME)
    return _text(subject.get("name"), language, MAX_NAME)


def _results(subject: JsonObject, achievement: JsonObject, language: str) -> tuple[ResultFact, ...]:
    described = {
        _string(description.get("id")): _text(description.get("name"), language, MAX_VALUE)
        for description in _objects(achievement.get("resultDescription"))
    }
    facts = [
        ResultFact(
            name=described.get(_string(result.get("resultDescription")), ""),
            value=shorten(_string(result.get("value")) or _string(result.get("status")), MAX_VALUE),
        )
        for result in _objects(subject.get("result"))[:MAX_RESULTS]
    ]
    return tuple(fact for fact in facts if fact.value)


def _skills(achievement: JsonObject, language: str) -> tuple[SkillFact, ...]:
    facts = [
        SkillFact(
            name=_text(alignment.get("targetName"), language, MAX_VALUE),
            framework=_text(alignment.get("targetFramework"), language, MAX_VALUE),
            url=_web_address(alignment.get("targetUrl")),
        )
        for alignment in _objects(achievement.get("alignment"))[:MAX_SKILLS]
    ]
    return tuple(fact for fact in facts if fact.name)


def _criteria(achievement: JsonObject, language: str) -> tuple[str, ...]:
    criteria = next(iter(_objects(achievement.get("criteria"))), {})
    text = _chosen(criteria.get("narrative"), language)
    whole = text if len(text) <= MAX_CRITERIA else text[:MAX_CRITERIA] + "…"
    paragraphs = (shorten(line, MAX_CRITERIA + 1) for line in whole.splitlines())
    return tuple(paragraph for paragraph in paragraphs if paragraph)


def _is_shortened(badge: BadgeFacts, subject: JsonObject, achievement: JsonObject) -> bool:
    criteria = next(iter(_objects(achievement.get("criteria"))), {})
    return (
        len(_chosen(achievement.get("description"), badge.language)) > MAX_DESCRIPTION
        or len(_objects(subject.get("result"))) > MAX_RESULTS
        or len(_objects(achievement.get("alignment"))) > MAX_SKILLS
        or len(_chosen(criteria.get("narrative"), badge.language)) > MAX_CRITERIA
    )


def _picture(value: JsonValue) -> OwnPicture | None:
    url = value.get("id") if isinstance(value, dict) else value
    found = _DATA_URL.fullmatch(url) if isinstance(url, str) else None
    # Written, a byte takes three characters at most: what is longer is not decoded at all.
    if found is None or found[1].lower() not in tuple(PictureKind) or len(found[3]) > 3 * MAX_PICTURE_BYTES:
        return None
    try:
        content = base64.b64decode(found[3], validate=True) if found[2] else unquote_to_bytes(found[3])
    except (binascii.Error, ValueError):
        return None
    within = 0 < len(content) <= MAX_PICTURE_BYTES
    return OwnPicture(kind=PictureKind(found[1].lower()), content=content) if within else None


def _text(value: JsonValue, language: str, limit: int) -> str:
    return shorten(_chosen(value, language), limit)


def _chosen(value: JsonValue, language: str) -> str:
    """Choose a text for people: of several, the one in that language, else the first."""
    texts = [(_string(item.get("@language")), _string(item.get("@value"))) for item in _objects(value)]
    chosen = [text for tag, text in texts if tag.lower() == language.lower()] or [text for _, text in texts]
    return chosen[0] if chosen else _string(value)


def _language(value: JsonValue) -> str:
    return value if isinstance(value, str) and LANGUAGE.fullmatch(value) is not None else "en"


def _day(value: JsonValue) -> date | None:
    found = _DAY.match(value) if isinstance(value, str) else None
    try:
        return None if found is None else date.fromisoformat(found[0])
    except ValueError:
        return None


def _number(value: JsonValue) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value).removesuffix(".0") if is_number else ""


def _web_address(value: JsonValue) -> str:
    """Keep what a reader may click on; a PDF could start a program with another scheme."""
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) and len(value) <= 2_048 else ""


def _objects(value: JsonValue) -> list[JsonObject]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _string(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""

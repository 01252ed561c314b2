"""The letter that brings an earner the link to their credential, in the languages of the pages.

Plain text: it shows the same everywhere, loads nothing and tells nobody that it was read. Names come from the credential and are
made into one line each, so that none can write a header or a paragraph of the letter.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

LANGUAGES: Final = ("en", "es", "fr", "ar", "zh")
MAX_IN_LETTER: Final = 160
"""Of a name: longer ones are cut, a letter's subject is a line."""

_UNSHOWN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""Controls, line ends, and what turns the words beside it around."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """What a letter says."""

    name: str
    """Of the earner; empty where the credential names nobody."""
    achievement: str
    issuer: str
    link: str
    link_ends: date
    """The last day of the link; the credential has days of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    subject: str
    greeting: str
    greeting_unnamed: str
    text: str


_WORDS: Final[Mapping[str, _Words]] = {
    "en": _Words(
        subject="Your credential “{achievement}” from {issuer}",
        greeting="Hello {name},",
        greeting_unnamed="Hello,",
        text="""\
{issuer} has issued you a credential: {achievement}.

Open this link to claim it:

{link}

Then you can download it, put it on your profile, and decide whether others may see it. Until you switch sharing on, nobody can.

The link works once and until {link_ends} (UTC). After that your credential is as valid as before: ask {issuer} for a new link. \
If you did not expect this letter, you need not do anything.
""",
    ),
    "es": _Words(
        subject="Su credencial «{achievement}» de {issuer}",
        greeting="Hola, {name}:",
        greeting_unnamed="Hola:",
        text="""\
{issuer} le ha expedido una credencial: {achievement}.

Abra este enlace para recogerla:

{link}

Después podrá descargarla, añadirla a su perfil y decidir si otras personas pueden verla. Mientras no active la opción de compartir, nadie puede verla.

El enlace funciona una sola vez y hasta el {link_ends} (UTC). Después su credencial sigue siendo igual de válida: pida a {issuer} un enlace nuevo. \
Si no esperaba este mensaje, no tiene que hacer nada.
""",
    ),
    "fr": _Words(
        subject="Votre attestation « {achievement} » de {issuer}",
        greeting="Bonjour {name},",
        greeting_unnamed="Bonjour,",
        text="""\
{issuer} vous a délivré une attestation : {achievement}.

Ouvrez ce lien pour la récupérer :

{link}

Vous pourrez ensuite la télécharger, l’ajouter à votre profil et décider si d’autres personnes peuvent la voir. Tant que vous n’activez pas le partage, personne ne le peut.

Le lien fonctionne une seule fois, jusqu’au {link_ends} (UTC). Passé cette date, votre attestation reste tout aussi valable : demandez un nouveau lien à {issuer}. \
Si vous n’attendiez pas ce message, vous n’avez rien à faire.
""",
    ),
    "ar": _Words(
        subject="شهادتك «{achievement}» من {issuer}",
        greeting="مرحبًا {name}،",
        greeting_unnamed="مرحبًا،",
        text="""\
أصدرت لك جهة {issuer} شهادة: {achievement}.

افتح هذا الرابط لاستلامها:

{link}

بعد ذلك يمكنك تنزيلها وإضافتها إلى ملفك الشخصي وتحديد ما إذا كان بإمكان الآخرين رؤيتها. ما لم تفعّل المشاركة فلن يراها أحد.

يعمل الرابط مرة واحدة وحتى {link_ends} (بالتوقيت العالمي UTC). وبعد ذلك تبقى شهادتك صالحة كما كانت: اطلب من {issuer} رابطًا جديدًا. \
إذا لم تكن تتوقع هذه الرسالة فلا يلزمك فعل أي شيء.
""",
    ),
    "zh": _Words(
        subject="{issuer} 向您颁发的证书“{achievement}”",
        greeting="{name}，您好：",
        greeting_unnamed="您好：",
        text="""\
{issuer} 向您颁发了一份证书：{achievement}。

请打开以下链接领取：

{link}

领取后，您可以下载证书、将其添加到个人资料，并决定是否允许他人查看。在您开启分享之前，任何人都无法查看。

此链接只能使用一次，有效期至 {link_ends}（UTC）。此后您的证书依然同样有效：请向 {issuer} 索取新的链接。\
如果您并未预期收到此邮件，则无需进行任何操作。
""",
    ),
}


def letter_language(*tags: str | None) -> str:
    """Return the language of a letter: the first of some language tags that letters are written in, else English."""
    for tag in tags:
        primary = (tag or "").partition("-")[0].lower()
        if primary in LANGUAGES:
            return primary
    return LANGUAGES[0]


def write_letter(facts: LetterFacts, *, language: str) -> tuple[str, str]:
    """Return subject and text of a letter; `language` is one of `LANGUAGES`."""
    words = _WORDS[language]
    said = {
        "name": _one_line(facts.name),
        "achievement": _one_line(facts.achievement),
        "issuer": _one_line(facts.issuer),
        "link": facts.link,
        "link_ends": facts.link_ends.isoformat(),
    }
    greeting = words.greeting if said["name"] else words.greeting_unnamed
    return words.subject.format(**said), f"{greeting.format(**said)}\n\n{words.text.format(**said)}"


def _one_line(text: str) -> str:
    shown = " ".join(_UNSHOWN.sub(" ", text).split())
    return shown if len(shown) <= MAX_IN_LETTER else f"{shown[: MAX_IN_LETTER - 1].rstrip()}…"

"""The languages of the pages: which one a visitor gets, and its catalogue.

Asked for by `?lang=`, else by Accept-Language (RFC 9110 section 12.5.4), else English; never kept in a cookie. Catalogues are
the .po files under locales/, read as they are: there is no compiled form to forget.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final, Literal

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUES: Final = Path(__file__).resolve().parent.parent / "locales"
DEFAULT: Final = "en"
TAGS: Final = ("en", "es", "fr", "ar", "zh")
MAX_HEADER: Final = 1_000
"""Of Accept-Language: browsers send less than a hundred characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language that pages are written in."""

    tag: str
    """BCP 47."""
    locale: Locale

    @property
    def name(self) -> str:
        """What its speakers call it."""
        return str(self.locale.get_display_name(self.locale) or self.tag)

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """Which way it is written."""
        return "rtl" if self.locale.text_direction == "rtl" else "ltr"


def languages() -> Mapping[str, Language]:
    """Return every language by its tag, the default one first."""
    return {tag: Language(tag=tag, locale=Locale.parse(tag)) for tag in TAGS}


def choose(asked: str | None, accepted: str) -> str:
    """Return the tag of the language for a visitor who asked for one in the address, or whose browser accepts some."""
    if asked in TAGS:
        return asked
    return negotiate_locale(_ranked(accepted), TAGS, sep="-") or DEFAULT


def _ranked(accepted: str) -> list[str]:
    weighted: list[tuple[float, int, str]] = []
    for part in accepted[:MAX_HEADER].split(","):
        tag, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if weight > 0:
            weighted.append((-weight, len(weighted), tag.strip()))
    return [tag for _, _, tag in sorted(weighted)]


def catalogue(tag: str) -> NullTranslations:
    """Read the catalogue of a language; English is what the templates say."""
    if tag == DEFAULT:
        return NullTranslations()
    with (CATALOGUES / tag / "LC_MESSAGES" / "credroot.po").open("rb") as file:
        messages = read_po(file, locale=tag, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)

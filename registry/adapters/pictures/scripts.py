"""Which scripts the installed fonts show: a few letters of each are set, as a name of a credential would be."""

from collections.abc import Mapping
from typing import Final

from registry.adapters.pictures.typesetter import FontMissing, Typesetter

SAMPLES: Final[Mapping[str, str]] = {
    "Latin": "Zoë Łukasz Đặng",
    "Greek": "Ελένη",
    "Cyrillic": "Ольга",
    "Arabic": "أمل",
    "Hebrew": "נועה",
    "Devanagari": "प्रिया",
    "Tamil": "தமிழ்",
    "Chinese": "李伟",
    "Japanese": "さくら",
    "Korean": "민준",
    "emoji": "🎓",
}
"""Those of the fonts that `make fonts` installs. Whoever needs others puts fonts beside them, and knows it."""


def missing_scripts(typesetter: Typesetter) -> tuple[str, ...]:
    """Return the scripts that a name cannot be set in."""
    return tuple(name for name, text in SAMPLES.items() if not _is_shown(typesetter, text))


def _is_shown(typesetter: Typesetter, text: str) -> bool:
    try:
        typesetter.svg("sample.typ", {"badge": {"accent": "#000000"}, "text": text})
    except FontMissing:
        return False
    return True

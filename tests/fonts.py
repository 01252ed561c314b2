"""The fonts of certificates and pictures, as `make fonts` installs them, and what is set with them."""

from functools import cache
from pathlib import Path
from typing import Final

from registry.adapters.pictures.typesetter import Typesetter
from tests.paths import REPO_ROOT

FONT_DIR: Final = REPO_ROOT / ".fonts"


def installed_fonts() -> Path:
    """Return the folder of the fonts."""
    assert (FONT_DIR / ".installed").is_file(), "run `make fonts` first: it needs npm, once"
    return FONT_DIR


@cache
def typesetter() -> Typesetter:
    """Return a typesetter with all fonts."""
    return Typesetter(installed_fonts())

"""typst: one engine sets pictures and certificates, so that every script is shaped and every text measured alike.

What it may reach: its own templates (the root) and the fonts it was given. Texts of credentials come as JSON in
`sys.inputs`; no template evaluates, includes or reads anything by a name that stands in them, and no package can be
installed where it looks for packages. A text that no font shows is refused: PDF/A-3a and PDF/UA-1 admit no missing
glyph, so pictures are set as such a PDF first.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias, cast

import typst

from registry.domain.errors import Refused, Unavailable

TEMPLATES: Final = Path(__file__).parent / "templates"
_POINTS_PER_INCH: Final = 72
_MISSING: Final = re.compile(r'(?:the text|codepoint) `"(.+?)"`', re.DOTALL)
"""Three refusals: no glyph for a text, a character that means nothing (NUL), one of the private area beside a mark."""
_ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]+)\}")
"""How a character that nobody could read in a message is quoted there."""
_REMEMBERED: Final = 10
"""typst keeps what it worked out for the next ten documents, in case they are of the same text: 16 MB each, 250 MB in all.
No two of ours are. After ten blank ones, a millisecond each, it is 80 MB."""

Facts: TypeAlias = Mapping[str, object]


class FontMissing(Refused):
    """A text that none of the fonts shows: boxes in its place would be a certificate of nobody."""

    def __init__(self, character: str) -> None:
        """Name the first character that has no glyph."""
        named = f"U+{ord(character):04X} ({script_of(character)})"
        super().__init__("font-missing", f"expected a font for {named}; see CREDROOT_FONT_DIR")
        self.character = character


class Typesetter:
    """Sets templates. Safe to share between threads: each call has a compiler of its own over the same fonts."""

    def __init__(self, font_folder: Path | None) -> None:
        """Read the fonts of a folder, beside those that are part of typst; the system's are never used.

        Raises Refused `font-folder` when the folder is missing or has no font.
        """
        given = [] if font_folder is None else [str(font_folder)]
        self._fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=given)
        installed = sorted({font.family for font in self._fonts.fonts() if font.path is not None})
        if font_folder is not None and not installed:
            raise Refused("font-folder", f"expected fonts in {font_folder}; CREDROOT_FONT_DIR names it")
        self._families = json.dumps(installed)

    def pdf(self, template: str, facts: Facts, texts: Mapping[str, str], *, moment: datetime) -> bytes:
        """Return a tagged, archivable PDF; the template finds each of `texts` under its name, character by character.

        Raises FontMissing.
        """
        inputs = {**texts, **self._inputs(facts)}
        with self._work():
            return _archivable(self._compiler(template), inputs, moment)

    def svg(self, template: str, facts: Facts) -> bytes:
        """Return an SVG whose letters are outlines: it needs no font and no other file. Raises FontMissing."""
        with self._work():
            return _bytes(self._checked(template, facts).compile(format="svg"))

    def png(self, template: str, facts: Facts, *, pixels_per_point: float) -> bytes:
        """Return a PNG. Raises FontMissing."""
        with self._work():
            return _bytes(self._checked(template, facts).compile(format="png", ppi=_POINTS_PER_INCH * pixels_per_point))

    def _compiler(self, template: str) -> typst.Compiler:
        # Packages are looked for where there are none, not in the user's folders; what is not there would be fetched,
        # but only for a template that asks for it.
        return typst.Compiler(
            TEMPLATES / template,
            root=TEMPLATES,
            font_paths=self._fonts,
            ignore_system_fonts=True,
            package_path=TEMPLATES,
            package_cache_path=TEMPLATES,
        )

    @contextmanager
    def _work(self) -> Iterator[None]:
        """Translate errors, and give back the memory that was worked in."""
        try:
            yield
        except typst.TypstError as error:
            found = _MISSING.search(error.message)
            if found is None:
                # What it says may quote the text: a name belongs in no log.
                raise Unavailable("typesetting-failed", "the typesetter refused a template") from None
            escaped = _ESCAPED.match(found[1])
            raise FontMissing(found[1][0] if escaped is None else chr(int(escaped[1], 16))) from None
        finally:
            blank = typst.Compiler(b"", root=TEMPLATES, font_paths=self._fonts, ignore_system_fonts=True)
            for _ in range(_REMEMBERED):
                blank.compile(b"", format="svg")

    def _inputs(self, facts: Facts) -> dict[str, str]:
        return {"data": json.dumps(facts, ensure_ascii=False), "families": self._families}

    def _checked(self, template: str, facts: Facts) -> typst.Compiler:
        """Return a compiler that has set the template once, with every letter found, as a PDF that nobody sees."""
        compiler = self._compiler(template)
        _archivable(compiler, self._inputs(facts), 0)
        return compiler


def script_of(character: str) -> str:
    """Name the script of a letter as Unicode names the letter, `symbol` for what is none."""
    is_letter = unicodedata.category(character)[0] in "LMN"
    return unicodedata.name(character, "unassigned").split()[0].title() if is_letter else "symbol"


def _archivable(compiler: typst.Compiler, inputs: dict[str, str], moment: datetime | int) -> bytes:
    # PDF/A-3a: kept for long, attachments of any kind. PDF/UA-1: read aloud as it is meant.
    return _bytes(compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=["a-3a", "ua-1"], timestamp=moment))


def _bytes(pages: bytes | list[bytes] | None) -> bytes:
    return cast("bytes", pages)  # a list is for templates of several pages, None for output to a file

"""Bring the catalogues of the pages up to date with the templates: `python -m tests.docs.catalogues` (`make catalogues`).

New sentences are added without a translation, which a test refuses until somebody has written it; what no page says any more goes.
Only what the public sees is translated: the console is English.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_from_dir
from babel.messages.pofile import read_po, write_po

from registry.web.pages.languages import CATALOGUES, DEFAULT, TAGS
from registry.web.pages.rendering import TEMPLATES

PAGES: Final = Path(TEMPLATES).parent / "pages"
UNTRANSLATED: Final = ("console",)
"""Folders of templates, and beginnings of names of modules, that stay English."""
KEYWORDS: Final = {"_": None, "gettext": None, "ngettext": (1, 2)}
_HEADERS: Final = (
    "Project-Id-Version",
    "Language",
    "Plural-Forms",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
)
"""Others hold dates and names of tools, which change with every writing."""


Message = str | tuple[str, str]


def messages() -> set[Message]:
    """Return every sentence that the public pages say, in English; with its plural where it has one."""
    return set(_in_templates()) | set(_in_modules())


def read_catalogue(tag: str) -> Catalog:
    """Read the catalogue of a language."""
    with _path(tag).open("rb") as file:
        return read_po(file, locale=tag, abort_invalid=True)


def write_catalogue(tag: str, wanted: set[Message]) -> list[Message]:
    """Write a catalogue with exactly the wanted sentences, and return those without a translation."""
    old = read_catalogue(tag)
    new = Catalog(locale=tag, project="credroot", version="1", charset="utf-8", fuzzy=False)
    untranslated = []
    for message in sorted(wanted, key=str):
        kept = old.get(message[0] if isinstance(message, tuple) else message)
        string = kept.string if kept is not None and kept.id == message else ""
        new.add(message, string)
        if not string or (isinstance(string, tuple) and not all(string)):
            untranslated.append(message)
    _path(tag).write_text(_without_dates(new), encoding="utf-8")
    return untranslated


def _without_dates(catalogue: Catalog) -> str:
    written = io.BytesIO()
    write_po(written, catalogue, width=0, sort_output=True)
    lines = written.getvalue().decode().splitlines()
    head = lines.index('msgstr ""') + 1
    body = next(number for number, line in enumerate(lines) if number >= head and not line.startswith('"'))
    kept = [line for line in lines[head:body] if line.startswith(tuple(f'"{name}:' for name in _HEADERS))]
    return "\n".join(['msgid ""', 'msgstr ""', *kept, *lines[body:]]).rstrip("\n") + "\n"


def _in_templates() -> Iterator[Message]:
    found = extract_from_dir(
        TEMPLATES, method_map=[("**.html", "jinja2"), ("**.txt", "jinja2")], keywords=KEYWORDS, strip_comment_tags=True
    )
    for name, _, message, _, _ in found:
        if not name.startswith(UNTRANSLATED):
            yield _message(message)


def _in_modules() -> Iterator[Message]:
    for path in sorted(PAGES.rglob("*.py")):
        if not path.name.startswith(UNTRANSLATED):
            with path.open("rb") as file:
                yield from (_message(found) for _, found, _, _ in extract("python", file, keywords=KEYWORDS))


def _message(found: str | tuple[str, ...] | list[str]) -> Message:
    return found if isinstance(found, str) else (found[0], found[1])


def _path(tag: str) -> Path:
    return CATALOGUES / tag / "LC_MESSAGES" / "credroot.po"


if __name__ == "__main__":
    for language in TAGS:
        if language != DEFAULT:
            for each in write_catalogue(language, messages()):
                print(f"{language}: {each}")

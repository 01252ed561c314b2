"""Templates made into answers: language, direction, safety headers, and the few words that every page has.

A page may load nothing but our own files, run no inline code and stand in nobody's frame; a page that needs more says so
by its Policy. Every value is escaped by the templates; what is HTML already comes from `markdown` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlencode

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from registry.domain.shown_text import shorten
from registry.web.pages.files import StaticFiles, read_static_files
from registry.web.pages.languages import Language, catalogue, choose, languages
from registry.web.pages.markdown import render_markdown

TEMPLATES: Final = Path(__file__).resolve().parent.parent / "templates"
UNLISTED: Final = {"X-Robots-Tag": "noindex, nofollow"}
"""For what has no place for the tag of pages."""
MAX_SHOWN: Final = 300
"""Of a stranger's text on a page about many of them: five lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a page may do beyond the least (Content Security Policy Level 3)."""

    connect: str = "'self'"
    """Where its modules may send requests."""
    frame_ancestors: str = "'none'"
    """Whose pages may show it in a frame."""

    def header(self) -> str:
        """Write the value of Content-Security-Policy."""
        return (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
            f"connect-src {self.connect}; form-action 'self'; base-uri 'none'; frame-ancestors {self.frame_ancestors}"
        )


LEAST: Final = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a template knows of the request it answers."""

    language: Language
    asked: bool
    """The language was chosen in the address, so links must carry it on."""
    path: str
    query: tuple[tuple[str, str], ...]

    def link(self, path: str, **parameters: object) -> str:
        """Write an address of our own in the visitor's chosen language."""
        query = {name: str(value) for name, value in parameters.items() if value is not None}
        if self.asked:
            query["lang"] = self.language.tag
        return f"{path}?{urlencode(query)}" if query else path

    def in_language(self, tag: str) -> str:
        """Write this page's address in another language: relative, as a path of `//host` would lead there."""
        query = [(name, value) for name, value in self.query if name != "lang"]
        return f"?{urlencode([*query, ('lang', tag)])}"


class Pages:
    """Every template, in every language."""

    def __init__(self, *, files: StaticFiles, languages: Mapping[str, Language]) -> None:
        self.files = files
        self._languages = languages
        self._environments = {tag: self._environment(language) for tag, language in languages.items()}

    @classmethod
    def load(cls) -> "Pages":
        """Read templates, catalogues and files."""
        return cls(files=read_static_files(), languages=languages())

    def render(
        self,
        request: Request,
        template: str,
        context: Mapping[str, object] | None = None,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        policy: Policy = LEAST,
        headers: Mapping[str, str] | None = None,
        language: str | None = None,
    ) -> HTMLResponse:
        """Answer a request with a page, in the visitor's language unless it is written in one alone."""
        visit = self.visit(request)
        if language is not None:
            visit = replace(visit, language=self._languages[language], asked=False)
        html = self._environments[visit.language.tag].get_template(template).render({**(context or {}), "visit": visit})
        return HTMLResponse(
            html,
            status_code=status,
            headers={
                "Content-Security-Policy": policy.header(),
                "Content-Language": visit.language.tag,
                "Vary": "Accept-Language",
                **(headers or {}),
            },
        )

    def visit(self, request: Request) -> Visit:
        """Return in which language a request is answered, and where it was sent."""
        asked = request.query_params.get("lang")
        tag = choose(asked, request.headers.get("Accept-Language", ""))
        return Visit(
            language=self._languages[tag],
            asked=asked == tag,
            path=request.url.path,
            query=tuple(request.query_params.multi_items()),
        )

    def _environment(self, language: Language) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.install_gettext_translations(catalogue(language.tag), newstyle=True)  # type: ignore[attr-defined]
        # What pages hand to their modules stays readable, and half as long in Arabic and Chinese.
        environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}
        environment.filters |= _filters(language)
        environment.globals |= {"static": self.files.address, "languages": tuple(self._languages.values())}
        return environment


def pages_of(request: Request) -> Pages:
    """Return the pages that the application was made with."""
    return cast("Pages", request.app.state.pages)  # Starlette's state is untyped


def language_of(request: Request) -> str:
    """Return the tag of the visitor's language."""
    return pages_of(request).visit(request).language.tag


def _filters(language: Language) -> dict[str, object]:
    locale = language.locale

    def as_day(value: date) -> str:
        return format_date(value, format="long", locale=locale)

    def as_moment(value: datetime) -> str:
        # The zone is always said: a time without one is read as the reader's own.
        return f"{format_datetime(value.astimezone(UTC), format='d MMM y, HH:mm:ss', locale=locale)} UTC"

    def as_zoned_day(value: datetime) -> str:
        # In the offset it was written in, and with that: the same moment is another day elsewhere.
        zone = "UTC" if value.utcoffset() == timedelta() else f"UTC{value.isoformat()[-6:]}"
        return f"{format_date(value.date(), format='long', locale=locale)} ({zone})"

    def as_number(value: float) -> str:
        return format_decimal(value, locale=locale)

    def as_span(value: timedelta) -> str:
        return format_timedelta(value, locale=locale, threshold=1.2)

    def as_iso(value: datetime) -> str:
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    return {
        "day": as_day,
        "moment": as_moment,
        "zoned_day": as_zoned_day,
        "number": as_number,
        "span": as_span,
        "iso": as_iso,
        "markdown": render_markdown,
        "short": partial(shorten, limit=MAX_SHOWN),
    }

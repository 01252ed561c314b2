"""Pictures of pages for people to look at: light, dark, and right to left, in out/screens/."""

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from playwright.sync_api import Page

from tests.paths import REPO_ROOT

FOLDER: Final = REPO_ROOT / "out" / "screens"


def screenshot(page: Page, name: str, *, right_to_left: bool = True) -> None:
    """Write a page as it stands, light and dark, and its Arabic form where it has one.

    The last is loaded anew from the page's address: what was sent by a form is not in it.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        _take(page, f"{name}-{scheme}")
    if not right_to_left:
        return
    address = page.url
    page.goto(_in_arabic(address))
    _take(page, f"{name}-rtl")
    page.goto(address)


def _take(page: Page, name: str) -> None:
    # Pictures load when they come into view otherwise.
    page.evaluate(
        "Promise.allSettled(Array.from(document.images, (image) => { image.loading = 'eager'; return image.decode(); }))"
    )
    page.screenshot(path=FOLDER / f"{name}.png", full_page=True)


def _in_arabic(address: str) -> str:
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "lang"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("lang", "ar")])))

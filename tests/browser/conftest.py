"""A real browser for the tests of pages: one process, a fresh profile a test, nothing but loopback to be reached."""

import shutil
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

ARGUMENTS: Final = (
    # The tests run as root in a sandbox of their own; nothing of the network is reached in any case.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
EXPECTED_ERRORS: Final = "Failed to load resource"
"""What the browser itself says of an answer of 4xx or 5xx: the tests look at those answers themselves."""

NewContext = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Run Chromium. `make browser-tools` installs it."""
    path = shutil.which("chromium")
    assert path is not None, "Chromium is missing: make browser-tools"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def new_context(chromium: Browser) -> Iterator[NewContext]:
    """Give a maker of fresh profiles; at the end no page may have said an error or asked another host."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def note_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and EXPECTED_ERRORS not in message.text:
            wrong.append(f"console {message.type}: {message.text}")

    def note_request(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in {"data", "blob"} and url.hostname not in LOOPBACK:
            wrong.append(f"asked another host: {request.url}")

    def make(**options: object) -> BrowserContext:
        context = chromium.new_context(**{"locale": "en-GB", "timezone_id": "UTC", **options})  # type: ignore[arg-type]
        context.on("console", note_console)
        context.on("request", note_request)
        context.on("weberror", lambda error: wrong.append(f"script error: {error.error}"))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def page(new_context: NewContext) -> Page:
    """Give a page of a fresh profile."""
    return new_context().new_page()

"""Problems as a browser shows them."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from registry.web.app import create_app
from registry.web.pages.languages import TAGS
from tests.browser.accessibility import violations
from tests.browser.screens import screenshot
from tests.registry_world import migrated_world
from tests.web_server import serve


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of a registry."""
    folder: Path = tmp_path_factory.mktemp("registry")
    with migrated_world(folder) as world, serve(create_app(world.container)) as opened:
        yield opened


def test_a_browser_reads_a_problem_in_words(page: Page, client: httpx.Client) -> None:
    answer = page.goto(f"{client.base_url}/nowhere")

    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    expect(page.locator("code")).to_have_text("not-found")
    screenshot(page, "problem")


def test_a_problem_is_accessible_in_every_language(page: Page, client: httpx.Client) -> None:
    found = {}
    for language in TAGS:
        page.goto(f"{client.base_url}/nowhere?lang={language}")
        found[page.locator("html").get_attribute("lang")] = violations(page)

    assert found == {language: [] for language in TAGS}

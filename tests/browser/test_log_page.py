"""The log page: what it says is what the published files and the chain say."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from anchor_worker.publishing import FilePublisher
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.web.app import create_app
from registry.web.pages.languages import TAGS
from tests.browser.accessibility import violations
from tests.browser.conftest import NewContext
from tests.browser.screens import screenshot
from tests.registry_world import World, migrated_world
from tests.web_server import serve

PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a registry with two final epochs, the second with a revocation, and something that waits."""
    folder: Path = tmp_path_factory.mktemp("registry")
    with migrated_world(folder) as world:
        issuer = world.add_issuer("poly")
        achievement = world.add_achievement(issuer)
        first = [world.issue(issuer, achievement, f"holder-{number}@example.org") for number in range(3)]
        world.anchor()
        with world.store.write() as unit:
            reason = StatusRequest(action=StatusAction.REVOKE, reason=Reason.OTHER)
            change_status(world.resources, unit, issuer, first[0].id, reason, caller=world.admin)
        world.issue(issuer, achievement, "late@example.org")
        world.anchor()
        FilePublisher(world.store, folder=world.container.published_dir, clock=world.clock).publish()
        world.issue(issuer, achievement, "waiting@example.org")
        world.clock.advance(minutes=5)
        yield world


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[httpx.Client]:
    """Give a client of it."""
    with serve(create_app(world.container)) as opened:
        yield opened


def test_the_log_shows_its_epochs_and_what_waits(page: Page, client: httpx.Client) -> None:
    page.goto(f"{client.base_url}/log")

    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator("td.number")).to_have_text(["1", "1", "1", "–"])
    expect(rows.nth(1).locator("td.number")).to_have_text(["1", "3", "0", "–"])
    expect(page.locator("dl")).to_contain_text("1 credential, 0 status changes")
    expect(page.locator("dl")).to_contain_text("5 minutes")


def test_every_figure_leads_to_a_published_file(page: Page, client: httpx.Client) -> None:
    page.goto(f"{client.base_url}/log")
    page.get_by_role("rowheader", name="2").get_by_role("link").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Epoch 2")
    links = [link.get_attribute("href") or "" for link in page.locator("main a").all()]
    files = [link for link in links if link.startswith("/published/")]
    assert {link.rsplit("/", 1)[1] for link in files} == {"manifest.json", "batch-0.bin", "revocation-0.bin"}
    assert {client.get(link).status_code for link in files} == {200}


@pytest.mark.parametrize("path", ["/log", "/log/2"])
def test_the_log_is_accessible_in_every_language(page: Page, client: httpx.Client, path: str) -> None:
    found = {}
    for language in TAGS:
        page.goto(f"{client.base_url}{path}?lang={language}")
        found[page.locator("html").get_attribute("lang")] = violations(page)

    assert found == {language: [] for language in TAGS}


@pytest.mark.parametrize("path", ["/log", "/log/2"])
def test_a_phone_scrolls_tables_and_not_the_page(new_context: NewContext, client: httpx.Client, path: str) -> None:
    page = new_context(viewport=PHONE).new_page()
    page.goto(f"{client.base_url}{path}")

    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]


def test_pictures_of_the_log(page: Page, client: httpx.Client) -> None:
    for path, name in (("/log", "log"), ("/log/1", "epoch")):
        page.goto(f"{client.base_url}{path}")
        screenshot(page, name)
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_an_epoch_that_there_is_not_is_a_problem_in_words(page: Page, client: httpx.Client) -> None:
    answer = page.goto(f"{client.base_url}/log/99")

    assert answer is not None
    assert answer.status == 404
    expect(page.locator("main")).to_contain_text("not-found")


def test_no_page_of_the_log_sets_a_cookie(client: httpx.Client) -> None:
    assert client.get("/log").headers.get("Set-Cookie") is None

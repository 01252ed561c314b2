"""Every page that there is, on a phone, by axe-core: a page is added to the table below or the first test fails."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect

import registry.web
from registry.service.sharing import switch_sharing
from registry.store_ports import Role
from registry.web.app import create_app
from tests.browser.accessibility import violations
from tests.browser.conftest import NewContext
from tests.browser.console_steps import look, no_sideways_scroll
from tests.browser.screens import screenshot
from tests.earner import hold, mailed_link
from tests.registry_world import World
from tests.web.console.client import open_site
from tests.web.console.sites import new_tenant

DESK: Final[ViewportSize] = {"width": 1280, "height": 900}
PHONE: Final[ViewportSize] = {"width": 360, "height": 740}
OURS: Final = "/console/issuers/{slug}"
PAGES: Final[Mapping[str, str]] = {
    "/": "verify",
    "/log": "log",
    "/log/{number}": "epoch",
    "/c/{token}": "credential",
    "/c/{token}/embed": "embed",
    "/claim/{token}": "claim",
    "/mine/{secret}": "mine",
    "/console": "console-issuers",
    "/console/sign-in": "console-sign-in",
    OURS: "console-overview",
    f"{OURS}/achievements": "console-achievements",
    f"{OURS}/achievements/new": "console-achievement-form",
    f"{OURS}/achievements/{{achievement_id}}": "console-achievement",
    f"{OURS}/achievements/{{achievement_id}}/edit": "console-achievement-edit",
    f"{OURS}/column-mappings": "console-mappings",
    f"{OURS}/column-mappings/new": "console-mapping-header",
    f"{OURS}/column-mappings/{{mapping_id}}/delete": "console-mapping-delete",
    f"{OURS}/uploads": "console-uploads",
    f"{OURS}/uploads/new": "console-upload-new",
    f"{OURS}/uploads/{{upload_id}}": "console-dry-run",
    f"{OURS}/uploads/{{upload_id}}/row": "console-row",
    f"{OURS}/credentials": "console-credentials",
    f"{OURS}/credentials/expiring": "console-expiring",
    f"{OURS}/credentials/{{credential_id}}": "console-credential",
    f"{OURS}/credentials/{{credential_id}}/earner": "console-earner",
    f"{OURS}/credentials/{{credential_id}}/renew": "console-renew",
    f"{OURS}/credentials/{{credential_id}}/supersede": "console-supersede",
    f"{OURS}/credentials/{{credential_id}}/{{action}}": "console-revoke",
    f"{OURS}/keys": "console-keys",
    f"{OURS}/keys/replace": "console-key-replace",
    f"{OURS}/keys/api-keys/{{key_id}}/revoke": "console-key-revoke",
    f"{OURS}/audit": "console-audit",
}
"""Each route that answers with a page, and the name of its picture."""
FILES: Final = frozenset(
    {
        "/static/{digest}/{name}",
        *(f"/c/{{token}}/{name}" for name in ("credential.json", "badge.png", "picture.png", "qr.png")),
        *(f"/mine/{{secret}}/{name}" for name in ("credential.json", "certificate.pdf", "bundle.zip")),
        *(f"/mine/{{secret}}/{name}" for name in ("badge.png", "badge.svg")),
        *(f"{OURS}/uploads/{{upload_id}}/{name}" for name in ("annotated.csv", "annotated.xlsx", "archive.zip")),
        *(f"{OURS}/uploads/{{upload_id}}/{name}" for name in ("row.json", "row.pdf", "progress")),
        *(f"{OURS}/credentials/{{credential_id}}/{name}" for name in ("document", "files/{name}")),
        f"{OURS}/audit/trail.jsonl",
        # Of the server for interoperability tests alone.
        "/instances",
    }
)
"""Routes beside the API that answer with something else than a page."""
SHOWN_ELSEWHERE: Final = frozenset(PAGES.values()) - {
    *("console-achievements", "console-achievement-edit", "console-uploads", "console-mapping-delete"),
    "console-key-replace",
}
"""Pages whose pictures are taken where somebody works with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    world: World
    url: str
    names: Mapping[str, Mapping[str, str]]
    """What the parameters of a route are, by its first part; those of the console under `console`."""

    def address(self, route: str) -> str:
        line = "?line=2" if route.endswith("/row") else ""
        return self.url + route.format(**self.names.get(route.split("/")[1], {})) + line


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a registry with one of everything, anchored."""
    with open_site(tmp_path_factory.mktemp("registry")) as (world, url):
        ours = new_tenant(world, "poly")
        world.add_issuer("second")
        credential = world.issue(ours.issuer, ours.achievement, "ends@example.org", days=30)
        world.anchor()
        world.add_key(Role.ISSUER, ours.issuer)
        with world.store.write() as unit:
            (key,) = unit.access.api_keys_of(ours.issuer.id)
            share = switch_sharing(world.resources, unit, credential.id, shared=True)
        assert share is not None
        offer = mailed_link(world, ours.credential, "first@poly.example")
        mine = hold(world, credential, "ends@example.org")
        names = {
            "log": {"number": "1"},
            "c": {"token": share.token.text},
            "claim": {"token": offer.rpartition("/")[2]},
            "mine": {"secret": mine.rpartition("/")[2]},
            "console": {**ours.names, "credential_id": str(credential.id), "key_id": str(key.id)},
        }
        yield Site(world=world, url=url, names=names)


def sign_in(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/console")
    page.get_by_label("API key").fill(site.world.admin_key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose an issuer")


def test_every_route_is_a_page_of_the_table_or_none_at_all(site: Site) -> None:
    described = create_app(site.world.container).openapi()["paths"]

    pages = {
        route.path
        for module in pkgutil.walk_packages(registry.web.__path__, "registry.web.")
        for router in (getattr(importlib.import_module(module.name), "router", None),)
        if router is not None
        for route in router.routes
        if "GET" in getattr(route, "methods", ()) and route.path_format not in described
    }

    assert pages == set(PAGES) | FILES
    # What stands in the API's description says what it answers with.
    assert "text/html" not in str(described)


def test_every_page_is_accessible_and_fits_a_phone(new_context: NewContext, site: Site) -> None:
    page = new_context(viewport=PHONE).new_page()
    sign_in(page, site)
    found = {}

    for route, name in PAGES.items():
        answer = page.goto(site.address(route))
        assert answer is not None
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), route
        found[route] = violations(page)
        no_sideways_scroll(page)
        if name not in SHOWN_ELSEWHERE:
            page.set_viewport_size(DESK)
            screenshot(page, name, right_to_left=False)
            page.set_viewport_size(PHONE)

    assert {route: broken for route, broken in found.items() if broken} == {}


def test_the_page_that_a_link_in_a_mail_passes_through_is_accessible(page: Page, site: Site) -> None:
    sign_in(page, site)
    uploads = site.address(f"{OURS}/uploads")
    asked = []

    def stay(route: Route) -> None:
        asked.append(route.request.url)
        # The page goes on by itself at once: an answer without content keeps the browser where it is.
        route.fulfill(status=204) if len(asked) > 1 else route.continue_()

    page.route(uploads, stay)
    # Another host name is another site: its page links here.
    page.goto(f"{site.url.replace('127.0.0.1', 'localhost')}/healthz")
    page.evaluate("to => { const a = document.createElement('a'); a.href = to; document.body.append(a); }", uploads)
    page.locator("a").dispatch_event("click")

    expect(page.get_by_role("heading", level=1)).to_have_text("To the console")
    expect(page.get_by_role("link", name="Go on")).to_be_visible()
    look(page, "arrival")
    page.set_viewport_size(PHONE)
    no_sideways_scroll(page)

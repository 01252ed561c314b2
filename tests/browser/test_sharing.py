"""An earner's pages in a real browser: claim, share, show, unshare; by keyboard, on a phone, without scripts, in five languages."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from registry.domain.credential import Award, Evidence
from registry.domain.recipient import IdentityType
from registry.service.issuing import Order, Person, issue
from registry.service.sharing import switch_sharing
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.store_ports import CredentialRecord
from registry.web.app import create_app
from registry.web.pages.claims import embed_snippet
from registry.web.pages.languages import TAGS
from tests.browser.accessibility import violations
from tests.browser.conftest import NewContext
from tests.browser.screens import screenshot
from tests.earner import hold, mailed_link
from tests.registry_world import PUBLIC_URL, World, migrated_world
from tests.web_server import serve

PHONE = {"width": 360, "height": 740}
CRITERIA = """Six weekly assignments and a supervised project:

- a data set of the learner's **own choice**
- a written report of 2,000 words
- a talk of ten minutes

Graded by two examiners.

<script>document.title = "run"</script>
"""
SKILLS = ("perform data analysis", "Python (computer programming)", "data analytics")
ESCO = "http://data.europa.eu/esco/skill/2b92a5b2-6758-4ee3-9fb4-b6387a55cc8f"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a registry with an issuer."""
    folder: Path = tmp_path_factory.mktemp("registry")
    with migrated_world(folder) as world:
        yield world


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[httpx.Client]:
    """Give a client of it."""
    with serve(create_app(world.container)) as opened:
        yield opened


@pytest.fixture(scope="module")
def earned(world: World) -> "Earned":
    """Give what issues credentials."""
    return Earned(world)


class Earned:
    """Issues credentials of one achievement, each to another person."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._issuer = world.add_issuer()
        skills = [
            {"targetName": name, "targetUrl": ESCO, "targetType": "ext:ESCOSkill", "targetFramework": "ESCO"}
            for name in SKILLS
        ]
        self._achievement = world.add_achievement(self._issuer, criteria={"narrative": CRITERIA}, alignment=skills)
        self._number = 0

    def issue(self, name: str = "Amal Haddad") -> tuple[CredentialRecord, str]:
        """Issue one; return it and the earner's address."""
        self._number += 1
        address = f"earner-{self._number}@example.org"
        now = self._world.clock.now().replace(microsecond=0)
        evidence = (
            Evidence(
                url="https://evidence.example.org/1", name="Capstone report", description="Two years of river data."
            ),
            Evidence(narrative="The notes of my examiners.", name="Assessment notes", private=True),
        )
        award = Award(
            valid_from=now, valid_until=now + timedelta(days=1_000), awarded=now, results=("A",), evidence=evidence
        )
        order = Order(person=Person(name=name, identifiers=((IdentityType.EMAIL, address),)), award=award)
        with self._world.store.write() as unit:
            made = issue(
                self._world.resources, unit, self._issuer, self._achievement.id, order, caller=self._world.admin
            )
            return unit.credentials.get(self._issuer.id, made.id), address

    def share(self, name: str = "Amal Haddad") -> tuple[CredentialRecord, str]:
        """Issue and share one; return it and the path of its page."""
        credential, _ = self.issue(name)
        with self._world.store.write() as unit:
            share = switch_sharing(self._world.resources, unit, credential.id, shared=True)
        assert share is not None
        return credential, f"/c/{share.token.text}"

    def change(self, credential: CredentialRecord, action: StatusAction, reason: Reason) -> None:
        """Say something of a credential."""
        request = StatusRequest(action=action, reason=reason)
        with self._world.store.write() as unit:
            change_status(self._world.resources, unit, self._issuer, credential.id, request, caller=self._world.admin)


def path_of(page: Page) -> str:
    return page.url.partition("//")[2].partition("/")[2]


def shared_path(page: Page) -> str:
    """Read the share link that a holder's page shows."""
    return page.get_by_label("Link", exact=True).input_value().removeprefix(PUBLIC_URL)


@pytest.mark.parametrize("scripts", [True, False])
def test_an_earner_claims_shares_and_unshares(
    new_context: NewContext, world: World, client: httpx.Client, earned: Earned, scripts: bool
) -> None:
    credential, address = earned.issue()
    page = new_context(java_script_enabled=scripts).new_page()
    link = mailed_link(world, credential, address)

    page.goto(f"{client.base_url}{link}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Data Analysis with Python")
    page.get_by_role("button", name="Claim my credential").click()
    expect(page.get_by_text("Private: nobody but you sees it.")).to_be_visible()
    page.get_by_role("button", name="Share it by a link").click()
    expect(page.get_by_text("Shared: whoever has the link sees it.")).to_be_visible()
    mine, public = path_of(page), shared_path(page)
    page.get_by_role("link", name="See what others see").click()
    expect(page.get_by_role("heading", name="Verify this yourself")).to_be_visible()
    assert path_of(page) == public.removeprefix("/")
    page.goto(f"{client.base_url}/{mine}")
    page.get_by_role("button", name="Stop sharing").click()
    expect(page.get_by_text("Private: nobody but you sees it.")).to_be_visible()
    answer = page.goto(f"{client.base_url}{public}")

    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("No credential is shared here")
    page.goto(f"{client.base_url}{link}")
    expect(page.get_by_role("heading", level=1)).to_have_text("This link does not work any more")
    assert page.context.cookies() == []


def test_an_earner_needs_nothing_but_a_keyboard(page: Page, world: World, client: httpx.Client, earned: Earned) -> None:
    credential, address = earned.issue()
    page.goto(f"{client.base_url}{mailed_link(world, credential, address)}")

    press_through_to(page, "Claim my credential")
    expect(page.get_by_role("button", name="Share it by a link")).to_be_visible()
    press_through_to(page, "Share it by a link")
    expect(page.get_by_role("button", name="Stop sharing")).to_be_visible()
    press_through_to(page, "Stop sharing")
    expect(page.get_by_role("button", name="Share it by a link")).to_be_visible()


def press_through_to(page: Page, name: str) -> None:
    """Go to a button by the tabulator and press it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.textContent").strip() == name:
            assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} cannot be reached")


def test_a_credential_page_shows_everything_and_runs_nothing(page: Page, client: httpx.Client, earned: Earned) -> None:
    _, path = earned.share("李伟")
    page.goto(f"{client.base_url}{path}")

    main = page.locator("main")
    for said in ("李伟", "Issuer poly", "June 1, 2026 (UTC)", "Graded by two examiners.", "Capstone report", *SKILLS):
        expect(main).to_contain_text(said)
    expect(main).to_contain_text("Assessment notes")
    expect(main).to_contain_text("Not for everybody: ask the earner for it.")
    assert "The notes of my examiners." not in page.content()
    assert page.title() == "Data Analysis with Python – 李伟 – Credroot"
    picture = page.locator("img.emblem")
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 352
    page.get_by_role("link", name="Verify", exact=True).last.click()
    expect(page.locator("#link")).to_have_value(PUBLIC_URL + path)


def test_verifying_it_oneself_is_one_press_away(page: Page, world: World, client: httpx.Client) -> None:
    issuer = world.add_issuer("verified")
    credential = world.issue(issuer, world.add_achievement(issuer), "verified@example.org")
    world.anchor()
    with world.store.write() as unit:
        share = switch_sharing(world.resources, unit, credential.id, shared=True)
    assert share is not None

    page.goto(f"{client.base_url}/c/{share.token.text}")
    page.get_by_role("link", name="Verify", exact=True).last.click()
    page.locator("form").get_by_role("button").last.click()

    expect(page.locator(".verdict").first).to_be_visible()


def test_a_badge_stands_in_somebody_else_s_page(page: Page, client: httpx.Client, earned: Earned) -> None:
    _, path = earned.share()
    snippet = embed_snippet(f"{client.base_url}{path}")

    async def blog(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": f"<!doctype html><title>Mine</title>{snippet}".encode()})

    # Another port is another origin.
    with serve(FastAPI(routes=[Mount("/", blog)])) as other:
        page.goto(f"{other.base_url}/")
        see_badge(page, path)


def see_badge(page: Page, path: str) -> None:
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("link")).to_contain_text("Data Analysis with Python")
    expect(frame.get_by_role("link")).to_have_attribute("href", PUBLIC_URL + path)
    height = frame.locator("body").evaluate("() => document.documentElement.scrollHeight")
    assert height <= 140


@pytest.mark.parametrize(
    ("action", "reason", "word"),
    [
        (StatusAction.REVOKE, Reason.ISSUED_IN_ERROR, "Revoked"),
        (StatusAction.REVOKE, Reason.SUPERSEDED, "Superseded"),
        (StatusAction.SUSPEND, Reason.UNDER_REVIEW, "Suspended"),
    ],
)
def test_what_does_not_count_says_so(  # noqa: PLR0917  # fixtures and cases
    page: Page, client: httpx.Client, earned: Earned, action: StatusAction, reason: Reason, word: str
) -> None:
    credential, path = earned.share()
    earned.change(credential, action, reason)

    page.goto(f"{client.base_url}{path}")

    expect(page.locator("header .standing")).to_have_text(word)
    expect(page.locator(".notice")).to_contain_text(word)
    assert violations(page) == []
    screenshot(page, f"credential-{word.lower()}", right_to_left=False)


def test_every_page_is_accessible_in_every_language(
    page: Page, world: World, client: httpx.Client, earned: Earned
) -> None:
    credential, address = earned.issue()
    offered, to_whom = earned.issue()
    mine, offer = hold(world, credential, address), mailed_link(world, offered, to_whom)
    client.post(f"{mine}/sharing", data={"shared": "yes"})
    with world.store.read() as unit:
        share = unit.shares.of_credential(credential.id)
    assert share is not None
    public = f"/c/{share.token.text}"

    found = {}
    for path in (offer, mine, public):
        for language in TAGS:
            found[path, language] = broken_rules(page, f"{client.base_url}{path}", language)
    # A sentence or a badge each: one language of either direction.
    for path in (f"{public}/embed", "/c/nobody", "/c/nobody/embed", "/claim/nobody"):
        for language in ("fr", "ar"):
            found[path, language] = broken_rules(page, f"{client.base_url}{path}", language)

    assert {where: broken for where, broken in found.items() if broken} == {}


def broken_rules(page: Page, address: str, language: str) -> list[str]:
    page.goto(f"{address}?lang={language}")
    assert page.locator("html").get_attribute("lang") == language
    return violations(page)


def test_no_english_is_left_in_other_languages(page: Page, world: World, client: httpx.Client, earned: Earned) -> None:
    credential, address = earned.issue()
    mine = hold(world, credential, address)
    client.post(f"{mine}/sharing", data={"shared": "yes"})
    page.goto(f"{client.base_url}{mine}")
    public = shared_path(page)
    texts = "() => [...document.querySelectorAll('h2, button, label, dt, .downloads a')].map(e => e.textContent.trim())"

    for path in (mine, public):
        page.goto(f"{client.base_url}{path}")
        english = set(page.evaluate(texts))
        for language in TAGS[1:]:
            page.goto(f"{client.base_url}{path}?lang={language}")
            same = english & set(page.evaluate(texts))
            # What the issuer wrote stays as it was written.
            assert same <= {"Grade"}, language


@pytest.mark.parametrize("width", [360, 320])
def test_a_phone_scrolls_down_alone(
    new_context: NewContext, world: World, client: httpx.Client, earned: Earned, width: int
) -> None:
    credential, address = earned.issue("Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh")
    mine = hold(world, credential, address)
    client.post(f"{mine}/sharing", data={"shared": "yes"})
    page = new_context(viewport={**PHONE, "width": width}).new_page()
    page.goto(f"{client.base_url}{mine}")

    for path in (mine, shared_path(page), shared_path(page) + "/embed"):
        for language in ("en", "ar"):
            page.goto(f"{client.base_url}{path}?lang={language}")
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width, path


def test_copying_is_said(new_context: NewContext, world: World, client: httpx.Client, earned: Earned) -> None:
    credential, address = earned.issue()
    mine = hold(world, credential, address)
    client.post(f"{mine}/sharing", data={"shared": "yes"})
    page = new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.goto(f"{client.base_url}{mine}")

    page.get_by_role("button", name=re.compile("Copy.*Link")).click()

    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == PUBLIC_URL + shared_path(page)


def test_pictures_of_the_earner_s_pages(page: Page, world: World, client: httpx.Client, earned: Earned) -> None:
    credential, address = earned.issue()
    world.clock.advance(minutes=1)
    world.anchor()
    offer = mailed_link(world, credential, address)
    page.goto(f"{client.base_url}{offer}")
    screenshot(page, "claim")
    page.get_by_role("button", name="Claim my credential").click()
    screenshot(page, "mine-private")
    page.get_by_role("button", name="Share it by a link").click()
    page.wait_for_load_state("networkidle")
    screenshot(page, "mine")
    public = shared_path(page)
    page.goto(f"{client.base_url}{public}", wait_until="networkidle")
    screenshot(page, "credential")
    page.goto(f"{client.base_url}{public}/embed", wait_until="networkidle")
    screenshot(page, "embed")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{client.base_url}{public}", wait_until="networkidle")
    screenshot(page, "credential-phone")

    expect(page.get_by_role("heading", level=1)).to_be_visible()

"""The console in other ways: by keyboard alone, on a phone, without scripts, by a link in a mail, by drag and drop."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from registry.service.approving import set_approvals
from registry.store_ports import Approvals, Role, UploadState
from tests.adapters.chunk_work import until
from tests.browser.conftest import NewContext
from tests.browser.console_steps import (
    CORRECTED,
    HEADER,
    WRONG,
    csv_file,
    fill_achievement,
    look,
    no_sideways_scroll,
    sign_in,
    upload,
)
from tests.earner import letters
from tests.registry_world import World
from tests.web.console.client import open_site

HERE = "/console/issuers/poly"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    world: World
    url: str

    def key(self, *, approver: bool = False) -> str:
        with self.world.store.read() as unit:
            issuer = unit.issuers.by_slug("poly")
        return self.world.add_key(Role.ISSUER, issuer, approver=approver)

    def is_issued(self) -> bool:
        """Tell whether the newest upload is wholly issued."""
        with self.world.store.read() as unit:
            issuer = unit.issuers.by_slug("poly")
            (upload,) = unit.uploads.newest(issuer.id, before=None, limit=1)
        return upload.state is UploadState.ISSUED


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a registry with one issuer, without a chain."""
    with open_site(tmp_path_factory.mktemp("registry")) as (world, url):
        world.add_issuer("poly")
        yield Site(world=world, url=url)


def with_achievement(site: Site) -> None:
    with site.world.store.read() as unit:
        issuer = unit.issuers.by_slug("poly")
    site.world.add_achievement(issuer)


def tab_to(page: Page, name: str) -> None:
    """Press the tabulator until something of a name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const e = document.activeElement; return e.labels?.[0]?.innerText || e.innerText || ''; }"
        )
        if re.sub(r"\s+", " ", focused).strip().startswith(name):
            return
    raise AssertionError(f"{name}: not reached by the keyboard")


def follow(page: Page) -> None:
    """Press Enter on what has the focus, and wait for the page that it leads to."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_the_main_path_by_keyboard_alone(page: Page, site: Site) -> None:
    # Listened for long before a key is pressed: a chooser that opens before the browser was told so goes unseen.
    page.on("filechooser", lambda _chooser: None)
    with_achievement(site)
    page.goto(f"{site.url}/console")
    tab_to(page, "API key")
    page.keyboard.type(site.key())
    follow(page)
    tab_to(page, "Upload a cohort")
    follow(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Upload a cohort")
    tab_to(page, "The list of people")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(csv_file(CORRECTED))
    tab_to(page, "Check the file")
    follow(page)
    expect(page.get_by_text("every row is good")).to_be_visible()
    tab_to(page, "Issue 4 credentials")
    follow(page)
    expect(page.get_by_role("heading", name="How far its credentials are")).to_be_visible()
    expect(page.locator("[data-count=signed]")).to_have_text("4", timeout=60_000)
    tab_to(page, "Credentials")
    follow(page)
    tab_to(page, "Bob Moyo")
    follow(page)
    tab_to(page, "Revoke")
    follow(page)
    tab_to(page, "Reason")
    page.keyboard.press("m")
    tab_to(page, "Revoke it for ever")
    follow(page)

    expect(page.get_by_role("region", name="Status history")).to_contain_text("misconduct")


def test_the_main_path_without_scripts(new_context: NewContext, site: Site) -> None:
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page, site.url, site.key())
    page.goto(f"{site.url}{HERE}/achievements/new")
    fill_achievement(page)
    page.get_by_role("button", name="Another row, and the preview").click()
    expect(page.locator("#preview")).to_contain_text("supervised")
    expect(page.get_by_role("group", name="Skill 2")).to_be_visible()
    page.get_by_role("button", name="Create the achievement").click()
    page.get_by_role("link", name="Upload people who earned it").click()
    upload(page, csv_file(WRONG))
    expect(page.get_by_role("region", name="Rows of the file")).to_contain_text("DATE_FORMAT")
    page.get_by_role("link", name="Upload a corrected file").click()
    upload(page, csv_file(CORRECTED))
    page.get_by_role("button", name="Issue 4 credentials").click()
    reload = page.get_by_role("link", name="Load this page again")
    expect(reload).to_be_visible()
    for _ in range(100):
        reload.click()
        if page.locator("[data-count=signed]").inner_text() == "4":
            break
    expect(page.locator("[data-count=signed]")).to_have_text("4")


def test_what_was_found_in_a_file_fits_a_phone(new_context: NewContext, site: Site) -> None:
    with_achievement(site)
    page = new_context(viewport={"width": 360, "height": 740}).new_page()
    sign_in(page, site.url, site.key())
    page.goto(f"{site.url}{HERE}/uploads/new")
    upload(page, csv_file(WRONG))
    no_sideways_scroll(page)
    look(page, "phone-dry-run")
    page.get_by_role("navigation", name="Which rows").get_by_role("link", name="All", exact=True).click()
    no_sideways_scroll(page)
    look(page, "phone-dry-run", shot=False)


def test_keys_and_the_choice_of_an_issuer_are_accessible(page: Page, site: Site) -> None:
    site.world.add_issuer("second")
    page.goto(f"{site.url}/console")
    page.get_by_label("API key").fill("credroot_wrong")
    page.get_by_role("button", name="Sign in").click()
    look(page, "sign-in-refused")
    page.get_by_label("API key").fill(site.world.admin_key)
    page.get_by_role("button", name="Sign in").click()
    look(page, "issuers")
    page.get_by_role("link", name="Issuer poly").click()
    page.get_by_role("link", name="Keys").click()
    look(page, "keys")
    page.get_by_label("For whom").fill("second floor")
    page.get_by_role("button", name="Make the key").click()
    look(page, "key-made")
    page.get_by_role("link", name="Back to the keys").click()
    page.get_by_role("link", name="Revoke second floor").click()
    look(page, "key-revoke")
    page.get_by_role("button", name="Revoke it").click()

    expect(page.get_by_role("region", name="API keys")).not_to_contain_text("second floor")


def test_a_form_with_a_mistake_says_so_beside_the_field(page: Page, site: Site) -> None:
    sign_in(page, site.url, site.key())
    page.goto(f"{site.url}{HERE}/achievements/new")
    fill_achievement(page)
    page.get_by_role("group", name="Skill 1").get_by_label("Address").fill("no address")
    page.get_by_role("button", name="Create the achievement").click()

    field = page.get_by_role("group", name="Skill 1").get_by_label("Address")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("expected"))
    look(page, "achievement-error")


def test_a_file_may_be_dropped(page: Page, site: Site) -> None:
    with_achievement(site)
    sign_in(page, site.url, site.key())
    page.goto(f"{site.url}{HERE}/uploads/new")
    transfer = page.evaluate_handle(
        "text => { const t = new DataTransfer(); t.items.add(new File([text], 'dropped.csv')); return t; }",
        HEADER + CORRECTED,
    )
    page.locator("[data-drop]").dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.get_by_role("status")).to_have_text("Chosen: dropped.csv")
    page.get_by_role("button", name="Check the file").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("dropped.csv")


def test_a_link_on_another_site_leads_back_into_the_session(page: Page, site: Site) -> None:
    sign_in(page, site.url, site.key())
    # Another host name is another site: its page links here.
    other = site.url.replace("127.0.0.1", "localhost")
    page.goto(f"{other}/healthz")
    page.evaluate(
        "to => { const a = document.createElement('a'); a.href = to; a.id = 'mail'; a.textContent = 'here'; document.body.append(a); }",
        f"{site.url}{HERE}/uploads",
    )
    page.locator("#mail").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Uploads")


def test_mappings_corrections_renewals_and_the_audit_trail_are_accessible(page: Page, site: Site) -> None:
    with site.world.store.read() as unit:
        issuer = unit.issuers.by_slug("poly")
    achievement = site.world.add_achievement(issuer, validityDays=400)
    credential = site.world.issue(issuer, achievement, "a@example.org", days=20)
    sign_in(page, site.url, site.key())
    page.goto(f"{site.url}{HERE}/column-mappings/new")
    look(page, "mapping-header")
    page.get_by_label("First line of the export").fill("First\tLast\tE-mail\tCompleted")
    page.get_by_role("button", name="Go on").click()
    look(page, "mapping-columns")
    page.get_by_label("Name of the mapping").fill("our campus")
    page.get_by_label("Their column for recipient_email").select_option("E-mail")
    page.get_by_label("Their column for recipient_name").select_option("First")
    page.get_by_label("Joined to it for recipient_name").select_option("Last")
    page.get_by_label("Their column for issued_on").select_option("Completed")
    page.get_by_label("How dates of issued_on are written").select_option("DMY")
    page.get_by_role("button", name="Save the mapping").click()
    expect(page.get_by_label("Columns", exact=True)).to_contain_text("our campus")
    look(page, "upload-mapped")
    page.get_by_role("link", name="All mappings").click()
    look(page, "mappings")
    page.goto(f"{site.url}{HERE}/credentials/expiring")
    look(page, "expiring")
    page.get_by_role("link", name="Renew").click()
    look(page, "renew")
    page.goto(f"{site.url}{HERE}/credentials/{credential.id}/supersede")
    look(page, "supersede")
    page.get_by_label("Name").first.fill("Amal Haddad-Núñez")
    page.get_by_role("button", name="Issue the corrected credential").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Amal Haddad-Núñez")
    look(page, "superseding")
    page.get_by_role("link", name="For the earner").click()
    look(page, "earner")
    page.get_by_role("button", name="Show it to whoever has the link").click()
    expect(page.get_by_role("button", name="Hide it")).to_be_visible()
    page.get_by_label("E-mail address of the earner").fill("a@example.org")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("button", name="Send it again")).to_be_visible()
    look(page, "earner-shared")
    page.get_by_role("link", name="Audit trail").click()
    page.get_by_role("button", name="Check the chain").click()
    expect(page.get_by_role("status")).to_contain_text("The chain holds")
    look(page, "audit")


def test_a_spreadsheet_is_approved_by_a_second_person_issued_and_mailed(new_context: NewContext, site: Site) -> None:
    with_achievement(site)
    with site.world.store.write() as unit:
        issuer = unit.issuers.by_slug("poly")
        set_approvals(site.world.resources, unit, issuer, Approvals.SECOND_PERSON, caller=site.world.admin)
    rows = [tuple(line.split(",")) for line in f"{HEADER}{CORRECTED}".splitlines()]
    content = b"".join(site.world.resources.spreadsheets.write(rows))
    registrar, dean = (new_context().new_page() for _ in range(2))
    sign_in(registrar, site.url, site.key())
    sign_in(dean, site.url, site.key(approver=True))

    registrar.goto(f"{site.url}{HERE}/uploads/new")
    upload(registrar, {"name": "cohort.xlsx", "mimeType": XLSX, "buffer": content})
    registrar.get_by_role("button", name="Ask for approval").click()
    expect(registrar.get_by_text("It waits for the approval of another member who may approve.")).to_be_visible()
    look(registrar, "waits-for-approval")
    dean.get_by_role("link", name="Uploads").click()
    dean.get_by_role("link", name="cohort.xlsx").click()
    expect(dean.get_by_text("Somebody asks for your approval: 4 credentials are to be issued.")).to_be_visible()
    look(dean, "approve")
    dean.get_by_role("button", name="Approve it").click()
    expect(dean.get_by_role("button", name="Approve it")).to_have_count(0)
    registrar.reload()
    registrar.get_by_role("button", name="Issue 4 credentials").click()
    until(site.is_issued)
    registrar.reload()
    registrar.get_by_role("button", name="Mail the links").click()
    expect(registrar.get_by_text(re.compile("Sent: [0-4], waiting: [0-4], failed: 0"))).to_be_visible()
    registrar.get_by_role("link", name="All", exact=True).click()
    look(registrar, "mailed")

    until(lambda: all(len(letters(site.world, address)) == 1 for address, *_ in rows[1:]))

"""What a registrar does in the console, step by step, with the words that stand on the page."""

from pathlib import Path
from typing import Final

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.accessibility import violations
from tests.browser.screens import screenshot

HEADER: Final = "recipient_email,recipient_name,issued_on,grade\r\n"
WRONG: Final = (
    "amal.haddad@example.org,أمل حداد,2026-05-29,A\r\n"
    "li.wei@example.org,李伟,29/05/2026,B\r\n"
    "nunez@example.org,<script>alert('x')</script>,2026-05-29,A\r\n"
    "not-an-address,Bob Moyo,2026-05-29,Q\r\n"
)
CORRECTED: Final = (
    "amal.haddad@example.org,أمل حداد,2026-05-29,A\r\n"
    "li.wei@example.org,李伟,2026-05-29,B\r\n"
    "nunez@example.org,<script>alert('x')</script>,2026-05-29,A\r\n"
    "bob.moyo@example.org,Bob Moyo,2026-05-29,B\r\n"
)


def csv_file(rows: str, name: str = "cohort-2026-05.csv") -> FilePayload:
    """Return a file as somebody chooses it."""
    return {"name": name, "mimeType": "text/csv", "buffer": (HEADER + rows).encode()}


def look(page: Page, name: str, *, shot: bool = True) -> None:
    """Hold a page to axe-core, and take its picture for people to look at."""
    found = violations(page)
    assert found == [], f"{page.url}: {found}"
    if shot:
        screenshot(page, f"console-{name}", right_to_left=False)


def sign_in(page: Page, base: str, key: str) -> None:
    """Open the console and sign in."""
    page.goto(f"{base}/console")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console/issuers/*")


def fill_achievement(page: Page) -> None:
    """Fill in the form of an achievement."""
    page.get_by_label("Name").first.fill("Data Analysis with Python")
    page.get_by_label("Type").fill("MicroCredential")
    page.get_by_label("Description").first.fill("Collect, clean, analyse and present data with Python.")
    page.get_by_label("Criteria", exact=False).first.fill("* six weekly assignments\n* a **supervised** project")
    skill = page.get_by_role("group", name="Skill 1")
    skill.get_by_label("Name").fill("perform data analysis")
    skill.get_by_label("Address").fill("http://data.europa.eu/esco/skill/2b92a5b2-6758-4ee3-9fb4-b6387a55cc8f")
    skill.get_by_label("Framework", exact=False).first.fill("ESCO")
    result = page.get_by_role("group", name="Result 1")
    result.get_by_label("Name").fill("Final grade")
    result.get_by_label("Kind").select_option("LetterGrade")
    result.get_by_label("Allowed values").fill("C\nB\nA")


def upload(page: Page, file: FilePayload) -> None:
    """Send a file for the only achievement."""
    page.get_by_label("The list of people").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(file["name"])


def no_sideways_scroll(page: Page) -> None:
    """Hold a page to the width of the window."""
    too_wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{page.url}: {too_wide} pixels too wide"


def downloaded(page: Page, link: str) -> str:
    """Follow a link that downloads a file and return its text."""
    with page.expect_download() as download:
        page.get_by_role("link", name=link).click()
    return Path(download.value.path()).read_text(encoding="utf-8-sig")

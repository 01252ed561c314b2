"""A registrar's first cohort, from sign-in to final: a real browser, the service over https, a real chain and worker."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from registry.demo.stage import Stage
from tests.browser.conftest import NewContext
from tests.browser.console_steps import (
    CORRECTED,
    WRONG,
    csv_file,
    downloaded,
    fill_achievement,
    look,
    sign_in,
    upload,
)

FINAL_MILLISECONDS = 120_000
# It takes some seconds; a machine that runs other test processes too may need many times that.


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    url: str
    key: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a registry that seals at once and anchors on a chain of its own."""
    folder: Path = tmp_path_factory.mktemp("stage") / "stage"
    folder.mkdir()
    with Stage(folder, seal_after_seconds=1, settings={"CREDROOT_UPLOAD_PROCESSES": "0"}) as stage:
        stage.prepare()
        stage.start_chain()
        admin = stage.initialise(stage.deploy())
        stage.start_service()
        stage.start_worker()
        with_admin = stage.client(admin)
        with_admin.post("/v1/issuers", {"slug": "polytechnic", "name": "Example Polytechnic"})
        made = with_admin.post(
            "/v1/api-keys", {"role": "issuer", "issuer": "polytechnic", "label": "registrar's office"}
        )
        with_admin.close()
        yield Site(url=stage.public_url, key=made["key"])


def test_a_registrars_first_cohort_from_sign_in_to_final(new_context: NewContext, site: Site) -> None:
    context = new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{site.url}/console")
    look(page, "sign-in")

    sign_in(page, site.url, site.key)
    (cookie,) = context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["secure"]) == ("__Host-credroot", True, True)
    look(page, "first-overview")

    page.get_by_role("link", name="New achievement").first.click()
    fill_achievement(page)
    # The preview follows by itself, without the page being loaded again.
    expect(page.locator("#preview")).to_contain_text("supervised")
    look(page, "achievement-form")
    page.get_by_role("button", name="Create the achievement").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Data Analysis with Python")
    look(page, "achievement")

    page.get_by_role("link", name="Upload people who earned it").click()
    look(page, "upload-new")
    upload(page, csv_file(WRONG))
    rows = page.get_by_role("region", name="Rows of the file").locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("DATE_FORMAT")
    expect(rows.nth(0)).to_contain_text("use YYYY-MM-DD")
    look(page, "dry-run")
    annotated = downloaded(page, "Download the file with the findings")
    assert "EMAIL_INVALID" in annotated

    page.get_by_role("link", name="Upload a corrected file").click()
    upload(page, csv_file(CORRECTED))
    expect(page.get_by_text("Nothing was found: every row is good.")).to_be_visible()
    look(page, "dry-run-good")
    page.get_by_label("Preview the row on line").fill("4")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".name")).to_have_text("<script>alert('x')</script>")
    look(page, "row")
    page.go_back()

    page.get_by_role("button", name="Issue 4 credentials").click()
    look(page, "progress")
    expect(page.get_by_role("status").get_by_text("All credentials are final.")).to_be_visible(
        timeout=FINAL_MILLISECONDS
    )
    look(page, "final")

    page.get_by_role("link", name="Find one of them").click()
    look(page, "credentials")
    page.get_by_label("Find by e-mail address").fill("amal.haddad@example.org")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="أمل حداد").click()
    look(page, "credential")
    page.get_by_role("link", name="Revoke").click()
    look(page, "revoke")
    page.get_by_label("Reason").select_option("issued-in-error")
    page.get_by_label("Private note").fill("case 17")
    page.get_by_role("button", name="Revoke it for ever").click()
    expect(page.get_by_role("region", name="Status history")).to_contain_text("issued in error")
    look(page, "revoked")

    page.get_by_role("link", name="Overview").click()
    look(page, "overview")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site.url}/console/issuers/polytechnic")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the console")
    assert context.cookies() == []

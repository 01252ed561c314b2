"""The verify page in a real browser, over a real chain: what goes in, and the verdict that comes out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from registry.domain.presented_files import MAX_FILE_BYTES
from registry.web.pages.languages import TAGS
from tests.browser.accessibility import violations
from tests.browser.conftest import NewContext
from tests.browser.presenting import KINDS, Given, browser_result, present, shows
from tests.browser.screens import screenshot
from tests.browser.verify_stage import CASES, VerifyStage, open_stage, static_files
from tests.presented_case import TOKEN, make_png, make_zip

MAX_PAGE_BYTES: Final = 120_000
PHONE: Final = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VerifyStage]:
    with open_stage(tmp_path_factory.mktemp("stage")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(stage: VerifyStage) -> Iterator[httpx.Client]:
    with stage.service() as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_input_gets_its_verdict(page: Page, stage: VerifyStage, client: httpx.Client, kind: str) -> None:
    for name, word in CASES.items():
        page.goto(f"{client.base_url}/")

        present(page, KINDS[kind](stage, name, stage.cases[name]))

        shows(page, word)
        # The browser has checked too, and says nothing else.
        assert browser_result(page, "leaf") in {"pass", "unknown", "fail", "skipped"}
        expect(page.locator(".disagreement")).to_have_count(0)


def test_every_kind_of_input_and_every_verdict_works_without_scripts(
    new_context: NewContext, stage: VerifyStage, client: httpx.Client
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    for kind, name in [*((kind, "valid") for kind in KINDS), *(("json", name) for name in CASES)]:
        page.goto(f"{client.base_url}/")

        present(page, KINDS[kind](stage, name, stage.cases[name]))

        shows(page, CASES[name])


def test_a_token_is_never_taken_for_good_or_bad(page: Page, client: httpx.Client) -> None:
    page.goto(f"{client.base_url}/")

    present(page, Given(files={"token.jwt": TOKEN}))

    shows(page, "indeterminate")
    screenshot(page, "verify-not-certain", right_to_left=False)
    expect(page.locator("#results .verdict")).to_have_class("verdict unsure")
    expect(page.locator('#results [data-check="form"]')).to_have_attribute("data-code", "token-unsupported")


def test_the_browser_computes_again_what_the_service_says(page: Page, stage: VerifyStage, client: httpx.Client) -> None:
    page.goto(f"{client.base_url}/")

    present(page, KINDS["json with receipt"](stage, "valid", stage.cases["valid"]))

    shows(page, "valid")
    results = {check: browser_result(page, check) for check in ("signature", "issuer", "leaf", "inclusion", "anchor")}
    assert set(results.values()) == {"pass"}
    assert [browser_result(page, check) for check in ("finality", "validity", "revocation", "suspension")] == [
        "pass"
    ] * 4
    assert browser_result(page, "form") == "unknown"


def test_a_lying_service_is_contradicted_aloud(page: Page, stage: VerifyStage, client: httpx.Client) -> None:
    # As a service would that calls everything valid: its page is changed on the way.
    page.goto(f"{client.base_url}/")
    genuine = client.post("/", files=[("file", ("valid.json", stage.cases["valid"].credential))]).text
    page.route(
        f"{client.base_url}/",
        lambda route: route.fulfill(
            body=genuine.replace("Amal Haddad", "Amal Haddid"), content_type="text/html; charset=utf-8"
        ),
    )

    present(page, KINDS["json"](stage, "tampered", stage.cases["tampered"]))

    notice = page.get_by_role("alert").filter(has_text="Your browser and this service disagree")
    expect(notice).to_be_visible()
    expect(notice.locator("li").first).to_have_text("Signature")
    expect(page.locator("#results .verdict")).to_have_class("verdict unsure")
    check = page.locator('[data-check="signature"]')
    expect(check).to_have_class("bad")
    expect(check.locator(".result")).to_have_text("Your browser and this service disagree")
    expect(check.locator(".check-icon use, .check-icon svg").first).to_be_visible()
    screenshot(page, "verify-disagreement", right_to_left=False)


def test_a_zip_of_several_has_a_table_and_a_section_each(page: Page, stage: VerifyStage, client: httpx.Client) -> None:
    members = {f"{name}/credential.json": case.credential for name, case in stage.cases.items()}
    page.goto(f"{client.base_url}/")

    present(page, Given(files={"all.zip": make_zip({**members, "broken.json": b"{"})}))

    expect(page.locator("#results .judged")).to_have_count(len(CASES) + 1)
    expect(page.locator("#results tbody tr")).to_have_count(len(CASES) + 1)
    words = page.locator("#results .judged .verdict[data-verdict]")
    # What only begins like JSON is judged too: by its form.
    found = words.evaluate_all("all => all.map(each => each.dataset.verdict)")
    assert sorted(found) == sorted([*CASES.values(), "invalid"])
    assert violations(page) == []
    expect(page.locator("#progress")).to_have_text("")
    screenshot(page, "verify-several", right_to_left=False)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (Given(), "nothing-presented"),
        (Given(link="https://example.org/badges/1"), "link-not-ours"),
        (Given(link="ZZZZZ-ZZZZZ"), "link-not-ours"),
        (Given(text="hello"), "file-not-recognised"),
        (Given(files={"holiday.png": make_png()}), "picture-without-code"),
    ],
    ids=["nothing", "foreign link", "unknown code", "words", "picture"],
)
def test_what_cannot_be_read_has_one_code_beside_the_form(
    page: Page, client: httpx.Client, given: Given, code: str
) -> None:
    page.goto(f"{client.base_url}/")

    present(page, given)

    expect(page.get_by_role("alert").locator("code")).to_have_text(code)
    expect(page.locator("#results .judged")).to_have_count(0)
    assert violations(page) == []
    screenshot(page, "verify-unreadable", right_to_left=False)


def test_a_file_beyond_the_limit_is_not_even_sent(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "large.bin").write_bytes(bytes(MAX_FILE_BYTES + 1))
    page.goto(f"{client.base_url}/")

    page.locator("#file").set_input_files(tmp_path / "large.bin")
    page.get_by_role("button", name="Verify", exact=True).click()

    expect(page.get_by_role("alert")).to_have_text("This is too large")


def test_the_page_goes_on_alone_when_the_service_has_ended(page: Page, stage: VerifyStage) -> None:
    with static_files(stage.published) as published:
        with stage.service() as service:
            page.goto(f"{service.base_url}/")
        page.locator("#own-checks summary").click()
        page.locator("#published").fill(published)
        # No word twice in a row: the last verdict would be taken for the next one.
        expected = {"valid": "indeterminate", "tampered": "invalid", "expired": "indeterminate", "revoked": "revoked"}
        for name, word in expected.items():
            present(page, KINDS["json"](stage, name, stage.cases[name]))

            expect(page.get_by_text("This service did not answer.")).to_be_visible()
            shows(page, word)
            assert violations(page) == []

        present(page, KINDS["json"](stage, "valid", stage.cases["valid"]))
        checks = (
            "signature",
            "issuer",
            "leaf",
            "inclusion",
            "anchor",
            "finality",
            "validity",
            "revocation",
            "suspension",
        )
        shows(page, "indeterminate")
        assert {check: browser_result(page, check) for check in checks} == dict.fromkeys(checks, "pass")
        screenshot(page, "verify-alone", right_to_left=False)
        assert browser_result(page, "form") == "unknown"
        for kind in ("baked PNG", "baked SVG", "json with receipt"):
            present(page, KINDS[kind](stage, "revoked", stage.cases["revoked"]))
            shows(page, "revoked")
        present(page, KINDS["PDF"](stage, "valid", stage.cases["valid"]))
        expect(page.get_by_role("alert")).to_contain_text("JSON, PNG and SVG")


def test_without_node_and_service_nothing_looks_good(page: Page, stage: VerifyStage) -> None:
    with stage.service() as service:
        page.goto(f"{service.base_url}/")
    page.locator("#own-checks summary").click()
    page.locator("#rpc").fill("")

    present(page, KINDS["json with receipt"](stage, "valid", stage.cases["valid"]))

    shows(page, "indeterminate")
    assert browser_result(page, "inclusion") == "pass"
    expect(page.locator('#results [data-check="anchor"]')).to_have_attribute("data-code", "no-rpc")
    expect(page.locator('#results [data-check="revocation"]')).to_have_attribute("data-code", "no-rpc")


def test_the_verdict_is_saved_and_printed(page: Page, stage: VerifyStage, client: httpx.Client, tmp_path: Path) -> None:
    page.goto(f"{client.base_url}/")
    present(page, KINDS["json"](stage, "valid", stage.cases["valid"]))
    shows(page, "valid")
    browser_result(page, "recognition")

    with page.expect_download() as download:
        page.get_by_role("button", name="Save the verdict as a file").click()
    download.value.save_as(tmp_path / "verdict.json")
    saved = httpx.Response(200, content=(tmp_path / "verdict.json").read_bytes()).json()

    assert (saved["verdict"], saved["browser"]["checkedBy"]) == ("valid", "browser")
    printed = tmp_path / "verdict.pdf"
    page.pdf(path=printed)
    words = " ".join(each.extract_text() for each in PdfReader(printed).pages)
    assert "Valid" in words
    assert "Amal Haddad" in words
    assert "Or paste its text" not in words


def test_the_verdict_is_saved_without_scripts(
    new_context: NewContext, stage: VerifyStage, client: httpx.Client, tmp_path: Path
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{client.base_url}/")
    present(page, KINDS["json with receipt"](stage, "revoked", stage.cases["revoked"]))

    with page.expect_download() as download:
        page.get_by_role("button", name="Save the verdict as a file").click()
    download.value.save_as(tmp_path / "verdict.json")

    assert httpx.Response(200, content=(tmp_path / "verdict.json").read_bytes()).json()["verdict"] == "revoked"


def test_it_works_by_the_keyboard_alone(page: Page, stage: VerifyStage, client: httpx.Client) -> None:
    page.goto(f"{client.base_url}/")
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == "text":
            break
        page.keyboard.press("Tab")
    page.keyboard.insert_text(stage.cases["valid"].credential.decode())
    for _ in range(10):
        if page.evaluate("document.activeElement.textContent.trim()") == "Verify":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    shows(page, "valid")
    assert page.evaluate("document.activeElement.id") == "results"


def test_files_are_dropped_and_pasted_anywhere(page: Page, stage: VerifyStage, client: httpx.Client) -> None:
    deliver = """([kind, text]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], "dropped.json"));
        const options = {bubbles: true, cancelable: true};
        document.querySelector("h1").dispatchEvent(kind === "drop"
            ? new DragEvent("drop", {...options, dataTransfer: transfer})
            : new ClipboardEvent("paste", {...options, clipboardData: transfer}));
    }"""
    for kind, name in (("drop", "valid"), ("paste", "revoked")):
        page.goto(f"{client.base_url}/")

        page.evaluate(deliver, [kind, stage.cases[name].credential.decode()])

        shows(page, CASES[name])


@pytest.mark.parametrize("language", TAGS)
def test_page_and_verdict_are_accessible_in_every_language(
    page: Page, stage: VerifyStage, client: httpx.Client, language: str
) -> None:
    page.goto(f"{client.base_url}/?lang={language}")
    assert violations(page) == []

    page.locator("#text").fill(stage.cases["valid"].credential.decode())
    page.locator("#verify button").click()

    shows(page, "valid")
    browser_result(page, "recognition")
    assert violations(page) == []
    assert page.locator("html").get_attribute("lang") == language
    if language in {"en", "ar"}:
        screenshot(page, f"verify-valid-{language}", right_to_left=False)


def test_on_a_telephone_nothing_runs_over_the_edge(
    new_context: NewContext, stage: VerifyStage, client: httpx.Client
) -> None:
    page = new_context(viewport=PHONE, color_scheme="dark").new_page()
    for language in ("en", "ar"):
        page.goto(f"{client.base_url}/?lang={language}")
        page.locator("#text").fill(stage.cases["revoked"].credential.decode())
        page.locator("#verify button").click()

        shows(page, "revoked")
        browser_result(page, "recognition")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        screenshot(page, f"verify-phone-{language}", right_to_left=False)
        assert violations(page) == []


@pytest.mark.parametrize("language", TAGS)
def test_the_page_is_light_sets_no_cookie_and_asks_nobody_else(
    new_context: NewContext, client: httpx.Client, language: str
) -> None:
    context = new_context()
    page = context.new_page()
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(sum(request.sizes()[part] for part in SIZES)))

    page.goto(f"{client.base_url}/?lang={language}", wait_until="networkidle")

    screenshot(page, f"verify-form-{language}", right_to_left=False)
    assert 20_000 < sum(sizes) < MAX_PAGE_BYTES
    assert context.cookies() == []


SIZES: Final = ("responseBodySize", "responseHeadersSize")

HOSTILE: Final = '<script>globalThis.hacked = true</script><img src=x onerror="globalThis.hacked = true">'


def test_nothing_in_a_credential_runs_or_becomes_markup(
    new_context: NewContext, stage: VerifyStage, client: httpx.Client
) -> None:
    document = (
        b'{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":'
        b'{"id":"did:example:1","name":%(text)s},"name":%(text)s,"credentialSubject":{"name":%(text)s,"achievement":'
        b'{"name":%(text)s,"alignment":[{"targetName":%(text)s,"targetUrl":"javascript:alert(1)"}]}},'
        b'"credentialStatus":{"type":%(text)s}}'
    ) % {b"text": b'"' + HOSTILE.replace('"', '\\"').encode() + b'</script>"'}
    page = new_context().new_page()

    for answering in (True, False):
        page.goto(f"{client.base_url}/")
        if not answering:
            page.route(f"{client.base_url}/", lambda route: route.abort())
        present(page, Given(files={f"{HOSTILE[:40]}.json": document}))
        shows(page, "invalid")

        assert page.evaluate("globalThis.hacked") is None
        assert page.locator("#results img, #results a[href^=javascript]").count() == 0
        expect(page.locator("#results h3").first).to_contain_text("<script>")

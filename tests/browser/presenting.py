"""What a visitor gives the verify page, as every kind of input, and what is read off the page then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page, expect

from registry.adapters.baking_png import bake_png
from registry.adapters.baking_svg import bake_svg
from tests.browser.verify_stage import Case, VerifyStage
from tests.presented_case import PICTURE_SVG, attached_pdf, make_png, make_zip, qr_picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a visitor gives: files by their names, a text, a link."""

    files: Mapping[str, bytes] = ()  # type: ignore[assignment]
    text: str = ""
    link: str = ""


Maker = Callable[[VerifyStage, str, Case], Given]


KINDS: Final[dict[str, Maker]] = {
    "json": lambda _stage, name, case: Given(files={f"{name}.json": case.credential}),
    "json with receipt": lambda _stage, name, case: Given(
        files={f"{name}.json": case.credential, f"{name}.receipt.json": case.receipt}
    ),
    "pasted text": lambda _stage, _name, case: Given(text=case.credential.decode()),
    "baked PNG": lambda _stage, name, case: Given(files={f"{name}.png": bake_png(make_png(), case.credential)}),
    "baked SVG": lambda _stage, name, case: Given(files={f"{name}.svg": bake_svg(PICTURE_SVG, case.credential)}),
    "PDF": lambda _stage, name, case: Given(
        files={f"{name}.pdf": attached_pdf({"credential.json": case.credential, "receipt.json": case.receipt})}
    ),
    "share link": lambda stage, name, _case: Given(link=stage.shares[name][0]),
    "QR image": lambda stage, name, _case: Given(files={"photo.png": qr_picture(stage.shares[name][0])}),
    "short code": lambda stage, name, _case: Given(link=stage.shares[name][1]),
    "zip": lambda _stage, name, case: Given(
        files={f"{name}.zip": make_zip({"credential.json": case.credential, "receipt.json": case.receipt})}
    ),
}


def present(page: Page, given: Given) -> None:
    """Fill the form in and send it."""
    files = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        for name, content in dict(given.files).items()
    ]
    page.locator("#file").set_input_files(files)  # type: ignore[arg-type]
    page.locator("#text").fill(given.text)
    page.locator("#link").fill(given.link)
    page.get_by_role("button", name="Verify", exact=True).click()


def shows(page: Page, word: str) -> None:
    """Wait for the verdict in large words."""
    expect(page.locator("#results .verdict")).to_have_attribute("data-verdict", word)


def browser_result(page: Page, check: str) -> str | None:
    """Wait for what the browser itself says of a check, and return it."""
    line = page.locator(f'#results [data-check="{check}"] [data-by="browser"]')
    expect(line).to_be_visible()
    return line.get_attribute("data-result")

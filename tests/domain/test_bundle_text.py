"""What a holder's bundle says of itself."""

import pytest

from registry.domain.bundle_text import bundle_text
from registry.domain.receipt import parse_receipt
from tests.paths import REPO_ROOT

RECEIPT = parse_receipt((REPO_ROOT / "docs" / "examples" / "receipt.json").read_bytes())
URL = f"https://registry.example/receipts/{RECEIPT.leaf.hex()}"


@pytest.mark.parametrize("language", ["en", "es", "fr", "ar", "zh"])
def test_in_every_language_it_names_the_files_and_how_they_are_checked(language: str) -> None:
    text = bundle_text(
        language=f"{language}-XX",
        title="Data – {leaf}",
        leaf=RECEIPT.leaf,
        root=RECEIPT.root,
        anchor=RECEIPT.anchor,
        receipt_url=URL,
    )

    assert text.startswith("Data – {leaf}\n"), "a title is no template"
    for named in (
        *("credential.json", "receipt.json", "badge.png", "badge.svg", "certificate.pdf", "credroot verify"),
        *(RECEIPT.leaf.hex(), RECEIPT.root.hex(), RECEIPT.anchor.transaction, str(RECEIPT.anchor.log)),
    ):
        assert named in text


@pytest.mark.parametrize("language", ["en", "es", "fr", "ar", "zh", "de"])
def test_before_the_anchor_it_says_where_the_receipt_will_be(language: str) -> None:
    text = bundle_text(language=language, title="T", leaf=RECEIPT.leaf, root=None, anchor=None, receipt_url=URL)

    assert URL in text
    assert "receipt.json" not in text
    assert "{" not in text


def test_an_unknown_language_is_english() -> None:
    def text(language: str) -> str:
        return bundle_text(language=language, title="T", leaf=RECEIPT.leaf, root=None, anchor=None, receipt_url=URL)

    assert text("de") == text("en") != text("fr")

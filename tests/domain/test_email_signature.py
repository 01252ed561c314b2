"""The badge below an e-mail: one link around one picture, whatever the names are."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from typing_extensions import override

from registry.domain.email_signature import MAX_BYTES, email_signature
from registry.domain.errors import Malformed
from tests.domain.test_linkedin import FACTS, SHARING

PICTURE = "https://registry.example/c/Zm9vYmFyYmF6cXV4cXV1eA/badge.png"


class Elements(HTMLParser):
    """Collects the elements of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_a_signature_is_a_link_around_a_picture_of_a_fixed_size() -> None:
    (link, link_attributes), (image, attributes) = Elements(email_signature(FACTS, picture_url=PICTURE)).found

    assert (link, link_attributes["href"]) == ("a", SHARING.share_url)
    assert (image, attributes["src"]) == ("img", PICTURE)
    assert (attributes["width"], attributes["height"]) == ("80", "80")
    assert attributes["alt"] == "Data Analysis with Python, Example Polytechnic, 2026 – verify"
    assert "style" in attributes


@pytest.mark.parametrize("name", ['"><script>alert(1)</script>', "' onload='x", "&quot;", "李伟", "x" * 160])
def test_a_name_is_never_markup(name: str) -> None:
    facts = replace(FACTS, badge=replace(FACTS.badge, name=name, issuer_name=name), awarded=None)

    html = email_signature(facts, picture_url=PICTURE)

    elements = Elements(html).found
    assert [tag for tag, _ in elements] == ["a", "img"]
    assert elements[1][1].keys() == {"src", "width", "height", "alt", "style"}
    assert (elements[1][1]["alt"] or "").startswith(name[:59])
    assert len(html.encode()) < MAX_BYTES


def test_what_is_not_shared_has_no_signature() -> None:
    with pytest.raises(Malformed) as caught:
        email_signature(replace(FACTS, sharing=replace(SHARING, share_url=None)), picture_url=PICTURE)

    assert caught.value.code == "signature-without-link"


def test_addresses_that_do_not_fit_are_refused() -> None:
    with pytest.raises(Malformed) as caught:
        email_signature(FACTS, picture_url="https://registry.example/" + "a" * 2_048)

    assert caught.value.code == "signature-too-long"

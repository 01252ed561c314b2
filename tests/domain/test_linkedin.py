"""The link that adds a certification to a LinkedIn profile: exactly these parameters."""

from dataclasses import replace
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest

from registry.domain.badge_facts import Attachments, CertificateFacts, Sharing, certificate_facts
from registry.domain.canonical import parse_object
from registry.domain.errors import Malformed
from registry.domain.linkedin import linkedin_url
from tests.paths import REPO_ROOT

SHARING = Sharing(
    verify_url="https://registry.example/",
    share_url="https://registry.example/c/Zm9vYmFyYmF6cXV4cXV1eA",
    code="ABCDE-FGH2K",
)
FACTS = certificate_facts(
    parse_object((REPO_ROOT / "docs" / "examples" / "credential.json").read_bytes()),
    attachments=Attachments(credential=b"{}", receipt=None),
    sharing=SHARING,
    status=None,
)


def named(name: str, issuer: str) -> CertificateFacts:
    return replace(FACTS, badge=replace(FACTS.badge, name=name, issuer_name=issuer))


def parameters(url: str) -> dict[str, list[str]]:
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.linkedin.com", "/profile/add")
    assert url.isascii()
    return parse_qs(parts.query, strict_parsing=True)


def test_the_link_has_exactly_these_parameters() -> None:
    url = linkedin_url(FACTS, organization_id="1234567")

    assert parameters(url) == {
        "startTask": ["CERTIFICATION_NAME"],
        "name": ["Data Analysis with Python"],
        "organizationId": ["1234567"],
        "issueYear": ["2026"],
        "issueMonth": ["5"],
        "expirationYear": ["2029"],
        "expirationMonth": ["5"],
        "certUrl": ["https://registry.example/c/Zm9vYmFyYmF6cXV4cXV1eA"],
        "certId": ["ABCDE-FGH2K"],
    }


@pytest.mark.parametrize(
    ("name", "issuer"),
    [
        ("李伟的数据分析", "示例大学"),
        ("Curso de Núñez & Peña", "Núñez+Hijos = 100 %"),
        ("C# / C++?", "A#B"),
        ("x" * 160, "ü" * 160),
    ],
)
def test_any_name_arrives_as_it_is(name: str, issuer: str) -> None:
    sent = parameters(linkedin_url(named(name, issuer)))

    assert sent["name"] == [name]
    assert sent["organizationName"] == [issuer]
    assert "organizationId" not in sent


def test_a_space_is_percent_encoded() -> None:
    assert "&name=Data%20Analysis%20with%20Python&" in linkedin_url(FACTS)


def test_without_an_end_there_is_no_key_of_an_end() -> None:
    sent = parameters(linkedin_url(replace(FACTS, valid_until=None)))

    assert not {key for key in sent if key.startswith("expiration")}


@pytest.mark.parametrize("month", range(1, 13))
def test_months_count_from_one_to_twelve(month: int) -> None:
    facts = replace(FACTS, awarded=date(2026, month, 1), valid_until=date(2027, month, 1))

    sent = parameters(linkedin_url(facts))

    assert (sent["issueMonth"], sent["expirationMonth"]) == ([str(month)], [str(month)])


@pytest.mark.parametrize("number", ["", "0", "12a", "-1", "１２", "12&name=x", "1" * 20])
def test_an_organization_is_digits(number: str) -> None:
    with pytest.raises(Malformed) as caught:
        linkedin_url(FACTS, organization_id=number)

    assert caught.value.code == "malformed-linkedin-organization"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (replace(FACTS, sharing=replace(SHARING, share_url=None)), "linkedin-without-link"),
        (replace(FACTS, sharing=replace(SHARING, code=None)), "linkedin-without-link"),
        (replace(FACTS, awarded=None), "linkedin-without-date"),
    ],
)
def test_what_is_not_shared_or_has_no_day_has_no_link(facts: CertificateFacts, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        linkedin_url(facts)

    assert caught.value.code == code

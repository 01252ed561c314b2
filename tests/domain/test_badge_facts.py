"""What pictures and certificates show of a document: ours, and documents of others in any shape."""

import base64
import copy
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain.badge_facts import (
    MAX_CRITERIA,
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_PICTURE_BYTES,
    MAX_RESULTS,
    MAX_SKILLS,
    PALETTE,
    Attachments,
    CertificateFacts,
    OwnPicture,
    PictureKind,
    Sharing,
    StatusWord,
    badge_facts,
    certificate_facts,
)
from registry.domain.canonical import JsonObject, parse_object
from registry.domain.certificate_words import words_of
from registry.domain.shown_credential import Skill
from tests.paths import REPO_ROOT

DOCUMENT = parse_object((REPO_ROOT / "docs" / "examples" / "credential.json").read_bytes())
ATTACHMENTS = Attachments(credential=b"{}", receipt=None)
SHARING = Sharing(verify_url="https://registry.example/", share_url=None, code=None)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PLACES = (
    *("issuer", "credentialSubject", "image", "validFrom", "awardedDate", "validUntil", "name"),
    *("credentialSubject.achievement", "credentialSubject.identifier", "credentialSubject.result"),
    *("credentialSubject.creditsEarned", "issuer.name", "issuer.id", "credentialSubject.achievement.criteria"),
    *("credentialSubject.achievement.alignment", "credentialSubject.achievement.resultDescription"),
    *("credentialSubject.achievement.name", "credentialSubject.achievement.image"),
    *("credentialSubject.achievement.inLanguage", "credentialSubject.achievement.criteria.narrative"),
)


def facts_of(document: JsonObject, status: StatusWord | None = None) -> CertificateFacts:
    return certificate_facts(document, attachments=ATTACHMENTS, sharing=SHARING, status=status)


def changed(place: str, value: Any) -> JsonObject:  # noqa: ANN401  # JSON of any shape
    document: Any = copy.deepcopy(DOCUMENT)
    *path, last = place.split(".")
    target = document
    for name in path:
        target = target[name]
    target[last] = value
    return document  # type: ignore[no-any-return]  # walked through untyped


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_example_says_all_that_is_shown() -> None:
    facts = facts_of(DOCUMENT)

    assert facts.badge.name == "Data Analysis with Python"
    assert facts.badge.description == "Cleans, explores and presents tabular data."
    assert facts.badge.issuer_name == "Example Polytechnic"
    assert facts.badge.language == "en"
    assert facts.badge.picture is None, "an address is never fetched"
    assert facts.holder == "Amal Haddad"
    assert (facts.awarded, facts.valid_until) == (date(2026, 5, 28), date(2029, 5, 29))
    assert tuple((result.name, result.value) for result in facts.results) == (("Grade", "A"), ("Score", "93.5"))
    assert facts.skills[0] == Skill(
        name="perform data analysis",
        framework="ESCO",
        url="http://data.europa.eu/esco/skill/2b92a5b2-6758-4ee3-9fb4-b6387a55cc8f",
    )
    assert facts.credits == "2"
    assert facts.criteria == ("Pass the *capstone*.", "Grade C or better.")
    assert (facts.status, facts.is_shortened) == (None, False)


def test_the_words_are_in_the_holder_s_language_where_it_is_known() -> None:
    facts = [
        certificate_facts(DOCUMENT, attachments=ATTACHMENTS, sharing=SHARING, status=None, language=language)
        for language in ("ar", None)
    ]

    assert [(each.language, each.badge.language) for each in facts] == [("ar", "en"), ("en", "en")]


def test_a_status_is_what_the_registry_says_of_it() -> None:
    assert facts_of(DOCUMENT, StatusWord.REVOKED).status is StatusWord.REVOKED


@pytest.mark.parametrize("status", StatusWord)
@pytest.mark.parametrize("language", ["en", "es", "fr", "ar", "zh-CN", "de", ""])
def test_every_status_has_a_word_in_every_language(status: StatusWord, language: str) -> None:
    words = words_of(language)

    assert words.table()[status.value]
    assert words.language == {"zh-CN": "zh", "de": "en", "": "en"}.get(language, language)


@pytest.mark.parametrize("colour", PALETTE)
def test_every_accent_has_a_contrast_of_seven_to_white(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 7


def test_an_issuer_s_badges_have_one_colour_and_ornaments_of_their_own() -> None:
    first = badge_facts(DOCUMENT)
    second = badge_facts(changed("credentialSubject.achievement.id", "https://registry.example/achievements/other"))
    others = {badge_facts(changed("issuer.id", f"did:web:issuer-{n}.example")).accent for n in range(40)}

    assert first.accent == second.accent
    assert first.pattern != second.pattern
    assert len(others) > 8


@settings(max_examples=300)
@given(place=st.sampled_from(PLACES), value=ANY_JSON)
def test_no_shape_of_a_member_is_an_error(place: str, value: Any) -> None:  # noqa: ANN401  # JSON of any shape
    facts = facts_of(changed(place, value))

    assert len(facts.holder) <= MAX_NAME
    assert facts.badge.accent in PALETTE


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-05-29T00:00:00+02:00", date(2026, 5, 29)),
        ("2026-05-29T23:59:59.5-08:00", date(2026, 5, 29)),
        ("2026-02-30T00:00:00Z", None),
        ("2026-05-29", None),
        (5, None),
    ],
)
def test_a_day_is_the_one_that_the_issuer_wrote(text: Any, day: date | None) -> None:  # noqa: ANN401  # JSON
    assert facts_of(changed("validUntil", text)).valid_until == day


def test_what_is_too_long_is_cut_and_said_to_be() -> None:
    place = "credentialSubject.achievement"
    long = {
        f"{place}.description": "word " * 1000,
        f"{place}.criteria.narrative": "a line\n" * 1000,
        "credentialSubject.result": [{"value": str(n)} for n in range(MAX_RESULTS + 1)],
        f"{place}.alignment": [{"targetName": str(n)} for n in range(MAX_SKILLS + 1)],
    }

    for where, value in long.items():
        facts = facts_of(changed(where, value))
        assert facts.is_shortened
        assert len(facts.badge.description) <= MAX_DESCRIPTION
        assert sum(map(len, facts.criteria)) <= MAX_CRITERIA + 1
        assert (len(facts.results) <= MAX_RESULTS, len(facts.skills) <= MAX_SKILLS) == (True, True)


def test_a_name_without_end_is_cut() -> None:
    identifier = {"identityType": "name", "hashed": False, "identityHash": "x" * 2 * MAX_NAME}

    assert len(facts_of(changed("credentialSubject.identifier", identifier)).holder) == MAX_NAME


def picture_of(url: str, place: str = "credentialSubject.achievement.image") -> OwnPicture | None:
    return badge_facts(changed(place, {"id": url, "type": "Image"})).picture


def test_an_embedded_picture_is_used_of_the_achievement_or_of_the_credential() -> None:
    png = "data:image/png;base64," + base64.b64encode(b"pixels").decode()
    svg = "data:image/svg+xml," + quote("<svg/>")

    assert picture_of(png) == OwnPicture(kind=PictureKind.PNG, content=b"pixels")
    assert picture_of(png, "image") == OwnPicture(kind=PictureKind.PNG, content=b"pixels")
    assert picture_of(svg.replace("image/svg", "IMAGE/SVG")) == OwnPicture(kind=PictureKind.SVG, content=b"<svg/>")
    assert badge_facts(changed("image", png)).picture == OwnPicture(kind=PictureKind.PNG, content=b"pixels")


@pytest.mark.parametrize(
    "url",
    [
        "https://poly.example/da.png",
        "data:image/gif;base64,AAAA",
        "data:text/html;base64,AAAA",
        "data:image/png;base64,****",
        "data:image/png;base64,é",
        "data:image/png;base64,",
        "data:image/png," + "a" * (MAX_PICTURE_BYTES + 1),
        "data:image/png," + "a" * (3 * MAX_PICTURE_BYTES + 1),
    ],
    ids=lambda url: url[:30],
)
def test_any_other_picture_is_as_if_there_were_none(url: str) -> None:
    assert picture_of(url) is None

"""Letters: in five languages, each with its link, and no name can add a line to one."""

from dataclasses import replace
from datetime import date

import pytest

from registry.domain.claim_letter import LANGUAGES, MAX_IN_LETTER, LetterFacts, letter_language, write_letter

FACTS = LetterFacts(
    name="李伟",
    achievement="Data Analysis with Python",
    issuer="Universidad Núñez",
    link="https://registry.example/claim/abc",
    link_ends=date(2026, 7, 31),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_says_everything(language: str) -> None:
    subject, text = write_letter(FACTS, language=language)

    assert FACTS.achievement in subject
    assert FACTS.issuer in subject
    for said in (FACTS.name, FACTS.achievement, FACTS.issuer, "2026-07-31"):
        assert said in text
    assert FACTS.link in text.splitlines()
    assert not set("{}") & set(subject + text)


def test_every_language_has_words_of_its_own() -> None:
    assert len({write_letter(FACTS, language=language) for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("language", "greeting"),
    [("en", "Hello,"), ("es", "Hola:"), ("fr", "Bonjour,"), ("ar", "مرحبًا،"), ("zh", "您好：")],
)
def test_a_credential_that_names_nobody_is_greeted_without_a_name(language: str, greeting: str) -> None:
    _, text = write_letter(replace(FACTS, name=" "), language=language)

    assert text.splitlines()[0] == greeting


@pytest.mark.parametrize("between", ["\r\nBcc: x@example.org\r\n\r\n", "\n", "\u2028", "\x00", "\u202e"])
def test_no_name_adds_a_line(between: str) -> None:
    hostile = replace(FACTS, name=f"A{between}B", achievement=f"C{between}D", issuer=f"E{between}F")

    subject, text = write_letter(hostile, language="en")

    plain = write_letter(replace(FACTS, name="A B", achievement="C D", issuer="E F"), language="en")
    assert len(subject.splitlines()) == 1
    assert len(text.splitlines()) == len(plain[1].splitlines())


def test_a_long_name_is_cut() -> None:
    subject, _ = write_letter(replace(FACTS, achievement="x" * 1000), language="en")

    assert "x" * (MAX_IN_LETTER - 1) + "…" in subject
    assert "x" * MAX_IN_LETTER not in subject


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (("ar",), "ar"),
        (("zh-Hans-CN",), "zh"),
        (("FR-ca",), "fr"),
        ((None, "es"), "es"),
        (("de", "es"), "es"),
        (("de",), "en"),
        ((), "en"),
        (("",), "en"),
    ],
)
def test_a_letter_is_in_the_first_language_that_there_is(tags: tuple[str | None, ...], expected: str) -> None:
    assert letter_language(*tags) == expected

"""Texts, links and moments of strangers, as people are shown them."""

import unicodedata
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonValue
from registry.domain.shown_text import (
    MAX_ADDRESS,
    choose_text,
    clean_text,
    read_language,
    read_moment,
    read_number,
    read_web_address,
    shorten,
)

SEVERAL: list[JsonValue] = [
    {"@value": " ", "@language": "ar"},
    {"@value": "Python", "@language": "en"},
    {"@value": "Pitão", "@language": "pt"},
    {"@value": "Pythão", "@language": "PT-br"},
]


@given(st.text(max_size=80), st.integers(2, 60))
def test_a_shortened_text_fits_and_hides_nothing(text: str, limit: int) -> None:
    shown = shorten(text, limit)

    assert len(shown) <= limit
    assert not any(
        "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069" or c < " " or c in "\u00ad\ufeff" for c in shown
    )
    assert shorten(shown, limit) == shown


def test_what_cannot_be_seen_does_not_part_a_word() -> None:
    assert shorten("\ufeffDaten\u00adanalyse\u202e\tund\nmehr ", 60) == "Datenanalyse und mehr"


def test_a_letter_is_cut_with_its_marks() -> None:
    shown = shorten("शर्मि" * 3, 6)

    assert shown.endswith("…")
    assert unicodedata.category(("शर्मि" * 3)[len(shown) - 1])[0] != "M"


def test_marks_alone_are_cut_to_nothing() -> None:
    assert shorten("\u0301" * 9, 4) == "…"


@pytest.mark.parametrize("hidden", ["\u202e", "\u2067", "\x00", "\x1b", "\u00ad", "\ufeff"])
def test_what_would_turn_the_words_beside_it_around_is_left_out(hidden: str) -> None:
    assert clean_text(f"Da{hidden}ta\r\nand\rmore\ttoo") == "Data\nand\nmore\ttoo"


@pytest.mark.parametrize(
    ("value", "languages", "chosen"),
    [
        ("Python", ("en",), "Python"),
        (SEVERAL, ("pt-BR", "en"), "Pythão"),
        (SEVERAL, ("pt",), "Pitão"),
        (SEVERAL, ("pt-PT",), "Pitão"),
        (SEVERAL, ("fr", "en"), "Python"),
        (SEVERAL, ("ar", "fr"), "Python"),
        ({"@value": "One"}, ("en",), "One"),
        ({"en": "Data", "es": "Datos", "comment": "none"}, ("es",), "Datos"),
        ({"en": "Data", "es": 7}, ("es",), "Data"),
        (["Data", "Datos"], ("es",), "Data"),
        ([7, None, {"@value": ["x"], "@language": 7}, {"comment": "x"}, " "], ("en",), ""),
    ],
)
def test_of_several_texts_the_one_in_the_first_language_there_is_is_chosen(
    value: JsonValue, languages: tuple[str, ...], chosen: str
) -> None:
    assert choose_text(value, languages) == chosen


@pytest.mark.parametrize(("value", "language"), [("pt-BR", "pt-BR"), ("no language", "en"), (["es"], "en")])
def test_a_tag_that_is_none_is_english(value: JsonValue, language: str) -> None:
    assert read_language(value) == language


@pytest.mark.parametrize(("value", "shown"), [(2.5, "2.5"), (2.0, "2"), (7, "7"), (0, "0"), (True, ""), ("3", "")])
def test_numbers_are_numbers(value: JsonValue, shown: str) -> None:
    assert read_number(value) == shown


@pytest.mark.parametrize(
    "value",
    [
        *("javascript:alert(1)", "JAVASCRIPT://a.example/%0aalert(1)", "file:///etc/passwd", "data:text/html,x", "//a.example"),
        *("https://" + "a" * MAX_ADDRESS, "https://a.example/\u202egpj", "https://a.example/\n", 7, None, ["https://a.example"]),
    ],
)  # fmt: skip
def test_a_link_leads_to_a_web_page_or_nowhere(value: JsonValue) -> None:
    assert read_web_address(value) == ""
    assert read_web_address("http://a.example/x") == "http://a.example/x"


@pytest.mark.parametrize("text", ["2026-05-29T00:00:00+02:00", "2026-05-29T23:59:59.5-08:00", "2026-05-29T00:00:00Z"])
def test_a_moment_keeps_the_offset_it_was_written_in(text: str) -> None:
    moment = read_moment(text)

    assert moment is not None
    assert (moment, moment.utcoffset()) == (datetime.fromisoformat(text), datetime.fromisoformat(text).utcoffset())


@pytest.mark.parametrize(
    "value",
    [
        *("2026-05-29", "2026-05-29T00:00:00", "2026-02-30T00:00:00Z", "٢٠٢٦-05-29T00:00:00Z", "soon", 5, None),
        # No moment in UTC: whoever converts it would fall over.
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-01:00"),
    ],
)
def test_what_is_no_moment_everywhere_is_none(value: JsonValue) -> None:
    assert read_moment(value) is None

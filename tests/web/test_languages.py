"""Every sentence of the public pages is there in every language, with the same placeholders and all plural forms."""

import re

import pytest
from babel.messages.catalog import Message

from registry.web.pages.languages import DEFAULT, TAGS, choose, languages
from tests.docs.catalogues import messages, read_catalogue

TRANSLATED = tuple(tag for tag in TAGS if tag != DEFAULT)


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_catalogue_has_what_the_pages_say_and_nothing_else(tag: str) -> None:
    said = {message.id for message in read_catalogue(tag) if message.id}

    assert said == messages(), "make catalogues"


@pytest.mark.parametrize("tag", TRANSLATED)
def test_every_sentence_is_translated(tag: str) -> None:
    missing = [message.id for message in read_catalogue(tag) if message.id and not all(strings(message))]

    assert missing == []


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_translation_has_the_placeholders_of_its_sentence(tag: str) -> None:
    wrong = [
        (message.id, string)
        for message in read_catalogue(tag)
        if message.id
        for string in strings(message)
        # A plural form for exactly one, or two, may do without the number.
        if not (
            placeholders(string) == placeholders(str(message.id)) or (message.pluralizable and not placeholders(string))
        )
    ]

    assert wrong == []


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_sentence_with_a_number_has_every_plural_form_of_the_language(tag: str) -> None:
    catalogue = read_catalogue(tag)

    assert {len(strings(message)) for message in catalogue if message.pluralizable} <= {catalogue.num_plurals}


@pytest.mark.parametrize(
    ("asked", "accepted", "chosen"),
    [
        (None, "", "en"),
        (None, "de", "en"),
        (None, "de, fr;q=0.5", "fr"),
        (None, "en;q=0.2, zh-Hans-CN, es;q=0.9", "zh"),
        (None, "pt-BR, es;q=0", "en"),
        (None, "ar;q=nonsense, fr;q=0.1", "fr"),
        ("ar", "fr", "ar"),
        ("xx", "fr", "fr"),
    ],
)
def test_a_visitor_gets_the_language_asked_for_or_accepted(asked: str | None, accepted: str, chosen: str) -> None:
    assert choose(asked, accepted) == chosen


def test_languages_name_themselves_and_their_direction() -> None:
    assert {tag: (each.name, each.direction) for tag, each in languages().items()} == {
        "en": ("English", "ltr"),
        "es": ("español", "ltr"),
        "fr": ("français", "ltr"),
        "ar": ("العربية", "rtl"),
        "zh": ("中文", "ltr"),
    }


def strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, tuple | list) else (str(message.string),)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))

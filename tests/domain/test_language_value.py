import pytest

from registry.domain.canonical import JsonValue
from registry.domain.language_value import text_problems


@pytest.mark.parametrize(
    "value",
    [
        "text",
        "",
        {"@value": "text"},
        {"@value": "text", "@language": "en-US"},
        {"@value": "نص", "@language": "ar", "@direction": "rtl"},
        [{"@value": "a", "@language": "en"}, {"@value": "b", "@language": "zh-Hant-TW"}],
    ],
)
def test_texts_for_people_have_three_spellings(value: JsonValue) -> None:
    assert list(text_problems(value, "name")) == []


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        [],
        ["text"],
        {},
        {"@language": "en"},
        {"@value": 5, "@language": "en"},
        {"@value": "x", "@language": "english_uk"},
        {"@value": "x", "@language": None},
        {"@value": "x", "@language": "en", "@direction": "up"},
        {"@value": "x", "@direction": None},
        {"@value": "x", "@language": "en", "url": "https://a.example/"},
        {"en": "x"},
        [{"@value": "a", "@language": "en"}, "b"],
    ],
)
def test_anything_else_is_no_text(value: JsonValue) -> None:
    assert [(problem.code, problem.where) for problem in text_problems(value, "name")] == [("malformed-text", "name")]

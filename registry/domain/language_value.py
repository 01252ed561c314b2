"""Texts for people: a string, or language value objects (VC Data Model 2.0 sections 4.6 and 11.1).

    "text"   {"@value": "text", "@language": "en-US", "@direction": "ltr"}   several such objects

Tags are BCP 47 as JSON-LD 1.1 reads it: well-formed, in any case.
"""

import re
from collections.abc import Iterator
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.form_problem import FormProblem, problem
from registry.domain.one_or_many import as_items

_MEMBERS: Final = frozenset({"@value", "@language", "@direction"})
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_DIRECTIONS: Final = ("ltr", "rtl")


def text_problems(value: JsonValue, where: str) -> Iterator[FormProblem]:
    """Tell why a value is no text for people, if it is none."""
    if isinstance(value, str):
        return
    items = as_items(value)
    if not items or not all(isinstance(item, dict) and _is_language_value(item) for item in items):
        message = "expected a string, or objects with @value and none but @language and @direction beside it"
        yield problem("malformed-text", where, message)


def _is_language_value(value: JsonObject) -> bool:
    language, direction = value.get("@language", "en"), value.get("@direction", "ltr")
    return (
        _MEMBERS.issuperset(value)
        and isinstance(value.get("@value"), str)
        and isinstance(language, str)
        and _LANGUAGE.fullmatch(language) is not None
        and direction in _DIRECTIONS
    )

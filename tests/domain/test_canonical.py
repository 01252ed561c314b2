"""I-JSON in, RFC 8785 out."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import MAX_DEPTH, JsonValue, canonicalize, check_ijson, parse_json, parse_object
from registry.domain.errors import Malformed


def has_a_canonical_form(number: float) -> bool:
    """Tell whether a finite double is not an integer that I-JSON cannot carry."""
    return not (number.is_integer() and 2**53 - 1 < abs(number) < 1e21)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(has_a_canonical_form)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_canonical_bytes_read_back_to_the_same_bytes(value: JsonValue) -> None:
    canonical = canonicalize(value)

    assert canonicalize(parse_json(canonical)) == canonical


@given(json_values)
def test_the_spelling_of_a_document_does_not_change_its_canonical_form(value: JsonValue) -> None:
    spelled = json.dumps(value, indent=3, ensure_ascii=True).encode()

    assert canonicalize(parse_json(spelled)) == canonicalize(value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b'{"a":1,"a":2}', "json-duplicate-name"),
        (b'{"x":{"a":1,"b":2,"a":1}}', "json-duplicate-name"),
        (b'"\\ud800"', "json-surrogate"),
        (b'{"\\udfff":1}', "json-surrogate"),
        (b"9007199254740992", "json-number"),
        (b"-9007199254740992", "json-number"),
        (b"1e20", "json-number"),
        (b"9007199254740992.0", "json-number"),
        (b"1e400", "json-number"),
        (b"-1e400", "json-number"),
        (b"1" + b"0" * 500, "json-number"),
        (b"NaN", "json-number"),
        (b"Infinity", "json-number"),
        (b"\xff", "json-not-utf8"),
        (b"\xef\xbb\xbf{}", "json-syntax"),
        (b"{", "json-syntax"),
        (b"{}{}", "json-syntax"),
        (b"", "json-syntax"),
        (b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2), "json-too-deep"),
        (b"[" * 100_000 + b"]" * 100_000, "json-too-deep"),
    ],
)
def test_what_is_not_i_json_is_refused(text: bytes, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_json(text)

    assert caught.value.code == code


def test_a_text_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(Malformed) as caught:
        parse_json(b"[1]", limit_bytes=2)

    assert caught.value.code == "json-too-large"


def test_an_object_is_asked_for_and_nothing_else_taken() -> None:
    assert parse_object(b'{"a": [1.5, true, null]}') == {"a": [1.5, True, None]}
    with pytest.raises(Malformed) as caught:
        parse_object(b"[]")
    assert caught.value.code == "json-not-object"


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, b"bytes", {"a": object()}])
def test_a_python_value_without_a_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(Malformed):
        canonicalize(value)  # type: ignore[arg-type]  # the wrong type is the case


def test_a_name_that_is_no_string_has_no_canonical_form() -> None:
    with pytest.raises(Malformed):
        canonicalize({1: "x"})  # type: ignore[dict-item]  # the wrong type is the case


def test_the_deepest_allowed_value_is_taken() -> None:
    value: JsonValue = 1
    for _ in range(MAX_DEPTH):
        value = [value]

    check_ijson(value)
    with pytest.raises(Malformed):
        check_ijson([value])

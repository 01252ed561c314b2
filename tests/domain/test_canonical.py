"""I-JSON in, RFC 8785 out."""

import json
import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import (
    MAX_DEPTH,
    JsonValue,
    canonicalize,
    check_ijson,
    check_values,
    most_values,
    parse_json,
    parse_object,
)
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


VALUES = 1_000


@pytest.mark.parametrize(
    "text",
    [
        "[" + "0," * (VALUES - 2) + "0]",
        "[ " + '"a,b", ' * (VALUES - 2) + '"[{"]',
        "[" + "[ ], " * (VALUES - 2) + "{\n}]",
        "[" + "[0]," * ((VALUES - 2) // 2) + "0]",
        "{" + ",".join(f'"{number}\\",":{{}}' for number in range(VALUES - 1)) + "}",
        '["' + "a, [{" * VALUES + '"]',
    ],
    ids=["numbers", "texts", "empty", "nested", "members", "one-text"],
)
def test_a_document_has_no_more_values_than_the_limit(text: str) -> None:
    values = 0
    pending = [json.loads(text)]
    while pending:
        value = pending.pop()
        values += 1
        pending += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()

    check_values(text.encode(), limit=values)
    with pytest.raises(Malformed) as caught:
        check_values(text.encode(), limit=values - 1)

    assert values == (2 if text.startswith('["a, ') else VALUES)
    assert caught.value.code == "json-too-many-values"


@given(st.lists(json_values, min_size=1, max_size=3), st.integers(min_value=0, max_value=3))
def test_values_are_counted_as_they_are_parsed(value: list[JsonValue], indent: int) -> None:
    def count(item: JsonValue) -> int:
        inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        return 1 + sum(map(count, inside))

    text = json.dumps(value, indent=indent or None).encode()

    check_values(text, limit=count(value))
    with pytest.raises(Malformed):
        check_values(text, limit=count(value) - 1)
    assert most_values(text) >= count(value)


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


plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(has_a_canonical_form)
    | st.floats(min_value=1e-6, max_value=1e17).filter(has_a_canonical_form)
    | st.text()
    | st.text(alphabet='\x00\x08\t\n\x0b\x0c\r\x1f"\\/\x7f\x80\u2028\ufeff\uffff\U00010000é'),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(alphabet="aZ_.-\x7f\n é\ud7ff\ue000\U00010000", max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(plain_values)
def test_what_is_written_fast_is_what_the_strict_library_writes(value: JsonValue) -> None:
    assert canonicalize(value) == rfc8785.dumps(value)


@given(plain_values)
def test_compact_texts_are_read_as_any_other_spelling_is(value: JsonValue) -> None:
    compact = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    spaced = json.dumps(value, indent=1).encode()

    # By repr: 1, 1.0 and true are equal in Python.
    assert repr(parse_json(compact)) == repr(parse_json(spaced)) == repr(value)


@pytest.mark.parametrize(
    "text",
    [
        *('{"a":1,"a":1}', '{"a":1,"b":2,"a":3}', '[{"a":"\\ud800"}]', '{"a":9007199254740993}', "[1e400]", "[NaN]"),
        *("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "[" * 5000 + "]" * 5000, '["\t"]', "[1,]", "[01]", "{", ""),
        *("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH, '{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1)),
        *("[-0]", "[1.0]", "[18446744073709551616]", '["\\/"]', '["\\u0041"]', " [1]", "[1] ", "[1]\n", "[1][2]"),
    ],
)
def test_a_text_is_refused_or_read_alike_however_it_is_spaced(text: str) -> None:
    def outcome(spelled: str) -> str:
        try:
            return repr(parse_json(spelled.encode()))
        except Malformed as error:
            return error.code

    assert outcome(text) == outcome(f"\n\n {text}  \n")


@pytest.mark.parametrize("value", [(1, 2), {"a": (1,)}, {1: 2}, {"a": {2: 3}}, [object()], {"a": b"x"}])
def test_what_json_has_no_form_for_is_not_written(value: object) -> None:
    with pytest.raises(Malformed) as refused:
        canonicalize(value)  # type: ignore[arg-type]  # wrong on purpose

    assert refused.value.code == "json-value"


@pytest.mark.parametrize("value", ["\ud800", {"a": "x\udfff"}, {"\udc00": 1}, [["\ud83c", "\udf93"]]])
def test_half_a_character_is_not_written(value: JsonValue) -> None:
    with pytest.raises(Malformed) as refused:
        canonicalize(value)

    assert refused.value.code == "json-surrogate"

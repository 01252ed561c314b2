import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import MAX_DEPTH, JsonValue
from registry.domain.claims import MAX_ITEMS, check_claims, check_iri, check_text, find_problems, is_iri
from registry.domain.errors import Malformed


@pytest.mark.parametrize(
    ("character", "code"),
    [
        ("\x00", "claim-control-character"),
        ("\t", "claim-control-character"),
        ("\x0b", "claim-control-character"),
        ("\x1f", "claim-control-character"),
        ("\x7f", "claim-delete-character"),
        ("\ufffe", "claim-noncharacter"),
        ("\uffff", "claim-noncharacter"),
        ("\ud800", "claim-surrogate"),
    ],
)
def test_a_character_that_readers_disagree_on_is_refused(character: str, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        check_text(f"Zoë{character}", "name")

    assert (refusal.value.code, refusal.value.where) == (code, "name")
    assert f"U+{ord(character):04X} at 3" in refusal.value.message


@pytest.mark.parametrize(
    "text", ["", "line\r\nline", "عمل", "李伟", "🎓", "a\u0301", "\u202eabc", "\x80", "\U0001fffe"]
)
def test_text_of_every_script_is_kept(text: str) -> None:
    assert check_text(text, "name") == text


@pytest.mark.parametrize(
    ("value", "code", "where"),
    [
        ({"a": None}, "claim-null", "a"),
        ({"a": [1, None]}, "claim-null", "a[1]"),
        ({"a": []}, "claim-empty-array", "a"),
        ({"a": {}}, "claim-empty-object", "a"),
        ({"a": {"b": [["c"]]}}, "claim-nested-array", "a.b[0]"),
        ({"a": ["b", "b"]}, "claim-duplicate", "a[1]"),
        ({"a": list(range(MAX_ITEMS + 1))}, "claim-too-many", "a"),
        ({"a": {"b\t": 1}}, "claim-control-character", "a.b\t"),
        ({"a": [{"b": "\x7f"}]}, "claim-delete-character", "a[0].b"),
    ],
)
def test_what_json_ld_drops_is_refused_where_it_stands(value: JsonValue, code: str, where: str) -> None:
    with pytest.raises(Malformed) as refusal:
        check_claims(value)

    assert (refusal.value.code, refusal.value.where) == (code, where)


def test_every_problem_is_told_in_document_order() -> None:
    problems = find_problems({"a": None, "b": ["\x00", {}]})

    assert [(problem.code, problem.where) for problem in problems] == [
        ("claim-null", "a"),
        ("claim-control-character", "b[0]"),
        ("claim-empty-object", "b[1]"),
    ]


def test_a_list_that_is_too_long_is_not_walked() -> None:
    problems = list(find_problems({"a": [None] * (MAX_ITEMS + 1)}))

    assert [problem.code for problem in problems] == ["claim-too-many"]


def test_a_document_that_is_too_deep_is_refused() -> None:
    value: JsonValue = "bottom"
    for _ in range(MAX_DEPTH + 1):
        value = {"a": value}

    with pytest.raises(Malformed) as refusal:
        check_claims(value)

    assert refusal.value.code == "claim-too-deep"


def test_plain_values_are_no_problem() -> None:
    check_claims({"a": [1, 2.5, True, False, "text"], "b": {"c": "d"}, "list": list(range(MAX_ITEMS))})


@pytest.mark.parametrize(
    "iri", ["https://e.org/é?q#f", "urn:uuid:1", "did:web:localhost%3A1:a", "data:image/png;base64,AA=="]
)
def test_an_absolute_iri_is_kept(iri: str) -> None:
    assert check_iri(iri, "id") == iri
    assert is_iri(iri)


NO_IRIS: tuple[object, ...] = (
    *(None, 5, "", "a", "/a", "#a", "_:b0", "1a:b"),
    *("https://e.org/a b", "https://e.org/%zz", "https://e.org/<a>"),
    *("https://e.org/\u00a0", "https://e.org/\u3000", "https://e.org/\ud800", "https://e.org/\ufffe"),
)


@pytest.mark.parametrize("iri", NO_IRIS)
def test_what_is_no_absolute_iri_is_refused(iri: object) -> None:
    assert not is_iri(iri)
    with pytest.raises(Malformed) as refusal:
        check_iri(iri, "id")
    assert refusal.value.code == "claim-not-iri"


@given(st.text(alphabet=st.characters(), max_size=20))
def test_a_text_is_kept_exactly_when_it_has_no_forbidden_character(text: str) -> None:
    forbidden = {*map(chr, range(0x20)), "\x7f", "\ufffe", "\uffff"} - {"\n", "\r"}
    expected = not any(character in forbidden or "\ud800" <= character <= "\udfff" for character in text)

    assert (not list(find_problems(text))) is expected

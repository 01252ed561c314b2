"""Column mappings: what is one, what is none, and which of them fits a file."""

import copy
import json
from typing import Any

import pytest

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.column_mapping import MAX_CONDITIONS, MAX_PARTS, MAX_TEXT, parse_mapping, read_mapping, suggest
from registry.domain.errors import Malformed
from registry.domain.upload_columns import Column

GOOD: JsonObject = {
    "name": "our campus system",
    "columns": {
        "recipient_name": {"join": ["First", {"from": "Rest", "split": {"at": "/", "part": -1}}], "with": " "},
        "recipient_email": {"from": "E-mail"},
        "issued_on": {"from": "Done", "date": "DMY"},
        "grade": {"from": "Result", "split": {"at": " ", "part": 1}, "values": {"Pass": "A"}},
        "locale": {"constant": "en"},
    },
    "leaveOut": [{"from": "Status", "unless": ["passed", "Honours"]}, {"from": "Done", "if": [""]}],
}


def changed(path: str, value: Any) -> JsonObject:  # noqa: ANN401 - any JSON
    """Return the good mapping with one member set, or left out for None."""
    document: JsonObject = copy.deepcopy(GOOD)
    node: Any = document
    *parents, last = path.split(".")
    for name in parents:
        node = node[name]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return document


def test_a_mapping_is_read_in_the_order_of_our_columns() -> None:
    mapping = parse_mapping(canonicalize(GOOD))

    assert mapping.name == "our campus system"
    assert [column for column, _ in mapping.sources] == [
        Column.RECIPIENT_EMAIL,
        Column.RECIPIENT_NAME,
        Column.ISSUED_ON,
        Column.GRADE,
        Column.LOCALE,
    ]
    assert mapping.their_columns == ("E-mail", "First", "Rest", "Done", "Result", "Status")
    assert [condition.leaves_out("PASSED ") for condition in mapping.conditions] == [False, False]
    assert [condition.leaves_out("") for condition in mapping.conditions] == [True, True]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("name", None, "missing-member"),
        ("name", "", "malformed-string"),
        ("columns", [], "malformed-object"),
        ("columns.shoe_size", {"constant": "43"}, "unknown-member"),
        ("columns.issued_on", None, "mapping-incomplete"),
        ("columns.recipient_email", None, "mapping-incomplete"),
        ("columns.locale", "en", "malformed-object"),
        ("columns.locale", {"constant": "en", "from": "x"}, "unknown-member"),
        ("columns.locale", {"constant": ""}, "malformed-string"),
        ("columns.recipient_name", {"join": []}, "malformed-list"),
        ("columns.recipient_name", {"join": ["a"] * (MAX_PARTS + 1)}, "malformed-list"),
        ("columns.recipient_name", {"join": [1]}, "malformed-object"),
        ("columns.recipient_name", {"join": ["a"], "with": 1}, "malformed-string"),
        ("columns.recipient_name", {"join": ["a"], "split": {}}, "unknown-member"),
        ("columns.recipient_email", {"from": " "}, "malformed-string"),
        ("columns.recipient_email", {"from": "x" * (MAX_TEXT + 1)}, "malformed-string"),
        ("columns.recipient_email", {"from": "x", "to": "y"}, "unknown-member"),
        ("columns.grade", {"from": "x", "split": {"at": "", "part": 1}}, "malformed-string"),
        ("columns.grade", {"from": "x", "split": {"at": "/", "part": 0}}, "malformed-integer"),
        ("columns.grade", {"from": "x", "values": {}}, "malformed-object"),
        ("columns.grade", {"from": "x", "values": {"a": 1}}, "malformed-string"),
        ("columns.grade", {"from": "x", "values": {"a": "A", "A ": "B"}}, "mapping-value-twice"),
        ("columns.issued_on", {"from": "x", "date": "DM"}, "mapping-date-order"),
        ("columns.issued_on", {"from": "x", "date": 1}, "mapping-date-order"),
        ("leaveOut", {}, "malformed-list"),
        ("leaveOut", [{"from": "a", "if": ["b"]}] * (MAX_CONDITIONS + 1), "malformed-list"),
        ("leaveOut", [{"from": "a"}], "missing-member"),
        ("leaveOut", [{"from": "a", "if": ["b"], "unless": ["c"]}], "missing-member"),
        ("leaveOut", [{"from": "a", "if": []}], "malformed-list"),
        ("leaveOut", [{"from": "a", "if": [1]}], "malformed-list"),
        ("more", 1, "unknown-member"),
    ],
)
def test_what_is_no_mapping_is_refused_with_its_place(path: str, value: object, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_mapping(changed(path, value))

    assert refused.value.code == code


def test_what_is_too_large_is_not_read() -> None:
    with pytest.raises(Malformed, match="65536"):
        parse_mapping(b" " * 65_537 + json.dumps(GOOD).encode())


def test_the_mapping_that_lacks_nothing_and_uses_most_is_suggested_first() -> None:
    small = read_mapping(
        {
            "name": "small",
            "columns": {
                "recipient_name": {"from": "First"},
                "recipient_id": {"from": "First"},
                "issued_on": {"from": "done"},
            },
        }
    )
    other = read_mapping(
        {
            "name": "other",
            "columns": {
                "recipient_name": {"from": "Name"},
                "recipient_id": {"from": "Id"},
                "issued_on": {"from": "Date"},
            },
        }
    )
    good = read_mapping(GOOD)

    told = suggest(
        [" first", "REST", "E-Mail", "Done", "Result", "Status", "more"], {"s": small, "o": other, "g": good}
    )

    assert [(each.key, each.found, each.missing) for each in told] == [
        ("g", 6, ()),
        ("s", 2, ()),
        ("o", 0, ("Id", "Name", "Date")),
    ]

"""Status entries of other registries: what the recommendation allows is read, all else is refused."""

import pytest

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.domain.status_entry import MAX_STATUS_SIZE, StatusEntry, is_outdated, is_status_entry, value_at

URL = "https://elsewhere.example/lists/3"
FOUR: list[JsonValue] = [{"status": f"0x{value}", "message": f"state {value}"} for value in range(4)]
NUMBERED: JsonObject = {"status": 1, "message": "a number"}


def entry(**members: JsonValue) -> JsonObject:
    return {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": URL,
        **members,
    }


def test_an_entry_says_where_the_status_stands() -> None:
    parsed = StatusEntry.parse(entry(id=f"{URL}#94567"))

    assert parsed == StatusEntry(purpose="revocation", url=URL, index=94_567)


def test_an_entry_of_several_bits_says_what_its_values_mean() -> None:
    parsed = StatusEntry.parse(entry(statusPurpose="message", statusSize=2, statusMessage=FOUR))

    assert parsed.size == 2
    assert parsed.messages == {0: "state 0", 1: "state 1", 2: "state 2", 3: "state 3"}


def test_an_entry_of_one_bit_may_say_what_its_values_mean() -> None:
    assert StatusEntry.parse(entry(statusMessage=FOUR[:2])).messages == {0: "state 0", 1: "state 1"}


@pytest.mark.parametrize(
    "members",
    [
        {"statusPurpose": None},
        {"statusPurpose": ""},
        {"statusPurpose": ["revocation"]},
        {"statusListCredential": 5},
        {"id": URL},
        {"id": 7},
        {"statusListIndex": 94_567},
        {"statusListIndex": "-1"},
        {"statusListIndex": "+1"},
        {"statusListIndex": "01"},
        {"statusListIndex": "1.0"},
        {"statusListIndex": " 1"},
        {"statusListIndex": "٣"},
        {"statusListIndex": "9999999999"},
        {"statusSize": 0},
        {"statusSize": True},
        {"statusSize": "1"},
        {"statusSize": MAX_STATUS_SIZE + 1},
        {"statusSize": 2},
        {"statusSize": 2, "statusMessage": FOUR[:3]},
        {"statusSize": 2, "statusMessage": [*FOUR, FOUR[0]]},
        {"statusSize": 2, "statusMessage": {"status": "0x0", "message": "no list"}},
        {"statusMessage": [FOUR[0], "0x1"]},
        {"statusMessage": [FOUR[0], {"status": "1", "message": "no prefix"}]},
        {"statusMessage": [FOUR[0], {"status": "0x1", "message": None}]},
        {"statusMessage": [FOUR[0], NUMBERED]},
    ],
)
def test_another_spelling_is_refused(members: dict[str, JsonValue]) -> None:
    with pytest.raises(Malformed) as refusal:
        StatusEntry.parse(entry(**members))

    assert refusal.value.code == "malformed-status-entry"


@pytest.mark.parametrize(
    ("kind", "current", "outdated"),
    [
        ("BitstringStatusListEntry", True, False),
        (["BitstringStatusListEntry"], True, False),
        ("StatusList2021Entry", False, True),
        (["RevocationList2020Status", 5], False, True),
        ("1EdTechRevocationList", False, False),
        (None, False, False),
    ],
)
def test_entries_of_other_kinds_are_told_apart(kind: JsonValue, current: bool, outdated: bool) -> None:
    assert (is_status_entry({"type": kind}), is_outdated({"type": kind})) == (current, outdated)


def test_a_value_is_read_with_its_most_significant_bit_first() -> None:
    bits = bytes([0b1000_0110, 0b0100_0001])

    assert [value_at(bits, index=index, size=1) for index in (0, 1, 5, 7, 9, 15)] == [1, 0, 1, 0, 1, 1]
    assert [value_at(bits, index=index, size=2) for index in range(8)] == [2, 0, 1, 2, 1, 0, 0, 1]
    assert [value_at(bits, index=index, size=3) for index in range(5)] == [4, 1, 4, 4, 0]


@pytest.mark.parametrize(("index", "size"), [(16, 1), (8, 2), (5, 3), (2, 8), (999_999_999, 8)])
def test_beyond_the_end_of_a_list_there_is_no_value(index: int, size: int) -> None:
    assert value_at(bytes(2), index=index, size=size) is None

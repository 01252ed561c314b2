"""Slots: their words, their URLs, their indexes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.domain.log_name import LogName
from registry.domain.slot import (
    HEADER_WORD,
    LIST_SIZE,
    SLOT_LIMIT,
    Purpose,
    has_slot_word_form,
    parse_credential_slot,
    parse_status_list_url,
    slot_of_word,
    slot_word,
    status_entry,
    status_list_url,
)

LOG = LogName(chain_id=31337, contract="0x" + "5f" * 20, number=1)
OTHER_LOG = LogName(chain_id=31337, contract="0x" + "5f" * 20, number=2)
BASE = "https://registry.example/status"

slots = st.integers(0, SLOT_LIMIT - 1)


def entry(**changes: JsonValue) -> JsonObject:
    return {**status_entry(BASE, log=LOG, purpose=Purpose.REVOCATION, slot=5 * LIST_SIZE + 7), **changes}


@given(slots)
def test_a_slot_reads_back_from_its_word(slot: int) -> None:
    word = slot_word(slot)

    assert has_slot_word_form(word)
    assert slot_of_word(word) == slot
    assert word[4:] == slot.to_bytes(28, "big")


@given(slots, st.sampled_from([BASE, "http://localhost:8000/status", "http://127.0.0.1/x", "http://[::1]:1/s"]))
def test_a_slot_reads_back_from_the_entries_that_name_it(slot: int, base: str) -> None:
    revocation = status_entry(base, log=LOG, purpose=Purpose.REVOCATION, slot=slot)
    suspension = status_entry(base, log=LOG, purpose=Purpose.SUSPENSION, slot=slot)

    alone = parse_credential_slot({"credentialStatus": revocation})
    both = parse_credential_slot({"credentialStatus": [suspension, revocation]})

    assert (alone.log, alone.slot, alone.word, alone.suspendable) == (LOG, slot, slot_word(slot), False)
    assert (both.log, both.slot, both.suspendable) == (LOG, slot, True)
    assert both.revocation_url == revocation["statusListCredential"]
    assert both.suspension_url == suspension["statusListCredential"]
    assert alone.purposes == (Purpose.REVOCATION,)
    assert both.purposes == (Purpose.REVOCATION, Purpose.SUSPENSION)


@given(st.binary(min_size=32, max_size=32))
def test_a_word_form_is_exactly_what_a_kind_and_a_slot_can_spell(word: bytes) -> None:
    slot = int.from_bytes(word[4:], "big")
    spelled = slot < SLOT_LIMIT and slot_word(slot, kind=word[3]) == word

    assert has_slot_word_form(word) is spelled


@pytest.mark.parametrize("kind", range(256))
def test_every_kind_has_the_form_and_only_kind_0_is_a_credential(kind: int) -> None:
    word = slot_word(9, kind=kind)

    assert has_slot_word_form(word)
    if kind == 0:
        assert slot_of_word(word) == 9
    else:
        with pytest.raises(Malformed):
            slot_of_word(word)


def test_the_header_word_is_zero_but_for_its_kind() -> None:
    assert slot_word(0, kind=0xFF) == HEADER_WORD


@pytest.mark.parametrize(
    "node", [b"", bytes(31), bytes(33), b"\1" + bytes(31), bytes(27) + b"\x20" + bytes(4), bytes(4) + b"\1" + bytes(27)]
)
def test_other_nodes_do_not_have_the_form(node: bytes) -> None:
    assert not has_slot_word_form(node)


@pytest.mark.parametrize("slot", [-1, SLOT_LIMIT])
def test_a_slot_outside_the_log_has_no_word(slot: int) -> None:
    with pytest.raises(Malformed):
        slot_word(slot)


@pytest.mark.parametrize(
    "index",
    [
        "+5",
        "05",
        "-1",
        "131072",
        "999999",
        "1000000",
        "١",
        " 5",
        "5 ",
        "5\n",
        "1_0",
        "0x5",
        "5.0",
        "",
        5,
        5.0,
        None,
        True,
        ["5"],
    ],
)
def test_an_index_has_one_spelling(index: JsonValue) -> None:
    with pytest.raises(Malformed) as caught:
        parse_credential_slot({"credentialStatus": entry(statusListIndex=index)})

    assert caught.value.code == "malformed-index"


@pytest.mark.parametrize("index", ["0", "9", "10", "131071"])
def test_every_canonical_index_is_taken(index: str) -> None:
    slot = parse_credential_slot({"credentialStatus": entry(statusListIndex=index)})

    assert slot.slot == 5 * LIST_SIZE + int(index)


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}/{LOG}/revocation/05",
        f"{BASE}/{LOG}/revocation/1048576",
        f"{BASE}/{LOG}/revocation/12345678",
        f"{BASE}/{LOG}/revocation/-1",
        f"{BASE}/{LOG}/revocation/5/",
        f"{BASE}/{LOG}/revocation/5?",
        f"{BASE}/{LOG}/revocation/5?x=1",
        f"{BASE}/{LOG}/revocation/5#",
        f"{BASE}/{LOG}/revocation/5#x",
        f"{BASE}/{LOG}/revocation/5\n",
        f"{BASE}/{LOG}/revocation/\t5",
        f"{BASE}/{LOG}/revocation/٥",
        f"{BASE}/{LOG}/revocatio%6e/5",
        f"{BASE}/{LOG}/message/5",
        f"{BASE}/{str(LOG).replace(':', '%3A')}/revocation/5",
        f"{BASE}/{str(LOG).replace('5f', '5F')}/revocation/5",
        f"{BASE}/eip155:1000000000000000000/0x{'5f' * 20}/1/revocation/5",
        f"http://registry.example/status/{LOG}/revocation/5",
        f"http://127.0.0.1.evil.example/{LOG}/revocation/5",
        f"ftp://registry.example/{LOG}/revocation/5",
        f"https:///{LOG}/revocation/5",
        f"HTTPS://registry.example/{LOG}/revocation/5",
        f"https://[bad/{LOG}/revocation/5",
        f"/{LOG}/revocation/5",
        f"https://registry.example/{LOG}/5",
        "https://registry.example/",
        "",
        None,
        5,
        {"id": f"{BASE}/{LOG}/revocation/5"},
    ],
)
def test_a_status_url_has_one_spelling(url: JsonValue) -> None:
    with pytest.raises(Malformed) as caught:
        parse_credential_slot({"credentialStatus": entry(statusListCredential=url)})

    assert caught.value.code in {"malformed-status-url", "malformed-log-name"}


def test_a_url_tells_log_purpose_and_list() -> None:
    place = parse_status_list_url(status_list_url(BASE, log=LOG, purpose=Purpose.SUSPENSION, number=1048575))

    assert (place.log, place.purpose, place.number) == (LOG, Purpose.SUSPENSION, 1048575)


def suspension(**changes: JsonValue) -> JsonObject:
    return {**status_entry(BASE, log=LOG, purpose=Purpose.SUSPENSION, slot=5 * LIST_SIZE + 7), **changes}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (None, "no-slot"),
        ([], "no-slot"),
        ("x", "no-slot"),
        ([entry(), "x"], "no-slot"),
        ([suspension()], "no-slot"),
        ([entry(), entry()], "slot-twice"),
        ([entry(), suspension(), suspension()], "slot-twice"),
        ([entry(), suspension(statusListIndex="8")], "slots-differ"),
        (
            [entry(), status_entry(BASE, log=OTHER_LOG, purpose=Purpose.SUSPENSION, slot=5 * LIST_SIZE + 7)],
            "slots-differ",
        ),
        ([entry(), status_entry(BASE, log=LOG, purpose=Purpose.SUSPENSION, slot=7)], "slots-differ"),
        (entry(type="StatusList2021Entry"), "malformed-status-entry"),
        (entry(statusSize=2), "malformed-status-entry"),
        (entry(statusSize=True), "malformed-status-entry"),
        (entry(statusSize="1"), "malformed-status-entry"),
        (entry(statusPurpose="suspension"), "malformed-status-url"),
    ],
)
def test_a_credential_without_one_clear_slot_has_none(status: JsonValue, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_credential_slot({"credentialStatus": status})

    assert caught.value.code == code


def test_other_purposes_are_ignored_with_a_note() -> None:
    slot = parse_credential_slot({"credentialStatus": [{"statusPurpose": "refresh"}, entry(statusSize=1)]})

    assert slot.slot == 5 * LIST_SIZE + 7
    assert slot.notes == ("status entry of purpose 'refresh' ignored",)

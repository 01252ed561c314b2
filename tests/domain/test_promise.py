"""Promises: one spelling, terms that can be signed, and the limits of signers and holders (protocol section 6)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonValue, canonicalize, parse_object
from registry.domain.errors import Malformed
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.promise import (
    MAX_DEADLINE,
    MAX_EPOCHS_AHEAD,
    MIN_DEADLINE,
    MIN_EPOCHS_AHEAD,
    Promise,
    PromiseKind,
    PromiseTerms,
    check_acceptable,
    choose_terms,
)
from registry.domain.slot import SLOT_LIMIT

NOW: Final = datetime(2026, 6, 1, 9, 30, 0, 123456, tzinfo=UTC)
LOG: Final = LogName(chain_id=11_155_111, contract="0x" + "7c" * 20, number=7)
COURT: Final = "0x" + "c0" * 20
INCLUSION: Final = PromiseTerms(
    kind=PromiseKind.INCLUSION,
    log=LOG,
    court=COURT,
    leaf=Digest(bytes(range(32))),
    slot=695_863,
    epoch=42,
    deadline=datetime(2026, 6, 15, 9, 30, tzinfo=UTC),
)
REVOCATION: Final = replace(INCLUSION, kind=PromiseKind.REVOCATION, leaf=None)
JSON = dict[str, Any]


def written(terms: PromiseTerms) -> JSON:
    return dict(Promise(terms=terms, key="0x" + "ab" * 20, signature=bytes(range(64))).to_json())


@given(
    kind=st.sampled_from(PromiseKind),
    slot=st.integers(0, SLOT_LIMIT - 1),
    epoch=st.integers(1, 2**53 - 1),
    deadline=st.integers(0, 253_402_300_799),
    leaf=st.binary(min_size=32, max_size=32),
    key=st.binary(min_size=20, max_size=20),
    signature=st.binary(min_size=64, max_size=64),
)
def test_a_promise_reads_back(  # noqa: PLR0917  # one a member
    kind: PromiseKind, slot: int, epoch: int, deadline: int, leaf: bytes, key: bytes, signature: bytes
) -> None:
    terms = PromiseTerms(
        kind=kind,
        log=LOG,
        court=COURT,
        leaf=Digest(leaf) if kind is PromiseKind.INCLUSION else None,
        slot=slot,
        epoch=epoch,
        deadline=datetime.fromtimestamp(deadline, UTC),
    )
    promise = Promise(terms=terms, key="0x" + key.hex(), signature=signature)

    assert Promise.parse(parse_object(canonicalize(promise.to_json()))) == promise
    assert terms.deadline_seconds == deadline


def test_a_promise_has_a_member_for_each_term_and_no_other() -> None:
    members = {"type", "version", "kind", "log", "court", "slot", "epoch", "deadline", "key", "signature"}

    assert written(INCLUSION).keys() == members | {"leaf"}
    assert written(REVOCATION).keys() == members


@pytest.mark.parametrize("terms", [INCLUSION, REVOCATION], ids=lambda terms: terms.kind)
def test_a_promise_that_lacks_a_member_or_has_one_more_is_malformed(terms: PromiseTerms) -> None:
    whole = written(terms)
    changed = [{name: value for name, value in whole.items() if name != gone} for gone in whole]
    changed.append({**whole, "more": 1})

    for document in changed:
        with pytest.raises(Malformed):
            Promise.parse(document)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("type", "CredrootReceipt"),
        ("version", 2),
        ("kind", "exclusion"),
        ("kind", ["inclusion"]),
        ("kind", "revocation"),
        ("log", "eip155:01/0x" + "7c" * 20 + "/7"),
        ("court", COURT.upper()),
        ("court", COURT[2:]),
        ("court", None),
        ("leaf", None),
        ("leaf", "0x" + "00" * 32),
        ("slot", -1),
        ("slot", SLOT_LIMIT),
        ("slot", True),
        ("epoch", 0),
        ("epoch", "42"),
        ("deadline", "2026-06-15T09:30:00+00:00"),
        ("deadline", "2026-06-31T09:30:00Z"),
        ("key", "0x" + "AB" * 20),
        ("signature", "0x" + "00" * 65),
        ("signature", "00" * 64),
        ("signature", "0x" + "AA" * 64),
        ("signature", 0),
    ],
)
def test_another_spelling_is_malformed(member: str, value: JsonValue) -> None:
    with pytest.raises(Malformed):
        Promise.parse({**written(INCLUSION), member: value})


@pytest.mark.parametrize("value", [None, [], "promise", 1])
def test_what_is_no_object_is_malformed(value: Any) -> None:  # noqa: ANN401  # JSON of any shape
    with pytest.raises(Malformed):
        Promise.parse(value)


@pytest.mark.parametrize(
    "change",
    [
        {"leaf": None},
        {"kind": PromiseKind.REVOCATION},
        {"slot": -1},
        {"slot": SLOT_LIMIT},
        {"epoch": 0},
        {"court": "0x"},
        {"court": COURT + "00"},
        {"deadline": INCLUSION.deadline.replace(microsecond=1)},
        {"deadline": INCLUSION.deadline.astimezone(timezone(timedelta(hours=2)))},
    ],
    ids=str,
)
def test_terms_that_cannot_be_signed_are_refused(change: JSON) -> None:
    with pytest.raises(Malformed) as refused:
        replace(INCLUSION, **change)

    assert refused.value.code == "malformed-promise"


@given(newest=st.integers(0, 2**40), seconds=st.integers(0, 10**9), microseconds=st.integers(0, 999_999))
def test_chosen_terms_are_within_the_limits_of_signers_and_holders(
    newest: int, seconds: int, microseconds: int
) -> None:
    now = NOW.replace(microsecond=microseconds) + timedelta(seconds=seconds)

    terms = choose_terms(
        PromiseKind.INCLUSION, log=LOG, court=COURT, leaf=INCLUSION.leaf, slot=5, newest_epoch=newest, now=now
    )

    assert terms.epoch >= newest + MIN_EPOCHS_AHEAD
    assert now + MIN_DEADLINE <= terms.deadline <= now + MAX_DEADLINE
    check_acceptable(terms, latest_epoch=newest, now=now)


@pytest.mark.parametrize(
    ("latest", "ahead", "is_acceptable"),
    [
        (INCLUSION.epoch - MAX_EPOCHS_AHEAD, MAX_DEADLINE, True),
        (INCLUSION.epoch - MAX_EPOCHS_AHEAD - 1, MAX_DEADLINE, False),
        (INCLUSION.epoch, MAX_DEADLINE + timedelta(microseconds=1), False),
        (INCLUSION.epoch, -MAX_DEADLINE, True),
    ],
)
def test_a_holder_refuses_what_could_not_be_reported_in_good_time(
    latest: int, ahead: timedelta, is_acceptable: bool
) -> None:
    if is_acceptable:
        check_acceptable(INCLUSION, latest_epoch=latest, now=INCLUSION.deadline - ahead)
        return

    with pytest.raises(Malformed) as refused:
        check_acceptable(INCLUSION, latest_epoch=latest, now=INCLUSION.deadline - ahead)

    assert refused.value.code == "promise-too-far"

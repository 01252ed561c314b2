"""What the hammer compares answers with: it must find a wrong one, and must not accuse a right one."""

from registry.domain.slot import LIST_SIZE, Purpose
from tests.hammer.ledger import Change, Held, Ledger, Outages
from tests.hammer.readers import words_allowed
from tests.hammer.tally import MAX_TOLD, Tally

SUSPENSION, REVOCATION = Purpose.SUSPENSION, Purpose.REVOCATION


def held(*changes: Change, slot: int = 5) -> Held:
    return Held(
        id="id", leaf="00", slot=slot, document={}, suspendable=True, begun=0, acknowledged=1, changes=list(changes)
    )


def change(purpose: Purpose, value: bool, begun: float, acknowledged: float | None) -> Change:
    return Change(purpose=purpose, value=value, begun=begun, acknowledged=acknowledged)


def test_a_bit_has_one_value_once_its_change_is_acknowledged() -> None:
    revoked = held(change(REVOCATION, True, 10, 12))

    assert revoked.possible(REVOCATION, first=12, last=20) == {True}
    assert revoked.possible(REVOCATION, first=5, last=9) == {False}


def test_a_bit_may_have_either_value_while_its_change_is_asked_for() -> None:
    revoked = held(change(REVOCATION, True, 10, 12))
    unanswered = held(change(REVOCATION, True, 10, None))

    assert revoked.possible(REVOCATION, first=11, last=11) == {False, True}
    assert unanswered.possible(REVOCATION, first=90, last=91) == {False, True}


def test_the_last_acknowledged_change_of_a_purpose_counts() -> None:
    lifted = held(change(SUSPENSION, True, 1, 2), change(REVOCATION, True, 3, 4), change(SUSPENSION, False, 5, 6))

    assert lifted.possible(SUSPENSION, first=7, last=8) == {False}
    assert lifted.possible(SUSPENSION, first=3, last=4) == {True}
    assert (lifted.now(SUSPENSION), lifted.now(REVOCATION)) == (False, True)


def test_a_revoked_credential_has_one_word() -> None:
    revoked = held(change(SUSPENSION, True, 1, 2), change(REVOCATION, True, 3, 4))

    assert words_allowed(revoked, first=5, last=6, cut=0) == {"revoked"}


def test_a_suspended_credential_is_not_valid() -> None:
    suspended = held(change(SUSPENSION, True, 1, 2))

    assert words_allowed(suspended, first=5, last=6, cut=0) == {"suspended"}


def test_a_lifted_suspension_may_still_stand_in_the_newest_epoch_alone() -> None:
    lifted = held(change(SUSPENSION, True, 1, 2), change(SUSPENSION, False, 3, 4))

    assert words_allowed(lifted, first=5, last=6, cut=2.5) == {"suspended", "valid", "not-yet-anchored"}
    assert words_allowed(lifted, first=5, last=6, cut=4.5) == {"valid", "not-yet-anchored"}


def test_an_outage_touches_requests_from_its_beginning_to_its_end() -> None:
    outages = Outages()
    before = 0.0
    outages.begin(1)

    assert outages.touch(1, first=before, last=float("inf"))
    assert not outages.touch(0, first=before, last=float("inf"))
    outages.end(1)
    assert not outages.touch(1, first=float("inf"), last=float("inf"))
    assert not outages.touch(1, first=before, last=before)


def test_an_epoch_keeps_its_first_sight() -> None:
    ledger = Ledger()

    ledger.note_epoch(1, sealed_at=5, seen_at=9)
    ledger.note_epoch(1, sealed_at=5, seen_at=7)
    ledger.note_epoch(1, sealed_at=5, seen_at=8)

    assert ledger.epoch(1) == (5, 7)


def test_a_slot_has_its_place_in_a_list() -> None:
    someone = held(slot=3 * LIST_SIZE + 17)

    assert (someone.list_number, someone.list_index) == (3, 17)


def test_a_failed_assertion_is_a_violation_that_says_where() -> None:
    tally = Tally()

    with tally.checking("receipt of 00"):
        raise AssertionError("another root")

    assert tally.violations[0].startswith("receipt of 00: another root (test_")
    assert "receipt of 00: another root" in tally.table()


def test_many_violations_of_one_kind_do_not_hide_another() -> None:
    tally = Tally()

    for number in range(100):
        tally.violated(f"list {number}")
    tally.violated("receipt 1")

    assert tally.table().count("list ") == MAX_TOLD
    assert "receipt 1" in tally.table()
    assert len(tally.violations) == 101

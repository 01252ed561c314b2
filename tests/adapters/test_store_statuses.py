"""Status changes: the bit, the note and the standing together; a revocation is for ever."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict, NotFound
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import EMPTY_LIST, read_bit, write_bit
from registry.store_ports import NewCredential, Standing, StatusOrder, StatusWriter
from tests.store_samples import NOW, Tenant, add_log, add_tenant, issue, new_credential, new_id, order

Step = Callable[[StatusWriter, StatusOrder], Standing]


def _step(name: str) -> Step:
    def step(statuses: StatusWriter, word: StatusOrder) -> Standing:
        done: Standing = getattr(statuses, name)(word)
        return done

    return step


REVOKE, SUSPEND, REINSTATE = map(_step, ("revoke", "suspend", "reinstate"))
ACTIVE, SUSPENDED, REVOKED = Standing.ACTIVE, Standing.SUSPENDED, Standing.REVOKED


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    add_log(store)
    return add_tenant(store, "north")


@pytest.fixture
def credential(store: SqlStore, tenant: Tenant) -> NewCredential:
    return issue(store, tenant)[0]


def bit(store: SqlStore, purpose: Purpose, credential: NewCredential) -> bool:
    number, index = divmod(credential.slot, LIST_SIZE)
    with store.read() as unit:
        return read_bit(unit.statuses.status_list(purpose, number).bits, index)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Steps one after the other, and what must come of them."""

    steps: list[Step]
    before: list[Standing]
    after: Standing
    notes: list[str]
    suspension_bit: bool


@pytest.mark.parametrize(
    "history",
    [
        History(steps=[REVOKE], before=[ACTIVE], after=REVOKED, notes=["revocation 1"], suspension_bit=False),
        History(
            steps=[REVOKE, REVOKE],
            before=[ACTIVE, REVOKED],
            after=REVOKED,
            notes=["revocation 1"],
            suspension_bit=False,
        ),
        History(steps=[SUSPEND], before=[ACTIVE], after=SUSPENDED, notes=["suspension 1"], suspension_bit=True),
        History(
            steps=[SUSPEND, SUSPEND],
            before=[ACTIVE, SUSPENDED],
            after=SUSPENDED,
            notes=["suspension 1"],
            suspension_bit=True,
        ),
        History(steps=[REINSTATE], before=[ACTIVE], after=ACTIVE, notes=[], suspension_bit=False),
        History(
            steps=[SUSPEND, REINSTATE, REINSTATE],
            before=[ACTIVE, SUSPENDED, ACTIVE],
            after=ACTIVE,
            notes=["suspension 1", "suspension 0"],
            suspension_bit=False,
        ),
        History(
            steps=[SUSPEND, REVOKE],
            before=[ACTIVE, SUSPENDED],
            after=REVOKED,
            notes=["suspension 1", "revocation 1"],
            suspension_bit=True,
        ),
    ],
    ids=lambda history: ",".join(history.notes) + str(len(history.steps)),
)
def test_standings_follow_each_other_and_each_true_change_is_noted_once(
    store: SqlStore, credential: NewCredential, history: History
) -> None:
    found = []
    for step in history.steps:
        with store.write() as unit:
            found.append(step(unit.statuses, order(credential.id)))

    with store.read() as seen:
        noted = seen.statuses.changes(credential.id)
        standing = seen.credentials.by_id(credential.id).standing
    assert found == history.before
    assert standing is history.after
    assert [f"{change.purpose} {change.value:d}" for change in noted] == history.notes
    assert bit(store, Purpose.REVOCATION, credential) == (history.after is REVOKED)
    assert bit(store, Purpose.SUSPENSION, credential) == history.suspension_bit


@pytest.mark.parametrize("step", [SUSPEND, REINSTATE])
def test_a_revocation_is_for_ever(store: SqlStore, credential: NewCredential, step: Step) -> None:
    with store.write() as unit:
        unit.statuses.revoke(order(credential.id))

    with pytest.raises(Conflict) as refused, store.write() as unit:
        step(unit.statuses, order(credential.id))

    assert refused.value.code == "revoked"
    assert bit(store, Purpose.REVOCATION, credential)


def test_a_credential_without_a_suspension_entry_cannot_be_suspended(store: SqlStore, tenant: Tenant) -> None:
    plain = new_credential(tenant, slot=1, suspendable=False)
    with store.write() as unit:
        unit.credentials.insert([plain])

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.statuses.suspend(order(plain.id))

    assert refused.value.code == "not-suspendable"


@pytest.mark.parametrize("step", [REVOKE, SUSPEND, REINSTATE])
def test_what_was_never_issued_has_no_standing(store: SqlStore, step: Step) -> None:
    with pytest.raises(NotFound), store.write() as unit:
        step(unit.statuses, order(new_id()))


def test_a_change_that_is_rolled_back_leaves_neither_bit_nor_note(store: SqlStore, credential: NewCredential) -> None:
    with contextlib.suppress(ZeroDivisionError), store.write() as unit:
        unit.statuses.revoke(order(credential.id))
        raise ZeroDivisionError

    with store.read() as seen:
        assert seen.statuses.changes(credential.id) == ()
        assert seen.statuses.lists() == ()
        assert seen.credentials.by_id(credential.id).standing is ACTIVE
    assert not bit(store, Purpose.REVOCATION, credential)


def test_a_note_says_what_was_said(store: SqlStore, credential: NewCredential) -> None:
    word = order(credential.id)
    with store.write() as unit:
        unit.statuses.revoke(word)

    with store.read() as seen:
        (noted,) = seen.statuses.changes(credential.id)

    told = (noted.id, noted.reason, noted.note, noted.changed_at, noted.changed_by)
    assert told == (word.id, word.reason, word.note, word.changed_at, word.changed_by)
    assert (noted.slot, noted.epoch) == (credential.slot, None)


def test_one_change_moves_one_bit_of_one_list(store: SqlStore, tenant: Tenant) -> None:
    credentials = issue(store, tenant, 40)
    revoked, suspended = credentials[:7], credentials[7:9]

    for number, credential in enumerate(credentials[:9]):
        with store.write() as unit:
            (unit.statuses.revoke if credential in revoked else unit.statuses.suspend)(
                order(credential.id, changed_at=NOW + timedelta(seconds=number))
            )

    with store.read() as seen:
        lists = seen.statuses.lists()
    expected = []
    for chosen in (revoked, suspended):
        bits = EMPTY_LIST
        for credential in chosen:
            bits = write_bit(bits, credential.slot % LIST_SIZE, value=True)
        expected.append(bits)
    assert [item.purpose for item in lists] == [Purpose.REVOCATION, Purpose.SUSPENSION]
    assert [item.bits for item in lists] == expected
    assert [item.changed_at for item in lists] == [NOW + timedelta(seconds=6), NOW + timedelta(seconds=8)]
    assert {item.issuer_id for item in lists} == {tenant.issuer_id}


def test_an_opened_list_is_all_zero_and_a_list_never_opened_is_not_there(
    store: SqlStore, credential: NewCredential, tenant: Tenant
) -> None:
    number = credential.slot // LIST_SIZE

    with store.read() as seen:
        found = seen.statuses.status_list(Purpose.SUSPENSION, number)
        with pytest.raises(NotFound) as refused:
            seen.statuses.status_list(Purpose.SUSPENSION, number + 1)

    assert (found.bits, found.issuer_id, found.changed_at) == (EMPTY_LIST, tenant.issuer_id, NOW)
    assert refused.value.code == "status-list-not-found"


def test_a_published_revocation_that_a_backup_does_not_know_is_taken_over(store: SqlStore, tenant: Tenant) -> None:
    first, second, third = issue(store, tenant, 3)
    with store.write() as unit:
        unit.statuses.revoke(order(second.id))
    published = write_bit(EMPTY_LIST, first.slot % LIST_SIZE, value=True)

    with store.write() as unit:
        set_now = unit.statuses.mark_bits_set(tenant.issuer_id, Purpose.REVOCATION, 0, published, now=NOW)
    with store.write() as unit:
        set_again = unit.statuses.mark_bits_set(tenant.issuer_id, Purpose.REVOCATION, 0, published, now=NOW)

    with store.read() as seen:
        standings = [seen.credentials.by_id(item.id).standing for item in (first, second, third)]
    assert (set_now, set_again) == (1, 0)
    assert standings == [REVOKED, REVOKED, ACTIVE]
    assert bit(store, Purpose.REVOCATION, first)
    assert bit(store, Purpose.REVOCATION, second)


def test_a_published_suspension_suspends_who_was_active(store: SqlStore, tenant: Tenant) -> None:
    first, second = issue(store, tenant, 2)
    with store.write() as unit:
        unit.statuses.revoke(order(second.id))
    published = EMPTY_LIST
    for credential in (first, second):
        published = write_bit(published, credential.slot % LIST_SIZE, value=True)

    with store.write() as unit:
        unit.statuses.mark_bits_set(tenant.issuer_id, Purpose.SUSPENSION, 0, published, now=NOW)

    with store.read() as seen:
        standings = [seen.credentials.by_id(item.id).standing for item in (first, second)]
    assert standings == [SUSPENDED, REVOKED]

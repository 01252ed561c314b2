"""Mailing: everything that waits is handed over, later and later after failures, given up at last, and said."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from registry.domain.errors import CredrootError, Refused, Unavailable
from registry.ports import Letter
from registry.service.claiming import ClaimOrder, order_claim
from registry.service.mailing import GIVEN_UP_AFTER, LEASE, LONGEST_DELAY, TAKEN_AT_ONCE, Mailer, next_try
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.store_ports import ClaimRecord, CredentialRecord, MailState
from tests.registry_world import PUBLIC_URL, World
from tests.store_samples import NOW

PATIENCE_SECONDS = 60


@dataclass(slots=True)
class Postbox:
    """An outbox that takes what it likes."""

    refuses: Callable[[Letter], CredrootError | None] = lambda _letter: None
    letters: list[Letter] = field(default_factory=list)
    taken: threading.Event = field(default_factory=threading.Event)

    def hand_over(self, letter: Letter) -> None:
        """Take a letter, or refuse it."""
        self.letters.append(letter)
        self.taken.set()
        refused = self.refuses(letter)
        if refused is not None:
            raise refused


@pytest.fixture
def credentials(sqlite_world: World) -> tuple[CredentialRecord, ...]:
    issuer = sqlite_world.add_issuer()
    achievement = sqlite_world.add_achievement(issuer)
    made = tuple(
        sqlite_world.issue(issuer, achievement, f"p{number}@example.org") for number in range(TAKEN_AT_ONCE + 1)
    )
    with sqlite_world.store.write() as unit:
        for number, credential in enumerate(made):
            order = ClaimOrder(address=f"p{number}@example.org", language="es")
            order_claim(sqlite_world.resources, unit, credential, order, again=False)
    return made


def claim(world: World, credential: CredentialRecord) -> ClaimRecord:
    with world.store.read() as unit:
        found = unit.claims.of_credential(credential.id)
    assert found is not None
    return found


def test_everything_that_waits_is_handed_over_once(
    sqlite_world: World, credentials: tuple[CredentialRecord, ...]
) -> None:
    postbox = Postbox()
    mailer = Mailer(sqlite_world.resources, postbox)

    counts = [mailer.send_due() for _ in range(3)]

    assert counts == [TAKEN_AT_ONCE, 1, 0]
    assert sorted(letter.recipient for letter in postbox.letters) == sorted(
        f"p{number}@example.org" for number in range(len(credentials))
    )
    assert {claim(sqlite_world, credential).mail for credential in credentials} == {MailState.SENT}


def test_a_letter_says_what_it_is_about(sqlite_world: World, credentials: tuple[CredentialRecord, ...]) -> None:
    postbox = Postbox()
    Mailer(sqlite_world.resources, postbox).send_due()

    letter = postbox.letters[0]

    assert letter.language == "es"
    assert "Data Analysis with Python" in letter.subject
    assert "Issuer poly" in letter.subject
    assert "Hola, Amal Haddad:" in letter.text
    assert f"{PUBLIC_URL}/claim/" in letter.text
    assert "2026-07-30" in letter.text
    assert len(credentials) > 1


def test_what_is_refused_for_good_is_not_tried_again(
    sqlite_world: World, credentials: tuple[CredentialRecord, ...]
) -> None:
    postbox = Postbox(lambda letter: Refused("mail-refused", "550") if letter.recipient[1] == "0" else None)
    mailer = Mailer(sqlite_world.resources, postbox)
    while mailer.send_due():
        pass
    sqlite_world.clock.advance(days=10)

    assert mailer.send_due() == 0
    first = claim(sqlite_world, credentials[0])
    assert (first.mail, first.failure, first.finished_at) == (MailState.FAILED, "mail-refused", NOW)
    assert claim(sqlite_world, credentials[1]).mail is MailState.SENT


def test_what_is_revoked_while_its_mail_waits_is_mailed_to_nobody(
    sqlite_world: World, credentials: tuple[CredentialRecord, ...]
) -> None:
    revoked, suspended = credentials[:2]
    with sqlite_world.store.write() as unit:
        issuer = unit.issuers.get(revoked.issuer_id)
        for credential, action in ((revoked, StatusAction.REVOKE), (suspended, StatusAction.SUSPEND)):
            request = StatusRequest(action=action, reason=Reason.OTHER)
            change_status(sqlite_world.resources, unit, issuer, credential.id, request, caller=sqlite_world.admin)
    postbox = Postbox()
    mailer = Mailer(sqlite_world.resources, postbox)

    while mailer.send_due():
        pass

    failed = claim(sqlite_world, revoked)
    assert (failed.mail, failed.failure) == (MailState.FAILED, "credential-revoked")
    assert claim(sqlite_world, suspended).mail is MailState.SENT
    assert sorted(letter.recipient for letter in postbox.letters) == sorted(
        f"p{number}@example.org" for number in range(1, len(credentials))
    )


def test_what_is_not_taken_is_tried_later_and_later_as_the_same_letter(
    sqlite_world: World, credentials: tuple[CredentialRecord, ...]
) -> None:
    postbox = Postbox(lambda _: Unavailable("mail-not-taken", "down"))
    mailer = Mailer(sqlite_world.resources, postbox)
    while mailer.send_due():
        pass
    at_first = list(postbox.letters)
    too_soon = mailer.send_due()
    sqlite_world.clock.advance(minutes=1)
    postbox.refuses = lambda _: None
    while mailer.send_due():
        pass

    assert too_soon == 0
    assert sorted(postbox.letters[len(at_first) :], key=str) == sorted(at_first, key=str)
    assert {claim(sqlite_world, credential).attempts for credential in credentials} == {2}


def test_what_nobody_takes_for_days_is_given_up(sqlite_world: World, credentials: tuple[CredentialRecord, ...]) -> None:
    mailer = Mailer(sqlite_world.resources, Postbox(lambda _: Unavailable("mail-not-taken", "down")))
    waited = timedelta()
    while claim(sqlite_world, credentials[0]).mail is MailState.WAITING and waited < 2 * GIVEN_UP_AFTER:
        while mailer.send_due():
            pass
        sqlite_world.clock.advance(hours=6)
        waited += timedelta(hours=6)

    first = claim(sqlite_world, credentials[0])
    assert (first.mail, first.failure) == (MailState.FAILED, "mail-not-taken")
    assert GIVEN_UP_AFTER <= waited < GIVEN_UP_AFTER + timedelta(days=1)


def test_delays_double_to_half_a_day() -> None:
    delays = [next_try(attempts, now=NOW) - NOW for attempts in (1, 2, 3, 10, 11, 10_000)]

    minute = timedelta(minutes=1)
    assert delays == [minute, 2 * minute, 4 * minute, 512 * minute, LONGEST_DELAY, LONGEST_DELAY]


def test_a_crash_after_the_handing_over_sends_the_same_letter_again(
    sqlite_world: World, credentials: tuple[CredentialRecord, ...]
) -> None:
    class Crash(BaseException):
        """The process ends here."""

    def crash(_: Letter) -> CredrootError:
        raise Crash

    postbox = Postbox(crash)
    with pytest.raises(Crash):
        Mailer(sqlite_world.resources, postbox).send_due()
    postbox.refuses = lambda _: None
    others = Mailer(sqlite_world.resources, postbox)
    while others.send_due():
        pass
    before = len(postbox.letters)
    sqlite_world.clock.advance(seconds=LEASE.total_seconds())
    while others.send_due():
        pass

    names = [letter.id for letter in postbox.letters]
    assert before == 1 + len(credentials) - TAKEN_AT_ONCE
    assert len(set(names)) == len(credentials) == len(names) - 1
    assert postbox.letters[0] in postbox.letters[1:]


def test_a_letter_that_nobody_foresaw_holds_up_no_other_and_is_tried_again(
    sqlite_world: World, credentials: tuple[CredentialRecord, ...]
) -> None:
    def odd(letter: Letter) -> CredrootError | None:
        if letter.recipient.startswith("p0@"):
            raise ZeroDivisionError
        return None

    postbox = Postbox(odd)
    mailer = Mailer(sqlite_world.resources, postbox)

    counts = [mailer.send_due() for _ in range(3)]
    others = {claim(sqlite_world, credential).mail for credential in credentials[1:]}
    first = claim(sqlite_world, credentials[0])
    postbox.refuses = lambda _: None
    sqlite_world.clock.advance(minutes=1)

    assert counts == [TAKEN_AT_ONCE, 1, 0]
    assert others == {MailState.SENT}
    assert (first.mail, first.failure) == (MailState.WAITING, "mail-not-made")
    assert mailer.send_due() == 1
    assert claim(sqlite_world, credentials[0]).mail is MailState.SENT


def test_nothing_is_handed_over_when_little_of_the_lease_remains(
    sqlite_world: World, credentials: tuple[CredentialRecord, ...]
) -> None:
    def slow(_: Letter) -> None:
        sqlite_world.clock.advance(minutes=2)

    postbox = Postbox(slow)
    mailer = Mailer(sqlite_world.resources, postbox)

    first = mailer.send_due()
    while any(claim(sqlite_world, credential).mail is MailState.WAITING for credential in credentials):
        sqlite_world.clock.advance(minutes=1)
        mailer.send_due()

    # At 0, 2 and 4 minutes; at 6, less than five of ten remain.
    assert first == 3
    assert len(postbox.letters) == len({letter.id for letter in postbox.letters}) == len(credentials)


def test_the_thread_hands_over_what_is_ordered_and_ends(
    sqlite_world: World, credentials: tuple[CredentialRecord, ...]
) -> None:
    postbox = Postbox()
    mailer = Mailer(sqlite_world.resources, postbox, poll_seconds=PATIENCE_SECONDS)
    mailer.start()
    mailer.start()
    try:
        assert postbox.taken.wait(PATIENCE_SECONDS)
        mailer.close()
        mailer.start()
        postbox.taken.clear()
        sqlite_world.clock.advance(hours=1)
        with sqlite_world.store.write() as unit:
            order = ClaimOrder(address="p0@example.org")
            order_claim(sqlite_world.resources, unit, credentials[0], order, again=True)
        mailer.wake()
        assert postbox.taken.wait(PATIENCE_SECONDS)
    finally:
        mailer.close()

    assert mailer.send_due() >= 0


def test_an_error_that_nobody_foresaw_ends_no_mailing(
    sqlite_world: World, credentials: tuple[CredentialRecord, ...]
) -> None:
    taken = threading.Event()

    def once_wrong(letter: Letter) -> CredrootError | None:
        if letter.recipient.startswith("p0@"):
            raise ZeroDivisionError
        taken.set()
        return None

    mailer = Mailer(sqlite_world.resources, Postbox(once_wrong), poll_seconds=0.01)
    mailer.start()
    try:
        assert taken.wait(PATIENCE_SECONDS)
    finally:
        mailer.close()
    assert len(credentials) == TAKEN_AT_ONCE + 1

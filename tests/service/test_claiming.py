"""Claims: one mail for one order, one use of one link, one holder, and no address that stays."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import text

from registry.domain.errors import Conflict, CredrootError, Malformed, NotFound, Refused
from registry.service.claiming import (
    LINK_DAYS,
    ClaimOrder,
    draw_secret,
    open_claim,
    open_held,
    order_claim,
    redeem_claim,
    switch_held,
)
from registry.store_ports import (
    AchievementRecord,
    ClaimRecord,
    ClaimState,
    CredentialRecord,
    DueMail,
    IssuerRecord,
)
from tests.registry_world import World

ADDRESS = "a@example.org"


@pytest.fixture
def credential(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> CredentialRecord:
    return world.issue(issuer, achievement, ADDRESS)


def order(
    world: World,
    credential: CredentialRecord,
    address: str = ADDRESS,
    *,
    again: bool = False,
    language: str | None = None,
) -> ClaimRecord:
    with world.store.write() as unit:
        asked = ClaimOrder(address=address, language=language)
        return order_claim(world.resources, unit, credential, asked, again=again)


def mails(world: World) -> tuple[DueMail, ...]:
    """Take what waits."""
    now = world.clock.now()
    with world.store.write() as unit:
        return unit.claims.take_due(now=now, limit=1_000, lease_until=now)


def claimed(world: World, credential: CredentialRecord) -> str:
    """Order, claim, and return the holder's secret."""
    order(world, credential)
    (mail,) = mails(world)
    secret = draw_secret(world.resources)
    redeem_claim(world.resources, mail.token, secret=secret)
    return secret


def test_an_order_that_is_repeated_is_one_mail(world: World, credential: CredentialRecord) -> None:
    first = order(world, credential)
    world.clock.advance(hours=1)

    assert order(world, credential, "A@Example.org") == first
    assert [mail.address for mail in mails(world)] == [ADDRESS]


def test_a_new_link_ends_the_old_one(world: World, credential: CredentialRecord) -> None:
    order(world, credential)
    (old,) = mails(world)
    world.clock.advance(hours=1)
    order(world, credential, again=True)
    (new,) = mails(world)

    assert open_claim(world.resources, new.token).state.credential.id == credential.id
    with pytest.raises(NotFound):
        open_claim(world.resources, old.token)


def test_a_button_pressed_twice_orders_one_new_link(world: World, credential: CredentialRecord) -> None:
    order(world, credential)
    world.clock.advance(hours=1)
    first = order(world, credential, again=True)
    world.clock.advance(seconds=5)

    assert order(world, credential, again=True) == first


def test_a_credential_goes_to_nobody_but_whom_it_was_issued_to(world: World, credential: CredentialRecord) -> None:
    with pytest.raises(Refused) as refused:
        order(world, credential, "b@example.org")

    assert refused.value.code == "claim-address-differs"
    assert mails(world) == ()


@pytest.mark.parametrize("address", ["", "nobody", "a@example.org\r\nBcc: b@example.org", "a@b"])
def test_what_is_no_address_is_refused(world: World, credential: CredentialRecord, address: str) -> None:
    with pytest.raises(Malformed) as refused:
        order(world, credential, address)

    assert refused.value.code == "malformed-email"


def test_a_link_that_went_elsewhere_is_replaced_only_when_that_is_asked_for(sqlite_world: World) -> None:
    # A credential that names nobody's e-mail address goes to any.
    world = sqlite_world
    issuer = world.add_issuer()
    credential = world.issue(issuer, world.add_achievement(issuer), "17-A")
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE credential SET document = :d"), {"d": b'{"credentialSubject":{}}'})
    credential = world.get(credential)
    order(world, credential, "old@example.org")

    with pytest.raises(Conflict) as refused:
        order(world, credential, "new@example.org")
    order(world, credential, "new@example.org", again=True)

    assert refused.value.code == "claim-exists"
    assert [mail.address for mail in mails(world)] == ["new@example.org"]


def test_the_letter_is_in_the_language_asked_for_or_the_achievement_s(world: World, issuer: IssuerRecord) -> None:
    spanish = world.add_achievement(issuer, inLanguage="es-MX")
    for address, language in (("a@example.org", None), ("b@example.org", "ar"), ("c@example.org", "de")):
        order(world, world.issue(issuer, spanish, address), address, language=language)

    assert {mail.address: mail.language for mail in mails(world)} == {
        "a@example.org": "es",
        "b@example.org": "ar",
        "c@example.org": "es",
    }


def test_the_holder_has_what_was_claimed(world: World, credential: CredentialRecord) -> None:
    secret = claimed(world, credential)

    held = open_held(world.resources, secret)

    assert (held.state.credential.id, held.url, held.code) == (credential.id, None, None)
    assert held.claim.state(world.clock.now()) is ClaimState.CLAIMED


def test_a_holder_switches_sharing(world: World, credential: CredentialRecord) -> None:
    secret = claimed(world, credential)

    switch_held(world.resources, secret, shared=True)
    shown = open_held(world.resources, secret)
    switch_held(world.resources, secret, shared=False)
    hidden = open_held(world.resources, secret)

    assert shown.url is not None
    assert shown.code is not None
    assert (hidden.url, hidden.code) == (None, None)


def test_a_link_is_used_once_and_the_same_press_twice_is_one_use(world: World, credential: CredentialRecord) -> None:
    order(world, credential)
    (mail,) = mails(world)
    secret = draw_secret(world.resources)

    redeem_claim(world.resources, mail.token, secret=secret)
    redeem_claim(world.resources, mail.token, secret=secret)
    with pytest.raises(NotFound):
        redeem_claim(world.resources, mail.token, secret=draw_secret(world.resources))

    assert open_held(world.resources, secret).state.credential.id == credential.id


def test_of_two_who_claim_at_once_one_holds_it(world: World, credential: CredentialRecord) -> None:
    order(world, credential)
    (mail,) = mails(world)
    secrets, begin = [draw_secret(world.resources) for _ in range(2)], Barrier(2)

    def claim(secret: str) -> str | None:
        begin.wait(30)
        try:
            redeem_claim(world.resources, mail.token, secret=secret)
        except NotFound as error:
            return error.code
        return None

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(claim, secrets))

    assert sorted(answers, key=str) == [None, "claim-not-found"]
    winner = secrets[answers.index(None)]
    assert open_held(world.resources, winner).state.credential.id == credential.id


def test_whoever_lost_the_page_gets_a_new_one_and_the_old_one_ends(world: World, credential: CredentialRecord) -> None:
    old = claimed(world, credential)
    world.clock.advance(hours=1)
    order(world, credential, again=True)
    (mail,) = mails(world)
    still = open_held(world.resources, old)
    new = draw_secret(world.resources)
    redeem_claim(world.resources, mail.token, secret=new)

    assert still.state.credential.id == open_held(world.resources, new).state.credential.id
    with pytest.raises(NotFound):
        open_held(world.resources, old)


def test_an_order_for_what_is_claimed_changes_nothing(world: World, credential: CredentialRecord) -> None:
    secret = claimed(world, credential)
    order(world, credential)

    assert mails(world) == ()
    assert open_held(world.resources, secret).state.credential.id == credential.id


def test_a_link_ends_and_the_credential_does_not(world: World, credential: CredentialRecord) -> None:
    order(world, credential)
    (mail,) = mails(world)
    world.clock.advance(days=LINK_DAYS)

    for attempt in (open_claim, lambda resources, token: redeem_claim(resources, token, secret="A" * 43)):
        with pytest.raises(NotFound) as refused:
            attempt(world.resources, mail.token)
        assert refused.value.code == "claim-not-found"
    assert world.get(credential).valid_until is None


@pytest.mark.parametrize("text", ["", "x", "A" * 43, "A" * 42 + "é", "A" * 44])
def test_what_was_never_a_link_tells_nothing(sqlite_world: World, text: str) -> None:
    for attempt in (open_claim, open_held):
        with pytest.raises(NotFound) as refused:
            attempt(sqlite_world.resources, text)
        assert refused.value.code == "claim-not-found"
    with pytest.raises(CredrootError):
        switch_held(sqlite_world.resources, text, shared=True)
    with pytest.raises(NotFound):
        redeem_claim(sqlite_world.resources, text, secret=text)


def test_no_address_link_or_secret_is_in_the_database_when_the_mail_is_sent(
    sqlite_world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = sqlite_world
    issuer = world.add_issuer()
    credential = world.issue(issuer, world.add_achievement(issuer), ADDRESS)
    order(world, credential)
    assert world.container.mailer is not None
    (mail,) = mails(world)
    assert world.container.mailer.send_due() == 1
    secret = draw_secret(world.resources)
    redeem_claim(world.resources, mail.token, secret=secret)

    with world.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        dump = "\n".join(raw.iterdump())

    for word in (ADDRESS, mail.token, secret):
        assert word not in dump
        assert word.encode().hex() not in dump.lower()


def test_two_who_order_a_mail_at_once_order_one(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    credentials = [world.issue(issuer, achievement, f"p{number}@example.org") for number in range(5)]
    begin, now = Barrier(2), world.clock.now()

    def order_and_take(_: int) -> list[DueMail]:
        taken: list[DueMail] = []
        for number, credential in enumerate(credentials):
            begin.wait(30)
            with world.store.write() as unit:
                asked = ClaimOrder(address=f"p{number}@example.org")
                order_claim(world.resources, unit, credential, asked, again=False)
                taken.extend(unit.claims.take_due(now=now, limit=9, lease_until=now + timedelta(hours=1)))
        return taken

    with ThreadPoolExecutor(2) as threads:
        taken = [mail.address for each in threads.map(order_and_take, range(2)) for mail in each]

    assert sorted(taken) == [f"p{number}@example.org" for number in range(5)]

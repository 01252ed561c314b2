"""Sharing: nobody sees what is not shared, and nobody sees it the moment it is not shared any more."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.domain.credential import Award
from registry.domain.errors import Conflict, NotFound
from registry.domain.slot import LIST_SIZE, Purpose
from registry.service.claiming import ClaimOrder, draw_secret, order_claim, redeem_claim
from registry.service.issuing import issue
from registry.service.present_state import PresentState, StandingWord
from registry.service.reissuing import Correction, supersede
from registry.service.sharing import find_shared, open_shared, switch_for_issuer, switch_sharing
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.store_ports import AchievementRecord, CredentialRecord, IssuerRecord, ShareRecord
from tests.registry_world import PUBLIC_URL, World


@pytest.fixture
def credential(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> CredentialRecord:
    return world.issue(issuer, achievement)


def switch(world: World, credential: CredentialRecord, *, shared: bool) -> ShareRecord | None:
    with world.store.write() as unit:
        return switch_sharing(world.resources, unit, credential.id, shared=shared)


def share(world: World, credential: CredentialRecord) -> ShareRecord:
    made = switch(world, credential, shared=True)
    assert made is not None
    return made


def test_a_shared_credential_is_found_by_every_name(world: World, credential: CredentialRecord) -> None:
    made = share(world, credential)
    url = f"{PUBLIC_URL}/c/{made.token.text}"

    for name in (url, f"{url}?lang=ar", made.token.text, made.code.text, made.code.spelled.lower()):
        found = find_shared(world.resources, name)
        assert found is not None
        assert (found.credential.id, found.url, found.code) == (credential.id, url, made.code.spelled)
    assert open_shared(world.resources, made.token.text).issuer.id == credential.issuer_id


@pytest.mark.parametrize("name", ["", "nobody", "AAECAwQFBgcICQoLDA0ODw", "00000-00000"])
def test_nothing_else_is_found(world: World, credential: CredentialRecord, name: str) -> None:
    share(world, credential)

    assert find_shared(world.resources, name) is None
    assert find_shared(world.resources, str(credential.id)) is None
    assert find_shared(world.resources, credential.document_id.urn) is None


def test_a_superseded_credential_leads_to_its_successor_while_that_is_shared(
    world: World, issuer: IssuerRecord, credential: CredentialRecord
) -> None:
    old = share(world, credential)
    with world.store.write() as unit:
        later = supersede(
            world.resources, unit, issuer, credential.id, Correction(name="Amal Haddad"), caller=world.admin
        )
    private = open_shared(world.resources, old.token.text)
    new = share(world, later)
    shared = open_shared(world.resources, old.token.text)
    switch(world, later, shared=False)
    hidden_again = open_shared(world.resources, old.token.text)

    assert private.state.word is StandingWord.SUPERSEDED
    assert (private.successor, hidden_again.successor) == (None, None)
    assert shared.successor == f"{PUBLIC_URL}/c/{new.token.text}"
    assert open_shared(world.resources, old.token.text).url == f"{PUBLIC_URL}/c/{old.token.text}"


def test_hidden_and_unknown_are_the_same(world: World, credential: CredentialRecord) -> None:
    made = share(world, credential)
    switch(world, credential, shared=False)

    problems = []
    for token in (made.token.text, "AAECAwQFBgcICQoLDA0ODw", "no token"):
        with pytest.raises(NotFound) as refused:
            open_shared(world.resources, token)
        problems.append((refused.value.code, refused.value.message))

    assert len(set(problems)) == 1
    assert find_shared(world.resources, made.code.spelled) is None


def test_a_link_that_was_switched_off_is_the_same_when_it_is_on_again(
    world: World, credential: CredentialRecord
) -> None:
    first = share(world, credential)
    hidden = switch(world, credential, shared=False)

    assert hidden == replace(first, hidden_at=world.clock.now())
    assert share(world, credential) == first


def test_what_was_never_shown_has_no_link(world: World, credential: CredentialRecord) -> None:
    assert switch(world, credential, shared=False) is None


def test_a_code_that_is_taken_is_drawn_again(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    issuer = world.add_issuer()
    achievement = world.add_achievement(issuer)
    drawn = iter([b"1" * 16, b"1" * 7, b"1" * 16, b"1" * 7, b"2" * 16, b"2" * 7])
    resources = replace(world.resources, random_bytes=lambda _size: next(drawn))

    first, second = world.issue(issuer, achievement, "a@example.org"), world.issue(issuer, achievement, "b@example.org")
    with world.store.write() as unit:
        one = switch_sharing(resources, unit, first.id, shared=True)
        other = switch_sharing(resources, unit, second.id, shared=True)

    assert one is not None
    assert other is not None
    assert one.code != other.code


def test_a_code_that_is_never_free_is_refused(sqlite_world: World) -> None:
    world = sqlite_world
    issuer = world.add_issuer()
    achievement = world.add_achievement(issuer)
    resources = replace(world.resources, random_bytes=bytes)
    first, second = world.issue(issuer, achievement, "a@example.org"), world.issue(issuer, achievement, "b@example.org")
    with world.store.write() as unit:
        switch_sharing(resources, unit, first.id, shared=True)

    with pytest.raises(Conflict) as refused, world.store.write() as unit:
        switch_sharing(resources, unit, second.id, shared=True)

    assert refused.value.code == "share-code-taken"


def test_an_issuer_shows_nothing_that_its_earner_has_claimed(world: World, credential: CredentialRecord) -> None:
    with world.store.write() as unit:
        assert switch_for_issuer(world.resources, unit, credential, shared=True, caller=world.admin) is not None
        order_claim(world.resources, unit, credential, ClaimOrder(address="a@example.org"), again=False)
        (mail,) = unit.claims.take_due(now=world.clock.now(), limit=1, lease_until=world.clock.now())
    redeem_claim(world.resources, mail.token, secret=draw_secret(world.resources))

    with world.store.write() as unit:
        hidden = switch_for_issuer(world.resources, unit, credential, shared=False, caller=world.admin)
    with pytest.raises(Conflict) as refused, world.store.write() as unit:
        switch_for_issuer(world.resources, unit, credential, shared=True, caller=world.admin)

    assert hidden is not None
    assert hidden.hidden_at is not None
    assert refused.value.code == "shared-by-earner"


@pytest.mark.parametrize(
    ("action", "reason", "word"),
    [
        (StatusAction.REVOKE, Reason.MISCONDUCT, StandingWord.REVOKED),
        (StatusAction.REVOKE, Reason.SUPERSEDED, StandingWord.SUPERSEDED),
        (StatusAction.SUSPEND, Reason.UNDER_REVIEW, StandingWord.SUSPENDED),
    ],
)
def test_what_its_issuer_said_of_it_is_told(  # noqa: PLR0917  # fixtures
    world: World,
    issuer: IssuerRecord,
    credential: CredentialRecord,
    action: StatusAction,
    reason: Reason,
    word: StandingWord,
) -> None:
    made = share(world, credential)
    with world.store.write() as unit:
        change_status(
            world.resources,
            unit,
            issuer,
            credential.id,
            StatusRequest(action=action, reason=reason),
            caller=world.admin,
        )

    state = open_shared(world.resources, made.token.text).state

    assert (state.word, state.reason, state.since) == (word, reason, world.clock.now())


def test_time_and_anchoring_are_told(sqlite_world: World) -> None:
    world = sqlite_world
    issuer = world.add_issuer()
    achievement = world.add_achievement(issuer)
    now = world.clock.now().replace(microsecond=0)
    award = Award(valid_from=now, valid_until=now + timedelta(days=10), awarded=now, results=("A",))
    with world.store.write() as unit:
        made = issue(
            world.resources, unit, issuer, achievement.id, world.order("a@example.org", award=award), caller=world.admin
        )
        token = switch_sharing(world.resources, unit, made.id, shared=True)
    assert token is not None

    def state() -> PresentState:
        return open_shared(world.resources, token.token.text).state

    waiting = state()
    world.clock.advance(minutes=1)
    world.anchor()
    anchored = state()
    world.clock.advance(days=11)
    expired = state()
    world.clock.advance(days=-20)
    early = state()

    assert (waiting.word, waiting.anchored_at) == (StandingWord.VALID, None)
    assert (anchored.word, anchored.anchored_at) == (StandingWord.VALID, waiting.told_at + timedelta(minutes=1))
    assert expired.word is StandingWord.EXPIRED
    assert early.word is StandingWord.NOT_YET_VALID


def test_a_revocation_that_a_restore_brought_has_no_reason(sqlite_world: World) -> None:
    world = sqlite_world
    issuer = world.add_issuer()
    credential = world.issue(issuer, world.add_achievement(issuer))
    token = share(world, credential).token.text
    number, place = divmod(credential.slot, LIST_SIZE)
    bits = bytearray(LIST_SIZE // 8)
    bits[place // 8] = 0x80 >> place % 8
    with world.store.write() as unit:
        unit.statuses.mark_bits_set(issuer.id, Purpose.REVOCATION, number, bytes(bits), now=world.clock.now())

    state = open_shared(world.resources, token).state

    assert (state.word, state.reason, state.since) == (StandingWord.REVOKED, None, None)

"""Renewing: from now on, by the newest version, once unless what renewed it was revoked."""

from datetime import UTC, date, datetime, timedelta

import pytest

from registry.domain.errors import Conflict, Malformed
from registry.service.achievements import add_version
from registry.service.statuses import StatusAction
from registry.store_ports import (
    AchievementRecord,
    CredentialLink,
    IssuerRecord,
    LinkKind,
    Standing,
)
from tests.registry_world import BODY, World
from tests.service.test_reissuing import corrected, full, name_of, renewed, stand, words


def test_a_renewal_goes_on_from_now_by_the_newest_version_and_leaves_the_old_one(
    world: World, issuer: IssuerRecord
) -> None:
    achievement = world.add_achievement(issuer, validityDays=365)
    earlier = full(world, issuer, achievement)
    with world.store.write() as unit:
        body = {**BODY, "name": "Later", "validityDays": 365}
        add_version(world.resources, unit, issuer, achievement.id, body, caller=world.admin)
    world.clock.advance(days=20)

    later = renewed(world, issuer, earlier)

    after, now = words(later), world.clock.now().replace(microsecond=0)
    assert (after["name"], later.achievement_version) == ("Later", 2)
    assert (later.valid_from, later.valid_until) == (now, now + timedelta(days=365))
    assert after["awardedDate"] == after["validFrom"]
    assert name_of(later) == "Amal Hadad"
    assert world.get(earlier).standing is Standing.ACTIVE
    with world.store.read() as unit:
        assert unit.links.of([later.id])[later.id] == (
            CredentialLink(kind=LinkKind.RENEWS, earlier_id=earlier.id, later_id=later.id),
        )
    # The renewed one can be corrected, and renewed in its turn.
    corrected(world, issuer, renewed(world, issuer, later, expires_on=date(2040, 1, 1)), name="Amal Haddad")


def test_a_renewal_that_was_revoked_stands_in_nobodys_way(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    earlier = world.issue(issuer, achievement, days=9)
    mistaken = renewed(world, issuer, earlier, expires_on=date(2039, 1, 1))
    stand(world, issuer, mistaken, StatusAction.REVOKE)
    before = datetime(2027, 1, 1, tzinfo=UTC)

    with world.store.read() as unit:
        due = unit.credentials.expiring(issuer.id, before=before, after=None, limit=10)
    later = renewed(world, issuer, earlier, expires_on=date(2040, 1, 1))

    with world.store.read() as unit:
        links = unit.links.of([earlier.id])[earlier.id]
        rest = unit.credentials.expiring(issuer.id, before=before, after=None, limit=10)
    assert [record.id for record in due] == [earlier.id]
    assert [(link.kind, link.later_id) for link in links] == [
        (LinkKind.RENEWS, mistaken.id),
        (LinkKind.RENEWS, later.id),
    ]
    assert rest == ()


def test_a_renewal_that_was_corrected_renews_still(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    earlier = world.issue(issuer, achievement, days=9)
    later = renewed(world, issuer, earlier, expires_on=date(2039, 1, 1))
    correct = corrected(world, issuer, later, name="Amal Haddad-Núñez")
    before = datetime(2027, 1, 1, tzinfo=UTC)

    with pytest.raises(Conflict) as refused:
        renewed(world, issuer, earlier, expires_on=date(2040, 1, 1))
    with world.store.read() as unit:
        due = unit.credentials.expiring(issuer.id, before=before, after=None, limit=10)
    stand(world, issuer, correct, StatusAction.REVOKE)
    again = renewed(world, issuer, earlier, expires_on=date(2040, 1, 1))

    assert (refused.value.code, due) == ("already-renewed", ())
    with world.store.read() as unit:
        found = unit.links.of([earlier.id])[earlier.id]
    assert [link.later_id for link in found] == [later.id, correct.id, again.id]


def test_what_is_corrected_after_it_was_renewed_stays_renewed(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    earlier = world.issue(issuer, achievement, days=9)
    mistaken = renewed(world, issuer, earlier, expires_on=date(2038, 1, 1))
    stand(world, issuer, mistaken, StatusAction.REVOKE)
    later = renewed(world, issuer, earlier, expires_on=date(2039, 1, 1))
    correct = corrected(world, issuer, earlier, name="Amal Haddad-Núñez")
    before = datetime(2027, 1, 1, tzinfo=UTC)

    with pytest.raises(Conflict) as refused:
        renewed(world, issuer, correct, expires_on=date(2040, 1, 1))
    with world.store.read() as unit:
        due = unit.credentials.expiring(issuer.id, before=before, after=None, limit=10)
        links = unit.links.of([earlier.id, correct.id])
    stand(world, issuer, later, StatusAction.REVOKE)
    again = renewed(world, issuer, correct, expires_on=date(2040, 1, 1))

    assert (refused.value.code, due) == ("already-renewed", ())
    assert [(link.kind, link.later_id) for link in links[earlier.id]] == [(LinkKind.SUPERSEDES, correct.id)]
    assert [(link.kind, link.earlier_id, link.later_id) for link in links[correct.id]] == [
        (LinkKind.RENEWS, correct.id, mistaken.id),
        (LinkKind.RENEWS, correct.id, later.id),
        (LinkKind.SUPERSEDES, earlier.id, correct.id),
    ]
    assert again.standing is Standing.ACTIVE


@pytest.mark.parametrize("expires_on", [date(2026, 6, 2), None])
def test_a_renewal_ends_later(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, expires_on: date | None
) -> None:
    earlier = world.issue(issuer, achievement, days=400) if expires_on else world.issue(issuer, achievement)

    with pytest.raises(Malformed) as refused:
        renewed(world, issuer, earlier, expires_on=expires_on)

    assert refused.value.code == "renewal-not-later"


def test_what_ends_soon_is_listed_until_it_is_renewed_or_revoked(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    soon, later, never, revoked, renewed_one = (
        world.issue(issuer, achievement, f"{n}@example.org", days=days)
        for n, days in (("a", 10), ("b", 100), ("c", 0), ("d", 10), ("e", 10))
    )
    stand(world, issuer, revoked, StatusAction.REVOKE)
    renewed(world, issuer, renewed_one, expires_on=date(2040, 1, 1))
    before = datetime(2026, 7, 1, tzinfo=UTC)

    with world.store.read() as unit:
        found = unit.credentials.expiring(issuer.id, before=before, after=None, limit=10)
        every = unit.credentials.expiring(issuer.id, before=before + timedelta(days=365), after=None, limit=10)
        rest = unit.credentials.expiring(issuer.id, before=before, after=soon.id, limit=10)
    assert [record.id for record in found] == [soon.id]
    assert [record.id for record in every] == [soon.id, later.id]
    assert rest == ()
    assert never.valid_until is None

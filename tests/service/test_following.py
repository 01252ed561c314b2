"""What followed a credential, of as many as a chunk of an upload may name."""

from datetime import date
from uuid import UUID

from registry.service.following import followers_of_upload
from registry.store_ports import AchievementRecord, IssuerRecord
from tests.registry_world import World
from tests.service.test_reissuing import corrected, renewed
from tests.service.test_upload_claims import ENDING, issued

MANY = 33_000
"""Each is asked for as the earlier and as the later one: more than the 65,535 parameters a statement that PostgreSQL takes, and
the 32,766 of SQLite as it comes."""


def test_of_many_credentials_those_that_followed_one_of_an_upload_are_told(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    upload = issued(world, issuer, achievement, ENDING)
    first, second, *_ = world.issued(upload)
    correct = corrected(world, issuer, renewed(world, issuer, first, expires_on=date(2040, 1, 1)), name="A.")
    renewal = renewed(world, issuer, second, expires_on=date(2040, 1, 1))
    other = world.issue(issuer, achievement, "other@example.org", days=9)
    not_of_it = corrected(world, issuer, other, name="O.")
    asked = {UUID(int=number) for number in range(MANY)} | {correct.id, renewal.id, not_of_it.id}

    with world.store.read() as unit:
        found = followers_of_upload(unit, asked, upload.id)

    assert found == {correct.id, renewal.id}

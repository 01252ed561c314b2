"""Achievements and credentials: frozen versions, unique slots, no award twice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from registry.domain.canonical import parse_object
from registry.domain.errors import Conflict, CredrootError, Malformed, NotFound
from registry.domain.leaf import leaf_of_document
from registry.domain.recipient import IdentityType
from registry.domain.slot import parse_credential_slot
from registry.service.achievements import add_version, create_achievement
from registry.service.issuing import Person, find_recipient, issue
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.store_ports import AchievementRecord, CredentialRecord, IssuerRecord
from tests.registry_world import BODY, PUBLIC_URL, World
from tests.store_samples import LOG


def subject_of(credential: CredentialRecord) -> Any:  # noqa: ANN401  # JSON of any shape
    return parse_object(credential.document)["credentialSubject"]


def new_version(
    world: World,
    issuer: IssuerRecord,
    achievement: AchievementRecord,
    **changes: Any,  # noqa: ANN401  # any member
) -> AchievementRecord:
    with world.store.write() as unit:
        return add_version(world.resources, unit, issuer, achievement.id, {**BODY, **changes}, caller=world.admin)


def revoke(world: World, issuer: IssuerRecord, credential: CredentialRecord) -> None:
    request = StatusRequest(action=StatusAction.REVOKE, reason=Reason.ISSUED_IN_ERROR)
    with world.store.write() as unit:
        change_status(world.resources, unit, issuer, credential.id, request, caller=world.admin)


def test_an_edited_achievement_is_a_new_version_and_old_credentials_keep_the_old_text(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    before = world.issue(issuer, achievement, "a@example.org")

    edited = new_version(world, issuer, achievement, name="Data Analysis, second edition")
    after = world.issue(issuer, achievement, "b@example.org")

    assert (achievement.version, edited.version) == (1, 2)
    assert (before.achievement_version, after.achievement_version) == (1, 2)
    assert subject_of(world.get(before))["achievement"]["name"] == BODY["name"]
    assert subject_of(after)["achievement"]["name"] == "Data Analysis, second edition"
    assert [subject_of(item)["achievement"]["version"] for item in (before, after)] == ["1", "2"]


def test_a_new_version_may_be_awarded_to_who_holds_the_old_one(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    world.issue(issuer, achievement, "a@example.org")
    new_version(world, issuer, achievement, name="Second edition")

    assert world.issue(issuer, achievement, "a@example.org").achievement_version == 2


def test_a_micro_credential_without_alignment_is_refused_and_a_course_is_not(
    world: World, issuer: IssuerRecord
) -> None:
    body = {name: member for name, member in BODY.items() if name != "alignment"}

    with pytest.raises(CredrootError) as refused, world.store.write() as unit:
        create_achievement(world.resources, unit, issuer, body, caller=world.admin)
    with world.store.write() as unit:
        course = create_achievement(
            world.resources, unit, issuer, {**body, "achievementType": "Course"}, caller=world.admin
        )

    assert refused.value.code == "achievement-without-alignment"
    assert course.version == 1


def test_another_issuer_s_achievement_is_not_found(world: World, achievement: AchievementRecord) -> None:
    other = world.add_issuer("other")

    with pytest.raises(NotFound):
        world.issue(other, achievement)
    with pytest.raises(NotFound):
        new_version(world, other, achievement)


def test_what_is_stored_is_what_was_signed(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    credential = world.issue(issuer, achievement)

    document = parse_object(credential.document)
    slot = parse_credential_slot(document)
    assert leaf_of_document(document) == credential.leaf
    assert (slot.log, slot.slot, len(slot.purposes)) == (LOG.name, credential.slot, 2)
    assert slot.revocation_url == f"{PUBLIC_URL}/status/{LOG.name}/revocation/{credential.slot // 131_072}"
    assert document["id"] == credential.document_id.urn
    assert credential.document_id.version == 4


def test_two_credentials_of_one_person_have_nothing_in_common_to_link_them_by(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    other = world.add_achievement(issuer, name="Another")

    one, two = (subject_of(world.issue(issuer, item))["identifier"] for item in (achievement, other))

    hashed = [[item for item in identities if item["hashed"]] for identities in (one, two)]
    assert [len(items) for items in hashed] == [1, 1]
    assert hashed[0][0]["salt"] != hashed[1][0]["salt"]
    assert hashed[0][0]["identityHash"] != hashed[1][0]["identityHash"]
    assert "a@example.org" not in str((one, two))


def test_the_same_award_twice_is_refused_and_names_the_one_that_stands(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    first = world.issue(issuer, achievement, "a@example.org")

    with pytest.raises(Conflict) as refused:
        world.issue(issuer, achievement, "A@EXAMPLE.org")

    assert refused.value.code == "already-issued"
    assert str(first.id) in refused.value.message


def test_the_same_person_by_another_identifier_is_a_duplicate_too(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    both = Person(name=None, identifiers=((IdentityType.EMAIL, "a@b.org"), (IdentityType.SYSTEM, "S-1")))
    number = Person(name=None, identifiers=((IdentityType.SYSTEM, "S-1"),))
    with world.store.write() as unit:
        issue(world.resources, unit, issuer, achievement.id, world.order("", person=both), caller=world.admin)

    with pytest.raises(Conflict) as refused, world.store.write() as unit:
        issue(world.resources, unit, issuer, achievement.id, world.order("", person=number), caller=world.admin)

    assert refused.value.code == "already-issued"


def test_duplicates_may_be_allowed(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    world.issue(issuer, achievement)

    with world.store.write() as unit:
        again = issue(
            world.resources,
            unit,
            issuer,
            achievement.id,
            world.order("a@example.org", allow_duplicate=True),
            caller=world.admin,
        )

    assert again.duplicate_key is None


def test_what_was_revoked_can_be_issued_again(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    first = world.issue(issuer, achievement)
    revoke(world, issuer, first)

    second = world.issue(issuer, achievement)

    assert second.slot != first.slot
    with pytest.raises(Conflict):
        world.issue(issuer, achievement)


def test_a_recipient_s_credentials_are_found_by_any_spelling_of_an_identifier(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    credential = world.issue(issuer, achievement, "Amal@Example.org")

    with world.store.read() as unit:
        key = find_recipient(unit, "amal@example.org")
        found = unit.credentials.of_recipient(key, issuer_id=issuer.id, after=None, limit=10)

    assert [item.id for item in found] == [credential.id]


def test_slots_are_unique_among_threads(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    with ThreadPoolExecutor(max_workers=4) as threads:
        issued = list(threads.map(lambda n: world.issue(issuer, achievement, f"p{n}@example.org"), range(24)))

    slots = [credential.slot for credential in issued]
    assert len(set(slots)) == 24
    # Drawn at random: an ascending run of this length comes once in 24! times.
    assert slots != sorted(slots)


def test_of_two_requests_at_the_same_moment_one_is_a_duplicate(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    def attempt(_number: int) -> str:
        try:
            world.issue(issuer, achievement, "same@example.org")
        except Conflict as error:
            return error.code
        return "issued"

    with ThreadPoolExecutor(max_workers=4) as threads:
        outcomes = sorted(threads.map(attempt, range(4)))

    assert outcomes[-1] == "issued"
    assert set(outcomes[:-1]) <= {"already-issued", "credential-duplicate-key-taken"}


@pytest.mark.parametrize("results", [("Z",), ("A", "B")])
def test_results_that_the_achievement_does_not_describe_are_refused(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, results: tuple[str, ...]
) -> None:
    order = world.order("a@example.org")
    award = type(order.award)(valid_from=order.award.valid_from, valid_until=None, awarded=None, results=results)

    with pytest.raises(Malformed), world.store.write() as unit:
        issue(
            world.resources, unit, issuer, achievement.id, world.order("a@example.org", award=award), caller=world.admin
        )

    with world.store.read() as unit:
        assert unit.credentials.page(issuer.id, after=None, limit=1) == ()


def test_an_unknown_achievement_is_not_found(world: World, issuer: IssuerRecord) -> None:
    with pytest.raises(NotFound) as refused, world.store.write() as unit:
        issue(world.resources, unit, issuer, uuid4(), world.order("a@example.org"), caller=world.admin)

    assert refused.value.code == "achievement-not-found"

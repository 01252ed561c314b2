"""Superseding and renewing: what stays, what changes, both linked, each once."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from registry.domain.credential import Evidence
from registry.domain.errors import Conflict, CredrootError, Malformed, NotFound, Refused
from registry.domain.recipient import IdentityType, identity_matches
from registry.domain.slot import Purpose
from registry.service.achievements import add_version
from registry.service.approving import set_approvals
from registry.service.issuing import Person, find_recipient, issue
from registry.service.reissuing import Correction, renew, supersede
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.service.vc_issuing import DocumentOrder, issue_document
from registry.store_ports import (
    AchievementRecord,
    Approvals,
    CredentialLink,
    CredentialRecord,
    IssuerRecord,
    LinkKind,
    Standing,
)
from registry.web.vc_examples import UNSIGNED
from tests.registry_world import BODY, World

NOTHING = Correction()


def corrected(world: World, issuer: IssuerRecord, earlier: CredentialRecord, **changes: Any) -> CredentialRecord:  # noqa: ANN401
    with world.store.write() as unit:
        return supersede(world.resources, unit, issuer, earlier.id, Correction(**changes), caller=world.admin)


def renewed(world: World, issuer: IssuerRecord, earlier: CredentialRecord, **changes: Any) -> CredentialRecord:  # noqa: ANN401
    with world.store.write() as unit:
        return renew(world.resources, unit, issuer, earlier.id, Correction(**changes), caller=world.admin)


def words(record: CredentialRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(record.document)
    return found


def name_of(record: CredentialRecord) -> str:
    return next(
        str(item["identityHash"])
        for item in words(record)["credentialSubject"]["identifier"]
        if item["identityType"] == "name"
    )


def full(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> CredentialRecord:
    """Issue a credential that says everything it can."""
    order = world.order("amal@example.org")
    award = replace(
        order.award,
        valid_until=order.award.valid_from + timedelta(days=30),
        evidence=(Evidence(url="https://evidence.example.org/1", name="Capstone", description="d"),),
        narrative="a narrative",
        credits_earned=2.5,
        activity_start=order.award.valid_from - timedelta(days=90),
        activity_end=order.award.valid_from,
        license_number="L-1",
    )
    person = Person(
        name="Amal Hadad",
        id="did:example:amal",
        identifiers=((IdentityType.EMAIL, "amal@example.org"), (IdentityType.SYSTEM, "S-1")),
    )
    with world.store.write() as unit:
        made = issue(
            world.resources,
            unit,
            issuer,
            achievement.id,
            replace(order, person=person, award=award),
            caller=world.admin,
        )
        return unit.credentials.get(issuer.id, made.id)


def test_what_is_not_said_anew_is_as_it_was(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    earlier = full(world, issuer, achievement)
    with world.store.write() as unit:
        add_version(world.resources, unit, issuer, achievement.id, {**BODY, "name": "Later"}, caller=world.admin)

    later = corrected(world, issuer, earlier, name="Amal Haddad")

    before, after = words(earlier), words(later)
    assert (name_of(earlier), name_of(later)) == ("Amal Hadad", "Amal Haddad")
    for document in (before, after):
        for member in ("id", "credentialStatus", "proof"):
            del document[member]
        document["credentialSubject"]["identifier"] = document["credentialSubject"]["identifier"][:-1]
    assert after == before
    assert (later.achievement_version, later.valid_until) == (1, earlier.valid_until)


def test_everything_can_be_said_anew(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    earlier = full(world, issuer, achievement)
    person = Person(name="Zoë Núñez", identifiers=((IdentityType.EMAIL, "zoe@example.org"),))

    later = corrected(
        world,
        issuer,
        earlier,
        person=person,
        issued_on=date(2026, 5, 1),
        expires_on=date(2027, 5, 1),
        results=("B",),
        evidence=(),
        narrative="another",
    )

    after = words(later)
    subject = after["credentialSubject"]
    assert (after["validFrom"], after["awardedDate"], after["validUntil"]) == (
        "2026-05-01T00:00:00Z",
        "2026-05-01T00:00:00Z",
        "2027-05-01T23:59:59Z",
    )
    assert (subject["result"][0]["value"], subject["narrative"], "evidence" in after) == ("B", "another", False)
    assert "id" not in subject
    assert identity_matches(subject["identifier"][0], "zoe@example.org")


def test_the_old_one_is_revoked_and_both_are_linked_in_one_transaction(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    earlier = world.issue(issuer, achievement)

    later = corrected(world, issuer, earlier, name="Another", note="told by the holder")

    link = CredentialLink(kind=LinkKind.SUPERSEDES, earlier_id=earlier.id, later_id=later.id)
    with world.store.read() as unit:
        (change,) = unit.statuses.changes(earlier.id)
        links = unit.links.of([earlier.id, later.id])
        entries = unit.audit.of_issuer(issuer.id, before=None, limit=2)
    assert world.get(earlier).standing is Standing.REVOKED
    assert (change.reason, change.note) == ("superseded", "told by the holder")
    assert links == {earlier.id: (link,), later.id: (link,)}
    assert [entry.action for entry in entries] == ["credential-superseded", "credential-revoked"]
    assert entries[0].details == {"earlier": str(earlier.id), "leaf": later.leaf.hex()}


def test_the_new_document_tells_nothing_of_the_old_one(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    earlier = world.issue(issuer, achievement)

    later = corrected(world, issuer, earlier, name="Another")

    text = later.document.decode()
    for told in (earlier.document_id.hex, str(earlier.document_id), str(earlier.id), earlier.leaf.hex(), "Amal"):
        assert told not in text


def test_the_recipient_is_found_and_told_from_others_as_before(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    earlier = world.issue(issuer, achievement, "a@example.org")

    later = corrected(world, issuer, earlier, name="Another")

    with pytest.raises(Conflict) as twice:
        world.issue(issuer, achievement, "a@example.org")
    with world.store.read() as unit:
        key = find_recipient(unit, "a@example.org")
        found = unit.credentials.of_recipient(key, issuer_id=issuer.id, after=None, limit=10)
    assert twice.value.code == "already-issued"
    assert [record.id for record in found] == [earlier.id, later.id]


def test_another_recipient_must_not_hold_it_already(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    earlier = world.issue(issuer, achievement, "wrong@example.org")
    world.issue(issuer, achievement, "right@example.org")
    person = Person(name="Right", identifiers=((IdentityType.EMAIL, "right@example.org"),))

    with pytest.raises(Conflict) as refused:
        corrected(world, issuer, earlier, person=person)

    assert refused.value.code == "already-issued"
    assert world.get(earlier).standing is Standing.ACTIVE


def test_a_recipient_who_may_hold_it_twice_still_may(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    order = world.order("a@example.org", allow_duplicate=True)
    person = Person(name="Right", identifiers=((IdentityType.EMAIL, "a@example.org"),))
    with world.store.write() as unit:
        made = issue(world.resources, unit, issuer, achievement.id, order, caller=world.admin)
        earlier = unit.credentials.get(issuer.id, made.id)

    corrected(world, issuer, earlier, person=person)

    world.issue(issuer, achievement, "b@example.org")


def stand(world: World, issuer: IssuerRecord, record: CredentialRecord, action: StatusAction) -> None:
    request = StatusRequest(action=action, reason=Reason.OTHER)
    with world.store.write() as unit:
        change_status(world.resources, unit, issuer, record.id, request, caller=world.admin)


@pytest.mark.parametrize("again", [corrected, renewed])
def test_what_is_revoked_or_suspended_is_not_issued_again(
    world: World,
    issuer: IssuerRecord,
    achievement: AchievementRecord,
    again: Any,  # noqa: ANN401
) -> None:
    revoked, suspended = (world.issue(issuer, achievement, f"{n}@example.org", days=9) for n in "ab")
    stand(world, issuer, revoked, StatusAction.REVOKE)
    stand(world, issuer, suspended, StatusAction.SUSPEND)

    for record, code in ((revoked, "revoked"), (suspended, "suspended")):
        with pytest.raises(Conflict) as refused:
            again(world, issuer, record, expires_on=date(2040, 1, 1))
        assert refused.value.code == code


@pytest.mark.parametrize("again", [corrected, renewed])
def test_what_is_not_there_not_of_an_achievement_or_not_approved_is_not_issued_again(
    world: World,
    issuer: IssuerRecord,
    achievement: AchievementRecord,
    again: Any,  # noqa: ANN401
) -> None:
    record = world.issue(issuer, achievement, days=9)
    order = DocumentOrder(document=UNSIGNED, purposes=(Purpose.REVOCATION,))
    with world.store.write() as unit:
        issue_document(world.resources, unit, issuer, order, caller=world.admin)
        other = unit.credentials.page(issuer.id, after=record.id, limit=1)[0]

    problems: list[tuple[type[CredrootError], str]] = []
    for earlier in (replace(record, id=uuid4()), other):
        with pytest.raises(CredrootError) as refused:
            again(world, issuer, earlier)
        problems.append((type(refused.value), refused.value.code))
    with world.store.write() as unit:
        issuer = set_approvals(world.resources, unit, issuer, Approvals.SECOND_PERSON, caller=world.admin)
    with pytest.raises(Refused) as unapproved:
        again(world, issuer, record)

    assert problems == [(NotFound, "credential-not-found"), (Refused, "not-of-an-achievement")]
    assert unapproved.value.code == "approval-needed"
    assert "upload a file of one row that allows duplicates" in unapproved.value.message
    # A renewal replaces nothing: revoked by mistake, a credential stays revoked.
    assert ("revoke" in unapproved.value.message) == (again is corrected)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issued_on": date(2030, 1, 1)}, "issued-in-future"),
        ({"results": ("F",)}, "result-not-allowed"),
        ({"name": " "}, "malformed-identifier"),
        ({"expires_on": date(2020, 1, 1)}, "valid-until-before-from"),
    ],
)
def test_a_wrong_correction_changes_nothing(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, changes: dict[str, Any], code: str
) -> None:
    earlier = world.issue(issuer, achievement)

    with pytest.raises(Malformed) as refused:
        corrected(world, issuer, earlier, **changes)

    assert refused.value.code == code
    assert world.get(earlier).standing is Standing.ACTIVE


@pytest.mark.parametrize("again", [corrected, renewed])
def test_of_several_at_the_same_moment_one_wins(
    world: World,
    issuer: IssuerRecord,
    achievement: AchievementRecord,
    again: Any,  # noqa: ANN401
) -> None:
    earlier = world.issue(issuer, achievement, days=9)

    def attempt(_number: int) -> str:
        try:
            return str(again(world, issuer, earlier, expires_on=date(2030, 1, 1)).id)
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(max_workers=4) as threads:
        results = list(threads.map(attempt, range(4)))

    lost = "revoked" if again is corrected else "already-renewed"
    assert results.count(lost) == 3
    with world.store.read() as unit:
        assert unit.credentials.count() == 2

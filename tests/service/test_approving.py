"""Approval by a second person: nothing is issued without it where it is asked for, and nobody approves alone."""

from dataclasses import replace
from uuid import UUID

import pytest

from registry.domain.errors import Conflict, CredrootError, Forbidden, Refused
from registry.domain.hashing import sha256
from registry.service.access import Caller, authenticate
from registry.service.approving import approve, request_approval, set_approvals
from registry.service.issuing import issue
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.service.uploads import UploadOrder, examine, receive, start
from registry.service.vc_issuing import DocumentOrder, issue_document
from registry.store_ports import AchievementRecord, Approvals, IssuerRecord, Role, Standing, UploadRecord, UploadState
from registry.web.vc_examples import UNSIGNED
from tests.registry_world import MAX_UPLOAD_BYTES, World

CONTENT = b"recipient_email,recipient_name,issued_on\r\nzara@example.org,Zara,2026-05-29\r\n"


def member(world: World, issuer: IssuerRecord, *, approver: bool = False) -> Caller:
    caller = authenticate(world.resources, world.add_key(Role.ISSUER, issuer, approver=approver))
    assert caller is not None
    return caller


def sent_by(world: World, issuer: IssuerRecord, achievement: AchievementRecord, caller: Caller) -> UploadRecord:
    order = UploadOrder(
        id=world.resources.ids.new(),
        achievement_id=achievement.id,
        filename="people.csv",
        sha256=sha256(CONTENT),
        skip_bad=False,
        allow_duplicates=False,
        ignore_extra=False,
    )
    record = examine(world.resources, issuer, order, [CONTENT], max_bytes=MAX_UPLOAD_BYTES, caller=caller)
    with world.store.write() as unit:
        return receive(world.resources, unit, record, [CONTENT])


def ask(world: World, record: UploadRecord, caller: Caller) -> UploadRecord:
    with world.store.write() as unit:
        return request_approval(world.resources, unit, record, caller=caller)


def give(world: World, record: UploadRecord, caller: Caller) -> UploadRecord:
    with world.store.write() as unit:
        return approve(world.resources, unit, record, caller=caller)


def begin(world: World, record: UploadRecord, caller: Caller) -> UploadRecord:
    with world.store.write() as unit:
        return start(world.resources, unit, unit.uploads.get(record.issuer_id, record.id), caller=caller)


def want(world: World, issuer: IssuerRecord, approvals: Approvals) -> IssuerRecord:
    with world.store.write() as unit:
        return set_approvals(world.resources, unit, issuer, approvals, caller=world.admin)


def test_an_upload_is_issued_once_another_member_approved_it(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    issuer = want(world, issuer, Approvals.SECOND_PERSON)
    sender, second = member(world, issuer, approver=True), member(world, issuer, approver=True)
    record = sent_by(world, issuer, achievement, sender)
    with pytest.raises(Refused) as too_early:
        begin(world, record, sender)

    asked = ask(world, record, sender)
    with pytest.raises(Refused) as still_too_early:
        begin(world, record, sender)
    given = give(world, asked, second)
    begun = begin(world, record, sender)

    assert too_early.value.code == still_too_early.value.code == "approval-needed"
    assert "have the upload approved" in too_early.value.message
    assert (asked.state, asked.approval_requested_by) == (UploadState.APPROVAL_REQUESTED, sender.name)
    assert (given.state, given.approved_by, given.approved_at) == (
        UploadState.APPROVED,
        second.name,
        world.clock.now(),
    )
    assert begun.state is UploadState.ISSUING
    with world.store.read() as unit:
        entries = unit.audit.of_issuer(issuer.id, before=None, limit=4)
    assert [(entry.action, entry.actor) for entry in reversed(entries)] == [
        ("upload-received", sender.name),
        ("upload-approval-requested", sender.name),
        ("upload-approved", second.name),
        ("upload-started", sender.name),
    ]


def test_nobody_approves_what_they_sent_or_ask_about(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    issuer = want(world, issuer, Approvals.SECOND_PERSON)
    sender, asker = member(world, issuer, approver=True), member(world, issuer, approver=True)
    record = ask(world, sent_by(world, issuer, achievement, sender), asker)
    by_admin = ask(world, sent_by(world, issuer, achievement, world.admin), world.admin)

    for whose, caller in ((record, sender), (record, asker), (by_admin, world.admin)):
        with pytest.raises(Refused) as refused:
            give(world, whose, caller)
        assert refused.value.code == "approval-by-same-person"
    assert give(world, record, world.admin).state is UploadState.APPROVED


def test_who_asked_in_the_meantime_does_not_approve(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    # Two requests of one member at once: what the second read was written before the first was done.
    sender, second = member(world, issuer), member(world, issuer, approver=True)
    as_it_was = sent_by(world, issuer, achievement, sender)
    asked = ask(world, as_it_was, second)

    with pytest.raises(Refused) as refused:
        give(world, as_it_was, second)

    assert refused.value.code == "approval-by-same-person"
    with world.store.read() as unit:
        assert unit.uploads.get(issuer.id, asked.id) == asked


def test_only_an_approver_approves(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    record = ask(world, sent_by(world, issuer, achievement, world.admin), world.admin)

    with pytest.raises(Forbidden) as refused:
        give(world, record, member(world, issuer))

    assert refused.value.code == "role-not-allowed"


def test_only_what_waits_for_approval_is_approved(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record, second = sent_by(world, issuer, achievement, world.admin), member(world, issuer, approver=True)

    with pytest.raises(Conflict):
        give(world, record, second)
    ask(world, record, world.admin)
    with pytest.raises(Conflict):
        ask(world, record, world.admin)
    give(world, record, second)
    with pytest.raises(Conflict) as refused:
        give(world, record, second)

    assert refused.value.code == "upload-state"


def test_single_credentials_wait_too_and_revocations_never(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    before = world.issue(issuer, achievement, "before@example.org")
    issuer = want(world, issuer, Approvals.SECOND_PERSON)

    def issue_one() -> None:
        with world.store.write() as unit:
            order = world.order("later@example.org")
            issue(world.resources, unit, issuer, achievement.id, order, caller=world.admin)

    def issue_anything() -> None:
        with world.store.write() as unit:
            issue_document(world.resources, unit, issuer, DocumentOrder(document=UNSIGNED), caller=world.admin)

    for attempt in (issue_one, issue_anything):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.code == "approval-needed"
        assert "upload a file of one row" in refused.value.message
    request = StatusRequest(action=StatusAction.REVOKE, reason=Reason.OTHER)
    with world.store.write() as unit:
        revoked = change_status(world.resources, unit, issuer, before.id, request, caller=world.admin)
    assert revoked.standing is Standing.REVOKED


def test_what_is_set_counts_when_an_upload_is_started(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record = ask(world, sent_by(world, issuer, achievement, world.admin), world.admin)

    again = want(world, want(world, issuer, Approvals.SECOND_PERSON), Approvals.SECOND_PERSON)
    want(world, again, Approvals.NONE)

    assert begin(world, record, world.admin).state is UploadState.ISSUING
    with world.store.read() as unit:
        entries = unit.audit.of_issuer(issuer.id, before=None, limit=10)
    assert [entry.details["approvals"] for entry in entries if entry.action == "approvals-set"] == [
        "none",
        "second-person",
    ]


def test_an_approver_acts_for_an_issuer(world: World, issuer: IssuerRecord) -> None:
    for role in (Role.ADMIN, Role.AUDITOR):
        with pytest.raises(CredrootError) as refused:
            world.add_key(role, approver=True)
        assert refused.value.code == "malformed-role"
    caller = member(world, issuer, approver=True)

    with world.store.read() as unit:
        known = {key.id: key.approver for key in unit.access.api_keys_of(issuer.id)}
    assert known[caller.key_id] is True
    assert replace(caller, key_id=UUID(int=1)).name == f"issuer:{UUID(int=1)}"

"""Revoking, suspending, reinstating, and the lists that are served."""

import base64
import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.did_document import parse_did_document
from registry.domain.errors import Conflict, Malformed, NotFound
from registry.domain.slot import LIST_SIZE, Purpose
from registry.service.issuers import rotate_key
from registry.service.statuses import (
    LIST_TTL,
    MAX_NOTE,
    Reason,
    Statement,
    StatusAction,
    StatusRequest,
    change_status,
)
from registry.store_ports import AchievementRecord, CredentialRecord, IssuerRecord, Standing
from tests.proofs import first_proof, signature_holds
from tests.registry_world import PUBLIC_URL, World
from tests.store_samples import LOG, NOW


def change(
    world: World,
    issuer: IssuerRecord,
    credential: CredentialRecord,
    action: StatusAction,
    *,
    reason: Reason = Reason.OTHER,
    note: str = "",
) -> CredentialRecord:
    with world.store.write() as unit:
        request = StatusRequest(action=action, reason=reason, note=note)
        return change_status(world.resources, unit, issuer, credential.id, request, caller=world.admin)


def served(world: World, purpose: Purpose, credential: CredentialRecord) -> JsonObject:
    return parse_object(world.container.status_lists.serve(purpose, credential.slot // LIST_SIZE).content)


def bit(document: JsonObject, slot: int) -> int:
    """Decode a list as the recommendation says, with nothing of ours."""
    subject: Any = document["credentialSubject"]
    encoded = subject["encodedList"]
    assert encoded[0] == "u"
    bits = gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    assert len(bits) == 16_384
    index = slot % LIST_SIZE
    return bits[index // 8] >> (7 - index % 8) & 1


def test_a_revocation_is_in_the_served_list_at_once(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    credential, other = world.issue(issuer, achievement, "a@b.org"), world.issue(issuer, achievement, "c@d.org")
    before = bit(served(world, Purpose.REVOCATION, credential), credential.slot)

    changed = change(world, issuer, credential, StatusAction.REVOKE)

    after = served(world, Purpose.REVOCATION, credential)
    assert (before, bit(after, credential.slot), bit(after, other.slot)) == (0, 1, 0)
    assert bit(served(world, Purpose.SUSPENSION, credential), credential.slot) == 0
    assert changed.standing is Standing.REVOKED


def test_the_served_list_is_the_store_s_bits(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    issued = [world.issue(issuer, achievement, f"p{n}@b.org") for n in range(5)]
    for credential in issued[::2]:
        change(world, issuer, credential, StatusAction.REVOKE)

    document = served(world, Purpose.REVOCATION, issued[0])

    assert [bit(document, credential.slot) for credential in issued] == [1, 0, 1, 0, 1]


def test_two_changes_in_one_tick_of_the_clock_are_both_served(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    one, two = world.issue(issuer, achievement, "a@b.org"), world.issue(issuer, achievement, "c@d.org")
    change(world, issuer, one, StatusAction.REVOKE)
    served(world, Purpose.REVOCATION, one)

    change(world, issuer, two, StatusAction.REVOKE)

    assert bit(served(world, Purpose.REVOCATION, two), two.slot) == 1


def test_a_revocation_is_for_ever(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    credential = world.issue(issuer, achievement)
    change(world, issuer, credential, StatusAction.REVOKE, reason=Reason.SUPERSEDED, note="first")

    for action in (StatusAction.SUSPEND, StatusAction.REINSTATE):
        with pytest.raises(Conflict) as refused:
            change(world, issuer, credential, action)
        assert refused.value.code == "revoked"
    again = change(world, issuer, credential, StatusAction.REVOKE, reason=Reason.OTHER, note="second")

    assert again.standing is Standing.REVOKED
    with world.store.read() as unit:
        (noted,) = unit.statuses.changes(credential.id)
    assert (noted.reason, noted.note, noted.changed_by) == ("superseded", "first", world.admin.name)


def test_a_suspension_is_lifted_again(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    credential = world.issue(issuer, achievement)

    suspended = change(world, issuer, credential, StatusAction.SUSPEND, reason=Reason.UNDER_REVIEW)
    was = bit(served(world, Purpose.SUSPENSION, credential), credential.slot)
    world.clock.advance(seconds=1)
    reinstated = change(world, issuer, credential, StatusAction.REINSTATE, reason=Reason.REVIEW_CLOSED)

    assert (suspended.standing, was) == (Standing.SUSPENDED, 1)
    assert (reinstated.standing, bit(served(world, Purpose.SUSPENSION, credential), credential.slot)) == (
        Standing.ACTIVE,
        0,
    )


def test_only_an_achievement_that_opted_in_can_be_suspended(world: World, issuer: IssuerRecord) -> None:
    credential = world.issue(issuer, world.add_achievement(issuer, suspension=False))

    with pytest.raises(Conflict) as refused:
        change(world, issuer, credential, StatusAction.SUSPEND)

    assert refused.value.code == "not-suspendable"


def test_another_issuer_s_credential_is_not_found(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    credential = world.issue(issuer, achievement)

    with pytest.raises(NotFound):
        change(world, world.add_issuer("other"), credential, StatusAction.REVOKE)

    assert world.get(credential).standing is Standing.ACTIVE


def test_a_note_is_no_file() -> None:
    assert StatusRequest(action=StatusAction.REVOKE, reason=Reason.OTHER, note="x" * MAX_NOTE).note

    with pytest.raises(Malformed) as refused:
        StatusRequest(action=StatusAction.REVOKE, reason=Reason.OTHER, note="x" * (MAX_NOTE + 1))

    assert refused.value.code == "malformed-note"


def test_a_list_is_signed_by_the_one_issuer_it_belongs_to(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    stranger = world.add_issuer("stranger")
    mine, theirs = world.issue(issuer, achievement), world.issue(stranger, world.add_achievement(stranger))

    assert mine.slot // LIST_SIZE != theirs.slot // LIST_SIZE
    for owner, credential in ((issuer, mine), (stranger, theirs)):
        document = served(world, Purpose.REVOCATION, credential)
        key = parse_did_document(parse_object(owner.did_document)).key(first_proof(document).verification_method)
        assert key is not None
        assert key.public_key is not None
        assert document["issuer"] == owner.did
        assert signature_holds(
            document, public_key=key.public_key, canonical_nquads=world.resources.json_ld.canonical_nquads
        )


def test_a_list_says_what_the_recommendation_asks_for(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    credential = world.issue(issuer, achievement)

    document = served(world, Purpose.SUSPENSION, credential)

    url = f"{PUBLIC_URL}/status/{LOG.name}/suspension/{credential.slot // LIST_SIZE}"
    subject: Any = document["credentialSubject"]
    proof: Any = document["proof"]
    assert (document["id"], subject["id"]) == (url, f"{url}#list")
    assert document["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    assert (subject["type"], subject["statusPurpose"]) == ("BitstringStatusList", "suspension")
    assert subject["ttl"] == LIST_TTL / timedelta(milliseconds=1)
    assert proof["cryptosuite"] == "eddsa-rdfc-2022"


def test_the_same_state_is_the_same_bytes_on_every_replica(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    credential = world.issue(issuer, achievement)
    number = credential.slot // LIST_SIZE
    first = world.container.status_lists.serve(Purpose.REVOCATION, number)
    world.clock.advance(hours=11)

    replica = type(world.container.status_lists)(world.resources).serve(Purpose.REVOCATION, number)

    assert replica == first
    assert first.etag.strip('"') == first.etag[1:-1]


def test_an_unchanged_list_is_stated_again_every_day_and_ends_the_day_after(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    credential = world.issue(issuer, achievement)
    first = served(world, Purpose.REVOCATION, credential)
    world.clock.advance(days=40)

    later = served(world, Purpose.REVOCATION, credential)

    assert (first["validFrom"], first["validUntil"]) == ("2026-06-01T09:30:00Z", "2026-06-03T00:00:00Z")
    assert (later["validFrom"], later["validUntil"]) == ("2026-07-11T00:00:00Z", "2026-07-13T00:00:00Z")
    assert first_proof(later).created == datetime(2026, 7, 11, tzinfo=UTC)
    assert later["credentialSubject"] == first["credentialSubject"]


def test_a_statement_has_a_length_even_when_the_clock_was_set_back() -> None:
    statement = Statement.at(NOW, changed_at=NOW + timedelta(days=9))

    assert statement.valid_from == NOW + timedelta(days=9)
    assert statement.valid_until == NOW + timedelta(days=10)


def test_a_new_key_signs_the_list_anew(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    credential = world.issue(issuer, achievement)
    before = served(world, Purpose.REVOCATION, credential)
    key = world.resources.keys.generate()
    with world.store.write() as unit:
        rotate_key(world.resources, unit, issuer, key=key, compromised=True, caller=world.admin)

    after: Any = served(world, Purpose.REVOCATION, credential)

    assert after["proof"]["verificationMethod"] == f"{issuer.did}#key-2"
    assert after != before
    assert world.clock.now() == NOW


def test_few_lists_are_kept_signed(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.service.statuses.MAX_CACHED_LISTS", 1)
    credential = world.issue(issuer, achievement)
    number = credential.slot // LIST_SIZE

    answers = [world.container.status_lists.serve(purpose, number) for purpose in (*Purpose, *Purpose)]

    assert answers[:2] == answers[2:]


def test_a_list_nobody_opened_is_not_found(world: World) -> None:
    with pytest.raises(NotFound) as refused:
        world.container.status_lists.serve(Purpose.REVOCATION, 7)

    assert refused.value.code == "status-list-not-found"

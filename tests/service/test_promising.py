"""Promises as use cases, on both databases: once and the same, for what is not anchored, and never without being stored."""

import pytest

from registry.domain.errors import Conflict, Refused
from registry.domain.promise import MIN_EPOCHS_AHEAD, Promise, PromiseKind
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import EMPTY_LIST, write_bit
from registry.service.promising import promise_accepted, promise_on_request
from registry.service.resources import Resources
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.store_ports import AchievementRecord, CredentialRecord, IssuerRecord
from tests.registry_world import World, promising

REVOKE = StatusRequest(action=StatusAction.REVOKE, reason=Reason.SUPERSEDED)


@pytest.fixture
def resources(world: World) -> Resources:
    return promising(world.resources)


@pytest.fixture
def credential(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> CredentialRecord:
    return world.issue(issuer, achievement)


def ask(
    world: World, resources: Resources, credential: CredentialRecord, kind: PromiseKind = PromiseKind.INCLUSION
) -> Promise:
    with world.store.write() as unit:
        return promise_on_request(resources, unit, unit.credentials.by_id(credential.id), kind)


def kept(world: World, credential: CredentialRecord) -> tuple[Promise, ...]:
    with world.store.read() as unit:
        return unit.promises.of_slot(credential.slot)


def revoke(world: World, issuer: IssuerRecord, credential: CredentialRecord) -> None:
    with world.store.write() as unit:
        change_status(world.resources, unit, issuer, credential.id, REVOKE, caller=world.admin)


def test_a_promise_is_stored_before_it_is_told_and_told_again(
    world: World, resources: Resources, credential: CredentialRecord
) -> None:
    made = ask(world, resources, credential)
    stored = kept(world, credential)
    world.anchor()
    world.clock.advance(days=3)

    again = ask(world, resources, credential)
    without_a_key = ask(world, world.resources, credential)

    assert stored == (made,)
    assert made == again == without_a_key


def test_what_is_not_committed_was_not_promised(
    world: World, resources: Resources, credential: CredentialRecord
) -> None:
    def fail_after_promising() -> None:
        with world.store.write() as unit:
            promise_accepted(resources, unit, credential, PromiseKind.INCLUSION)
            raise LookupError

    with pytest.raises(LookupError):
        fail_after_promising()

    assert kept(world, credential) == ()


def test_nothing_is_promised_without_a_key(world: World, credential: CredentialRecord) -> None:
    with world.store.write() as unit:
        accepted = promise_accepted(world.resources, unit, credential, PromiseKind.INCLUSION)
    with pytest.raises(Refused) as refused:
        ask(world, world.resources, credential)

    assert accepted is None
    assert refused.value.code == "no-promise-key"
    assert kept(world, credential) == ()


@pytest.mark.parametrize("kind", PromiseKind)
def test_what_is_anchored_is_not_promised_any_more(
    world: World, resources: Resources, issuer: IssuerRecord, credential: CredentialRecord, kind: PromiseKind
) -> None:
    revoke(world, issuer, credential)
    world.anchor()

    with world.store.write() as unit:
        accepted = promise_accepted(resources, unit, unit.credentials.by_id(credential.id), kind)
    with pytest.raises(Conflict) as refused:
        ask(world, resources, credential, kind)

    assert accepted is None
    assert refused.value.code == "already-anchored"


@pytest.mark.parametrize("kind", PromiseKind)
def test_what_is_sealed_and_not_final_is(
    world: World, resources: Resources, issuer: IssuerRecord, credential: CredentialRecord, kind: PromiseKind
) -> None:
    revoke(world, issuer, credential)
    sealed, _ = world.seal()

    promise = ask(world, resources, credential, kind)

    assert promise.terms.epoch == sealed + MIN_EPOCHS_AHEAD


def test_a_suspension_is_no_revocation(
    world: World, resources: Resources, issuer: IssuerRecord, credential: CredentialRecord
) -> None:
    request = StatusRequest(action=StatusAction.SUSPEND, reason=Reason.UNDER_REVIEW)
    with world.store.write() as unit:
        change_status(world.resources, unit, issuer, credential.id, request, caller=world.admin)

    with pytest.raises(Conflict) as refused:
        ask(world, resources, credential, PromiseKind.REVOCATION)

    assert refused.value.code == "not-revoked"


def test_a_revocation_taken_over_from_published_files_is_anchored(
    world: World, resources: Resources, issuer: IssuerRecord, credential: CredentialRecord
) -> None:
    number, index = divmod(credential.slot, LIST_SIZE)
    world.anchor()
    bits = write_bit(EMPTY_LIST, index, value=True)
    with world.store.write() as unit:
        unit.statuses.mark_bits_set(issuer.id, Purpose.REVOCATION, number, bits, now=world.clock.now())

    with pytest.raises(Conflict) as refused:
        ask(world, resources, credential, PromiseKind.REVOCATION)

    assert refused.value.code == "already-anchored"

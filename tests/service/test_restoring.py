"""A database from a backup: what was published since is taken over before a slot is drawn."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from anchor_worker.publishing import FilePublisher
from anchor_worker.sealing import EpochSealer, SealingRule
from registry.adapters.published import open_published
from registry.domain.errors import NotFound, ProofMismatch, Refused
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import read_bit
from registry.service.restoring import CaughtUp, catch_up
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.store_ports import CredentialRecord, IssuerRecord, Standing
from tests.own_keys import add_own_issuer, refusal, submit
from tests.registry_world import World, opened_world
from tests.store_samples import LOG


def change(world: World, issuer: IssuerRecord, credential: CredentialRecord, action: StatusAction) -> None:
    request = StatusRequest(action=action, reason=Reason.OTHER)
    with world.store.write() as unit:
        change_status(world.resources, unit, issuer, credential.id, request, caller=world.admin)


def publish(world: World) -> None:
    FilePublisher(world.store, folder=world.container.published_dir, clock=world.clock).publish()


def test_a_restored_database_knows_every_published_slot_and_revocation(sqlite_url: str, tmp_path: Path) -> None:
    database = Path(sqlite_url.removeprefix("sqlite:///"))
    with opened_world(sqlite_url, tmp_path) as world:
        issuer = world.add_issuer()
        achievement = world.add_achievement(issuer)
        first = world.issue(issuer, achievement, "first@example.org")
        lifted = world.issue(issuer, achievement, "lifted@example.org")
        world.anchor()
        publish(world)
        world.engine.dispose()
        shutil.copy(database, tmp_path / "backup.db")
        late = [world.issue(issuer, achievement, f"late{number}@example.org") for number in range(5)]
        change(world, issuer, first, StatusAction.REVOKE)
        change(world, issuer, lifted, StatusAction.SUSPEND)
        world.anchor()
        change(world, issuer, lifted, StatusAction.REINSTATE)
        world.anchor()
        publish(world)
        published = open_published(str(world.container.published_dir))

    backup = tmp_path / "restored"
    backup.mkdir()
    with opened_world(f"sqlite:///{tmp_path / 'backup.db'}", backup) as restored:
        taken = catch_up(restored.resources, published)
        again = catch_up(restored.resources, published)
        with restored.store.write() as unit:
            new = unit.statuses.mark_slots_used(
                issuer.id, [credential.slot for credential in late], now=restored.clock.now()
            )
            bits = unit.statuses.status_list(Purpose.REVOCATION, first.slot // LIST_SIZE).bits

        assert taken == CaughtUp(epochs=2, slots=5, bits=1, credentials=0)
        assert again == CaughtUp(epochs=0, slots=0, bits=0, credentials=0)
        assert new == 0
        assert read_bit(bits, first.slot % LIST_SIZE)
        assert restored.get(first).standing is Standing.REVOKED
        assert restored.get(lifted).standing is Standing.ACTIVE


def test_a_batch_that_was_ready_in_the_backup_is_tied_to_the_epoch_that_it_was_published_in(
    sqlite_url: str, tmp_path: Path
) -> None:
    database = Path(sqlite_url.removeprefix("sqlite:///"))
    with opened_world(sqlite_url, tmp_path) as world:
        issuer = world.add_issuer()
        achievement = world.add_achievement(issuer)
        early = [world.issue(issuer, achievement, f"early{number}@example.org") for number in range(3)]
        rule = SealingRule(after=timedelta(0), after_credentials=1, batch_limit=3)
        sealer = EpochSealer(world.store, log=LOG.name, rule=rule, clock=world.clock)
        built = sealer.build_ahead()
        world.engine.dispose()
        shutil.copy(database, tmp_path / "backup.db")
        late = world.issue(issuer, achievement, "late@example.org")
        number = sealer.seal()
        assert number is not None
        with world.store.read() as unit:
            root = unit.epochs.get(number).root
        world.finalize(number, root)
        publish(world)
        published = open_published(str(world.container.published_dir))

    backup = tmp_path / "restored"
    backup.mkdir()
    with opened_world(f"sqlite:///{tmp_path / 'backup.db'}", backup) as restored:
        taken = catch_up(restored.resources, published)
        with restored.store.read() as unit:
            waiting, ready, batches = unit.epochs.waiting(), unit.epochs.ready_batches(), unit.epochs.batches(1)

        assert (built, taken) == (1, CaughtUp(epochs=1, slots=1, bits=0, credentials=3))
        assert (waiting.credentials, ready, len(batches)) == (0, (), 2)
        assert {restored.get(credential).epoch for credential in early} == {1}
        with pytest.raises(NotFound):
            restored.get(late)


def test_a_reserved_slot_that_was_filled_since_the_backup_is_never_filled_again(
    sqlite_url: str, tmp_path: Path
) -> None:
    database = Path(sqlite_url.removeprefix("sqlite:///"))
    with opened_world(sqlite_url, tmp_path) as world:
        own = add_own_issuer(world)
        part, whole = own.reserve(2), own.reserve(1)
        world.engine.dispose()
        shutil.copy(database, tmp_path / "backup.db")
        submit(own, part, own.sign(part))
        submit(own, whole, own.sign(whole), allow_duplicates=True)
        world.anchor()
        publish(world)
        published = open_published(str(world.container.published_dir))
        others = own.sign(part, people=2)

    backup = tmp_path / "restored"
    backup.mkdir()
    with opened_world(f"sqlite:///{tmp_path / 'backup.db'}", backup) as restored:
        catch_up(restored.resources, published)
        again = replace(own, world=restored)
        refused = refusal(again, part, others[0])
        with pytest.raises(NotFound):
            submit(again, whole, others[:1])
        taken = submit(again, part, others[1:])

    assert refused == "slot-not-reserved"
    assert [credential.slot for credential in taken.credentials] == [part.slots[1]]


def test_an_issuer_made_after_the_backup_is_missed_loudly(sqlite_url: str, tmp_path: Path) -> None:
    with opened_world(sqlite_url, tmp_path) as world:
        database = Path(sqlite_url.removeprefix("sqlite:///"))
        world.engine.dispose()
        shutil.copy(database, tmp_path / "backup.db")
        issuer = world.add_issuer()
        world.issue(issuer, world.add_achievement(issuer))
        world.anchor()
        publish(world)
        published = open_published(str(world.container.published_dir))

    backup = tmp_path / "restored"
    backup.mkdir()
    with opened_world(f"sqlite:///{tmp_path / 'backup.db'}", backup) as restored, pytest.raises(Refused) as caught:
        catch_up(restored.resources, published)

    assert caught.value.code == "issuer-forgotten"


def test_an_epoch_whose_files_were_changed_is_not_taken_back(sqlite_url: str, tmp_path: Path) -> None:
    database = Path(sqlite_url.removeprefix("sqlite:///"))
    with opened_world(sqlite_url, tmp_path) as world:
        issuer = world.add_issuer()
        achievement = world.add_achievement(issuer)
        world.engine.dispose()
        shutil.copy(database, tmp_path / "backup.db")
        first = world.issue(issuer, achievement, "first@example.org")
        change(world, issuer, first, StatusAction.REVOKE)
        world.anchor()
        publish(world)
        folder = world.container.published_dir / "epochs" / "1"
        published = open_published(str(world.container.published_dir))

    backup = tmp_path / "restored"
    backup.mkdir()
    (entries,) = folder.glob("batch-*.bin")
    whole = entries.read_bytes()
    entries.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with opened_world(f"sqlite:///{tmp_path / 'backup.db'}", backup) as restored:
        with pytest.raises(ProofMismatch):
            catch_up(restored.resources, published)
        with restored.store.read() as unit:
            nothing = unit.epochs.newest()
        entries.write_bytes(whole)
        taken = catch_up(restored.resources, published)

    assert nothing is None
    assert (taken.epochs, taken.slots, taken.bits) == (1, 1, 1)


def test_a_change_that_the_published_epoch_does_not_have_goes_on_waiting(sqlite_url: str, tmp_path: Path) -> None:
    database = Path(sqlite_url.removeprefix("sqlite:///"))
    with opened_world(sqlite_url, tmp_path) as world:
        issuer = world.add_issuer()
        achievement = world.add_achievement(issuer)
        first, second = (world.issue(issuer, achievement, f"{name}@example.org") for name in ("first", "second"))
        change(world, issuer, first, StatusAction.REVOKE)
        world.engine.dispose()
        shutil.copy(database, tmp_path / "backup.db")
        world.anchor()
        publish(world)
        published = open_published(str(world.container.published_dir))

    backup = tmp_path / "restored"
    backup.mkdir()
    with opened_world(f"sqlite:///{tmp_path / 'backup.db'}", backup) as restored:
        # Somebody was quicker than the service: this revocation is in no epoch.
        change(restored, issuer, second, StatusAction.REVOKE)
        taken = catch_up(restored.resources, published)
        with restored.store.read() as unit:
            tied = [unit.statuses.changes(each.id)[0].epoch for each in (first, second)]
            places = [unit.credentials.by_id(each.id).epoch for each in (first, second)]

    assert taken.credentials == 2
    assert tied == [1, None]
    assert places == [1, 1]


def test_a_database_that_forgot_nothing_is_left_alone(world: World, issuer: IssuerRecord) -> None:
    world.issue(issuer, world.add_achievement(issuer))
    world.anchor()
    publish(world)

    assert catch_up(world.resources, world.container.published) == CaughtUp(epochs=0, slots=0, bits=0, credentials=0)

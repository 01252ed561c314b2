"""What the log says of itself, at each stage of an epoch's life."""

from datetime import timedelta

import pytest

from anchor_worker.publishing import FilePublisher
from registry.domain.errors import NotFound
from registry.domain.slot import Purpose
from registry.service.log_overview import PAGE, LogOverview, LogOverviews
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.store_ports import AnchorState
from tests.registry_world import World


def overview(world: World, *, before: int | None = None) -> LogOverview:
    return LogOverviews(world.resources, world.container.published).overview(before=before)


def publish(world: World) -> None:
    FilePublisher(world.store, folder=world.container.published_dir, clock=world.clock).publish()


def test_a_log_without_epochs_has_nothing_to_show(world: World) -> None:
    empty = overview(world)

    assert (empty.newest, empty.newest_final, empty.epochs, empty.older, empty.oldest_waiting) == (0, 0, (), None, None)


def test_the_age_of_the_oldest_goes_on_until_its_epoch_is_final(world: World) -> None:
    issuer = world.add_issuer("poly")
    world.issue(issuer, world.add_achievement(issuer), "a@example.org")

    world.clock.advance(minutes=3)
    waiting = overview(world)
    sealed = world.seal()
    world.clock.advance(minutes=4)
    on_its_way = overview(world)
    world.finalize(*sealed)
    final = overview(world)

    assert waiting.oldest_waiting == timedelta(minutes=3)
    assert on_its_way.oldest_waiting == timedelta(minutes=7)
    assert (on_its_way.newest, on_its_way.newest_final) == (1, 0)
    assert on_its_way.epochs[0].anchor.state is AnchorState.SEALED
    assert (final.oldest_waiting, final.newest_final) == (None, 1)


def test_figures_are_counted_from_published_files(world: World) -> None:
    issuer = world.add_issuer("poly")
    achievement = world.add_achievement(issuer, suspension=True)
    issued = [world.issue(issuer, achievement, f"{number}@example.org") for number in range(3)]
    world.anchor()
    unpublished = overview(world).epochs[0]
    for credential, action in zip(issued, (StatusAction.REVOKE, StatusAction.SUSPEND), strict=False):
        with world.store.write() as unit:
            request = StatusRequest(action=action, reason=Reason.OTHER)
            change_status(world.resources, unit, issuer, credential.id, request, caller=world.admin)
    world.anchor()
    publish(world)

    second, first = overview(world).epochs

    assert (unpublished.published, unpublished.newly_revoked) == (None, None)
    assert first.published is not None
    assert second.published is not None
    assert (first.published.credentials, first.newly_revoked) == (3, 0)
    assert (second.published.credentials, second.newly_revoked) == (0, 1)
    assert [second.published.set_bits(purpose) for purpose in Purpose] == [1, 1]


def test_an_epoch_whose_predecessor_is_not_published_counts_no_revocations(world: World) -> None:
    issuer = world.add_issuer("poly")
    achievement = world.add_achievement(issuer)
    for number in range(2):
        world.issue(issuer, achievement, f"{number}@example.org")
        world.anchor()
    publish(world)
    world.container.published_dir.joinpath("epochs", "1").rename(world.container.published_dir / "away")

    second, first = overview(world).epochs

    assert (first.published, second.newly_revoked) == (None, None)
    assert second.published is not None


def test_epochs_come_by_the_page_newest_first(world: World) -> None:
    issuer = world.add_issuer("poly")
    achievement = world.add_achievement(issuer)
    for number in range(PAGE + 2):
        world.issue(issuer, achievement, f"{number}@example.org")
        world.anchor()
    publish(world)

    newest = overview(world)
    rest = overview(world, before=newest.older)

    assert [epoch.number for epoch in newest.epochs] == list(range(PAGE + 2, 2, -1))
    assert ([epoch.number for epoch in rest.epochs], rest.older) == ([2, 1], None)


def test_a_published_epoch_is_read_once(world: World) -> None:
    issuer = world.add_issuer("poly")
    world.issue(issuer, world.add_achievement(issuer), "a@example.org")
    world.anchor()
    publish(world)
    overviews = LogOverviews(world.resources, world.container.published)
    before = overviews.epoch(1)

    world.container.published_dir.joinpath("epochs", "1").rename(world.container.published_dir / "away")

    assert overviews.epoch(1) == before


def test_an_epoch_that_was_never_sealed_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        LogOverviews(world.resources, world.container.published).epoch(1)

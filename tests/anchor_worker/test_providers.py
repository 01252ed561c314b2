"""The pool of nodes, over nodes that answer what a test tells them to, on a clock of the test's own."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from anchor_worker.providers import Provider
from registry.adapters.rpc import WrongChain, connect, request
from registry.adapters.rpc_exchange import FailureKind
from registry.domain.errors import Unavailable
from tests.adapters.rpc_nodes import node
from tests.anchor_worker.observations import NOW
from tests.anchor_worker.pool_world import Node, Time, World, pool_of

SECOND = timedelta(seconds=1)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with ExitStack() as stack:
        nodes = [Node() for _ in range(getattr(request, "param", 3))]
        for each in nodes:
            each.url = stack.enter_context(node(each.answer))
        clock = Time()
        yield World(nodes, pool_of([each.url for each in nodes], clock), clock)


def told(events: list[Any], name: str) -> list[dict[str, Any]]:
    return [each for each in events if each["event"] == name]


def test_one_node_is_read_until_it_fails_and_then_another_and_it_stays_with_that(world: World) -> None:
    first, second, third = world.nodes
    before = [world.read()[0] for _ in range(3)]
    first.status = 502
    failing = world.read()
    first.status = 200
    world.clock.moment += 2 * SECOND

    after = world.read()

    assert before == [first, first, first]
    assert failing == [second, third]
    assert after == [second, third, first]


def test_a_node_that_failed_is_left_alone_and_longer_after_every_failure(world: World) -> None:
    first = world.nodes[0]
    first.status = 503
    times: list[int] = []
    for second in range(16):
        world.clock.moment = NOW + second * SECOND
        before = len(first.asked)
        world.present()
        if len(first.asked) > before:
            times.append(second)

    assert times == [0, 1, 3, 7, 15]


def test_a_failure_is_wiped_out_by_an_observation_with_all_the_answers(world: World) -> None:
    first = world.nodes[0]
    first.status = 503
    for _ in range(3):
        world.present()
        world.clock.moment += timedelta(minutes=1)
    first.status = 200

    world.pool.note_success(world.pool.survey())
    first.status = 503
    world.present()

    assert world.report(0).rests_until == world.clock.moment + SECOND


def test_a_node_that_answers_the_survey_and_nothing_else_is_left_alone_for_longer_and_longer(world: World) -> None:
    rests = []
    for _ in range(3):
        present = world.pool.survey()
        reader = next(each for each in present if each.name == world.report(0).provider)
        world.pool.note_failure(reader, Unavailable("rpc-answer", "an answer without its form"))
        world.pool.note_success(present)
        rests.append(((world.report(0).rests_until or NOW) - world.clock.moment).total_seconds())
        world.clock.moment += timedelta(minutes=1)

    assert rests == [1, 2, 4]


def test_the_time_that_a_provider_asks_for_is_kept_to(world: World) -> None:
    first = world.nodes[0]
    first.status, first.headers = 429, {"Retry-After": "45"}
    world.present()
    first.status = 200
    asked = len(first.asked)

    world.clock.moment = NOW + 44 * SECOND
    early = world.present()
    untouched = len(first.asked)
    world.clock.moment = NOW + 45 * SECOND

    assert first not in early
    assert untouched == asked
    assert first in world.present()


@pytest.mark.parametrize(
    ("status", "reason", "level"),
    [
        (401, FailureKind.UNAUTHORIZED, "error"),
        (403, FailureKind.UNAUTHORIZED, "error"),
        (429, FailureKind.RATE_LIMITED, "warning"),
        (502, FailureKind.SERVER_ERROR, "warning"),
    ],
)
def test_a_node_that_fails_is_told_about_once_and_again_when_it_is_back(
    world: World, status: int, reason: str, level: str
) -> None:
    world.nodes[1].status = status
    with capture_logs() as events:
        for _ in range(3):
            world.present()
            world.clock.moment += timedelta(minutes=1)
        world.nodes[1].status = 200
        world.present()

    (aside,) = told(events, "provider_set_aside")
    (back,) = told(events, "provider_back")
    assert (aside["reason"], aside["log_level"]) == (reason, level)
    assert aside["provider"] == back["provider"] == world.report(1).provider
    assert "SECRET" not in str(events)
    assert "hidden" not in str(events)


def test_when_no_node_may_be_asked_the_reasons_are_given(world: World) -> None:
    for each in world.nodes:
        each.status = 500
    with pytest.raises(Unavailable, match="HTTP 500"):
        world.pool.survey()

    with pytest.raises(Unavailable, match="server-error") as caught:
        world.pool.survey()

    assert caught.value.code == "no-provider-ready"


def test_a_node_more_than_three_blocks_behind_is_not_read_but_may_vote_and_is_read_again_later(world: World) -> None:
    first, second, third = world.nodes
    second.head = third.head = 104
    with capture_logs() as events:
        behind = world.present(), world.read()
        first.head = 101
        caught_up = world.read()

    assert behind == ([first, second, third], [second, third])
    assert caught_up[0] is first
    assert [(each["reason"], each["provider"]) for each in told(events, "provider_set_aside")] == [
        ("behind", world.report(0).provider)
    ]
    assert len(told(events, "provider_back")) == 1


def test_one_node_that_names_a_head_of_its_own_sets_nobody_aside(world: World) -> None:
    world.nodes[2].head = 10**9

    assert world.read() == world.nodes


@pytest.mark.parametrize("world", [1], indirect=True)
def test_a_head_that_goes_back_is_not_read_and_is_believed_after_ten_minutes(world: World) -> None:
    world.read()
    world.nodes[0].head = 0
    with pytest.raises(Unavailable, match="behind") as caught:
        world.read()
    world.clock.moment += timedelta(minutes=11)

    assert caught.value.code == "no-provider-read"
    assert world.read() == world.nodes


def test_a_finalized_block_that_moves_back_sets_its_node_aside_until_it_is_there_again(world: World) -> None:
    first, second, third = world.nodes
    world.read()
    first.finalized = 35
    with capture_logs() as events:
        backwards = world.read()
        first.finalized = 36
        there_again = world.read()

    assert backwards == [second, third]
    assert there_again[0] is first
    assert [each["reason"] for each in told(events, "provider_set_aside")] == ["finalized-backwards"]


@pytest.mark.parametrize("as_an_error", [True, False])
def test_a_node_without_a_finalized_block_is_read_and_told_about(world: World, as_an_error: bool) -> None:
    first = world.nodes[0]
    first.finalized, first.unknown_block_is_an_error = None, as_an_error
    with capture_logs() as events:
        read = world.read(), world.read()

    assert read == (world.nodes, world.nodes)
    assert [(each["provider"], each["finality"]) for each in told(events, "finality_changed")] == [
        (world.report(0).provider, "missing")
    ]
    assert (world.report(0).finalized, world.report(0).finalized_time) == (None, None)


def test_a_finalized_block_that_grows_old_is_told_about_and_again_when_it_moves(world: World) -> None:
    first = world.nodes[0]
    first.finalized_time = NOW - timedelta(minutes=31)
    with capture_logs() as events:
        world.read()
        world.read()
        first.finalized_time = NOW
        world.read()

    assert [(each["finality"], each["log_level"]) for each in told(events, "finality_changed")] == [
        ("stalled", "warning"),
        ("moves", "info"),
    ]


def test_a_node_on_a_wrong_chain_is_left_out_and_told_about_and_the_others_go_on(world: World) -> None:
    first, second, third = world.nodes
    first.chain_id = 7
    with capture_logs() as events:
        read = world.read()
        asked_for = list(first.asked)
        sent = world.pool.tell(lambda web3: request(web3, "eth_chainId", []))

    (aside,) = told(events, "provider_set_aside")
    assert read == [second, third]
    assert asked_for == ["eth_chainId"]
    assert sent == ["0x1", "0x1"]
    assert (aside["reason"], aside["log_level"]) == ("wrong-chain", "error")
    assert "expected 1, the node says 7" in aside["detail"]


def test_only_when_every_node_is_on_a_wrong_chain_is_that_the_verdict(world: World) -> None:
    for each in world.nodes:
        each.chain_id = 7
    with pytest.raises(WrongChain):
        world.pool.survey()
    with pytest.raises(WrongChain):
        world.pool.survey()
    world.clock.moment += timedelta(minutes=1)
    world.nodes[0].status = 500
    with pytest.raises(Unavailable):
        world.pool.survey()
    for each in world.nodes:
        each.status, each.chain_id = 200, 1
    world.clock.moment += timedelta(minutes=1)

    assert len(world.present()) == 3


def test_no_node_is_read_for_more_than_ten_minutes_in_a_row(world: World) -> None:
    first, second, third = world.nodes
    read = []
    for minute in range(0, 33, 3):
        world.clock.moment = NOW + timedelta(minutes=minute)
        read.append(world.read()[0])

    assert read == [first] * 4 + [second] * 4 + [third] * 3


@pytest.mark.parametrize("world", [1], indirect=True)
def test_a_node_alone_is_read_for_ever(world: World) -> None:
    for minute in range(0, 33, 3):
        world.clock.moment = NOW + timedelta(minutes=minute)

        assert world.read() == world.nodes


def test_a_node_that_is_turned_from_is_read_last(world: World) -> None:
    first, second, third = world.nodes
    world.pool.turn_from(world.pool.survey()[0])

    assert world.read() == [second, third, first]


def test_everybody_is_told_those_that_rest_too(world: World) -> None:
    world.nodes[0].status = 503
    world.present()
    world.nodes[0].status = 200

    assert world.pool.tell(lambda web3: request(web3, "eth_chainId", [])) == ["0x1"] * 3


def test_when_all_are_on_a_wrong_chain_something_is_said_to_all(world: World) -> None:
    for each in world.nodes:
        each.chain_id = 7
    with pytest.raises(WrongChain):
        world.pool.survey()

    assert world.pool.tell(lambda web3: request(web3, "eth_chainId", [])) == ["0x7"] * 3


def test_a_report_says_what_metrics_need(world: World) -> None:
    world.nodes[1].status = 429
    world.present()

    well, limited = world.report(0), world.report(1)

    assert (well.requests, well.failures, well.head, well.finalized) == (3, {}, 100, 36)
    assert well.seconds > 0.0
    assert (well.finalized_time, well.aside, well.rests_until) == (NOW - timedelta(minutes=13), None, None)
    assert (limited.requests, limited.failures) == (1, {FailureKind.RATE_LIMITED: 1})
    assert (limited.head, limited.aside, limited.rests_until) == (None, "rate-limited", NOW + SECOND)


def test_two_keys_of_one_provider_are_told_apart_without_showing_them() -> None:
    pool = pool_of(["https://one.example/KEY", "https://two.example/KEY", "https://one.example/YEK"], Time())

    assert [each.provider for each in pool.reports()] == [
        "https://one.example (1)",
        "https://two.example",
        "https://one.example (2)",
    ]


def test_a_node_that_was_never_asked_stands_nowhere() -> None:
    with pytest.raises(Unavailable, match="has not said where it stands"):
        Provider(connect("http://127.0.0.1:9"), name="http://127.0.0.1:9").stands()

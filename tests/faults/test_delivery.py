"""Transactions on their way to the node: lost, late, repeated, acknowledged and swallowed, forgotten."""

import signal
from pathlib import Path

from registry.store_ports import AnchorState
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, BLOCKS_TO_FINALITY
from tests.anvil import run_anvil
from tests.faults.behaviours import drop_after, drop_before, hang_after, hang_before, refuse, send_twice, swallow
from tests.faults.exactly_once import assert_exactly_once
from tests.faults.matrix import also, fault
from tests.faults.world import World, hex_of, restarted, world_on

SEND = "eth_sendRawTransaction"


@fault(
    7,
    "The answer is lost after the node took the transaction",
    injected="proxy: forwarded, then the connection closed",
    expected="one transaction, found in the pool; not sent again",
)
def test_a_lost_answer_is_no_second_transaction(world: World) -> None:
    world.hold_blocks()
    world.site.issue()

    with world.proxy.behaving(SEND, drop_after):
        world.round()
    world.round()

    (only,) = world.attempts()
    assert (only.sends, world.state()) == (1, AnchorState.PENDING)
    world.finish()
    assert_exactly_once(world, epochs=1)


@also(7)
def test_a_request_lost_on_its_way_is_sent_again(world: World) -> None:
    world.site.issue()

    with world.proxy.behaving(SEND, drop_before):
        world.round()
    unsent = world.state()
    world.finish()

    (only,) = world.attempts()
    assert (unsent, only.sends) == (AnchorState.PENDING, 2)
    assert_exactly_once(world, epochs=1)


@fault(
    8,
    "The node takes the transaction and answers too late",
    injected="proxy: forwarded, the answer kept back beyond the deadline",
    expected="one transaction, no new nonce",
)
def test_an_answer_beyond_the_deadline_is_no_second_nonce(world: World) -> None:
    world.hold_blocks()
    world.site.issue()

    with world.proxy.behaving(SEND, hang_after):
        world.round(rpc_timeout_seconds=2.0)
    (late,) = world.attempts()
    world.finish()

    (only,) = world.attempts()
    assert late.last_error.startswith("unknown")
    assert (only.nonce, only.sends) == (late.nonce, 1)
    assert_exactly_once(world, epochs=1)


@fault(
    9,
    "A node acknowledges the transaction and forgets it",
    injected="proxy: the right hash is answered, nothing is forwarded",
    expected="the same bytes are sent again",
)
def test_a_swallowed_transaction_is_sent_again(world: World) -> None:
    world.site.issue()

    with world.proxy.behaving(SEND, swallow, times=1):
        world.round()
    world.finish()

    (only,) = world.attempts()
    assert only.sends == 2
    assert_exactly_once(world, epochs=1)


@fault(
    10,
    "The transaction is delivered twice",
    injected="proxy: forwarded twice, the second answer (*already known*) handed on",
    expected="that is a success, not a refusal",
)
def test_a_transaction_delivered_twice_is_taken(world: World) -> None:
    world.hold_blocks()
    world.site.issue()

    with world.proxy.behaving(SEND, send_twice):
        world.round()

    (only,) = world.attempts()
    assert (only.sends, only.last_error, world.state()) == (1, None, AnchorState.PENDING)
    world.finish()
    assert_exactly_once(world, epochs=1)


@fault(
    11,
    "The pool drops the transaction",
    injected="`anvil_dropTransaction`",
    expected="the same bytes are sent again",
)
def test_a_transaction_that_the_pool_dropped_is_sent_again(world: World) -> None:
    world.hold_blocks()
    world.site.issue()
    world.round()
    (before,) = world.attempts()

    world.site.command("anvil_dropTransaction", hex_of(before.transaction_hash))
    world.round()

    (after,) = world.attempts()
    assert (before.sends, after.sends, after.raw) == (1, 2, before.raw)
    world.finish()
    assert_exactly_once(world, epochs=1)


@fault(
    12,
    "The node restarts and loses its pool",
    injected="anvil with `--state`, ended and started again on the same port",
    expected="the same bytes are sent again",
)
def test_a_node_that_restarts_without_its_pool_is_told_again(database_url: str, tmp_path: Path) -> None:
    kept = ("--state", str(tmp_path / "state.json"), "--preserve-historical-states")
    with run_anvil(*ANVIL_ARGUMENTS, *kept) as node, world_on(node, tmp_path, database_url) as world:
        world.hold_blocks()
        world.site.issue()
        world.round()

        with restarted(node, signal.SIGTERM, *kept):
            forgotten = world.pooled()
            world.finish()

            (only,) = world.attempts()
            assert (forgotten, only.sends) == ([], 2)
            assert_exactly_once(world, epochs=1)


@fault(
    45,
    "A transaction is delivered long after its replacement was mined",
    injected="proxy: kept back before it is forwarded, released at the end",
    expected="the node refuses it (*nonce too low*); nothing changes",
)
def test_a_transaction_that_arrives_after_its_replacement_was_mined_changes_nothing(world: World) -> None:
    world.site.issue()
    with world.proxy.behaving(SEND, hang_before, times=1):
        world.round(rpc_timeout_seconds=2.0)
        world.round(stuck_after_seconds=1e-6, min_tip_gwei=4.0)
        world.site.mine(BLOCKS_TO_FINALITY)
        world.round()

        world.proxy.release()
        world.finish()

    assert (
        "nonce too low" in [answer for method, answer in world.proxy.answers if method == SEND][-1]["error"]["message"]
    )
    first, second = world.attempts()
    assert world.anchor().transaction_hash == second.transaction_hash
    assert first.nonce == second.nonce
    assert_exactly_once(world, epochs=1)


@fault(
    46,
    "No node can be reached",
    injected="every connection closed before anything is forwarded",
    expected="nothing is sealed, as nobody can say that the number is free; what is sealed waits; both go on when the node is back",
)
def test_without_a_node_nothing_is_sealed_and_what_is_sealed_waits(world: World) -> None:
    world.site.issue()

    with world.proxy.behaving("*", drop_before):
        world.round()
        with world.site.store.read() as unit:
            newest, waiting = unit.epochs.newest(), unit.epochs.waiting().credentials
    world.seal()
    with world.proxy.behaving("*", drop_before):
        world.round()

    assert (newest, waiting) == (None, 1)
    assert (world.state(), world.attempts()) == (AnchorState.SEALED, [])
    world.finish()
    assert_exactly_once(world, epochs=1)


@also(10)
def test_a_used_nonce_is_looked_up_and_not_replaced(world: World) -> None:
    world.site.issue()

    with world.proxy.behaving(SEND, refuse("nonce too low")):
        world.round()
    world.finish()

    assert {row.nonce for row in world.attempts()} == {world.attempts()[0].nonce}
    assert_exactly_once(world, epochs=1)

"""A chain that takes blocks back: what was in them is gone, elsewhere, or another attempt of ours."""

import signal
from pathlib import Path

import pytest
from sqlalchemy import select

from registry.adapters.database import open_engine, read_transaction
from registry.adapters.tables import anchor as anchor_table
from registry.store_ports import AnchorState
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, BLOCKS_TO_FINALITY
from tests.anvil import run_anvil
from tests.faults.behaviours import claim
from tests.faults.exactly_once import assert_exactly_once, events_of
from tests.faults.matrix import also, fault
from tests.faults.world import World, hex_of, restarted, world_on


def mined(world: World) -> None:
    """Take an epoch to MINED, in the newest block."""
    world.site.issue()
    world.round()
    assert world.state() is AnchorState.MINED


def reorganisations(world: World, epoch: int = 1) -> int:
    """Read how often an anchor lost its block."""
    engine = open_engine(world.site.settings.database_url)
    try:
        with read_transaction(engine) as connection:
            statement = select(anchor_table.c.reorg_count).where(anchor_table.c.epoch == epoch)
            return int(connection.execute(statement).scalar_one())
    finally:
        engine.dispose()


@pytest.mark.parametrize("depth", [1, 2])
@fault(
    17,
    "A reorganisation takes the block back, and the transaction with it",
    injected="`anvil_reorg`, one and two blocks",
    expected="PENDING again, the same bytes sent again, counted",
)
def test_a_transaction_that_vanished_with_its_block_is_sent_again(world: World, depth: int) -> None:
    mined(world)
    world.site.mine(depth - 1)

    world.site.command("anvil_reorg", depth, [])
    vanished = events_of(world.site)
    world.round()

    (only,) = world.attempts()
    assert (vanished, only.sends, reorganisations(world)) == ([], 2, 1)
    world.finish()
    assert_exactly_once(world, epochs=1)


@fault(
    18,
    "A reorganisation moves the transaction to another block",
    injected="`anvil_reorg` of two blocks with the same bytes in the second",
    expected="followed to its new block; not sent again",
)
def test_a_transaction_that_moved_is_followed_to_its_new_block(world: World) -> None:
    mined(world)
    world.site.mine()
    before, (only,) = world.anchor(), world.attempts()

    world.site.command("anvil_reorg", 2, [[hex_of(only.raw), 1]])
    world.round()

    after = world.anchor()
    assert (after.state, after.transaction_hash) == (AnchorState.MINED, before.transaction_hash)
    assert (after.block_number, after.block_hash) != (before.block_number, before.block_hash)
    world.finish()
    assert world.attempts()[0].sends == 1
    assert_exactly_once(world, epochs=1)


@fault(
    19,
    "A reorganisation puts another attempt of ours in place of the one mined",
    injected="`anvil_reorg` with the sibling's bytes",
    expected="the sibling's hash and block are stored",
)
def test_a_sibling_mined_in_a_reorganisation_is_the_anchor(world: World) -> None:
    world.hold_blocks()
    world.site.issue()
    world.round(stuck_after_seconds=1e-6)
    world.round(stuck_after_seconds=1e-6, min_tip_gwei=4.0)
    first, second = world.attempts()
    world.site.mine()
    world.round()
    before = world.anchor()

    world.site.command("anvil_reorg", 1, [[hex_of(first.raw), 0]])
    world.round()

    after = world.anchor()
    assert (before.transaction_hash, after.transaction_hash) == (second.transaction_hash, first.transaction_hash)
    assert after.state is AnchorState.MINED
    world.finish()
    assert_exactly_once(world, epochs=1)


@fault(
    20,
    "A reorganisation takes an epoch back while the next one is sealed already",
    injected="the next epoch sealed, then `anvil_reorg`",
    expected="the lower epoch is sent again first; the higher one has no nonce before that is final",
)
def test_the_lower_epoch_goes_first_after_a_reorganisation(world: World) -> None:
    mined(world)
    world.site.issue()
    world.seal()

    world.site.command("anvil_reorg", 1, [])
    world.round()
    between = [event.epoch for event in events_of(world.site)]

    assert (between, world.attempts(2), world.state(2)) == ([1], [], AnchorState.SEALED)
    world.finish()
    assert world.attempts(1)[0].nonce < world.attempts(2)[0].nonce
    assert_exactly_once(world, epochs=2)


@fault(
    21,
    "A reorganisation takes back what was final, an anchor in it",
    injected="`anvil_reorg` below the finalized block; a node that is killed before it wrote its newest blocks down",
    expected="the FINAL row stays as it is, nothing is sent any more, the next epoch is BLOCKED: a person is needed",
)
def test_what_was_final_is_never_rewritten(world: World) -> None:
    world.site.issue()
    world.finish()
    before, sent = world.anchor(), world.proxy.count("eth_sendRawTransaction")
    head = int(str(world.site.command("eth_blockNumber")), 16)
    assert before.block_number is not None

    world.site.command("anvil_reorg", head - before.block_number + 1, [])
    world.site.mine(BLOCKS_TO_FINALITY)
    world.site.issue()
    world.round()
    world.round()

    assert events_of(world.site) == []
    assert world.anchor() == before
    assert (world.state(2), world.attempts(2)) == (AnchorState.BLOCKED, [])
    assert world.proxy.count("eth_sendRawTransaction") == sent


@also(21)
def test_a_node_that_lost_what_was_final_changes_nothing(database_url: str, tmp_path: Path) -> None:
    kept = ("--state", str(tmp_path / "state.json"), "--preserve-historical-states")
    with (
        run_anvil(*ANVIL_ARGUMENTS, *kept) as first,
        world_on(first, tmp_path, database_url) as world,
        # A node writes its blocks down when it is ended politely, and not when it is killed.
        restarted(first, signal.SIGTERM, *kept) as second,
    ):
        world.site.issue()
        world.finish()
        before, sent = world.anchor(), world.proxy.count("eth_sendRawTransaction")

        with restarted(second, signal.SIGKILL, *kept):
            assert before.block_number is not None
            world.site.mine(before.block_number + BLOCKS_TO_FINALITY)
            world.site.issue()
            world.round()
            world.round()

            assert events_of(world.site) == []
            assert world.anchor() == before
            assert (world.state(2), world.attempts(2)) == (AnchorState.BLOCKED, [])
            assert world.proxy.count("eth_sendRawTransaction") == sent


@fault(
    22,
    "A node still serves the transaction receipt of a block that was taken back",
    injected="`anvil_reorg`; proxy: the receipt from before it",
    expected="not believed: the block's hash is not the chain's at that height",
)
def test_a_receipt_from_an_orphaned_block_is_not_believed(world: World) -> None:
    mined(world)
    (only,) = world.attempts()
    receipt = world.site.command("eth_getTransactionReceipt", hex_of(only.transaction_hash))
    world.site.command("anvil_reorg", 1, [])
    world.hold_blocks()

    with world.proxy.behaving("eth_getTransactionReceipt", claim(receipt)):
        world.round()
        world.site.mine(BLOCKS_TO_FINALITY)
        world.round()

    assert (world.state(), world.anchor().block_hash) == (AnchorState.PENDING, None)
    world.finish()
    assert_exactly_once(world, epochs=1)

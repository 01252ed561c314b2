"""A market that moves: stuck, evicted, underpriced; replacements under one nonce, by the rules that nodes have."""

from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Row

from registry.store_ports import AnchorState
from tests.faults.behaviours import GethPool, refuse
from tests.faults.exactly_once import assert_exactly_once
from tests.faults.matrix import also, fault
from tests.faults.world import World, hex_of

SEND: Final = "eth_sendRawTransaction"
AT_ONCE: Final = {"stuck_after_seconds": 1e-6}
WEI_PER_GWEI: Final = 10**9


def assert_each_replaces_the_one_before(attempts: list[Row[Any]]) -> None:
    """One nonce, and both fees an eighth higher each time."""
    assert len({row.nonce for row in attempts}) == 1
    for before, after in pairwise(attempts):
        assert after.max_fee_wei * 1000 >= before.max_fee_wei * 1125
        assert after.tip_wei * 1000 >= before.tip_wei * 1125


def raise_base_fee(world: World, wei: int) -> None:
    """Make a block, too small for a transaction, that asks for this base fee."""
    world.site.command("evm_setBlockGasLimit", hex(20_000))
    world.site.command("anvil_setNextBlockBaseFeePerGas", hex(wei))
    world.site.mine()
    # Calls are held to the limit too.
    world.site.command("evm_setBlockGasLimit", hex(30_000_000))


@fault(
    13,
    "The transaction is stuck: no block takes it, and the market rises above it",
    injected="a block limited to 20,000 gas after it was admitted, base fee raised just below its maximum",
    expected="replaced under its nonce, both fees at least an eighth higher, never above the limit",
)
def test_a_stuck_transaction_is_replaced_by_an_eighth_up_to_the_limit(world: World) -> None:
    world.hold_blocks()
    world.site.issue()
    world.round()
    (first,) = world.attempts()
    raise_base_fee(world, first.max_fee_wei * 95 // 100)

    world.round(**AT_ONCE)
    second = world.attempts()[-1]
    limit_gwei = second.max_fee_wei * 1.1 / WEI_PER_GWEI
    world.round(**AT_ONCE, max_fee_gwei=limit_gwei)
    world.round(**AT_ONCE, max_fee_gwei=limit_gwei)

    attempts = world.attempts()
    assert len(attempts) == 2
    assert_each_replaces_the_one_before(attempts)
    world.finish()
    assert_exactly_once(world, epochs=1)


@fault(
    14,
    "The base fee jumps above what the transaction offers, and the pool evicts it",
    injected="`anvil_setNextBlockBaseFeePerGas`, 50 gwei",
    expected="priced again under its nonce; at the limit it stays the offer, and goes on when the limit is raised",
)
def test_an_evicted_transaction_is_priced_again_and_stops_at_the_limit(world: World) -> None:
    world.hold_blocks()
    world.site.issue()
    world.round()
    world.site.command("anvil_setNextBlockBaseFeePerGas", hex(50 * WEI_PER_GWEI))
    world.site.mine()
    evicted = world.pooled()

    world.round(max_fee_gwei=10.0)
    world.round(max_fee_gwei=10.0)
    held_back = world.attempts()
    world.round()
    world.round()
    world.finish()

    assert (evicted, len(held_back)) == ([], 1)
    assert len(world.attempts()) >= 2
    assert_each_replaces_the_one_before(world.attempts())
    assert_exactly_once(world, epochs=1)


@also(14)
def test_a_market_above_the_limit_blocks_a_first_offer_until_it_falls(world: World) -> None:
    world.site.issue()

    world.round(max_fee_gwei=0.1, max_tip_gwei=0.05)

    assert (world.state(), world.blocked_reason(), world.attempts()) == (AnchorState.BLOCKED, "fee-limit", [])
    world.finish()
    assert_exactly_once(world, epochs=1)


@fault(
    15,
    "The node refuses the transaction as an underpriced replacement",
    injected="proxy: *replacement transaction underpriced*, nothing forwarded",
    expected="raised from the highest of our own, under its nonce; never taken for a success",
)
def test_an_underpriced_replacement_is_raised_from_our_own_highest(world: World) -> None:
    world.hold_blocks()
    world.site.issue()

    with world.proxy.behaving(SEND, refuse("replacement transaction underpriced"), times=2):
        world.round()
    world.finish()

    attempts = world.attempts()
    assert len(attempts) == 3
    assert_each_replaces_the_one_before(attempts)
    assert world.anchor().transaction_hash == attempts[-1].transaction_hash
    assert_exactly_once(world, epochs=1)


@fault(
    16,
    "An older attempt is mined, not the newest",
    injected="the newest dropped from the pool, the older one's bytes sent to the node",
    expected="MINED with the older one's hash",
)
def test_an_older_attempt_may_be_the_one_that_is_mined(world: World) -> None:
    world.hold_blocks()
    world.site.issue()
    world.round(**AT_ONCE)
    world.round(**AT_ONCE, min_tip_gwei=4.0)
    first, second = world.attempts()

    world.site.command("anvil_dropTransaction", hex_of(second.transaction_hash))
    world.send_raw(first.raw)
    world.site.mine()
    world.round()

    assert (world.state(), world.anchor().transaction_hash) == (AnchorState.MINED, first.transaction_hash)
    world.finish()
    assert_exactly_once(world, epochs=1)


@fault(
    44,
    "The node takes a replacement only when both fees are a tenth higher (geth's rule)",
    injected="proxy: the rule of geth's pool, which anvil has not",
    expected="our replacements are taken",
)
def test_our_replacements_satisfy_geth(world: World) -> None:
    world.hold_blocks()
    world.site.issue()

    with world.proxy.behaving(SEND, GethPool({})):
        world.round(**AT_ONCE)
        for tip_gwei in (1.2, 1.5, 4.0):
            world.round(**AT_ONCE, min_tip_gwei=tip_gwei)

    attempts = world.attempts()
    assert [row.last_error for row in attempts] == [None] * 4
    assert_each_replaces_the_one_before(attempts)
    assert world.pooled() == [hex_of(attempts[-1].transaction_hash)]
    world.finish()
    assert_exactly_once(world, epochs=1)

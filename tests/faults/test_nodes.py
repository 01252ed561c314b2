"""Nodes that lie, stammer, lag and refuse: what they say is no observation, or not believed."""

from typing import Any, Final

import pytest

from registry.store_ports import AnchorState
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, ARTIFACT, BLOCKS_TO_FINALITY
from tests.anvil import run_anvil
from tests.faults.behaviours import (
    alter,
    another_id,
    block_named,
    claim,
    drip,
    html,
    http_status,
    refuse,
    truncate,
)
from tests.faults.exactly_once import assert_exactly_once, events_of
from tests.faults.matrix import also, fault
from tests.faults.proxy import ANY, Behaviour
from tests.faults.world import World

SEND: Final = "eth_sendRawTransaction"
RECEIPT: Final = "eth_getTransactionReceipt"
BLOCK: Final = "eth_getBlockByNumber"


def mined(world: World) -> None:
    """Take an epoch to MINED, its block final but not yet seen so."""
    world.site.issue()
    world.round()
    assert world.state() is AnchorState.MINED
    world.site.mine(BLOCKS_TO_FINALITY)


@pytest.mark.parametrize(
    "behaviour",
    [
        claim(None),
        claim({}),
        alter(lambda receipt: {key: value for key, value in receipt.items() if key != "logs"}),
        alter(lambda receipt: {**receipt, "blockHash": None}),
        alter(lambda receipt: {**receipt, "status": None}),
    ],
    ids=["null", "empty", "no logs", "no block", "no status"],
)
@fault(
    23,
    "The transaction receipt is null, empty or half",
    injected="proxy: null, `{}`, members left out",
    expected="unknown: nothing is signed or sent, nothing becomes final by it",
)
def test_half_a_transaction_receipt_is_no_observation(world: World, behaviour: Behaviour) -> None:
    mined(world)

    with world.proxy.behaving(RECEIPT, behaviour):
        world.round()

    (only,) = world.attempts()
    assert world.state() in {AnchorState.MINED, AnchorState.PENDING}
    assert only.sends == 1
    world.finish()
    assert_exactly_once(world, epochs=1)


@fault(
    24,
    "A node lags: an old nonce, an old head",
    injected="proxy: `eth_getTransactionCount` as of the beginning; the newest block as of three blocks ago",
    expected="no nonce is chosen below our own history, nothing is sent again",
)
def test_no_nonce_is_chosen_by_a_node_that_lags_behind_our_own_history(world: World) -> None:
    world.site.issue()
    world.finish()
    world.site.issue()

    with world.proxy.behaving("eth_getTransactionCount", claim("0x0")):
        world.round()
        world.round()

    assert (world.state(2), world.attempts(2)) == (AnchorState.SEALED, [])
    world.finish()
    assert_exactly_once(world, epochs=2)


@also(24)
def test_a_head_that_goes_back_sends_nothing_again(world: World) -> None:
    world.site.mine(4)
    world.site.issue()
    world.round()
    head = int(str(world.site.command("eth_blockNumber")), 16)
    old = world.site.command(BLOCK, hex(head - 3), False)

    with world.proxy.behaving(BLOCK, claim(old), where=block_named("latest")):
        world.round()
        world.round()

    (only,) = world.attempts()
    assert (only.sends, world.state()) == (1, AnchorState.MINED)
    world.finish()
    assert_exactly_once(world, epochs=1)


@fault(
    25,
    "Another chain behind the same address: another id, or the same with another genesis",
    injected="proxy: `eth_chainId`; a second anvil",
    expected="BLOCKED `wrong-chain`, nothing sent there; goes on when the right chain is back",
)
def test_another_chain_id_is_not_believed(world: World) -> None:
    world.site.issue()
    world.seal()

    with world.proxy.behaving("eth_chainId", claim("0x1")):
        world.round()

    assert (world.blocked_reason(), world.attempts()) == ("wrong-chain", [])
    world.finish()
    assert_exactly_once(world, epochs=1)


@also(25)
def test_another_genesis_under_the_same_id_is_not_believed(world: World) -> None:
    mined(world)
    with run_anvil(*ANVIL_ARGUMENTS, "--timestamp", "1700000000") as other:
        world.round(rpc_urls=(other.url,))

    assert world.blocked_reason() == "wrong-chain"
    assert world.attempts()[0].sends == 1
    world.finish()
    assert_exactly_once(world, epochs=1)


@fault(
    26,
    "The contract's address is without code: a transaction succeeds there without an event",
    injected="`anvil_setCode`, empty when the block is made",
    expected="never MINED; BLOCKED `wrong-chain`, and `no-event` once the code is back",
)
def test_a_success_without_the_event_is_never_an_anchor(world: World) -> None:
    code = world.site.command("eth_getCode", ARTIFACT.address, "latest")
    world.hold_blocks()
    world.site.issue()
    world.round()
    world.site.command("anvil_setCode", ARTIFACT.address, "0x")
    world.site.mine(1 + BLOCKS_TO_FINALITY)

    world.round()
    without_code = world.blocked_reason()
    world.site.command("anvil_setCode", ARTIFACT.address, code)
    world.round()
    world.round()

    assert (without_code, world.blocked_reason()) == ("wrong-chain", "no-event")
    assert events_of(world.site) == []
    assert [row.sends for row in world.attempts()] == [1]


REFUSALS: Final = {
    "429": http_status(429, Retry_After="1"),
    "502": http_status(502),
    "401": http_status(401),
    "-32005": refuse("daily request count exceeded", code=-32_005),
}
GARBAGE: Final[dict[str, Behaviour]] = {
    "html": html,
    "truncated": truncate,
    "another id": another_id,
    "slow drip": drip,
}


@pytest.mark.parametrize("behaviour", REFUSALS.values(), ids=REFUSALS.keys())
@fault(
    34,
    "The provider refuses: rate limit, bad gateway, bad key",
    injected="proxy: HTTP 429 with `Retry-After`, 502, 401, error -32005",
    expected="nothing changes and nothing is sent; a refused sending counts as unknown; it goes on afterwards",
)
def test_a_provider_that_refuses_everything_changes_nothing(world: World, behaviour: Behaviour) -> None:
    world.site.issue()
    world.seal()

    with world.proxy.behaving(ANY, behaviour):
        world.round()
        world.round()

    assert (world.state(), world.attempts()) == (AnchorState.SEALED, [])
    world.finish()
    assert_exactly_once(world, epochs=1)


@pytest.mark.parametrize("behaviour", REFUSALS.values(), ids=REFUSALS.keys())
@also(34)
def test_a_provider_that_refuses_a_sending_is_asked_again(world: World, behaviour: Behaviour) -> None:
    world.site.issue()

    with world.proxy.behaving(SEND, behaviour):
        world.round()
    (refused,) = world.attempts()
    world.finish()

    (only,) = world.attempts()
    assert refused.last_error.startswith("unknown")
    assert only.sends == 2
    assert_exactly_once(world, epochs=1)


@pytest.mark.parametrize("behaviour", GARBAGE.values(), ids=GARBAGE.keys())
@fault(
    35,
    "The answer is a web page, half an answer, an answer to another question, or drips in byte by byte",
    injected="proxy: HTML with status 200, a body cut in half, another id, one byte in 50 ms",
    expected="refused, or given up at the deadline for the whole exchange; nothing changes",
)
def test_an_answer_that_is_none_changes_nothing(world: World, behaviour: Behaviour) -> None:
    mined(world)
    before = world.anchor()

    with world.proxy.behaving(ANY, behaviour):
        world.round(rpc_timeout_seconds=1.0)

    assert world.anchor() == before
    world.finish()
    assert_exactly_once(world, epochs=1)


@pytest.mark.parametrize("behaviour", GARBAGE.values(), ids=GARBAGE.keys())
@also(35)
def test_a_sending_with_no_proper_answer_may_have_arrived(world: World, behaviour: Behaviour) -> None:
    world.hold_blocks()
    world.site.issue()

    with world.proxy.behaving(SEND, behaviour):
        world.round(rpc_timeout_seconds=2.0)
    (only,) = world.attempts()
    world.finish()

    assert only.last_error.startswith("unknown")
    assert {row.nonce for row in world.attempts()} == {only.nonce}
    assert_exactly_once(world, epochs=1)


def first_block(world: World) -> Any:  # noqa: ANN401  # JSON
    """Return the first block: what a node says that has seen no finality since."""
    return world.site.command(BLOCK, "0x0", False)


@pytest.mark.parametrize("how", ["null", "-39001", "stalled", "backwards"])
@fault(
    36,
    "Finality is missing, stalls or goes backwards",
    injected="proxy: the finalized block is null, unknown (-39001), an old one, the first one",
    expected="MINED stays MINED; FINAL when finality is back",
)
def test_without_finality_what_is_mined_stays_mined(world: World, how: str) -> None:
    stalled = world.site.command(BLOCK, "finalized", False)
    mined(world)
    behaviour = {
        "null": claim(None),
        "-39001": refuse("unknown block", code=-39_001),
        "stalled": claim(stalled),
        "backwards": claim(first_block(world)),
    }[how]

    with world.proxy.behaving(BLOCK, behaviour, where=block_named("finalized")):
        world.round()
        world.round()

    assert world.state() is AnchorState.MINED
    world.finish()
    assert world.attempts()[0].sends == 1
    assert_exactly_once(world, epochs=1)


@also(36)
def test_without_finality_no_nonce_is_chosen(world: World) -> None:
    world.site.issue()

    with world.proxy.behaving(BLOCK, claim(None), where=block_named("finalized")):
        world.round()

    assert (world.state(), world.attempts()) == (AnchorState.BLOCKED, [])
    world.finish()
    assert_exactly_once(world, epochs=1)


@fault(
    43,
    "A node refuses a window of event logs, or is still indexing transactions",
    injected="proxy: errors to `eth_getLogs` while an anchor is adopted, to `eth_getTransactionReceipt` after it is mined",
    expected="nothing is concluded; asked again in the next round",
)
def test_a_window_of_events_that_is_refused_is_asked_for_again(world: World) -> None:
    world.site.issue()
    world.seal()
    world.send_foreign(to=ARTIFACT.address, data=bytes(world.anchor().root))

    with world.proxy.behaving("eth_getLogs", refuse("query returned more than 10000 results", code=-32_005)):
        world.round()
    unknown = world.state()
    world.finish()

    assert (unknown, world.attempts()) == (AnchorState.SEALED, [])
    assert_exactly_once(world, epochs=1)


@also(43)
def test_a_node_that_is_still_indexing_concludes_nothing(world: World) -> None:
    mined(world)
    before = world.anchor()

    with world.proxy.behaving(RECEIPT, refuse("transaction indexing is in progress")):
        world.round()

    assert world.anchor() == before
    world.finish()
    assert_exactly_once(world, epochs=1)

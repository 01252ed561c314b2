"""Single crashes of the worker's process, each at the moment that matters, with what it left behind."""

from typing import Final

from registry.store_ports import AnchorState
from tests.faults.exactly_once import assert_exactly_once, transactions_of
from tests.faults.matrix import also, fault
from tests.faults.programs import Programs
from tests.faults.world import World, hex_of

AT_ONCE: Final = {"CREDROOT_STUCK_AFTER_SECONDS": "0.000001"}


@fault(
    1,
    "The process dies after it chose the nonce",
    injected="SIGKILL before the commit of nonce and signed transaction",
    expected="nothing is stored and nobody was told; after the restart one attempt, the same nonce",
)
def test_a_choice_of_nonce_that_was_not_stored_was_told_nobody(world: World, programs: Programs) -> None:
    world.site.issue()
    nonce = world.site.web3.eth.get_transaction_count(world.site.account.address)

    ending = programs.run(world.site, at="before commit.*INSERT attempt")

    assert ending.was_killed
    assert (world.state(), world.attempts(), transactions_of(world.site)) == (AnchorState.SEALED, [], [])
    world.finish()
    assert [row.nonce for row in world.attempts()] == [nonce]
    assert_exactly_once(world, epochs=1)


@fault(
    2,
    "The process dies after the signed transaction is stored",
    injected="SIGKILL after that commit",
    expected="the stored bytes are sent; nothing is signed again",
)
def test_stored_bytes_are_sent_after_a_crash_and_nothing_is_signed_again(world: World, programs: Programs) -> None:
    world.site.issue()

    ending = programs.run(world.site, at="after commit.*INSERT attempt")

    (stored,) = world.attempts()
    assert ending.was_killed
    assert (world.state(), stored.sends, transactions_of(world.site)) == (AnchorState.SIGNED, 0, [])
    world.finish()
    assert [row.raw for row in world.attempts()] == [stored.raw]
    assert [sent.transaction for sent in transactions_of(world.site)] == [hex_of(stored.transaction_hash)]
    assert_exactly_once(world, epochs=1)


@fault(
    3,
    "The process dies before the transaction reaches the node",
    injected="SIGKILL when `eth_sendRawTransaction` is asked, before it is forwarded",
    expected="sent after the restart, once",
)
def test_a_sending_that_never_left_is_done_after_a_crash(world: World, programs: Programs) -> None:
    world.site.issue()

    ending = programs.run(world.site, at="before eth_sendRawTransaction")

    assert ending.was_killed
    assert (world.proxy.count("eth_sendRawTransaction"), transactions_of(world.site)) == (0, [])
    world.finish()
    assert world.proxy.count("eth_sendRawTransaction") == 1
    assert_exactly_once(world, epochs=1)


@fault(
    4,
    "The process dies after the node took the transaction, before it is noted",
    injected="SIGKILL when the node has answered `eth_sendRawTransaction`, before the worker hears it",
    expected="found by its hash; not sent again",
)
def test_a_transaction_that_the_node_took_before_a_crash_is_found_by_its_hash(world: World, programs: Programs) -> None:
    world.hold_blocks()
    world.site.issue()

    ending = programs.run(world.site, at="after eth_sendRawTransaction")

    (stored,) = world.attempts()
    assert ending.was_killed
    assert world.pooled() == [hex_of(stored.transaction_hash)]
    world.finish()
    assert world.proxy.count("eth_sendRawTransaction") == 1
    assert_exactly_once(world, epochs=1)


@fault(
    5,
    "The process dies after it noted the block",
    injected="SIGKILL after the commit of MINED",
    expected="it goes on from there to FINAL",
)
def test_a_crash_after_the_block_was_noted_costs_nothing(world: World, programs: Programs) -> None:
    world.site.issue()

    ending = programs.run(world.site, at="after commit.*UPDATE anchor#3")

    assert ending.was_killed
    assert world.state() is AnchorState.MINED
    world.finish()
    assert world.proxy.count("eth_sendRawTransaction") == 1
    assert_exactly_once(world, epochs=1)


@fault(
    6,
    "The process dies between storing a replacement and sending it, and the pool forgets the first",
    injected="SIGKILL after the commit of the second attempt, then `anvil_dropAllTransactions`",
    expected="one of the two is mined, under their one nonce",
)
def test_a_replacement_stored_before_a_crash_is_sent_when_the_pool_forgot_the_first(
    world: World, programs: Programs
) -> None:
    _replacement_unsent(world, programs)

    world.site.command("anvil_dropAllTransactions")
    world.finish()

    assert_exactly_once(world, epochs=1)


@also(6)
def test_the_first_attempt_may_be_mined_while_its_replacement_was_not_sent(world: World, programs: Programs) -> None:
    _replacement_unsent(world, programs)

    world.site.mine()
    world.finish()

    first, _ = world.attempts()
    assert world.anchor().transaction_hash == first.transaction_hash
    assert_exactly_once(world, epochs=1)


def _replacement_unsent(world: World, programs: Programs) -> None:
    world.hold_blocks()
    world.site.issue()
    world.round()
    ending = programs.run(world.site, at="after commit.*INSERT attempt", **AT_ONCE, CREDROOT_MIN_TIP_GWEI="4")
    first, second = world.attempts()
    assert ending.was_killed
    assert (first.nonce, second.sends) == (second.nonce, 0)

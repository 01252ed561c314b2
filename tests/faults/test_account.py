"""The anchoring account: emptied, used by somebody else, reverted under, replaced by another key."""

from typing import Any, Final

import pytest
from eth_account import Account

from registry.domain.errors import Refused
from registry.store_ports import AnchorState
from tests.anchor_worker.sites import ARTIFACT, BLOCKS_TO_FINALITY
from tests.anvil import ANVIL_KEYS
from tests.faults.exactly_once import assert_exactly_once, events_of, transactions_of
from tests.faults.matrix import also, fault
from tests.faults.world import World, hex_of

ENDLESS_LOOP: Final = "0x5b600056"
"""JUMPDEST PUSH1 0 JUMP: uses up all the gas there is."""


@fault(
    27,
    "The transaction is mined and reverts: out of gas",
    injected="`anvil_setCode`, an endless loop while the block is made",
    expected="BLOCKED `reverted` until that is final, then anchored under the next nonce; the one before is used up",
)
def test_a_transaction_out_of_gas_uses_its_nonce_and_is_made_anew_once_that_is_final(world: World) -> None:
    code = world.site.command("eth_getCode", ARTIFACT.address, "latest")
    world.hold_blocks()
    world.site.issue()
    world.round()
    world.site.command("anvil_setCode", ARTIFACT.address, ENDLESS_LOOP)
    world.site.mine()
    world.site.command("anvil_setCode", ARTIFACT.address, code)

    world.round()
    early = (world.blocked_reason(), len(world.attempts()), events_of(world.site))
    world.finish()

    failed, anchored = transactions_of(world.site)
    assert early == ("reverted", 1, [])
    assert (failed.succeeded, anchored.succeeded) == (False, True)
    assert {row.nonce for row in world.attempts()} == {failed.nonce, anchored.nonce}
    assert_exactly_once(world, epochs=1, reverted=1)


@fault(
    28,
    "The root is on chain already, by a transaction that the database does not know",
    injected="the same root anchored with the same key beforehand",
    expected="adopted by its event; nothing is signed",
)
def test_a_root_that_is_on_chain_already_is_adopted(world: World) -> None:
    world.site.issue()
    world.seal()
    transaction = world.send_foreign(to=ARTIFACT.address, data=bytes(world.anchor().root))

    world.finish()

    assert (hex_of(world.anchor().transaction_hash), world.attempts()) == (transaction, [])
    assert_exactly_once(world, epochs=1)


@fault(
    29,
    "Somebody else uses our nonce with our key",
    injected="ours dropped from the pool, another transaction of the account mined and final",
    expected="nothing is concluded before that is final, then BLOCKED `foreign-nonce`; no other nonce is ever tried",
)
def test_a_nonce_used_by_somebody_else_halts_once_that_is_final(world: World) -> None:
    world.hold_blocks()
    world.site.issue()
    world.round()
    (only,) = world.attempts()
    world.site.command("anvil_dropTransaction", hex_of(only.transaction_hash))
    foreign = world.send_foreign(to=world.site.account.address)
    world.site.mine()

    world.round()
    early = world.state()
    world.site.mine(BLOCKS_TO_FINALITY)
    world.round()
    world.round()

    assert (early, world.blocked_reason()) == (AnchorState.PENDING, "foreign-nonce")
    assert [sent.transaction for sent in transactions_of(world.site)] == [foreign]
    assert {row.nonce for row in world.attempts()} == {only.nonce}


@also(29)
def test_a_foreign_root_under_our_number_halts(world: World) -> None:
    world.site.issue()
    world.seal()
    world.send_foreign(to=ARTIFACT.address, data=b"\x77" * 32)

    world.round()
    world.site.mine(BLOCKS_TO_FINALITY)
    world.round()

    assert (world.blocked_reason(), world.attempts()) == ("foreign-anchor", [])
    assert len(events_of(world.site)) == 1


@fault(
    30,
    "A foreign transaction of our account waits in the pool and vanishes",
    injected="sent with our key, then `anvil_dropTransaction`",
    expected="our nonce is the next one by the newest block, not by the pool: no gap",
)
def test_a_foreign_transaction_that_vanishes_leaves_no_gap(world: World) -> None:
    world.hold_blocks()
    foreign = world.send_foreign(to=world.site.account.address)
    world.site.issue()
    world.round()

    world.site.command("anvil_dropTransaction", foreign)
    world.finish()

    assert_exactly_once(world, epochs=1)


@fault(
    38,
    "The account is out of funds",
    injected="`anvil_setBalance`, nothing and then something",
    expected="BLOCKED `no-funds`, nothing signed; goes on by itself when it is filled",
)
def test_an_empty_account_blocks_and_resumes(world: World) -> None:
    world.site.command("anvil_setBalance", world.site.account.address, "0x0")
    world.site.issue()

    world.round()
    empty = (world.blocked_reason(), world.attempts())
    world.site.command("anvil_setBalance", world.site.account.address, hex(10**18))
    world.finish()

    assert empty == ("no-funds", [])
    assert_exactly_once(world, epochs=1)


@also(38)
def test_funds_that_run_out_after_signing_block_and_resume(world: World) -> None:
    world.hold_blocks()
    world.site.issue()
    world.round()
    (only,) = world.attempts()
    world.site.command("anvil_dropTransaction", hex_of(only.transaction_hash))
    world.site.command("anvil_setBalance", world.site.account.address, "0x1")

    world.round()
    empty = world.blocked_reason()
    world.site.command("anvil_setBalance", world.site.account.address, hex(10**18))
    world.finish()

    assert empty == "no-funds"
    assert_exactly_once(world, epochs=1)


@fault(
    42,
    "The key is another account's, or is not there",
    injected="the key file exchanged, removed",
    expected="BLOCKED `log-not-bound`, or refused to start; nothing is sent by the wrong account",
)
def test_another_account_s_key_sends_nothing(world: World) -> None:
    other: Any = Account.from_key(ANVIL_KEYS[1])
    key_file = world.site.folder / "anchor.key"
    right = key_file.read_text()
    world.site.issue()

    key_file.write_text(bytes(other.key).hex())
    world.round()
    wrong = (world.blocked_reason(), world.attempts(), world.site.web3.eth.get_transaction_count(other.address))
    key_file.write_text(right)
    world.finish()

    assert wrong == ("log-not-bound", [], 0)
    assert_exactly_once(world, epochs=1)


@also(42)
def test_without_its_key_a_worker_does_not_start(world: World) -> None:
    world.site.issue()
    (world.site.folder / "anchor.key").unlink()

    with pytest.raises(Refused):
        world.round()

    assert transactions_of(world.site) == []

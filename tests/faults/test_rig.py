"""The rig itself: the network's rules, and an assertion that sees what is wrong."""

import pytest
from eth_utils.crypto import keccak

from registry.adapters.rpc import connect
from registry.adapters.transactions import Answer, send
from tests.anchor_worker.sites import ARTIFACT, BLOCKS_TO_FINALITY
from tests.faults.behaviours import GethPool
from tests.faults.exactly_once import assert_exactly_once
from tests.faults.matrix import LAST_KNOWN, NOT_INJECTED, all_faults
from tests.faults.programs import Programs
from tests.faults.world import World, hex_of


def test_every_fault_of_the_design_is_injected_or_says_why_not() -> None:
    covered = {fault.words.number for fault in all_faults()} | set(NOT_INJECTED)

    assert set(range(1, LAST_KNOWN + 1)) - covered == set()
    assert covered == set(range(1, max(covered) + 1))
    assert not {fault.words.number for fault in all_faults()} & set(NOT_INJECTED)


def test_every_fault_has_a_test_on_both_databases() -> None:
    assert [fault.words.number for fault in all_faults() if "PostgreSQL" not in fault.databases] == []


def test_a_lost_epoch_is_seen(world: World) -> None:
    world.site.issue()
    world.seal()

    with pytest.raises(AssertionError):
        assert_exactly_once(world, epochs=1)


def test_an_unsealed_credential_is_seen(world: World) -> None:
    world.site.issue()
    world.finish()
    world.site.issue()

    with pytest.raises(AssertionError):
        assert_exactly_once(world, epochs=1)


def test_a_doubled_root_is_seen(world: World) -> None:
    world.site.issue()
    world.finish()
    world.send_foreign(to=ARTIFACT.address, data=bytes(world.anchor().root))
    world.site.mine(BLOCKS_TO_FINALITY)

    with pytest.raises(AssertionError):
        assert_exactly_once(world, epochs=1, foreign=1)


def test_a_reverted_transaction_is_seen(world: World) -> None:
    world.site.issue()
    world.finish()
    world.send_foreign(to=ARTIFACT.address, data=b"this is no root")
    world.site.mine(BLOCKS_TO_FINALITY)

    with pytest.raises(AssertionError):
        assert_exactly_once(world, epochs=1)


def test_a_damaged_published_file_is_seen(world: World) -> None:
    world.site.issue()
    world.finish()
    (world.site.published / "epochs" / "1" / "batch-0.bin").write_bytes(b"")

    with pytest.raises(AssertionError):
        assert_exactly_once(world, epochs=1)


def test_geth_s_rule_refuses_a_replacement_that_raises_one_fee(world: World) -> None:
    world.hold_blocks()
    us = world.site.account.address
    first, dearer, both = (
        world.sign_foreign(to=us, max_fee_gwei=fee, tip_gwei=tip) for fee, tip in ((100, 10), (200, 10), (110, 11))
    )

    with world.proxy.behaving("eth_sendRawTransaction", GethPool({})):
        answers = [send(connect(world.proxy.url), raw).answer for raw in (first, dearer, both, first)]

    assert answers == [Answer.TAKEN, Answer.UNDERPRICED, Answer.TAKEN, Answer.UNDERPRICED]
    assert world.pooled() == [hex_of(keccak(both))]


def test_a_life_that_is_not_killed_ends_by_itself(world: World, programs: Programs) -> None:
    world.hold_blocks()
    world.site.issue()

    ending = programs.run(world.site, "life")

    assert (ending.exit_code, ending.was_killed) == (0, False), ending.output
    assert_exactly_once(world, epochs=1)

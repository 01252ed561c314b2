"""What may be spent, and who signs: a budget used up, a signer that is down, has another key, or alters what it signs."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from registry.store_ports import AnchorState
from tests.anchor_worker.sites import BLOCKS_TO_FINALITY
from tests.faults.exactly_once import assert_exactly_once, transactions_of
from tests.faults.matrix import also
from tests.faults.world import World
from tests.signer_server import ALTERATIONS, SignerServer, other_account, reply, run_signer


@pytest.fixture
def signer(world: World) -> Iterator[SignerServer]:
    """Run a signer that holds the account's key."""
    with run_signer(world.site.account, chain_id=world.site.log.name.chain_id) as running:
        yield running


def remote(world: World, signer: SignerServer) -> dict[str, Any]:
    """Return the settings with which the signer signs."""
    return {"anchor_key_file": None, "signer_url": signer.url, "signer_address": world.site.account.address}


@also(38)
def test_a_budget_that_is_used_up_blocks_and_resumes(world: World) -> None:
    world.site.issue()
    world.finish()
    world.site.issue()

    world.round(daily_budget_ether=Decimal("0.000001"))
    held = (world.blocked_reason(2), world.attempts(2))
    world.finish()

    assert held == ("budget", [])
    assert_exactly_once(world, epochs=2)


@also(38)
def test_a_replacement_beyond_the_budget_is_not_signed(world: World) -> None:
    world.hold_blocks()
    world.site.issue()
    world.round(stuck_after_seconds=1e-6)
    (only,) = world.attempts()
    cost = Decimal(only.gas * only.max_fee_wei) / 10**18

    world.round(stuck_after_seconds=1e-6, min_tip_gwei=4.0, daily_budget_ether=cost)
    world.site.mine(BLOCKS_TO_FINALITY)
    world.finish()

    assert len(world.attempts()) == 1
    assert_exactly_once(world, epochs=1)


@pytest.mark.parametrize("alter", ALTERATIONS.values(), ids=ALTERATIONS.keys())
@also(42)
def test_what_a_signer_alters_is_neither_stored_nor_sent(world: World, signer: SignerServer, alter: Any) -> None:  # noqa: ANN401  # of the signer
    world.site.issue()

    signer.alter = alter
    world.round(**remote(world, signer))
    altered = (world.state(), world.attempts(), transactions_of(world.site))
    signer.alter = lambda transaction: transaction
    world.finish(**remote(world, signer))

    assert altered == (AnchorState.SEALED, [], [])
    assert_exactly_once(world, epochs=1)


@also(42)
def test_a_signer_that_is_down_or_has_another_key_is_waited_for(world: World, signer: SignerServer) -> None:
    world.site.issue()
    account = signer.account

    signer.instead = lambda handler: reply(handler, "", 503)
    world.round(**remote(world, signer))
    signer.instead = None
    with world.worker(**remote(world, signer)) as worker:
        signer.account = other_account()
        worker.run_once()
    unsigned = (world.state(), world.attempts(), transactions_of(world.site))
    signer.account = account
    world.finish(**remote(world, signer))

    assert unsigned == (AnchorState.SEALED, [], [])
    assert_exactly_once(world, epochs=1)

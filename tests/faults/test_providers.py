"""One provider of three that lies, lags or refuses, beside two that do not."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Final

import pytest

from anchor_worker.wiring import opened_worker
from registry.store_ports import AnchorState
from tests.anchor_worker.sites import BLOCKS_TO_FINALITY
from tests.faults.behaviours import block_named, claim, http_status, refuse
from tests.faults.exactly_once import assert_exactly_once
from tests.faults.matrix import also, fault
from tests.faults.proxy import ANY, Behaviour, FaultProxy, run_proxy
from tests.faults.world import World
from tests.registry_world import SetClock

PROVIDERS: Final = 3
BLOCK: Final = "eth_getBlockByNumber"


@contextmanager
def three_providers(world: World) -> Iterator[tuple[FaultProxy, ...]]:
    """Yield three providers of the one chain."""
    with ExitStack() as stack:
        yield tuple(stack.enter_context(run_proxy(world.node_url)) for _ in range(PROVIDERS))


@pytest.mark.parametrize("place", [0, PROVIDERS - 1])
@fault(
    37,
    "One provider of three lies about finality",
    injected="three proxies; one says that the newest block is finalized",
    expected="not FINAL, not published, before a quorum says so",
)
def test_one_of_three_that_lies_about_finality_makes_nothing_final(world: World, place: int) -> None:
    world.site.issue()
    with three_providers(world) as providers:
        urls = tuple(each.url for each in providers)
        world.round(rpc_urls=urls)
        newest = world.site.command(BLOCK, "latest", False)

        with providers[place].behaving(BLOCK, claim(newest), where=block_named("finalized")):
            world.round(rpc_urls=urls)
            world.round(rpc_urls=urls)

        assert (world.state(), world.site.published.exists()) == (AnchorState.MINED, False)
        world.finish(rpc_urls=urls)
    assert_exactly_once(world, epochs=1)


@pytest.mark.parametrize(
    "behaviour",
    [http_status(429, Retry_After="3600"), http_status(502), http_status(401), refuse("limit", code=-32_005)],
    ids=["429", "502", "401", "-32005"],
)
@also(34)
def test_a_provider_that_refuses_is_left_alone_while_the_others_serve(world: World, behaviour: Behaviour) -> None:
    world.site.issue()
    with three_providers(world) as providers:
        settings = world.site.settings.model_copy(update={"rpc_urls": tuple(each.url for each in providers)})
        # Its rest of a second lasts as long as the test does, however slow that is.
        stopped = SetClock(moment=datetime.now(UTC))
        with providers[0].behaving(ANY, behaviour), opened_worker(settings, clock=stopped) as worker:
            worker.run_once()
            asked = len(providers[0].requests)
            world.site.mine(BLOCKS_TO_FINALITY)
            worker.run_once()

        # A transaction goes to all of them; nothing else is asked of the one that refuses.
        again = {call.method for call in providers[0].requests[asked:]}
        assert (world.state(), again - {"eth_sendRawTransaction"}) == (AnchorState.FINAL, set())
    assert_exactly_once(world, epochs=1)


@also(24)
def test_a_provider_that_lags_is_not_read_while_the_others_are_ahead(world: World) -> None:
    world.site.mine(8)
    world.site.issue()
    old = world.site.command(BLOCK, "0x2", False)
    with three_providers(world) as providers:
        urls = tuple(each.url for each in providers)
        with providers[0].behaving(BLOCK, claim(old), where=block_named("latest")):
            world.round(rpc_urls=urls)
            seen = world.state()
            world.finish(rpc_urls=urls)

    # By that block the log was not even open.
    assert (seen, world.blocked_reason()) == (AnchorState.MINED, "")
    assert_exactly_once(world, epochs=1)

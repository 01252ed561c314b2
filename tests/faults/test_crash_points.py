"""Killed at every point of an epoch's life, and started again: each epoch is anchored exactly once.

At every point that changes something; `--every-crash-point` (`make crash-points`) kills before and after every reading of the
chain too.
"""

import re
from typing import Final

import pytest
from structlog.testing import capture_logs

from tests.faults.crashing import LIFE, NEVER
from tests.faults.exactly_once import assert_exactly_once
from tests.faults.programs import Programs
from tests.faults.world import World
from tests.store_samples import add_tenant, issue

PARTS: Final = 4
"""The points are dealt to so many tests, which may run side by side."""
IMPATIENT: Final = {"CREDROOT_POLL_SECONDS": "0.001", "CREDROOT_LEASE_SECONDS": "3600"}
"""No pause between rounds, and no heartbeat that would be a point at another place each time."""

NEVER_MISSING: Final = (
    *(
        f"{side} commit: {what}"
        for side in ("before", "after")
        for what in ("INSERT epoch", "UPDATE attempt", "UPDATE epoch")
    ),
    *(
        f"{side} {method}"
        for side in ("before", "after")
        for method in ("eth_sendRawTransaction", "eth_getBlockByNumber")
    ),
    "INSERT attempt",
    "before rename: .aside-N",
)
"""What a life cannot be without: were a hook to come loose, nothing would be killed there."""
READING: Final = re.compile(r"(before|after) eth_(?!send)")


@pytest.mark.parametrize("part", range(PARTS))
def test_a_worker_killed_at_any_point_anchors_every_epoch_exactly_once(
    world: World, programs: Programs, part: int, pytestconfig: pytest.Config
) -> None:
    """One epoch a point, each with an issuer of its own, so that every life publishes the same kinds of files."""
    world.hold_blocks()
    epochs = 0

    def life(at: int | str) -> tuple[str, ...]:
        nonlocal epochs
        epochs += 1
        issue(world.site.store, add_tenant(world.site.store, f"issuer-{epochs}"))
        ending = programs.run(world.site, LIFE, at=at, CREDROOT_RPC_URLS=world.node_url, **IMPATIENT)
        assert ending.was_killed is (at != NEVER), ending.output
        with capture_logs():  # the figures below are to be read
            world.finish(rpc_urls=(world.node_url,))
        return ending.points

    # With two final anchors before it a life is like every later one: those are compared with the chain.
    _, _, whole = (life(NEVER) for _ in range(3))
    assert [name for name in NEVER_MISSING if not any(name in point for point in whole)] == []
    everywhere = pytestconfig.getoption("--every-crash-point")
    deadly = [at for at, name in enumerate(whole, 1) if everywhere or READING.match(name) is None][part::PARTS]
    killed = [life(at) for at in deadly]

    assert [points[-1] for points in killed] == [whole[at - 1] for at in deadly]
    assert_exactly_once(world, epochs=epochs)
    print(f"killed at {len(deadly)} of {len(whole)} points: of {epochs} epochs 0 lost, 0 doubled, 0 reverted")

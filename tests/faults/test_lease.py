"""The lease of the worker that anchors: shorter than a node's patience, judged by a clock that jumps."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import pytest
from sqlalchemy import Engine
from typing_extensions import override

from anchor_worker.leader import Leader, present_leader
from anchor_worker.lease import Lease
from anchor_worker.ports import NotLeader
from registry.adapters.clock import SystemClock
from registry.adapters.database import open_engine
from registry.domain.errors import Refused
from registry.store_ports import AnchorState
from tests.faults.behaviours import hang_before
from tests.faults.databases import is_sqlite
from tests.faults.exactly_once import assert_exactly_once
from tests.faults.matrix import also, fault
from tests.faults.programs import Programs
from tests.faults.proxy import ANY
from tests.faults.waiting import wait_until
from tests.faults.world import World

LEASE: Final = timedelta(seconds=2)
A_YEAR: Final = timedelta(days=365)


class AheadClock(SystemClock):
    """A host's clock that was set forward by a year."""

    @override
    def now(self) -> datetime:
        return super().now() + A_YEAR


@contextmanager
def engine_of(world: World) -> Iterator[Engine]:
    """Open the world's database beside its workers."""
    engine = open_engine(world.site.settings.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


@fault(
    33,
    "A node takes longer to answer than a lease lasts",
    injected="proxy: every request kept back, for several leases",
    expected="the lease is renewed meanwhile: one leader, one term; it goes on when the node answers",
)
def test_a_leader_whose_node_hangs_for_several_leases_goes_on_leading(world: World, programs: Programs) -> None:
    world.site.issue()
    short = {"CREDROOT_LEASE_SECONDS": str(LEASE.total_seconds()), "CREDROOT_RPC_TIMEOUT_SECONDS": "1"}
    terms: list[Lease] = []

    with engine_of(world) as engine, programs.started(world.site, **short):
        with world.proxy.behaving(ANY, hang_before):
            wait_until(lambda: _has_lasted(engine, terms))
        hanging = (world.attempts(), len({term.token for term in terms}))
        world.proxy.release()
        wait_until(world.is_done, meanwhile=world.site.mine)

    assert hanging == ([], 1)
    assert_exactly_once(world, epochs=1)


@also(33)
def test_a_lease_as_short_as_a_node_may_take_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="CREDROOT_LEASE_SECONDS"):
        world.round(rpc_timeout_seconds=5.0, lease_seconds=5.0)


@fault(
    41,
    "The clock of a host jumps by a year while a worker leads",
    injected="a second worker with a clock of its own, on the database of the first",
    expected="PostgreSQL judges by its own clock: refused; SQLite: the first one is fenced and changes nothing; exactly once",
)
def test_a_clock_that_jumps_costs_a_term_at_most(world: World) -> None:
    world.hold_blocks()
    world.site.issue()
    with engine_of(world) as engine, world.worker() as worker:
        worker.run_once()
        before = world.anchor()
        other = Leader(engine, lasts=timedelta(seconds=60), clock=AheadClock())
        try:
            if is_sqlite(world.site.settings.database_url):
                other.acquire()
                world.site.mine()
                worker.run_once()
                assert (before.state, world.anchor()) == (AnchorState.PENDING, before)
            else:
                with pytest.raises(NotLeader):
                    other.acquire()
        finally:
            other.release()

    world.finish()
    assert len(world.attempts()) == 1
    assert_exactly_once(world, epochs=1)


def _has_lasted(engine: Engine, terms: list[Lease]) -> bool:
    lease = present_leader(engine, clock=SystemClock())
    if lease is not None:
        terms.append(lease)
    return bool(terms) and terms[-1].until - terms[0].until >= 2 * LEASE

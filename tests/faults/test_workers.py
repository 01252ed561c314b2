"""More than one worker with one account: at once, and one that was stopped and goes on much later."""

import os
import signal
import threading
from typing import Final

from registry.store_ports import AnchorState
from tests.faults.exactly_once import assert_exactly_once
from tests.faults.matrix import also, fault
from tests.faults.programs import Programs
from tests.faults.proxy import Exchange
from tests.faults.waiting import DEADLINE_SECONDS, wait_until
from tests.faults.world import World

SEND: Final = "eth_sendRawTransaction"
EPOCHS: Final = 3
SHORT: Final = {"CREDROOT_LEASE_SECONDS": "4", "CREDROOT_RPC_TIMEOUT_SECONDS": "3"}
"""Of the worker that is stopped: what holds the others up is over after this."""


@fault(
    31,
    "Two workers run with one key on one database",
    injected="two processes, `run`, three epochs",
    expected="each epoch anchored once, one attempt each",
)
def test_two_workers_with_one_key_anchor_every_epoch_once(world: World, programs: Programs) -> None:
    with programs.started(world.site), programs.started(world.site):
        for _ in range(EPOCHS):
            world.site.issue()
            wait_until(world.is_done, meanwhile=world.site.mine)

    assert [len(world.attempts(number)) for number in range(1, EPOCHS + 1)] == [1] * EPOCHS
    assert_exactly_once(world, epochs=EPOCHS)


@fault(
    32,
    "The leader is stopped for longer than its lease lasts, and then goes on",
    injected="SIGSTOP while its transaction is on the way to the node, SIGCONT when another one has finished the epoch",
    expected="what it still sends are the stored bytes: harmless; what it still stores is refused",
)
def test_a_worker_stopped_while_sending_is_harmless_when_it_goes_on(world: World, programs: Programs) -> None:
    world.site.issue()
    stopped = threading.Event()

    def stop(exchange: Exchange) -> None:
        os.kill(program.process_id, signal.SIGSTOP)
        stopped.set()
        exchange.proxy.released.wait()
        exchange.repeat(exchange.forward())

    with world.proxy.behaving(SEND, stop, times=1), programs.started(world.site, "once", **SHORT) as program:
        assert stopped.wait(DEADLINE_SECONDS)
        # Once its lease is over.
        wait_until(world.is_done, meanwhile=lambda: _work_elsewhere(world))
        before = world.anchor()
        world.proxy.release()
        os.kill(program.process_id, signal.SIGCONT)
        exit_code = program.wait().exit_code

    assert exit_code == 0
    assert (world.anchor(), len(world.attempts())) == (before, 1)
    assert_exactly_once(world, epochs=1)


@also(32)
def test_a_worker_stopped_before_it_stores_is_refused_when_it_goes_on(world: World, programs: Programs) -> None:
    world.site.issue()
    world.seal()
    stopped = threading.Event()

    def stop(exchange: Exchange) -> None:
        answer = exchange.forward()
        os.kill(program.process_id, signal.SIGSTOP)
        stopped.set()
        exchange.proxy.released.wait()
        exchange.repeat(answer)

    with (
        world.proxy.behaving("eth_feeHistory", stop, times=1),
        programs.started(world.site, "once", **SHORT) as program,
    ):
        assert stopped.wait(DEADLINE_SECONDS)
        # Once its lease is over.
        wait_until(world.is_done, meanwhile=lambda: _work_elsewhere(world))
        world.proxy.release()
        os.kill(program.process_id, signal.SIGCONT)
        exit_code = program.wait().exit_code

    assert (exit_code, world.state(), len(world.attempts())) == (0, AnchorState.FINAL, 1)
    assert_exactly_once(world, epochs=1)


def _work_elsewhere(world: World) -> None:
    """Let another worker do a round, by a way to the node that nothing is stopped on."""
    world.round(rpc_urls=(world.node_url,))
    world.site.mine()

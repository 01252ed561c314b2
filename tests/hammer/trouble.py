"""What happens to the processes and to the chain in the meantime."""

import os
import signal
from random import Random
from typing import Final

from registry.adapters.rpc import connect, request
from registry.demo.processes import Running
from tests.hammer.client import Client
from tests.hammer.scene import Scene
from tests.many_workers.fleet import SERVICES, WORKERS

SLOTS_IN_AN_EPOCH: Final = 2
BLOCKS_TO_FINALITY: Final = 2 * SLOTS_IN_AN_EPOCH
"""A chain may take back what is not final: that many blocks at most."""
LEASE_SECONDS: Final = 5
PAUSE_SECONDS: Final = (0.5, 1.6 * LEASE_SECONDS)
"""Some pauses outlast the lease: another worker leads when the paused one goes on."""


def hit_processes(scene: Scene, _client: Client, chance: Random) -> None:
    """Kill or pause a worker, or kill a service."""
    scene.pause(chance, at_most=4)
    if scene.over.is_set():
        return
    for worker in scene.fleet.workers:
        if worker.process.poll() is not None:
            scene.tally.violated(f"{worker.name} ended by itself: {worker.log.read_text()[-500:]}")
    number = chance.randrange(WORKERS)
    what = chance.choices(("kill", "pause", "service"), (5, 3, 1))[0]
    if what == "service":
        _kill_service(scene, chance.randrange(SERVICES))
    elif scene.fleet.is_working(number):
        if what == "kill":
            scene.fleet.kill_worker(number)
            scene.tally.count("trouble", "workers killed")
        else:
            _pause(scene, scene.fleet.workers[number], chance.uniform(*PAUSE_SECONDS))


def hit_chain(scene: Scene, _client: Client, chance: Random) -> None:
    """Take back blocks that are not final, or empty the pool."""
    scene.pause(chance, at_most=8)
    if scene.over.is_set():
        return
    node = connect(scene.fleet.stage.rpc_url)
    if chance.random() < 0.3:
        request(node, "anvil_dropAllTransactions", [])
        scene.tally.count("trouble", "pools emptied")
        return
    depth = chance.randint(1, BLOCKS_TO_FINALITY)
    # What stood in them is gone, from the pool too: somebody has to send it again.
    request(node, "anvil_reorg", [depth, []])
    scene.tally.count("trouble", f"reorgs of {depth}")


def _kill_service(scene: Scene, number: int) -> None:
    scene.outages.begin(number)
    scene.fleet.kill_service(number)
    scene.outages.end(number)
    scene.tally.count("trouble", "services killed")


def _pause(scene: Scene, worker: Running, seconds: float) -> None:
    os.killpg(worker.process.pid, signal.SIGSTOP)
    try:
        scene.over.wait(seconds)
    finally:
        os.killpg(worker.process.pid, signal.SIGCONT)
    longer = "longer" if seconds > LEASE_SECONDS else "shorter"
    scene.tally.count("trouble", f"workers paused, {longer} than the lease")

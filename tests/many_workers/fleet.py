"""The processes: a node, two services, three workers that may be killed at any moment, all ended in any case."""

import os
import random
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from web3 import Web3

from registry.adapters.networks import DEVCHAIN
from registry.adapters.rpc import connect, request
from registry.demo.client import Service
from registry.demo.processes import Running, start
from registry.demo.stage import Stage, empty_folder
from registry.domain.log_name import LogName
from tests.anvil import run_anvil
from tests.postgres import running_postgres

SERVICES: Final = 2
WORKERS: Final = 3
KILL_AFTER_SECONDS: Final = (0.5, 4.0)
"""Between two looks for somebody to kill."""
WORKING: Final = "worker_started"
_AT_ONCE: Final = ""
"""What every log holds from the start."""
BLOCK_SECONDS: Final = 1
TEN_ETHER: Final = 10**19
POSTGRES: Final = ("--listen_addresses=", "--max_connections=60", "--shared_buffers=128MB", "--max_wal_size=4GB")
"""Durable, as an operator has it: a killed worker must find what it committed, and nothing else."""


@dataclass(slots=True, kw_only=True)
class Fleet:
    """Everything that runs on one database."""

    stage: Stage
    settings: dict[str, str]
    """What differs from the stage's own settings; a worker reads it when it is started."""
    log: LogName
    node: Web3
    services: list[Service] = field(default_factory=list)
    workers: list[Running] = field(default_factory=list)
    kills: int = 0

    def start_service(self, key: str) -> Running:
        """Start one more service, on a port of its own."""
        number, port = len(self.services), free_port()
        url = f"https://localhost:{port}"
        running = self._start(f"service-{number}", ["registry.web"], "credroot listens", {"CREDROOT_PORT": str(port)})
        self.services.append(Service(url, ca_file=self.stage.ca_file, key=key))
        return running

    def start_worker(self, number: int) -> Running:
        """Start a worker in the place of the one of that number; nobody waits for it."""
        return self._start(f"worker-{number}-{self.kills}", ["anchor_worker", "run"], _AT_ONCE, {})

    def kill_one(self, chance: random.Random) -> None:
        """Let some time pass, kill a worker if one is up by then, and start it again."""
        time.sleep(chance.uniform(*KILL_AFTER_SECONDS))
        number = chance.randrange(WORKERS)
        victim = self.workers[number]
        if WORKING not in victim.log.read_text():
            return
        os.killpg(victim.process.pid, signal.SIGKILL)
        victim.process.wait()
        self.kills += 1
        self.workers[number] = self.start_worker(number)

    def stop_workers(self) -> None:
        """Let each worker finish its round."""
        for worker in self.workers:
            worker.stop()

    def transactions(self) -> int:
        """Count what the anchoring account ever sent that is in a block."""
        return self.node.eth.get_transaction_count(self.stage.anchorer.address)

    def _start(self, name: str, arguments: list[str], ready: str, variables: Mapping[str, str]) -> Running:
        log = self.stage.registry / "logs" / f"{name}.log"
        return start(name, arguments, log=log, environment={**self.stage.environment, **variables}, ready=ready)


@contextmanager
def running_fleet(folder: Path, settings: Mapping[str, str]) -> Iterator[Fleet]:
    """Yield services and workers on a new registry; end every process, whatever happens."""
    empty_folder(folder)
    with ExitStack() as stack:
        url = stack.enter_context(stack.enter_context(running_postgres(POSTGRES)).fresh_database())
        # The embedded chain's id, for which the commands have a preset.
        node = stack.enter_context(
            run_anvil(
                *("--chain-id", str(DEVCHAIN.chain_id), "--block-time", str(BLOCK_SECONDS), "--slots-in-an-epoch", "1")
            )
        )
        changing = {
            "CREDROOT_DATABASE_URL": url,
            "CREDROOT_RPC_URLS": node.url,
            "CREDROOT_POLL_SECONDS": "0.5",
            # The services share two cores with all the rest.
            "CREDROOT_UPLOAD_PROCESSES": "1",
            **settings,
        }
        ports = int(node.url.rpartition(":")[2]), free_port()
        stage = stack.enter_context(Stage(folder, ports=ports, settings=changing))
        stage.prepare()
        web3 = connect(node.url)
        request(web3, "anvil_setBalance", [stage.anchorer.address, hex(TEN_ETHER)])
        log = stage.deploy()
        key = stage.initialise(log)
        fleet = Fleet(stage=stage, settings=changing, log=log, node=web3)
        stack.callback(fleet.stop_workers)
        for _ in range(SERVICES):
            stack.callback(fleet.start_service(key).stop)
        for number in range(WORKERS):
            fleet.workers.append(fleet.start_worker(number))
        yield fleet


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port

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
    key: str
    """Of the first admin."""
    ports: tuple[int, ...]
    """Of the services; the first one answers at the registry's public address."""
    services: list[Service] = field(default_factory=list)
    serving: list[Running] = field(default_factory=list)
    workers: list[Running] = field(default_factory=list)
    kills: int = 0

    def start_service(self, number: int) -> Running:
        """Start the service of that number, on a port of its own, and wait until it answers."""
        name, variables = f"service-{number}-{self.kills}", {"CREDROOT_PORT": str(self.ports[number])}
        return self._start(name, ["registry.web"], "credroot listens", variables)

    def url(self, number: int) -> str:
        """Return where a service answers."""
        return f"https://localhost:{self.ports[number]}"

    def kill_service(self, number: int) -> None:
        """Kill a service in the middle of whatever it does, and start it again."""
        self._kill(self.serving[number])
        self.serving[number] = self.start_service(number)

    def start_worker(self, number: int) -> Running:
        """Start a worker in the place of the one of that number; nobody waits for it."""
        return self._start(f"worker-{number}-{self.kills}", ["anchor_worker", "run"], _AT_ONCE, {})

    def kill_one(self, chance: random.Random) -> None:
        """Let some time pass, kill a worker if one is up by then, and start it again."""
        time.sleep(chance.uniform(*KILL_AFTER_SECONDS))
        number = chance.randrange(WORKERS)
        if self.is_working(number):
            self.kill_worker(number)

    def is_working(self, number: int) -> bool:
        """Tell whether a worker is up."""
        return WORKING in self.workers[number].log.read_text()

    def kill_worker(self, number: int) -> None:
        """Kill a worker, and start one in its place; nobody waits for it."""
        self._kill(self.workers[number])
        self.workers[number] = self.start_worker(number)

    def stop_services(self) -> None:
        """End the services."""
        for running in self.serving:
            running.stop()

    def stop_workers(self) -> None:
        """Let each worker finish its round."""
        for worker in self.workers:
            worker.stop()

    def _kill(self, victim: Running) -> None:
        os.killpg(victim.process.pid, signal.SIGKILL)
        victim.process.wait()
        self.kills += 1

    def transactions(self) -> int:
        """Count what the anchoring account ever sent that is in a block."""
        return self.node.eth.get_transaction_count(self.stage.anchorer.address)

    def _start(self, name: str, arguments: list[str], ready: str, variables: Mapping[str, str]) -> Running:
        log = self.stage.registry / "logs" / f"{name}.log"
        return start(name, arguments, log=log, environment={**self.stage.environment, **variables}, ready=ready)


@contextmanager
def running_fleet(
    folder: Path, settings: Mapping[str, str], *, database: str = "postgresql", slots_in_an_epoch: int = 1
) -> Iterator[Fleet]:
    """Yield services and workers on a new registry; end every process, whatever happens.

    A block is final when twice as many stand on it as an epoch has slots.
    """
    empty_folder(folder)
    with ExitStack() as stack:
        # The embedded chain's id, for which the commands have a preset.
        node = stack.enter_context(
            run_anvil(
                *("--chain-id", str(DEVCHAIN.chain_id), "--block-time", str(BLOCK_SECONDS)),
                *("--slots-in-an-epoch", str(slots_in_an_epoch)),
            )
        )
        changing = {
            "CREDROOT_DATABASE_URL": stack.enter_context(_database(database, folder)),
            "CREDROOT_RPC_URLS": node.url,
            "CREDROOT_POLL_SECONDS": "0.5",
            # The services share two cores with all the rest.
            "CREDROOT_UPLOAD_PROCESSES": "1",
            **settings,
        }
        ports = tuple(free_port() for _ in range(SERVICES))
        rpc_port = int(node.url.rpartition(":")[2])
        stage = stack.enter_context(Stage(folder, ports=(rpc_port, ports[0]), settings=changing))
        stage.prepare()
        web3 = connect(node.url)
        request(web3, "anvil_setBalance", [stage.anchorer.address, hex(TEN_ETHER)])
        log = stage.deploy()
        key = stage.initialise(log)
        fleet = Fleet(stage=stage, settings=changing, log=log, node=web3, key=key, ports=ports)
        stack.callback(fleet.stop_workers)
        stack.callback(fleet.stop_services)
        for number in range(SERVICES):
            fleet.serving.append(fleet.start_service(number))
            fleet.services.append(Service(fleet.url(number), ca_file=stage.ca_file, key=key))
        for number in range(WORKERS):
            fleet.workers.append(fleet.start_worker(number))
        yield fleet


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'registry' / 'credroot.db'}"
        return
    with running_postgres(POSTGRES) as server, server.fresh_database() as url:
        yield url


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port

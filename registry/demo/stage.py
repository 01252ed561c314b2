"""The stage of the demonstration: a chain, a registry and a worker as processes, in one folder, always taken down."""

import json
import secrets
import shutil
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from eth_account import Account
from eth_account.signers.local import LocalAccount

from registry.demo.authority import make_authority
from registry.demo.client import Service
from registry.demo.processes import Running, run, start
from registry.domain.log_name import LogName

MARK: Final = ".credroot-demo"
"""A folder with this file was made by a demonstration, and may be emptied by the next."""
PORTS_FILE: Final = "ports.json"
NEVER: Final = 86_400
"""A day: the demonstration says itself when to seal."""


class FolderInUse(Exception):
    """The folder holds something that no demonstration made."""


def empty_folder(folder: Path) -> None:
    """Make the folder empty.

    Raises FolderInUse rather than delete what is not ours.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise FolderInUse(f"{folder} is not empty and was not made by a demonstration")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


class Stage:
    """Everything that runs; leaving the `with` block ends it."""

    def __init__(
        self,
        folder: Path,
        *,
        ports: tuple[int, int] | None = None,
        seal_after_seconds: int = NEVER,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Choose ports (of the chain and the service) and keys; nothing is started yet.

        `settings` are variables of the environment that replace the stage's own.
        """
        self.folder = folder
        self.registry = folder / "registry"
        self.rpc_port, self.service_port = _free_ports() if ports is None else ports
        self._seal_after_seconds = seal_after_seconds
        self.rpc_url = f"http://127.0.0.1:{self.rpc_port}"
        self.public_url = f"https://localhost:{self.service_port}"
        self.ca_file = self.registry / "ca.pem"
        self.anchorer, self.thief, self.holder, self.cheat = (_new_account() for _ in range(4))
        self._settings = {} if settings is None else settings
        self._running: dict[str, Running] = {}

    def __enter__(self) -> Self:
        """Return the stage."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything that runs, the newest first."""
        for name in reversed(list(self._running)):
            self.stop(name)

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings of service, worker and commands."""
        return {
            "CREDROOT_DATABASE_URL": f"sqlite:///{self.registry / 'credroot.db'}",
            "CREDROOT_PUBLIC_URL": self.public_url,
            "CREDROOT_HOST": "localhost",
            "CREDROOT_PORT": str(self.service_port),
            "CREDROOT_TLS_CERTIFICATE_FILE": str(self.registry / "server.pem"),
            "CREDROOT_TLS_KEY_FILE": str(self.registry / "server.key"),
            "CREDROOT_CA_FILE": str(self.ca_file),
            "CREDROOT_RESOLVE_LOOPBACK": "true",
            "CREDROOT_RPC_URLS": self.rpc_url,
            "CREDROOT_PUBLIC_RPC_URL": self.rpc_url,
            "CREDROOT_PUBLISHED_DIR": str(self.folder / "published"),
            "CREDROOT_KEY_PASSWORD_FILE": str(self.registry / "key-password"),
            "CREDROOT_ANCHOR_KEY_FILE": str(self.registry / "anchor-key"),
            "CREDROOT_SEAL_AFTER_SECONDS": str(self._seal_after_seconds),
            "CREDROOT_SEAL_AFTER_CREDENTIALS": "1000000",
            "CREDROOT_POLL_SECONDS": "0.25",
            **self._settings,
        }

    def prepare(self) -> None:
        """Write certificates and secrets, and the ports: the service's address stands in credentials for ever."""
        make_authority(self.registry)
        (self.registry / PORTS_FILE).write_text(json.dumps([self.rpc_port, self.service_port]), encoding="ascii")
        write_private(self.registry / "key-password", secrets.token_urlsafe(24))
        write_private(self.registry / "anchor-key", self.anchorer.key.hex())

    def start_chain(self, *, clock_behind_seconds: int = 0) -> None:
        """Start the embedded chain, on the same folder and port each time; possibly in the past."""
        arguments = ["registry.devchain", "--data", str(self.folder / "chain"), "--port", str(self.rpc_port)]
        for account in (self.anchorer, self.thief, self.holder, self.cheat):
            arguments += ["--fund", account.address]
        arguments += ["--clock-behind", str(clock_behind_seconds)]
        self._start("chain", arguments, ready="devchain ready")

    def deploy(self) -> LogName:
        """Put the contract on the chain and open the registry's log."""
        key_file = str(self.registry / "anchor-key")
        printed = self.command("deploy", "--rpc", self.rpc_url, "--key-file", key_file, "--open-log")
        name = next(line for line in printed.splitlines() if line.startswith("log: "))
        return LogName.parse(name.removeprefix("log: "))

    def initialise(self, log: LogName) -> str:
        """Make the registry's database and return the first admin's API key."""
        key_file = self.registry / "admin-key"
        self.command("init", "--log", str(log), "--key-out", str(key_file))
        return key_file.read_text(encoding="ascii").strip()

    def start_service(self) -> None:
        """Start the web service."""
        self._start("service", ["registry.web"], ready="credroot listens")

    def start_worker(self) -> None:
        """Start the anchor worker."""
        self._start("worker", ["anchor_worker", "run"], ready="worker_started")

    def seal(self) -> None:
        """Seal what waits; the worker anchors it."""
        run(["-m", "anchor_worker", "seal"], environment=self.environment)

    def command(self, *arguments: str, accepted: tuple[int, ...] = (0,)) -> str:
        """Run `credroot` and return what it printed."""
        return self.command_code(*arguments, accepted=accepted)[1]

    def command_code(self, *arguments: str, accepted: tuple[int, ...]) -> tuple[int, str]:
        """Run `credroot`; return its exit code and what it printed."""
        return run(["-m", "registry.cli.main", *arguments], environment=self.environment, accepted=accepted)

    def script(self, name: str, arguments: Sequence[str], *, accepted: tuple[int, ...]) -> tuple[int, str]:
        """Run an auditor's script: without a single setting of the registry."""
        return run(["-m", f"scripts.{name}", *arguments], environment={}, accepted=accepted)

    def client(self, key: str | None = None) -> Service:
        """Return a client of the service."""
        return Service(self.public_url, ca_file=self.ca_file, key=key)

    def process_id(self, name: str) -> int:
        """Return the id of a running process."""
        return self._running[name].process.pid

    def stop(self, name: str) -> None:
        """End one process; one that does not run is none."""
        running = self._running.pop(name, None)
        if running is not None:
            running.stop()

    def _start(self, name: str, arguments: list[str], *, ready: str) -> None:
        log = self.registry / "logs" / f"{name}.log"
        self._running[name] = start(name, arguments, log=log, environment=self.environment, ready=ready)


def ports_of(folder: Path) -> tuple[int, int] | None:
    """Return the ports of the registry that a stage made in a folder; None when there is no such registry."""
    if not (folder / "registry" / "admin-key").exists():
        return None
    rpc_port, service_port = json.loads((folder / "registry" / PORTS_FILE).read_text(encoding="ascii"))
    return rpc_port, service_port


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    file.touch(mode=0o600)
    file.write_text(text, encoding="ascii")


def _new_account() -> LocalAccount:
    account: LocalAccount = Account.create()
    return account


def _free_ports() -> tuple[int, int]:
    # Both are held until both are known, so that they differ.
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]

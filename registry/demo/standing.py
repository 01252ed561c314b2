"""`make serve`: a registry on this machine, kept in a folder and taken up again at the next start.

The demonstration's, with all it issued, when there is one; else a registry of one's own, which begins empty.
"""

import signal
import sys
import threading
from pathlib import Path
from typing import Final

from registry.demo.authority import make_authority
from registry.demo.processes import ProcessFailed
from registry.demo.stage import Stage, ports_of

PORTS: Final = (8545, 8443)
"""Of the chain and the service: fixed, since the service's address stands in credentials for ever."""
SEAL_AFTER_SECONDS: Final = 30
"""Soon enough to be watched."""


def serve(folder: Path, *, ports: tuple[int, int] = PORTS) -> int:
    """Run chain, service and worker until a signal comes, and return the exit code.

    A registry that is in the folder already stays at its own ports.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        with Stage(folder, ports=ports_of(folder) or ports, seal_after_seconds=SEAL_AFTER_SECONDS) as stage:
            _begin(stage)
            _say(stage)
            stopping.wait()
    except ProcessFailed as error:
        print(f"serve failed: {error}", file=sys.stderr)
        return 1
    return 0


def _begin(stage: Stage) -> None:
    if (stage.registry / "admin-key").exists():
        # The authority lives a week; what it vouches for does not change.
        make_authority(stage.registry)
        stage.start_chain()
    else:
        stage.prepare()
        stage.start_chain()
        stage.initialise(stage.deploy())
    stage.start_service()
    stage.start_worker()


def _say(stage: Stage) -> None:
    for line in pages_to_open(stage):
        print(line)
    print(f"API        {stage.public_url}/openapi.json")
    print(f"admin key  {stage.registry / 'admin-key'}")
    print(f"chain      {stage.rpc_url}")
    print(f"published  {stage.folder / 'published'}")
    print("try        " + _curl(stage), flush=True)


def pages_to_open(stage: Stage) -> tuple[str, ...]:
    """Name the pages of a running registry, one line each."""
    return (
        f"verify     {stage.public_url}/   (drop a file of the folder on it)",
        f"log        {stage.public_url}/log",
        f"console    {stage.public_url}/console   (sign in with an API key)",
        f"authority  {stage.ca_file}   (the certificate is this folder's own: a browser asks whether you trust it)",
    )


def _curl(stage: Stage) -> str:
    key = f'"Authorization: Bearer $(cat {stage.registry / "admin-key"})"'
    return f"curl --cacert {stage.ca_file} -H {key} {stage.public_url}/v1/issuers"

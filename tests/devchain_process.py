"""A real development chain in a process of its own, for every test that needs one."""

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

READY_SECONDS = 60.0
# It takes one; a machine that runs other test processes too may need many times that.

STOP_SECONDS = 30.0
# A block being made is finished first.


@dataclass(frozen=True, slots=True, kw_only=True)
class DevChainProcess:
    """A running chain."""

    url: str
    chain_id: int
    ready_head: str
    """The hash of the newest block when the chain announced itself."""
    process: subprocess.Popen[bytes]
    data: Path | None

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, nothing is finished."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """End it as an operator would and return the exit code."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)


@contextmanager
def run_devchain(
    data: Path | None = None,
    *,
    chain_id: int | None = None,
    fund: Sequence[str] = (),
    block_interval: float | None = None,
    port: int = 0,
    options: Sequence[str] = (),
) -> Iterator[DevChainProcess]:
    """Start a chain, wait until it answers, and end it when the block is left; without `data` it lives in memory."""
    command = [sys.executable, "-m", "registry.devchain", "--port", str(port), *options]
    if data is not None:
        command += ["--data", str(data)]
    if chain_id is not None:
        command += ["--chain-id", str(chain_id)]
    if block_interval is not None:
        command += ["--block-interval", str(block_interval)]
    for address in fund:
        command += ["--fund", address]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, cwd=Path(__file__).parents[1], start_new_session=True
        )
        try:
            fields = _ready_line(process, errors).split()
            yield DevChainProcess(
                url=fields[2], chain_id=int(fields[4]), ready_head=fields[6], process=process, data=data
            )
        finally:
            _end(process)


def _ready_line(process: subprocess.Popen[bytes], errors: IO[bytes]) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + READY_SECONDS
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError(f"devchain was not ready after {READY_SECONDS} s")
            chunk = os.read(process.stdout.fileno(), 4096)
            if not chunk:
                errors.seek(0)
                raise RuntimeError(f"devchain ended before it was ready: {errors.read().decode()}")
            line += chunk
    text = line.decode()
    assert text.startswith("devchain ready "), text
    return text


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)
    finally:
        if process.stdout is not None:
            process.stdout.close()

"""A real Ethereum node for tests: anvil, from the npm package that `make contracts-tools` installs.

It listens on a loopback port of its own choosing, in a process group of its own that is always ended.
"""

import os
import platform
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from tests.paths import REPO_ROOT

ANVIL_KEYS: Final = (
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
)
"""The public keys, in both senses, of anvil's first three accounts: each has 10,000 ether of no value."""

ANVIL_CHAIN_ID: Final = 31_337

START_TIMEOUT_SECONDS: Final = 30.0
# It starts in a tenth of a second; a busy machine gets three hundred times that.

STOP_TIMEOUT_SECONDS: Final = 10.0

_LISTENING: Final = "Listening on "


@dataclass(frozen=True, slots=True, kw_only=True)
class Anvil:
    """A running node."""

    url: str
    process: subprocess.Popen[str]


@contextmanager
def run_anvil(*args: str, port: int = 0, hardfork: str = "prague") -> Iterator[Anvil]:
    """Yield a fresh node under the rules of the Prague fork, or another, started with further arguments of anvil; end it after.

    Port 0 is a free one. The node may be killed inside the block to play a crash.
    """
    command = [str(anvil_binary()), "--host", "127.0.0.1", "--port", str(port), "--hardfork", hardfork, *args]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", start_new_session=True
    )
    output = _Output(process)
    try:
        yield Anvil(url=output.wait_for_url(), process=process)
    finally:
        _end(process)
        output.close()


def anvil_binary() -> Path:
    """Return the path of the installed binary, and fail, never skip, where there is none."""
    folder = REPO_ROOT / "contracts" / "node_modules" / "@foundry-rs"
    found = sorted(folder.glob("anvil-*/bin/anvil"))
    if not found:
        message = f"no anvil for {platform.system()} under {folder}: run `make contracts-tools` (or `make contracts`)"
        raise RuntimeError(message)
    return found[0]


class _Output:
    """Reads all the node says, so that a full pipe never stops it, and finds the address it listens on."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is None:
            message = "the process was started without a pipe"
            raise RuntimeError(message)
        self._stream: IO[str] = process.stdout
        self._lines: list[str] = []
        self._address = ""
        self._known = threading.Event()
        self._reader = threading.Thread(target=self._read, name="anvil-output", daemon=True)
        self._reader.start()

    def wait_for_url(self) -> str:
        in_time = self._known.wait(START_TIMEOUT_SECONDS)
        if not in_time or not self._address:
            message = f"anvil did not start: {''.join(self._lines)[-2000:]}"
            raise RuntimeError(message)
        return f"http://{self._address}"

    def close(self) -> None:
        self._reader.join(STOP_TIMEOUT_SECONDS)
        self._stream.close()

    def _read(self) -> None:
        for line in self._stream:
            if not self._known.is_set():
                self._lines.append(line)
            if line.startswith(_LISTENING):
                self._address = line.removeprefix(_LISTENING).strip()
                self._known.set()
        # The end of the output before an address is known: it did not start.
        self._known.set()


def _end(process: subprocess.Popen[str]) -> None:
    """End the process group: politely, then not."""
    try:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_TIMEOUT_SECONDS)

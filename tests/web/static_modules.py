"""The verify page's own modules, run in Node.js: what the browser computes, asked from Python."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

DRIVER: Final = Path(__file__).with_name("static_modules.mjs")
END_SECONDS: Final = 30.0


def encode(content: bytes) -> str:
    """Write bytes as the driver reads them."""
    return base64.b64encode(content).decode()


class Modules:
    """A running driver."""

    def __init__(self, asking: IO[str], answering: IO[str]) -> None:
        self._asking = asking
        self._answering = answering

    def ask(self, requests: Sequence[dict[str, Any]]) -> list[Any]:
        """Ask in order, one at a time: neither pipe can fill."""
        return [self._ask(request) for request in requests]

    def _ask(self, request: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON of any shape
        self._asking.write(f"{json.dumps(request)}\n")
        self._asking.flush()
        line = self._answering.readline()
        assert line, "the modules ended with an error"
        return json.loads(line)


@contextmanager
def run_modules() -> Iterator[Modules]:
    """Run the driver until the block is left."""
    node = shutil.which("node")
    assert node is not None, "Node.js is missing"
    command = [node, "--no-warnings", str(DRIVER)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin, process.stdout:
            yield Modules(process.stdin, process.stdout)
    finally:
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

"""Work for executors under test: functions and tools that a process of the pool can import."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from registry.domain.errors import Conflict, Unavailable

TIMEOUT_SECONDS: Final = 30.0


class Tools:
    """Something that is made once in each process."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.made_in = os.getpid()


class MakeTools:
    """Makes tools, or cannot."""

    def __init__(self, word: str = "tools", *, fails: bool = False) -> None:
        self._word = word
        self._fails = fails

    def __call__(self) -> Tools:
        if self._fails:
            raise Unavailable("key-locked", "the password does not open this key")
        return Tools(self._word)


def double(tools: Tools, chunk: int) -> tuple[str, int]:
    return tools.word, 2 * chunk


def where(tools: Tools, chunk: int) -> tuple[int, int, int]:
    return chunk, os.getpid(), tools.made_in


def refuse_three(_: Tools, chunk: int) -> int:
    if chunk == 3:
        raise Conflict("three", "expected another number than 3")
    return chunk


def break_three(_: Tools, chunk: int) -> int:
    if chunk == 3:
        raise ValueError("amal@example.org is somebody's address")
    return chunk


def measure(_: Tools, chunk: bytes) -> bytes:
    return chunk[::-1]


def end_once(_: Tools, chunk: tuple[int, Path]) -> int:
    """End the process that is given the marked chunk, the first time only."""
    number, mark = chunk
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def always_end(_: Tools, chunk: int) -> int:
    if chunk == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return chunk


def wait_for(_: Tools, chunk: tuple[int, Path]) -> int:
    """Say that it began, then wait until somebody puts the file there."""
    number, gate = chunk
    gate.with_name(f"begun-{number}").write_text(str(os.getpid()))
    until(gate.exists)
    return number


def until(holds: Callable[[], bool]) -> None:
    """Look until something holds."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    pause = threading.Event()
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("it never came to hold")
        pause.wait(0.01)


def is_running(process_id: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False

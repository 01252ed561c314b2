"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import Final

DEADLINE_SECONDS: Final = 120.0
# What is waited for takes a second or two; a machine that runs other test processes too may need many times that.
LOOK_SECONDS: Final = 0.05


def wait_until(holds: Callable[[], bool], *, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Look again and again until something holds, and do something in between. Raises TimeoutError."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come to that")
        meanwhile()
        time.sleep(LOOK_SECONDS)

"""Free memory goes back to the system: seen from outside, in a process that once needed much."""

import subprocess
import sys
from typing import Final

import pytest

from tests.paths import REPO_ROOT

PROGRAM: Final = """
import sys
from pathlib import Path
from registry.adapters.allocator import give_memory_back

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) // 1024

if sys.argv[1] == "limited":
    give_memory_back()
before = resident()
del_me = bytes(b"x" * 30_000_000)
del del_me
large, kept = [], []
for number in range(200):
    large.append(bytes([number]) * 1_000_000)
    kept.append(bytes([number]) * 5_000)
large.clear()
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and the C library there is glibc")
def test_a_process_that_once_needed_much_gives_it_back() -> None:
    kept = {
        mode: int(
            subprocess.run(
                [sys.executable, "-c", PROGRAM, mode],
                cwd=REPO_ROOT,
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            ).stdout
        )
        for mode in ("limited", "as it was")
    }

    assert kept["limited"] < 20
    assert kept["as it was"] > 150, "glibc no longer keeps it: the module has lost its subject"

"""One run of the demonstration, shared by the tests that look at what it left."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import REPO_ROOT


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the demonstration once, whatever number of test processes there are, and return its folder."""
    base = tmp_path_factory.getbasetemp()
    # Under pytest-xdist each process has a folder of its own below the one of the run.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "demo"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            done = subprocess.run(
                [sys.executable, "-m", "registry.demo", str(folder)],
                cwd=REPO_ROOT,
                capture_output=True,
                text=True,
                check=False,
                start_new_session=True,
            )
            (shared / "demo.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    assert (folder / "summary.json").exists(), (shared / "demo.log").read_text(encoding="utf-8")[-4000:]
    return folder

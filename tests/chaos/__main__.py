"""`python -m tests.chaos --epochs 1000 --seed N --database sqlite|postgresql`: anchor epochs while everything breaks.

The seed is printed first: it repeats the run, step by step. Exit codes: 0 each epoch anchored exactly once and the audit
clean, 1 not so; then the last steps and the ends of the workers' logs are shown.
"""

import argparse
import json
import secrets
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.chaos.storm import Storm, storm, working_folder
from tests.postgres import running_postgres

LOG_LINES: Final = 40


def main(arguments: list[str]) -> int:
    """Run it once and print what was counted."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--epochs", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args(arguments)
    again = f"python -m tests.chaos --epochs {chosen.epochs} --seed {chosen.seed} --database {chosen.database}"
    print(f"seed {chosen.seed}: {again}", flush=True)
    began = time.monotonic()
    with (
        working_folder() as folder,
        _database_url(chosen.database, folder) as url,
        storm(chosen.seed, folder, url) as weather,
    ):
        failed = False
        try:
            weather.run(chosen.epochs)
        except Exception:  # noqa: BLE001  # whatever it is: told with the seed
            failed = True
            _tell_failure(weather)
        print(json.dumps(weather.counts(), indent=2))
    seconds = time.monotonic() - began
    if failed:
        print(f"FAILED after {weather.steps} steps; once more: {again}")
        return 1
    print(f"{chosen.epochs} epochs in {seconds:.0f} seconds: 0 lost, 0 doubled, 0 reverted, the audit clean")
    return 0


@contextmanager
def _database_url(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'registry.db'}"
        return
    with running_postgres() as server, server.fresh_database() as url:
        yield url


def _tell_failure(weather: Storm) -> None:
    traceback.print_exc()
    for step in weather.recent:
        print(step)
    for worker in weather.workers:
        if worker.log.exists():
            print(f"-- worker {worker.name}")
            print("\n".join(worker.log.read_text(errors="replace").splitlines()[-LOG_LINES:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

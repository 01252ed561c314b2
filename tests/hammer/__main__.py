"""`python -m tests.hammer [--minutes M] [--seed S] [--database postgresql|sqlite]`: hammer, wait, audit, count.

The run stays in out/hammer (logs, published files). Exit codes: 0 nothing was violated, 1 something was, and is told.
"""

import argparse
import secrets
import sys
from collections.abc import Mapping
from typing import Final

from tests.hammer.ending import audit_everything
from tests.hammer.readers import note_epochs, read_something
from tests.hammer.scene import Act, Scene
from tests.hammer.trouble import LEASE_SECONDS, SLOTS_IN_AN_EPOCH, hit_chain, hit_processes
from tests.hammer.writers import change_one, issue_one, upload_file
from tests.many_workers.fleet import running_fleet
from tests.paths import REPO_ROOT

ACTORS: Final[Mapping[str, Act]] = {
    "writer 1": issue_one,
    "writer 2": issue_one,
    "uploader": upload_file,
    "revoker 1": change_one,
    "revoker 2": change_one,
    "reader 1": read_something,
    "reader 2": read_something,
    "follower": note_epochs,
    "killer": hit_processes,
    "reorganiser": hit_chain,
}
SETTINGS: Final = {
    "CREDROOT_SEAL_AFTER_CREDENTIALS": "40",
    "CREDROOT_SEAL_AFTER_SECONDS": "3",
    "CREDROOT_LEASE_SECONDS": str(LEASE_SECONDS),
    "CREDROOT_RPC_TIMEOUT_SECONDS": "4",
    # An epoch every few seconds is more than anybody budgets for.
    "CREDROOT_DAILY_BUDGET_ETHER": "9",
}


def main(arguments: list[str]) -> int:
    """Run it once, and print the seed first and the table last."""
    parser = argparse.ArgumentParser(prog="python -m tests.hammer", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    chosen = parser.parse_args(arguments)
    named = f"seed {chosen.seed}, {chosen.minutes:g} minutes, {chosen.database}"
    print(named, flush=True)
    folder = REPO_ROOT / "out" / "hammer"
    with running_fleet(folder, SETTINGS, database=chosen.database, slots_in_an_epoch=SLOTS_IN_AN_EPOCH) as fleet:
        scene = Scene(fleet=fleet, seed=chosen.seed, sent_before=fleet.transactions())
        hammer(scene, seconds=60 * chosen.minutes)
        audit_everything(scene)
    print(f"{scene.tally.table()}\n{named}")
    return 1 if scene.tally.violations else 0


def hammer(scene: Scene, *, seconds: float) -> None:
    """Let everybody act for a time, and wait until all have finished what they had begun."""
    scene.open()
    threads = [scene.start(name, act) for name, act in ACTORS.items()]
    try:
        scene.over.wait(seconds)
    finally:
        scene.over.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

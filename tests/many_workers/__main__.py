"""`python -m tests.many_workers --rows 200000 --seed N`: upload, kill workers, wait, count.

The first half is sealed in many small epochs, the second in few with full batches, built ahead by whichever worker comes.
Exit codes: 0 each credential is in exactly one batch, each epoch anchored by exactly one transaction, the audit clean.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from registry.demo.client import Service
from tests.bench.million import ACHIEVEMENT, SLUG
from tests.bench.people import people
from tests.many_workers.counting import check_audit, check_chain, check_database, is_over
from tests.many_workers.fleet import Fleet, running_fleet

PATIENCE_SECONDS: Final = 3_600.0
HALVES: Final = (
    {"CREDROOT_SEAL_AFTER_CREDENTIALS": "4000", "CREDROOT_SEAL_AFTER_SECONDS": "20"},
    {"CREDROOT_SEAL_AFTER_CREDENTIALS": "70000", "CREDROOT_SEAL_AFTER_SECONDS": "120"},
)
"""When an epoch is due in each half: a fifteenth of a full batch waits, or more than one."""


def main(arguments: list[str]) -> int:
    """Run it once and print what was counted, the seed first: it may be what fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.many_workers", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seed", type=int, required=True)
    chosen = parser.parse_args(arguments)
    print(f"seed {chosen.seed}", flush=True)
    chance = random.Random(chosen.seed)  # noqa: S311  # a seed repeats a run
    with (
        tempfile.TemporaryDirectory(prefix="credroot-workers-") as folder,
        running_fleet(Path(folder) / "stage", HALVES[0]) as fleet,
    ):
        counts = work(fleet, rows=chosen.rows, chance=chance)
    print(json.dumps(counts, indent=2))
    return 0


def work(fleet: Fleet, *, rows: int, chance: random.Random) -> dict[str, int]:
    """Issue, kill, wait until everything is published; return what was counted. Raises AssertionError."""
    sent_before, begun = fleet.transactions(), time.monotonic()
    admin = fleet.services[0]
    admin.post("/v1/issuers", {"slug": SLUG, "name": "Polytechnic", "kind": "university", "didMethod": "web"}, once="i")
    achievement = admin.post(f"/v1/issuers/{SLUG}/achievements", ACHIEVEMENT, once="a")["id"]
    share = rows // (len(HALVES) * len(fleet.services))
    for half, settings in enumerate(HALVES):
        # A worker reads them when it is started again.
        fleet.settings.update(settings)
        uploads = [
            upload(service, achievement, first=(half * len(fleet.services) + number) * share, count=share)
            for number, service in enumerate(fleet.services)
        ]
        until(fleet, chance, partial(are_issued, admin, uploads))
    until(fleet, chance, partial(is_over, admin))
    fleet.stop_workers()
    found = check_database(fleet)
    assert found.credentials == share * len(HALVES) * len(fleet.services) == rows
    check_chain(fleet, epochs=found.epochs)
    assert fleet.transactions() - sent_before == found.epochs
    check_audit(fleet)
    return {
        "credentials": found.credentials,
        "batches": found.batches,
        "epochs": found.epochs,
        "anchoring_transactions": found.epochs,
        "workers_killed": fleet.kills,
        "seconds": round(time.monotonic() - begun),
    }


def upload(service: Service, achievement: str, *, first: int, count: int) -> str:
    """Upload a file of people and have it issued; return where the upload is shown."""
    content = people(first, count, today=datetime.now(UTC).date())
    path = f"/v1/issuers/{SLUG}/uploads"
    made = service.upload(path, content, achievement=achievement, filename=f"people-{first}.csv")["id"]
    service.post(f"{path}/{made}/issue", {}, once=f"issue {made}")
    return f"{path}/{made}"


def until(fleet: Fleet, chance: random.Random, is_done: Callable[[], bool]) -> None:
    """Kill workers until something is so. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {fleet.kills} kills")
        fleet.kill_one(chance)


def are_issued(admin: Service, uploads: Sequence[str]) -> bool:
    """Tell whether uploads are done."""
    states = {admin.get(path)["state"] for path in uploads}
    assert "failed" not in states
    return states == {"issued"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

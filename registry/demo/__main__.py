"""`python -m registry.demo [FOLDER]`: the main job, end to end, on real processes. Exit 0 only if all came out right.

a chain -> a registry -> 1,000 credentials from a spreadsheet -> one transaction -> receipts -> revocation
-> every case a verifier meets, by API and by command -> the service gone -> two audits
"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.demo.cases import Case
from registry.demo.client import Service, ServiceRefused
from registry.demo.forgeries import make_cases
from registry.demo.holding import hold, judge_what_is_held
from registry.demo.judging import Wrong, audit, judge_by_command, judge_by_service, judge_without_service
from registry.demo.planted import plant_frauds
from registry.demo.processes import ProcessFailed
from registry.demo.rogue import RogueLog
from registry.demo.screen import Screen
from registry.demo.stage import FolderInUse, Stage, empty_folder, ports_of
from registry.demo.standing import pages_to_open, serve
from registry.demo.story import export, gas_of, issue_late, tell
from registry.domain.errors import CredrootError
from registry.domain.log_name import LogName
from registry.domain.multikey import PublicKey
from registry.settings import settings_of
from registry.wiring.serving import build_resources

DEMO: Final = Path("out/demo")
STANDING: Final = Path("out/serve")
PLANTED_AGE_SECONDS: Final = 3 * 3600
"""Older than the hour that a registry has for publishing (protocol section 9)."""


def main() -> int:
    """Run the demonstration and return its exit code."""
    parser = argparse.ArgumentParser(prog="credroot demo", description="Show the main job, end to end.")
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        help=f"default: {DEMO}; with --serve, {STANDING} where nobody ran the demonstration",
    )
    parser.add_argument(
        "--serve", action="store_true", help="instead: keep the registry of the folder running, until Ctrl-C"
    )
    args = parser.parse_args()
    if args.serve:
        return serve((args.folder or (STANDING if ports_of(DEMO) is None else DEMO)).resolve())
    begun = time.perf_counter()
    try:
        folder = (args.folder or DEMO).resolve()
        empty_folder(folder)
        with Stage(folder) as stage:
            summary = _play(stage, Screen())
    except (Wrong, ProcessFailed, ServiceRefused, FolderInUse, CredrootError) as error:
        print(f"demo failed: {error}", file=sys.stderr)
        return 1
    summary["seconds"]["all"] = round(time.perf_counter() - begun, 2)
    (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    print(f"\nall as it must be, in {summary['seconds']['all']} s: {args.folder or DEMO}/summary.json")
    print("`make serve` brings this registry up again; these are its pages then:")
    for line in (
        *pages_to_open(stage),
        f"credential {summary['shared']['url']}",
        f"admin key  {stage.registry / 'admin-key'}",
    ):
        print(f"  {line}")
    return 0


def _play(stage: Stage, screen: Screen) -> dict[str, Any]:
    with screen.phase("start"):
        stage.prepare()
        # What nobody published is told from what is not published yet by its age: the cheating happened this morning.
        stage.start_chain(clock_behind_seconds=PLANTED_AGE_SECONDS)
        log = stage.deploy()
        planted_log = _plant(stage)
        stage.stop("chain")
        stage.start_chain()
        key = stage.initialise(log)
        stage.start_service()
        stage.start_worker()
    screen.say("chain", f"embedded EVM at {stage.rpc_url}, the same code path as for a public network")
    screen.say("log", str(log))
    admin = stage.client(key)
    issued = tell(stage, screen, admin)
    with screen.phase("export"):
        export(stage, screen, admin, issued)
        late = issue_late(admin, issued)
    with screen.phase("hold"):
        shared = hold(stage, screen, admin, issued)
    with screen.phase("forgeries"):
        resources = build_resources(settings_of(stage.environment))
        cases = make_cases(stage, resources, log=log, issued=issued, late=late)
        (stage.folder / "cases").mkdir()
        for case in cases:
            case.write(stage.folder / "cases")
    verdicts = _judge(stage, screen, admin, cases)
    with screen.phase("verify what is held"):
        held = judge_what_is_held(stage, screen, admin)
    with screen.phase("offline"):
        # Open connections are what a service waits for when it is told to end.
        admin.close()
        stage.stop("worker")
        stage.stop("service")
        shutil.move(stage.registry / "credroot.db", stage.registry / "credroot.db.away")
        offline = judge_without_service(stage, screen, cases, log=log)
        shutil.move(stage.registry / "credroot.db.away", stage.registry / "credroot.db")
    with screen.phase("audit"):
        audits = audit(stage, screen, log=log, planted_log=planted_log)
    gas = gas_of(stage.rpc_url, stage.folder / "published")
    for epoch, used in enumerate(gas, start=1):
        screen.say("gas", f"epoch {epoch}: {used} for every issuer, credential and status change of it")
    return {
        "issued": issued.total,
        "epochs": len(gas),
        "gas": gas,
        "log": str(log),
        "planted_log": str(planted_log),
        "verdicts": verdicts,
        "held": held,
        "shared": shared,
        "offline": offline,
        "audit": audits,
        "seconds": screen.seconds,
    }


def _plant(stage: Stage) -> LogName:
    log = RogueLog(stage.rpc_url, stage.cheat)
    key = PublicKey.ed25519(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    plant_frauds(log, stage.folder / "planted", public_key=key)
    return log.name


def _judge(stage: Stage, screen: Screen, admin: Service, cases: tuple[Case, ...]) -> dict[str, str]:
    with screen.phase("verify by command"):
        verdicts = judge_by_command(stage, screen, cases)
    with screen.phase("verify by service"):
        judge_by_service(admin, cases, chain=True)
        # The chain goes away and comes back, the same to the byte: its state is in the folder.
        stage.stop("chain")
        judge_by_service(admin, cases, chain=False)
        stage.start_chain()
    screen.say("verify", f"the same {len(verdicts)} verdicts by POST /v1/verify")
    return verdicts


if __name__ == "__main__":
    sys.exit(main())

"""Send a server whatever its OpenAPI document allows, and what it does not: `make fuzz-api`.

    registry, admin's key        real objects behind the addresses, and invented ones
    registry, an issuer's key    the same, as the tenant itself
    registry, no key             what strangers reach
    interop server               the VC API with issuers of its own

Each is a real application over a database of its own behind a real server in this process; schemathesis is a process
beside it. It checks that no answer is 5xx, and that status, media type, headers and body are what the document says.
Requests and answers are counted where they are answered.
"""

import argparse
import math
import os
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.store_ports import Role
from registry.web.app import create_app, create_interop_app
from registry.wiring.interop import opened_interop
from registry.wiring.interop_options import InteropOptions
from tests.paths import REPO_ROOT
from tests.registry_world import World, opened_world
from tests.web_server import serve

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "allow_header_conformance",
)
ALL_PHASES: Final = "examples,coverage,fuzzing"
MAX_ROUNDS: Final = 50
"""A round that sends nothing would otherwise go on for ever."""
CSV: Final = b"recipient_email,recipient_name,issued_on,grade\r\na@example.org,A,2026-05-29,A\r\n,B,nonsense,Z\r\n"
HOOKS: Final = "tests.web.fuzzing_hooks"
SHARES: Final = (0.35, 0.2, 0.1, 0.35)
"""Of the requests, by target; strangers are mostly told that they need a key."""
REAL: Final = 0.7
"""How often an address leads to something that is there."""


@dataclass(slots=True)
class Answers:
    """Counts requests by what they were answered, and keeps what went wrong here."""

    app: ASGIApp
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.statuses[message["status"]] += 1
                if message["status"] >= 500:
                    self.failures[f"{message['status']} {scope['method']} {scope['path']!r}"] += 1
            await send(message)

        await self.app(scope, receive, counted)

    @property
    def total(self) -> int:
        """How many requests were answered."""
        return self.statuses.total()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server, and as whom it is asked."""

    name: str
    url: str
    answers: Answers
    key: str | None = None
    real: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values of path parameters that lead to something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of fuzzing one target."""

    name: str
    requests: int
    failed: bool
    report: str


@contextmanager
def registry_targets(folder: Path) -> Iterator[list[Target]]:
    """Serve a registry with one of everything, for three kinds of callers."""
    url = f"sqlite:///{folder / 'registry.db'}"
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    with opened_world(url, folder) as world:
        real, own_key = _fill(world)
        answers = Answers(create_app(world.container))
        with serve(answers) as client:
            base = str(client.base_url)
            yield [
                Target(name="registry, admin", url=base, answers=answers, key=world.admin_key, real=real),
                Target(name="registry, issuer", url=base, answers=answers, key=own_key, real=real),
                Target(name="registry, no key", url=base, answers=answers, real=real),
            ]


@contextmanager
def interop_target(folder: Path) -> Iterator[Target]:
    """Serve what `credroot serve --interop` serves."""
    with opened_interop(InteropOptions(folder=folder), public_url="http://127.0.0.1:1") as server:
        answers = Answers(create_interop_app(server.container))
        real = {
            "slug": tuple(issuer.slug for issuer in server.issuers),
            "list_id": ("revocation-0", "suspension-0"),
            "did": tuple(issuer.did for issuer in server.issuers),
        }
        with serve(answers) as client:
            yield Target(name="interop", url=str(client.base_url), answers=answers, real=real)


def fuzz(
    target: Target, folder: Path, *, requests: int, seed: int, max_examples: int, phases: str = ALL_PHASES
) -> Outcome:
    """Send a target at least so many requests; the seed repeats a run."""
    before, reports, failed = target.answers.total, [], False
    for number in range(MAX_ROUNDS):
        code, text = _run(target, folder, seed=seed + number, max_examples=max_examples, phases=phases)
        failed = failed or code != 0
        reports.append(text)
        if target.answers.total - before >= requests or failed:
            break
    sent = target.answers.total - before
    return Outcome(name=target.name, requests=sent, failed=failed or sent < requests, report="\n".join(reports))


def _run(target: Target, folder: Path, *, seed: int, max_examples: int, phases: str) -> tuple[int, str]:
    config = folder / f"{secrets.token_hex(8)}.toml"
    config.write_text(_config(target), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(config),
        "run",
        f"{target.url}/openapi.json",
    ]
    command += ["--checks", ",".join(CHECKS), "--seed", str(seed), "--max-examples", str(max_examples)]
    command += ["--phases", phases, "--continue-on-failure", "--no-color", "--warnings", "off"]
    command += ["--suppress-health-check", "all", "--generation-database", "none", "--no-shrink", "--workers", "1"]
    if target.key is not None:
        command += ["--header", f"Authorization:Bearer {target.key}"]
    environment = {**os.environ, "NO_PROXY": "*", "no_proxy": "*", "PYTHONPATH": str(REPO_ROOT)}
    done = subprocess.run(  # noqa: PLW1510 - its code is looked at
        command, cwd=folder, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def _config(target: Target) -> str:
    lines = []
    for name, values in target.real.items():
        lines += [f"[dictionaries.{name}]", f"values = {list(values)!r}", ""]
    lines.append("[parameters]")
    lines += [f'"path.{name}" = {{ dictionary = "{name}", probability = {REAL} }}' for name in target.real]
    return "\n".join([f'hooks = "{HOOKS}"', "", *lines, ""])


def _fill(world: World) -> tuple[dict[str, tuple[str, ...]], str]:
    issuer = world.add_issuer()
    achievement = world.add_achievement(issuer)
    credentials = [world.issue(issuer, achievement, f"{number}@example.org") for number in range(3)]
    upload = world.upload(issuer, achievement, CSV)
    world.anchor()
    world.issue(issuer, achievement, "waiting@example.org")
    log = world.container.resources
    with log.store.read() as unit:
        chain, contract, number = str(unit.access.log().name).split("/")
    real = {
        "slug": (issuer.slug,),
        "achievement_id": (str(achievement.id),),
        "credential_id": tuple(str(credential.id) for credential in credentials),
        "upload_id": (str(upload.id),),
        "leaf": tuple(credential.leaf.hex() for credential in credentials),
        "chain": (chain,),
        "contract": (contract,),
        "number": (number,),
        "purpose": ("revocation", "suspension"),
        "status_list": ("0",),
        "list_id": ("revocation-0", "suspension-0"),
        "did": (issuer.did, "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"),
        "path": ("log.json", "epochs/1/manifest.json"),
    }
    return real, world.add_key(Role.ISSUER, issuer)


def main() -> int:
    """Fuzz every server, print what was sent and answered, and return the exit code."""
    parser = argparse.ArgumentParser(prog="fuzz-api", description="Fuzz the API by its OpenAPI document.")
    parser.add_argument("--requests", type=int, default=20_000, help="how many to send at least, over all servers")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="repeat a run")
    parser.add_argument("--max-examples", type=int, default=60, help="how many of each kind a round sends an operation")
    args = parser.parse_args()
    print(f"seed {args.seed}: repeat this run with --seed {args.seed}", flush=True)
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="credroot-fuzz-") as name:
        folder = Path(name)
        (folder / "interop").mkdir()
        with registry_targets(folder) as targets, interop_target(folder / "interop") as interop:
            for target, share in zip((*targets, interop), SHARES, strict=True):
                requests = math.ceil(args.requests * share)
                outcome = fuzz(target, folder, requests=requests, seed=args.seed, max_examples=args.max_examples)
                outcomes.append(outcome)
                print(
                    f"{outcome.name:18} {outcome.requests:7} requests  {'FAILED' if outcome.failed else 'ok'}",
                    flush=True,
                )
                if outcome.failed:
                    print(outcome.report)
            counted = targets[0].answers.statuses + interop.answers.statuses
            failures = targets[0].answers.failures + interop.answers.failures
    for status, count in sorted(counted.items()):
        print(f"  {status} {count:8}")
    wrong = sum(count for status, count in counted.items() if status >= 500)
    print(f"{counted.total()} requests, {wrong} answers of 5xx")
    for line, count in failures.most_common(20):
        print(f"  {count} x {line}")
    return 1 if wrong or any(outcome.failed for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())

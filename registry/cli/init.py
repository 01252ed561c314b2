"""`credroot init`: make the database of a registry, tie it to a log that is final on chain, make the first API key.

Uses the database and the chain. Settings come from the environment (docs/operating.md). The key is shown once, on
standard output, or written to a file that only its owner can read. Exit codes: 0 done, 1 refused, 3 unreachable.
"""

import argparse
import sys
from pathlib import Path

from registry.adapters.artifacts import load_artifact
from registry.adapters.database import open_engine
from registry.adapters.log_setup import FoundLog, find_log
from registry.adapters.migrations import upgrade
from registry.adapters.rpc import connect
from registry.cli.private_files import hand_over, require_absent
from registry.domain.errors import CredrootError, Malformed, Refused, Unavailable
from registry.domain.log_name import LogName
from registry.service.setup import initialise, is_initialised
from registry.settings import load_settings
from registry.store_ports import LogRecord
from registry.wiring.serving import build_resources


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "init",
        help="make the database of a registry and tie it to a log",
        description="Create or upgrade the database at CREDROOT_DATABASE_URL and tie it to a log, once.",
    )
    parser.add_argument("--log", required=True, metavar="LOG", help="eip155:<chain>/<contract>/<number>")
    parser.add_argument(
        "--deploy-block",
        type=int,
        metavar="N",
        help="a block no later than the log's first anchor (default: the newest final one, for a log without any)",
    )
    parser.add_argument("--key-out", type=Path, metavar="FILE", help="write the admin's API key there, mode 600")
    parser.add_argument("--label", default="first admin", help="a name for that key (default: %(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Set the registry up, print what came of it, and return the exit code."""
    try:
        _initialise(args)
    except Unavailable as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 3
    except CredrootError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 1
    return 0


def _initialise(args: argparse.Namespace) -> None:
    settings = load_settings()
    name = LogName.parse(args.log)
    if not settings.rpc_urls:
        raise Malformed("no-rpc", "set CREDROOT_RPC_URLS: the log is looked at before anything is tied to it")
    if args.key_out is not None:
        require_absent(args.key_out)
    found = find_log(connect(settings.rpc_urls[0]), name, artifact=load_artifact())
    engine = open_engine(settings.database_url)
    upgrade(engine)
    engine.dispose()
    resources = build_resources(settings)
    record = LogRecord(
        name=name,
        genesis_hash=found.genesis_hash,
        deploy_block=_deploy_block(args.deploy_block, found, needed=not is_initialised(resources)),
        created_at=resources.clock.now(),
    )
    key = initialise(resources, record, label=args.label)
    print(f"log: {name}")
    if key is None:
        print("this database belonged to the log before; its schema is the program's, no key was made")
    else:
        hand_over(key.secret, args.key_out, what="admin key")


def _deploy_block(given: int | None, found: FoundLog, *, needed: bool) -> int:
    if given is None:
        if found.latest_epoch and needed:
            raise Refused("deploy-block-needed", f"the log has {found.latest_epoch} epochs: pass --deploy-block")
        return found.final_block
    if not 0 <= given <= found.final_block:
        raise Malformed("malformed-deploy-block", f"expected a final block, 0 to {found.final_block}, got {given}")
    return given

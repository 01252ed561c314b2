"""`credroot init`: make the database of a registry, tie it to a log that is final on chain, make the first API key.

Uses the database and the chain. Settings come from the environment (docs/operating.md). The key is shown once, on
standard output, or written to a file that only its owner can read. Exit codes: 0 done, 1 refused, 3 unreachable.
"""

import argparse
import os
import sys
from pathlib import Path

from registry.adapters.artifacts import load_artifact
from registry.adapters.database import open_engine
from registry.adapters.log_setup import find_log
from registry.adapters.migrations import upgrade
from registry.adapters.rpc import connect
from registry.domain.errors import CredrootError, Malformed, Refused, Unavailable
from registry.domain.log_name import LogName
from registry.service.setup import initialise
from registry.settings import load_settings
from registry.store_ports import LogRecord
from registry.wiring import build_resources


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
    found = find_log(connect(settings.rpc_urls[0]), name, artifact=load_artifact())
    if args.deploy_block is None and found.latest_epoch:
        raise Refused("deploy-block-needed", f"the log has {found.latest_epoch} epochs: pass --deploy-block")
    upgrade(open_engine(settings.database_url))
    resources = build_resources(settings)
    key = initialise(
        resources,
        LogRecord(
            name=name,
            genesis_hash=found.genesis_hash,
            deploy_block=found.final_block if args.deploy_block is None else args.deploy_block,
            created_at=resources.clock.now(),
        ),
        label=args.label,
    )
    print(f"log: {name}")
    if args.key_out is None:
        print(f"admin key, shown once: {key.secret}")
    else:
        write_private(args.key_out, key.secret)
        print(f"admin key: {args.key_out}")


def write_private(file: Path, secret: str) -> None:
    """Write a secret to a new file that only its owner can read.

    Raises Refused `file-exists` rather than overwrite one.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refused("file-exists", f"{file} exists already") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(f"{secret}\n")

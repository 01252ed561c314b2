"""`credroot renew`: bring a receipt up to date with any node, with neither the registry nor its database.

The receipt gets a light part of the newest final block, so that it verifies with no node at all
(`credroot verify --block-hash`); with --published its status too is of the newest epoch that the files have. Output is
one `name: value` a line. Exit codes: 0 done, 1 refused, 3 the node or the files could not be had.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from registry.adapters.published import open_published
from registry.cli.file_reading import read_file
from registry.domain.canonical import canonicalize
from registry.domain.errors import CredrootError, Refused, Unavailable
from registry.domain.fields import write_time
from registry.domain.receipt import MAX_RECEIPT_BYTES, parse_receipt
from registry.service.renewing import Renewed, renew
from registry.wiring.verifying import open_light_prover

EXIT_REFUSED: Final = 1
EXIT_UNKNOWN: Final = 3
_ASIDE: Final = ".aside-"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "renew",
        help="bring a receipt up to date with a node, with no service",
        description="Give a receipt a light part of the newest final block, so that it verifies with no node at all.",
    )
    parser.add_argument("receipt", type=Path, metavar="RECEIPT", help="the receipt, a JSON file")
    parser.add_argument(
        "--rpc",
        action="append",
        required=True,
        metavar="URL",
        help="an Ethereum node; of several the first that can is taken",
    )
    parser.add_argument(
        "--published", metavar="DIR_OR_URL", help="the log's published files: prove the newest status with them"
    )
    parser.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="trust these certificates too, for what is fetched"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="write the receipt there; it may be the same file"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Renew, write the receipt, print which block it is of, and return the exit code."""
    try:
        renewed = _renew(args)
        _write(args.out, canonicalize(renewed.receipt.to_json()))
    except Unavailable as error:
        return _tell(error, EXIT_UNKNOWN)
    except CredrootError as error:
        return _tell(error, EXIT_REFUSED)
    block = renewed.proof.block
    print(f"block: {block.number} of chain {block.chain_id}, {write_time(block.time)}")
    print(f"block hash: 0x{block.hash.hex()}")
    print(f"receipt: {args.out}")
    return 0


def _renew(args: argparse.Namespace) -> Renewed:
    receipt = parse_receipt(read_file(args.receipt, limit_bytes=MAX_RECEIPT_BYTES))
    prover = open_light_prover(args.rpc, quorum=1)
    published = None if args.published is None else open_published(args.published, ca_file=args.ca_file)
    return renew(receipt, prover=prover, published=published)


def _write(file: Path, content: bytes) -> None:
    aside = file.with_name(f"{_ASIDE}{file.name}")
    try:
        # Renamed when it is whole: the old receipt may be the same file.
        aside.write_bytes(content)
        aside.replace(file)
    except OSError as error:
        raise Refused("file-unwritable", f"{file}: {error.strerror}") from error


def _tell(error: CredrootError, code: int) -> int:
    print(f"credroot renew: {error.message} [{error.code}]", file=sys.stderr)
    return code

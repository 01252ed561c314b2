"""`python -m registry.devchain`, which is also `credroot devchain`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
from eth_typing import Address
from eth_utils.address import is_checksum_address, is_checksum_formatted_address, is_hex_address, to_canonical_address

from registry.devchain.accounts import DEVELOPMENT_MNEMONIC, development_accounts
from registry.devchain.errors import DevChainError
from registry.devchain.genesis import DEVCHAIN_ID
from registry.devchain.node import DEFAULT_BLOCK_INTERVAL_SECONDS, DEFAULT_PORT, NodeOptions, run_node

CHAIN_ID_LIMIT = 2**32
# Above this some wallets lose precision (EIP-2294 allows more).

INTERVAL_LIMIT_SECONDS = 86_400 * 365
# A year: longer is never, which is 0. Also refuses nan and inf.

EXIT_REFUSED = 2
# argparse's code for a command line that cannot be followed.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 stopped as asked, 2 could not start."""
    options = _parser().parse_args(arguments)
    if options.accounts:
        _print_accounts()
        return 0
    _log_to_stderr()
    node = NodeOptions(
        data=options.data,
        port=options.port,
        chain_id=options.chain_id,
        block_interval_seconds=options.block_interval,
        clock_behind_seconds=options.clock_behind,
        funded=tuple(options.fund),
        ready_file=options.ready_file,
    )
    try:
        run_node(node, announce=lambda line: print(line, flush=True))
    except (DevChainError, OSError) as error:
        print(f"credroot devchain: {error}", file=sys.stderr)
        return EXIT_REFUSED
    return 0


def _log_to_stderr() -> None:
    # Standard output is for the one line that says the chain is ready: whoever started us reads that and no more, and
    # a full pipe would stop the chain.
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="credroot devchain",
        description="Run the embedded development chain on 127.0.0.1. Its accounts' keys are public.",
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the chain in this folder (default: in memory)")
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, metavar="N", help="listen here, 0: any free port (%(default)s)"
    )
    parser.add_argument(
        "--chain-id", type=_chain_id, default=DEVCHAIN_ID, metavar="N", help="the chain's id (%(default)s)"
    )
    parser.add_argument(
        "--block-interval",
        type=_seconds,
        default=DEFAULT_BLOCK_INTERVAL_SECONDS,
        metavar="SECONDS",
        help="make an empty block when the newest is older than this, 0: never (%(default)s)",
    )
    parser.add_argument(
        "--clock-behind",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="make blocks of this long ago, never of the future (%(default)s)",
    )
    parser.add_argument(
        "--fund", type=_address, action="append", default=[], metavar="ADDRESS", help="fund this too, in a new chain"
    )
    parser.add_argument("--ready-file", type=Path, metavar="FILE", help="write the URL here once the chain answers")
    parser.add_argument("--accounts", action="store_true", help="print the funded development accounts and end")
    return parser


def _print_accounts() -> None:
    print("PUBLIC development keys: never send anything of value to these addresses.")
    print(f"mnemonic: {DEVELOPMENT_MNEMONIC}")
    for account in development_accounts():
        print(f"{account.address} 0x{account.key.hex()}")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return port


def _chain_id(text: str) -> int:
    chain_id = int(text)
    if not 0 < chain_id < CHAIN_ID_LIMIT:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and {CHAIN_ID_LIMIT - 1}")
    return chain_id


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= INTERVAL_LIMIT_SECONDS:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return seconds


def _address(text: str) -> Address:
    # A mixed-case address must have the right checksum (EIP-55): funds for a typing error are found by nobody.
    if not is_hex_address(text) or (is_checksum_formatted_address(text) and not is_checksum_address(text)):
        raise argparse.ArgumentTypeError(f"{text} is not an address")
    return Address(to_canonical_address(text))


if __name__ == "__main__":
    sys.exit(main())

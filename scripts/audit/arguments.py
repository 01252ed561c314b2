"""Arguments of the auditors' programs: what both ask for, and the exit code of a wrong command line."""

import argparse
from collections.abc import Sequence

from registry.domain.errors import Malformed
from registry.domain.log_name import LogName
from scripts.audit.finding import ExitCode

_ARGPARSE_USAGE = 2


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse a command line; wrong usage ends the program with 64: argparse's own 2 means `untrusted` here."""
    try:
        return parser.parse_args(argv)
    except SystemExit as ending:
        if ending.code == _ARGPARSE_USAGE:
            raise SystemExit(ExitCode.USAGE.value) from ending
        raise


def rpc_url(text: str) -> str:
    """Read the URL of a node."""
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError("expected the http or https URL of a node")
    return text


def log_name(text: str) -> LogName:
    """Read a log name."""
    try:
        return LogName.parse(text)
    except Malformed as error:
        raise argparse.ArgumentTypeError(error.message) from error


def block_number(text: str) -> int:
    """Read a block number."""
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise argparse.ArgumentTypeError(f"expected the number of a block, got {text!r}")
    return int(text)


def printable(line: str) -> str:
    """Return a line without what would steer the terminal: files and documents are other people's words."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)

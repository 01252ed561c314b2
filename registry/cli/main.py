"""`credroot`: one program, one module a command, imported only when it is asked for."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn, Protocol, cast

from typing_extensions import override

COMMANDS: Final = {
    "devchain": "run the embedded development chain",
    "deploy": "put the anchor log on a chain, and open a log in it",
    "doctor": "look at what the service needs, and check the audit trail",
    "init": "make the database of a registry and tie it to a log",
    "keys": "make, list and revoke API keys, in the database",
    "renew": "bring a receipt up to date with a node, with no service",
    "serve": "run the web service",
    "sign": "sign credentials with an issuer's own key, without a network",
    "verify": "judge one credential, with no service and no database",
}
"""Each command is the module `registry.cli.<command>` with `add_parser(subparsers)` and `run(args)`."""

EXIT_USAGE: Final = 64
"""EX_USAGE of sysexits.h: argparse's own 2 means `untrusted` here."""


class _Command(Protocol):
    def add_parser(self, subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
        """Add the command to the program's parser."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; wrong usage ends the program with 64."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser(arguments)
    args = parser.parse_args(arguments)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output went away: nothing more can be said to anybody, at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def build_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of the command that is asked for, or of all when it is none of them.

    Importing web3 takes a second: `credroot verify` must not wait for what only others need.
    """
    parser: argparse.ArgumentParser = _Parser(
        prog="credroot", description="Verifiable credentials, one Merkle path from an Ethereum block."
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    asked = next((argument for argument in arguments if not argument.startswith("-")), None)
    if asked in COMMANDS:
        _module(asked).add_parser(subparsers)
    else:
        for name, summary in COMMANDS.items():
            subparsers.add_parser(name, help=summary)
    return parser


def _module(command: str) -> _Command:
    return cast("_Command", importlib.import_module(f"registry.cli.{command}"))


class _Parser(argparse.ArgumentParser):
    """Ends with 64 for wrong usage. Parsers of commands are made of the same class."""

    @override
    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        super().exit(EXIT_USAGE if status == 2 else status, message)


if __name__ == "__main__":
    sys.exit(main())

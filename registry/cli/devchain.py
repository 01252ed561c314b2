"""`credroot devchain`: hand the process over to the embedded chain.

Entry points do not import one another, so this one becomes the other: same process, same signals, and one place that
knows the options (`python -m registry.devchain`).
"""

import argparse
import os
import sys
from typing import NoReturn

_NO_PREFIX = "\N{NULL}"
# No argument can hold this character, so every one, options and --help too, is handed on as it stands.


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those of `credroot`."""
    parser = subparsers.add_parser(
        "devchain", help="run the embedded development chain", add_help=False, prefix_chars=_NO_PREFIX
    )
    parser.add_argument("arguments", nargs="*")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> NoReturn:
    """Become the chain's process; its exit code is the command's."""
    sys.stdout.flush()
    sys.stderr.flush()
    # The interpreter that runs us and a module of our own: nothing here is looked up in a path or read by a shell.
    os.execv(sys.executable, [sys.executable, "-m", "registry.devchain", *args.arguments])  # noqa: S606

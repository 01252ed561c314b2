"""`credroot serve`: hand the process over to the web service.

Entry points do not import one another, so this one becomes the other: same process, same signals.
"""

import argparse
import os
import sys
from typing import NoReturn

from registry.wiring.interop_options import add_interop_arguments, forwarded


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "serve",
        help="run the web service",
        description="Run the web service. Everything is set in the environment (docs/operating.md), except with "
        "--interop: then the VC API alone is served, for test suites (docs/vc-api.md).",
    )
    add_interop_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> NoReturn:
    """Become the service's process; its exit code is the command's."""
    sys.stdout.flush()
    sys.stderr.flush()
    # The interpreter that runs us and a module of our own: nothing here is looked up in a path or read by a shell.
    os.execv(sys.executable, [sys.executable, "-m", "registry.web", *forwarded(args)])  # noqa: S606

"""Files that only their owner may read, and that are never written over another."""

import os
from pathlib import Path

from registry.domain.errors import Refused


def hand_over(secret: str, file: Path | None, *, what: str) -> None:
    """Show a secret once, or write it to a file that only its owner can read."""
    if file is None:
        print(f"{what}, shown once: {secret}")
    else:
        write_private(file, secret)
        print(f"{what}: {file}")


def require_absent(file: Path) -> None:
    """Refuse a file that a secret would overwrite, before there is a secret to lose.

    Raises Refused `file-exists`, or `file-unwritable` for a folder that is not there.
    """
    if file.exists():
        raise Refused("file-exists", f"{file} exists already")
    if not os.access(file.parent, os.W_OK):
        raise Refused("file-unwritable", f"{file.parent} is no folder that can be written to")


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

"""A process that reads the files of a folder and tells what became of each, what it did besides, and its peak of memory.

    python -m tests.hostile_reading FOLDER

It is a process of its own so that its peak is its own, and so that a file that brings it down brings down nothing else.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Final

from registry.adapters.presented_files import open_file_reader
from registry.domain.canonical import canonicalize
from registry.domain.errors import Malformed
from registry.domain.presented import read_presented
from registry.domain.presented_files import FoundCredential
from registry.domain.problem import Problem
from tests.hostile_files import NOT_JSON, OTHER, READ
from tests.presented_case import CREDENTIAL, LINK, make_zip, qr_picture

MAX_ADDRESS_SPACE: Final = 1_073_741_824
"""What is mapped, libraries and all: past it an allocation fails, and the test with it."""
_DEEDS: Final = (
    "open",
    "socket.",
    "subprocess.",
    "os.",
    "urllib.",
    "exec",
    "compile",
    "import",
    "ctypes.",
    "pty.",
    "shutil.",
)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE, MAX_ADDRESS_SPACE))
    # As high as web3 sets it in a service: what recurses goes on until the stack is over.
    sys.setrecursionlimit(100_000)
    reader = open_file_reader()
    for kind in ("PNG", "JPEG"):
        # Decoders and codecs are loaded once, by good files: what is imported later is a deed of a hostile one.
        reader.read(make_zip({"picture": qr_picture(LINK, kind=kind)}), name="warm")
    canonicalize({"é": 1.0})
    deeds: list[str] = []
    watching = False

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event.startswith(_DEEDS):
            deeds.append(f"{event} {arguments!r:.200}")

    sys.addaudithook(watch)
    outcomes: dict[str, str] = {}
    for file in sorted(Path(sys.argv[1]).iterdir()):
        content = file.read_bytes()
        watching = True
        outcomes[file.name] = _outcome(content)
        watching = False
        del content
    json.dump({"outcomes": outcomes, "deeds": deeds, "peak_bytes": _peak()}, sys.stdout)


def _outcome(content: bytes) -> str:
    try:
        found = open_file_reader().read(content, name="file")
    except Malformed as error:
        return str(error.code)
    return " ".join(dict.fromkeys(map(_told, found)))


def _told(found: FoundCredential) -> str:
    if found.problem is not None:
        return str(found.problem.code)
    if found.content == CREDENTIAL:
        return READ
    return NOT_JSON if found.content and isinstance(read_presented(found.content).document, Problem) else OTHER


def _peak() -> int:
    """Of this program alone: what getrusage tells begins with the peak of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024


if __name__ == "__main__":
    main()

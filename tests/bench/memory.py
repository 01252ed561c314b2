"""Peak memory of processes and all their children, sampled from /proc (Linux)."""

import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

SAMPLE_SECONDS: Final = 0.5
_KIB: Final = 1024


class MemoryWatch:
    """Samples the resident memory of process trees while the `with` block runs.

    Shared pages count once for each process that maps them: the sum errs on the high side. For a PostgreSQL server, whose
    shared buffers are mapped by every connection, `proportional` divides them among the processes instead.
    """

    def __init__(self, roots: Iterable[int], *, proportional: bool = False) -> None:
        self._roots = tuple(roots)
        self._proportional = proportional
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="memory", daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> Self:
        """Begin sampling."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End sampling."""
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            total = sum(_memory(process, proportional=self._proportional) for process in _trees(self._roots))
            self.peak_bytes = max(self.peak_bytes, total)


def _trees(roots: Iterable[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (parent := _parent(folder)) is not None:
            children.setdefault(parent, []).append(int(folder.name))
    found: set[int] = set()
    pending = list(roots)
    while pending:
        process = pending.pop()
        if process not in found:
            found.add(process)
            pending.extend(children.get(process, []))
    return found


def _parent(folder: Path) -> int | None:
    try:
        # The name of the program stands in brackets and may hold anything.
        return int((folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def _memory(process: int, *, proportional: bool) -> int:
    name, field = ("smaps_rollup", "Pss:") if proportional else ("status", "VmRSS:")
    try:
        text = Path(f"/proc/{process}/{name}").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) * _KIB for line in text.splitlines() if line.startswith(field)), 0)

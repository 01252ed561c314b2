"""Published files for auditors: from a web server as everybody reads them, from a folder without leaving it.

A mirror in a folder may hold links. One that leads out of the folder would make the audit read this machine's files in
place of the mirror's: it is refused, whatever it leads to.
"""

from pathlib import Path
from typing import Final

from registry.adapters.published import PublishedFiles, open_published
from registry.domain.errors import Malformed, Unavailable
from scripts.audit.finding import FILE_OUTSIDE, FILE_SIZE

UNREACHABLE: Final = "published-unreachable"


def open_source(location: str) -> PublishedFiles:
    """Return the published files in a folder, or below an https URL (http on this machine only).

    Nothing is read yet. Raises Malformed `malformed-published-url` for another URL.
    """
    return open_published(location) if "://" in location else PublishedFiles(Folder(Path(location)))


class Folder:
    """The files of one folder, and nothing that is not in it."""

    def __init__(self, root: Path) -> None:
        """Name the folder; nothing is read yet."""
        self._root = root

    def read(self, path: str, *, limit: int) -> bytes | None:
        """Return a file of at most `limit` bytes, None when there is none.

        Raises Malformed for a longer one (`published-file-size`) and for a link that leads out of the folder
        (`published-file-outside`), Unavailable when the folder or the file cannot be read.
        """
        try:
            return self._read(path, limit=limit)
        except OSError as error:
            raise Unavailable(UNREACHABLE, f"{path}: {error.strerror}") from error

    def _read(self, path: str, *, limit: int) -> bytes | None:
        if not self._root.is_dir():
            raise Unavailable(UNREACHABLE, "the place of the published files is no folder")
        file = self._place(path)
        if file is None or not file.is_file():
            return None
        _check_size(path, size=file.stat().st_size, limit=limit)
        with file.open("rb") as stream:
            # One byte more: a file that grows while it is read is refused as well.
            data = stream.read(limit + 1)
        _check_size(path, size=len(data), limit=limit)
        return data

    def _place(self, path: str) -> Path | None:
        root = self._root.resolve(strict=True)
        try:
            file = (root / path).resolve()
        except RuntimeError as error:
            raise Malformed(FILE_OUTSIDE, f"{path}: links that lead in a circle") from error
        if not file.is_relative_to(root):
            raise Malformed(FILE_OUTSIDE, f"{path}: leads out of the folder")
        return file


def _check_size(path: str, *, size: int, limit: int) -> None:
    if size > limit:
        raise Malformed(FILE_SIZE, f"{path}: expected at most {limit} bytes, got {size}")

"""Files that a command is given: read whole, up to a limit."""

from pathlib import Path

from registry.domain.errors import Malformed


def read_file(file: Path, *, limit_bytes: int) -> bytes:
    """Return a file's content. Raises Malformed `file-unreadable`, or `file-too-large` before it is read whole."""
    try:
        with file.open("rb") as stream:
            content = stream.read(limit_bytes + 1)
    except OSError as error:
        raise Malformed("file-unreadable", f"{file}: {error.strerror}") from error
    if len(content) > limit_bytes:
        raise Malformed("file-too-large", f"{file}: expected at most {limit_bytes} bytes")
    return content

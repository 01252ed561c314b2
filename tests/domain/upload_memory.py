"""Judge a generated upload of many rows and print the most memory that took: run as a process of its own."""

import json
import sys
import tracemalloc
from collections.abc import Iterator

from registry.domain.upload import judge_upload
from tests.domain.uploads import ANYTHING, IDENTIFIED


def generated(rows: int) -> Iterator[bytes]:
    """Yield a file of so many rows, each of another recipient."""
    yield ",".join(IDENTIFIED).encode() + b"\r\n"
    for number in range(rows):
        yield b"person%d@example.org,S-%07d,Person Number %d,2026-05-29\r\n" % (number, number, number)


def main(rows: int) -> None:
    """Judge them, nobody holding a credential yet."""
    tracemalloc.start()
    upload = judge_upload(generated(rows), ANYTHING, lambda _: {})
    for _ in upload:
        pass
    _, peak_bytes = tracemalloc.get_traced_memory()
    print(json.dumps({"ok": upload.counts.ok, "peak_bytes": peak_bytes}))


if __name__ == "__main__":
    main(int(sys.argv[1]))

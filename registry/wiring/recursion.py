"""What importing web3 and eth-account must not change."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_recursion_limit() -> Iterator[None]:
    """Put the interpreter's recursion limit back after an import.

    py_ecc, which both load, raises it to 100,000: beyond the stack, so that a stranger's deeply nested JSON ends the
    process instead of raising RecursionError.
    """
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)

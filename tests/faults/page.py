"""docs/faults.md, from the tests that inject the faults."""

from typing import Final

from tests.faults.matrix import NOT_INJECTED, Fault, all_faults

_HEAD: Final = """# Faults

What may break around the worker, each injected on a real node (anvil) and a real database, each with what must come of
it. *Exactly once* is asserted against chain and tables together (`tests/faults/exactly_once.py`): every sealed epoch has
one event on the canonical chain, in order, with its root; its row is FINAL with the hash of that very block; its
attempts share one nonce; no transaction of the account reverted; an audit of the published files finds nothing.

The proxy between worker and node is `tests/faults/proxy.py`, what it can do `tests/faults/behaviours.py`; a crash is a
SIGKILL at a named point (`tests/faults/crashing.py`).

| no. | what happens | how it is injected | what must come of it | shown by | on |
|---|---|---|---|---|---|
"""

_ABSENT: Final = "\n## Not injected\n\n"

_CRASHES: Final = """
## Crash points

`tests/faults/test_crash_points.py` runs the worker's program through the whole life of an epoch (sealed, signed, sent,
mined, final, published) and counts its points. Then there is one more epoch for each of them: the program is killed with
SIGKILL at that point, and another worker goes on from what is stored. In the end exactly once is asserted for all of
them; the numbers are printed. The points around calls that only read are left to `make crash-points`.
Points are

- before and after every commit of a transaction that writes,
- before a JSON-RPC request reaches the node, and after the node has acted but before the worker is told,
- before every file or folder is made, renamed or removed while publishing.
"""


def faults_page() -> str:
    """Return the page."""
    absent = "".join(f"- {number}: {reason}.\n" for number, reason in sorted(NOT_INJECTED.items()))
    return _HEAD + "".join(_row(each) for each in all_faults()) + (absent and _ABSENT + absent) + _CRASHES


def _row(fault: Fault) -> str:
    words = fault.words
    shown = ", ".join(f"`{test.__name__}`" for test in fault.tests)
    return f"| {words.number} | {words.happens} | {words.injected} | {words.expected} | {shown} | {fault.databases} |\n"

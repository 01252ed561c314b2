"""What is there when a process begins its work is set aside; seen in a process of its own, for the setting is global."""

import subprocess
import sys
from typing import Final

from tests.paths import REPO_ROOT

PROGRAM: Final = """
import gc, weakref
from registry.adapters.collector import spare_the_collector

class Node:
    pass

def knot():
    node = Node()
    node.itself = node
    return weakref.ref(node)

walked = len(gc.get_objects())
spare_the_collector()
left = len(gc.get_objects())
knots = [knot() for _ in range(200_000)]
print(left < walked / 10, sum(each() is None for each in knots) > 100_000)
"""


def test_what_was_there_is_not_walked_over_again_and_new_cycles_are_still_collected() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=REPO_ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    assert run.stdout.split() == ["True", "True"]

"""Every event that a program logs has its line in docs/operating.md, and the page names none that is not logged."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.paths import REPO_ROOT

PROGRAMS: Final = ("anchor_worker", "registry/web", "registry/service", "registry/adapters", "registry/wiring")
LEVELS: Final = frozenset({"info", "warning", "error", "critical", "exception"})
# What is told at the level debug is for those who read the code.


def logged() -> set[str]:
    files = [file for program in PROGRAMS for file in (REPO_ROOT / program).rglob("*.py")]
    return {event for file in files for event in events(file)}


def events(file: Path) -> Iterator[str]:
    """Yield the event of each call of a logger's method: its first argument."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="log" | "_log") | ast.Call(), attr=level),
                args=[ast.Constant(value=str(event)), *_],
            ) if level in LEVELS:
                yield event
            # A level that is chosen first: `write = log.error if ... else log.info`.
            case ast.Call(func=ast.Name(id="write"), args=[ast.Constant(value=str(event)), *_]):
                yield event
            case _:
                pass


def documented() -> set[str]:
    page = (REPO_ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    section = page.partition("## Events")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {event for row in rows for event in re.findall(r"`(\w+)`", row)}


def test_events_are_those_of_the_page() -> None:
    assert logged() == documented()
    assert len(documented()) > 15

"""The rooms that docs/architecture.md draws are those of the tree, and its links lead somewhere."""

import re
from pathlib import Path
from typing import Final

import pytest

from anchor_worker.machine import Phase
from tests.paths import REPO_ROOT

DOCS: Final = REPO_ROOT / "docs"
PAGE: Final = (DOCS / "architecture.md").read_text(encoding="utf-8")
PAGES: Final = [DOCS / f"{name}.md" for name in ("architecture", "protocol", "threat-model")]


def modules(package: str) -> list[str]:
    """Return the rooms or modules of a package, as the page writes them."""
    found = [path for path in (REPO_ROOT / package).iterdir() if not path.name.startswith(("__init__", "__pycache__"))]
    return sorted(f"{path.name}/" if path.is_dir() else path.name for path in found)


@pytest.mark.parametrize("package", ["registry", "anchor_worker"])
def test_every_room_and_module_of_a_package_is_drawn(package: str) -> None:
    assert [name for name in modules(package) if not re.search(rf"(?<![\w/]){re.escape(name)}", PAGE)] == []


def test_every_state_of_an_anchor_is_in_the_table() -> None:
    assert [phase for phase in Phase if f"| `{phase}` |" not in PAGE] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))

    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []

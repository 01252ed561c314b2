"""Each rule is seen to refuse a deliberate violation, planted in a copy of the tree."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.paths import REPO_ROOT

PACKAGES: Final = ("registry", "anchor_worker", "scripts")
TOOL_SECONDS: Final = 120
# A run takes a few seconds; two busy cores make it slower, a hang must still end.

Tree = Callable[[], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One line in one module of the copy, and the words with which the tool must refuse it."""

    module: str
    line: str
    refused_by: str
    because: str


IMPORT_VIOLATIONS: Final = (
    Planted(
        module="registry/domain/leaf.py",
        line="import sqlalchemy",
        refused_by="the domain imports the standard library and five named libraries",
        because="registry.domain imports sqlalchemy (by registry.domain.leaf)",
    ),
    Planted(
        module="registry/domain/leaf.py",
        line="import os",
        refused_by="the domain has no files, clock, logging, environment, processes or randomness",
        because="registry.domain.leaf -> os",
    ),
    Planted(
        module="registry/domain/errors.py",
        line="import registry.domain.leaf",
        refused_by="no circles between modules of a room",
        because="registry.domain",
    ),
    Planted(
        module="registry/domain/paths.py",
        line="import registry.domain.merkle",
        refused_by="building stands above checking: checking a proof imports no tree building",
        because="registry.domain.paths -> registry.domain.merkle",
    ),
    Planted(
        module="registry/domain/status_tree.py",
        line="import blockcerts_merkletools",
        refused_by="only tree building knows the tree library",
        because="registry.domain.status_tree -> blockcerts_merkletools",
    ),
    Planted(
        module="registry/domain/verdict.py",
        line="import registry.adapters.planted",
        refused_by="rooms of the registry, from entry points down to the domain",
        because="registry.domain.verdict -> registry.adapters.planted",
    ),
    Planted(
        module="registry/adapters/presented_files/zip_members.py",
        line="import subprocess",
        refused_by="what reads a stranger's file reaches no network, no process, no other file",
        because="registry.adapters.presented_files.zip_members -> subprocess",
    ),
    Planted(
        module="registry/service/planted.py",
        line="import registry.adapters.planted",
        refused_by="rooms of the registry, from entry points down to the domain",
        because="registry.service.planted -> registry.adapters.planted",
    ),
    Planted(
        module="registry/adapters/planted.py",
        line="import registry.service.planted",
        refused_by="rooms of the registry, from entry points down to the domain",
        because="registry.adapters.planted -> registry.service.planted",
    ),
    Planted(
        module="registry/service/planted.py",
        line="import sqlalchemy",
        refused_by="use cases import the domain and the ports",
        because="registry.service imports sqlalchemy (by registry.service.planted)",
    ),
    Planted(
        module="registry/adapters/planted.py",
        line="import registry.settings",
        refused_by="rooms of the registry, from entry points down to the domain",
        because="registry.adapters.planted -> registry.settings",
    ),
    Planted(
        module="registry/web/planted.py",
        line="import registry.devchain",
        refused_by="rooms of the registry, from entry points down to the domain",
        because="registry.web.planted -> registry.devchain",
    ),
    Planted(
        module="registry/demo/planted.py",
        line="import registry.web.planted",
        refused_by="rooms of the registry, from entry points down to the domain",
        because="registry.demo.planted -> registry.web.planted",
    ),
    Planted(
        module="registry/cli/planted.py",
        line="import anchor_worker",
        refused_by="nothing imports the worker or the auditors' scripts",
        because="registry.cli.planted -> anchor_worker",
    ),
    Planted(
        module="registry/cli/planted.py",
        line="import scripts",
        refused_by="nothing imports the worker or the auditors' scripts",
        because="registry.cli.planted -> scripts",
    ),
    Planted(
        module="anchor_worker/machine.py",
        line="import registry.service.planted",
        refused_by="the worker imports the domain, the ports, the adapters and the settings",
        because="anchor_worker imports registry.service.planted",
    ),
    Planted(
        module="anchor_worker/machine.py",
        line="import scripts",
        refused_by="the worker and the scripts do not know each other",
        because="anchor_worker.machine -> scripts",
    ),
    Planted(
        module="anchor_worker/machine.py",
        line="import sqlalchemy",
        refused_by="the anchor's state machine imports the domain and the standard library",
        because="anchor_worker.machine imports sqlalchemy (by anchor_worker.machine)",
    ),
    Planted(
        module="anchor_worker/machine.py",
        line="import registry.adapters.planted",
        refused_by="the anchor's state machine imports the domain and the standard library",
        because="anchor_worker.machine imports registry.adapters.planted",
    ),
    Planted(
        module="anchor_worker/elsewhere.py",
        line="",
        refused_by="the anchor's life is pure, the cycle knows ports, the ends know the world",
        because="anchor_worker.elsewhere",
    ),
    Planted(
        module="scripts/planted.py",
        line="import registry.adapters.planted",
        refused_by="auditors need no store, no key of the registry, no service: the domain and named adapters",
        because="scripts imports registry.adapters.planted",
    ),
    Planted(
        module="scripts/planted.py",
        line="import sqlalchemy",
        refused_by="auditors need no store, no key of the registry, no service: the domain and named adapters",
        because="scripts imports sqlalchemy (by scripts.planted)",
    ),
    Planted(
        module="registry/elsewhere.py",
        line="",
        refused_by="rooms of the registry, from entry points down to the domain",
        because="registry.elsewhere",
    ),
    Planted(
        module="registry/domain/elsewhere.py",
        line="",
        refused_by="building stands above checking: checking a proof imports no tree building",
        because="registry.domain.elsewhere",
    ),
)

CODE_VIOLATIONS: Final = (
    ("registry/adapters/planted.py", 'import os\n\nHOME = os.environ["HOME"]\n', "TID251"),
    ("registry/adapters/planted.py", 'import os\n\nHOME = os.getenv("HOME")\n', "TID251"),
    ("registry/service/planted.py", "import random\n\nNUMBER = random.random()\n", "TID251"),
    ("registry/service/planted.py", 'print("a library does not print")\n', "T201"),
    ("anchor_worker/planted.py", "from datetime import datetime\n\nNOW = datetime.now()\n", "DTZ005"),
    ("registry/service/planted.py", "from datetime import datetime\n\nNOW = datetime.utcnow()\n", "DTZ003"),
    ("anchor_worker/planted.py", "try:\n    VALUE = 1\nexcept Exception:\n    VALUE = 2\n", "BLE001"),
    ("anchor_worker/planted.py", "try:\n    VALUE = 1\nexcept:\n    VALUE = 2\n", "E722"),
    ("registry/web/planted.py", "from . import app\n", "TID252"),
    ("scripts/planted.py", "def unannotated(value):\n    return value\n", "ANN001"),
    ("registry/domain/planted.py", "def undocumented() -> int:\n    return 1\n", "D103"),
    ("registry/domain/planted.py", "import hashlib\n\nSUM = hashlib.md5(b'')\n", "S324"),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy what the tools read."""
    for package in PACKAGES:
        shutil.copytree(REPO_ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPO_ROOT / "tests" / "rules", tmp_path / "tests" / "rules")
    for name in ("pyproject.toml", "README.md", "LICENSE", "tests/__init__.py"):
        shutil.copy(REPO_ROOT / name, tmp_path / name)
    return tmp_path


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a tree, from sources and without its cache."""
    program = Path(sys.executable).parent / "lint-imports"
    return _run([program, "--no-cache"], tree)


def ruff_codes(tree: Path, path: str) -> set[str]:
    """Return the codes of ruff's findings in one file."""
    done = _run([sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", path], tree)
    return {word for line in done.stdout.splitlines() if line.startswith(path) for word in line.split()[1:2]}


def _run(command: list[str | Path], tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        timeout=TOOL_SECONDS,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "300", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )


def plant(tree: Path, module: str, text: str) -> None:
    """Add text to a module of the copy, making the module where there is none."""
    path = tree / module
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_text('"""Planted."""\n', encoding="utf-8")
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")


def test_the_tree_itself_is_accepted(tree: Path) -> None:
    done = lint_imports(tree)

    assert done.returncode == 0, done.stdout
    assert " 0 broken." in done.stdout


@pytest.mark.parametrize("planted", IMPORT_VIOLATIONS, ids=lambda planted: f"{planted.module}: {planted.line}")
def test_a_planted_import_is_refused_by_its_rule(tree: Path, planted: Planted) -> None:
    # Modules a violation points at exist in the copy, so that it is refused for its direction, not for being absent.
    for module in ("registry/adapters/planted.py", "registry/service/planted.py", "registry/web/planted.py"):
        plant(tree, module, "")
    for module in ("registry/settings.py", "registry/domain/verdict.py", "anchor_worker/machine.py"):
        plant(tree, module, "")

    plant(tree, planted.module, planted.line)
    done = lint_imports(tree)

    summary, _, reasons = done.stdout.partition("Broken contracts")
    broken = [line.removesuffix("BROKEN").strip() for line in summary.splitlines() if line.endswith("BROKEN")]
    assert done.returncode == 1, done.stdout
    assert planted.refused_by in broken
    assert planted.because in " ".join(reasons.split())


@pytest.mark.parametrize(("path", "text", "code"), CODE_VIOLATIONS, ids=lambda value: str(value)[:40])
def test_a_planted_line_of_code_is_refused_by_its_rule(tree: Path, path: str, text: str, code: str) -> None:
    plant(tree, path, text)

    assert code in ruff_codes(tree, path)


def test_the_settings_module_alone_may_read_the_environment(tree: Path) -> None:
    plant(tree, "registry/settings.py", 'import os\n\nHOME = os.environ["HOME"]\n')

    assert "TID251" not in ruff_codes(tree, "registry/settings.py")


def test_a_forgotten_state_is_refused_by_the_type_checker(tree: Path) -> None:
    plant(
        tree,
        "anchor_worker/planted.py",
        "from enum import StrEnum\n\n\nclass State(StrEnum):\n    ONE = 'one'\n    TWO = 'two'\n\n\n"
        "def word(state: State) -> str:\n    match state:\n        case State.ONE:\n            return 'one'\n",
    )

    done = _run([sys.executable, "-m", "mypy", "--no-incremental", "anchor_worker/planted.py"], tree)

    assert done.returncode == 1
    assert "[exhaustive-match]" in done.stdout

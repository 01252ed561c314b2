"""The artifacts are what anybody gets who compiles the sources, and comments are no part of them."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from registry.adapters.artifacts import CONTRACTS
from tests.paths import REPO_ROOT

SOURCES: Final = REPO_ROOT / "contracts"
COMPILER_SECONDS: Final = 120
# Six contracts take ten seconds; two busy cores make it slower, a hang must still end.


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of what is committed of the contracts, beside the installed compiler."""
    for name in ("src", "tool"):
        shutil.copytree(SOURCES / name, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(SOURCES / "node_modules")
    return tmp_path


def rebuild(folder: Path) -> dict[str, bytes]:
    """Compile the sources of a folder and return its artifacts."""
    command = ["node", "tool/build_artifacts.js", "--write"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=COMPILER_SECONDS)
    return {name: (folder / "artifacts" / f"{name}.json").read_bytes() for name in CONTRACTS}


@pytest.mark.chain
def test_compiling_again_gives_the_committed_artifacts_to_the_byte(copy: Path) -> None:
    assert rebuild(copy) == {name: (SOURCES / "artifacts" / f"{name}.json").read_bytes() for name in CONTRACTS}


@pytest.mark.chain
def test_a_changed_comment_changes_no_code(copy: Path) -> None:
    for source in (copy / "src").glob("*.sol"):
        text = source.read_text(encoding="utf-8")
        source.write_text(text.replace("/// @title ", "/// @title Another ", 1) + "// more\n", encoding="utf-8")

    for name, content in rebuild(copy).items():
        before = json.loads((SOURCES / "artifacts" / f"{name}.json").read_bytes())
        after = json.loads(content)
        assert after["sources"] != before["sources"]
        assert {**after, "sources": before["sources"]} == before


@pytest.mark.chain
def test_a_changed_rule_changes_the_code(copy: Path) -> None:
    source = copy / "src" / "EpochProofs.sol"
    source.write_text(source.read_text(encoding="utf-8").replace("1 << 37", "1 << 38"), encoding="utf-8")

    changed = rebuild(copy)

    for name in ("CredentialVerifier", "FraudCourt"):
        before = json.loads((SOURCES / "artifacts" / f"{name}.json").read_bytes())
        assert json.loads(changed[name])["bytecode"] != before["bytecode"]

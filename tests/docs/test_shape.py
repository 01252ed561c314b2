"""The shape of the repository: sizes, names, places, sources of vectors, and nothing about any one machine."""

import re
import subprocess
from pathlib import PurePosixPath
from typing import Final

from tests.paths import REPO_ROOT

MAX_LINES: Final = 400
# What outgrows a screenful of screens is split by subject (docs/architecture.md).

SHAPELESS_NAMES: Final = frozenset({"utils", "helpers", "common", "misc", "base", "manager"})
ROOMS: Final = frozenset({"registry", "anchor_worker", "scripts", "tests", "contracts"})
REGISTRY_ROOMS: Final = frozenset(
    {"domain", "service", "adapters", "web", "cli", "devchain", "demo", "store_ports", "wiring"}
)
TOP_MODULES: Final = frozenset({"__init__.py", "ports.py", "chain_ports.py", "wiring.py", "settings.py"})
SOURCE_NAMES: Final = frozenset({"source", "$comment"})

# Spelled in parts so that this file does not find itself.
REGISTRY_HOSTS: Final = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "registry.npm" + "js.org",
    "registry.yarn" + "pkg.com",
)
MACHINE_PATH: Final = re.compile(r"(?<![\w.:/-])/(?:work|root|home|Users|tmp/[a-z])(?:/|\b)")


def tracked_files() -> list[PurePosixPath]:
    """List the files of the repository, new ones included, without what .gitignore names."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPO_ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [PurePosixPath(name) for name in sorted(filter(None, listing.split("\0"))) if (REPO_ROOT / name).is_file()]


def text_of(path: PurePosixPath) -> str | None:
    """Return the text of a file, or None for a binary one."""
    content = (REPO_ROOT / path).read_bytes()
    return None if b"\0" in content else content.decode("utf-8")


FILES: Final = tracked_files()
CODE: Final = [path for path in FILES if path.suffix in {".py", ".sol"}]
VECTORS: Final = [path for path in FILES if path.is_relative_to("tests/vectors") and path.suffix == ".json"]


def test_there_is_something_to_look_at() -> None:
    assert len(CODE) > 50


def test_a_code_file_stays_within_its_limit() -> None:
    lengths = {str(path): len((REPO_ROOT / path).read_text(encoding="utf-8").splitlines()) for path in CODE}

    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_every_module_is_named_after_a_subject() -> None:
    shapeless = [
        str(path)
        for path in CODE
        if SHAPELESS_NAMES & {path.stem.lower(), *path.stem.lower().split("_"), *map(str.lower, path.parts[:-1])}
    ]

    assert shapeless == []


def test_every_python_file_stands_in_a_declared_room() -> None:
    outside = [str(path) for path in CODE if path.suffix == ".py" and not _in_a_room(path)]

    assert outside == []


def _in_a_room(path: PurePosixPath) -> bool:
    top = path.parts[0]
    if top != "registry":
        return len(path.parts) > 1 and top in ROOMS
    return path.parts[1] in (REGISTRY_ROOMS if len(path.parts) > 2 else TOP_MODULES)


def test_every_package_says_what_it_is() -> None:
    packages = {
        path.parent for path in CODE if path.suffix == ".py" and path.parts[0] in ROOMS - {"contracts", "tests"}
    }
    silent = [
        str(package)
        for package in sorted(packages)
        if not (REPO_ROOT / package / "__init__.py").is_file()
        or not (REPO_ROOT / package / "__init__.py").read_text(encoding="utf-8").startswith('"""')
    ]

    assert [package for package in silent if "migrations" not in package] == []


def test_no_file_names_a_registry_host() -> None:
    named = [(str(path), host) for path in FILES for host in REGISTRY_HOSTS if host in (text_of(path) or "")]

    assert named == []


def test_no_file_names_a_path_of_a_machine() -> None:
    named = [(str(path), found) for path in FILES for found in MACHINE_PATH.findall(text_of(path) or "")]

    assert named == []


def test_every_vector_names_its_source() -> None:
    silent = [str(path) for path in VECTORS if not _names_its_source(path)]

    assert silent == []


def _names_its_source(path: PurePosixPath) -> bool:
    # A file whose very form the protocol fixes cannot carry a member of ours: a README above it names it or its folder.
    text = (REPO_ROOT / path).read_text(encoding="utf-8")
    return any(f'"{name}"' in text for name in SOURCE_NAMES) or any(
        f"`{part}" in (REPO_ROOT / folder / "README.md").read_text(encoding="utf-8")
        for folder in path.parents
        if folder.is_relative_to("tests/vectors") and (REPO_ROOT / folder / "README.md").is_file()
        for part in path.relative_to(folder).parts
    )

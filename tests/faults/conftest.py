"""A world for each database: a node of its own, a log, a registry with one issuer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.programs import Programs, run_programs
from tests.faults.world import World, fresh_world


@pytest.fixture(params=("sqlite", "postgresql"))
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a new, empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'registry.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """Give a world in which nothing has happened yet."""
    with fresh_world(tmp_path, database_url) as made:
        yield made


@pytest.fixture(scope="session")
def programs() -> Iterator[Programs]:
    """Run the process that forks programs which are killed."""
    with run_programs() as running:
        yield running

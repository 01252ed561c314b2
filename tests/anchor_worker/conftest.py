"""Both real databases, and one development chain for all tests that need nothing special of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.adapters.sql_store import SqlStore
from tests.devchain_process import DevChainProcess, run_devchain
from tests.store_samples import opened_store


@pytest.fixture(params=("sqlite", "postgresql"))
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a new, empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'registry.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the URL of a new SQLite database."""
    return f"sqlite:///{tmp_path / 'registry.db'}"


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    """Give a store over each kind of database."""
    with opened_store(database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def devchain() -> Iterator[DevChainProcess]:
    """Run a chain that each test opens a log of its own on."""
    with run_devchain() as chain:
        yield chain

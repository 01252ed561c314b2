"""Every test of the store runs on both real databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete

from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.adapters.sql_store import SqlStore
from registry.adapters.tables import METADATA
from tests.postgres import PostgresServer

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a new, empty database of each kind, without the schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'registry.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def postgres_registry_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the URL of one PostgreSQL database with the schema: making one takes longer than most tests."""
    with postgres_server.fresh_database() as url:
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        yield url


@pytest.fixture(params=DATABASES)
def registry_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database of each kind that has the schema and no rows."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'registry.db'}"
        engine = open_engine(url)
        upgrade(engine)
    else:
        url = str(request.getfixturevalue("postgres_registry_url"))
        engine = open_engine(url)
        with engine.begin() as connection:
            for table in reversed(METADATA.sorted_tables):
                connection.execute(delete(table))
    engine.dispose()
    return url


@pytest.fixture
def engine(registry_url: str) -> Iterator[Engine]:
    """Open a database that has the schema and no rows."""
    opened = open_engine(registry_url)
    yield opened
    opened.dispose()


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    """Give a store over such a database."""
    return SqlStore(engine)

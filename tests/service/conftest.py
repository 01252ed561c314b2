"""Every use case runs over both real databases."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.adapters.tables import METADATA
from registry.store_ports import AchievementRecord, IssuerRecord
from tests.postgres import PostgresServer
from tests.registry_world import World, opened_world


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an SQLite file with the schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "registry.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_registry_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the URL of one PostgreSQL database with the schema: making one takes longer than most tests."""
    with postgres_server.fresh_database() as url:
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Give the URL of an SQLite database with the schema and no rows."""
    shutil.copy(sqlite_template, tmp_path / "registry.db")
    return f"sqlite:///{tmp_path / 'registry.db'}"


@pytest.fixture(params=("sqlite", "postgresql"))
def registry_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a database of each kind with the schema and no rows."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    url = str(request.getfixturevalue("postgres_registry_url"))
    engine = open_engine(url)
    with engine.begin() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(delete(table))
    engine.dispose()
    return url


@pytest.fixture
def world(registry_url: str, tmp_path: Path) -> Iterator[World]:
    """Give a registry with an admin and nothing else."""
    with opened_world(registry_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def sqlite_world(sqlite_url: str, tmp_path: Path) -> Iterator[World]:
    """Give a registry over SQLite: for what does not depend on the database."""
    with opened_world(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def issuer(world: World) -> IssuerRecord:
    """Give a did:web issuer."""
    return world.add_issuer()


@pytest.fixture
def achievement(world: World, issuer: IssuerRecord) -> AchievementRecord:
    """Give an achievement with grades and suspension."""
    return world.add_achievement(issuer)

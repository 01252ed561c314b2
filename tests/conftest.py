"""Fixtures and rules of every test: property-test profiles, a real PostgreSQL, data kept outside the repository."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.paths import SHARED_DATA
from tests.postgres import PostgresServer, running_postgres

settings.register_profile(
    "default",
    # Two busy cores make any single example slow once: time is judged by pytest-timeout, not by an example.
    deadline=None,
    # New examples on every run; `make test` prints the seed and takes it back as SEED=.
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("nightly", parent=settings.get_profile("default"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one option with which the data outside the repository may be absent."""
    parser.addoption(
        "--without-shared-data",
        action="store_true",
        help="leave out the test files that read the data kept beside the repository",
    )


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which test files are left out, so that leaving them out is never silent."""
    if not config.getoption("--without-shared-data"):
        return [f"shared data: {SHARED_DATA}"]
    tests = Path(__file__).parent
    return [
        f"LEFT OUT, needs {SHARED_DATA}: {path.relative_to(tests.parent)}"
        for path in sorted(tests.rglob("test_*.py"))
        if _reads_shared_data(path)
    ]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Refuse a test file whose data is absent, or leave it out when that was asked for."""
    if not (collection_path.name.startswith("test_") and collection_path.suffix == ".py"):
        return None
    if not _reads_shared_data(collection_path):
        return None
    if config.getoption("--without-shared-data"):
        return True
    if not SHARED_DATA.is_dir():
        message = f"{collection_path.name} reads {SHARED_DATA}, which is absent (--without-shared-data leaves it out)"
        raise pytest.UsageError(message)
    return None


def _reads_shared_data(path: Path) -> bool:
    return "SHARED_DATA" in path.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run one PostgreSQL server for this test process, started by the first test that asks."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Yield the SQLAlchemy URL of a fresh, empty PostgreSQL database."""
    with postgres_server.fresh_database() as url:
        yield url

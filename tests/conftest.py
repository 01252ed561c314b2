"""Fixtures and rules of every test: property-test profiles, a real PostgreSQL, data kept outside the repository."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.outside_data import outside_reading
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
    parser.addoption(
        "--without-ray",
        action="store_true",
        help="leave out the tests of the optional extra `ray`, for a Python that it is not made for",
    )
    parser.addoption(
        "--every-crash-point",
        action="store_true",
        help="kill the worker at every point, not only where it changes something",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of Ray where that was asked for; otherwise they fail where it is missing."""
    if config.getoption("--without-ray"):
        left_out = [item for item in items if item.get_closest_marker("ray") is not None]
        items[:] = [item for item in items if item.get_closest_marker("ray") is None]
        config.hook.pytest_deselected(items=left_out)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Name the tests that are left out, so that leaving them out is never silent."""
    ray = ["LEFT OUT: the tests of Ray"] if config.getoption("--without-ray") else []
    return ray + _outside_data_header(config)


def _outside_data_header(config: pytest.Config) -> list[str]:
    if not config.getoption("--without-shared-data"):
        return [f"shared data: {SHARED_DATA}"]
    tests = Path(__file__).parent
    left_out = [(path.relative_to(tests.parent), outside_reading(path)) for path in sorted(tests.rglob("test_*.py"))]
    return [
        f"LEFT OUT, needs {SHARED_DATA}: {path}" + ("" if reading.at_import else f"::{name}")
        for path, reading in left_out
        for name in (["*"] if reading.at_import else sorted(reading.tests))
    ]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Refuse a test file whose data is absent, or leave it out when that was asked for."""
    if not (collection_path.name.startswith("test_") and collection_path.suffix == ".py"):
        return None
    reading = outside_reading(collection_path)
    if config.getoption("--without-shared-data"):
        return True if reading.at_import else None
    if (reading.at_import or reading.tests) and not SHARED_DATA.is_dir():
        message = f"{collection_path.name} reads {SHARED_DATA}, which is absent (--without-shared-data leaves it out)"
        raise pytest.UsageError(message)
    return None


def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str) -> list[pytest.Item] | None:
    """Leave out the tests that read the absent data; None lets pytest collect as usual."""
    if collector.config.getoption("--without-shared-data") and name in outside_reading(collector.path).tests:
        return []
    return None


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

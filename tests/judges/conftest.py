"""A registry that others can look at over HTTP, and the verifiers that look."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.web.app import create_app
from tests.judges.node_judge import NodeJudge, run_node_judge
from tests.paths import SHARED_DATA
from tests.registry_world import World, opened_world
from tests.web_server import serve


@pytest.fixture(scope="session")
def node_judge() -> Iterator[NodeJudge]:
    """Give the JavaScript verifiers."""
    with run_node_judge(SHARED_DATA / "schemas") as judge:
        yield judge


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a registry whose status lists can be fetched at the addresses that stand in its credentials."""
    folder: Path = tmp_path_factory.mktemp("judged")
    url = f"sqlite:///{folder / 'registry.db'}"
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with opened_world(url, folder, public_url=address) as opened, serve(create_app(opened.container), listener):
            # Others judge by the clock on the wall.
            opened.clock.moment = datetime.now(UTC)
            yield opened

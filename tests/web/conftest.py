"""The application over a real database, behind a real server: one registry a module where tests do not disturb each other."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.store_ports import DidMethod, Role
from registry.web.app import create_app
from tests.registry_world import World, opened_world, promising
from tests.web.vc_calls import JSON
from tests.web_server import serve


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a registry with an admin, shared by the tests of a module."""
    folder: Path = tmp_path_factory.mktemp("registry")
    url = f"sqlite:///{folder / 'registry.db'}"
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    with opened_world(url, folder, adapt=promising) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[httpx.Client]:
    """Give a client without a key."""
    with serve(create_app(world.container)) as opened:
        yield opened


@pytest.fixture
def admin(world: World) -> dict[str, str]:
    """Give the headers of the admin's key."""
    return {"Authorization": f"Bearer {world.admin_key}"}


@pytest.fixture(scope="module")
def key_issuer(world: World) -> JSON:
    """Give an issuer whose DID is its key, and the headers of its API key."""
    issuer = world.add_issuer("keyed", DidMethod.KEY)
    return {
        "did": issuer.did,
        "id": issuer.id,
        "headers": {"Authorization": f"Bearer {world.add_key(Role.ISSUER, issuer)}"},
    }

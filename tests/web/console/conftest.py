"""A registry of two issuers behind a real server, and people at their desks."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from registry.store_ports import Role
from tests.web.console.client import Desk, open_site
from tests.web.console.sites import Site, new_tenant
from tests.web_server import NO_AUTHORITIES


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("registry")) as (world, address):
        yield Site(world=world, address=address, ours=new_tenant(world, "ours"), theirs=new_tenant(world, "theirs"))


@pytest.fixture
def signed_in(site: Site) -> Iterator[Callable[[str], Desk]]:
    opened: list[httpx.Client] = []

    def sign_in(secret: str) -> Desk:
        opened.append(httpx.Client(base_url=site.address, trust_env=False, verify=NO_AUTHORITIES))
        desk = Desk(opened[-1])
        assert desk.sign_in(secret).status_code == 303
        return desk

    yield sign_in
    for client in opened:
        client.close()


@pytest.fixture
def registrar(site: Site, signed_in: Callable[[str], Desk]) -> Desk:
    return signed_in(site.world.add_key(Role.ISSUER, site.ours.issuer))


@pytest.fixture
def admin(site: Site, signed_in: Callable[[str], Desk]) -> Desk:
    return signed_in(site.world.admin_key)

"""Another tenant's object is 404, over every route that has a tenant.

    no key -> 401      an unknown key -> 401      another tenant's key -> 404      own key, another's object -> 404
    an auditor's key -> what the table says        the own key, and an admin's -> 2xx

The table must have every route of the OpenAPI document: a new route without a line fails.
"""

import httpx
import pytest

from registry.store_ports import Role
from tests.registry_world import BODY, World
from tests.web.route_matrix import (
    ADMINS_ALONE,
    EVERY_KEY,
    MATRIX,
    NO_KEY,
    OWN_ALONE,
    OWN_KEYS,
    PREFIX,
    Tenant,
    add_tenant,
)


@pytest.fixture(scope="module")
def tenants(world: World) -> tuple[Tenant, Tenant]:
    return add_tenant(world, "north"), add_tenant(world, "south")


@pytest.fixture(scope="module")
def auditor(world: World) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.add_key(Role.AUDITOR)}"}


def call(client: httpx.Client, route: str, tenant: Tenant, headers: dict[str, str], **names: str) -> httpx.Response:
    method, path = route.split(" ")
    case = MATRIX[route]
    return client.request(method, path.format(**{**tenant.names, **names}), headers=headers, **case.send(tenant))


def code(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def test_every_route_stands_in_one_table(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    routes = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}

    assert routes == MATRIX.keys() | OWN_KEYS.keys() | OWN_ALONE | ADMINS_ALONE.keys() | EVERY_KEY | NO_KEY


@pytest.mark.parametrize("route", [*MATRIX, *OWN_KEYS, *sorted(OWN_ALONE), *ADMINS_ALONE, *sorted(EVERY_KEY)])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer credroot_" + "A" * 43},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer x"},
    ],
)
def test_without_a_valid_key_it_is_401(client: httpx.Client, route: str, headers: dict[str, str]) -> None:
    method, path = route.split(" ")
    names = dict.fromkeys(
        ("slug", "achievement_id", "credential_id", "upload_id", "reservation_id", "key_id", "mapping_id"), "x"
    )

    response = client.request(method, path.format(**names), headers=headers)

    assert code(response) == (401, "not-authenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("route", MATRIX)
def test_another_tenant_s_key_finds_nothing(client: httpx.Client, tenants: tuple[Tenant, Tenant], route: str) -> None:
    north, south = tenants

    assert code(call(client, route, north, south.headers)) == (404, "issuer-not-found")
    assert code(call(client, route, north, north.headers, slug="nobody")) == (404, "issuer-not-found")


@pytest.mark.parametrize("route", [route for route in MATRIX if "_id}" in route])
def test_another_tenant_s_object_is_not_found_under_the_own_name(
    client: httpx.Client, tenants: tuple[Tenant, Tenant], admin: dict[str, str], route: str
) -> None:
    north, south = tenants

    for headers in (south.headers, admin):
        status, problem = code(call(client, route, north, headers, slug=south.issuer.slug))
        assert (status, problem.endswith("-not-found")) == (404, True)


def test_another_tenant_s_achievement_cannot_be_awarded(client: httpx.Client, tenants: tuple[Tenant, Tenant]) -> None:
    north, south = tenants

    for route in (f"POST {PREFIX}/credentials", f"POST {PREFIX}/uploads"):
        assert code(call(client, route, north, south.headers, slug=south.issuer.slug)) == (404, "achievement-not-found")


@pytest.mark.parametrize("route", MATRIX)
def test_an_auditor_sees_what_holds_no_personal_data_and_changes_nothing(
    client: httpx.Client, tenants: tuple[Tenant, Tenant], auditor: dict[str, str], route: str
) -> None:
    response = call(client, route, tenants[0], auditor)

    assert response.status_code == MATRIX[route].answers["auditor"]
    if response.is_error:
        assert code(response) == (403, "role-not-allowed")
    else:
        assert "example.org" not in response.text.replace(str(BODY["criteria"]), "")


@pytest.mark.parametrize("route", MATRIX)
@pytest.mark.parametrize("who", ["own", "admin"])
def test_the_own_key_and_an_admin_s_are_answered(  # noqa: PLR0917  # fixtures
    client: httpx.Client, world: World, tenants: tuple[Tenant, Tenant], admin: dict[str, str], route: str, who: str
) -> None:
    tenant = tenants[0]
    headers = tenant.headers if who == "own" else admin

    response = call(client, route, tenant, headers, **MATRIX[route].fresh(world, tenant))

    assert response.status_code == MATRIX[route].answers["own"], response.text
    assert response.headers["Cache-Control"].endswith("no-store")


@pytest.mark.parametrize("route", sorted(OWN_ALONE))
def test_only_an_issuer_s_own_key_needs_no_name_of_the_issuer(
    client: httpx.Client, tenants: tuple[Tenant, Tenant], auditor: dict[str, str], admin: dict[str, str], route: str
) -> None:
    tenant, (method, path) = tenants[0], route.split(" ")
    case = MATRIX[f"{method} /issuers/{{slug}}{path}"]

    def sent(headers: dict[str, str]) -> httpx.Response:
        return client.request(method, path, headers=headers, **case.send(tenant))

    assert sent(tenant.headers).status_code == case.answers["own"]
    assert code(sent(auditor)) == (403, "role-not-allowed")
    assert code(sent(admin)) == (400, "issuer-not-chosen")


@pytest.mark.parametrize("route", ADMINS_ALONE)
def test_only_an_admin_makes_issuers_and_keys(
    client: httpx.Client, world: World, tenants: tuple[Tenant, Tenant], auditor: dict[str, str], route: str
) -> None:
    method, path = route.split(" ")
    path = path.format(key_id=world.admin.key_id, slug="north")

    for headers in (tenants[0].headers, auditor):
        response = client.request(method, path, headers=headers, json=ADMINS_ALONE[route])
        assert code(response) == (403, "role-not-allowed")


def test_the_list_of_issuers_is_the_caller_s(
    client: httpx.Client, tenants: tuple[Tenant, Tenant], auditor: dict[str, str], admin: dict[str, str]
) -> None:
    def slugs(headers: dict[str, str]) -> set[str]:
        return {item["slug"] for item in client.get("/v1/issuers", headers=headers).json()}

    assert slugs(tenants[0].headers) == {"north"}
    assert slugs(auditor) == slugs(admin) == {"north", "south"}


def test_a_revoked_key_is_no_key(client: httpx.Client, admin: dict[str, str]) -> None:
    made = client.post("/v1/api-keys", headers=admin, json={"role": "auditor", "label": "short-lived"}).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    before = client.get("/v1/issuers", headers=headers).status_code

    revoked = client.delete(f"/v1/api-keys/{made['id']}", headers=admin)

    assert (before, revoked.status_code) == (200, 204)
    assert code(client.get("/v1/issuers", headers=headers)) == (401, "not-authenticated")
    listed = {item["id"] for item in client.get("/v1/api-keys", headers=admin).json()}
    every = {item["id"] for item in client.get("/v1/api-keys?revoked=true", headers=admin).json()}
    assert (made["id"] in listed, made["id"] in every) == (False, True)

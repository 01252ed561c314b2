"""Sessions of the console: who is in, for how long, and what a form must bring along."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from registry.service.sessions import IDLE, LIFETIME
from registry.store_ports import Role
from registry.web.app import create_app
from registry.web.console.cookie import HOST_COOKIE, LOOPBACK_COOKIE
from registry.web.console.sign_in import SIGN_INS
from tests.registry_world import World, migrated_world
from tests.web.console.client import OWN, SIGN_IN, Desk, hidden_fields, open_site, words
from tests.web_server import NO_AUTHORITIES, serve

HERE: Final = "/console/issuers/poly"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """Give a registry known by the address that it is served at."""
    with open_site(tmp_path_factory.mktemp("registry")) as (world, address):
        world.add_issuer("poly")
        world.add_issuer("other")
        yield world, address


@pytest.fixture
def world(served: tuple[World, str]) -> World:
    return served[0]


@pytest.fixture
def new_desk(served: tuple[World, str]) -> Iterator[Callable[[], Desk]]:
    opened: list[httpx.Client] = []

    def make() -> Desk:
        opened.append(httpx.Client(base_url=served[1], trust_env=False, verify=NO_AUTHORITIES))
        return Desk(opened[-1])

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def desk(new_desk: Callable[[], Desk], world: World) -> Desk:
    """Give somebody who acts for one issuer and is signed in."""
    desk = new_desk()
    with world.store.read() as unit:
        issuer = unit.issuers.by_slug("poly")
    assert desk.sign_in(world.add_key(Role.ISSUER, issuer)).status_code == 303
    return desk


def test_nobody_sees_the_console_without_signing_in(new_desk: Callable[[], Desk]) -> None:
    answer = new_desk().get(f"{HERE}/uploads?before=1")

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{SIGN_IN}?next=%2Fconsole%2Fissuers%2Fpoly%2Fuploads%3Fbefore%3D1"


def test_an_api_key_opens_a_session_and_shows_its_issuer(desk: Desk) -> None:
    first = desk.get("/console")
    page = desk.get(first.headers["Location"])

    assert first.headers["Location"] == HERE
    assert "Issuer poly" in words(page.text)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"


def test_the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(desk: Desk, world: World) -> None:
    answer = desk.sign_in(world.admin_key)

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{LOOPBACK_COOKIE}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "Max-Age" not in cookie


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    with migrated_world(tmp_path) as world, serve(create_app(world.container)) as client:
        answer = Desk(client).sign_in(world.admin_key)

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{HOST_COOKIE}=")
    assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))


def test_over_plain_http_to_the_world_nobody_signs_in(tmp_path: Path) -> None:
    public = "http://registry.example"
    with migrated_world(tmp_path, public_url=public) as world, serve(create_app(world.container)) as client:
        answer = Desk(client).sign_in(world.admin_key, Accept="application/json")

    assert (answer.status_code, answer.json()["code"]) == (422, "console-needs-https")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("secret", ["", "credroot_" + "x" * 43, "' OR 1=1 --", "x" * 5_000])
def test_what_is_no_key_opens_nothing(new_desk: Callable[[], Desk], secret: str) -> None:
    answer = new_desk().sign_in(secret)

    assert answer.status_code in {400, 401}
    assert "Set-Cookie" not in answer.headers
    assert secret == "" or secret not in answer.text


def test_a_planted_session_id_is_never_taken_over(new_desk: Callable[[], Desk], world: World) -> None:
    desk = new_desk()
    desk.http.cookies.set(LOOPBACK_COOKIE, "planted", domain="127.0.0.1")

    answer = desk.sign_in(world.admin_key)

    assert "planted" not in answer.headers["Set-Cookie"]


def test_signing_in_again_ends_the_session_before(desk: Desk, world: World, new_desk: Callable[[], Desk]) -> None:
    before = desk.http.cookies[LOOPBACK_COOKIE]

    desk.sign_in(world.admin_key)

    old = new_desk()
    old.http.cookies.set(LOOPBACK_COOKIE, before, domain="127.0.0.1")
    assert old.get(HERE).status_code == 303


def test_signing_out_ends_the_session_and_takes_the_cookie_away(desk: Desk, new_desk: Callable[[], Desk]) -> None:
    before = desk.http.cookies[LOOPBACK_COOKIE]

    answer = desk.send("/console/sign-out", {}, on=HERE)

    old = new_desk()
    old.http.cookies.set(LOOPBACK_COOKIE, before, domain="127.0.0.1")
    assert answer.headers["Location"] == SIGN_IN
    assert LOOPBACK_COOKIE not in desk.http.cookies
    assert old.get(HERE).status_code == 303


def test_a_session_that_nobody_uses_ends(desk: Desk, world: World) -> None:
    world.clock.advance(seconds=IDLE.total_seconds())

    assert desk.get(HERE).status_code == 303


def test_a_session_in_use_goes_on_and_ends_after_a_day_of_work_all_the_same(desk: Desk, world: World) -> None:
    answers = []
    for _ in range(int(LIFETIME / IDLE) * 2):
        world.clock.advance(seconds=IDLE.total_seconds() / 2)
        answers.append(desk.get(HERE).status_code)

    assert answers == [200] * (len(answers) - 1) + [303]


def test_what_a_page_asks_by_itself_keeps_no_session_open(desk: Desk, world: World) -> None:
    with world.store.read() as unit:
        issuer = unit.issuers.by_slug("poly")
    achievement = world.add_achievement(issuer)
    line = b"recipient_email,recipient_name,issued_on\r\na@example.org,A,2026-05-29\r\n"
    upload = world.upload(issuer, achievement, line)
    world.clock.advance(seconds=IDLE.total_seconds() - 60)

    progress = desk.get(f"{HERE}/uploads/{upload.id}/progress").json()
    world.clock.advance(seconds=90)

    assert progress["signed"] == 0
    assert desk.get(f"{HERE}/uploads/{upload.id}/progress").status_code == 303


def test_a_revoked_key_ends_its_sessions_at_once(desk: Desk, world: World, new_desk: Callable[[], Desk]) -> None:
    admin = new_desk()
    admin.sign_in(world.admin_key)
    page = admin.get(f"{HERE}/keys").text
    with world.store.read() as unit:
        newest = unit.access.api_keys()[-1].id
    assert str(newest) in page

    admin.send(f"{HERE}/keys/api-keys/{newest}/revoke", {}, on=f"{HERE}/keys/api-keys/{newest}/revoke")

    assert desk.get(HERE).status_code == 303
    assert admin.get(HERE).status_code == 200


def test_the_database_holds_no_session_id(desk: Desk, world: World) -> None:
    session_id = desk.http.cookies[LOOPBACK_COOKIE]
    with world.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM session").all()

    assert rows
    assert session_id not in repr(rows)


def forged(desk: Desk, fields: dict[str, str], headers: dict[str, str]) -> httpx.Response:
    return desk.http.post("/console/sign-out", data=fields, headers={"Accept": "application/json", **headers})


@pytest.mark.parametrize("token", [None, "", "A" * 43])
def test_a_form_without_the_sessions_token_does_nothing(desk: Desk, token: str | None) -> None:
    answer = forged(desk, {} if token is None else {"token": token}, {"Sec-Fetch-Site": "same-origin"})

    assert (answer.status_code, answer.json()["code"]) == (403, "form-token-wrong")
    assert desk.get(HERE).status_code == 200


def test_a_token_of_another_session_is_none(desk: Desk, new_desk: Callable[[], Desk], world: World) -> None:
    other = new_desk()
    other.sign_in(world.admin_key)

    answer = forged(desk, other.fields(HERE), {"Sec-Fetch-Site": "same-origin"})

    assert answer.json()["code"] == "form-token-wrong"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_a_form_of_another_sites_page_does_nothing_even_with_the_token(desk: Desk, headers: dict[str, str]) -> None:
    answer = forged(desk, desk.fields(HERE), headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "cross-site-form")
    assert desk.get(HERE).status_code == 200


def test_a_browser_that_only_says_the_origin_is_believed(desk: Desk, served: tuple[World, str]) -> None:
    answer = forged(desk, desk.fields(HERE), {"Origin": served[1]})

    assert answer.status_code == 303


def test_signing_somebody_else_in_by_a_forged_form_fails(new_desk: Callable[[], Desk], world: World) -> None:
    answer = new_desk().sign_in(world.admin_key, **{"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_link_in_a_mail_asks_once_more_from_a_page_of_ours(new_desk: Callable[[], Desk]) -> None:
    answer = new_desk().get(f"{HERE}/uploads", **{"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200
    assert f'content="0; url={HERE}/uploads"' in answer.text
    assert "poly" not in words(answer.text)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/console/../v1", "/console//x", "x"])
def test_signing_in_leads_nowhere_else(new_desk: Callable[[], Desk], world: World, target: str) -> None:
    desk = new_desk()
    page = desk.get(f"{SIGN_IN}?next={target}")

    answer = desk.http.post(SIGN_IN, data={"key": world.admin_key, "next": target}, headers=OWN)

    assert hidden_fields(page.text)["next"] == "/console"
    assert answer.headers["Location"] == "/console"


def test_somebody_who_tries_too_often_waits(served: tuple[World, str], tmp_path: Path) -> None:
    with migrated_world(tmp_path) as world, serve(create_app(world.container)) as client:
        desk = Desk(client)
        known = [desk.sign_in(world.admin_key).status_code for _ in range(SIGN_INS.at_once + 1)]
        tries = [desk.sign_in("wrong") for _ in range(SIGN_INS.at_once + 20)]
        waiting = next(answer for answer in tries if answer.status_code == 429)

    assert known == [303] * len(known)
    assert {answer.status_code for answer in tries} == {401, 429}
    assert int(waiting.headers["Retry-After"]) >= 1
    assert "Too many tries" in waiting.text


def test_public_pages_set_no_cookie_whoever_asks(desk: Desk) -> None:
    answers = [desk.get(path) for path in ("/healthz", "/v1/log", "/issuers/poly/did.json", "/nowhere")]

    assert all("Set-Cookie" not in answer.headers for answer in answers)


def test_a_session_is_no_key_of_the_api(desk: Desk) -> None:
    assert desk.get("/v1/issuers", Accept="application/json").status_code == 401

"""Limits: a bucket for each address, and only what is worth repeating to an attacker is counted."""

import itertools
from collections.abc import Callable

import httpx
import pytest
from fastapi import APIRouter, Request
from starlette.requests import Request as PlainRequest

from registry.domain.errors import NotFound
from registry.web.app import create_app
from registry.web.rate_limit import (
    CLAIMS,
    MAX_ADDRESSES,
    SHORT_CODES,
    Limit,
    RateLimits,
    TooOften,
    limit,
    limit_misses,
    visitor,
)
from registry.web.share_lookup import limited_lookup
from tests.earner import hold
from tests.registry_world import World
from tests.web_server import serve

FEW = Limit(name="few", at_once=3, each_seconds=10.0)
HTML = {"Accept": "text/html"}


class Seconds:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def taken(limits: RateLimits, address: str = "a") -> int | None:
    """Take one; return after how long to come again, None when there was one."""
    try:
        limits.take(FEW, address)
    except TooOften as error:
        return error.retry_after_seconds
    return None


def test_a_bucket_empties_and_fills_again() -> None:
    seconds = Seconds()
    limits = RateLimits(seconds)

    at_once = [taken(limits) for _ in range(5)]
    seconds.now += 4
    too_soon = taken(limits)
    seconds.now += 6
    later = [taken(limits) for _ in range(2)]
    seconds.now += 10_000
    full = [taken(limits) for _ in range(4)]

    assert at_once == [None, None, None, 10, 10]
    assert too_soon == 6
    assert later == [None, 10]
    assert full == [None, None, None, 10]


def test_what_took_long_counts_for_more_and_is_owed() -> None:
    seconds = Seconds()
    limits = RateLimits(seconds)

    limits.charge(FEW, "a", 1.5)
    left = [taken(limits) for _ in range(2)]
    limits.charge(FEW, "a", 2.0)
    owing = taken(limits)
    seconds.now += 25
    paid = [taken(limits) for _ in range(2)]

    assert left == [None, 5]
    assert owing == 25
    assert paid == [None, 10]


def test_addresses_and_limits_do_not_count_for_each_other() -> None:
    limits = RateLimits(Seconds())
    while taken(limits) is None:
        pass

    assert taken(limits, "b") is None
    limits.take(Limit(name="other", at_once=1, each_seconds=1.0), "a")


def test_what_is_given_back_may_be_taken_again_and_never_more() -> None:
    limits = RateLimits(Seconds())
    limits.give_back(FEW, "a")

    assert [taken(limits) for _ in range(4)] == [None, None, None, 10]
    limits.give_back(FEW, "a")
    assert taken(limits) is None


def test_memory_is_bounded() -> None:
    limits = RateLimits(Seconds())
    while taken(limits, "first") is None:
        pass
    for number in range(MAX_ADDRESSES):
        taken(limits, f"{number}")

    assert taken(limits, "first") is None
    assert len(limits._buckets) == MAX_ADDRESSES


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"),
        ("::fffe:192.0.2.7", "::/64"),
        ("testclient", "testclient"),
        (None, ""),
    ],
)
def test_a_customer_s_whole_network_is_one_visitor(host: str | None, expected: str) -> None:
    client = None if host is None else (host, 1)

    assert visitor(PlainRequest({"type": "http", "client": client})) == expected


router = APIRouter(include_in_schema=False)


@router.get("/test/code/{text}")
def get_code(request: Request, text: str) -> bool:
    """Look a name up."""
    return limited_lookup(request)(text) is not None


@router.get("/test/limited")
def get_limited(request: Request) -> dict[str, str]:
    """Count every request."""
    limit(request, FEW)
    return {}


def statuses(get: Callable[[], httpx.Response], count: int) -> list[int]:
    """Ask several times."""
    return [get().status_code for _ in range(count)]


def test_guesses_are_limited_and_using_what_one_has_is_not(world: World) -> None:
    issuer = world.add_issuer()
    credential = world.issue(issuer, world.add_achievement(issuer), "amal@example.org")
    mine = hold(world, credential, "amal@example.org")
    app = create_app(world.container)
    app.include_router(router)
    with serve(app) as client:
        client.post(f"{mine}/sharing", data={"shared": "yes"})
        with world.store.read() as unit:
            share = unit.shares.of_credential(credential.id)
        assert share is not None

        holding = statuses(lambda: client.get(mine, headers=HTML), 2 * CLAIMS.at_once)
        known = statuses(lambda: client.get(f"/test/code/{share.code.spelled}"), 2 * SHORT_CODES.at_once)
        elsewhere = statuses(lambda: client.get("/test/code/elsewhere"), 2 * SHORT_CODES.at_once)
        codes = itertools.count(10_000)
        guesses = statuses(lambda: client.get(f"/test/code/00000-{next(codes)}"), SHORT_CODES.at_once + 1)
        blocked = client.get(f"/test/code/{share.code.spelled}")
        links = statuses(lambda: client.get(f"/claim/{'A' * 43}", headers=HTML), CLAIMS.at_once + 1)
        page = client.get(f"/claim/{'A' * 43}", headers=HTML)
        counted = statuses(lambda: client.get("/test/limited"), FEW.at_once + 1)

    assert set(holding) == set(known) == set(elsewhere) == {200}
    assert guesses == [200] * SHORT_CODES.at_once + [429]
    # Who guesses is not told when a guess is right.
    assert (blocked.status_code, blocked.json()["code"]) == (429, "too-many-requests")
    assert 0 < int(blocked.headers["Retry-After"]) <= SHORT_CODES.each_seconds
    assert links == [404] * CLAIMS.at_once + [429]
    assert "Too many requests" in page.text
    assert "Retry-After" in page.headers
    assert counted == [200] * FEW.at_once + [429]


def test_what_failed_for_another_reason_is_not_counted(world: World) -> None:
    request = PlainRequest({"type": "http", "client": ("192.0.2.1", 1), "app": create_app(world.container)})

    for _ in range(2 * FEW.at_once):
        with pytest.raises(NotImplementedError), limit_misses(request, FEW):
            raise NotImplementedError
    for _ in range(FEW.at_once):
        with pytest.raises(NotFound), limit_misses(request, FEW):
            raise NotFound("x", "y")
    with pytest.raises(TooOften), limit_misses(request, FEW):
        raise AssertionError

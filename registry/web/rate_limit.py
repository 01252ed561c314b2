"""How often one address may do what is worth repeating to an attacker only: a token bucket for each limit and address.

In this process alone: behind a balancer with n services an address may do n times as much. Where the service stands behind a
proxy, CREDROOT_TRUSTED_PROXIES says whose word for the visitor's address is taken; otherwise the visitor is whoever connects.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Final, cast

from fastapi import Request
from starlette.requests import HTTPConnection

from registry.domain.errors import CredrootError, NotFound

MAX_ADDRESSES: Final = 10_000
"""Remembered, a hundred bytes each. Whoever has more of them gets the longest idle ones forgotten, and gains a full bucket."""
IPV6_NETWORK_BITS: Final = 64
"""What one customer has: within it addresses cost nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much of something is allowed."""

    name: str
    at_once: int
    each_seconds: float
    """And one more after so long."""


SHORT_CODES: Final = Limit(name="short-codes", at_once=20, each_seconds=6.0)
"""Wrong ones, ten a minute: of 2^50 codes one address tries five million a year. People mistype a code two or three times."""
CLAIMS: Final = Limit(name="claims", at_once=20, each_seconds=6.0)
"""Links that do not work. They cannot be guessed: it keeps the database from being asked a thousand times a second."""
VERIFICATIONS: Final = Limit(name="verifications", at_once=30, each_seconds=2.0)
"""Of the page: each takes a tenth of a second of a processor, and one that takes seconds counts for as many more. Programs
verify by `POST /v1/verify`, in front of which an operator's proxy stands."""
FILES: Final = Limit(name="files", at_once=30, each_seconds=6.0)
"""Of one credential that somebody holds, whoever asks: five to take along, each as often as people lose them. A bundle takes
a seventh of a second of a processor. A classroom behind one address holds as many credentials as it has heads."""
PICTURES: Final = Limit(name="pictures", at_once=120, each_seconds=0.5)
"""That are drawn, in a twentieth of a second: a page with a hundred different badges. Those at hand are not counted."""


class TooOften(CredrootError):
    """Somebody did something more often than one address may."""

    def __init__(self, limit: Limit, *, retry_after_seconds: int) -> None:
        super().__init__("too-many-requests", f"too many {limit.name}: come again in {retry_after_seconds} seconds")
        self.retry_after_seconds = retry_after_seconds


class RateLimits:
    """The buckets of every limit and address."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """Take a clock that never goes back."""
        self._seconds = seconds
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, limit: Limit, address: str) -> None:
        """Take one. Raises TooOften when there is none left."""
        self._add(limit, address, -1.0)

    def give_back(self, limit: Limit, address: str) -> None:
        """Give back one that was taken."""
        self._add(limit, address, 1.0)

    def charge(self, limit: Limit, address: str, more: float) -> None:
        """Take more for what is done already, and leave less than nothing where there is not enough."""
        self._add(limit, address, -more, least=-math.inf)

    def _add(self, limit: Limit, address: str, change: float, *, least: float = 0.0) -> None:
        key, now = (limit.name, address), self._seconds()
        with self._lock:
            left, since = self._buckets.pop(key, (float(limit.at_once), now))
            left = min(float(limit.at_once), left + (now - since) / limit.each_seconds)
            enough = left + change >= least
            self._buckets[key] = (min(float(limit.at_once), left + change) if enough else left, now)
            while len(self._buckets) > MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        if not enough:
            raise TooOften(limit, retry_after_seconds=math.ceil((1 - left) * limit.each_seconds))


def limit(request: Request, allowed: Limit, *, of: str | None = None) -> None:
    """Count a request against a limit: of the visitor, or of what is named. Raises TooOften."""
    _limits(request).take(allowed, visitor(request) if of is None else of)


@contextmanager
def charge_work(request: Request, allowed: Limit) -> Iterator[None]:
    """Count every second of a processor that this thread takes inside the block once more; waiting costs nothing."""
    before = time.thread_time()
    try:
        yield
    finally:
        _limits(request).charge(allowed, visitor(request), time.thread_time() - before)


@contextmanager
def limit_misses(request: Request, allowed: Limit) -> Iterator[None]:
    """Count what is done inside the block only when it ends in NotFound: whoever knows a name may use it as often as they like.

    Raises TooOften before it is done.
    """
    address = visitor(request)
    _limits(request).take(allowed, address)
    try:
        yield
    except NotFound:
        raise
    except BaseException:
        _limits(request).give_back(allowed, address)
        raise
    _limits(request).give_back(allowed, address)


def visitor(request: HTTPConnection) -> str:
    """Return where a request comes from, as far as limits tell visitors apart."""
    host = "" if request.client is None else request.client.host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        # A socket for both versions names IPv4 visitors so: as a network of IPv6 all of them would share one bucket.
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), IPV6_NETWORK_BITS), strict=False))


def _limits(request: Request) -> RateLimits:
    return cast("RateLimits", request.app.state.rate_limits)  # Starlette's state is untyped

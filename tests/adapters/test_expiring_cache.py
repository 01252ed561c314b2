"""What was fetched is kept for a while, within bounds, and fetched by one thread at a time."""

import threading
from dataclasses import dataclass, field

import pytest

from registry.adapters.expiring_cache import FAILURE_SECONDS, ExpiringCache, Loaded, NotToBeKept, seconds_to_keep
from registry.domain.errors import Unavailable


@dataclass(slots=True)
class Host:
    """Something to fetch from, and a clock."""

    seconds: float = 0.0
    calls: list[str] = field(default_factory=list)
    failure: Unavailable | None = None
    size_bytes: int = 1

    def now(self) -> float:
        return self.seconds

    def load(self, key: str, *, seconds: float = 10.0) -> Loaded[str]:
        self.calls.append(key)
        if self.failure is not None:
            raise self.failure
        return Loaded(value=f"{key} at {self.seconds:g}", seconds=seconds, size_bytes=self.size_bytes)


def test_a_value_is_kept_until_it_expires() -> None:
    host = Host()
    cache = ExpiringCache[str](clock=host.now)

    values = []
    for host.seconds in (0.0, 9.9, 10.0):
        values.append(cache.get("a", lambda: host.load("a")))

    assert values == ["a at 0", "a at 0", "a at 10"]


def test_a_failure_is_kept_for_a_short_while_and_told_again() -> None:
    host = Host(failure=Unavailable("down", "the host is down"))
    cache = ExpiringCache[str](clock=host.now)

    for host.seconds in (0.0, FAILURE_SECONDS - 0.1):
        with pytest.raises(Unavailable) as refusal:
            cache.get("a", lambda: host.load("a"))
        assert (refusal.value.code, refusal.value.message) == ("down", "the host is down")
    host.seconds, host.failure = FAILURE_SECONDS, None

    assert cache.get("a", lambda: host.load("a")) == "a at 10"
    assert host.calls == ["a", "a"]


def test_a_failure_of_this_moment_is_not_kept() -> None:
    host = Host(failure=NotToBeKept("busy", "too much to do"))
    cache = ExpiringCache[str](clock=host.now)

    with pytest.raises(NotToBeKept):
        cache.get("a", lambda: host.load("a"))
    host.failure = None

    assert cache.get("a", lambda: host.load("a")) == "a at 0"


def test_what_was_not_asked_for_the_longest_goes_first() -> None:
    host = Host()
    cache = ExpiringCache[str](clock=host.now, max_entries=2)
    for key in ("a", "b", "a", "c"):
        cache.get(key, lambda key=key: host.load(key))  # type: ignore[misc]  # the default binds the key
    host.calls.clear()

    for key in ("a", "c", "b"):
        cache.get(key, lambda key=key: host.load(key))  # type: ignore[misc]  # the default binds the key

    assert host.calls == ["b"]


def test_large_values_push_others_out_and_one_too_large_is_not_kept() -> None:
    host = Host(size_bytes=60)
    cache = ExpiringCache[str](clock=host.now, max_bytes=100)
    cache.get("a", lambda: host.load("a"))
    cache.get("b", lambda: host.load("b"))
    cache.get("a", lambda: host.load("a"))
    host.size_bytes = 101
    cache.get("c", lambda: host.load("c"))

    assert cache.get("c", lambda: host.load("c")) == "c at 0"
    assert host.calls == ["a", "b", "a", "c", "c"]


def test_one_thread_fetches_and_the_others_wait_for_it() -> None:
    host = Host()
    cache = ExpiringCache[str](clock=host.now)
    started, go_on = threading.Event(), threading.Event()

    def slow() -> Loaded[str]:
        started.set()
        assert go_on.wait(timeout=30)
        return host.load("a")

    values: list[str] = []
    threads = [threading.Thread(target=lambda: values.append(cache.get("a", slow))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert started.wait(timeout=30)
    other = cache.get("b", lambda: host.load("b"))
    go_on.set()
    for thread in threads:
        thread.join(timeout=30)

    assert other == "b at 0"
    assert values == ["a at 0"] * 8
    assert host.calls == ["b", "a"]
    # Nothing is left of the waiting: strangers choose the keys.
    assert cache._loading == {}


@pytest.mark.parametrize(("said", "kept"), [(None, 60.0), (0.0, 5.0), (7.0, 7.0), (1e9, 300.0)])
def test_how_long_is_kept_lies_within_bounds(said: float | None, kept: float) -> None:
    assert seconds_to_keep(said, least=5.0, usual=60.0, most=300.0) == kept

"""What was asked for last is at hand, and no more of it than fits."""

import threading

from registry.service.recent import Recent


class Maker:
    """Makes values of a size and counts what it made."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def ask(self, recent: Recent[str, str], value: str) -> str:
        """Ask for a value under its own name."""

        def make() -> str:
            self.made.append(value)
            return value

        return recent.get(value, make)


def test_a_value_is_made_once_while_it_is_asked_for() -> None:
    recent, maker = Recent[str, str](6, size=len), Maker()

    found = [maker.ask(recent, value) for value in ("aaa", "bbb", "aaa", "bbb")]

    assert found == ["aaa", "bbb", "aaa", "bbb"]
    assert maker.made == ["aaa", "bbb"]


def test_what_was_not_asked_for_the_longest_goes_first() -> None:
    recent, maker = Recent[str, str](6, size=len), Maker()

    for value in ("aaa", "bbb", "aaa", "ccc", "aaa", "bbb"):
        maker.ask(recent, value)

    assert maker.made == ["aaa", "bbb", "ccc", "bbb"]


def test_a_large_value_takes_the_place_of_several() -> None:
    recent, maker = Recent[str, str](4, size=len), Maker()

    for value in ("a", "b", "c", "dddd", "b"):
        maker.ask(recent, value)

    assert maker.made == ["a", "b", "c", "dddd", "b"]


def test_a_value_that_fits_nowhere_is_kept_until_the_next() -> None:
    recent, maker = Recent[str, str](2, size=len), Maker()

    for value in ("aaa", "aaa", "bbb", "aaa"):
        maker.ask(recent, value)

    assert maker.made == ["aaa", "bbb", "aaa"]


def test_two_threads_that_miss_a_value_at_once_both_get_it() -> None:
    recent = Recent[str, str](10, size=len)
    both_missed = threading.Barrier(2, timeout=60)
    found: list[str] = []

    def make() -> str:
        both_missed.wait()
        return "aaa"

    threads = [threading.Thread(target=lambda: found.append(recent.get("key", make))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert found == ["aaa", "aaa"]
    assert recent.get("key", lambda: "made again") == "aaa"

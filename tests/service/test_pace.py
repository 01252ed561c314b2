"""How fast an upload is issued, by a clock that is set."""

from registry.service.pace import REMEMBERED, Pace
from tests.registry_world import SetClock


def test_nothing_is_told_before_rows_are_issued() -> None:
    clock = SetClock()
    pace = Pace(clock)

    clock.advance(seconds=1)

    assert pace.progress(100) is None


def test_nothing_is_told_before_time_has_passed() -> None:
    pace = Pace(SetClock())

    pace.note(10)

    assert pace.progress(100) is None


def test_the_rest_takes_as_long_as_the_pace_says() -> None:
    clock = SetClock()
    pace = Pace(clock)
    for _ in range(4):
        clock.advance(seconds=0.5)
        pace.note(1_000)

    progress = pace.progress(6_000)

    assert progress is not None
    assert (progress.rows_per_second, progress.remaining_seconds) == (2_000.0, 3)


def test_a_standstill_slows_the_pace() -> None:
    clock = SetClock()
    pace = Pace(clock)
    clock.advance(seconds=1)
    pace.note(1_000)
    clock.advance(seconds=9)

    progress = pace.progress(500)

    assert progress is not None
    assert (progress.rows_per_second, progress.remaining_seconds) == (100.0, 5)


def test_what_is_long_past_is_forgotten() -> None:
    clock = SetClock()
    pace = Pace(clock)
    for rows in [5_000] * 40 + [10] * 40:
        clock.advance(seconds=1)
        pace.note(rows)

    progress = pace.progress(100)

    assert REMEMBERED.total_seconds() < 40
    assert progress is not None
    assert (progress.rows_per_second, progress.remaining_seconds) == (10.0, 10)

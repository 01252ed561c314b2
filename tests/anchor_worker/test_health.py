"""How long a node that failed is left alone, on a clock of the test's own."""

from datetime import timedelta

import pytest

from anchor_worker.health import LONGEST_ASKED_REST, LONGEST_REST, Health
from tests.anchor_worker.observations import NOW


def rest_after(failures: int, *, jitter: float = 1.0) -> timedelta:
    health = Health()
    for _ in range(failures):
        health = health.after_failure(now=NOW, jitter=jitter)
    assert health.failures == failures
    assert health.rests_until is not None
    return health.rests_until - NOW


def test_a_new_node_is_ready() -> None:
    assert Health().is_ready(NOW)


def test_a_rest_doubles_with_every_failure_up_to_a_minute() -> None:
    assert [rest_after(count).total_seconds() for count in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert rest_after(5_000) == LONGEST_REST


def test_jitter_takes_up_to_half_of_a_rest_away() -> None:
    assert [rest_after(3, jitter=jitter).total_seconds() for jitter in (0.0, 0.5, 1.0)] == [2, 3, 4]


def test_a_node_is_left_alone_until_its_rest_is_over() -> None:
    health = Health().after_failure(now=NOW, jitter=1.0)

    assert not health.is_ready(NOW)
    assert not health.is_ready(NOW + timedelta(milliseconds=999))
    assert health.is_ready(NOW + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("asked", "seconds"), [(None, 1.0), (0.0, 1.0), (0.2, 1.0), (45.0, 45.0), (600.0, 600.0), (10**6, 600.0)]
)
def test_the_time_that_a_provider_names_is_kept_to(asked: float | None, seconds: float) -> None:
    health = Health().after_failure(now=NOW, jitter=1.0, retry_after_seconds=asked)

    assert health.rests_until == NOW + timedelta(seconds=seconds)


def test_a_clock_that_was_set_back_keeps_nobody_away() -> None:
    health = Health().after_failure(now=NOW, jitter=1.0)

    assert health.is_ready(NOW - LONGEST_ASKED_REST - timedelta(days=1))

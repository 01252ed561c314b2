from datetime import UTC, datetime

from registry.adapters.clock import SystemClock
from registry.ports import Clock


def test_the_clock_tells_aware_utc() -> None:
    clock: Clock = SystemClock()

    before, told, after = datetime.now(UTC), clock.now(), datetime.now(UTC)

    assert before <= told <= after
    assert told.tzinfo is UTC

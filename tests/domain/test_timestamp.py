from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.errors import Malformed
from registry.domain.timestamp import parse_time


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-29T12:00:00Z", datetime(2026, 5, 29, 12, tzinfo=UTC)),
        ("2026-05-29T12:00:00+02:00", datetime(2026, 5, 29, 10, tzinfo=UTC)),
        ("2026-05-29T12:00:00-03:30", datetime(2026, 5, 29, 15, 30, tzinfo=UTC)),
        ("2026-05-29T12:00:00.5Z", datetime(2026, 5, 29, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-05-29T12:00:00.123456789Z", datetime(2026, 5, 29, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2024-02-29T23:59:59+14:00", datetime(2024, 2, 29, 9, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_utc(text: str, moment: datetime) -> None:
    parsed = parse_time(text, "validFrom")

    assert parsed == moment
    assert parsed.tzinfo is UTC


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_is_read_back(moment: datetime) -> None:
    assert parse_time(moment.isoformat().replace("+00:00", "Z"), "") == moment


@pytest.mark.parametrize("text", ["2026-05-29T12:00:00", "2026-05-29T12:00:00.25"])
def test_a_moment_without_an_offset_is_none(text: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_time(text, "validFrom")

    assert (refusal.value.code, refusal.value.where) == ("time-without-offset", "validFrom")


@pytest.mark.parametrize(
    "text",
    [
        None,
        20260529,
        "",
        "2026-05-29",
        "2026-05-29t12:00:00z",
        "2026-05-29 12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "2026-05-29T24:00:00Z",
        "2026-05-29T12:00:60Z",
        "2026-05-29T12:00:00+14:01",
        "2026-05-29T12:00:00+01:60",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "٢٠٢٦-05-29T12:00:00Z",
        "2026-05-29T12:00:00Z\n",
    ],
)
def test_what_is_no_moment_is_refused(text: object) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_time(text, "validFrom")

    assert refusal.value.code == "malformed-time"

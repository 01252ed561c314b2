"""Moments as documents spell them: xsd:dateTimeStamp, a date and time with an offset (VC Data Model 2.0 section 4.9).

A moment without an offset is no moment: two readers would place it up to a day apart.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from registry.domain.errors import Malformed

_STAMP: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_PLAIN: Final = re.compile(
    r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
)
"""Most moments there are: UTC, whole seconds, a day that every month has."""
_MAX_OFFSET: Final = timedelta(hours=14)
"""The widest offset that XML Schema admits."""


def parse_time(text: object, where: str) -> datetime:
    """Read a moment as aware UTC; digits below the microsecond are cut off.

    Raises Malformed: `malformed-time`, or `time-without-offset` when only the offset is missing.
    """
    if isinstance(text, str) and _PLAIN.fullmatch(text) is not None:
        return datetime.fromisoformat(text)
    match = _STAMP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        if isinstance(text, str) and _STAMP.fullmatch(text + "Z") is not None:
            raise Malformed(
                "time-without-offset", f"expected Z or an offset such as +01:00 after {text!r}", where=where
            )
        raise Malformed("malformed-time", "expected YYYY-MM-DDThh:mm:ss with Z or an offset", where=where)
    year, month, day, hour, minute, second = (int(match[n]) for n in range(1, 7))
    microsecond = int((match[7] or "0").ljust(6, "0")[:6])
    try:
        local = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=_offset(match[8], where))
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed("malformed-time", f"expected a moment of the calendar, got {text!r}", where=where) from error


def _offset(text: str, where: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > _MAX_OFFSET:
        raise Malformed("malformed-time", f"expected an offset within 14:00, got {text}", where=where)
    return timezone(-offset if text[0] == "-" else offset)

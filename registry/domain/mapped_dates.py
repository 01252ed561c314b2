"""Dates as exports write them, in an order that a mapping says: `29/05/2026`, `May 29, 2026`, `2026-05-29T10:21:11Z`.

The year has four digits; months may be English names; a weekday before and a time after are passed over, and the day
is the one that is written: nobody's time zone is applied to it.
"""

import re
from datetime import date
from typing import Final

from registry.domain.column_mapping import DateOrder

MAX_CHARACTERS: Final = 80
"""A weekday, a month's name and a time with its zone have fifty."""

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_NUMBERS: Final = {
    spelled: number for number, name in enumerate(_MONTHS, start=1) for spelled in (name, name[:3], name[:4])
}
"""In full, or by the first three or four letters."""
_WEEKDAY: Final = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? +)?"
_TIME: Final = r"(?:(?:,? +|t)[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?: ?[ap]\.?m\.?)?(?: ?(?:z|utc|gmt|[+-][0-9]{2}:?[0-9]{2}))?)?"
_SEP: Final = r"[-/. ]"
_DAY: Final = r"(?P<day>[0-9]{1,2})"
_MONTH: Final = r"(?P<month>[0-9]{1,2}|[a-z]{3,9}\.?)"
_YEAR: Final = r"(?P<year>[0-9]{4})"
_ORDERS: Final = {
    DateOrder.YEAR_FIRST: f"{_YEAR}{_SEP}{_MONTH}{_SEP}{_DAY}",
    DateOrder.DAY_FIRST: f"{_DAY}{_SEP}{_MONTH}(?:{_SEP}|, ){_YEAR}",
    DateOrder.MONTH_FIRST: f"{_MONTH}{_SEP}{_DAY}(?:{_SEP}|, ){_YEAR}",
}
_FORMS: Final = {
    order: re.compile(f"{_WEEKDAY}{form}{_TIME}", re.ASCII | re.IGNORECASE) for order, form in _ORDERS.items()
}


def read_day(text: str, order: DateOrder) -> date | None:
    """Return the day that a text names in that order; None when it names none."""
    found = _FORMS[order].fullmatch(text) if len(text) <= MAX_CHARACTERS else None
    if found is None:
        return None
    month = _month(found["month"])
    try:
        return None if month is None else date(int(found["year"]), month, int(found["day"]))
    except ValueError:
        return None


def _month(text: str) -> int | None:
    return int(text) if text.isdigit() else _NUMBERS.get(text.casefold().rstrip("."))

"""What a cell of a spreadsheet says, as text: dates as days, whole numbers without a point, errors as they are shown.

Dates are numbers in disguise (ECMA-376 part 1, 18.17.4): the cell's format tells. Days are counted from the end of 1899,
as if 1900 had had a 29th of February, or from 1904. A percentage keeps its sign, so that nobody takes 87.5 % for 0.875.
"""

import re
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Final

_BUILT_IN_DATES: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_BUILT_IN_PERCENTAGES: Final = frozenset({9, 10})
_NOT_SHOWN: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
"""Of a format: what stands in quotation marks, what is escaped, the width of a character, colours and conditions."""
_ESCAPED: Final = re.compile(r"_x(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})_")
"""Half a character (a surrogate) stays as it is written: no text that is stored or sent can hold one."""
_SECONDS_A_DAY: Final = 86_400
_LAST_DAY: Final = 2_958_465
"""The 31st of December 9999."""
_LEAP_THAT_WAS_NONE: Final = 60


class Form(Enum):
    """How numbers of a cell are shown."""

    PLAIN = auto()
    DATE = auto()
    PERCENTAGE = auto()


def form_of(number: int, codes: dict[int, str]) -> Form:
    """Return what a number format is, by its number and the codes of a workbook's own ones."""
    if number in codes:
        shown = _NOT_SHOWN.sub("", codes[number]).casefold()
        if shown != "general" and any(letter in shown for letter in "dmyhs"):
            return Form.DATE
        return Form.PERCENTAGE if "%" in shown else Form.PLAIN
    if number in _BUILT_IN_DATES:
        return Form.DATE
    return Form.PERCENTAGE if number in _BUILT_IN_PERCENTAGES else Form.PLAIN


def number_text(text: str, form: Form, *, since_1904: bool) -> str:
    """Return what a number says; text that is no number is returned as it is."""
    try:
        number = float(text)
    except ValueError:
        return text
    if not abs(number) < 1e300:
        return text
    if form is Form.DATE:
        return _day(number, since_1904=since_1904) or text
    if form is Form.PERCENTAGE:
        # By decimal digits: 0.07 times 100 is not 7 in binary.
        return f"{_plain(Decimal(repr(number)) * 100)}%"
    return _plain(Decimal(repr(number)))


def unescaped(text: str) -> str:
    """Return text in which characters that XML cannot hold are no longer written `_xHHHH_`."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def column_index(reference: str) -> int | None:
    """Return the column of a reference such as `AB12`, from 0; None when it is none."""
    index = 0
    for letter in reference.rstrip("0123456789"):
        if not "A" <= letter <= "Z" or index > 16_384:
            return None
        index = index * 26 + ord(letter) - 64
    return index - 1 if index else None


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day(serial: float, *, since_1904: bool) -> str | None:
    # To the second first: a moment before midnight may be midnight in binary.
    days = round(serial * _SECONDS_A_DAY) // _SECONDS_A_DAY
    if not 1 <= days <= _LAST_DAY:
        return None
    if since_1904:
        return (date(1904, 1, 1) + timedelta(days=days)).isoformat() if days <= _LAST_DAY - 1462 else None
    if days == _LEAP_THAT_WAS_NONE:
        return None
    first = date(1899, 12, 30) if days > _LEAP_THAT_WAS_NONE else date(1899, 12, 31)
    return (first + timedelta(days=days)).isoformat()

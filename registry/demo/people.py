"""People of the demonstration, in several scripts, and the files their registrar uploads. All of them are invented."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice, product
from typing import Final

GIVEN: Final = (
    *("Amal", "José María", "Zoë", "Siân", "Þóra", "Łucja", "Đorđe", "Nguyễn", "Ayşe", "Chukwuemeka"),
    *("李", "あかり", "지우", "Ελένη", "Дмитрий", "Олена", "מרים", "ليلى", "अनन्या", "சரண்யா"),
)
FAMILY: Final = (
    *("Haddad", "Núñez", "O'Brien", "Müller-Lüdenscheidt", "Jónsdóttir", "Wiśniewska", "Petrović", "Văn", "Yılmaz"),
    *("Okonkwo", "伟", "佐藤", "김", "Παπαδοπούλου", "Волков", "Шевченко", "כהן", "حداد", "शर्मा", "முருகன்"),
)
GRADES: Final = ("C", "B", "B+", "A")
HEADER: Final = (
    *("recipient_email", "recipient_name", "recipient_id", "issued_on", "expires_on"),
    *("grade", "evidence_url", "locale"),
)

EXPIRED_LINE: Final = 5
"""The line of the person whose credential ended before the demonstration."""

STRIDE: Final = 17
"""So that a couple of dozen employees have names in many scripts."""

Row = tuple[str, ...]


def cohort(count: int, *, today: date, bad: int) -> bytes:
    """Write a file of people, some of its rows with the mistakes that registrars make."""
    rows = list(_rows(count, today))
    for number, mistake in zip(range(10, count, max(count // bad, 1)), _mistakes(bad), strict=False):
        rows[number] = mistake(rows[number])
    return _write(rows, delimiter=";", mark=True)


def staff(count: int, *, today: date) -> bytes:
    """Write a file of a company's employees, known by number only."""
    names = [f"{given} {family}" for family, given in islice(product(FAMILY, GIVEN), 0, None, STRIDE)]
    awarded = (today - timedelta(days=3)).isoformat()
    rows = [(f"E-{number:04d}", names[number % len(names)], awarded) for number in range(count)]
    return _write([("recipient_id", "recipient_name", "issued_on"), *rows], delimiter=",", mark=False)


def hostile(today: date) -> bytes:
    """Write a file in which nearly everything is wrong."""
    awarded = (today - timedelta(days=2)).isoformat()
    tomorrow = (today + timedelta(days=1)).isoformat()
    rows: list[Row] = [
        HEADER,
        ("good@example.org", "Good Row", "H-1", awarded, "", "A", "", "en"),
        ("GOOD@EXAMPLE.ORG", "Good Row", "H-2", awarded, "", "A", "", "en"),
        ("no-at-sign", "No Address", "H-3", awarded, "", "A", "", "en"),
        ("noname@example.org", "", "H-4", awarded, "", "A", "", "en"),
        ("us@example.org", "US Date", "H-5", "05/29/2026", "", "A", "", "en"),
        ("late@example.org", "Too Early", "H-6", tomorrow, "", "A", "", "en"),
        ("ends@example.org", "Ends First", "H-7", awarded, "2020-01-01", "A", "", "en"),
        ("=1+1@example.org", "=HYPERLINK(1)", "H-8", awarded, "", "A", "", "en"),
        ("script@example.org", "<script>alert(1)</script>", "H-9", awarded, "", "A", "javascript:alert(1)", "en"),
        ("grade@example.org", "Wrong Grade", "H-10", awarded, "", "A++", "", "en"),
        ("short@example.org", "Too Short"),
        ("long@example.org", "Too Long", "H-12", awarded, "", "A", "", "en", "one more"),
        ("",) * len(HEADER),
    ]
    return _write(rows, delimiter=",", mark=True)


def _rows(count: int, today: date) -> Iterator[Row]:
    yield HEADER
    awarded = today - timedelta(days=1)
    ends = today.replace(year=today.year + 3, day=1)
    for number, (given, family) in zip(range(count), _names(), strict=False):
        expired = number == EXPIRED_LINE - 2
        yield (
            f"person{number:04d}@example.org",
            f"{given} {family}",
            f"S-{10_000 + number}",
            date(2024, 1, 15).isoformat() if expired else awarded.isoformat(),
            date(2025, 1, 15).isoformat() if expired else ends.isoformat(),
            GRADES[number % len(GRADES)],
            f"https://evidence.example.org/project/{number}" if number % 3 == 0 else "",
            ("en", "ar", "es", "zh", "pt")[number % 5],
        )


def _names() -> Iterator[tuple[str, str]]:
    while True:
        yield from product(GIVEN, FAMILY)


def _mistakes(count: int) -> Iterator["_Mistake"]:
    kinds = (
        _Mistake(3, "29/05/2026"),
        _Mistake(0, "not-an-address"),
        _Mistake(5, "Z"),
        _Mistake(1, ""),
        _Mistake(6, "javascript:alert(1)"),
        _Mistake(4, "2001-01-01"),
    )
    for number in range(count):
        yield kinds[number % len(kinds)]


class _Mistake:
    """One wrong cell."""

    def __init__(self, column: int, value: str) -> None:
        self._column = column
        self._value = value

    def __call__(self, row: Row) -> Row:
        """Return the row with the cell replaced."""
        return (*row[: self._column], self._value, *row[self._column + 1 :])


def _write(rows: list[Row], *, delimiter: str, mark: bool) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig" if mark else "utf-8")

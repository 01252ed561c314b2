"""Files of invented people, as many as are wanted, each of them another."""

from datetime import date
from typing import Final

from registry.demo.people import FAMILY, GIVEN, GRADES

HEADER: Final = "recipient_email,recipient_name,issued_on,grade\n"


def people(first: int, count: int, *, today: date) -> bytes:
    """Write a file of `count` people, numbered from `first`."""
    day = today.isoformat()
    rows = (
        f"person{number}@students.example,{GIVEN[number % len(GIVEN)]} {FAMILY[number % len(FAMILY)]},"
        f"{day},{GRADES[number % len(GRADES)]}\n"
        for number in range(first, first + count)
    )
    return (HEADER + "".join(rows)).encode()

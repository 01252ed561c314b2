"""Fictional exports in the styles of well-known platforms: 50 people who completed, and some who did not.

The columns and spellings are of those exports; the people are nobody.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

ROWS: Final = 50
LEFT_OUT: Final = 3
FIRST: Final = ("Amal", "Zoë", "伟", "José María", "Ngozi", "Signe", "Ravi", "Líadan", "Олена", "Tane")
LAST: Final = ("Haddad", "O'Brien", "李", "Núñez", "Okafor")
MONTHS: Final = ("January", "February", "March", "April", "May")


def _person(number: int) -> tuple[str, str, str]:
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    return first, last, f"learner{number}@example.org"


def _day(number: int) -> tuple[int, int]:
    return number % 5 + 1, number % 28 + 1


def _coursera(number: int, *, done: bool) -> tuple[str, ...]:
    first, last, email = _person(number)
    month, day = _day(number)
    finished = f"2026-{month:02}-{day:02} 14:03:11 UTC" if done else ""
    return (
        *(f"{first} {last}", email, f"E-{1000 + number}", "Data Analysis with Python", "example-course"),
        *("2026-01-02 08:00:00 UTC", finished, "100" if done else "40", "Yes" if done else "No", "No"),
        f"https://certificates.example.org/{number}" if done else "",
    )


def _edx(number: int, *, done: bool) -> tuple[str, ...]:
    first, last, email = _person(number)
    month, day = _day(number)
    return (
        *(f"learner_{number}", f"{first} {last}", email, "course-v1:ExampleX+DA101+2026", "verified"),
        *("2026-01-02T08:00:00Z", "0.87" if done else "0.31", "true" if done else "false"),
        f"2026-{month:02}-{day:02}T09:12:44Z" if done else "",
    )


def _udacity(number: int, *, done: bool) -> tuple[str, ...]:
    first, last, email = _person(number)
    month, day = _day(number)
    finished = f"{month:02}/{day:02}/2026" if done else ""
    return (first, last, email, "Example Nanodegree", "Graduated" if done else "Enrolled", "01/02/2026", finished)


def _futurelearn(number: int, *, done: bool) -> tuple[str, ...]:
    first, last, email = _person(number)
    month, day = _day(number)
    finished = f"2026-{month:02}-{day:02} 10:21:11 UTC" if done else ""
    return (f"{number:08}-aaaa-4bbb-8ccc-000000000000", first, last, email, "2026-01-01 08:00:00 UTC", "", finished)


def _linkedin(number: int, *, done: bool) -> tuple[str, ...]:
    first, last, email = _person(number)
    month, day = _day(number)
    finished = f"{month}/{day}/2026, 3:12 PM" if done else ""
    return (
        *(f"{first} {last}", email, f"LIL-{number}", "Python Essential Training", "Course"),
        *("100%" if done else "57%", "1/1/2026, 9:00 AM", finished),
    )


def _google(number: int, *, done: bool) -> tuple[str, ...]:
    first, last, email = _person(number)
    month, day = _day(number)
    return (
        *(f"{first} {last}", email, "Example IT Support Certificate", "Completed" if done else "In progress"),
        *(f"{MONTHS[month - 1]} {day}, 2026" if done else "", f"https://badges.example.org/{number}"),
    )


def _open_edx(number: int, *, done: bool) -> tuple[str, ...]:
    first, last, email = _person(number)
    month, day = _day(number)
    return (
        *(str(number), email, f"user{number}", f"{first} {last}", "0.91" if done else "0.2"),
        *("Y" if done else "N", "honor", f"2026-{month:02}-{day:02}" if done else ""),
    )


def _moodle(number: int, *, done: bool) -> tuple[str, ...]:
    first, last, email = _person(number)
    month, day = _day(number)
    finished = f"Friday, {day} {MONTHS[month - 1]} 2026, 3:12 PM" if done else ""
    return (first, last, f"S-{number}", email, finished)


HEADERS: Final[Mapping[str, str]] = {
    "style of Coursera": "Name,Email,External Id,Course,Course Slug,Enrollment Time,Completion Time,Overall Progress,"
    "Completed,Removed From Program,Course Certificate URL",
    "style of edX": "username,full_name,email,course_run,enrollment_mode,enrollment_date,grade,passed,certificate_date",
    "style of Udacity": "First Name,Last Name,Email,Program,Program Status,Enrollment Date,Graduation Date",
    "style of FutureLearn": "learner_id,first_name,last_name,email,enrolled_at,unenrolled_at,fully_participated_at",
    "style of LinkedIn Learning": "Name,Email,Unique User ID,Content Title,Content Type,Percent Completed,Started At,"
    "Completed At",
    "style of Google Career Certificates": "Learner name,Learner email,Certificate,Program status,"
    "Certificate earned on,Certificate link",
    "style of Open edX": "Student ID,Email,Username,Full Name,Grade,Certificate Delivered,Certificate Type,"
    "Certificate Created",
    "style of Moodle": "First name,Last name,ID number,Email address,Course complete",
}
_MAKERS: Final = {
    "style of Coursera": _coursera,
    "style of edX": _edx,
    "style of Udacity": _udacity,
    "style of FutureLearn": _futurelearn,
    "style of LinkedIn Learning": _linkedin,
    "style of Google Career Certificates": _google,
    "style of Open edX": _open_edx,
    "style of Moodle": _moodle,
}


def sample(style: str) -> list[Sequence[str]]:
    """Return the rows of an export, its header first; those who did not complete stand at the end."""
    make = _MAKERS[style]
    people = [make(number, done=number < ROWS) for number in range(ROWS + LEFT_OUT)]
    return [HEADERS[style].split(","), *people]


def sample_csv(style: str) -> bytes:
    """Return an export as a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(sample(style))
    return text.getvalue().encode()

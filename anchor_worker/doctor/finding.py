"""What the doctor found: one line each, with a grade, the facts, and what to do about it. PURE."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue


class Grade(StrEnum):
    """How it stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    grade: Grade
    found: str
    advice: str = ""
    """What to do; empty where nothing is to be done."""
    is_outside: bool = False
    """It is the outside world that fails: nothing is known to be wrong here."""


EXIT_SOUND: Final = 0
EXIT_FAILING: Final = 1
EXIT_UNREACHABLE: Final = 3


def ok(subject: str, found: str) -> Finding:
    """Make a finding about something that is as it should be."""
    return Finding(subject=subject, grade=Grade.OK, found=found)


def warn(subject: str, found: str, advice: str) -> Finding:
    """Make a finding about something that works and should not stay so."""
    return Finding(subject=subject, grade=Grade.WARN, found=found, advice=advice)


def fail(subject: str, found: str, advice: str) -> Finding:
    """Make a finding about something that does not work."""
    return Finding(subject=subject, grade=Grade.FAIL, found=found, advice=advice)


def unreachable(subject: str, found: str, advice: str) -> Finding:
    """Make a finding about something outside that gave no answer."""
    return Finding(subject=subject, grade=Grade.FAIL, found=found, advice=advice, is_outside=True)


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 0 when nothing fails, 3 when only the outside world does, 1 otherwise."""
    failing = [finding for finding in findings if finding.grade is Grade.FAIL]
    if not failing:
        return EXIT_SOUND
    return EXIT_UNREACHABLE if all(finding.is_outside for finding in failing) else EXIT_FAILING


def as_table(findings: Sequence[Finding]) -> str:
    """Write the findings for people."""
    width = max((len(finding.subject) for finding in findings), default=0)
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{finding.grade.value:4}  {finding.subject:{width}}  {finding.found}")
        if finding.advice:
            lines.append(f"{'':4}  {'':{width}}  -> {finding.advice}")
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> JsonObject:
    """Write the findings for programs."""
    listed: list[JsonValue] = [
        {
            "subject": finding.subject,
            "grade": finding.grade.value.lower(),
            "found": finding.found,
            "advice": finding.advice,
        }
        for finding in findings
    ]
    return {"exitCode": exit_code(findings), "findings": listed}

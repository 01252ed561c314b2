"""What is wrong with a file of signed credentials, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from registry.domain.errors import Refused

MAX_FINDINGS: Final = 100
"""Told at once: whoever has more made the same mistake in all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFinding:
    """What is wrong with a line."""

    line: int
    code: str
    where: str
    message: str


class SubmissionRefused(Refused):
    """Lines of a file are wrong: nothing of it was stored."""

    def __init__(self, findings: Sequence[LineFinding], *, errors: int) -> None:
        first = findings[0]
        super().__init__(
            "signed-upload-has-errors",
            f"{errors} lines have errors, nothing was stored; the first, line {first.line}: {first.message}",
        )
        self.findings = tuple(findings)
        self.errors = errors

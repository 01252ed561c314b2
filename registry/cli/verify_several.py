"""Several credentials in one file: judged one by one, a line each, and one exit code for all.

The exit code is that of the worst: 1 before 3 before 2 before 0. What could not be read or was not followed counts as
indeterminate: it never looks like fine.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from registry.cli.printing import printable
from registry.domain.canonical import JsonObject
from registry.domain.presented_files import FoundCredential
from registry.domain.verdict import ExitCode, Verdict
from registry.service.verifying import Verifier, VerifyRequest

_WORST_FIRST: Final = (ExitCode.DECIDED, ExitCode.INDETERMINATE, ExitCode.UNTRUSTED, ExitCode.VALID)
_NOT_READ: Final = "not-read"
_NOT_FOLLOWED: Final = "not-followed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of one thing in a file."""

    found: FoundCredential
    verdict: Verdict | None
    """None for what could not be read, and for a link."""

    @property
    def exit_code(self) -> ExitCode:
        """What it counts for."""
        return ExitCode.INDETERMINATE if self.verdict is None else self.verdict.exit_code

    @property
    def word(self) -> str:
        """The verdict, or why there is none."""
        if self.verdict is not None:
            return str(self.verdict.word)
        return _NOT_READ if self.found.problem is not None else _NOT_FOLLOWED

    @property
    def line(self) -> str:
        """One line for people."""
        if self.verdict is not None:
            about = str(self.verdict.credential["id"] or "(no id)")
        elif self.found.problem is not None:
            about = f"{self.found.problem.message} [{self.found.problem.code}]"
        else:
            about = str(self.found.link)
        return printable(f"{self.word.upper():<16}  {self.found.name}  {about}")

    def to_json(self) -> JsonObject:
        """Write it as `--json` gives it."""
        facts: JsonObject = {"name": self.found.name, "kind": str(self.found.kind)}
        if self.verdict is not None:
            return {**facts, "verdict": self.verdict.to_json()}
        if self.found.problem is not None:
            problem = self.found.problem
            return {**facts, "problem": {"code": str(problem.code), "message": problem.message}}
        return {**facts, "link": self.found.link}


def print_several(
    found: Iterable[FoundCredential], request: VerifyRequest, verifier: Verifier, *, as_json: bool
) -> ExitCode:
    """Judge what was found in a file, each by the same request, print it, and return the exit code of the worst."""
    judged = [_judge(item, request, verifier) for item in found]
    worst = min((item.exit_code for item in judged), key=_WORST_FIRST.index)
    if as_json:
        whole: JsonObject = {"exitCode": int(worst), "files": [item.to_json() for item in judged]}
        print(json.dumps(whole, ensure_ascii=False, indent=2))
    else:
        print("\n".join([*(item.line for item in judged), "", _sum(judged)]))
    return worst


def _judge(found: FoundCredential, request: VerifyRequest, verifier: Verifier) -> Judged:
    if found.content is None:
        return Judged(found=found, verdict=None)
    return Judged(
        found=found, verdict=verifier.verify(replace(request, credential=found.content, receipt=found.receipt))
    )


def _sum(judged: Sequence[Judged]) -> str:
    counts = Counter(item.word for item in judged)
    return f"{len(judged)} in all: " + ", ".join(f"{count} {word}" for word, count in counts.items())

"""`credroot doctor`: look at what the service needs, check the audit trail, change nothing, and say what to do.

Exit code 0 when nothing fails, whatever it warns of, 1 when something does, 3 when only the outside world gives no answer. What the worker
needs besides (chain, account, fees) is for `python -m anchor_worker doctor`.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from registry.domain.canonical import JsonValue
from registry.wiring.doctor import Finding, examine

_OK: Final = "ok"
_WARN: Final = "WARN"
_FAIL: Final = "FAIL"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "doctor",
        help="look at what the service needs, and check the audit trail",
        description="Look at what the service needs, and check the audit trail.",
    )
    parser.add_argument("--json", action="store_true", help="write the findings as JSON")
    parser.add_argument(
        "--trail", type=Path, metavar="FILE", help="an audit trail saved earlier, which the present one must continue"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show what was found, and return the exit code it makes of that."""
    findings = tuple(examine(saved_trail=args.trail))
    code = _exit_code(findings)
    if args.json:
        listed: list[JsonValue] = [
            {"subject": each.subject, "grade": _grade(each).lower(), "found": each.found, "advice": each.advice}
            for each in findings
        ]
        print(json.dumps({"exitCode": code, "findings": listed}, indent=2))
        return code
    width = max(len(each.subject) for each in findings)
    for each in findings:
        print(f"{_grade(each):4}  {each.subject:{width}}  {each.found}")
        if each.advice:
            print(f"{'':4}  {'':{width}}  -> {each.advice}")
    return code


def _grade(finding: Finding) -> str:
    if not finding.advice:
        return _OK
    return _WARN if finding.is_warning else _FAIL


def _exit_code(findings: Sequence[Finding]) -> int:
    failing = [finding for finding in findings if _grade(finding) == _FAIL]
    if not failing:
        return 0
    return 3 if all(finding.is_outside for finding in failing) else 1

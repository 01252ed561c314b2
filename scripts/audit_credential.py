"""Judge one credential and its receipt, at a block or a date, by the twelve checks of the protocol (section 8).

    python scripts/audit_credential.py --rpc URL FILE --receipt FILE

Gathers by its own means; only the rules are the registry's. Exit codes: 0 valid, 1 any other decided verdict, 2
untrusted, 3 indeterminate, 64 usage.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

if not __package__:
    # Run as a file, Python looks for modules beside it, not in the checkout.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from registry.adapters.contexts import load_contexts
from registry.adapters.json_ld import PinnedJsonLd
from registry.domain.canonical import MAX_DOCUMENT_BYTES
from registry.domain.check import Check, Result
from registry.domain.errors import CredrootError, Malformed, Unavailable
from registry.domain.evidence import Policy
from registry.domain.problem import Found, Problem
from registry.domain.timestamp import parse_time
from registry.domain.verdict import SCOPE, ExitCode, Verdict, judge
from scripts.audit.arguments import block_number, log_name, parse, printable, rpc_url
from scripts.audit.chain import ChainView, open_at_number, open_before, open_finalized
from scripts.audit.folder import open_source
from scripts.audit.gathering import Request, gather, published_contract

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MARKS: Final = {Result.PASS: "ok", Result.FAIL: "FAIL", Result.UNKNOWN: "?", Result.SKIPPED: "-"}


def main(argv: Sequence[str] | None = None) -> int:
    """Judge, print the verdict, and return its exit code."""
    args = parse(_parser(), argv)
    try:
        request = _request(args)
        verdict = judge(gather(request, json_ld=PinnedJsonLd(load_contexts())))
        print("\n".join(printable(line) for line in _lines(verdict)))
        if args.json is not None:
            _write(args.json, verdict)
    except CredrootError as error:
        print(f"audit_credential: {error.message}", file=sys.stderr)
        return ExitCode.USAGE
    return verdict.exit_code


def _request(args: argparse.Namespace) -> Request:
    view = _open_chain(args)
    at = args.at
    if args.at_block is not None and not isinstance(view, Problem):
        at = view.block.time
    return Request(
        credential=_read(args.file),
        receipt=None if args.receipt is None else _read(args.receipt),
        did_document=None if args.did_document is None else _read(args.did_document),
        chain=view,
        published=None if args.published is None else open_source(args.published),
        policy=Policy(published_contract=published_contract(), at=at, trusted_logs=frozenset(args.trust_log)),
        now=datetime.now(UTC),
    )


def _open_chain(args: argparse.Namespace) -> Found[ChainView]:
    try:
        if args.at_block is not None:
            return open_at_number(args.rpc, args.at_block)
        return open_finalized(args.rpc) if args.at is None else open_before(args.rpc, args.at)
    except Unavailable as error:
        return Problem.of(error)


def _lines(verdict: Verdict) -> list[str]:
    facts, block = verdict.credential, verdict.block
    lines = [f"{str(verdict.word).upper()}  {facts['id'] or '(no id)'}", ""]
    lines += [_check_line(check) for check in verdict.checks]
    lines += ["", f"issuer  {facts['issuer'] or '(none)'}", f"as of   {verdict.as_of.isoformat()}"]
    if block is not None:
        lines.append(f"block   {block.number} 0x{block.hash.hex()} of chain {block.chain_id}, {block.time.isoformat()}")
    lines.append(f"scope   {SCOPE}")
    return lines + [f"note    {text}" for text in verdict.notes] + [f"next    {text}" for text in verdict.next]


def _check_line(check: Check) -> str:
    return f"{check.id.number:>3} {check.id:<12} {_MARKS[check.result]:<5} {check.sentence} [{check.reason}]"


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise Malformed("file-unreadable", f"{file}: {error.strerror}") from error
    if len(content) > MAX_DOCUMENT_BYTES:
        raise Malformed("file-too-large", f"{file}: expected at most {MAX_DOCUMENT_BYTES} bytes")
    return content


def _write(file: Path, verdict: Verdict) -> None:
    try:
        file.write_text(json.dumps(verdict.to_json(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Malformed("file-unwritable", f"{file}: {error.strerror}") from error


def _moment(text: str) -> datetime:
    try:
        # The chain is read at the last final block before it: a bare day is its first second.
        return parse_time(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text, "--at")
    except Malformed as error:
        raise argparse.ArgumentTypeError(error.message) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audit_credential.py",
        description="Judge one credential and its receipt at a block or a date. No DID is resolved.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the credential, a JSON file")
    parser.add_argument(
        "--rpc",
        action="append",
        required=True,
        type=rpc_url,
        metavar="URL",
        help="an Ethereum node; repeat it for nodes that must agree with the first",
    )
    parser.add_argument("--receipt", type=Path, metavar="FILE", help="its receipt")
    parser.add_argument("--published", metavar="DIR_OR_URL", help="the log's published files")
    parser.add_argument("--did-document", type=Path, metavar="FILE", help="the issuer's DID document, from your hands")
    parser.add_argument(
        "--trust-log",
        type=log_name,
        action="append",
        default=[],
        metavar="LOG",
        help="let this log's copy of a DID document count as the issuer's word",
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--at-block", type=block_number, metavar="B", help="judge as of this block, a final one")
    when.add_argument(
        "--at", type=_moment, metavar="DATE", help="judge as of this moment; a bare day begins at 00:00 UTC"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdict as JSON too")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""`credroot verify`: judge the credentials in a file, with no service and no database.

The file is told by its content (docs/files.md): JSON, a token, a baked PNG or SVG, a PDF with attachments, a zip of many.
Nothing is fetched that was not asked for: the chain with --rpc, published files with --published, the issuer's DID
with --resolve-did, status lists with --fetch-status. With --block-hash the chain is not asked at all: the receipt's light
part proves what stood there at that block. Exit codes: 0 valid, 1 any other decided verdict, 2 untrusted,
3 indeterminate, 64 usage, and a file in which nothing can be judged.
"""

import argparse
import json
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from registry.cli.file_reading import read_file
from registry.cli.printing import printable
from registry.cli.verify_several import print_several
from registry.domain.canonical import MAX_DOCUMENT_BYTES
from registry.domain.check import Check, Result
from registry.domain.errors import CredrootError, Malformed
from registry.domain.evidence import DEFAULT_MAX_AGE, Policy, Profile
from registry.domain.log_name import LogName
from registry.domain.presented_files import MAX_FILE_BYTES, FoundCredential
from registry.domain.recognition import MAX_POLICY_BYTES, parse_recognition
from registry.domain.timestamp import parse_time
from registry.domain.verdict import SCOPE, ExitCode, Verdict
from registry.service.served_lists import StatusListCopy
from registry.service.verifying import VerifyRequest
from registry.wiring.verifying import build_verifier, open_files, published_contract

_CONTRACT: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BLOCK_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_MAX_AGE_SECONDS: Final = 10**9
"""Thirty years: past that the option is a slip of the finger."""
_MARKS: Final = {Result.PASS: "ok", Result.FAIL: "FAIL", Result.UNKNOWN: "?", Result.SKIPPED: "-"}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "verify",
        help="judge the credentials in a file, with no service and no database",
        description="Judge the credentials in a file. Nothing is fetched that is not asked for by an option.",
    )
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="JSON, a token, a baked PNG or SVG, a PDF with attachments, or a zip of many",
    )
    parser.add_argument("--receipt", type=Path, metavar="FILE", help="its receipt, in place of one inside the file")
    parser.add_argument(
        "--rpc",
        action="append",
        default=[],
        metavar="URL",
        help="an Ethereum node; repeat it for nodes that must agree with the first",
    )
    parser.add_argument(
        "--block-hash",
        type=_block_hash,
        metavar="HASH",
        help="ask no node: judge by the receipt's light part at this block, which you know to be final on the log's chain",
    )
    parser.add_argument("--published", metavar="DIR_OR_URL", help="the log's published files, or a mirror of them")
    parser.add_argument(
        "--status-list", type=Path, action="append", default=[], metavar="FILE", help="a signed status list"
    )
    parser.add_argument(
        "--fetch-status", action="store_true", help="fetch the status lists that the credential names, over https"
    )
    _add_trust(parser)
    _add_policy(parser)
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Judge, print the verdict, and return its exit code."""
    try:
        found = _find(args)
        request = _request(args)
        verifier = build_verifier(rpc_urls=args.rpc, published=args.published, ca_file=args.ca_file)
    except CredrootError as error:
        print(printable(f"credroot verify: {error.message} [{error.code}]"), file=sys.stderr)
        return ExitCode.USAGE
    content = found[0].content
    if len(found) > 1 or content is None:
        return print_several(found, request, verifier, as_json=args.json)
    receipt = found[0].receipt if request.receipt is None else request.receipt
    verdict = verifier.verify(replace(request, credential=content, receipt=receipt))
    if args.json:
        print(json.dumps(verdict.to_json(), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_lines(verdict)))
    return verdict.exit_code


def _find(args: argparse.Namespace) -> tuple[FoundCredential, ...]:
    """Return what is in the file. Raises Malformed when nothing in it can be judged."""
    found = open_files().read(read_file(args.file, limit_bytes=MAX_FILE_BYTES), name=args.file.name)
    if all(item.content is None for item in found):
        link = next((item.link for item in found if item.link is not None), None)
        if link is not None:
            raise Malformed(
                "link-not-followed", f"{args.file}: no link is followed: give the file that {link} leads to"
            )
        for item in found:
            if item.problem is not None:
                raise item.problem
    if len(found) > 1 and args.receipt is not None:
        raise Malformed("receipt-for-several", f"{args.file}: there are {len(found)} in it: leave out --receipt")
    return found


def _add_trust(parser: argparse.ArgumentParser) -> None:
    trust = parser.add_argument_group("whom to trust")
    source = trust.add_mutually_exclusive_group()
    source.add_argument("--did-document", type=Path, metavar="FILE", help="the issuer's DID document, from your hands")
    source.add_argument("--resolve-did", action="store_true", help="fetch the issuer's did:web document")
    trust.add_argument("--ca-file", type=Path, metavar="FILE", help="trust these certificates too, for what is fetched")
    trust.add_argument(
        "--trust-log",
        type=_log_name,
        action="append",
        default=[],
        metavar="LOG",
        help="let this log's copy of a DID document count as the issuer's word",
    )
    trust.add_argument(
        "--contract", type=_contract, action="append", default=[], metavar="ADDRESS", help="accept this contract too"
    )
    trust.add_argument("--recognise", type=Path, metavar="FILE", help="a JSON list of the issuers you recognise")


def _add_policy(parser: argparse.ArgumentParser) -> None:
    policy = parser.add_argument_group("by which rules")
    policy.add_argument(
        "--profile",
        choices=[str(profile) for profile in Profile],
        default=str(Profile.CREDROOT),
        help="credroot (default), or vc for any verifiable credential, anchored or not",
    )
    for option, what in (("--max-status-age", "a superseded status counts"), ("--max-block-age", "a block counts")):
        policy.add_argument(
            option,
            type=_age,
            default=DEFAULT_MAX_AGE,
            metavar="SECONDS",
            help=f"how long {what} (default: {DEFAULT_MAX_AGE.total_seconds():.0f})",
        )
    policy.add_argument(
        "--at", type=_moment, metavar="DATE", help="judge as of this moment; a bare day begins at 00:00 UTC"
    )


def _request(args: argparse.Namespace) -> VerifyRequest:
    if args.block_hash is not None and (args.rpc or args.published is not None):
        # What a node or the files would add is of another block.
        raise Malformed("block-and-chain", "--block-hash judges by the receipt alone: leave out --rpc and --published")
    recognised = None
    if args.recognise is not None:
        recognised = frozenset(parse_recognition(read_file(args.recognise, limit_bytes=MAX_POLICY_BYTES)))
    return VerifyRequest(
        credential=b"",
        receipt=None if args.receipt is None else _read(args.receipt),
        did_document=None if args.did_document is None else _read(args.did_document),
        resolve_did=args.resolve_did,
        fetch_status=args.fetch_status,
        status_lists=tuple(StatusListCopy(content=_read(file)) for file in args.status_list),
        policy=Policy(
            published_contract=published_contract(),
            profile=Profile(args.profile),
            max_status_age=args.max_status_age,
            max_block_age=args.max_block_age,
            at=args.at,
            trusted_logs=frozenset(args.trust_log),
            contracts=frozenset(args.contract),
            recognised=recognised,
            block_hash=args.block_hash,
        ),
    )


def _lines(verdict: Verdict) -> list[str]:
    facts = verdict.credential
    lines = [f"{str(verdict.word).upper()}  {facts['id'] or '(no id)'}", ""]
    lines += [_check_line(check) for check in verdict.checks]
    lines += ["", f"issuer  {facts['issuer'] or '(none)'}"]
    if verdict.block is not None:
        block = verdict.block
        lines.append(f"block   {block.number} 0x{block.hash.hex()} of chain {block.chain_id}, {block.time.isoformat()}")
    lines.append(f"scope   {SCOPE}")
    lines += [f"note    {text}" for text in verdict.notes]
    lines += [f"next    {text}" for text in verdict.next]
    return [printable(line) for line in lines]


def _check_line(check: Check) -> str:
    return f"{check.id.number:>3} {check.id:<12} {_MARKS[check.result]:<5} {check.sentence} [{check.reason}]"


def _read(file: Path) -> bytes:
    return read_file(file, limit_bytes=MAX_DOCUMENT_BYTES)


def _log_name(text: str) -> LogName:
    try:
        return LogName.parse(text)
    except Malformed as error:
        raise argparse.ArgumentTypeError(error.message) from error


def _contract(text: str) -> str:
    if _CONTRACT.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"expected 0x and 40 hex digits, got {text!r}")
    return text.lower()


def _block_hash(text: str) -> bytes:
    if _BLOCK_HASH.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"expected 0x and 64 hex digits, got {text!r}")
    return bytes.fromhex(text[2:])


def _age(text: str) -> timedelta:
    if not (text.isascii() and text.isdigit() and int(text) <= _MAX_AGE_SECONDS):
        raise argparse.ArgumentTypeError(f"expected a number of seconds, got {text!r}")
    return timedelta(seconds=int(text))


def _moment(text: str) -> datetime:
    try:
        # The chain is read at the last final block before it: a bare day is its first second.
        moment = parse_time(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text, "--at")
    except Malformed as error:
        raise argparse.ArgumentTypeError(error.message) from error
    return moment.astimezone(UTC)

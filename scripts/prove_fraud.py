"""Find evidence of fraud, check it against the chain, and report it to the court (protocol section 6).

    python scripts/prove_fraud.py --rpc URL --log LOG --published DIR_OR_URL [--receipt FILE] [--promise FILE]

Needs no database, no service and no trust in the registry; only --report and --collect need an account of your own.
Exit codes: 0 nothing found, 1 evidence found, 3 something could not be checked, 64 usage. docs/audit.md says what each
kind proves.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:
    # Run as a file, Python looks for modules beside it, not in the checkout.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from registry.adapters.calls import Caller
from registry.domain.errors import CredrootError, Unavailable
from registry.domain.fields import write_time
from registry.domain.fraud import Fraud
from registry.domain.promise import Promise
from registry.domain.receipt import Receipt
from scripts.audit.arguments import block_number, log_name, parse, printable, rpc_url
from scripts.audit.chain import ChainView, open_at_number, open_finalized
from scripts.audit.finding import ExitCode
from scripts.audit.folder import open_source
from scripts.fraud.court import CourtView
from scripts.fraud.judging import Outcome, check_log, judge_all, search_log
from scripts.fraud.reading import read_evidence, read_promises, read_receipts
from scripts.fraud.reporting import collect, open_caller, report
from scripts.fraud.telling import tell, write_evidence


def main(argv: Sequence[str] | None = None) -> int:
    """Search, print what was found, report it if asked, and return the exit code."""
    args = parse(_parser(), argv)
    try:
        receipts, promises = read_receipts(args.receipt), read_promises(args.promise)
        given = read_evidence(args.check)
        caller = _caller(args)
    except CredrootError as error:
        print(f"prove_fraud: {printable(error.message)}", file=sys.stderr)
        return ExitCode.USAGE
    try:
        return _run(args, receipts=receipts, promises=promises, given=given, caller=caller)
    except Unavailable as error:
        print(f"COULD NOT CHECK: {printable(error.message)} [{error.code}]")
        return ExitCode.UNCHECKED
    except CredrootError as error:
        print(f"prove_fraud: {printable(error.message)}", file=sys.stderr)
        return ExitCode.USAGE


def _run(
    args: argparse.Namespace,
    *,
    receipts: Sequence[Receipt],
    promises: Sequence[Promise],
    given: Sequence[Fraud],
    caller: Caller | None,
) -> int:
    chain = _open_chain(args)
    check_log(chain, args.log)
    source = None if args.published is None else open_source(args.published)
    search = search_log(chain, log=args.log, source=source, receipts=receipts, promises=promises)
    court = CourtView(chain, log=args.log)
    outcome = judge_all(search, court, given=given)
    print(_head(args, chain))
    for case in outcome.cases:
        file = None if args.evidence is None else write_evidence(case.fraud, args.evidence)
        print(f"\n{tell(case, court, file=file)}")
        if args.report and caller is not None:
            print(f"  report    {printable(report(case.fraud, caller, urls=args.rpc, log=args.log))}")
    print("\n" + "\n".join(_tail(outcome)))
    if args.collect and caller is not None:
        print(f"collected      {printable(collect(caller, urls=args.rpc, log=args.log))}")
    return outcome.exit_code


def _open_chain(args: argparse.Namespace) -> ChainView:
    return open_finalized(args.rpc) if args.at_block is None else open_at_number(args.rpc, args.at_block)


def _caller(args: argparse.Namespace) -> Caller | None:
    if not (args.report or args.collect):
        return None
    return open_caller(args.rpc, args.key_file, args.key_password_file, log=args.log)


def _head(args: argparse.Namespace, chain: ChainView) -> str:
    block = chain.block
    return f"log            {args.log}\nblock          {block.number} 0x{block.hash.hex()}, {write_time(block.time)}"


def _tail(outcome: Outcome) -> list[str]:
    lines = [f"note           {note}" for note in outcome.notes]
    lines += [f"not evidence   {rejected}" for rejected in outcome.rejected]
    lines += [f"not looked at  {place}" for place in outcome.unread]
    return [printable(line) for line in (*lines, outcome.word)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prove_fraud.py",
        description="Find evidence of a log's fraud in published files, receipts and promises, and report it to the court.",
    )
    parser.add_argument(
        "--rpc",
        action="append",
        required=True,
        type=rpc_url,
        metavar="URL",
        help="an Ethereum node; repeat it for nodes that must agree with the first, which also sends",
    )
    parser.add_argument("--log", required=True, type=log_name, metavar="LOG", help="the log: eip155:CHAIN/CONTRACT/N")
    parser.add_argument("--published", metavar="DIR_OR_URL", help="the log's published files")
    for option, what in (
        ("--receipt", "a receipt: as good as the files, even when they are gone"),
        ("--promise", "a promise that the registry signed"),
        ("--check", "an evidence file, to be checked"),
    ):
        parser.add_argument(option, type=Path, action="append", default=[], metavar="FILE", help=what)
    parser.add_argument("--evidence", type=Path, metavar="DIR", help="write each evidence to a file in this folder")
    parser.add_argument(
        "--at-block", type=block_number, metavar="B", help="read at this block, at most the finalized one (the default)"
    )
    sending = parser.add_argument_group("sending, from an account of your own")
    sending.add_argument("--report", action="store_true", help="report to the court what it does not have yet")
    sending.add_argument("--collect", action="store_true", help="then have paid out what is due to the account")
    sending.add_argument(
        "--key-file", type=Path, metavar="FILE", help="the account's key: a keystore, or 64 hex digits"
    )
    sending.add_argument("--key-password-file", type=Path, metavar="FILE", help="the keystore's password")
    return parser


if __name__ == "__main__":
    sys.exit(main())

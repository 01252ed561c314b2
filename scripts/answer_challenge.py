"""Find the open challenges of a log, and answer them with paths from published files and receipts.

    python scripts/answer_challenge.py --rpc URL --log LOG --published DIR_OR_URL [--answer --key-file FILE]

Anybody may answer, and has the challenger's stake for it: the registry's operator should, before a week is over. Exit
codes: 0 no challenge is open any more, 1 some are, 3 could not be checked, 64 usage.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:
    # Run as a file, Python looks for modules beside it, not in the checkout.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from registry.adapters.calls import Call, Caller
from registry.adapters.court import court_address, encode_answer
from registry.domain.errors import CredrootError
from registry.domain.fields import write_time
from scripts.audit.arguments import log_name, parse, printable, rpc_url
from scripts.audit.chain import open_latest
from scripts.audit.finding import ExitCode
from scripts.audit.folder import open_source
from scripts.fraud.challenges import OpenChallenge, find_challenges
from scripts.fraud.court import CourtView
from scripts.fraud.judging import check_log
from scripts.fraud.reading import read_receipts
from scripts.fraud.reporting import collect, open_caller, send
from scripts.fraud.telling import ether


def main(argv: Sequence[str] | None = None) -> int:
    """Print the open challenges, answer them if asked, and return the exit code."""
    args = parse(_parser(), argv)
    try:
        receipts = read_receipts(args.receipt)
        source = None if args.published is None else open_source(args.published)
        caller = open_caller(args.rpc, args.key_file, args.key_password_file, log=args.log) if args.answer else None
    except CredrootError as error:
        print(f"answer_challenge: {printable(error.message)}", file=sys.stderr)
        return ExitCode.USAGE
    try:
        court = CourtView(open_latest(args.rpc), log=args.log)
        check_log(court.chain, args.log)
        found = find_challenges(court, log=args.log, source=source, receipts=receipts)
        answered = [challenge for challenge in found.open if _settle(args, challenge, caller)]
        if caller is not None and answered:
            print(f"collected      {printable(collect(caller, urls=args.rpc, log=args.log))}")
    except CredrootError as error:
        print(f"COULD NOT CHECK: {printable(error.message)} [{error.code}]")
        return ExitCode.UNCHECKED
    for place in found.unread:
        print(f"not looked at  {printable(place)}")
    left = len(found.open) - len(answered)
    print(f"{left} open challenges.")
    return ExitCode.FINDINGS if left else ExitCode.CLEAN


def _settle(args: argparse.Namespace, found: OpenChallenge, caller: Caller | None) -> bool:
    """Print a challenge and answer it if asked; tell whether it is answered now."""
    print("\n".join(printable(line) for line in _lines(found)))
    if caller is None or found.entry is None:
        return False
    data = encode_answer(args.log, slot=found.slot, entry=found.entry)
    print(f"  answer    {printable(send(Call(contract=court_address(), data=data), caller))}")
    left = CourtView(open_latest(args.rpc), log=args.log).challenge(found.leaf, found.slot)
    return left is not None and left.closes_at is None


def _lines(found: OpenChallenge) -> list[str]:
    closes_at = found.challenge.closes_at
    until = "" if closes_at is None else write_time(closes_at)
    where = "nothing at hand shows it" if found.entry is None else f"epoch {found.entry.epoch} holds it"
    return [
        f"leaf {found.leaf.hex()}",
        f"  slot      {found.slot}",
        f"  promised  by epoch {found.challenge.epoch}",
        f"  until     {until}, and after that as long as nobody claims the time-out",
        f"  pays      {ether(found.challenge.stake_wei)}",
        f"  standing  {where}",
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="answer_challenge.py",
        description="Find the open challenges of a log, and answer them with paths from published files and receipts.",
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
    parser.add_argument(
        "--receipt", type=Path, action="append", default=[], metavar="FILE", help="a receipt: as good as the files"
    )
    sending = parser.add_argument_group("sending, from any account")
    sending.add_argument("--answer", action="store_true", help="answer what can be answered, and collect the stakes")
    sending.add_argument(
        "--key-file", type=Path, metavar="FILE", help="the account's key: a keystore, or 64 hex digits"
    )
    sending.add_argument("--key-password-file", type=Path, metavar="FILE", help="the keystore's password")
    return parser


if __name__ == "__main__":
    sys.exit(main())

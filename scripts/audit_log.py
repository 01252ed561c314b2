"""Audit a log: rebuild every root of every epoch from published files and the chain alone (protocol section 9).

    python scripts/audit_log.py --rpc URL --log LOG --published DIR_OR_URL

Needs no database, no service and no trust in the registry. Exit codes: 0 clean, 1 findings, 3 something could not be
checked, 64 usage. docs/audit.md says what each finding proves.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:
    # Run as a file, Python looks for modules beside it, not in the checkout.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from registry.domain.errors import Malformed, Unavailable
from registry.domain.evidence import ChainBlock
from registry.domain.log_name import LogName
from scripts.audit.arguments import block_number, log_name, parse, rpc_url
from scripts.audit.chain import ChainView, open_at_number, open_finalized
from scripts.audit.finding import ExitCode, Ledger
from scripts.audit.folder import open_source
from scripts.audit.run import audit_log
from scripts.audit.telling import as_json, as_text


def main(argv: Sequence[str] | None = None) -> int:
    """Audit, print what was found, and return the exit code."""
    args = parse(_parser(), argv)
    try:
        source = open_source(args.published)
    except Malformed as error:
        print(f"audit_log: {error.message}", file=sys.stderr)
        return ExitCode.USAGE
    block: ChainBlock | None = None
    ledger = Ledger()
    try:
        chain = _open_chain(args)
        block = chain.block
        ledger = audit_log(chain, source, log=args.log)
    except Unavailable as error:
        ledger.leave(error, epoch=None, place="the chain")
    print(as_text(ledger, log=args.log, block=block))
    return _write(args.json, ledger, log=args.log, block=block)


def _open_chain(args: argparse.Namespace) -> ChainView:
    return open_finalized(args.rpc) if args.at_block is None else open_at_number(args.rpc, args.at_block)


def _write(file: Path | None, ledger: Ledger, *, log: LogName, block: ChainBlock | None) -> int:
    if file is not None:
        try:
            file.write_bytes(as_json(ledger, log=log, block=block))
        except OSError as error:
            print(f"audit_log: {file}: {error.strerror}", file=sys.stderr)
            return ExitCode.USAGE
    return ledger.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audit_log.py",
        description="Rebuild every root of every epoch of a log from published files and the chain alone.",
    )
    parser.add_argument(
        "--rpc",
        action="append",
        required=True,
        type=rpc_url,
        metavar="URL",
        help="an Ethereum node; repeat it for nodes that must agree with the first",
    )
    parser.add_argument("--log", required=True, type=log_name, metavar="LOG", help="the log: eip155:CHAIN/CONTRACT/N")
    parser.add_argument("--published", required=True, metavar="DIR_OR_URL", help="the log's published files")
    parser.add_argument(
        "--at-block", type=block_number, metavar="B", help="read at this block, at most the finalized one (the default)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the outcome as JSON too")
    return parser


if __name__ == "__main__":
    sys.exit(main())

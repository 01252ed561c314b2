"""What an audit found, for people and for programs. Both follow from the ledger alone: no clock, no place, no order of
reading is in them, so that two audits at one block give the same bytes.
"""

import json
from typing import Final

from registry.domain.canonical import JsonObject
from registry.domain.evidence import ChainBlock
from registry.domain.fields import write_time
from registry.domain.log_name import LogName
from scripts.audit.arguments import printable
from scripts.audit.finding import Code, ExitCode, Finding, Ledger, Unchecked

_WORDS: Final = {
    ExitCode.CLEAN: "CLEAN: every root was rebuilt, and nothing was found.",
    ExitCode.FINDINGS: "FINDINGS: what is listed was proved.",
    ExitCode.UNCHECKED: "COULD NOT CHECK everything: neither clean nor, beyond what is listed, fraud.",
}


_PROVABLE: Final = frozenset({Code.SLOT_REUSED, Code.REVOCATION_UNDONE})
"""What a court takes."""


def as_json(ledger: Ledger, *, log: LogName, block: ChainBlock | None) -> bytes:
    """Write the outcome as a JSON file."""
    document: JsonObject = {
        "version": 1,
        "log": str(log),
        "block": None if block is None else _block(block),
        "exitCode": int(ledger.exit_code),
        "counts": {
            "epochs": ledger.epochs,
            "published": ledger.published,
            "batches": ledger.batches,
            "credentials": ledger.credentials,
            "rootsRebuilt": ledger.roots,
            "findings": dict(ledger.codes()),
        },
        "pending": [*sorted(ledger.pending)],
        "findings": [finding.to_json() for finding in _findings(ledger)],
        "unchecked": [item.to_json() for item in _unchecked(ledger)],
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def as_text(ledger: Ledger, *, log: LogName, block: ChainBlock | None) -> str:
    """Write the outcome for people, counts first."""
    lines = [f"log            {log}"]
    if block is not None:
        lines.append(f"block          {block.number} 0x{block.hash.hex()}, {write_time(block.time)}")
    lines += [
        f"epochs         {ledger.epochs}, published {ledger.published}, pending {len(ledger.pending)}",
        f"roots rebuilt  {ledger.roots}",
        f"credentials    {ledger.credentials} in {ledger.batches} batches",
        f"findings       {len(ledger.findings)}",
        *(f"  {code:<26} {count}" for code, count in ledger.codes().items()),
    ]
    for finding in _findings(ledger):
        lines += ["", f"{_epoch(finding.epoch)}  {finding.code}  {finding.place}", f"  {finding.sentence}"]
        lines += [f"  expected  {finding.expected}", f"  found     {finding.found}"]
        if finding.code in _PROVABLE:
            lines.append(f"  proved by python scripts/prove_fraud.py --rpc URL --log {log} --published DIR_OR_URL")
    for item in _unchecked(ledger):
        lines += ["", f"{_epoch(item.epoch)}  could not be checked  {item.place}", f"  {item.message} [{item.code}]"]
    lines += ["", _WORDS[ledger.exit_code]]
    return "\n".join(printable(line) for line in lines)


def _findings(ledger: Ledger) -> list[Finding]:
    return sorted(ledger.findings, key=Finding.order)


def _unchecked(ledger: Ledger) -> list[Unchecked]:
    return sorted(ledger.unchecked, key=Unchecked.order)


def _epoch(epoch: int | None) -> str:
    return "the log" if epoch is None else f"epoch {epoch}"


def _block(block: ChainBlock) -> JsonObject:
    return {
        "chain": f"eip155:{block.chain_id}",
        "number": block.number,
        "hash": f"0x{block.hash.hex()}",
        "time": write_time(block.time),
    }

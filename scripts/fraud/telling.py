"""Evidence in words: what it shows, how it stands, what a report costs and pays. And its file."""

import json
from pathlib import Path
from typing import Final, assert_never

from registry.domain.canonical import canonicalize
from registry.domain.errors import Malformed
from registry.domain.fields import write_time
from registry.domain.fraud import BrokenInclusion, BrokenRevocation, Fraud, SlotReuse, Unrevocation
from registry.domain.hashing import sha256
from scripts.audit.arguments import printable
from scripts.fraud.court import REPORT_GAS, Case, CourtView, Standing

_WEI: Final = 10**18
_OPEN: Final = frozenset({Standing.REPORTABLE, Standing.CHALLENGED, Standing.TIMED_OUT})


def describe(fraud: Fraud) -> str:
    """Say in one sentence what evidence shows."""
    match fraud:
        case Unrevocation():
            first, second = fraud.revoked.epoch, fraud.unrevoked.epoch
            return (
                f"Slot {fraud.slot} is revoked in epoch {first} and not in epoch {second}: a revocation was taken back."
            )
        case SlotReuse():
            entries = [f"{entry.leaf.hex()} in epoch {entry.epoch}" for entry in (fraud.first, fraud.second)]
            return f"Two credentials stand under slot {fraud.slot}: {' and '.join(entries)}."
        case BrokenRevocation():
            terms, shown = fraud.promise.terms, fraud.unrevoked
            promised = f"It was promised that slot {terms.slot} is revoked from epoch {terms.epoch} on"
            if shown is None:
                return f"{promised}, and that this epoch comes by {write_time(terms.deadline)}; it did not."
            return f"{promised}; in epoch {shown.epoch} it is not."
        case BrokenInclusion():
            terms = fraud.promise.terms
            leaf = b"" if terms.leaf is None else terms.leaf
            by = f"by epoch {terms.epoch} and by {write_time(terms.deadline)}"
            return f"It was promised that {leaf.hex()} stands under slot {terms.slot} {by}; nobody shows where."
        case _:
            assert_never(fraud)


def tell(case: Case, court: CourtView, *, file: Path | None) -> str:
    """Describe evidence for people."""
    fraud = case.fraud
    epochs = [str(epoch) for epoch, _ in fraud.roots] or [str(fraud.epoch)]
    lines = [
        f"{fraud.kind}",
        f"  slot      {fraud.slot}",
        f"  epochs    {', '.join(dict.fromkeys(epochs))}",
        f"  shows     {describe(fraud)}",
        f"  standing  {case.detail}",
    ]
    if court.exists and case.standing in _OPEN:
        lines += _money(fraud, court)
    if file is not None:
        lines.append(f"  file      {file}")
    return "\n".join(printable(line) for line in lines)


def write_evidence(fraud: Fraud, folder: Path) -> Path:
    """Write an evidence file; the same evidence has the same name. Raises Malformed `file-unwritable`."""
    digest = sha256(canonicalize(fraud.to_json())).hex()[:16]
    file = folder / f"{fraud.kind}-{fraud.slot}-{digest}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(fraud.to_json(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Malformed("file-unwritable", f"{file}: {error.strerror}") from error
    return file


def ether(wei: int) -> str:
    """Write an amount in ether, to the last wei."""
    whole, rest = divmod(wei, _WEI)
    return f"{whole}.{rest:018d}".rstrip("0").rstrip(".") + " ether"


def _money(fraud: Fraud, court: CourtView) -> list[str]:
    gas, bond, reward = REPORT_GAS[fraud.kind], court.bond_wei(), court.reward_wei(fraud.kind)
    lines = [f"  costs     about {gas} gas, {ether(gas * court.chain.base_fee())} at the block's base fee, and the tip"]
    if isinstance(fraud, BrokenInclusion):
        staked = f"{ether(court.stake_wei())} at stake: back when nobody answers in seven days"
        lines.append(f"            {staked}, else whoever answers has it")
    if bond == 0:
        return [*lines, "  pays      nothing: the log has no bond"]
    return [
        *lines,
        f"  pays      {ether(reward)} of the bond of {ether(bond)}; the other {ether(bond - reward)} are burned",
    ]

"""One run of the search: everything that was found or handed in, judged at one block."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain as joined
from typing import Final

from registry.adapters.artifacts import load_artifact
from registry.adapters.published import PublishedFiles
from registry.domain.errors import Unavailable
from registry.domain.fraud import Fraud
from registry.domain.log_name import LogName
from registry.domain.promise import Promise
from registry.domain.receipt import Receipt
from scripts.audit.chain import ChainView
from scripts.audit.finding import ExitCode
from scripts.fraud.court import Case, CourtView
from scripts.fraud.reading import confirm_receipt
from scripts.fraud.searching import FraudSearch, Search
from scripts.fraud.telling import describe

_WORDS: Final = {
    ExitCode.CLEAN: "NOTHING FOUND.",
    ExitCode.FINDINGS: "EVIDENCE FOUND.",
    ExitCode.UNCHECKED: "COULD NOT CHECK everything, and nothing was found in the rest.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run."""

    cases: tuple[Case, ...]
    """Evidence that holds."""
    rejected: tuple[str, ...]
    """What looked like evidence and is none, and why."""
    notes: tuple[str, ...]
    unread: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """Evidence is evidence, whatever else could not be read."""
        if self.cases:
            return ExitCode.FINDINGS
        return ExitCode.UNCHECKED if self.unread else ExitCode.CLEAN

    @property
    def word(self) -> str:
        """Say what came of it."""
        return _WORDS[self.exit_code]


def check_log(chain: ChainView, log: LogName) -> None:
    """Check that the chain has the log. Raises Unavailable: code that is not the published one is not asked."""
    if chain.block.chain_id != log.chain_id:
        raise Unavailable("other-chain", f"the nodes are on chain {chain.block.chain_id}, the log on {log.chain_id}")
    if chain.code(log.contract) != load_artifact().runtime_code:
        raise Unavailable("contract-differs", f"the code at {log.contract} is not the published anchor log")
    if not chain.has_log(log):
        raise Unavailable("log-unknown", f"the contract has no log {log.number}")


def search_log(
    chain: ChainView,
    *,
    log: LogName,
    source: PublishedFiles | None,
    receipts: Sequence[Receipt],
    promises: Sequence[Promise],
) -> Search:
    """Search files, receipts and promises. Raises Unavailable when the chain cannot be read."""
    search = start_search(chain, log=log, source=source, receipts=receipts, promises=promises)
    found = search.run()
    foreign = len(promises) - sum(promise.terms.log == log for promise in promises)
    if foreign:
        found.notes.append(f"Promises of other logs that were not looked at: {foreign}.")
    return found


def start_search(
    chain: ChainView,
    *,
    log: LogName,
    source: PublishedFiles | None,
    receipts: Sequence[Receipt],
    promises: Sequence[Promise] = (),
    wanted: Collection[tuple[bytes, int]] = (),
) -> FraudSearch:
    """Prepare a search with what the chain confirms of the receipts. Raises Unavailable."""
    return FraudSearch(
        chain,
        log=log,
        source=source,
        receipts=[confirm_receipt(receipt, chain, log=log) for receipt in receipts],
        promises=[promise for promise in promises if promise.terms.log == log],
        wanted=wanted,
    )


def judge_all(search: Search, court: CourtView, *, given: Sequence[Fraud]) -> Outcome:
    """Judge what was found and what was handed in, the earliest epochs first. Raises Unavailable."""
    cases: list[Case] = []
    rejected: list[str] = []
    unread = list(search.unread)
    for fraud in sorted(joined(search.frauds, given), key=lambda fraud: (fraud.epoch, fraud.kind, fraud.slot)):
        if any(case.fraud == fraud for case in cases):
            continue
        case = _judge(fraud, court, unread)
        if case is None:
            continue
        if case.standing.is_fraud:
            cases.append(case)
        else:
            rejected.append(f"{describe(fraud)} But {case.detail}.")
    return Outcome(cases=tuple(cases), rejected=tuple(rejected), notes=tuple(search.notes), unread=tuple(unread))


def _judge(fraud: Fraud, court: CourtView, unread: list[str]) -> Case | None:
    try:
        return court.judge(fraud)
    except Unavailable as error:
        if error.code != "no-court":
            raise
        unread.append(f"{describe(fraud)} But {error.message}.")
        return None

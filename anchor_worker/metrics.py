"""The worker's metrics, made when they are asked for: from the database, from the newest look at the chain, from itself.

Names follow the conventions of Prometheus. Labels are states, reasons and answers, each from a closed set of ours, and
nodes by host and port. docs/operating.md has the table; docs/deploy/alerts.yml what to be woken for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from math import inf
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from anchor_worker.budget import SpendingLimits
from anchor_worker.chain_watch import ChainFacts, NodeReport, SeenBlock
from anchor_worker.readings import Readings, Tallier, Tally
from anchor_worker.vitals import Pulse, Vitals
from registry.domain.errors import Unavailable
from registry.ports import Clock

DISTRIBUTION: Final = "credroot"


class WorkerCollector(Collector):
    """Collects everything that a worker tells."""

    def __init__(
        self,
        *,
        read: Callable[[], Readings],
        count: Tallier,
        reports: Callable[[], Sequence[NodeReport]],
        pulse: Pulse,
        limits: SpendingLimits,
        clock: Clock,
    ) -> None:
        """Take where to read the database, the newest look at each node, the worker's vitals, the operator's limits."""
        self._read = read
        self._count = count
        self._reports = reports
        self._pulse = pulse
        self._limits = limits
        self._clock = clock

    @override
    def collect(self) -> Iterator[Metric]:
        """Yield every metric; without a database those that need none."""
        yield InfoMetricFamily("credroot_build", "What runs here.", value={"version": metadata.version(DISTRIBUTION)})
        yield from _of_worker(self._pulse.vitals)
        yield from _of_nodes(self._reports(), self._limits, self._clock)
        try:
            readings = self._read()
            tally = self._count.read(final=readings.newest_final)
        except Unavailable:
            yield _gauge("credroot_database_up", "Whether the database could be read just now.", 0)
            return
        yield _gauge("credroot_database_up", "Whether the database could be read just now.", 1)
        yield from _of_database(readings, tally)
        yield _gauge(
            "credroot_budget_left_wei",
            "What may still be offered in this day of 24 hours.",
            self._limits.day_wei - readings.committed_wei,
        )


def _of_worker(vitals: Vitals) -> Iterator[Metric]:
    yield _gauge(
        "credroot_worker_last_round_timestamp_seconds",
        "When the worker last ended a round.",
        vitals.round_ended_at.timestamp(),
    )
    leads = int(vitals.lease_token is not None)
    yield _gauge("credroot_worker_is_leader", "Whether this worker anchors for the account.", leads)
    yield _optional("credroot_worker_lease_token", "The fencing token of the worker's lease.", vitals.lease_token)
    yield _counter(
        "credroot_quorum_disagreements",
        "How often nodes told different stories of what is final.",
        vitals.quorum_disagreements,
    )


def _of_nodes(reports: Sequence[NodeReport], limits: SpendingLimits, clock: Clock) -> Iterator[Metric]:
    told = [report.facts for report in reports if report.facts is not None]
    heads = [facts.head for facts in told]
    newest_head = max((head.number for head in heads), default=0)
    yield _by_node("credroot_node_up", "Whether a node gave usable answers.", reports, _known)
    yield _by_node(
        "credroot_node_latency_seconds",
        "How long a node took for one answer.",
        reports,
        lambda each: each.latency_seconds,
    )
    yield _by_node(
        "credroot_node_head_lag_blocks",
        "How many blocks a node is behind the newest that any of them has.",
        reports,
        lambda each: None if each.facts is None else newest_head - each.facts.head.number,
    )
    failures = CounterMetricFamily("credroot_node_failures", "Looks at a node that failed.", labels=["node"])
    for report in reports:
        failures.add_metric([report.place], report.failures)
    yield failures
    if told:
        yield from _of_chain(max(told, key=lambda facts: facts.head.number), told, limits, clock)


def _of_chain(newest: ChainFacts, told: Sequence[ChainFacts], limits: SpendingLimits, clock: Clock) -> Iterator[Metric]:
    finalized = max((facts.finalized for facts in told if facts.finalized is not None), key=_number, default=None)
    yield _gauge("credroot_chain_head_block", "The newest block.", newest.head.number)
    yield _gauge("credroot_chain_head_age_seconds", "How old the newest block is.", _age(newest.head, clock))
    yield _gauge(
        "credroot_chain_finalized_block", "The newest finalized block.", 0 if finalized is None else finalized.number
    )
    yield _gauge(
        "credroot_chain_finalized_age_seconds",
        "How old the newest finalized block is; infinite when there is none.",
        inf if finalized is None else _age(finalized, clock),
    )
    yield _gauge("credroot_chain_epochs", "Epochs in our log, by the newest block.", newest.epochs)
    yield _gauge("credroot_account_balance_wei", "What the anchoring account has.", newest.balance_wei)
    yield _gauge(
        "credroot_account_balance_floor_wei",
        "The balance below which the operator wants to be told, while the base fee is what it is.",
        limits.floor_anchors * newest.anchor_cost_wei,
    )
    yield _gauge(
        "credroot_anchor_cost_wei", "What an anchor may cost while the base fee is what it is.", newest.anchor_cost_wei
    )
    nonces = {"latest": newest.nonce_latest, "finalized": newest.nonce_finalized}
    known = {block: nonce for block, nonce in nonces.items() if nonce is not None}
    yield _labelled("credroot_account_nonce", "The account's next nonce on chain.", "block", known)


def _of_database(readings: Readings, tally: Tally) -> Iterator[Metric]:
    waiting = readings.waiting
    yield _gauge(
        "credroot_oldest_unanchored_age_seconds",
        "How long the oldest credential or status change has been waiting that is not final on chain.",
        readings.unanchored_age.total_seconds(),
    )
    yield _gauge(
        "credroot_oldest_unfinal_age_seconds",
        "How long ago the oldest epoch was sealed that is not final on chain.",
        readings.unfinal_age.total_seconds(),
    )
    yield _gauge("credroot_waiting_credentials", "Credentials in no epoch yet.", waiting.credentials)
    yield _gauge("credroot_waiting_status_changes", "Status changes in no epoch yet.", waiting.status_changes)
    states = {state.value: count for state, count in readings.anchors.items()}
    yield _labelled("credroot_anchors", "Epochs by state of their anchor.", "state", states)
    yield _labelled("credroot_anchors_blocked", "Blocked anchors by reason.", "reason", readings.blocked)
    newest = {
        "sealed": readings.newest_sealed,
        "final": readings.newest_final,
        "published": readings.newest_published,
    }
    yield _labelled("credroot_newest_epoch", "The newest epoch that came so far.", "stage", newest)
    yield _gauge(
        "credroot_open_anchor_attempts", "Transactions signed for the oldest open anchor.", readings.open_attempts
    )
    yield _labelled(
        "credroot_open_attempts", "Attempts of open anchors by the answer to them.", "answer", readings.outcomes
    )
    yield _counter("credroot_attempts", "Transactions signed.", tally.attempts)
    yield _counter("credroot_sends", "Times that a transaction was sent.", tally.sends)
    yield _counter("credroot_reorgs", "Times that an anchor's block vanished.", tally.reorganisations)
    yield _gauge("credroot_fees_spent_24h_wei", "Fees paid by blocks of the last 24 hours.", readings.fees_spent_wei)
    yield _gauge("credroot_final_mismatches", "Final anchors that the chain denies.", readings.final_mismatches)
    yield _gauge("credroot_anchor_next_nonce", "One above the highest nonce given to an anchor.", readings.next_nonce)
    yield _gauge(
        "credroot_promise_first_deadline_timestamp_seconds",
        "The first deadline of the promises that are still owed an epoch; infinite when none is.",
        inf if readings.owed is None else readings.owed.deadline.timestamp(),
    )


def _known(report: NodeReport) -> int:
    return int(report.facts is not None)


def _number(block: SeenBlock) -> int:
    return block.number


def _age(block: SeenBlock, clock: Clock) -> float:
    return (clock.now() - block.time).total_seconds()


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def _optional(name: str, words: str, value: float | None) -> GaugeMetricFamily:
    """Make a gauge without a sample when there is nothing to tell: no number would be true."""
    return GaugeMetricFamily(name, words, value=value)


def _counter(name: str, words: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, words, value=value)


def _labelled(name: str, words: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _by_node(
    name: str, words: str, reports: Sequence[NodeReport], value: Callable[[NodeReport], float | None]
) -> GaugeMetricFamily:
    told = {report.place: value(report) for report in reports}
    return _labelled(name, words, "node", {place: each for place, each in told.items() if each is not None})

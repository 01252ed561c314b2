"""A registry in operation: credentials come in, blocks are made, a worker does its rounds, and everybody is asked how it stands.

block made, its time is the time    credentials and revocations accepted since the last block, with their times
look                                what the worker noted so far is told, and nothing newer
round                               the worker's
look                                what is told now is the truth
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from secrets import randbelow
from typing import Any, Final

from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import CollectorRegistry
from sqlalchemy import Engine
from structlog.testing import capture_logs
from web3 import Web3

from anchor_worker import status
from anchor_worker.cycle import Worker
from anchor_worker.metrics import WorkerCollector
from anchor_worker.readings import Readings, Tallier, read_readings
from anchor_worker.vitals import Pulse
from anchor_worker.wiring import opened_engine, opened_worker, spending_limits
from registry.store_ports import NewCredential
from tests.anchor_worker.sites import ARTIFACT, Site
from tests.registry_world import SetClock
from tests.simulation.market import BLOCK_SECONDS, BLOCKS_A_MINUTE, base_fee_wei, is_full
from tests.simulation.truth import Spent, Waiting
from tests.store_samples import new_credential, order

REVOKED_EVERY_MINUTES: Final = 7
NO_ROOM: Final = 60_000
"""Enough gas for what a node is asked, too little for an anchor."""
ROOM: Final = 30_000_000
TROUBLE: Final = frozenset({"round_cut_short", "round_gave_way", "round_refused", "leader_lost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told about the oldest that is not final, in every way there is."""

    readings: Readings
    metric_seconds: float
    status_seconds: int
    status_line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Everything there is to compare after one block."""

    now: datetime
    before: Readings
    """Before the worker's round."""
    noted: datetime | None
    """The oldest that was not final when the worker last looked, or has come since."""
    after: Told
    """After it."""
    truth: datetime | None
    """The oldest that is not final, by the chain."""
    paid_wei: int
    possible_wei: int


@dataclass(slots=True, kw_only=True)
class Operation:
    """One registry, from a first block on."""

    site: Site
    engine: Engine
    clock: SetClock
    worker: Worker
    begun_at: datetime
    spent: Spent
    waiting: Waiting
    metrics: CollectorRegistry
    block: int = 0
    moments: list[Moment] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    """The worker's own."""
    leaves: list[bytes] = field(default_factory=list)
    """Of all credentials that were ever issued."""

    def pass_blocks(self, count: int, *, issuing: bool) -> None:
        """Let so many blocks be made, each followed by a round."""
        for _ in range(count):
            self._make_block()
            if issuing:
                self._accept()
            noted, before = self.waiting.oldest(), read_readings(self.engine, now=self.clock.now())
            with capture_logs() as events:
                self.worker.run_once()
            self.events += [dict(event) for event in events]
            self.waiting.ask_the_chain()
            self.moments.append(
                Moment(
                    now=self.clock.now(),
                    before=before,
                    noted=noted,
                    after=self._ask(),
                    truth=self.waiting.oldest(),
                    paid_wei=self.spent.of_a_day(self.clock.now()),
                    possible_wei=self.spent.still_possible(),
                )
            )

    def reasons(self, name: str) -> Counter[str]:
        """Count the reasons that events of a name gave."""
        told = [event["reason"] for event in self.events if event["event"] == name]
        return Counter(str(reason) for reason in told if reason is not None)

    def trouble(self) -> list[dict[str, Any]]:
        """Return the events that tell of anything but money."""
        return [event for event in self.events if event["event"] in TROUBLE]

    def _make_block(self) -> None:
        self.block += 1
        self._price(self.block)
        self.clock.moment = self.begun_at + self.block * timedelta(seconds=BLOCK_SECONDS)
        # Only as it is made: a transaction above the limit of a block would be refused for that.
        self.site.command("evm_setBlockGasLimit", hex(NO_ROOM if is_full(self.block) else ROOM))
        self.site.command("evm_setNextBlockTimestamp", int(self.clock.moment.timestamp()))
        self.site.command("evm_mine")
        self.site.command("evm_setBlockGasLimit", hex(ROOM))
        self.spent.look_at(self.site.web3.eth.block_number)
        # What the next block costs follows from the last one: everybody knows it beforehand.
        self._price(self.block + 1)

    def _price(self, block: int) -> None:
        self.site.command("anvil_setNextBlockBaseFeePerGas", hex(base_fee_wei(block)))

    def _accept(self) -> None:
        """Issue twice a minute, and revoke now and then, between the last block and this one."""
        minute, of_minute = divmod(self.block - 1, BLOCKS_A_MINUTE)
        if of_minute not in {0, 2}:
            return
        at = self.clock.now() - timedelta(seconds=(minute * 7 + of_minute) % BLOCK_SECONDS, microseconds=minute)
        first, *_ = self._issue(1 + minute % 4, at)
        if of_minute and minute % REVOKED_EVERY_MINUTES == 0:
            with self.site.store.write() as unit:
                unit.statuses.revoke(order(first.id, changed_at=at))
            self.waiting.revocations[first.slot] = at

    def _issue(self, count: int, at: datetime) -> Sequence[NewCredential]:
        tenant = self.site.tenant
        with self.site.store.write() as unit:
            slots = unit.statuses.assign_slots(tenant.issuer_id, count, draw=randbelow, now=at)
            credentials = tuple(replace(new_credential(tenant, slot), created_at=at) for slot in slots)
            unit.credentials.insert(credentials)
        self.leaves += [each.leaf for each in credentials]
        self.waiting.leaves.update({each.leaf: at for each in credentials})
        return credentials

    def _ask(self) -> Told:
        # Without a node: that one would only say how far a mined anchor is from being final.
        shown = status.read_status(self.site.settings.model_copy(update={"rpc_urls": ()}), self.engine, self.clock)
        age = status.as_json(shown)["oldestUnanchoredAgeSeconds"]
        assert isinstance(age, int)
        (line,) = (line for line in status.as_lines(shown) if line.startswith("oldest"))
        text = generate_latest(self.metrics).decode()
        (metric,) = (
            family.samples[0].value
            for family in text_string_to_metric_families(text)
            if family.name == "credroot_oldest_unanchored_age_seconds"
        )
        return Told(readings=shown.readings, metric_seconds=metric, status_seconds=age, status_line=line)


@contextmanager
def operated(site: Site) -> Iterator[Operation]:
    """Yield a registry whose time begins with the next full minute of its chain."""
    head = site.web3.eth.get_block("latest")
    contract = site.web3.eth.contract(address=Web3.to_checksum_address(ARTIFACT.address), abi=ARTIFACT.abi)
    site.command("evm_setAutomine", False)
    clock = SetClock()
    clock.moment = datetime.fromtimestamp(head["timestamp"] // 60 * 60 + 60, UTC)
    with opened_engine(site.settings) as engine, opened_worker(site.settings, clock=clock) as worker:
        metrics = CollectorRegistry()
        metrics.register(
            WorkerCollector(
                read=lambda: read_readings(engine, now=clock.now()),
                count=Tallier(engine),
                reports=tuple,
                pulse=Pulse(clock),
                limits=spending_limits(site.settings),
                clock=clock,
            )
        )
        yield Operation(
            site=site,
            engine=engine,
            clock=clock,
            worker=worker,
            begun_at=clock.now(),
            spent=Spent(site=site, engine=engine),
            waiting=Waiting(site=site, contract=contract),
            metrics=metrics,
        )

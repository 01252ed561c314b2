"""Carrying out steps: the plan's faults on three proxies in front of one node, its deaths on two workers.

worker a ─┐   ┌─ proxy 0 ─┐
          ├───┼─ proxy 1 ─┼── anvil          quorum two of three; database: SQLite or PostgreSQL
worker b ─┘   └─ proxy 2 ─┘
"""

import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from sqlalchemy import select

from registry.adapters.database import open_engine, read_transaction
from registry.adapters.light_tables import light_proof
from registry.adapters.tables import anchor as anchor_table
from registry.store_ports import AnchorState
from tests.anchor_worker.sites import site_on
from tests.anvil import ANVIL_CHAIN_ID, ANVIL_KEYS, run_anvil
from tests.chaos.node import BLOCK_GAS, MAX_FEE_GWEI, StormyNode
from tests.chaos.plan import (
    BLOCKS_TO_FINALITY,
    NODES,
    SLOTS,
    WORKERS,
    Death,
    Ending,
    Fault,
    Interruption,
    NetworkFault,
    Step,
    calm,
    draw,
)
from tests.chaos.workers import Order, WorkerProcess, running_workers
from tests.faults import behaviours
from tests.faults.exactly_once import assert_exactly_once
from tests.faults.proxy import ANY, Behaviour, Exchange, FaultProxy, run_proxy
from tests.faults.world import World, hex_of

RPC_TIMEOUT_SECONDS: Final = 1.0
DELAY_SECONDS: Final = 0.02
"""A slow answer takes up to eight times that, far below the time-out."""

MAX_STEPS_AN_EPOCH: Final = 200
"""One takes five or six on average; an epoch that is still open after so many does not move any more."""
MAX_CALM_STEPS: Final = 20

REMEMBERED_STEPS: Final = 12


class Stuck(AssertionError):
    """An epoch that is not anchored however long one waits."""


@dataclass(slots=True, kw_only=True)
class Storm:
    """One registry under faults."""

    seed: int
    world: World
    node: StormyNode
    proxies: tuple[FaultProxy, ...]
    workers: tuple[WorkerProcess, ...]
    clock: datetime
    drawn: Counter[str] = field(default_factory=Counter)
    """Faults of the network, by kind."""
    struck: Counter[str] = field(default_factory=Counter)
    """Those that a request met, as often as one did."""
    stopped: int = 0
    steps: int = 0
    recent: deque[Step] = field(default_factory=lambda: deque(maxlen=REMEMBERED_STEPS))

    def run(self, epochs: int) -> None:
        """Anchor so many epochs, and look whether all is as it should be. Raises AssertionError."""
        final = since = 0
        while final < epochs:
            self.steps += 1
            self._do(draw(self.seed, self.steps), feed=True)
            now_final = self._newest_final()
            if now_final > final:
                self._check_on_chain(now_final)
                final, since = now_final, self.steps
            if self.steps - since > MAX_STEPS_AN_EPOCH:
                raise Stuck(f"after {MAX_STEPS_AN_EPOCH} more steps: {self.world.anchor(final + 1)}")
        self._calm_down()
        assert_exactly_once(self.world, epochs=epochs)
        self._check_light_parts()

    def counts(self) -> dict[str, int]:
        """Return what happened, in words."""
        engine = open_engine(self.world.site.settings.database_url)
        try:
            with read_transaction(engine) as connection:
                survived = sum(connection.execute(select(anchor_table.c.reorg_count)).scalars())
        finally:
            engine.dispose()
        return {
            "steps": self.steps,
            "reorganisations that took an anchor's block": survived,
            "workers started": sum(worker.started for worker in self.workers),
            "workers killed": sum(worker.killed for worker in self.workers),
            "workers stopped": self.stopped,
            **{f"chain, {kind}": count for kind, count in sorted(self.node.done.items())},
            **{f"network, {kind}, drawn": count for kind, count in sorted(self.drawn.items())},
            **{f"network, {kind}, requests": count for kind, count in sorted(self.struck.items())},
        }

    def _do(self, step: Step, *, feed: bool) -> None:
        self.recent.append(step)
        self.clock += timedelta(seconds=step.seconds)
        self.node.set_clock(self.clock)
        if feed and self._is_idle():
            self.world.site.issue(step.credentials)
        for change in step.changes:
            self.node.change(change)
        with ExitStack() as stack:
            for turn in step.turns:
                stack.enter_context(self._dying(self.workers[turn.worker], turn.death))
            for interruption in step.interruptions:
                stack.enter_context(self._interrupting(interruption))
            for fault in step.faults:
                stack.enter_context(self._breaking(fault))
            for turn in step.turns:
                self.workers[turn.worker].begin(_order(self.clock, turn.death))
            for turn in step.turns:
                self.workers[turn.worker].finish()
        for proxy in self.proxies:
            # What hangs arrives now, when nobody waits for it any more.
            proxy.release()
            proxy.released.clear()
            proxy.requests.clear()
            proxy.answers.clear()
        self._end(self.workers[step.turns[0].worker], step.ending)

    def _end(self, worker: WorkerProcess, ending: Ending) -> None:
        if ending is Ending.KILLED:
            worker.bury()
        elif ending is Ending.STOPPED:
            self.stopped += 1
            worker.stop()

    @contextmanager
    def _dying(self, worker: WorkerProcess, death: Death | None) -> Iterator[None]:
        if death is None or death.node is None:
            yield
            return

        def kill(exchange: Exchange) -> None:
            if death.after:
                exchange.forward()
            worker.kill()

        with self.proxies[death.node].behaving(ANY, kill, skip=death.skip, times=1):
            yield

    @contextmanager
    def _interrupting(self, interruption: Interruption) -> Iterator[None]:
        def interrupt(exchange: Exchange) -> None:
            self.node.change(interruption.change)
            exchange.repeat(exchange.forward())

        with self.proxies[interruption.node].behaving(ANY, interrupt, skip=interruption.skip, times=1):
            yield

    @contextmanager
    def _breaking(self, fault: NetworkFault) -> Iterator[None]:
        self.drawn[fault.kind] += 1
        behaviour = _BEHAVIOURS[fault.kind](fault)

        def behave(exchange: Exchange) -> None:
            self.struck[fault.kind] += 1
            behaviour(exchange)

        with self.proxies[fault.node].behaving(
            fault.method,
            behave,
            where=_WHERE.get(fault.kind, lambda _: True),
            skip=fault.skip,
            times=fault.times,
        ):
            yield

    def _is_idle(self) -> bool:
        with self.world.site.store.read() as unit:
            newest = unit.epochs.newest()
            final = newest is None or unit.epochs.anchor(newest.number).state is AnchorState.FINAL
            return final and unit.epochs.waiting().credentials == 0

    def _newest_final(self) -> int:
        with self.world.site.store.read() as unit:
            newest = unit.epochs.newest()
            if newest is None:
                return 0
            return newest.number - (unit.epochs.anchor(newest.number).state is not AnchorState.FINAL)

    def _check_on_chain(self, epoch: int) -> None:
        """Look at once, near to what caused it, whether a final anchor is where its row says."""
        anchor = self.world.anchor(epoch)
        assert anchor.block_number is not None
        block: Any = self.world.site.command("eth_getBlockByNumber", hex(anchor.block_number), False)
        finalized: Any = self.world.site.command("eth_getBlockByNumber", "finalized", False)
        receipt: Any = self.world.site.command("eth_getTransactionReceipt", hex_of(anchor.transaction_hash))
        assert block["hash"] == hex_of(anchor.block_hash) == receipt["blockHash"], anchor
        assert anchor.block_number <= int(finalized["number"], 16), anchor
        assert self.world.site.root_on_chain(epoch) == anchor.root, anchor

    def _check_light_parts(self) -> None:
        """Look whether what was captured stands under blocks that the chain has."""
        engine = open_engine(self.world.site.settings.database_url)
        try:
            with read_transaction(engine) as connection:
                hashes = list(connection.execute(select(light_proof.c.block_hash)).scalars())
        finally:
            engine.dispose()
        assert hashes
        for each in hashes:
            # The node forgets the blocks that a reorganisation takes away.
            block: Any = self.world.site.command("eth_getBlockByHash", hex_of(each), False)
            assert block is not None, hex_of(each)

    def _calm_down(self) -> None:
        """Let everything that is final be published, and all its files be there."""
        for _ in range(MAX_CALM_STEPS):
            self.steps += 1
            self._do(calm(self.steps), feed=False)
            if self.world.is_done():
                return
        raise Stuck(f"not published after {MAX_CALM_STEPS} steps in which nothing went wrong")


@contextmanager
def storm(seed: int, folder: Path, database_url: str) -> Iterator[Storm]:
    """Yield a registry, with a node, proxies and workers of its own."""
    account: LocalAccount = Account.from_key(ANVIL_KEYS[0])
    with ExitStack() as stack:
        anvil = stack.enter_context(run_anvil("--slots-in-an-epoch", str(SLOTS), "--gas-limit", str(BLOCK_GAS)))
        site = stack.enter_context(
            site_on(
                anvil.url,
                chain_id=ANVIL_CHAIN_ID,
                account=account,
                folder=folder,
                database_url=database_url,
                blocks_to_finality=BLOCKS_TO_FINALITY,
            )
        )
        site.command("evm_setAutomine", False)
        proxies = tuple(stack.enter_context(run_proxy(anvil.url)) for _ in range(NODES))
        settings = site.settings.model_copy(
            update={
                "rpc_urls": tuple(proxy.url for proxy in proxies),
                "rpc_timeout_seconds": RPC_TIMEOUT_SECONDS,
                "stuck_after_seconds": 20.0,
                "max_fee_gwei": MAX_FEE_GWEI,
                "daily_budget_ether": Decimal(1_000),
            }
        )
        workers = stack.enter_context(running_workers(settings, folder, WORKERS))
        world = World(site=replace(site, settings=settings), proxy=proxies[0], node_url=anvil.url)
        yield Storm(
            seed=seed,
            world=world,
            node=StormyNode(world),
            proxies=proxies,
            workers=workers,
            clock=datetime.now(UTC),
        )


def _order(now: datetime, death: Death | None) -> Order:
    commits = death.skip if death is not None and death.node is None else None
    return Order(now=now, commits=commits, after=death is not None and death.after)


def _slow(fault: NetworkFault) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        answer = exchange.forward()
        exchange.proxy.released.wait(DELAY_SECONDS * fault.amount)
        exchange.repeat(answer)

    return behave


def _stale_head(fault: NetworkFault) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        answer = exchange.forward()
        number = max(int(answer["result"]["number"], 16) - fault.amount, 0)
        exchange.repeat(exchange.ask("eth_getBlockByNumber", hex(number), False))

    return behave


def _false_finality(exchange: Exchange) -> None:
    exchange.repeat(exchange.ask("eth_getBlockByNumber", "latest", False))


def _by_tag(params: list[Any]) -> bool:
    return bool(params) and params[0] in {"latest", "finalized"}


_WHERE: Final[Mapping[Fault, Callable[[list[Any]], bool]]] = {
    Fault.STALE_HEAD: _by_tag,
    Fault.FALSE_FINALITY: behaviours.block_named("finalized"),
}
_BEHAVIOURS: Final[Mapping[Fault, Callable[[NetworkFault], Behaviour]]] = {
    Fault.DROP_BEFORE: lambda _: behaviours.drop_before,
    Fault.DROP_AFTER: lambda _: behaviours.drop_after,
    Fault.LATE: lambda _: behaviours.hang_before,
    Fault.HANG: lambda _: behaviours.hang_after,
    Fault.DELAY: _slow,
    Fault.TWICE: lambda _: behaviours.send_twice,
    Fault.TRUNCATE: lambda _: behaviours.truncate,
    Fault.ANOTHER_ID: lambda _: behaviours.another_id,
    Fault.HTML: lambda _: behaviours.html,
    Fault.HTTP_429: lambda fault: behaviours.http_status(429, Retry_After=str(fault.amount)),
    Fault.HTTP_502: lambda _: behaviours.http_status(502),
    Fault.LIMIT: lambda _: behaviours.refuse("limit exceeded", code=-32_005),
    Fault.NULL_RECEIPT: lambda _: behaviours.claim(None),
    Fault.EMPTY_RECEIPT: lambda _: behaviours.claim({}),
    Fault.STALE_HEAD: _stale_head,
    Fault.FAKE_ACK: lambda _: behaviours.swallow,
    Fault.FALSE_FINALITY: lambda _: _false_finality,
    Fault.STALE_NONCE: lambda fault: behaviours.alter(lambda nonce: hex(max(int(nonce, 16) - fault.amount, 0))),
}


@contextmanager
def working_folder() -> Iterator[Path]:
    """Yield a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="credroot-chaos-") as name:
        yield Path(name)

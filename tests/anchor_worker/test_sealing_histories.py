"""Whatever happens in whatever order, each credential ends in one batch of one epoch and every promise is kept."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from anchor_worker.sealing import EpochSealer, SealingRule
from registry.adapters import tables
from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.adapters.sql_store import SqlStore
from registry.domain.promise import PromiseKind
from registry.store_ports import AnchorState, NewCredential, ReadStore, Store, WriteStore
from tests.postgres import PostgresServer
from tests.promises import make_promise
from tests.registry_world import SetClock
from tests.sealed_once import check_sealed_once
from tests.store_samples import LOG, Tenant, add_log, add_tenant, issue, order

# Small, so that a few credentials are more than a batch or an epoch takes.
RULE = SealingRule(after=timedelta(0), after_credentials=4, batch_limit=3, epoch_limit=6)
ISSUERS = ("north", "south")


class Crash(Exception):
    """The process ends."""


@dataclass
class CrashingStore:
    """A store whose process ends before one of its write transactions is committed."""

    store: Store
    commits_left: int

    def read(self) -> contextlib.AbstractContextManager[ReadStore]:
        return self.store.read()

    @contextmanager
    def write(self) -> Iterator[WriteStore]:
        with self.store.write() as unit:
            yield unit
            if self.commits_left == 0:
                raise Crash
            self.commits_left -= 1


@dataclass
class History:
    """A registry to which things happen."""

    engine: Engine
    store: SqlStore
    tenants: Sequence[Tenant]
    issued: list[NewCredential] = field(default_factory=list)

    def issue(self, number: int) -> None:
        self.issued += issue(self.store, self.tenants[number % len(ISSUERS)], 1 + number // len(ISSUERS))

    def accept(self, number: int) -> None:
        """Issue some that are all promised at once."""
        self.issue(number)
        for credential in self.issued[-1 - number // len(ISSUERS) :]:
            make_promise(self.store, credential)

    def promise(self, number: int) -> None:
        if self.issued:
            make_promise(self.store, self.issued[number % len(self.issued)])

    def revoke(self, number: int) -> None:
        if self.issued:
            credential = self.issued[number % len(self.issued)]
            with self.store.write() as unit:
                unit.statuses.revoke(order(credential.id))
            make_promise(self.store, credential, PromiseKind.REVOCATION)

    def build(self, _: int) -> None:
        self.sealer(self.store).build_ahead()

    def seal(self, _: int) -> None:
        self.sealer(self.store).seal()

    def seal_if_due(self, _: int) -> None:
        self.sealer(self.store).seal_if_due()

    def crash_building(self, number: int) -> None:
        with contextlib.suppress(Crash):
            self.sealer(CrashingStore(self.store, number % 3)).build_ahead()

    def crash_sealing(self, number: int) -> None:
        with contextlib.suppress(Crash):
            self.sealer(CrashingStore(self.store, number % 4)).seal()

    def finalize(self, _: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(tables.anchor).values(state=AnchorState.FINAL.value))

    def sealer(self, store: Store) -> EpochSealer:
        return EpochSealer(store, log=LOG.name, rule=RULE, clock=SetClock())


Event: TypeAlias = Callable[[History, int], None]

_EVENTS: tuple[Event, ...] = (
    History.issue,
    History.accept,
    History.promise,
    History.revoke,
    History.build,
    History.seal,
    History.seal_if_due,
    History.crash_building,
    History.crash_sealing,
    History.finalize,
)
_HISTORIES = st.lists(st.tuples(st.sampled_from(_EVENTS), st.integers(0, 15)), min_size=8, max_size=24)


@settings(max_examples=25)
@given(events=_HISTORIES)
def test_any_history_on_sqlite_ends_with_everything_sealed_once(events: list[tuple[Event, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        play(f"sqlite:///{Path(folder) / 'registry.db'}", events)


@settings(max_examples=8)
@given(events=_HISTORIES)
def test_any_history_on_postgresql_ends_with_everything_sealed_once(
    postgres_server: PostgresServer, events: list[tuple[Event, int]]
) -> None:
    with postgres_server.fresh_database() as url:
        play(url, events)


def play(url: str, events: list[tuple[Event, int]]) -> None:
    engine = open_engine(url)
    try:
        upgrade(engine)
        store = SqlStore(engine)
        add_log(store)
        history = History(engine, store, [add_tenant(store, name) for name in ISSUERS])
        for event, number in events:
            event(history, number)
        while history.sealer(store).seal() is not None:
            continue
        check_sealed_once(store, engine, [credential.leaf for credential in history.issued])
    finally:
        engine.dispose()

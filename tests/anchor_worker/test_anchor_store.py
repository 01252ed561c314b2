"""The anchors' table: every write behind the fence, every change an event."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

import pytest
from sqlalchemy import Connection, Engine, select

from anchor_worker.budget import DAY, Budget
from anchor_worker.machine import Phase, State, with_attempt
from anchor_worker.obstacles import Obstacle, Reason
from anchor_worker.ports import Fenced, Reply, SignedAttempt, StoredAnchor
from anchor_worker.sealing import EpochSealer, SealingRule
from anchor_worker.store import SqlAnchorStore
from registry.adapters import tables
from registry.adapters.clock import SystemClock
from registry.adapters.database import open_engine
from registry.domain.errors import Conflict
from registry.store_ports import AnchorEvent, AnchorState, Store
from tests.anchor_worker.observations import a_place, an_attempt, hash_of
from tests.store_samples import LOG, add_log, add_tenant, issue

SENDER: Final = "0x" + "aa" * 20
RAW: Final = b"signed"


@dataclass
class Gate:
    """A fence that somebody opens and closes."""

    open: bool = True
    token: int = 1

    def __call__(self, _connection: Connection) -> int:
        if not self.open:
            raise Fenced("the gate is closed")
        return self.token


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An epoch that was just sealed, and the store of its anchor."""

    store: Store
    engine: Engine
    anchors: SqlAnchorStore
    gate: Gate

    def anchor(self) -> StoredAnchor:
        found = self.anchors.open_anchor()
        assert found is not None
        return found

    def sign(self, number: int = 1) -> StoredAnchor:
        stored, attempt = self.anchor(), an_attempt(number)
        signed = SignedAttempt(attempt=attempt, raw=RAW, budget=Budget(day_wei=10**18, since=attempt.signed_at - DAY))
        return self.anchors.add_attempt(stored, with_attempt(stored.state, attempt), signed)

    def move(self, phase: Phase, **changes: Any) -> StoredAnchor:  # noqa: ANN401  # any field of the state
        stored = self.anchor()
        return self.anchors.save(stored, replace(stored.state, phase=phase, **changes))

    def events(self) -> tuple[AnchorEvent, ...]:
        with self.store.read() as unit:
            return unit.epochs.anchor_events(1)

    def rows(self) -> list[list[tuple[Any, ...]]]:
        listed = (tables.anchor, tables.attempt, tables.anchor_event)
        with self.engine.connect() as connection:
            return [sorted(map(tuple, connection.execute(select(table))), key=repr) for table in listed]


@pytest.fixture
def desk(store: Store, database_url: str) -> Iterator[Desk]:
    add_log(store)
    issue(store, add_tenant(store, "north"), 1)
    rule = SealingRule(after=timedelta(0), after_credentials=1)
    EpochSealer(store, log=LOG.name, rule=rule, clock=SystemClock()).seal()
    engine, gate = open_engine(database_url), Gate()
    yield Desk(
        store=store,
        engine=engine,
        anchors=SqlAnchorStore(engine, sender=SENDER, fence=gate, clock=SystemClock()),
        gate=gate,
    )
    engine.dispose()


WRITES: Final[dict[str, Callable[[Desk], object]]] = {
    "save": lambda desk: desk.move(Phase.PENDING),
    "add_attempt": lambda desk: desk.sign(2),
    "begin_sending": lambda desk: desk.anchors.begin_sending(hash_of(1)),
    "record_reply": lambda desk: desk.anchors.record_reply(hash_of(1), Reply(refusal=None, detail="lost")),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_worker_that_leads_no_more_changes_nothing(desk: Desk, write: Callable[[Desk], object]) -> None:
    desk.sign()
    before = desk.rows()
    desk.gate.open = False

    with pytest.raises(Fenced):
        write(desk)

    assert desk.rows() == before
    desk.gate.open = True
    write(desk)
    assert desk.rows() != before


def test_every_change_of_an_anchor_is_an_event_with_its_reason_facts_and_token(desk: Desk) -> None:
    place = a_place(1)
    desk.sign()
    desk.gate.token = 4
    desk.move(Phase.PENDING)
    desk.sign(2)
    desk.move(Phase.BLOCKED, obstacle=Obstacle(reason=Reason.NO_FUNDS, detail="expected 9 wei"))
    desk.move(Phase.MINED, obstacle=None, place=place)
    desk.move(Phase.FINAL)

    events = desk.events()

    assert [(each.version, each.before, each.after, each.token) for each in events] == [
        (1, None, AnchorState.SEALED, None),
        (2, AnchorState.SEALED, AnchorState.SIGNED, 1),
        (3, AnchorState.SIGNED, AnchorState.PENDING, 4),
        (4, AnchorState.PENDING, AnchorState.PENDING, 4),
        (5, AnchorState.PENDING, AnchorState.BLOCKED, 4),
        (6, AnchorState.BLOCKED, AnchorState.MINED, 4),
        (7, AnchorState.MINED, AnchorState.FINAL, 4),
    ]
    where = f"{place.transaction} in block {place.block_number} {place.block_hash}"
    assert [(each.reason, each.detail) for each in events] == [
        (None, None),
        (None, hash_of(1)),
        (None, None),
        (None, hash_of(2)),
        ("no-funds", "expected 9 wei"),
        (None, where),
        (None, where),
    ]


def test_events_stay_as_they_were_written(desk: Desk) -> None:
    seen = [desk.events()]
    for phase in (Phase.PENDING, Phase.BLOCKED, Phase.PENDING):
        desk.sign(len(seen))
        obstacle = Obstacle(reason=Reason.REFUSED, detail="no") if phase is Phase.BLOCKED else None
        desk.move(phase, obstacle=obstacle)
        seen.append(desk.events())

    assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(seen))
    assert len({len(each) for each in seen}) == len(seen)


def test_figures_of_an_obstacle_are_stored_and_are_no_event_of_their_own(desk: Desk) -> None:
    for base_fee in (300, 301, 302):
        detail = f"base fee {base_fee} wei, limit 200 wei"
        desk.move(Phase.BLOCKED, obstacle=Obstacle(reason=Reason.FEE_LIMIT, detail=detail))
    desk.move(Phase.BLOCKED, obstacle=Obstacle(reason=Reason.NO_FUNDS, detail="expected 9 wei"))

    assert [event.detail for event in desk.events()] == [None, "base fee 300 wei, limit 200 wei", "expected 9 wei"]
    assert [event.version for event in desk.events()] == [1, 2, 5]


def test_a_change_that_loses_the_comparison_leaves_no_event(desk: Desk) -> None:
    stale = desk.anchor()
    desk.sign()

    with pytest.raises(Conflict, match="another worker"):
        desk.anchors.save(stale, State(epoch=1, root=stale.state.root, phase=Phase.SEALED))

    assert [event.version for event in desk.events()] == [1, 2]

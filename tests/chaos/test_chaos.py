"""A short storm with a fixed seed; `make chaos` is the long one."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.chaos.plan import LIES, ChainChange, Change, Ending, Fault, draw
from tests.chaos.storm import storm

SEED: Final = 20
EPOCHS: Final = 4
"""A few seconds; what it must not miss in them stands below."""


def test_the_same_seed_and_number_draw_the_same_step() -> None:
    assert [draw(SEED, number) for number in range(50)] == [draw(SEED, number) for number in range(50)]
    assert [draw(SEED, number) for number in range(50)] != [draw(SEED + 1, number) for number in range(50)]


def test_everything_that_can_happen_is_drawn() -> None:
    steps = [draw(SEED, number) for number in range(1_000)]

    assert {change.kind for step in steps for change in step.changes} == set(Change)
    assert {fault.kind for step in steps for fault in step.faults} == set(Fault)
    assert {step.ending for step in steps} == set(Ending)
    deaths = Counter((turn.death.node is None, turn.death.after) for step in steps for turn in step.turns if turn.death)
    assert len(deaths) == 4


def test_never_do_two_nodes_lie_in_one_step() -> None:
    for number in range(1_000):
        assert len({fault.node for fault in draw(SEED, number).faults if fault.kind in LIES}) <= 1


@pytest.mark.chain
def test_the_chain_s_clock_goes_with_the_workers(tmp_path: Path) -> None:
    with storm(SEED, tmp_path, f"sqlite:///{tmp_path / 'registry.db'}") as weather:
        for minutes, change in (
            (20, ChainChange(kind=Change.MINE, amount=2)),
            (40, ChainChange(kind=Change.REORG_EMPTY, amount=1)),
        ):
            now = weather.clock + timedelta(minutes=minutes)
            weather.node.set_clock(now)
            weather.node.change(change)
            weather.node.change(ChainChange(kind=Change.MINE, amount=1))
            block = weather.world.site.command("eth_getBlockByNumber", "latest", False)
            assert isinstance(block, dict)
            behind = now - datetime.fromtimestamp(int(str(block["timestamp"]), 16), UTC)
            assert abs(behind) < timedelta(minutes=1)


@pytest.mark.chain
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_every_epoch_is_anchored_once_whatever_befalls(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sqlite = database == "sqlite"
    url = f"sqlite:///{tmp_path / 'registry.db'}" if sqlite else str(request.getfixturevalue("postgres_url"))

    with storm(SEED, tmp_path, url) as weather:
        weather.run(EPOCHS)

        counts = weather.counts()
    assert min(counts["workers killed"], weather.struck.total(), weather.node.done.total()) > 0

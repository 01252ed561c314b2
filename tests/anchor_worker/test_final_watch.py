"""A final anchor that the chain no longer has: nothing is rewritten, nothing is signed, and everybody can see it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from anchor_worker.final_store import SqlFinalAnchors
from anchor_worker.wiring import opened_engine
from registry.adapters.clock import SystemClock
from registry.store_ports import AnchorState
from tests.anchor_worker.lying_providers import honest, on_a_chain_of_its_own, providers
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anvil import run_anvil
from tests.paths import REPO_ROOT
from tests.rpc_proxy import Change

pytestmark = pytest.mark.chain

TIMEOUT_SECONDS = 60.0
# It takes one; two busy cores get sixty times that.

NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path) as made:
        for _ in range(2):
            made.issue()
            made.run_once()
            made.mine(BLOCKS_TO_FINALITY)
            made.run_once()
        assert made.anchor(2).state is AnchorState.FINAL
        yield made


def run(site: Site, *changes: Change) -> list[dict[str, Any]]:
    """Run a round through providers that answer in these ways, and return what was told of it."""
    with providers(site.settings.rpc_urls[0], changes) as urls, capture_logs() as events:
        site.run_once(rpc_urls=urls)
    return [dict(each) for each in events]


def marked(site: Site) -> list[int]:
    with opened_engine(site.settings) as engine:
        return [each.anchor.epoch for each in SqlFinalAnchors(engine, clock=SystemClock()).mismatches()]


def test_a_reorganisation_below_finality_stops_the_worker_and_rewrites_nothing(site: Site) -> None:
    before = [site.anchor(number) for number in (1, 2)]
    site.command("anvil_reorg", BLOCKS_TO_FINALITY + 1, [])
    site.mine()
    nonce = site.web3.eth.get_transaction_count(site.account.address)
    site.issue()
    with capture_logs() as events:
        with site.worker() as worker:
            worker.run_once()
            worker.run_once()
        site.run_once()

    (first, second) = [each for each in events if each["event"] == "final_mismatch"]
    assert (first["epoch"], first["log_level"]) == (2, "error")
    assert first == second
    assert site.anchor(3).state is AnchorState.BLOCKED
    assert (site.anchor(3).blocked_reason or "").startswith("final-mismatch: epoch 2 was final in block")
    assert [site.anchor(number) for number in (1, 2)] == before
    assert site.web3.eth.get_transaction_count(site.account.address) == nonce
    assert marked(site) == [2]


def test_a_mismatch_is_kept_while_nobody_answers_and_shown_with_no_anchor_open(site: Site) -> None:
    lie: Change = on_a_chain_of_its_own
    run(site, lie, lie, honest)
    with capture_logs() as events:
        site.run_once(rpc_urls=(NOBODY_LISTENS,))
    status = subprocess.run(
        [sys.executable, "-m", "anchor_worker", "status"],
        env=site.environment,
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_SECONDS,
    )

    assert marked(site) == [1, 2]
    assert [each["event"] for each in events if each["event"].startswith("final")] == ["final_anchors_not_checked"]
    assert "halted    final-mismatch: epoch 1 was final in block" in status.stdout


def test_the_worker_goes_on_by_itself_when_the_chain_has_the_anchor_again(site: Site) -> None:
    lie: Change = on_a_chain_of_its_own
    run(site, lie, lie, honest)
    site.issue()
    run(site, honest, lie)
    disputed = marked(site), site.anchor(3)

    events = run(site, honest, honest, lie)

    assert disputed[0] == [1, 2]
    assert (disputed[1].blocked_reason or "").startswith("final-mismatch")
    assert sorted(each["epoch"] for each in events if each["event"] == "final_mismatch_over") == [1, 2]
    assert marked(site) == []
    assert site.anchor(3).state is AnchorState.MINED


@pytest.mark.parametrize("place", [0, 2])
def test_one_of_three_that_denies_a_final_anchor_stops_nothing_and_is_told_about(site: Site, place: int) -> None:
    changes: list[Change] = [honest, honest, honest]
    changes[place] = on_a_chain_of_its_own
    site.issue()

    events = run(site, *changes)

    disputed = [each for each in events if each["event"] == "final_disputed"]
    assert [each["epoch"] for each in disputed] == [2, 1]
    assert [list(each["answers"].values()).count(each["block_hash"]) for each in disputed] == [2, 2]
    assert marked(site) == []
    assert site.anchor(3).state is AnchorState.MINED

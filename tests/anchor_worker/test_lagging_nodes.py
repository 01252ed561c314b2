"""A node alone that falls back, or loses sight of finality: the anchor stays where it is, and somebody is told."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from registry.store_ports import AnchorState
from tests.anchor_worker.lying_providers import Answer, providers
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anvil import run_anvil

pytestmark = pytest.mark.chain


@dataclass
class Switch:
    """A way of answering that is turned on and off."""

    lie: Callable[[str, list[Any], Answer], Answer]
    on: bool = False

    def answer(self, method: str, params: list[Any], answer: Answer) -> Answer:
        return self.lie(method, params, copy.deepcopy(answer)) if self.on else answer


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path) as made:
        made.issue()
        made.run_once()
        assert made.anchor(1).state is AnchorState.MINED
        yield made


def told(events: list[Any], event: str, **facts: str) -> list[dict[str, Any]]:
    wanted = {"event": event, **facts}
    return [each for each in events if wanted.items() <= each.items()]


def no_block(_method: str, params: list[Any], answer: Answer) -> Answer:
    return {**answer, "result": None} if params == ["finalized", False] else answer


def unknown_block(_method: str, params: list[Any], answer: Answer) -> Answer:
    if params != ["finalized", False]:
        return answer
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": -39001, "message": "unknown block"}}


def finalized_further_back(_method: str, params: list[Any], answer: Answer) -> Answer:
    if params == ["finalized", False]:
        answer["result"]["number"] = hex(int(answer["result"]["number"], 16) - 2)
    return answer


def fallen_back(method: str, params: list[Any], answer: Answer) -> Answer:
    if params == ["latest", False]:
        answer["result"]["number"] = "0x0"
    if method == "eth_getTransactionCount":
        answer["result"] = "0x0"
    return answer


@pytest.mark.parametrize("lie", [no_block, unknown_block], ids=["null", "error"])
def test_without_a_finalized_block_an_anchor_stays_mined_and_that_is_told(
    site: Site, lie: Callable[[str, list[Any], Answer], Answer]
) -> None:
    site.mine(BLOCKS_TO_FINALITY)
    with providers(site.settings.rpc_urls[0], [lie]) as urls, capture_logs() as events:
        site.run_once(rpc_urls=urls)
    blind = site.anchor(1).state
    site.run_once()

    assert (blind, site.anchor(1).state) == (AnchorState.MINED, AnchorState.FINAL)
    assert len(told(list(events), "finality_changed", finality="missing", log_level="warning")) == 1


def test_a_finalized_block_that_moves_back_makes_nothing_final_until_it_is_there_again(site: Site) -> None:
    switch = Switch(finalized_further_back)
    with (
        providers(site.settings.rpc_urls[0], [switch.answer]) as urls,
        capture_logs() as events,
        site.worker(rpc_urls=urls) as worker,
    ):
        worker.run_once()
        site.mine(BLOCKS_TO_FINALITY - 1)
        switch.on = True
        worker.run_once()
        back = site.anchor(1).state
        switch.on = False
        site.mine()
        worker.run_once()

    assert (back, site.anchor(1).state) == (AnchorState.MINED, AnchorState.FINAL)
    assert len(told(list(events), "provider_set_aside", reason="finalized-backwards")) == 1
    assert len(told(list(events), "provider_back")) == 1


def test_a_finalized_block_that_is_old_is_told_about(site: Site) -> None:
    with capture_logs() as events:
        site.run_once(finality_stalled_seconds=1e-6)

    assert len(told(list(events), "finality_changed", finality="stalled", log_level="warning")) == 1
    assert site.anchor(1).state is AnchorState.MINED


def test_a_node_that_falls_back_chooses_no_nonce(site: Site) -> None:
    switch = Switch(fallen_back)
    site.mine(BLOCKS_TO_FINALITY)
    with (
        providers(site.settings.rpc_urls[0], [switch.answer]) as urls,
        capture_logs() as events,
        site.worker(rpc_urls=urls) as worker,
    ):
        worker.run_once()
        switch.on = True
        site.issue()
        worker.run_once()
        fallen = site.anchor(2).state
        switch.on = False
        worker.run_once()

    assert site.anchor(1).state is AnchorState.FINAL
    assert (fallen, site.anchor(2).state) == (AnchorState.SEALED, AnchorState.MINED)
    assert len(told(list(events), "provider_set_aside", reason="behind")) == 1
    assert site.epochs_on_chain() == 2

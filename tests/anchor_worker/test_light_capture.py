"""The light part of an epoch is captured as it becomes final; a node that cannot prove it hinders nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from registry.domain.light import LightPart
from registry.domain.light_proof import LightQuestion, LightState, prove_state
from registry.store_ports import AnchorState
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, ARTIFACT, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anvil import run_anvil
from tests.rpc_proxy import refusal, run_proxy

pytestmark = pytest.mark.chain


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path, database_url=database_url) as made:
        yield made


def anchor(site: Site, *, rpc_url: str | None = None) -> None:
    """Let the next epoch become final."""
    urls = site.settings.rpc_urls if rpc_url is None else (rpc_url,)
    site.issue()
    site.run_once(rpc_urls=urls)
    site.mine(BLOCKS_TO_FINALITY)
    site.run_once(rpc_urls=urls)


def captured(site: Site, epoch: int) -> LightPart | None:
    with site.store.read() as unit:
        return unit.light_proofs.of_epoch(epoch)


def prove(site: Site, light: LightPart, epoch: int) -> LightState:
    question = LightQuestion(
        log=site.log.name, anchor_epoch=epoch, status_epoch=epoch, code_hash=ARTIFACT.runtime_code_hash
    )
    return prove_state(light, question, block_hash=keccak(light.header), keccak=keccak)


def test_the_light_part_of_a_final_epoch_is_captured_at_a_final_block(site: Site) -> None:
    anchor(site)

    light = captured(site, 1)

    assert light is not None
    state = prove(site, light, 1)
    assert state.roots == {1: site.anchor(1).root}
    final = site.web3.eth.get_block("finalized")
    assert state.header.number == final["number"]
    assert keccak(light.header) == final["hash"]


def test_nothing_is_captured_before_an_epoch_is_final(site: Site) -> None:
    site.issue()

    site.run_once()

    assert site.anchor(1).state is AnchorState.MINED
    assert captured(site, 1) is None


def test_a_node_that_keeps_no_proofs_hinders_nothing_and_another_makes_up_for_it(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    def without_proofs(method: str, _: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return refusal("no proofs here") if method == "eth_getProof" else answer

    with run_proxy(site.settings.rpc_urls[0], without_proofs) as poor:
        anchor(site, rpc_url=poor)
    told = capsys.readouterr()

    assert site.anchor(1).state is AnchorState.FINAL
    assert (site.published / "epochs" / "1" / "manifest.json").is_file()
    assert captured(site, 1) is None
    assert "no proofs here" in told.out + told.err

    site.run_once()

    assert captured(site, 1) is not None


def test_a_captured_light_part_stays_and_each_epoch_has_its_own(site: Site) -> None:
    anchor(site)
    first = captured(site, 1)
    site.mine(3)
    site.run_once()
    anchor(site)

    second = captured(site, 2)

    assert captured(site, 1) == first is not None
    assert second is not None
    assert prove(site, second, 2).latest_epoch == 2


def test_a_node_that_cannot_prove_is_asked_again_only_after_a_while(site: Site) -> None:
    asked: list[str] = []

    def without_proofs(method: str, _: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        asked.append(method)
        return refusal("no proofs here") if method == "eth_getProof" else answer

    site.issue()
    with run_proxy(site.settings.rpc_urls[0], without_proofs) as poor, site.worker(rpc_urls=(poor,)) as worker:
        worker.run_once()
        site.mine(BLOCKS_TO_FINALITY)
        for _ in range(3):
            worker.run_once()

    assert asked.count("eth_getProof") == 1

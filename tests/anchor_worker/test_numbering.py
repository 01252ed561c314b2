"""Nothing is sealed under a number that may be taken: nodes that are down, of another chain, or know more are asked first."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from anchor_worker.numbering import ChainNumbers, PublishedNumbers
from anchor_worker.observer import AnchoredLog, check_node
from anchor_worker.providers import Pool
from registry.adapters.clock import SystemClock
from registry.adapters.rpc import connect
from registry.domain.errors import Conflict, NotFound, Unavailable
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, ARTIFACT, Site, site_on_anvil
from tests.anchor_worker.test_worker_on_anvil import send_from_account
from tests.anvil import run_anvil
from tests.rpc_proxy import Change, run_proxy

pytestmark = pytest.mark.chain

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path) as made:
        yield made


def numbers(site: Site, *urls: str) -> ChainNumbers:
    log = AnchoredLog(
        name=site.log.name,
        genesis_hash="0x" + site.log.genesis_hash.hex(),
        deploy_block=site.log.deploy_block,
        artifact=ARTIFACT,
    )
    pool = Pool(
        [connect(url) for url in urls],
        check=partial(check_node, log=log),
        stalled_after=timedelta(days=1),
        clock=SystemClock(),
        jitter=lambda: 0.0,
    )
    return ChainNumbers(pool, site.log.name)


def claiming(epochs: int) -> Change:
    def change(method: str, _params: list[object], answer: dict[str, object]) -> dict[str, object]:
        return {**answer, "result": f"0x{epochs:064x}"} if method == "eth_call" else answer

    return change


def test_nothing_is_sealed_while_no_node_answers_and_everything_waits(site: Site) -> None:
    site.issue(2)

    site.run_once(rpc_urls=(NOBODY,))

    with site.store.read() as unit:
        assert unit.epochs.newest() is None
        assert unit.epochs.waiting().credentials == 2


def test_one_node_that_answers_is_enough(site: Site) -> None:
    numbers(site, NOBODY, *site.settings.rpc_urls).check(1)


def test_a_node_of_another_chain_is_not_asked_how_many_epochs_there_are(site: Site) -> None:
    with run_anvil(*ANVIL_ARGUMENTS, "--chain-id", "4242") as other:
        with pytest.raises(Unavailable) as caught:
            numbers(site, other.url).check(1)
        numbers(site, other.url, *site.settings.rpc_urls).check(1)

    assert caught.value.code == "wrong-chain-id"


def test_a_chain_that_knows_more_keeps_everything_waiting(site: Site) -> None:
    send_from_account(site, to=ARTIFACT.address, data=b"\x77" * 32)
    site.issue()

    site.run_once()

    with pytest.raises(Conflict) as caught:
        numbers(site, *site.settings.rpc_urls).check(1)
    assert caught.value.code == "database-behind-chain"
    with pytest.raises(NotFound):
        site.anchor(1)


def test_a_node_that_is_behind_does_not_hide_what_another_one_knows(site: Site) -> None:
    site.issue()
    site.run_once()

    with run_proxy(site.settings.rpc_urls[0], claiming(0)) as behind, pytest.raises(Conflict):
        numbers(site, behind, *site.settings.rpc_urls).check(1)


def test_one_of_three_that_makes_epochs_up_keeps_nothing_waiting(site: Site) -> None:
    honest = site.settings.rpc_urls[0]

    with run_proxy(honest, claiming(2**64)) as liar, run_proxy(honest, claiming(0)) as another:
        numbers(site, liar, honest, another).check(1)


def test_a_contract_that_is_not_there_is_no_answer(site: Site) -> None:
    site.command("anvil_setCode", ARTIFACT.address, "0x")

    with pytest.raises(Unavailable):
        numbers(site, *site.settings.rpc_urls).check(1)


def test_a_folder_that_is_not_there_yet_has_no_epochs(tmp_path: Path) -> None:
    PublishedNumbers(tmp_path / "none").check(1)

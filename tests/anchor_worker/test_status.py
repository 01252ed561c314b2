"""The status for people: what waits and since when, how far each anchor is, and what to do about one that is blocked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from anchor_worker import status
from anchor_worker.advice import advise
from registry.adapters.database import open_engine
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anvil import run_anvil
from tests.registry_world import SetClock

pytestmark = pytest.mark.chain


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path, database_url=database_url) as made:
        yield made


def shown(site: Site, **changes: object) -> status.Status:
    engine, clock = open_engine(site.settings.database_url), SetClock()
    clock.advance(hours=27, minutes=5)
    try:
        return status.read_status(site.settings.model_copy(update=changes), engine, clock)
    finally:
        engine.dispose()


def text_of(found: status.Status) -> str:
    return "\n".join(status.as_lines(found))


def test_nothing_waits_in_a_new_registry(site: Site) -> None:
    assert "everything is final on chain" in text_of(shown(site))


def test_what_waits_is_told_with_its_age(site: Site) -> None:
    site.issue(3)

    text = text_of(shown(site))

    assert "waiting   3 credentials, 0 status changes" in text
    assert "waits since 2026-06-01 09:30:00 UTC, 1 d 3 h" in text


def test_a_mined_anchor_tells_how_far_it_is_from_being_final(site: Site) -> None:
    site.issue()
    site.run_once()
    mined = text_of(shown(site))
    without_a_node = text_of(shown(site, rpc_urls=()))
    site.mine(BLOCKS_TO_FINALITY)
    finalized = text_of(shown(site))
    site.run_once()
    final = text_of(shown(site))

    assert "epoch 1  MINED" in mined
    assert f"{BLOCKS_TO_FINALITY} blocks to finality" in mined
    assert "1 attempt at nonce" in mined
    assert "finality" not in without_a_node
    assert "finalized, to be noted" in finalized
    assert "epoch 1  FINAL" in final
    assert final.endswith("published")


def test_every_attempt_counts_and_the_newest_offer_is_shown(site: Site) -> None:
    site.command("evm_setAutomine", False)
    site.issue()
    site.run_once(stuck_after_seconds=1e-6)
    site.run_once(stuck_after_seconds=1e-6, min_tip_gwei=4.0)

    found = shown(site)

    (only,) = found.anchors
    assert only.attempts == 2
    assert f"2 attempts at nonce {only.nonce}, at most {(only.max_fee_wei or 0) / 10**9:.2f} gwei" in text_of(found)


def test_a_blocked_anchor_says_why_and_what_to_do(site: Site) -> None:
    site.command("anvil_setBalance", site.account.address, "0x0")
    site.issue()
    site.run_once()

    found = shown(site)

    assert "    no-funds: " in text_of(found)
    assert f"    -> {advise('no-funds')}" in text_of(found)
    told = status.as_json(found)["anchors"]
    assert isinstance(told, list)
    assert isinstance(told[0], dict)
    assert told[0]["advice"] == advise("no-funds")


def test_a_screen_holds_the_newest_ten_and_programs_get_the_same(site: Site) -> None:
    with site.worker() as worker:
        for _ in range(12):
            site.issue()
            worker.run_once()
            site.mine(BLOCKS_TO_FINALITY)
            worker.run_once()

    found = shown(site)

    assert [each.epoch for each in found.anchors] == list(range(12, 2, -1))
    assert len(status.as_lines(found)) <= 20
    body = status.as_json(found)
    assert body["oldestUnanchoredAgeSeconds"] == 0
    assert body["feesSpent24hWei"] == str(found.readings.fees_spent_wei)

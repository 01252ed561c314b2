"""Three providers before a real node, one of which lies: what it says makes nothing final and stops nothing."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from anchor_worker.fees import Market
from anchor_worker.machine import Observation, Phase, State
from anchor_worker.quorum import QuorumObserver, conclude
from registry.store_ports import AnchorState
from tests.anchor_worker.lying_providers import (
    calling_everything_reverted,
    calling_the_nonce_used,
    finalizing_the_head,
    hiding_what_is_mined,
    honest,
    on_a_chain_of_its_own,
    penniless,
    providers,
)
from tests.anchor_worker.observations import (
    GWEI,
    NOW,
    a_place,
    a_sighting,
    a_state,
    an_attempt,
    observed,
)
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anvil import run_anvil
from tests.rpc_proxy import Change

pytestmark = pytest.mark.chain

DEAR = Market(base_fee_wei=30 * GWEI, tip_wei=GWEI)
NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path) as made:
        yield made


@pytest.fixture
def mined(site: Site) -> Site:
    site.issue()
    site.run_once()
    assert site.anchor(1).state is AnchorState.MINED
    return site


def told(events: list[Any], name: str) -> list[dict[str, Any]]:
    return [each for each in events if each["event"] == name]


def run_before(site: Site, *changes: Change, **settings: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # any setting
    """Run a round through providers that answer in these ways, and return what was told of it."""
    with providers(site.settings.rpc_urls[0], changes) as urls, capture_logs() as events:
        site.run_once(rpc_urls=urls, **settings)
    return [dict(each) for each in events]


def test_two_nodes_agree_when_the_same_would_be_stored_whatever_their_words() -> None:
    state = a_state(Phase.PENDING, an_attempt())
    poor, poorer = (observed(balance_wei=wei) for wei in (1, 0))
    reverted = observed(sightings=(a_sighting(succeeded=False),))
    elsewhere = observed(sightings=(a_sighting(place=a_place(block=91)),))

    assert conclude(state, poor) == conclude(state, poorer) != conclude(state, reverted)
    assert conclude(state, observed(sightings=(a_sighting(),))) != conclude(state, elsewhere)
    assert conclude(a_state(Phase.SEALED), observed(nonce_latest=8, nonce_finalized=8)).nonce == 8
    assert conclude(state, observed(now=NOW + timedelta(hours=1), market=DEAR)).nonce is None


@pytest.mark.parametrize(
    ("state", "observation", "grave"),
    [
        (a_state(Phase.SEALED), observed(), True),
        (a_state(Phase.SEALED), observed(finalized=None), False),
        (a_state(Phase.PENDING, an_attempt()), observed(), False),
        (a_state(Phase.PENDING, an_attempt()), observed(balance_wei=0), True),
        (a_state(Phase.PENDING, an_attempt()), observed(sightings=(a_sighting(),), finalized=80), False),
        (a_state(Phase.PENDING, an_attempt()), observed(sightings=(a_sighting(),)), True),
    ],
    ids=["first nonce", "nothing settled", "sent again", "no funds", "mined", "final"],
)
def test_what_ends_stops_or_commits_an_anchor_is_put_to_the_vote(
    state: State, observation: Observation, grave: bool
) -> None:
    assert conclude(state, observation).is_grave is grave


LIES = [
    finalizing_the_head,
    hiding_what_is_mined,
    calling_everything_reverted,
    on_a_chain_of_its_own,
    calling_the_nonce_used,
    penniless,
]


@pytest.mark.parametrize("place", [0, 2], ids=["read first", "read last"])
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_one_of_three_that_lies_makes_nothing_final_and_prevents_nothing(mined: Site, lie: Change, place: int) -> None:
    changes: list[Change] = [honest, honest, honest]
    changes[place] = lie

    run_before(mined, *changes)
    early = mined.anchor(1).state
    mined.mine(BLOCKS_TO_FINALITY)
    run_before(mined, *changes)

    assert early in {AnchorState.MINED, AnchorState.PENDING}
    assert mined.anchor(1).state is AnchorState.FINAL
    assert mined.root_on_chain(1) == mined.anchor(1).root


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_one_of_three_that_lies_chooses_no_nonce_and_keeps_nothing_from_being_anchored(site: Site, lie: Change) -> None:
    site.issue()

    run_before(site, lie, honest, honest)
    site.mine(BLOCKS_TO_FINALITY)
    run_before(site, honest, honest, lie)

    assert site.anchor(1).state is AnchorState.FINAL
    assert site.epochs_on_chain() == 1


def test_what_each_provider_says_is_told_when_they_differ(mined: Site) -> None:
    events = run_before(mined, finalizing_the_head, honest, honest)

    (differ,) = told(events, "providers_differ")
    block = f"block {mined.anchor(1).block_number} 0x{(mined.anchor(1).block_hash or b'').hex()}"
    assert list(differ["answers"].values()) == [f"FINAL {block}", f"MINED {block}", f"MINED {block}"]
    assert (differ["epoch"], differ["quorum"], differ["log_level"]) == (1, 2, "info")


def test_a_contradiction_is_told_as_a_warning_and_counted(mined: Site) -> None:
    mined.mine(BLOCKS_TO_FINALITY)

    changes: list[Change] = [calling_everything_reverted, honest, honest]
    with (
        providers(mined.settings.rpc_urls[0], changes) as urls,
        capture_logs() as events,
        mined.worker(rpc_urls=urls) as worker,
    ):
        worker.run_once()

    (differ,) = told(list(events), "providers_differ")
    assert isinstance(worker._observer, QuorumObserver)
    assert worker._observer.disagreements == 1
    assert sorted(words.split()[0] for words in differ["answers"].values()) == ["BLOCKED", "FINAL", "FINAL"]
    assert differ["log_level"] == "warning"


@pytest.mark.parametrize(
    "lie", [calling_everything_reverted, calling_the_nonce_used, on_a_chain_of_its_own], ids=lambda lie: lie.__name__
)
def test_two_that_contradict_each_other_lead_to_nothing(mined: Site, lie: Change) -> None:
    before = mined.anchor(1)
    mined.mine(BLOCKS_TO_FINALITY)

    events = run_before(mined, lie, honest)

    after = mined.anchor(1)
    assert after.state in {AnchorState.MINED, AnchorState.PENDING}
    assert after.blocked_reason is before.blocked_reason is None
    assert told(events, "providers_differ")


def test_a_nonce_that_one_of_two_calls_used_while_the_other_waits_for_a_block_is_not_foreign(site: Site) -> None:
    site.command("evm_setAutomine", False)
    site.issue()
    site.run_once()

    events = run_before(site, calling_the_nonce_used, honest)

    assert (site.anchor(1).state, site.anchor(1).blocked_reason) == (AnchorState.PENDING, None)
    assert told(events, "providers_differ")


def test_a_nonce_on_which_two_contradict_each_other_is_not_chosen(site: Site) -> None:
    site.issue()

    run_before(site, calling_the_nonce_used, honest)

    assert site.anchor(1).state is AnchorState.SEALED


def test_a_provider_alone_among_three_makes_nothing_final_but_signs_and_sends(site: Site) -> None:
    url = site.settings.rpc_urls[0]
    others = (NOBODY_LISTENS, "http://127.0.0.1:10")
    site.issue()
    site.run_once(rpc_urls=(url, *others))
    site.mine(BLOCKS_TO_FINALITY)
    site.run_once(rpc_urls=(url, *others))
    alone = site.anchor(1).state

    site.run_once(rpc_urls=(url, *others), rpc_quorum=1)

    assert alone is AnchorState.MINED
    assert site.anchor(1).state is AnchorState.FINAL


def test_two_of_three_are_enough(mined: Site) -> None:
    mined.mine(BLOCKS_TO_FINALITY)

    with providers(mined.settings.rpc_urls[0], [honest, honest]) as urls:
        mined.run_once(rpc_urls=(NOBODY_LISTENS, *urls))

    assert mined.anchor(1).state is AnchorState.FINAL


def test_all_must_agree_where_all_are_asked_for(mined: Site) -> None:
    mined.mine(BLOCKS_TO_FINALITY)

    run_before(mined, honest, honest, hiding_what_is_mined, rpc_quorum=3)

    assert mined.anchor(1).state is AnchorState.MINED


def test_what_a_quorum_calls_reverted_is_blocked(mined: Site) -> None:
    run_before(mined, calling_everything_reverted, honest, calling_everything_reverted)

    assert (mined.anchor(1).blocked_reason or "").startswith("reverted")


def test_a_transaction_goes_to_every_provider(site: Site) -> None:
    seen: list[list[str]] = [[], [], []]

    def counting(number: int) -> Change:
        def count(method: str, _params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
            if method == "eth_sendRawTransaction":
                seen[number].append(method)
            return answer

        return count

    site.issue()
    run_before(site, counting(0), counting(1), counting(2))

    assert [len(each) for each in seen] == [1, 1, 1]


def test_a_provider_on_another_chain_is_left_out_and_all_of_them_are_a_wrong_chain(mined: Site) -> None:
    mined.mine(BLOCKS_TO_FINALITY)
    with (
        run_anvil(*ANVIL_ARGUMENTS, "--timestamp", "1700000000") as other,
        providers(mined.settings.rpc_urls[0], [honest, honest]) as urls,
    ):
        mined.run_once(rpc_urls=(other.url,))
        all_wrong = mined.anchor(1)
        mined.run_once(rpc_urls=(other.url, *urls))

    assert (all_wrong.blocked_reason or "").startswith("wrong-chain")
    assert mined.anchor(1).state is AnchorState.FINAL


def test_a_quorum_of_one_is_said_once(mined: Site) -> None:
    with capture_logs() as events, mined.worker() as worker:
        worker.run_once()
        worker.run_once()

    assert len(told(list(events), "quorum_of_one")) == 1

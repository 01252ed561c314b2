"""What a worker tells those who watch it: the truth about what waits, on a real node, whatever state anchors are in."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from anchor_worker.chain_watch import ChainWatch
from anchor_worker.monitoring import monitored
from anchor_worker.readings import Readings, Tallier, Tally, read_readings
from anchor_worker.vitals import STALE_AFTER, Pulse
from registry.adapters.database import open_engine
from registry.adapters.metrics_server import new_registry, serving_metrics
from registry.domain.errors import Refused
from registry.settings import ETHER
from tests.anchor_worker.scraping import health, scrape, wait_for
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anvil import run_anvil
from tests.postgres import PostgresServer
from tests.registry_world import SetClock
from tests.store_samples import NOW

pytestmark = pytest.mark.chain

LATER = NOW + timedelta(hours=3)


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path, database_url=database_url) as made:
        yield made


def readings(site: Site, now: datetime = LATER) -> Readings:
    engine = open_engine(site.settings.database_url)
    try:
        return read_readings(engine, now=now)
    finally:
        engine.dispose()


@contextmanager
def watched(site: Site) -> Iterator[int]:
    """Tell a site's metrics from a port of its own, after one look at the chain."""
    settings = site.settings.model_copy(update={"worker_metrics_bind": "127.0.0.1:0"})
    with capture_logs() as events, monitored(settings):
        yield next(int(event["port"]) for event in events if event["event"] == "metrics_served")


def test_the_oldest_is_as_old_as_what_it_holds_from_its_acceptance_until_it_is_final(site: Site) -> None:
    nothing = readings(site).unanchored_age
    site.issue()
    waiting = readings(site).unanchored_age
    with site.worker() as worker:
        worker.seal()
    sealed = readings(site)
    site.run_once()
    mined = readings(site)
    site.mine(BLOCKS_TO_FINALITY)
    site.run_once()
    final = readings(site)

    assert nothing == timedelta()
    # Sealing and sending anchor nothing: the age goes on from when the credential was accepted.
    assert waiting == sealed.unanchored_age == mined.unanchored_age == timedelta(hours=3)
    assert sealed.oldest_unfinal_at == mined.oldest_unfinal_at is not None
    assert (final.unanchored_age, final.oldest_unfinal_at) == (timedelta(), None)


def test_a_scrape_tells_states_fees_nonces_balance_and_nodes(site: Site) -> None:
    site.issue(2)
    site.run_once()

    with watched(site) as port:
        told = wait_for(port, "credroot_account_balance_wei")

    (node,) = told["credroot_node_up"]
    assert dict(node)["node"] == site.settings.rpc_urls[0].removeprefix("http://")
    assert told["credroot_node_up"][node] == 1
    assert told["credroot_anchors"][(("state", "MINED"),)] == 1
    assert told["credroot_anchors_blocked"][(("reason", "no-funds"),)] == 0
    assert told["credroot_fees_spent_24h_wei"][()] > 50_000 * 10**7
    assert told["credroot_account_balance_wei"][()] == float(site.web3.eth.get_balance(site.account.address))
    assert told["credroot_account_nonce"][(("block", "latest"),)] == told["credroot_anchor_next_nonce"][()]
    assert told["credroot_sends_total"][()] == told["credroot_attempts_total"][()] == 1
    assert told["credroot_newest_epoch"][(("stage", "sealed"),)] == 1
    assert told["credroot_newest_epoch"][(("stage", "published"),)] == 0
    # No round of this process ended yet.
    assert told["credroot_worker_is_leader"][()] == 0
    left_wei = site.settings.daily_budget_ether * ETHER - int(told["credroot_fees_spent_24h_wei"][()])
    assert told["credroot_budget_left_wei"][()] == float(left_wei)
    floor_wei = site.settings.balance_floor_anchors * told["credroot_anchor_cost_wei"][()]
    assert told["credroot_account_balance_floor_wei"][()] == floor_wei
    assert told["credroot_final_mismatches"][()] == 0
    assert told["credroot_chain_epochs"][()] == 1


def test_a_blocked_anchor_is_told_by_its_reason(site: Site) -> None:
    site.command("anvil_setBalance", site.account.address, "0x0")
    site.issue()
    site.run_once()

    found = readings(site)

    assert {reason: count for reason, count in found.blocked.items() if count} == {"no-funds": 1}


def test_reorganisations_and_sendings_are_counted_the_same_whenever_somebody_began_to_look(site: Site) -> None:
    engine = open_engine(site.settings.database_url)
    early = Tallier(engine)
    told = [early.read(final=0)]
    for _ in range(2):
        site.issue()
        site.run_once()
        site.command("anvil_reorg", 1, [])
        site.run_once()
        told.append(early.read(final=readings(site).newest_final))
        site.mine(BLOCKS_TO_FINALITY)
        site.run_once()
        told.append(early.read(final=readings(site).newest_final))
    late = Tallier(engine).read(final=2)
    engine.dispose()

    one = Tally(attempts=1, sends=2, reorganisations=1)
    assert told == [Tally(), one, one, one.plus(one), one.plus(one)]
    assert late == one.plus(one)


def test_a_node_that_is_down_is_told_and_counted_and_its_address_stays_a_secret(site: Site) -> None:
    secret = "http://127.0.0.1:9/v3/a-key-of-somebody"
    watch = ChainWatch((site.settings.rpc_urls[0], secret), log=site.log.name, timeout_seconds=5)
    watch.look_at_all()
    watch.look_at_all()

    up, down = watch.reports

    assert up.facts is not None
    assert (up.failures, down.facts, down.failures) == (0, None, 2)
    assert down.place == "127.0.0.1:9"
    assert "a-key" not in repr(watch.reports)


def test_an_account_is_known_without_its_key_and_a_node_that_is_behind_shows(site: Site) -> None:
    with run_anvil(*ANVIL_ARGUMENTS) as other:
        site.mine(7)
        watch = ChainWatch((site.settings.rpc_urls[0], other.url), log=site.log.name, timeout_seconds=5)
        watch.look_at_all()

    ours, fresh = watch.reports
    assert ours.facts is not None
    assert ours.facts.account == site.account.address.lower()
    # Another chain without the contract: no facts, and a reason.
    assert (fresh.facts, "no contract" in fresh.failure) == (None, True)


def test_health_is_a_round_not_long_ago() -> None:
    clock = SetClock()
    pulse = Pulse(clock)
    with serving_metrics(("127.0.0.1", 0), new_registry(), is_healthy=pulse.is_fresh) as port:
        begun = health(port)
        clock.moment += STALE_AFTER + timedelta(seconds=1)
        stale = health(port)
        pulse.beat(lease_token=7)
        after = health(port)

    assert (begun, stale, after) == (200, 503, 200)
    assert pulse.vitals.lease_token == 7


def test_a_scrape_without_a_database_says_so_and_tells_the_rest(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with run_anvil(*ANVIL_ARGUMENTS) as node, ExitStack() as stack:
        with postgres_server.fresh_database() as url:
            site = stack.enter_context(site_on_anvil(node.url, tmp_path, database_url=url))
            port = stack.enter_context(watched(site))
            wait_for(port, "credroot_account_balance_wei")
        told = scrape(port)

    assert told["credroot_database_up"][()] == 0
    assert "credroot_anchors" not in told
    assert told["credroot_account_balance_wei"][()] > 0


def test_a_port_that_is_taken_is_refused_before_anything_is_done(site: Site) -> None:
    with serving_metrics(("127.0.0.1", 0), new_registry(), is_healthy=lambda: True) as port:
        settings = site.settings.model_copy(update={"worker_metrics_bind": f"127.0.0.1:{port}"})

        with pytest.raises(Refused) as caught, monitored(settings):
            pass

    assert caught.value.code == "cannot-listen"

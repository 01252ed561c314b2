"""Several workers on one database with one key, as processes: killed, stopped and woken, told to stop, cut off."""

import os
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import func, make_url, select, update

from registry.adapters import tables
from registry.adapters.database import open_engine, write_transaction
from registry.store_ports import AnchorState
from tests.anchor_worker.rpc_proxy import run_proxy
from tests.anchor_worker.sites import Site, funded_account, site_on
from tests.anchor_worker.test_leader import end_session_with_the_lock
from tests.anchor_worker.worker_processes import TIMEOUT_SECONDS, await_event, finished, started
from tests.devchain_process import DevChainProcess

LONG: Final = {"CREDROOT_LEASE_SECONDS": "100000", "CREDROOT_RPC_TIMEOUT_SECONDS": "1000"}
# Nobody waits for this one, and no busy machine makes it run out: it is over when a test says so.


@pytest.fixture
def site(devchain: DevChainProcess, database_url: str, tmp_path: Path) -> Iterator[Site]:
    account = funded_account(devchain.url, devchain.chain_id)
    with site_on(
        devchain.url, chain_id=devchain.chain_id, account=account, folder=tmp_path, database_url=database_url
    ) as made:
        yield made


@pytest.mark.parametrize("moment", ["eth_feeHistory", "eth_sendRawTransaction"])
def test_a_leader_stopped_for_longer_than_its_lease_is_succeeded_and_fenced_when_it_goes_on(
    site: Site, moment: str
) -> None:
    """It is stopped with its request under way; the node hears of that only after the successor is done."""
    before = transactions(site)
    first: list[subprocess.Popen[str]] = []
    known, stopped, done = threading.Event(), threading.Event(), threading.Event()

    def stop(method: str) -> None:
        if method == moment and not stopped.is_set():
            assert known.wait(TIMEOUT_SECONDS)
            stop_between_writes(first[0], site)
            stopped.set()
            assert done.wait(TIMEOUT_SECONDS)

    with (
        run_proxy(site.settings.rpc_urls[0], lambda _method, answer: answer, before=stop) as url,
        started(site, "run", **LONG, CREDROOT_RPC_URLS=url) as old,
    ):
        first.append(old)
        known.set()
        await_event(old, "leader_elected", token=1)
        with started(site, "run", **LONG) as new:
            await_event(new, "standing_by")
            site.issue(3)
            assert stopped.wait(TIMEOUT_SECONDS)
            end_lease(site)
            succession = await_event(new, "epoch_published", epoch=1)
            done.set()
            old.send_signal(signal.SIGCONT)
            woken = await_event(old, "standing_by")

    fenced = [event for event in woken if event.get("code") == "fenced"]
    assert len(fenced) == 1
    assert fenced[0]["event"] == "round_gave_way"
    assert [event["token"] for event in succession if event["event"] == "leader_elected"] == [2]
    assert site.anchor(1).state is AnchorState.FINAL
    assert (transactions(site) - before, site.epochs_on_chain(), attempts(site)) == (1, 1, 1)
    assert tokens(site) == ({None, 2} if moment == "eth_feeHistory" else {None, 1, 2})


def test_a_leader_that_is_killed_is_succeeded_at_once_and_everything_is_anchored_once(site: Site) -> None:
    before = transactions(site)
    with started(site, "run", **LONG) as one:
        await_event(one, "leader_elected")
        with started(site, "run", **LONG) as other:
            await_event(other, "standing_by")
            site.issue()
            await_event(one, "epoch_published", epoch=1)
            one.kill()
            site.issue()
            events = await_event(other, "epoch_published", epoch=2)

    assert [event["token"] for event in events if event["event"] == "leader_elected"] == [2]
    assert (transactions(site) - before, site.epochs_on_chain()) == (2, 2)


def test_a_leader_told_to_stop_gives_the_lease_to_the_one_standing_by(site: Site) -> None:
    with started(site, "run", **LONG) as one:
        await_event(one, "leader_elected")
        with started(site, "run", **LONG) as other:
            standing_by = await_event(other, "standing_by")[-1]
            shown = finished(site, "status")[1]
            one.send_signal(signal.SIGTERM)
            last = await_event(one, "worker_stopped")
            await_event(other, "leader_elected", token=2)
        code = one.wait(TIMEOUT_SECONDS)

    assert code == 0
    assert "leader_resigned" in {event["event"] for event in last}
    assert f"leader    {standing_by['holder']}, until " in shown


def test_a_worker_that_stands_by_says_so_once_and_goes_on_sealing(site: Site) -> None:
    with site.worker() as leader:
        leader.lead()
        with started(site, "run") as other:
            await_event(other, "standing_by")
            site.issue()
            await_event(other, "epoch_sealed", epoch=1)
            assert site.anchor(1).state is AnchorState.SEALED
            leader.run_once()
            site.issue()
            since = await_event(other, "epoch_sealed", epoch=2)

    assert "standing_by" not in {event["event"] for event in since}
    assert [site.anchor(number).state for number in (1, 2)] == [AnchorState.FINAL, AnchorState.SEALED]


def test_once_is_refused_while_another_one_leads_and_names_it(site: Site) -> None:
    site.issue()
    with site.worker() as leader:
        leader.lead()
        code, _, errors = finished(site, "once")
    again, _, _ = finished(site, "once")
    shown = finished(site, "status")[1]

    assert (code, again) == (1, 0)
    assert f"/{os.getpid()}/" in errors
    assert "[not-leader]" in errors
    assert site.anchor(1).state is AnchorState.FINAL
    assert "leader    nobody" in shown


def test_a_lease_as_short_as_a_call_may_take_is_refused(site: Site) -> None:
    code, _, errors = finished(site, "once", CREDROOT_LEASE_SECONDS="10")

    assert code == 1
    assert "[lease-too-short]" in errors
    assert finished(site, "status")[0] == 0


def test_a_leader_whose_session_the_server_ends_says_so_and_leads_again(
    devchain: DevChainProcess, postgres_url: str, tmp_path: Path
) -> None:
    account = funded_account(devchain.url, devchain.chain_id)
    with site_on(
        devchain.url, chain_id=devchain.chain_id, account=account, folder=tmp_path, database_url=postgres_url
    ) as site:
        engine = open_engine(postgres_url)
        # Noticed at the next renewal, in three seconds.
        with started(site, "run", CREDROOT_LEASE_SECONDS="12") as worker:
            await_event(worker, "leader_elected")
            end_session_with_the_lock(engine)
            await_event(worker, "leader_lost")
            await_event(worker, "leader_elected")
            site.issue()
            await_event(worker, "epoch_published", epoch=1)
        engine.dispose()

        assert site.anchor(1).state is AnchorState.FINAL


def stop_between_writes(process: subprocess.Popen[str], site: Site) -> None:
    """Stop a worker while it holds no lock of an SQLite file, which its heartbeat does for some milliseconds."""
    while True:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        if not is_locked(site):
            return
        process.send_signal(signal.SIGCONT)


def end_lease(site: Site) -> None:
    """Let the time go by for which a stopped leader cannot renew."""
    engine = open_engine(site.settings.database_url)
    with write_transaction(engine) as connection:
        connection.execute(update(tables.lease).values(until=datetime.now(UTC) - timedelta(seconds=1)))
    engine.dispose()


def is_locked(site: Site) -> bool:
    url = make_url(site.settings.database_url)
    if url.get_backend_name() != "sqlite":
        return False
    with closing(sqlite3.connect(url.database or "", timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False


def transactions(site: Site) -> int:
    return site.web3.eth.get_transaction_count(site.account.address)


def attempts(site: Site) -> int:
    engine = open_engine(site.settings.database_url)
    with engine.connect() as connection:
        count = connection.execute(select(func.count()).select_from(tables.attempt)).scalar_one()
    engine.dispose()
    return count


def tokens(site: Site) -> set[int | None]:
    with site.store.read() as unit:
        return {event.token for event in unit.epochs.anchor_events(1)}

"""The worker as a process of its own: killed in the middle, stopped politely, asked for its status."""

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from registry.store_ports import AnchorState
from tests.anchor_worker.rpc_proxy import run_proxy
from tests.anchor_worker.scraping import health, port_told, wait_for
from tests.anchor_worker.sites import Site, funded_account, site_on
from tests.anchor_worker.worker_processes import TIMEOUT_SECONDS, await_event, finished, started
from tests.devchain_process import DevChainProcess
from tests.promises import make_promise
from tests.store_samples import issue


@pytest.fixture
def site(devchain: DevChainProcess, sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    account = funded_account(devchain.url, devchain.chain_id)
    with site_on(
        devchain.url, chain_id=devchain.chain_id, account=account, folder=tmp_path, database_url=sqlite_url
    ) as made:
        yield made


@pytest.mark.parametrize("moment", ["eth_sendRawTransaction", "eth_feeHistory", "eth_getTransactionReceipt"])
def test_a_worker_killed_in_the_middle_anchors_everything_exactly_once_after_a_restart(site: Site, moment: str) -> None:
    site.issue(3)
    victims: list[subprocess.Popen[str]] = []
    known, asked = threading.Event(), threading.Event()

    def kill(method: str, answer: bytes) -> bytes:
        # The node has acted already: the transaction is on its way, and nobody will hear the answer.
        if method == moment and not asked.is_set():
            known.wait(TIMEOUT_SECONDS)
            victims[0].kill()
            victims[0].wait(TIMEOUT_SECONDS)
            asked.set()
        return answer

    with run_proxy(site.settings.rpc_urls[0], kill) as url, started(site, "run", CREDROOT_RPC_URLS=url) as process:
        victims.append(process)
        known.set()
        assert asked.wait(TIMEOUT_SECONDS)
    interrupted = site.anchor(1).state

    code, _, errors = finished(site, "once")

    assert code == 0, errors
    assert interrupted is not AnchorState.FINAL
    assert site.anchor(1).state is AnchorState.FINAL
    assert site.epochs_on_chain() == 1
    assert site.root_on_chain(1) == site.anchor(1).root
    with site.store.read() as unit:
        assert unit.epochs.waiting().credentials == 0
        assert unit.epochs.to_publish() == ()


def test_run_works_until_it_is_told_to_stop_and_writes_json_events(site: Site) -> None:
    site.issue()
    with started(site, "run") as process:
        events = await_event(process, "epoch_published")
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=TIMEOUT_SECONDS)
    events += [json.loads(line) for line in rest.splitlines()]

    assert process.returncode == 0
    assert [event["event"] for event in events][-1] == "worker_stopped"
    assert {"worker_started", "epoch_sealed", "anchor_signed", "anchor_moved", "epoch_published"} <= {
        event["event"] for event in events
    }
    assert bytes(site.account.key).hex() not in json.dumps(events)


def test_a_worker_tells_its_metrics_and_health_while_it_runs_and_ends_politely_all_the_same(site: Site) -> None:
    site.issue()
    with started(site, "run", CREDROOT_WORKER_METRICS_BIND="127.0.0.1:0") as process:
        port = port_told(process)
        alive = health(port)
        told = wait_for(port, "credroot_account_balance_wei")
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=TIMEOUT_SECONDS)

    assert alive == 200
    assert told["credroot_worker_last_round_timestamp_seconds"][()] > 0
    assert told["credroot_build_info"]
    assert told["process_resident_memory_bytes"][()] > 0
    assert process.returncode == 0
    assert json.loads(rest.splitlines()[-1])["event"] == "worker_stopped"


def test_the_doctor_and_the_status_are_commands_with_exit_codes_of_their_own(site: Site) -> None:
    sound = finished(site, "doctor")
    down = finished(site, "doctor", "--json", CREDROOT_RPC_URLS="http://127.0.0.1:9")
    poor = finished(site, "doctor", CREDROOT_ANCHOR_KEY_FILE=str(site.folder / "absent"))
    status = finished(site, "status", "--json")

    assert (sound[0], down[0], poor[0]) == (0, 3, 1), sound[1]
    assert json.loads(down[1])["exitCode"] == 3
    assert json.loads(status[1])["log"] == str(site.log.name)


def test_seal_seals_what_waits_and_leaves_the_anchoring_to_a_running_worker(site: Site) -> None:
    site.issue(2)

    first, again = finished(site, "seal"), finished(site, "seal")

    assert (first[0], first[1]) == (0, "sealed epoch 1\n")
    assert (again[0], again[1]) == (0, "nothing to seal\n")
    assert site.anchor(1).state is AnchorState.SEALED


def test_status_shows_people_what_waits_and_where_the_anchors_stand(site: Site) -> None:
    site.issue(2)
    finished(site, "once")
    site.issue(1)

    code, output, _ = finished(site, "status")

    assert code == 0
    assert str(site.log.name) in output
    assert "1 credentials, 0 status changes" in output
    assert "epoch 1  FINAL" in output
    assert "published" in output


def test_status_shows_what_is_promised_until_it_is_sealed(site: Site) -> None:
    (credential,) = issue(site.store, site.tenant)
    make_promise(site.store, credential)
    before = finished(site, "status")[1]
    for _ in range(2):
        finished(site, "seal")

    after = finished(site, "status")[1]

    assert "promised  epoch 2, the first deadline 2026-06-15 09:30:00 UTC" in before
    assert "promised" not in after


def test_a_missing_setting_is_named_and_nothing_is_done(site: Site) -> None:
    code, _, errors = finished(site, "once", CREDROOT_RPC_URLS="")

    assert code == 1
    assert "CREDROOT_RPC_URLS" in errors


def test_a_database_that_cannot_be_reached_is_another_exit_code(site: Site) -> None:
    code, _, _ = finished(site, "status", CREDROOT_DATABASE_URL="postgresql://127.0.0.1:9/none")

    assert code == 3


def test_options_that_make_no_sense_are_usage_errors(site: Site) -> None:
    assert finished(site, "run", "--poll-seconds", "0")[0] == 64
    assert finished(site, "run", "--seal-after-credentials", "0")[0] == 64
    assert finished(site, "run", "--seal-after-seconds", "-1")[0] == 64
    assert finished(site)[0] == 64


def test_a_key_file_that_others_may_read_is_refused(site: Site) -> None:
    (site.folder / "anchor.key").chmod(0o644)
    site.issue()

    code, _, errors = finished(site, "once")

    assert code == 1
    assert "key-file-open" in errors


def test_a_keystore_with_its_password_file_signs(site: Site) -> None:
    keystore, password = site.folder / "keystore.json", site.folder / "password"
    # Weak on purpose: a strong derivation takes a second.
    keystore.write_text(json.dumps(Account.encrypt(site.account.key, "secret", iterations=2)))
    password.write_text("secret\n")
    site.issue()

    code, _, errors = finished(
        site, "once", CREDROOT_ANCHOR_KEY_FILE=str(keystore), CREDROOT_ANCHOR_KEY_PASSWORD_FILE=str(password)
    )

    assert code == 0, errors
    assert site.anchor(1).state is AnchorState.FINAL

"""The doctor on a real node and database: every fault is planted, and is found and named with what to do."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from eth_account import Account
from web3 import Web3

from anchor_worker import __main__ as program
from anchor_worker.advice import advise
from anchor_worker.doctor.finding import Grade, exit_code, fail, ok, unreachable
from anchor_worker.doctor.records import skew
from anchor_worker.obstacles import Reason
from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.adapters.database import open_engine
from registry.adapters.deployment import deploy
from registry.adapters.keys import PasswordKeyVault
from registry.adapters.networks import Network
from registry.store_ports import IssuerKeyRecord
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, ARTIFACT, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anvil import ANVIL_CHAIN_ID, ANVIL_KEYS, run_anvil
from tests.postgres import PostgresServer
from tests.promises import make_promise
from tests.store_samples import NOW, issue, new_id

pytestmark = pytest.mark.chain

PASSWORD = "a password of tests alone"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path, database_url=database_url) as made:
        (tmp_path / "registry.db").touch(mode=0o600)
        (tmp_path / "registry.db").chmod(0o600)
        yield made


@pytest.fixture
def sqlite_site(tmp_path: Path) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path) as made:
        (tmp_path / "registry.db").chmod(0o600)
        yield made


class Doctor:
    """Runs the doctor as the program does, with a site's settings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def examine(self, site: Site, **changes: str) -> tuple[int, Mapping[str, tuple[str, str, str]]]:
        """Return the exit code and what was found, by subject: grade, words, advice."""
        code, text = self.say(site, "--json", **changes)
        body = json.loads(text)
        assert body["exitCode"] == code
        return code, {each["subject"]: (each["grade"], each["found"], each["advice"]) for each in body["findings"]}

    def say(self, site: Site, *arguments: str, **changes: str) -> tuple[int, str]:
        """Return the exit code and what was printed."""
        environment = {name: value for name, value in site.environment.items() if name.startswith("CREDROOT_")}
        for name, value in {**environment, "CREDROOT_KEY_PASSWORD": PASSWORD, **changes}.items():
            self._monkeypatch.setenv(name, value)
        self._capsys.readouterr()
        code = program.main(["doctor", *arguments])
        return code, self._capsys.readouterr().out


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    return Doctor(monkeypatch, capsys)


def grades(found: Mapping[str, tuple[str, str, str]], grade: str) -> set[str]:
    return {subject for subject, (given, _, _) in found.items() if given == grade}


def test_a_sound_registry_has_nothing_but_one_node_to_be_warned_of(site: Site, doctor: Doctor) -> None:
    site.issue()
    site.run_once()
    site.mine(BLOCKS_TO_FINALITY)
    site.run_once()

    code, found = doctor.examine(site)

    assert code == 0
    assert grades(found, "fail") == set()
    assert grades(found, "warn") == {"nodes"}
    assert {"settings", "database", "log", "published folder", "anchoring key", "account", "balance", "epochs"} <= set(
        found
    )


def test_the_table_is_for_people_and_says_what_to_do(site: Site, doctor: Doctor) -> None:
    site.command("anvil_setBalance", site.account.address, "0x0")

    code, text = doctor.say(site)

    assert code == 1
    line = next(line for line in text.splitlines() if "balance" in line)
    assert line.startswith("FAIL")
    assert f"-> send ether to {site.account.address.lower()}" in text
    assert bytes(site.account.key).hex() not in text
    assert PASSWORD not in text


def test_settings_that_cannot_be_read_are_a_finding(site: Site, doctor: Doctor) -> None:
    code, found = doctor.examine(site, CREDROOT_POLL_SECONDS="soon")

    assert code == 1
    assert found["settings"][0] == "fail"
    assert "CREDROOT_POLL_SECONDS" in found["settings"][1]


def test_a_database_that_is_not_there_is_not_made(sqlite_site: Site, doctor: Doctor) -> None:
    absent = sqlite_site.folder / "absent.db"

    code, found = doctor.examine(sqlite_site, CREDROOT_DATABASE_URL=f"sqlite:///{absent}")

    assert (code, found["database file"][0]) == (1, "fail")
    assert not absent.exists()


def test_a_database_that_does_not_answer_is_the_outside_world(site: Site, doctor: Doctor) -> None:
    code, found = doctor.examine(site, CREDROOT_DATABASE_URL="postgresql://127.0.0.1:9/none")

    assert (code, found["database"][0]) == (3, "fail")


def test_a_database_without_a_schema_names_init(site: Site, doctor: Doctor, postgres_server: PostgresServer) -> None:
    with postgres_server.fresh_database() as url:
        code, found = doctor.examine(site, CREDROOT_DATABASE_URL=url)

    assert (code, found["database"][0]) == (1, "fail")
    assert "credroot init" in found["database"][2]


def test_a_database_that_others_may_read_is_warned_of(sqlite_site: Site, doctor: Doctor) -> None:
    (sqlite_site.folder / "registry.db").chmod(0o644)

    _, found = doctor.examine(sqlite_site)

    assert found["database file"][0] == "warn"
    assert "chmod 600" in found["database file"][2]


def test_a_key_that_others_may_read_is_refused(site: Site, doctor: Doctor) -> None:
    (site.folder / "anchor.key").chmod(0o644)

    code, found = doctor.examine(site)

    assert (code, found["anchoring key"][0]) == (1, "fail")
    assert "chmod 600" in found["anchoring key"][1]


def test_a_keystore_with_another_password_does_not_open(site: Site, doctor: Doctor) -> None:
    keystore, password = site.folder / "keystore.json", site.folder / "password"
    # Weak on purpose: a strong derivation takes a second.
    keystore.write_text(json.dumps(Account.encrypt(site.account.key, "secret", iterations=2)))
    password.write_text("another\n")

    _, found = doctor.examine(
        site, CREDROOT_ANCHOR_KEY_FILE=str(keystore), CREDROOT_ANCHOR_KEY_PASSWORD_FILE=str(password)
    )
    password.write_text("secret\n")
    password.chmod(0o644)
    _, exposed = doctor.examine(site)

    assert found["anchoring key"][0] == "fail"
    assert (exposed["anchoring key"][0], "others" in exposed["anchoring key"][1]) == ("warn", True)


def test_the_key_of_an_account_that_is_not_bound_is_found(site: Site, doctor: Doctor) -> None:
    stranger = site.folder / "stranger.key"
    stranger.touch(mode=0o600)
    stranger.write_text(ANVIL_KEYS[1])

    code, found = doctor.examine(site, CREDROOT_ANCHOR_KEY_FILE=str(stranger))

    assert (code, found["account"][0]) == (1, "fail")
    assert "setAnchorer" in found["account"][2]


def test_issuers_keys_under_another_password_are_found(site: Site, doctor: Doctor) -> None:
    sealed = PasswordKeyVault("another password", scrypt_log2_n=10).generate()
    with site.store.write() as unit:
        unit.issuers.insert_key(
            IssuerKeyRecord(
                id=new_id(),
                issuer_id=site.tenant.issuer_id,
                verification_method="did:web:x#key",
                public_multibase="z6Mk",
                encrypted_key=sealed.encrypted_key,
                created_at=NOW,
                retired_at=None,
            )
        )

    code, found = doctor.examine(site)

    assert (code, found["issuers' keys"][0]) == (1, "fail")


def test_a_promise_key_that_the_court_does_not_know_is_found(site: Site, doctor: Doctor) -> None:
    key_file = site.folder / "promise.key"
    key_file.touch(mode=0o600)
    key_file.write_text(ANVIL_KEYS[2])
    without = doctor.examine(site, CREDROOT_PROMISE_KEY_FILE=str(key_file))[1]
    court = load_artifact(FRAUD_COURT)
    network = Network(name="test", chain_id=ANVIL_CHAIN_ID, genesis_hash=None)
    deploy(site.web3, site.account, artifact=court, network=network)
    unknown = doctor.examine(site)[1]
    contract = site.web3.eth.contract(address=Web3.to_checksum_address(court.address), abi=court.abi)
    address = Account.from_key(ANVIL_KEYS[2]).address
    contract.functions.registerKey(site.log.name.number, address).transact({"from": site.account.address})
    known = doctor.examine(site)[1]

    assert (without["court"][0], unknown["court"][0], known["court"][0]) == ("fail", "fail", "ok")
    assert "registerKey" in unknown["court"][2]


def test_a_node_that_is_down_is_the_outside_world_and_its_key_is_not_shown(site: Site, doctor: Doctor) -> None:
    code, found = doctor.examine(site, CREDROOT_RPC_URLS=f"{NOBODY}/v3/a-secret,{site.settings.rpc_urls[0]}")

    assert code == 3
    assert found["node 127.0.0.1:9"][0] == "fail"
    assert "a-secret" not in json.dumps(found)
    assert found["account"][0] == "ok"


def test_a_node_of_another_chain_is_found(site: Site, doctor: Doctor) -> None:
    with run_anvil(*ANVIL_ARGUMENTS, "--chain-id", "4242") as other:
        code, found = doctor.examine(site, CREDROOT_RPC_URLS=f"{site.settings.rpc_urls[0]},{other.url}")

    assert code == 1
    (subject,) = grades(found, "fail")
    assert subject == f"node {other.url.removeprefix('http://')}"
    assert "chain id" in found[subject][1]


def test_a_contract_that_is_gone_is_found(site: Site, doctor: Doctor) -> None:
    site.command("anvil_setCode", ARTIFACT.address, "0x")

    code, found = doctor.examine(site)

    assert code == 1
    assert any(subject.startswith("node ") for subject in grades(found, "fail"))


def test_an_account_that_can_pay_few_anchors_is_warned_of(site: Site, doctor: Doctor) -> None:
    site.command("anvil_setBalance", site.account.address, hex(5 * 61_440 * 2 * 10**9))
    site.command("anvil_setNextBlockBaseFeePerGas", hex(10**9))
    site.mine()

    code, found = doctor.examine(site)

    assert (code, found["balance"][0]) == (0, "warn")
    assert " 5 anchors" in found["balance"][1]


def test_a_chain_whose_finality_stalls_and_blocks_that_are_old_are_warned_of(tmp_path: Path, doctor: Doctor) -> None:
    old = str(int(time.time()) - 7200)
    with run_anvil(*ANVIL_ARGUMENTS, "--timestamp", old) as node, site_on_anvil(node.url, tmp_path) as site:
        _, found = doctor.examine(site)

    (subject,) = [subject for subject in found if subject.startswith("node ")]
    assert found[subject][0] == "warn"
    assert "finalized is" in found[subject][1]


def test_a_block_of_the_future_shows_that_our_clock_is_behind(site: Site, doctor: Doctor) -> None:
    site.command("evm_increaseTime", 300)
    site.mine()

    code, found = doctor.examine(site)

    assert (code, found["clock"][0]) == (1, "fail")
    assert "NTP" in found["clock"][2]


@pytest.mark.parametrize(("seconds", "grade"), [(0.5, Grade.OK), (-5, Grade.WARN), (60, Grade.FAIL)])
def test_clocks_are_judged_by_how_far_they_are_apart(seconds: float, grade: Grade) -> None:

    assert skew("clock", timedelta(seconds=seconds), "it").grade is grade


def test_a_blocked_anchor_is_told_with_its_reason_and_what_to_do(site: Site, doctor: Doctor) -> None:
    site.command("anvil_setBalance", site.account.address, "0x0")
    site.issue()
    site.run_once()

    code, found = doctor.examine(site)

    assert (code, found["anchor"][0]) == (1, "fail")
    assert "BLOCKED: no-funds" in found["anchor"][1]
    assert found["anchor"][2] == advise("no-funds")


def test_what_waits_for_long_and_a_broken_promise_are_told(site: Site, doctor: Doctor) -> None:
    (credential,) = issue(site.store, site.tenant)
    make_promise(site.store, credential)

    code, found = doctor.examine(site)

    assert (code, found["waiting"][0], found["promises"][0]) == (1, "warn", "fail")


def test_published_files_that_the_database_does_not_know_are_found(site: Site, doctor: Doctor) -> None:
    (site.published / "epochs" / "1").mkdir(parents=True)

    code, found = doctor.examine(site)

    assert (code, found["published files"][0]) == (1, "fail")
    assert "start the service" in found["published files"][2]


def test_published_files_that_are_gone_are_warned_of(site: Site, doctor: Doctor) -> None:
    site.issue()
    site.run_once()
    site.mine(BLOCKS_TO_FINALITY)
    site.run_once()

    _, found = doctor.examine(site, CREDROOT_PUBLISHED_DIR=str(site.folder / "elsewhere"))

    assert found["published files"][0] == "warn"


def test_a_chain_with_more_epochs_than_the_database_is_found(site: Site, doctor: Doctor) -> None:
    nonce = site.web3.eth.get_transaction_count(site.account.address)
    signed = site.account.sign_transaction(
        {
            "chainId": ANVIL_CHAIN_ID,
            "nonce": nonce,
            "to": Web3.to_checksum_address(ARTIFACT.address),
            "data": b"\x77" * 32,
            "value": 0,
            "gas": 100_000,
            "maxFeePerGas": 10**11,
            "maxPriorityFeePerGas": 10**9,
        }
    )
    site.web3.eth.send_raw_transaction(signed.raw_transaction)

    code, found = doctor.examine(site)

    assert (code, found["epochs"][0]) == (1, "fail")


def test_every_reason_has_its_advice() -> None:
    assert [reason for reason in Reason if advise(f"{reason}: words") == advise("unheard-of: words")] == []


def test_the_exit_code_blames_the_outside_world_only_when_nothing_else_fails() -> None:
    outside, ours, fine = unreachable("a", "", ""), fail("b", "", ""), ok("c", "")

    assert [exit_code(found) for found in ((fine,), (fine, outside), (outside, ours))] == [0, 3, 1]


def test_the_doctor_changes_nothing(sqlite_site: Site, doctor: Doctor) -> None:
    before = contents(sqlite_site)
    doctor.examine(sqlite_site)

    assert contents(sqlite_site) == before


def contents(site: Site) -> set[str]:
    engine = open_engine(site.settings.database_url)
    with closing(engine.raw_connection()) as connection:
        rows = connection.cursor().execute("SELECT count(*), max(rowid) FROM sqlite_master").fetchall()
    engine.dispose()
    files = {str(path) for path in site.folder.rglob("*") if not path.name.endswith(("-wal", "-shm"))}
    return {*files, repr(rows)}

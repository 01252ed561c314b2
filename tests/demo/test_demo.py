"""The journey: issue, hash, batch, seal, anchor, confirm, publish, prove, verify, audit, on real processes."""

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from web3 import Web3

from registry.adapters.artifacts import load_artifact
from registry.adapters.rpc import connect
from registry.domain.verdict import Word
from tests.demo.hashlib_verifier import check_receipt
from tests.devchain_process import run_devchain

EXPECTED = {
    "valid": "valid",
    "valid-did-key": "valid",
    "tampered": "invalid",
    "revoked": "revoked",
    "suspended": "suspended",
    "expired": "expired",
    "wrong-issuer": "invalid",
    "stolen-key": "invalid",
    "stolen-key-unresolved": "indeterminate",
    "un-revocation": "invalid",
    "not-yet-anchored": "not-yet-anchored",
    "chain-unreachable": "indeterminate",
}
MAX_GAS = 51_500


def load(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def test_the_summary_says_what_the_issue_of_it_promises(demo: Path) -> None:
    summary = load(demo / "summary.json")

    assert summary["issued"] == 1_000
    assert summary["epochs"] == len(summary["gas"]) == 2
    assert all(gas <= MAX_GAS for gas in summary["gas"])
    assert summary["verdicts"] == EXPECTED
    assert set(summary["verdicts"].values()) <= {str(word) for word in Word}
    assert summary["audit"] == {"clean": 0, "planted": 1}
    assert summary["log"] != summary["planted_log"]
    assert all(seconds >= 0 for seconds in summary["seconds"].values())


def test_what_an_earner_holds_verifies_by_command_and_by_service(demo: Path) -> None:
    held = load(demo / "summary.json")["held"]

    assert held == dict.fromkeys(("certificate.pdf", "badge.png", "badge.svg", "bundle.zip"), "valid")
    assert {file.name for file in (demo / "holder").iterdir()} == held.keys()


def test_credentials_and_receipts_come_in_matching_pairs_and_nothing_else(demo: Path) -> None:
    credentials = sorted(file.name for file in (demo / "credentials").iterdir())
    receipts = sorted(file.name for file in (demo / "receipts").iterdir())

    assert len(credentials) == 1_000
    assert credentials == receipts
    for name in credentials:
        assert load(demo / "credentials" / name)["id"] == f"urn:uuid:{name.removesuffix('.json')}"


def test_every_receipt_verifies_with_hashlib_alone(demo: Path) -> None:
    bits = Counter[str]()
    for file in (demo / "credentials").iterdir():
        found = check_receipt(load(file), load(demo / "receipts" / file.name))
        bits.update(purpose for purpose, value in found.items() if value)

    assert bits == {"revocation": 1, "suspension": 1}


def test_the_chain_comes_back_with_every_published_root(demo: Path) -> None:
    summary = load(demo / "summary.json")
    with run_devchain(demo / "chain") as chain:
        web3 = connect(chain.url)
        artifact = load_artifact()
        contract = web3.eth.contract(address=Web3.to_checksum_address(artifact.address), abi=artifact.abi)
        for name, folder in (("log", "published"), ("planted_log", "planted")):
            number = int(summary[name].rsplit("/", 1)[1])
            differing = [
                int(place.name)
                for place in sorted((demo / folder / "epochs").iterdir())
                if contract.functions.rootAt(number, int(place.name)).call().hex()
                != load(place / "manifest.json")["root"]
            ]
            # The fourth epoch of the cheating registry commits to an entry that its files hide.
            assert differing == ([] if name == "log" else [4])


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_case_is_left_with_its_evidence(demo: Path, name: str) -> None:
    assert (demo / "cases" / f"{name}.json").exists()
    assert (demo / "cases" / f"{name}.receipt.json").exists() is (name != "not-yet-anchored")


def test_the_annotated_file_names_every_bad_row(demo: Path) -> None:
    text = (demo / "errors.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))

    bad = [row for row in rows if row["_status"] == "error"]

    assert len(rows) == 1_000
    assert len(bad) == 24
    assert all(row["_line"] and row["_code"] and row["_message"] for row in bad)


def test_the_audits_tell_the_honest_log_from_the_cheating_one(demo: Path) -> None:
    audit = load(demo / "audit.json")

    assert audit["clean"]["findings"] == []
    found = {finding["code"] for finding in audit["planted"]["findings"]}
    assert {"revocation-undone", "slot-reused", "root-not-anchored", "epoch-unpublished"} == found


def test_no_secret_is_in_any_log_of_the_processes(demo: Path) -> None:
    secrets = [
        (demo / "registry" / name).read_text(encoding="ascii").strip()
        for name in ("admin-key", "anchor-key", "key-password")
    ]
    for log in (demo / "registry" / "logs").iterdir():
        text = log.read_text(encoding="utf-8")
        assert not [secret for secret in secrets if secret in text]
        assert "@example.org" not in text

"""A holder's way when every server is gone: a receipt renewed at some node, then verified with nothing but a block's hash."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from eth_account import Account

from registry.adapters.rpc import request
from registry.cli.main import main
from registry.domain.canonical import canonicalize
from registry.domain.slot import Purpose
from tests.anvil import ANVIL_CHAIN_ID, ANVIL_KEYS, run_anvil
from tests.epochs import build_world
from tests.node_chain import node_chain
from tests.paths import REPO_ROOT

pytestmark = pytest.mark.chain

TIMEOUT_SECONDS: Final = 120.0
BLOCKS_TO_FINALITY: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pocket:
    """What a holder has: credentials, receipts, and no address of anything that answers."""

    folder: Path
    url: str
    """Of a node that is gone."""
    block_hash: str
    renewing: str
    """What the last renewal printed."""

    def file(self, name: str) -> str:
        return str(self.folder / name)


def call(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(arguments))
    return code, out.getvalue(), err.getvalue()


def renew(folder: Path, name: str, url: str, *options: str) -> str:
    receipt = str(folder / f"{name}.receipt.json")
    code, out, err = call("renew", receipt, "--rpc", url, "--out", receipt, *options)
    assert (code, err) == (0, "")
    return out


@pytest.fixture(scope="module")
def pocket(tmp_path_factory: pytest.TempPathFactory) -> Pocket:
    folder = tmp_path_factory.mktemp("pocket")
    with run_anvil("--slots-in-an-epoch", "1") as node:
        chain = node_chain(node.url, Account.from_key(ANVIL_KEYS[0]), chain_id=ANVIL_CHAIN_ID)
        world = build_world(chain)
        issued = {name: world.issue(name, suspendable=True) for name in ("valid", "revoked", "old", "never-renewed")}
        world.seal()
        for name, item in issued.items():
            (folder / f"{name}.json").write_bytes(item.content)
            receipt = canonicalize(world.receipt(item).to_json())
            (folder / f"{name}.receipt.json").write_bytes(receipt)
        world.mark(issued["revoked"], Purpose.REVOCATION)
        world.seal()
        world.seal()
        world.publish(folder / "published")
        for _ in range(BLOCKS_TO_FINALITY):
            request(chain.web3, "evm_mine", [])
        published = str(folder / "published")
        renew(folder, "revoked", node.url, "--published", published)
        renewing = renew(folder, "valid", node.url, "--published", published)
        renew(folder, "old", node.url)
        final: Any = request(chain.web3, "eth_getBlockByNumber", ["finalized", False])
    return Pocket(folder=folder, url=node.url, block_hash=final["hash"], renewing=renewing)


def verdict(pocket: Pocket, name: str, block_hash: str) -> dict[str, Any]:
    code, out, err = call(
        "verify",
        pocket.file(f"{name}.json"),
        *("--receipt", pocket.file(f"{name}.receipt.json"), "--block-hash", block_hash, "--json"),
    )
    found: dict[str, Any] = json.loads(out)
    assert err == ""
    assert found["exitCode"] == code
    return found


def test_the_node_is_gone(pocket: Pocket) -> None:
    code, out, _ = call("verify", pocket.file("valid.json"), "--rpc", pocket.url, "--json")

    assert (code, json.loads(out)["verdict"]) == (3, "indeterminate")


def test_a_credential_is_valid_by_its_receipt_and_a_block_hash_alone(pocket: Pocket) -> None:
    arguments = [pocket.file("valid.json"), "--receipt", pocket.file("valid.receipt.json")]
    finished = subprocess.run(
        [sys.executable, "-m", "registry.cli.main", "verify", *arguments, "--block-hash", pocket.block_hash],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout
    assert finished.stdout.startswith("VALID")
    assert pocket.block_hash in finished.stdout
    assert "no node was asked" in finished.stdout
    assert finished.stderr == ""


def test_another_block_hash_decides_nothing(pocket: Pocket) -> None:
    other = verdict(pocket, "valid", "0x" + "11" * 32)

    assert (other["verdict"], other["exitCode"]) == ("indeterminate", 3)
    assert {check["result"] for check in other["checks"]} <= {"pass", "unknown", "skipped"}


def test_a_revoked_credential_is_revoked(pocket: Pocket) -> None:
    assert verdict(pocket, "revoked", pocket.block_hash)["verdict"] == "revoked"


def test_without_published_files_a_renewed_receipt_keeps_its_old_status(pocket: Pocket) -> None:
    # It is of epoch 1; the slots tell when epoch 3 was anchored, not epoch 2.
    found = verdict(pocket, "old", pocket.block_hash)

    assert (found["verdict"], found["checks"][8]["code"]) == ("indeterminate", "status-stale")
    assert found["checks"][5]["result"] == "pass"


def test_a_receipt_that_was_never_renewed_has_nothing_to_judge_by(pocket: Pocket) -> None:
    found = verdict(pocket, "never-renewed", pocket.block_hash)

    assert (found["verdict"], found["checks"][5]["code"]) == ("indeterminate", "light-missing")


def test_renewing_names_the_block_to_look_up(pocket: Pocket) -> None:
    lines = dict(line.split(": ", 1) for line in pocket.renewing.splitlines())

    assert lines["block hash"] == pocket.block_hash
    assert lines["block"].endswith("Z")
    assert not list(pocket.folder.glob(".aside-*"))


def test_a_receipt_is_not_renewed_without_a_node(pocket: Pocket, tmp_path: Path) -> None:
    out = tmp_path / "new.json"

    code, _, err = call("renew", pocket.file("valid.receipt.json"), "--rpc", pocket.url, "--out", str(out))

    assert code == 3
    assert "rpc-transport" in err
    assert not out.exists()


def test_what_is_no_receipt_is_not_renewed(pocket: Pocket, tmp_path: Path) -> None:
    for name in ("valid.json", "absent.json"):
        code, _, err = call("renew", pocket.file(name), "--rpc", pocket.url, "--out", str(tmp_path / "new.json"))
        assert code == 1
        assert err.startswith("credroot renew: ")


@pytest.mark.parametrize(
    "options",
    [
        ("--block-hash", "0x11"),
        ("--block-hash", "latest"),
        ("--block-hash", "0x" + "11" * 32, "--rpc", "http://127.0.0.1:9"),
        ("--block-hash", "0x" + "11" * 32, "--published", "."),
        ("--block-hash", "0x" + "11" * 32, "--at", "2026-01-01"),
    ],
)
def test_a_block_hash_stands_alone(pocket: Pocket, options: tuple[str, ...]) -> None:
    try:
        code, out, err = call("verify", pocket.file("valid.json"), *options)
    except SystemExit as stopped:
        code, out, err = int(stopped.code or 0), "", "usage"

    assert (code, out) == (64, "")
    assert err

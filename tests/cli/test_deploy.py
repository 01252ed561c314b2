"""`credroot deploy` as a program: its output, its exit codes, its silence about keys."""

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from eth_account import Account
from web3 import Web3
from web3.types import RPCEndpoint

from registry.adapters.artifacts import CONTRACTS, load_artifact
from registry.adapters.rpc import connect
from registry.cli import deploy
from tests.anvil import ANVIL_CHAIN_ID, ANVIL_KEYS, Anvil, run_anvil
from tests.paths import REPO_ROOT

pytestmark = pytest.mark.chain

CHAIN: Final = ("--chain-id", str(ANVIL_CHAIN_ID))


@pytest.fixture
def node() -> Iterator[Anvil]:
    """Yield a node that mines a block each second, so that finality comes by itself."""
    with run_anvil("--block-time", "1", "--slots-in-an-epoch", "1") as node:
        yield node


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text(ANVIL_KEYS[0] + "\n", encoding="ascii")
    return path


def run(*arguments: str) -> int:
    """Run the command as the program does."""
    parser = argparse.ArgumentParser()
    deploy.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["deploy", *arguments])
    code: int = args.run(args)
    return code


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    lines = capsys.readouterr().out.splitlines()
    return dict(line.split(": ", 1) for line in lines)


def test_a_contract_and_a_log_are_named_when_they_are_final(
    node: Anvil, key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run("--rpc", node.url, "--key-file", str(key_file), *CHAIN, "--open-log", "--final-timeout", "60")

    address = load_artifact().address
    values = printed(capsys)
    web3 = connect(node.url)
    assert code == 0
    assert [values[name] for name in CONTRACTS] == [load_artifact(name).address for name in CONTRACTS]
    assert values["log"] == f"eip155:{ANVIL_CHAIN_ID}/{address}/1"
    assert values["final"] == "yes"
    assert values["genesis"] == bytes(web3.eth.get_block(0)["hash"]).hex()
    assert (
        bytes(web3.eth.get_code(Web3.to_checksum_address(address), int(values["AnchorLog deployed in block"]))) != b""
    )


def test_running_again_names_the_same(node: Anvil, key_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--rpc", node.url, "--key-file", str(key_file), *CHAIN, "--open-log", "--final-timeout", "60")
    run(*arguments)
    first = printed(capsys)

    code = run(*arguments)

    second = printed(capsys)
    assert code == 0
    assert second["log"] == first["log"]
    blocks = [second[f"{name} deployed in block"] for name in CONTRACTS] + [second["opened in block"]]
    assert blocks == ["earlier"] * 4


def test_without_open_log_no_log_is_opened(node: Anvil, key_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run("--rpc", node.url, "--key-file", str(key_file), *CHAIN)

    assert code == 0
    assert "log" not in printed(capsys)


def test_a_keystore_and_its_password_file_are_as_good_as_a_bare_key(
    node: Anvil, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keystore, password = tmp_path / "keystore.json", tmp_path / "password"
    key = bytes.fromhex(ANVIL_KEYS[1][2:])
    keystore.write_text(json.dumps(Account.encrypt(key, "pass word", iterations=8192)), encoding="utf-8")
    password.write_text("pass word\n", encoding="utf-8")

    code = run("--rpc", node.url, "--key-file", str(keystore), "--key-password-file", str(password), *CHAIN)

    assert code == 0
    assert printed(capsys)["account"] == Account.from_key(key).address


def test_the_code_on_chain_is_compared_without_a_key_and_without_sending(
    node: Anvil, key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--rpc", node.url, "--key-file", str(key_file), *CHAIN)
    capsys.readouterr()

    code = run("--rpc", node.url, *CHAIN, "--verify-only")

    values = printed(capsys)
    assert code == 0
    assert [values[f"{name} code"] for name in CONTRACTS] == [
        load_artifact(name).runtime_code_hash.hex() for name in CONTRACTS
    ]
    assert "account" not in values


def test_a_contract_that_is_not_there_is_named(node: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    code = run("--rpc", node.url, *CHAIN, "--verify-only")

    assert code == 1
    assert capsys.readouterr().err.startswith("no-contract: AnchorLog is not at")


@pytest.mark.parametrize("name", CONTRACTS)
def test_other_code_at_an_address_is_refused(
    node: Anvil, key_file: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    run("--rpc", node.url, "--key-file", str(key_file), *CHAIN)
    artifact = load_artifact(name)
    other = artifact.runtime_code[:-1] + bytes([artifact.runtime_code[-1] ^ 1])
    connect(node.url).provider.make_request(
        RPCEndpoint("anvil_setCode"), [Web3.to_checksum_address(artifact.address), "0x" + other.hex()]
    )
    capsys.readouterr()

    code = run("--rpc", node.url, *CHAIN, "--verify-only")

    assert code == 1
    assert capsys.readouterr().err.startswith("wrong-contract-code: ")


def test_a_deployment_file_says_what_stands_where_and_from_which_sources(
    node: Anvil, key_file: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    run("--rpc", node.url, "--key-file", str(key_file), *CHAIN, "--out", str(first))

    code = run("--rpc", node.url, *CHAIN, "--verify-only", "--out", str(second))

    written = json.loads(first.read_bytes())
    assert code == 0
    assert json.loads(second.read_bytes()) == written
    assert written["chainId"] == ANVIL_CHAIN_ID
    assert list(written["contracts"]) == list(CONTRACTS)
    eth = connect(node.url).eth
    for name, described in written["contracts"].items():
        address, block = Web3.to_checksum_address(described["address"]), described["block"]
        source = REPO_ROOT / "contracts" / "src" / f"{name}.sol"
        assert Web3.keccak(eth.get_code(address, block)).to_0x_hex() == described["codeHash"]
        assert not eth.get_code(address, block - 1)
        assert described["sources"][f"src/{name}.sol"] == hashlib.sha256(source.read_bytes()).hexdigest()


def test_without_a_key_nothing_is_deployed(node: Anvil, capsys: pytest.CaptureFixture[str]) -> None:
    code = run("--rpc", node.url, *CHAIN)

    assert code == 1
    assert capsys.readouterr().err.startswith("key-file-missing: ")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "wrong-chain-id"),
        (("--network", "sepolia"), "wrong-chain-id"),
        (("--chain-id", "1"), "wrong-chain-id"),
        (("--chain-id", "0"), "malformed-chain-id"),
        ((*CHAIN, "--genesis", "00" * 32), "wrong-genesis"),
        ((*CHAIN, "--genesis", "00"), "malformed-genesis-hash"),
        ((*CHAIN, "--genesis", "block zero"), "malformed-genesis-hash"),
        (("--network", "hoodi", "--genesis", "00" * 32), "malformed-genesis-hash"),
        ((*CHAIN, "--key-password-file", "/nonexistent"), "password-file-unreadable"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_code(
    node: Anvil, key_file: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str
) -> None:
    exit_code = run("--rpc", node.url, "--key-file", str(key_file), *arguments)

    assert exit_code == 1
    assert capsys.readouterr().err.startswith(f"{code}: ")


def test_a_log_that_does_not_become_final_in_time_is_named_and_not_called_final(
    node: Anvil, key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run("--rpc", node.url, "--key-file", str(key_file), *CHAIN, "--open-log", "--final-timeout", "0")

    output = capsys.readouterr()
    assert code == 3
    assert "\nlog: eip155:31337/" in output.out
    assert "final: " not in output.out
    assert output.err.startswith("log-not-final: ")


def test_an_unreachable_node_is_told_apart_from_a_refusal(key_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with run_anvil() as node:
        url = node.url

    code = run("--rpc", url, "--key-file", str(key_file), *CHAIN)

    assert code == 3
    assert capsys.readouterr().err.startswith("rpc-transport: ")

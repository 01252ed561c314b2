"""The command line, with and without `credroot` before it."""

import subprocess
import sys

import pytest
from eth_account import Account

from registry.devchain.__main__ import main
from registry.devchain.accounts import DEVELOPMENT_MNEMONIC, development_accounts
from tests.paths import REPO_ROOT

THROUGH_CREDROOT = """
import argparse, sys
from registry.cli import devchain
parser = argparse.ArgumentParser()
devchain.add_parser(parser.add_subparsers(required=True))
arguments = parser.parse_args()
sys.exit(arguments.run(arguments))
"""


def test_the_accounts_are_printed_with_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--accounts"])

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[0].startswith("PUBLIC development keys")
    assert lines[1] == f"mnemonic: {DEVELOPMENT_MNEMONIC}"
    printed = [line.split() for line in lines[2:]]
    assert [Account.from_key(key).address for _, key in printed] == [address for address, _ in printed]
    assert [address for address, _ in printed] == [account.address for account in development_accounts()]


def test_the_accounts_are_those_every_wallet_derives() -> None:
    Account.enable_unaudited_hdwallet_features()

    derived = Account.from_mnemonic(DEVELOPMENT_MNEMONIC, account_path="m/44'/60'/0'/0/3")

    assert development_accounts()[3].address == derived.address
    assert development_accounts()[0].address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "65536"],
        ["--port", "x"],
        ["--chain-id", "0"],
        ["--block-interval", "-1"],
        ["--block-interval", "nan"],
        ["--fund", "0x12"],
        ["--fund", "0xf39fd6e51aad88F6F4ce6aB8827279cffFb92266"],
        ["--nonsense"],
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert "usage: credroot devchain" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["--port", "-1"]])
def test_credroot_hands_every_argument_on(arguments: list[str]) -> None:
    def run(*command: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, *command, *arguments], cwd=REPO_ROOT, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    through = run("-c", THROUGH_CREDROOT, "devchain")

    assert through == run("-m", "registry.devchain")
    assert through[1] + through[2] != ""

"""One chain in memory for the tests that leave nothing behind that another could stumble over."""

import secrets
from collections.abc import Iterator

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3

from registry.devchain.accounts import development_accounts
from tests.devchain.client import connect, deploy_keeper, send
from tests.devchain_process import DevChainProcess, run_devchain


@pytest.fixture(scope="session")
def devchain() -> Iterator[DevChainProcess]:
    """Run a chain whose blocks are made by the tests alone."""
    with run_devchain(block_interval=0) as process:
        yield process


@pytest.fixture
def url(devchain: DevChainProcess) -> str:
    return devchain.url


@pytest.fixture
def web3(url: str) -> Web3:
    return connect(url)


@pytest.fixture
def account(web3: Web3) -> LocalAccount:
    """Return a new account with ten ether."""
    new: LocalAccount = Account.create()
    send(web3, development_accounts()[8], to=new.address, value=10 * 10**18, gas=21_000)
    return new


@pytest.fixture
def keeper(web3: Web3) -> str:
    """Deploy the contract of the tests anew and return its address."""
    return deploy_keeper(web3, salt=secrets.randbits(256))

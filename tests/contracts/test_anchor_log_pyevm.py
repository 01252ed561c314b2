"""The anchor log on py-evm, the virtual machine of the embedded chain."""

import ast
from typing import Final

import pytest
from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from web3 import EthereumTesterProvider, Web3

from registry.adapters.artifacts import DEPLOYMENT_PROXY, DEPLOYMENT_PROXY_CODE
from tests.contracts.anchor_log_suite import AnchorLogSuite
from tests.contracts.chains import GAS_LIMIT, Chain, prepared_chain

PROXY_DEPLOYMENT: Final = bytes.fromhex(
    "f8a58085174876e800830186a08080b853604580600e600039806000f350fe"
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
    "1ba0" + "22" * 32 + "a0" + "22" * 32
)
"""The one transaction that puts the deployment proxy on a chain: nobody has a key for its sender, and its signature is
two invented numbers, so that it is the same everywhere."""


@pytest.fixture(scope="module")
def tester() -> EthereumTester:
    """Return a chain in this process with the deployment proxy on it, put there the way it is on public chains."""
    tester = EthereumTester(PyEVMBackend())
    web3 = Web3(EthereumTesterProvider(tester))
    sender = Account.recover_transaction(PROXY_DEPLOYMENT)
    web3.eth.send_transaction({"from": web3.eth.accounts[0], "to": sender, "value": Web3.to_wei(1, "ether")})
    receipt = web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(PROXY_DEPLOYMENT))
    if receipt["contractAddress"] != Web3.to_checksum_address(DEPLOYMENT_PROXY):
        message = f"the proxy went to {receipt['contractAddress']}"
        raise AssertionError(message)
    return tester


@pytest.fixture
def chain(tester: EthereumTester) -> Chain:
    """Return that chain with the contract on it and accounts that no test used before."""

    def refusal(sender: str, recipient: str, data: bytes) -> bytes:
        call = {"from": sender, "to": recipient, "data": "0x" + data.hex(), "gas": GAS_LIMIT}
        with pytest.raises(TransactionFailed) as failure:
            tester.call(call)
        # eth-tester keeps the answer as the text of a bytes literal.
        answer = ast.literal_eval(str(failure.value.args[0]))
        return bytes(answer)

    return prepared_chain(Web3(EthereumTesterProvider(tester)), refusal=refusal)


class TestAnchorLogOnPyEvm(AnchorLogSuite):
    """The suite, under py-evm."""

    def test_the_deployment_proxy_is_the_one_our_code_expects(self, chain: Chain) -> None:
        code = chain.web3.eth.get_code(Web3.to_checksum_address(DEPLOYMENT_PROXY))

        assert bytes(code) == DEPLOYMENT_PROXY_CODE

"""The anchor log on anvil: another virtual machine, behind real JSON-RPC."""

from collections.abc import Iterator
from typing import Any

import pytest
from eth_utils.crypto import keccak
from web3 import Web3
from web3.types import RPCEndpoint

from registry.adapters.artifacts import load_artifact
from registry.adapters.rpc import connect
from tests.anvil import Anvil, run_anvil
from tests.contracts.anchor_log_suite import AnchorLogSuite, ordinary_root
from tests.contracts.chains import Chain, prepared_chain

pytestmark = pytest.mark.chain


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    """Yield a node with the deployment proxy on it, as anvil starts."""
    with run_anvil() as node:
        yield node


@pytest.fixture
def chain(node: Anvil) -> Chain:
    """Return that chain with the contract on it and accounts that no test used before."""
    web3 = connect(node.url)

    def refusal(sender: str, recipient: str, data: bytes) -> bytes:
        error = raw_request(web3, "eth_call", {"from": sender, "to": recipient, "data": "0x" + data.hex()}, "latest")
        return bytes.fromhex(error["error"]["data"][2:])

    return prepared_chain(web3, refusal=refusal)


def raw_request(web3: Web3, method: str, *parameters: object) -> dict[str, Any]:
    """Return a node's JSON as it is: web3 makes errors of many classes of it, and sends short storage positions."""
    return dict(web3.provider.make_request(RPCEndpoint(method), list(parameters)))


class TestAnchorLogOnAnvil(AnchorLogSuite):
    """The suite, under anvil."""

    def test_a_proof_of_the_account_shows_the_published_code_hash(self, chain: Chain) -> None:
        log = chain.open_bound_log()
        root = ordinary_root()
        chain.send(chain.anchorer, root)
        key = keccak((1).to_bytes(32, "big") + keccak(log.to_bytes(32, "big") + (1).to_bytes(32, "big")))

        proof = raw_request(chain.web3, "eth_getProof", chain.contract.address, ["0x" + key.hex()], "latest")["result"]

        assert proof["codeHash"] == "0x" + load_artifact().runtime_code_hash.hex()
        assert [entry["value"] for entry in proof["storageProof"]] == ["0x" + root.hex().lstrip("0")]

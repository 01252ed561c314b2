"""Anchoring in tests over a real node: the published contract, a log of one's own, one transaction an epoch."""

from dataclasses import dataclass
from datetime import UTC, datetime

from eth_account.signers.local import LocalAccount
from web3 import Web3

from registry.adapters.artifacts import load_artifact
from registry.adapters.deployment import deploy, open_log
from registry.adapters.networks import Network
from registry.adapters.rpc import connect
from registry.domain.errors import Refused
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.receipt import Anchor

# An anchor takes about 51,200.
ANCHOR_GAS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeChain:
    """A log on a real chain; every anchor is a transaction whose calldata is the root."""

    web3: Web3
    account: LocalAccount
    log: LogName

    def anchor(self, root: Digest) -> Anchor:
        """Anchor a root as the log's next epoch and wait until it is mined."""
        signed = self.account.sign_transaction(
            {
                "chainId": self.log.chain_id,
                "nonce": self.web3.eth.get_transaction_count(self.account.address),
                "to": Web3.to_checksum_address(self.log.contract),
                "data": bytes(root),
                "value": 0,
                "gas": ANCHOR_GAS,
                "maxFeePerGas": 10 * 10**9,
                "maxPriorityFeePerGas": 10**9,
            }
        )
        receipt = self.web3.eth.wait_for_transaction_receipt(
            self.web3.eth.send_raw_transaction(signed.raw_transaction), poll_latency=0.05
        )
        if receipt["status"] != 1 or len(receipt["logs"]) != 1:
            raise Refused("not-anchored", f"the transaction receipt has status {receipt['status']}")
        block = self.web3.eth.get_block(receipt["blockNumber"])
        return Anchor(
            log=self.log,
            epoch=int.from_bytes(receipt["logs"][0]["topics"][2], "big"),
            transaction=f"0x{bytes(receipt['transactionHash']).hex()}",
            block_number=receipt["blockNumber"],
            block_hash=f"0x{bytes(receipt['blockHash']).hex()}",
            block_time=datetime.fromtimestamp(block["timestamp"], UTC),
        )


def node_chain(url: str, account: LocalAccount, *, chain_id: int) -> NodeChain:
    """Deploy the contract on a node's chain, open a log for the account, and return it."""
    web3 = connect(url)
    network = Network(name="test", chain_id=chain_id, genesis_hash=None)
    artifact = load_artifact()
    deploy(web3, account, artifact=artifact, network=network)
    opened = open_log(web3, account, artifact=artifact, network=network)
    return NodeChain(web3=web3, account=account, log=opened.name)

"""A chain with funded accounts and the anchor log on it, on whatever node a test brings."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract
from web3.logs import DISCARD
from web3.types import TxReceipt, Wei

from registry.adapters.artifacts import load_artifact
from registry.adapters.deployment import deploy
from registry.adapters.networks import Network

FUNDS_WEI: Final = Wei(10**18)

GAS_LIMIT: Final = 300_000
# More than any call of the contract takes: estimating would refuse what a test wants to see mined and reverted.


Refusal = Callable[[str, str, bytes], bytes]
"""Sender, recipient, calldata -> revert data: each node has its own way to tell, and web3 hides them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One node, four accounts, and the contract at its canonical address."""

    web3: Web3
    contract: Contract
    owner: LocalAccount
    anchorer: LocalAccount
    successor: LocalAccount
    stranger: LocalAccount
    refusal: Refusal

    def send(self, sender: LocalAccount, data: bytes, *, value: int = 0, to: str | None = None) -> TxReceipt:
        """Send a transaction, by default to the contract, and return its transaction receipt, reverted or not."""
        recipient = self.contract.address if to is None else Web3.to_checksum_address(to)
        base_fee = self.web3.eth.get_block("latest")["baseFeePerGas"]
        signed = sender.sign_transaction(
            {
                "chainId": self.web3.eth.chain_id,
                "nonce": self.web3.eth.get_transaction_count(sender.address),
                "to": recipient,
                "data": data,
                "value": value,
                "gas": GAS_LIMIT,
                "maxPriorityFeePerGas": 10**9,
                "maxFeePerGas": 2 * base_fee + 10**9,
            }
        )
        return self.web3.eth.wait_for_transaction_receipt(
            self.web3.eth.send_raw_transaction(signed.raw_transaction), timeout=30, poll_latency=0.02
        )

    def call(self, sender: LocalAccount, function: str, *args: object) -> TxReceipt:
        """Send a call of a function of the contract."""
        return self.send(sender, Web3.to_bytes(hexstr=self.contract.encode_abi(function, args=list(args))))

    def read(self, function: str, *args: object) -> object:
        """Ask a view of the contract at the newest block."""
        return self.contract.functions[function](*args).call()

    def open_bound_log(self) -> int:
        """Open a log of the owner with the anchorer bound to it."""
        events = self.contract.events.LogOpened().process_receipt(
            self.call(self.owner, "openLog", self.anchorer.address), errors=DISCARD
        )
        number = int(events[0]["args"]["log"]) if len(events) == 1 else 0
        self.call(self.anchorer, "acceptAnchorer", number)
        return number

    def revert_data(self, sender: LocalAccount, data: bytes) -> bytes:
        """Return what the contract answers when a call reverts; raise AssertionError when it does not revert."""
        return self.refusal(sender.address, self.contract.address, data)


def prepared_chain(web3: Web3, *, refusal: Refusal) -> Chain:
    """Fund four new accounts from the node's first one and deploy the contract, the way operators do."""
    accounts = [Account.from_key(secrets.token_bytes(32)) for _ in range(4)]
    for account in accounts:
        payment = web3.eth.send_transaction({"from": web3.eth.accounts[0], "to": account.address, "value": FUNDS_WEI})
        web3.eth.wait_for_transaction_receipt(payment, timeout=30, poll_latency=0.02)
    artifact = load_artifact()
    network = Network(name="test", chain_id=web3.eth.chain_id, genesis_hash=None)
    deploy(web3, accounts[0], artifact=artifact, network=network)
    contract = web3.eth.contract(address=Web3.to_checksum_address(artifact.address), abi=artifact.abi)
    owner, anchorer, successor, stranger = accounts
    return Chain(
        web3=web3,
        contract=contract,
        owner=owner,
        anchorer=anchorer,
        successor=successor,
        stranger=stranger,
        refusal=refusal,
    )

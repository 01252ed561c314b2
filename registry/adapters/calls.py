"""Calling a contract as an account: tried first where nothing changes, then sent as one transaction.

A node's estimate is not believed alone, and a transaction receipt of status 0 is told as such: the state may have
changed between the trial and the block.
"""

from dataclasses import dataclass
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.exceptions import TimeExhausted
from web3.types import TxParams, Wei

from registry.adapters.rpc import RpcRefused, connect, read_data, request, translated_errors
from registry.domain.canonical import JsonObject
from registry.domain.errors import Unavailable

MINED_TIMEOUT_SECONDS: Final = 180.0
"""Fifteen blocks of a public network."""
POLL_SECONDS: Final = 0.2
GAS_MARGIN: Final = (5, 4)
"""A quarter more than estimated: the estimate is made on an older state."""
BASE_FEE_MARGIN: Final = 2
"""The base fee rises by an eighth a block at most: twice is enough for six full blocks in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a contract."""

    contract: str
    """Lower-case hex with 0x."""
    data: bytes
    value_wei: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverted:
    """A call that a contract refuses."""

    data: bytes
    """What it reverted with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinedCall:
    """A call that stands in a block."""

    transaction: str
    """Lower-case hex with 0x."""
    block_number: int
    gas_used: int
    reverted: bool


class Caller:
    """An account that calls contracts through one node."""

    def __init__(self, url: str, account: LocalAccount, *, chain_id: int) -> None:
        """Connect to nothing yet. Signed transactions count on the chain of that id alone."""
        self._web3 = connect(url)
        self._account = account
        self._chain_id = chain_id

    @property
    def address(self) -> str:
        """The account, lower-case hex with 0x."""
        return self._account.address.lower()

    def try_call(self, call: Call) -> Reverted | None:
        """Make a call at the newest block without sending it, and return what it reverted with; None when it would pass.

        Raises Unavailable when the node refuses for another reason (no funds, say), or gives no usable answer.
        """
        asked: JsonObject = {
            "from": self.address,
            "to": call.contract,
            "data": f"0x{call.data.hex()}",
            "value": hex(call.value_wei),
        }
        try:
            read_data(request(self._web3, "eth_call", [asked, "latest"]), where="a call")
        except RpcRefused as error:
            if not isinstance(error.data, str):
                raise
            return Reverted(data=read_data(error.data, where="revert data"))
        return None

    def send_call(self, call: Call) -> MinedCall:
        """Send a call and wait until a block holds it.

        Raises Refused `call-reverted` when the estimate reverts, Unavailable when the node fails or nothing is mined in
        time: the transaction may still be.
        """
        eth = self._web3.eth
        with translated_errors("preparing the call"):
            transaction = self._transaction(call)
        signed = self._account.sign_transaction(transaction)
        with translated_errors("sending the call"):
            sent = eth.send_raw_transaction(signed.raw_transaction)
            try:
                mined = eth.wait_for_transaction_receipt(sent, timeout=MINED_TIMEOUT_SECONDS, poll_latency=POLL_SECONDS)
            except TimeExhausted as error:
                waited = f"{MINED_TIMEOUT_SECONDS:g} seconds"
                raise Unavailable("not-mined", f"{Web3.to_hex(sent)} was not mined in {waited}") from error
        return MinedCall(
            transaction=Web3.to_hex(sent),
            block_number=mined["blockNumber"],
            gas_used=mined["gasUsed"],
            reverted=mined["status"] != 1,
        )

    def _transaction(self, call: Call) -> dict[str, Any]:  # Any: eth-account's own description is narrower
        eth = self._web3.eth
        recipient = Web3.to_checksum_address(call.contract)
        asked: TxParams = {
            "from": self._account.address,
            "to": recipient,
            "data": call.data,
            "value": Wei(call.value_wei),
        }
        numerator, denominator = GAS_MARGIN
        gas = eth.estimate_gas(asked) * numerator // denominator
        tip = eth.max_priority_fee
        base_fee = eth.get_block("latest")["baseFeePerGas"]
        return {
            "chainId": self._chain_id,
            # Never the pending nonce: a transaction of this account that is stuck must be seen, not queued behind.
            "nonce": eth.get_transaction_count(self._account.address, "latest"),
            "to": recipient,
            "data": call.data,
            "value": call.value_wei,
            "gas": gas,
            "maxPriorityFeePerGas": tip,
            "maxFeePerGas": BASE_FEE_MARGIN * base_fee + tip,
        }

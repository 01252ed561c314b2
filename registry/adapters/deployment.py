"""Put the anchor log on a chain and open a log in it: on any Ethereum RPC, checked at each step, safe to repeat.

    deploy     chain id and genesis -> code already there? -> the proxy's code -> send -> the code now there
    open_log   account already bound? -> send -> the event in the transaction receipt -> the views agree
    await_final_log                                              ... at the finalized block too

Nothing is believed: a node's chain id is compared with what the operator named, and a transaction receipt of status 1
proves nothing by itself, because a transaction to an address without code has status 1 too. After a crash at any point
running again leads to the same end: the address follows from the code, and an account is bound to one log at most.
"""

import time
from dataclasses import dataclass
from typing import Final

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import BadFunctionCallOutput, BlockNotFound, TimeExhausted
from web3.logs import DISCARD
from web3.types import BlockIdentifier, TxParams, TxReceipt, Wei

from registry.adapters.artifacts import DEPLOYMENT_PROXY, DEPLOYMENT_PROXY_CODE, SALT, Artifact
from registry.adapters.networks import Network
from registry.adapters.rpc import WrongChain, translated_errors
from registry.domain.errors import Conflict, Refused, Unavailable
from registry.domain.log_name import LogName

MINED_TIMEOUT_SECONDS: Final = 180.0
"""Fifteen blocks of a public network: at twice the base fee, a transaction that waits longer needs a person to look."""

POLL_SECONDS: Final = 0.5
"""Blocks come once in some seconds; a chain that mines at once is not kept waiting noticeably."""

GAS_MARGIN: Final = (6, 5)
"""A fifth more than estimated: the estimate is made on an older state."""

BASE_FEE_MARGIN: Final = 2
"""The base fee rises by an eighth a block at most: twice is enough for six full blocks in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The contract on one chain."""

    address: str
    """Lower-case hex with 0x."""
    block_number: int | None
    """The block it was deployed in; None when it was there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLog:
    """A log that the sending account owns and anchors in."""

    name: LogName
    block_number: int | None
    """The block it was opened in; None when it was open before."""


def identify_chain(web3: Web3, network: Network) -> bytes:
    """Compare the node's chain with the one that is meant, and return the hash of its block 0.

    Raises WrongChain for another chain id (`wrong-chain-id`) or another first block (`wrong-genesis`).
    """
    with translated_errors("reading the chain id and block 0"):
        chain_id = web3.eth.chain_id
        genesis_hash = bytes(web3.eth.get_block(0)["hash"])
    if chain_id != network.chain_id:
        raise WrongChain("wrong-chain-id", what="chain id", expected=str(network.chain_id), actual=str(chain_id))
    if network.genesis_hash is not None and genesis_hash != network.genesis_hash:
        expected, actual = "0x" + network.genesis_hash.hex(), "0x" + genesis_hash.hex()
        raise WrongChain("wrong-genesis", what="genesis block", expected=expected, actual=actual)
    return genesis_hash


def is_deployed(web3: Web3, artifact: Artifact, *, block: BlockIdentifier = "latest") -> bool:
    """Say whether the published code stands at its address at a block: false when nothing does.

    Raises WrongChain (`wrong-contract-code`) when other code stands there: then the node lies, or somebody broke
    keccak-256.
    """
    with translated_errors("reading the contract's code"):
        code = bytes(web3.eth.get_code(Web3.to_checksum_address(artifact.address), block))
    if code and code != artifact.runtime_code:
        expected, actual = artifact.runtime_code_hash.hex(), keccak(code).hex()
        raise WrongChain("wrong-contract-code", what=f"code at {artifact.address}", expected=expected, actual=actual)
    return bool(code)


def find_deployment_block(web3: Web3, artifact: Artifact) -> int | None:
    """Return the block in which a contract that is there came to stand at its address.

    None when the node keeps no state that old, which is usual: then only its own records could tell.
    """
    try:
        with translated_errors("reading the contract's code in old blocks"):
            low, high = 0, int(web3.eth.block_number)
            while low < high:
                middle = (low + high) // 2
                if web3.eth.get_code(Web3.to_checksum_address(artifact.address), middle):
                    high = middle
                else:
                    low = middle + 1
            return low
    except Unavailable:
        return None


def deploy(web3: Web3, account: LocalAccount, *, artifact: Artifact, network: Network) -> Deployment:
    """Deploy a contract through the canonical proxy unless it is there already; the account pays.

    Raises Refused for a wrong chain or wrong code, or a chain without the proxy (`deployer-missing`); Unavailable when
    the node fails or the transaction is not mined in time: run it again.
    """
    identify_chain(web3, network)
    if is_deployed(web3, artifact):
        return Deployment(address=artifact.address, block_number=None)
    _require_proxy(web3)
    receipt = _transact(
        web3, account, to=DEPLOYMENT_PROXY, data=SALT + artifact.init_code, network=network, purpose="the deployment"
    )
    # Status 0 and the code there: somebody else deployed the same code a moment earlier, which is as good.
    if not is_deployed(web3, artifact, block=receipt["blockNumber"]):
        raise Refused("not-deployed", f"the deployment was mined and left no code at {artifact.address}")
    return Deployment(address=artifact.address, block_number=receipt["blockNumber"])


def open_log(web3: Web3, account: LocalAccount, *, artifact: Artifact, network: Network) -> OpenedLog:
    """Open a log that the account owns and is bound to; when it has one already, return that one.

    The number may still change in a reorganisation: use it only after `await_final_log`. Raises Refused for a wrong
    chain or contract, Conflict (`account-is-bound`) when the account anchors in a log of another owner, Unavailable when
    the node fails.
    """
    identify_chain(web3, network)
    if not is_deployed(web3, artifact):
        raise WrongChain("no-contract", what="contract", expected=f"code at {artifact.address}", actual="none")
    contract = web3.eth.contract(address=Web3.to_checksum_address(artifact.address), abi=artifact.abi)
    number = _log_of(contract, account, block="latest")
    if number != 0:
        _require_owner(contract, account, number=number)
        return _opened(artifact, network, number=number, block_number=None)
    call = contract.encode_abi("openLog", args=[account.address])
    receipt = _transact(
        web3, account, to=artifact.address, data=Web3.to_bytes(hexstr=call), network=network, purpose="openLog"
    )
    number = _number_in(receipt, contract, account)
    if _log_of(contract, account, block=receipt["blockNumber"]) != number:
        raise Refused("log-not-opened", f"the event names log {number}, the contract does not")
    return _opened(artifact, network, number=number, block_number=receipt["blockNumber"])


def await_final_log(
    web3: Web3, account: LocalAccount, *, artifact: Artifact, opened: OpenedLog, timeout_seconds: float
) -> None:
    """Wait until the finalized block knows the account as bound to the log.

    Raises Unavailable (`log-not-final`) when it still does not after the time, or the node fails.
    """
    contract = web3.eth.contract(address=Web3.to_checksum_address(artifact.address), abi=artifact.abi)
    deadline = time.monotonic() + timeout_seconds
    while _final_log_of(contract, account) != opened.name.number:
        if time.monotonic() >= deadline:
            raise Unavailable("log-not-final", f"log {opened.name} is not final after {timeout_seconds:g} seconds")
        time.sleep(POLL_SECONDS)


def _require_proxy(web3: Web3) -> None:
    with translated_errors("reading the deployment proxy's code"):
        code = bytes(web3.eth.get_code(Web3.to_checksum_address(DEPLOYMENT_PROXY)))
    if code != DEPLOYMENT_PROXY_CODE:
        raise Refused("deployer-missing", f"the canonical deployment proxy is not at {DEPLOYMENT_PROXY} on this chain")


def _transact(web3: Web3, account: LocalAccount, *, to: str, data: bytes, network: Network, purpose: str) -> TxReceipt:
    """Send one transaction and return its transaction receipt, whatever its status."""
    with translated_errors(f"preparing {purpose}"):
        recipient = Web3.to_checksum_address(to)
        call: TxParams = {"from": account.address, "to": recipient, "data": data, "value": Wei(0)}
        numerator, denominator = GAS_MARGIN
        gas = web3.eth.estimate_gas(call) * numerator // denominator
        tip = web3.eth.max_priority_fee
        base_fee = web3.eth.get_block("latest")["baseFeePerGas"]
        # Never the pending nonce: a transaction of this account that is stuck must be seen, not queued behind.
        nonce = web3.eth.get_transaction_count(account.address, "latest")
    signed = account.sign_transaction(
        {
            "chainId": network.chain_id,
            "nonce": nonce,
            "to": recipient,
            "data": data,
            "value": 0,
            "gas": gas,
            "maxPriorityFeePerGas": tip,
            "maxFeePerGas": BASE_FEE_MARGIN * base_fee + tip,
        }
    )
    with translated_errors(f"sending {purpose}"):
        transaction_hash = web3.eth.send_raw_transaction(signed.raw_transaction)
        try:
            return web3.eth.wait_for_transaction_receipt(
                transaction_hash, timeout=MINED_TIMEOUT_SECONDS, poll_latency=POLL_SECONDS
            )
        except TimeExhausted as error:
            waited = f"{MINED_TIMEOUT_SECONDS:g} seconds"
            raise Unavailable("not-mined", f"{purpose}, {transaction_hash.hex()}, not mined in {waited}") from error


def _number_in(receipt: TxReceipt, contract: Contract, account: LocalAccount) -> int:
    """Return the log number of the one LogOpened event of the account in a transaction receipt."""
    events = contract.events.LogOpened().process_receipt(receipt, errors=DISCARD)
    numbers = [
        int(event["args"]["log"])
        for event in events
        if event["address"] == contract.address and event["args"]["owner"] == account.address
    ]
    if receipt["status"] != 1 or len(numbers) != 1:
        raise Refused(
            "log-not-opened", f"status {receipt['status']} and {len(numbers)} LogOpened events of the account"
        )
    return numbers[0]


def _log_of(contract: Contract, account: LocalAccount, *, block: BlockIdentifier) -> int:
    with translated_errors("reading the account's log"):
        return int(contract.functions.logOf(account.address).call(block_identifier=block))


def _final_log_of(contract: Contract, account: LocalAccount) -> int:
    """Return the account's log at the finalized block; 0 also when there is no contract or no such block yet."""
    with translated_errors("reading the account's log at the finalized block"):
        try:
            return int(contract.functions.logOf(account.address).call(block_identifier="finalized"))
        except (BadFunctionCallOutput, BlockNotFound):
            return 0


def _require_owner(contract: Contract, account: LocalAccount, *, number: int) -> None:
    with translated_errors("reading the owner of the log"):
        owner = contract.functions.ownerOf(number).call()
    if owner != account.address:
        raise Conflict("account-is-bound", f"{account.address} is bound to log {number}, which {owner} owns")


def _opened(artifact: Artifact, network: Network, *, number: int, block_number: int | None) -> OpenedLog:
    name = LogName(chain_id=network.chain_id, contract=artifact.address, number=number)
    return OpenedLog(name=name, block_number=block_number)

"""May a transaction enter the next block? Asked before the engine runs, answered in go-ethereum's words.

Clients (this project's worker too) tell "nonce too low" from "insufficient funds" by these words, and every node
around has learnt to send go-ethereum's. Its order of questions is kept. What differs: there is no pool, so a nonce
ahead of the account's is refused with the words of the state transition, and a transaction that is in the chain
already is "already known".
"""

import rlp
from eth.abc import BlockHeaderAPI, SignedTransactionAPI, StateAPI
from eth.exceptions import UnrecognizedTransactionType
from eth.vm.forks.cancun.constants import BLOB_TX_TYPE
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.constants import STANDARD_TOKEN_COST, TOTAL_COST_FLOOR_PER_TOKEN
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.exceptions import ValidationError

from registry.devchain.errors import TransactionRefused
from registry.devchain.headers import base_fee_wei

TRANSACTION_BYTES_LIMIT = 128 * 1024
# go-ethereum's limit for one transaction; the largest contract and its constructor fit twice.

INITCODE_BYTES_LIMIT = 49_152
# EIP-3860: twice the largest contract.

TRANSFER_GAS = 21_000
# What every transaction costs before its data and its code: Yellow Paper, G_transaction.


def decode_transaction(raw: bytes) -> SignedTransactionAPI:
    """Decode the bytes that a client signed, and recover the signer.

    Raises TransactionRefused if they are not a signed transaction of a kind this chain takes.
    """
    if len(raw) > TRANSACTION_BYTES_LIMIT:
        raise TransactionRefused(f"oversized data: transaction size {len(raw)}, limit {TRANSACTION_BYTES_LIMIT}")
    try:
        transaction = PragueVM.get_transaction_builder().decode(raw)
    except UnrecognizedTransactionType as error:
        raise TransactionRefused("transaction type not supported") from error
    except (rlp.exceptions.RLPException, ValidationError, TypeError, ValueError, IndexError) as error:
        raise TransactionRefused(f"rlp: {type(error).__name__}") from error
    if transaction.type_id == BLOB_TX_TYPE:
        # Blobs live outside the chain; there is nobody here who would keep them.
        raise TransactionRefused("transaction type not supported")
    try:
        # The engine keeps what is recovered here: it is the costly part of a transaction.
        _ = transaction.sender
    except (BadSignature, ValidationError) as error:
        raise TransactionRefused("invalid transaction v, r, s values") from error
    return transaction


def check_admission(
    transaction: SignedTransactionAPI, *, chain_id: int, header: BlockHeaderAPI, state: StateAPI
) -> None:
    """Check a transaction against the next block's header and the state before it.

    Raises TransactionRefused with the first reason found.
    """
    _check_chain_id(transaction, chain_id)
    _check_gas(transaction, header)
    _check_fees(transaction, header)
    _check_nonce(transaction, state)
    _check_funds(transaction, state)
    try:
        transaction.validate()
    except ValidationError as error:
        raise TransactionRefused(str(error)) from error


def minimum_gas(transaction: SignedTransactionAPI) -> int:
    """Return the least gas limit a transaction needs whatever its code does (Yellow Paper g_0, EIP-7623 floor)."""
    zeros = transaction.data.count(0)
    tokens = zeros + (len(transaction.data) - zeros) * STANDARD_TOKEN_COST
    return max(transaction.intrinsic_gas, TRANSFER_GAS + TOTAL_COST_FLOOR_PER_TOKEN * tokens)


def _check_chain_id(transaction: SignedTransactionAPI, chain_id: int) -> None:
    if transaction.chain_id is None:
        raise TransactionRefused("only replay-protected (EIP-155) transactions allowed over RPC")
    if transaction.chain_id != chain_id:
        raise TransactionRefused(f"invalid chain id for signer: have {transaction.chain_id} want {chain_id}")


def _check_gas(transaction: SignedTransactionAPI, header: BlockHeaderAPI) -> None:
    if not transaction.to and len(transaction.data) > INITCODE_BYTES_LIMIT:
        raise TransactionRefused(
            f"max initcode size exceeded: code size {len(transaction.data)}, limit {INITCODE_BYTES_LIMIT}"
        )
    if transaction.gas > header.gas_limit:
        raise TransactionRefused("exceeds block gas limit")
    if transaction.gas < transaction.intrinsic_gas:
        raise TransactionRefused(
            f"intrinsic gas too low: gas {transaction.gas}, minimum needed {transaction.intrinsic_gas}"
        )
    floor = minimum_gas(transaction)
    if transaction.gas < floor:
        raise TransactionRefused(
            f"insufficient gas for floor data gas cost: gas {transaction.gas}, minimum needed {floor}"
        )


def _check_fees(transaction: SignedTransactionAPI, header: BlockHeaderAPI) -> None:
    if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
        raise TransactionRefused(
            "max priority fee per gas higher than max fee per gas: "
            f"maxPriorityFeePerGas: {transaction.max_priority_fee_per_gas}, "
            f"maxFeePerGas: {transaction.max_fee_per_gas}"
        )
    if transaction.max_fee_per_gas < base_fee_wei(header):
        raise TransactionRefused(
            f"max fee per gas less than block base fee: address {_address(transaction)}, "
            f"maxFeePerGas: {transaction.max_fee_per_gas}, baseFee: {base_fee_wei(header)}"
        )


def _check_nonce(transaction: SignedTransactionAPI, state: StateAPI) -> None:
    expected = state.get_nonce(transaction.sender)
    if transaction.nonce < expected:
        raise TransactionRefused(
            f"nonce too low: address {_address(transaction)}, tx: {transaction.nonce} state: {expected}"
        )
    if transaction.nonce > expected:
        raise TransactionRefused(
            f"nonce too high: address {_address(transaction)}, tx: {transaction.nonce} state: {expected}"
        )


def _check_funds(transaction: SignedTransactionAPI, state: StateAPI) -> None:
    balance = state.get_balance(transaction.sender)
    cost = transaction.gas * transaction.max_fee_per_gas + transaction.value
    if balance < cost:
        raise TransactionRefused(
            f"insufficient funds for gas * price + value: balance {balance}, tx cost {cost}, overshot {cost - balance}"
        )


def _address(transaction: SignedTransactionAPI) -> str:
    return to_checksum_address(transaction.sender)

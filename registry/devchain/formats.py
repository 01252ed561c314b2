"""Blocks, transactions and transaction receipts as the execution API spells them.

Every field of a header is there, so that its RLP can be rebuilt from the JSON and hashed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import rlp
from eth.abc import BlockHeaderAPI, LogAPI, ReceiptAPI, SignedTransactionAPI
from eth.vm.forks.berlin.constants import ACCESS_LIST_TRANSACTION_TYPE
from eth.vm.forks.prague.constants import SET_CODE_TRANSACTION_TYPE
from eth_utils.crypto import keccak

from registry.devchain.chain import DevChain
from registry.devchain.headers import base_fee_wei, format_header
from registry.devchain.json_values import JsonObject, data, quantity, word
from registry.devchain.proofs import AccountProof, SlotProof

LEGACY_TRANSACTION_TYPE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MinedTransaction:
    """A transaction with its receipt and its place in the chain."""

    header: BlockHeaderAPI
    index: int
    transaction: SignedTransactionAPI
    receipt: ReceiptAPI
    gas_used: int
    first_log_index: int


def mined_transactions(chain: DevChain, header: BlockHeaderAPI) -> Iterator[MinedTransaction]:
    """Yield a block's transactions in order."""
    gas_before = logs_before = 0
    pairs = zip(chain.transactions_of(header), chain.receipts_of(header), strict=True)
    for index, (transaction, receipt) in enumerate(pairs):
        yield MinedTransaction(
            header=header,
            index=index,
            transaction=transaction,
            receipt=receipt,
            # The receipt itself says how much the block had used up to here.
            gas_used=receipt.gas_used - gas_before,
            first_log_index=logs_before,
        )
        gas_before = receipt.gas_used
        logs_before += len(receipt.logs)


def effective_gas_price(transaction: SignedTransactionAPI, header: BlockHeaderAPI) -> int:
    """Return what a unit of gas cost the sender (EIP-1559)."""
    return min(transaction.max_fee_per_gas, base_fee_wei(header) + transaction.max_priority_fee_per_gas)


def format_block(chain: DevChain, header: BlockHeaderAPI) -> JsonObject:
    """Spell a block with the hashes of its transactions."""
    hashes = [data(transaction.hash) for transaction in chain.transactions_of(header)]
    return format_header(header) | _body(chain, header) | {"transactions": hashes}


def format_block_with_transactions(chain: DevChain, header: BlockHeaderAPI) -> JsonObject:
    """Spell a block with its transactions in full."""
    transactions = [format_transaction(chain, mined) for mined in mined_transactions(chain, header)]
    return format_header(header) | _body(chain, header) | {"transactions": transactions}


def format_pending_block(chain: DevChain, header: BlockHeaderAPI) -> JsonObject:
    """Spell the block to come: empty, and without the hash and seal that it does not have yet."""
    unknown: JsonObject = {"hash": None, "nonce": None, "miner": None, "transactions": []}
    return format_header(header) | _body(chain, header) | unknown


def _body(chain: DevChain, header: BlockHeaderAPI) -> JsonObject:
    return {"size": quantity(chain.encoded_size_of(header)), "uncles": [], "withdrawals": []}


def format_transaction(chain: DevChain, mined: MinedTransaction) -> JsonObject:
    """Spell a transaction and where it was mined."""
    transaction = mined.transaction
    kind = transaction_type(transaction)
    fields: JsonObject = {
        **_place(mined),
        "hash": data(transaction.hash),
        "type": quantity(kind),
        "nonce": quantity(transaction.nonce),
        "from": data(chain.sender_of(transaction)),
        "to": data(transaction.to) if transaction.to else None,
        "value": quantity(transaction.value),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(effective_gas_price(transaction, mined.header)),
        "input": data(transaction.data),
        "chainId": None if transaction.chain_id is None else quantity(transaction.chain_id),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
    }
    if kind == LEGACY_TRANSACTION_TYPE:
        # EIP-155: the chain id is part of v.
        return fields | {"v": quantity(transaction.y_parity + 35 + 2 * (transaction.chain_id or 0))}
    fields |= {
        "v": quantity(transaction.y_parity),
        "yParity": quantity(transaction.y_parity),
        "accessList": [
            {"address": data(address), "storageKeys": [word(slot) for slot in slots]}
            for address, slots in transaction.access_list
        ],
    }
    if kind != ACCESS_LIST_TRANSACTION_TYPE:
        fields["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        fields["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    if kind == SET_CODE_TRANSACTION_TYPE:
        fields["authorizationList"] = _authorizations(transaction)
    return fields


def _authorizations(transaction: SignedTransactionAPI) -> list[JsonObject]:
    return [
        {
            "chainId": quantity(authorization.chain_id),
            "address": data(authorization.address),
            "nonce": quantity(authorization.nonce),
            "yParity": quantity(authorization.y_parity),
            "r": quantity(authorization.r),
            "s": quantity(authorization.s),
        }
        for authorization in transaction.authorization_list
    ]


def format_receipt(chain: DevChain, mined: MinedTransaction) -> JsonObject:
    """Spell a transaction receipt."""
    transaction, receipt = mined.transaction, mined.receipt
    sender = chain.sender_of(transaction)
    created = None if transaction.to else data(keccak(rlp.encode([sender, transaction.nonce]))[12:])
    return {
        **_place(mined),
        "transactionHash": data(transaction.hash),
        "type": quantity(transaction_type(transaction)),
        "from": data(sender),
        "to": data(transaction.to) if transaction.to else None,
        "contractAddress": created,
        "status": quantity(int.from_bytes(receipt.state_root, "big")),
        "gasUsed": quantity(mined.gas_used),
        "cumulativeGasUsed": quantity(receipt.gas_used),
        "effectiveGasPrice": quantity(effective_gas_price(transaction, mined.header)),
        "logsBloom": data(receipt.bloom.to_bytes(256, "big")),
        "logs": format_logs(mined),
    }


def format_logs(mined: MinedTransaction) -> list[JsonObject]:
    """Spell all logs of a transaction."""
    return [format_log(mined, position) for position in range(len(mined.receipt.logs))]


def format_log(mined: MinedTransaction, position: int) -> JsonObject:
    """Spell the log at a position among those of its transaction."""
    log: LogAPI = mined.receipt.logs[position]
    return {
        **_place(mined),
        "transactionHash": data(mined.transaction.hash),
        "blockTimestamp": quantity(mined.header.timestamp),
        "logIndex": quantity(mined.first_log_index + position),
        "address": data(log.address),
        "topics": [word(topic) for topic in log.topics],
        "data": data(log.data),
        "removed": False,
    }


def _place(mined: MinedTransaction) -> JsonObject:
    return {
        "blockHash": data(mined.header.hash),
        "blockNumber": quantity(mined.header.block_number),
        "transactionIndex": quantity(mined.index),
    }


def transaction_type(transaction: SignedTransactionAPI) -> int:
    """Return the EIP-2718 type; the engine has none for transactions from before types."""
    return LEGACY_TRANSACTION_TYPE if transaction.type_id is None else transaction.type_id


def format_proof(proof: AccountProof) -> JsonObject:
    """Spell an account proof as EIP-1186 does."""
    return {
        "address": data(proof.address),
        "accountProof": [data(node) for node in proof.nodes],
        "balance": quantity(proof.account.balance),
        "codeHash": data(proof.account.code_hash),
        "nonce": quantity(proof.account.nonce),
        "storageHash": data(proof.account.storage_root),
        "storageProof": [_slot_proof(slot) for slot in proof.slots],
    }


def _slot_proof(proof: SlotProof) -> JsonObject:
    return {
        "key": word(proof.slot),
        "value": quantity(proof.value),
        "proof": [data(node) for node in proof.nodes],
    }

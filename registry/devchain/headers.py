"""Fields of a Prague header that the engine declares as optional, for the sake of older forks, or not at all."""

from typing import Any

from eth.abc import BlockHeaderAPI

from registry.devchain.json_values import JsonObject, data, quantity


def base_fee_wei(header: BlockHeaderAPI) -> int:
    """Return the header's base fee (EIP-1559)."""
    fee = header.base_fee_per_gas
    if fee is None:
        raise RuntimeError(f"block {header.block_number} has no base fee")
    return fee


def format_header(header: BlockHeaderAPI) -> JsonObject:
    """Spell a header with all of its 21 fields and its hash."""
    # Any: the engine's interface for headers stops before Shanghai; every header here is Prague's.
    prague: Any = header
    return {
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "sha3Uncles": data(header.uncles_hash),
        "miner": data(header.coinbase),
        "stateRoot": data(header.state_root),
        "transactionsRoot": data(header.transaction_root),
        "receiptsRoot": data(header.receipt_root),
        "logsBloom": data(header.bloom.to_bytes(256, "big")),
        "difficulty": quantity(header.difficulty),
        "number": quantity(header.block_number),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "extraData": data(header.extra_data),
        "mixHash": data(header.mix_hash),
        "nonce": data(header.nonce),
        "baseFeePerGas": quantity(base_fee_wei(header)),
        "withdrawalsRoot": data(prague.withdrawals_root),
        "blobGasUsed": quantity(prague.blob_gas_used),
        "excessBlobGas": quantity(prague.excess_blob_gas),
        "parentBeaconBlockRoot": data(prague.parent_beacon_block_root),
        "requestsHash": data(prague.requests_hash),
    }

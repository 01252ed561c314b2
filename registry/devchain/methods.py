"""The JSON-RPC methods: one function each, and the table that names them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from eth_typing import Address

from registry.devchain.arguments import (
    Arguments,
    BlockTag,
    read_address,
    read_call,
    read_data,
    read_hash,
    read_storage_key,
)
from registry.devchain.blocks import find_block, require_block
from registry.devchain.chain import DevChain
from registry.devchain.errors import InvalidParameters
from registry.devchain.fees import fee_history, suggest_gas_price, suggest_tip
from registry.devchain.formats import (
    MinedTransaction,
    format_block,
    format_block_with_transactions,
    format_pending_block,
    format_proof,
    format_receipt,
    format_transaction,
    mined_transactions,
)
from registry.devchain.json_values import Json, data, quantity, word
from registry.devchain.logs import search_logs
from registry.devchain.proofs import prove_account
from registry.devchain.simulation import estimate_gas, run_call

PROOF_SLOTS_LIMIT = 1024
# go-ethereum's limit of storage positions in one eth_getProof.


@dataclass(frozen=True, slots=True)
class Method:
    """A method and how many parameters it takes at most."""

    run: Callable[[DevChain, Arguments], Json]
    arity: int


def _chain_id(chain: DevChain, _: Arguments) -> Json:
    return quantity(chain.chain_id)


def _network_version(chain: DevChain, _: Arguments) -> Json:
    return str(chain.chain_id)


def _listening(_chain: DevChain, _: Arguments) -> Json:
    return True


def _client_version(_chain: DevChain, _: Arguments) -> Json:
    return f"credroot-devchain/py-evm-{version('py-evm')}"


def _syncing(_chain: DevChain, _: Arguments) -> Json:
    return False


def _accounts(_chain: DevChain, _: Arguments) -> Json:
    # The node signs for nobody: clients sign with keys of their own.
    return []


def _block_number(chain: DevChain, _: Arguments) -> Json:
    return quantity(chain.head().block_number)


def _block_by_number(chain: DevChain, arguments: Arguments) -> Json:
    arguments.required(0)
    reference = arguments.block(0)
    header = find_block(chain, reference)
    if header is None:
        return None
    if reference is BlockTag.PENDING:
        return format_pending_block(chain, header)
    return format_block_with_transactions(chain, header) if arguments.flag(1) else format_block(chain, header)


def _block_by_hash(chain: DevChain, arguments: Arguments) -> Json:
    header = chain.header_by_hash(read_hash(arguments.required(0)))
    if header is None:
        return None
    return format_block_with_transactions(chain, header) if arguments.flag(1) else format_block(chain, header)


def _block_receipts(chain: DevChain, arguments: Arguments) -> Json:
    arguments.required(0)
    reference = arguments.block(0)
    header = find_block(chain, reference)
    if header is None:
        return None
    if reference is BlockTag.PENDING:
        return []
    return [format_receipt(chain, mined) for mined in mined_transactions(chain, header)]


def _transaction(chain: DevChain, arguments: Arguments) -> Json:
    mined = _find_mined(chain, arguments)
    return None if mined is None else format_transaction(chain, mined)


def _receipt(chain: DevChain, arguments: Arguments) -> Json:
    mined = _find_mined(chain, arguments)
    return None if mined is None else format_receipt(chain, mined)


def _find_mined(chain: DevChain, arguments: Arguments) -> MinedTransaction | None:
    place = chain.locate(read_hash(arguments.required(0)))
    if place is None:
        return None
    header, index = place
    return next(mined for mined in mined_transactions(chain, header) if mined.index == index)


def _balance(chain: DevChain, arguments: Arguments) -> Json:
    address = _address(arguments)
    return quantity(chain.state_at(require_block(chain, arguments.block(1))).get_balance(address))


def _transaction_count(chain: DevChain, arguments: Arguments) -> Json:
    address = _address(arguments)
    return quantity(chain.state_at(require_block(chain, arguments.block(1))).get_nonce(address))


def _code(chain: DevChain, arguments: Arguments) -> Json:
    address = _address(arguments)
    return data(chain.state_at(require_block(chain, arguments.block(1))).get_code(address))


def _storage_at(chain: DevChain, arguments: Arguments) -> Json:
    address = _address(arguments)
    slot = read_storage_key(arguments.required(1))
    return word(chain.state_at(require_block(chain, arguments.block(2))).get_storage(address, slot))


def _proof(chain: DevChain, arguments: Arguments) -> Json:
    address = _address(arguments)
    keys = arguments.required(1)
    if not isinstance(keys, list) or len(keys) > PROOF_SLOTS_LIMIT:
        raise InvalidParameters(f"expected a list of at most {PROOF_SLOTS_LIMIT} storage positions")
    slots = [read_storage_key(key) for key in keys]
    header = require_block(chain, arguments.block(2))
    return format_proof(prove_account(chain, header, address=address, slots=slots))


def _address(arguments: Arguments) -> Address:
    return read_address(arguments.required(0))


def _call(chain: DevChain, arguments: Arguments) -> Json:
    call = read_call(arguments.required(0))
    return data(run_call(chain, require_block(chain, arguments.block(1)), call))


def _estimate_gas(chain: DevChain, arguments: Arguments) -> Json:
    call = read_call(arguments.required(0))
    return quantity(estimate_gas(chain, require_block(chain, arguments.block(1)), call))


def _send_raw_transaction(chain: DevChain, arguments: Arguments) -> Json:
    return data(chain.submit(read_data(arguments.required(0))))


def _logs(chain: DevChain, arguments: Arguments) -> Json:
    return search_logs(chain, arguments.required(0))


def _gas_price(chain: DevChain, _: Arguments) -> Json:
    return quantity(suggest_gas_price(chain))


def _tip(chain: DevChain, _: Arguments) -> Json:
    return quantity(suggest_tip(chain))


def _fee_history(chain: DevChain, arguments: Arguments) -> Json:
    return fee_history(chain, arguments)


def _mine(chain: DevChain, _: Arguments) -> Json:
    chain.mine_empty_block()
    return "0x0"


METHODS: Mapping[str, Method] = {
    "eth_accounts": Method(_accounts, 0),
    "eth_blockNumber": Method(_block_number, 0),
    "eth_call": Method(_call, 2),
    "eth_chainId": Method(_chain_id, 0),
    "eth_estimateGas": Method(_estimate_gas, 2),
    "eth_feeHistory": Method(_fee_history, 3),
    "eth_gasPrice": Method(_gas_price, 0),
    "eth_getBalance": Method(_balance, 2),
    "eth_getBlockByHash": Method(_block_by_hash, 2),
    "eth_getBlockByNumber": Method(_block_by_number, 2),
    "eth_getBlockReceipts": Method(_block_receipts, 1),
    "eth_getCode": Method(_code, 2),
    "eth_getLogs": Method(_logs, 1),
    "eth_getProof": Method(_proof, 3),
    "eth_getStorageAt": Method(_storage_at, 3),
    "eth_getTransactionByHash": Method(_transaction, 1),
    "eth_getTransactionCount": Method(_transaction_count, 2),
    "eth_getTransactionReceipt": Method(_receipt, 1),
    "eth_maxPriorityFeePerGas": Method(_tip, 0),
    "eth_sendRawTransaction": Method(_send_raw_transaction, 1),
    "eth_syncing": Method(_syncing, 0),
    "evm_mine": Method(_mine, 0),
    "net_listening": Method(_listening, 0),
    "net_version": Method(_network_version, 0),
    "web3_clientVersion": Method(_client_version, 0),
}

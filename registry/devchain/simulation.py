"""Running a call without a block: `eth_call` and the search behind `eth_estimateGas`.

The call sees the state after the named block and that block's number and time, as on go-ethereum. It pays nothing for
gas: the base fee is taken as zero.
"""

from dataclasses import dataclass
from typing import Any, cast

from eth.abc import BlockHeaderAPI, ComputationAPI, SignedTransactionAPI
from eth.exceptions import OutOfGas, Revert
from eth.vm.forks.prague import PragueVM
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from registry.devchain.admission import minimum_gas
from registry.devchain.chain import DevChain
from registry.devchain.errors import SERVER_ERROR, ExecutionReverted, RpcError

CALL_GAS_LIMIT = 30_000_000
# One block's worth; a call that loops for ever then holds the chain for seconds, not for ever.

ESTIMATE_TOLERANCE = 0.015
# go-ethereum's: the search stops when it cannot be more than 1.5 % too high.

CALL_STIPEND = 2_300
# Part of what a call with value hands on must be there though it is never spent.

_ERROR_SELECTOR = bytes.fromhex("08c379a0")
_PANIC_SELECTOR = bytes.fromhex("4e487b71")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a transaction would do, without signature and fees."""

    sender: Address
    to: Address
    """Empty for the creation of a contract."""
    gas: int
    """At most CALL_GAS_LIMIT."""
    value: int
    data: bytes
    access_list: tuple[tuple[Address, tuple[int, ...]], ...]


def run_call(chain: DevChain, header: BlockHeaderAPI, call: Call) -> bytes:
    """Return what the call returns after the block `header`.

    Raises ExecutionReverted, or RpcError for any other failure of the code.
    """
    computation = _execute(chain, header, call, call.gas)
    _raise_for(computation)
    return bytes(computation.output)


def estimate_gas(chain: DevChain, header: BlockHeaderAPI, call: Call) -> int:
    """Return a gas limit with which the call succeeds after the block `header`.

    Raises ExecutionReverted, or RpcError if it fails with the whole limit too.
    """
    least = minimum_gas(_as_transaction(chain, call, nonce=0, gas=call.gas))
    if least > call.gas:
        raise RpcError(SERVER_ERROR, f"gas required exceeds allowance ({call.gas})")
    computation = _execute(chain, header, call, call.gas)
    if isinstance(computation.error if computation.is_error else None, OutOfGas):
        raise RpcError(SERVER_ERROR, f"gas required exceeds allowance ({call.gas})")
    _raise_for(computation)
    if not _execute(chain, header, call, least).is_error:
        return least
    spent = call.gas - computation.get_gas_remaining()
    too_low, enough = least, call.gas
    # A call hands on at most 63/64 of its gas (EIP-150), so the usual answer is just above what was spent.
    guess = (spent + CALL_STIPEND) * 64 // 63
    while enough - too_low > 1 and (enough - too_low) / enough > ESTIMATE_TOLERANCE:
        middle = guess if too_low < guess < enough else (too_low + enough) // 2
        guess = 0
        if _execute(chain, header, call, middle).is_error:
            too_low = middle
        else:
            enough = middle
    return enough


def _execute(chain: DevChain, header: BlockHeaderAPI, call: Call, gas: int) -> ComputationAPI:
    state = chain.state_at(header, base_fee_wei=0)
    balance = state.get_balance(call.sender)
    if call.value > balance:
        raise RpcError(SERVER_ERROR, f"insufficient funds for transfer: balance {balance}, tx cost {call.value}")
    transaction = _as_transaction(chain, call, nonce=state.get_nonce(call.sender), gas=gas)
    try:
        return state.apply_transaction(transaction)
    except ValidationError as error:
        raise RpcError(SERVER_ERROR, f"intrinsic gas too low or call malformed: {error}") from error


def _as_transaction(chain: DevChain, call: Call, *, nonce: int, gas: int) -> SignedTransactionAPI:
    # Any: the engine's interface for builders stops before typed transactions.
    builder: Any = PragueVM.get_transaction_builder()
    unsigned = builder.new_unsigned_dynamic_fee_transaction(
        chain_id=chain.chain_id,
        nonce=nonce,
        max_priority_fee_per_gas=0,
        max_fee_per_gas=0,
        gas=gas,
        to=call.to,
        value=call.value,
        data=call.data,
        access_list=call.access_list,
    )
    # The engine's own stand-in for a signature; it quacks like a signed transaction without being declared as one.
    return cast("SignedTransactionAPI", SpoofTransaction(unsigned, from_=call.sender))


def _raise_for(computation: ComputationAPI) -> None:
    if not computation.is_error:
        return
    error = computation.error
    if isinstance(error, Revert):
        revert_data = bytes(computation.output)
        raise ExecutionReverted(revert_data, _reason(revert_data))
    if isinstance(error, OutOfGas):
        raise RpcError(SERVER_ERROR, "out of gas")
    raise RpcError(SERVER_ERROR, f"{type(error).__name__}: {error}")


def _reason(revert_data: bytes) -> str | None:
    """Read Error(string) and Panic(uint256), the two that Solidity defines itself."""
    selector, body = revert_data[:4], revert_data[4:]
    if selector == _PANIC_SELECTOR and len(body) == 32:
        return f"panic code {int.from_bytes(body, 'big'):#04x}"
    if selector != _ERROR_SELECTOR or len(body) < 64 or int.from_bytes(body[:32], "big") != 32:
        return None
    length = int.from_bytes(body[32:64], "big")
    if length > len(body) - 64:
        return None
    return body[64 : 64 + length].decode("utf-8", errors="replace")

"""The first block: who has funds, which code is there, and the chain's own number."""

from collections.abc import Sequence

from eth.constants import BLANK_ROOT_HASH, POST_MERGE_DIFFICULTY, POST_MERGE_MIX_HASH, POST_MERGE_NONCE
from eth.typing import AccountDetails, AccountState, HeaderParams
from eth_typing import Address

from registry.devchain.accounts import development_accounts

DEVCHAIN_ID = 13_371_905
# Unassigned in the public chain list; not 1337 or 31337, which other development chains use: a transaction signed for
# one of them must not be valid here.

GENESIS_BALANCE_WEI = 1_000_000 * 10**18
# More than any development can spend, far below where sums would overflow 256 bits.

BLOCK_GAS_LIMIT = 30_000_000
# Ethereum's long-standing block size; it is kept constant.

INITIAL_BASE_FEE_WEI = 10**9

DEPLOYMENT_PROXY = Address(bytes.fromhex("4e59b44847b379578588920ca78fbf26c0b4956c"))
"""The canonical deterministic deployment proxy: CREATE2 with the first 32 bytes of its input as the salt."""

DEPLOYMENT_PROXY_CODE = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)


def genesis_parameters(*, timestamp: int) -> dict[str, HeaderParams]:
    """Return the header fields of the first block that are not derived from its state."""
    return {
        "coinbase": Address(bytes(20)),
        "difficulty": POST_MERGE_DIFFICULTY,
        "extra_data": b"credroot devchain",
        "gas_limit": BLOCK_GAS_LIMIT,
        "base_fee_per_gas": INITIAL_BASE_FEE_WEI,
        "mix_hash": POST_MERGE_MIX_HASH,
        "nonce": POST_MERGE_NONCE,
        "receipt_root": BLANK_ROOT_HASH,
        "transaction_root": BLANK_ROOT_HASH,
        "timestamp": timestamp,
    }


def genesis_state(*, funded: Sequence[Address]) -> AccountState:
    """Return the accounts of the first block: the development accounts, `funded`, and the deployment proxy."""
    holders = {Address(bytes.fromhex(account.address[2:])) for account in development_accounts()} | set(funded)
    state: dict[Address, AccountDetails] = {
        holder: {"balance": GENESIS_BALANCE_WEI, "nonce": 0, "code": b"", "storage": {}} for holder in sorted(holders)
    }
    # Nonce 1 as on public chains: EIP-161 gives it to every account that holds code.
    state[DEPLOYMENT_PROXY] = {"balance": 0, "nonce": 1, "code": DEPLOYMENT_PROXY_CODE, "storage": {}}
    return state

"""The development accounts. THEIR KEYS ARE PUBLIC: never send anything of value to them on any other chain.

They come from the mnemonic that Ethereum's development tools share (BIP-39, BIP-44 path m/44'/60'/0'/0/i), so that a
wallet that knows a development chain knows these accounts too.
"""

from functools import cache

from eth_account import Account
from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from eth_account.signers.local import LocalAccount

DEVELOPMENT_MNEMONIC = "test test test test test test test test test test test junk"

ACCOUNT_COUNT = 10
# Enough to give each process of a test its own account; deriving one takes about 10 ms at start.


@cache
def development_accounts() -> tuple[LocalAccount, ...]:
    """Return the accounts that a new development chain funds, with their (public) private keys."""
    seed = seed_from_mnemonic(DEVELOPMENT_MNEMONIC, "")
    return tuple(Account.from_key(key_from_seed(seed, f"m/44'/60'/0'/0/{index}")) for index in range(ACCOUNT_COUNT))

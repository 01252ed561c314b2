"""Merkle-Patricia proofs of accounts and storage slots at a block (EIP-1186)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rlp
from eth.abc import BlockHeaderAPI
from eth.rlp.accounts import Account
from eth_typing import Address, Hash32
from eth_utils.crypto import keccak
from trie.hexary import HexaryTrie

from registry.devchain.chain import DevChain

HASHED_NODE_BYTES = 32
# A node of fewer bytes stands inside its parent and is not a proof element of its own (Yellow Paper, appendix D).


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotProof:
    """The value of one storage slot and the nodes from the storage root to it."""

    slot: int
    value: int
    nodes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountProof:
    """An account and the nodes from the state root to it; an absent account is one with nothing in it."""

    address: Address
    account: Account
    nodes: tuple[bytes, ...]
    slots: tuple[SlotProof, ...]


def prove_account(chain: DevChain, header: BlockHeaderAPI, *, address: Address, slots: Sequence[int]) -> AccountProof:
    """Prove an account and some of its slots against the header's state root; absence is proved alike."""
    state_trie = HexaryTrie(chain.database, header.state_root)
    account_key = keccak(address)
    stored = state_trie[account_key]
    account = rlp.decode(stored, sedes=Account) if stored else Account()
    storage_trie = HexaryTrie(chain.database, Hash32(account.storage_root))
    return AccountProof(
        address=address,
        account=account,
        nodes=_nodes(state_trie, account_key),
        slots=tuple(_prove_slot(storage_trie, slot) for slot in slots),
    )


def _prove_slot(storage_trie: HexaryTrie, slot: int) -> SlotProof:
    key = keccak(slot.to_bytes(32, "big"))
    stored = storage_trie[key]
    value = rlp.decode(stored, sedes=rlp.sedes.big_endian_int) if stored else 0
    return SlotProof(slot=slot, value=value, nodes=_nodes(storage_trie, key))


def _nodes(trie: HexaryTrie, key: bytes) -> tuple[bytes, ...]:
    # Any: this method of the library has no annotations.
    library: Any = trie
    encoded = [rlp.encode(node) for node in library.get_proof(key)]
    return tuple(node for depth, node in enumerate(encoded) if depth == 0 or len(node) >= HASHED_NODE_BYTES)

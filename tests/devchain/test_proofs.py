"""Proofs of accounts and slots, checked with the trie library alone against the block's state root."""

from collections.abc import Sequence
from typing import Any

import pytest
import rlp
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from trie.exceptions import BadTrieProof
from trie.hexary import HexaryTrie
from web3 import Web3

from tests.devchain.client import RpcFailure, rpc, send, word

BLANK_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"


def proven(root: str, key: bytes, nodes: Sequence[str]) -> bytes:
    """Return what the nodes prove under the key; empty bytes for a proven absence."""
    decoded = [rlp.decode(bytes.fromhex(node[2:])) for node in nodes]
    library: Any = HexaryTrie
    value: bytes = library.get_from_proof(bytes.fromhex(root[2:]), keccak(key), decoded)
    return value


def test_account_and_slots_are_proven_against_the_state_root(
    url: str, web3: Web3, account: LocalAccount, keeper: str
) -> None:
    receipt = send(web3, account, to=keeper, data=word(2**255 + 5))
    send(web3, account, to=keeper, data=word(6))
    block = rpc(url, "eth_getBlockByHash", receipt["blockHash"].to_0x_hex(), False)

    proof = rpc(url, "eth_getProof", keeper, [hex(0), "0x" + word(1).hex()], {"blockHash": block["hash"]})

    expected = [
        int(proof["nonce"], 16),
        int(proof["balance"], 16),
        bytes.fromhex(proof["storageHash"][2:]),
        bytes.fromhex(proof["codeHash"][2:]),
    ]
    address = bytes.fromhex(keeper[2:])
    assert proven(block["stateRoot"], address, proof["accountProof"]) == rlp.encode(expected)
    kept, absent = proof["storageProof"]
    assert proven(proof["storageHash"], word(0), kept["proof"]) == rlp.encode(2**255 + 5)
    assert int(kept["value"], 16) == 2**255 + 5
    assert proven(proof["storageHash"], word(1), absent["proof"]) == b""
    assert absent["value"] == "0x0"
    assert proof["codeHash"] == "0x" + keccak(web3.eth.get_code(Web3.to_checksum_address(keeper))).hex()


def test_web3_reads_the_proof(web3: Web3, account: LocalAccount, keeper: str) -> None:
    send(web3, account, to=keeper, data=word(77))

    # Any: positions go over the wire as they are given, and the library's type knows integers only.
    library: Any = web3.eth
    proof = library.get_proof(Web3.to_checksum_address(keeper), [b"\0" * 32], "finalized")

    assert int.from_bytes(proof["storageProof"][0]["value"], "big") == 77


def test_the_absence_of_an_account_is_proven(url: str) -> None:
    nobody = "0x" + "0b" * 20
    block = rpc(url, "eth_getBlockByNumber", "latest", False)

    proof = rpc(url, "eth_getProof", nobody, ["0x0"], block["hash"])

    assert proven(block["stateRoot"], bytes.fromhex(nobody[2:]), proof["accountProof"]) == b""
    assert (proof["nonce"], proof["balance"], proof["storageHash"]) == ("0x0", "0x0", BLANK_ROOT)


def test_a_proof_does_not_hold_under_another_root(url: str, keeper: str) -> None:
    proof = rpc(url, "eth_getProof", keeper, [], "latest")

    with pytest.raises(BadTrieProof):
        proven("0x" + "11" * 32, bytes.fromhex(keeper[2:]), proof["accountProof"])


@pytest.mark.parametrize("keys", [None, "0x0", ["0x"], ["0x" + "1" * 65], ["0x0"] * 1025, [1]])
def test_malformed_positions_are_refused(url: str, keys: object) -> None:
    with pytest.raises(RpcFailure) as caught:
        rpc(url, "eth_getProof", "0x" + "0b" * 20, keys, "latest")

    assert caught.value.code == -32602

"""What the anchor log does on every chain: one suite, run on py-evm and on anvil.

The fine grain (fuzzing, each error in each place) is in contracts/test; here the same bytes run under two other
virtual machines, through signed transactions, and what only a transaction receipt shows is measured.
"""

import secrets
from typing import Final

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from web3 import Web3

from registry.adapters.artifacts import load_artifact
from tests.contracts.chains import Chain

GAS_CEILING: Final = 51_500
"""The promise of the project: one anchor, for all issuers and all revocations of an epoch together."""

GAS_FLOOR: Final = 50_000
# Below this the root is not stored, or the storage was warm: the measurement would be wrong.


def selectors() -> dict[str, bytes]:
    """Return the four bytes that call each function, by its signature."""
    functions = [element for element in load_artifact().abi if element["type"] == "function"]
    signatures = [
        f"{function['name']}({','.join(argument['type'] for argument in function['inputs'])})" for function in functions
    ]
    return {signature: keccak(text=signature)[:4] for signature in signatures}


def error_data(signature: str, *words: int) -> bytes:
    """Return the answer of a call that reverts with a custom error of whole-word arguments."""
    return keccak(text=signature)[:4] + b"".join(word.to_bytes(32, "big") for word in words)


def number_of(account: LocalAccount) -> int:
    """Return an address as the ABI pads it."""
    return int(account.address, 16)


def ordinary_root() -> bytes:
    """Return 32 random bytes, none of them zero: the dearest calldata, and no selector in front."""
    root = bytes(byte or 0xFF for byte in secrets.token_bytes(32))
    return root if root[:4] not in selectors().values() else ordinary_root()


class AnchorLogSuite:
    """Tests that a chain passes when the contract is on it."""

    def test_the_published_code_stands_at_the_address_that_follows_from_it(self, chain: Chain) -> None:
        artifact = load_artifact()

        assert bytes(chain.web3.eth.get_code(chain.contract.address)) == artifact.runtime_code

    def test_an_anchor_takes_no_more_gas_than_promised(self, chain: Chain) -> None:
        chain.open_bound_log()
        chain.send(chain.anchorer, ordinary_root())
        root = ordinary_root()

        receipt = chain.send(chain.anchorer, root)

        assert receipt["status"] == 1
        assert bytes(chain.web3.eth.get_transaction(receipt["transactionHash"])["input"]) == root
        assert GAS_FLOOR < receipt["gasUsed"] <= GAS_CEILING

    def test_an_anchor_is_stored_announced_and_timed(self, chain: Chain) -> None:
        log = chain.open_bound_log()
        roots = [ordinary_root(), ordinary_root()]

        receipts = [chain.send(chain.anchorer, root) for root in roots]

        block = chain.web3.eth.get_block(receipts[1]["blockNumber"])
        assert [chain.read("rootAt", log, epoch) for epoch in (0, 1, 2, 3)] == [bytes(32), *roots, bytes(32)]
        assert chain.read("latest", log) == [2, block["timestamp"], roots[1]]
        [event] = chain.contract.events.Anchored().process_receipt(receipts[1])
        assert dict(event["args"]) == {"log": log, "epoch": 2, "root": roots[1]}

    def test_a_rotation_keeps_the_counter_and_unbinds_the_old_account(self, chain: Chain) -> None:
        log = chain.open_bound_log()
        first, second = ordinary_root(), ordinary_root()
        chain.send(chain.anchorer, first)
        chain.call(chain.owner, "setAnchorer", log, chain.successor.address)
        chain.call(chain.successor, "acceptAnchorer", log)

        by_the_old = chain.send(chain.anchorer, second)
        by_the_new = chain.send(chain.successor, second)

        assert (by_the_old["status"], by_the_new["status"]) == (0, 1)
        assert chain.read("latestEpoch", log) == 2
        assert [chain.read("rootAt", log, epoch) for epoch in (1, 2)] == [first, second]
        assert chain.read("anchorerOf", log) == chain.successor.address
        assert chain.read("logOf", chain.anchorer.address) == 0

    def test_nobody_can_divert_another_accounts_roots(self, chain: Chain) -> None:
        log = chain.open_bound_log()
        chain.call(chain.stranger, "openLog", chain.anchorer.address)
        trap = log + 1
        root = ordinary_root()

        chain.send(chain.anchorer, root)

        assert chain.read("ownerOf", trap) == chain.stranger.address
        assert chain.read("latestEpoch", trap) == 0
        assert chain.read("rootAt", log, 1) == root

    def test_an_account_that_is_not_bound_does_not_anchor(self, chain: Chain) -> None:
        chain.open_bound_log()
        expected = error_data("AccountIsNotBound(address)", number_of(chain.stranger))

        assert chain.revert_data(chain.stranger, ordinary_root()) == expected

    def test_a_zero_root_is_refused(self, chain: Chain) -> None:
        chain.open_bound_log()

        assert chain.revert_data(chain.anchorer, bytes(32)) == error_data("RootIsZero()")

    @pytest.mark.parametrize("size", [0, 1, 3, 4, 31, 33, 36, 64])
    def test_calldata_of_another_size_is_refused(self, chain: Chain, size: int) -> None:
        chain.open_bound_log()
        expected = error_data("CalldataIsNotARoot(uint256)", size)

        assert chain.revert_data(chain.anchorer, b"\xff" * size) == expected

    @pytest.mark.parametrize("signature", sorted(selectors()))
    def test_a_root_shaped_like_a_selector_reverts_and_goes_through_anchor(self, chain: Chain, signature: str) -> None:
        log = chain.open_bound_log()
        root = selectors()[signature] + ordinary_root()[4:]

        refused = chain.send(chain.anchorer, root)
        accepted = chain.call(chain.anchorer, "anchor", root)

        assert (refused["status"], accepted["status"]) == (0, 1)
        assert chain.read("latest", log)[::2] == [1, root]  # type: ignore[index] # a view of three values answers a list

    def test_ether_is_refused(self, chain: Chain) -> None:
        log = chain.open_bound_log()

        with_a_root = chain.send(chain.anchorer, ordinary_root(), value=1)
        with_nothing = chain.send(chain.anchorer, b"", value=1)

        assert (with_a_root["status"], with_nothing["status"]) == (0, 0)
        assert chain.read("latestEpoch", log) == 0
        assert chain.web3.eth.get_balance(chain.contract.address) == 0

    def test_only_the_owner_names_accounts(self, chain: Chain) -> None:
        log = chain.open_bound_log()
        expected = error_data("AccountIsNotOwner(uint256,address)", log, number_of(chain.stranger))

        for function in ("setAnchorer", "nominateOwner"):
            call = Web3.to_bytes(hexstr=chain.contract.encode_abi(function, args=[log, chain.stranger.address]))
            assert chain.revert_data(chain.stranger, call) == expected

    def test_the_owner_hands_over_to_the_account_it_named(self, chain: Chain) -> None:
        log = chain.open_bound_log()
        chain.call(chain.owner, "nominateOwner", log, chain.successor.address)

        too_early = chain.call(chain.stranger, "acceptOwner", log)
        accepted = chain.call(chain.successor, "acceptOwner", log)

        assert (too_early["status"], accepted["status"]) == (0, 1)
        assert chain.read("ownerOf", log) == chain.successor.address
        assert chain.read("anchorerOf", log) == chain.anchorer.address

    def test_roots_and_seats_stand_where_the_documentation_says(self, chain: Chain) -> None:
        log = chain.open_bound_log()
        root = ordinary_root()
        receipt = chain.send(chain.anchorer, root)
        time = chain.web3.eth.get_block(receipt["blockNumber"])["timestamp"]
        word = {"log": log.to_bytes(32, "big"), "account": number_of(chain.anchorer).to_bytes(32, "big")}

        root_key = keccak((1).to_bytes(32, "big") + keccak(word["log"] + (1).to_bytes(32, "big")))
        seat_key = keccak(word["account"] + bytes(32))

        assert self.word_at(chain, root_key) == int.from_bytes(root, "big")
        assert self.word_at(chain, seat_key) == time << 192 | 1 << 128 | log

    @staticmethod
    def word_at(chain: Chain, key: bytes) -> int:
        storage = chain.web3.eth.get_storage_at(chain.contract.address, int.from_bytes(key, "big"))
        return int.from_bytes(storage, "big")

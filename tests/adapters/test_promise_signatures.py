"""Signatures of promises: the hash of EIP-712 as the contract computes it, one signature of each, and whose it is."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from registry.adapters.promise_signatures import PromiseKey, recover_signer, sign_promise
from registry.domain.hashing import sha256
from registry.domain.promise import Promise, PromiseTerms
from tests.domain.test_promise import COURT, INCLUSION, REVOCATION
from tests.promises import promise_account

ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
TYPES: Final = {
    INCLUSION.kind: "InclusionPromise(uint256 log,bytes32 leaf,uint64 slot,uint64 epoch,uint64 deadline)",
    REVOCATION.kind: "RevocationPromise(uint256 log,uint64 slot,uint64 epoch,uint64 deadline)",
}
DOMAIN: Final = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
BOTH: Final = pytest.mark.parametrize("terms", [INCLUSION, REVOCATION], ids=lambda terms: terms.kind)


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def digest(terms: PromiseTerms) -> bytes:
    """Hash what is signed, as contracts/src/PromiseSignatures.sol does."""
    domain = keccak(
        keccak(text=DOMAIN)
        + keccak(text="CredrootFraudCourt")
        + keccak(text="1")
        + word(terms.log.chain_id)
        + word(int(terms.court, 16))
    )
    members = [terms.log.number, terms.slot, terms.epoch, terms.deadline_seconds]
    words = [word(member) for member in members]
    if terms.leaf is not None:
        words.insert(1, terms.leaf)
    return keccak(b"\x19\x01" + domain + keccak(keccak(text=TYPES[terms.kind]) + b"".join(words)))


def signed(terms: PromiseTerms) -> Promise:
    return sign_promise(terms, promise_account())


def parts(promise: Promise) -> tuple[int, int, int]:
    r, packed = int.from_bytes(promise.signature[:32], "big"), int.from_bytes(promise.signature[32:], "big")
    return r, packed & (1 << 255) - 1, packed >> 255


def compact(r: int, s: int, parity: int) -> bytes:
    return word(r) + word(parity << 255 | s)


@BOTH
def test_what_is_signed_is_the_hash_that_the_contract_computes(terms: PromiseTerms) -> None:
    promise = signed(terms)

    r, s, parity = parts(promise)
    # Of the bare hash, with no prefix: what ecrecover does.
    recovered = Account._recover_hash(digest(terms), vrs=(27 + parity, r, s))
    assert recovered == promise_account().address


@BOTH
def test_the_signer_is_recovered(terms: PromiseTerms) -> None:
    promise = signed(terms)

    assert recover_signer(promise) == promise.key == promise_account().address.lower()
    assert promise.terms == terms


def test_the_same_terms_have_the_same_signature() -> None:
    assert signed(INCLUSION) == signed(INCLUSION)


def test_a_promise_key_signs_for_its_court() -> None:
    key = PromiseKey(promise_account(), court=COURT)

    assert key.court == COURT
    assert key.sign(REVOCATION) == signed(REVOCATION)


@pytest.mark.parametrize(
    "change",
    [
        {"leaf": sha256(b"another")},
        {"slot": INCLUSION.slot + 1},
        {"epoch": INCLUSION.epoch + 1},
        {"deadline": INCLUSION.deadline + timedelta(seconds=1)},
        {"log": replace(INCLUSION.log, number=8)},
        {"log": replace(INCLUSION.log, chain_id=1)},
        {"court": "0x" + "c1" * 20},
        {"kind": REVOCATION.kind, "leaf": None},
    ],
    ids=str,
)
def test_changed_terms_are_not_by_the_key(change: dict[str, Any]) -> None:
    promise = signed(INCLUSION)

    forged = replace(promise, terms=replace(INCLUSION, **change))

    assert recover_signer(forged) != promise.key


@pytest.mark.parametrize("parity", [0, 1])
def test_an_s_above_half_the_order_is_nobodys(parity: int) -> None:
    promise = signed(INCLUSION)
    r, _, _ = parts(promise)
    highest, twin = (replace(promise, signature=compact(r, s, parity)) for s in (ORDER // 2, ORDER // 2 + 1))

    assert recover_signer(highest) not in {None, promise.key}
    assert recover_signer(twin) is None


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 1), (1, 0), (ORDER, 1), (ORDER - 1, 1), (2**256 - 1, 1), (5, 1)],
    ids=["no r", "no s", "r at the order", "r off the curve", "largest r", "r that is no abscissa"],
)
@pytest.mark.parametrize("parity", [0, 1])
def test_what_is_no_signature_is_never_the_keys_and_no_error(r: int, s: int, parity: int) -> None:
    promise = replace(signed(INCLUSION), signature=compact(r, s, parity))

    assert recover_signer(promise) != promise.key


def test_the_other_parity_is_another_key() -> None:
    promise = signed(INCLUSION)
    r, s, parity = parts(promise)

    assert recover_signer(replace(promise, signature=compact(r, s, 1 - parity))) not in {None, promise.key}

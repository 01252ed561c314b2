"""From the signature of a digest to a signed transaction, as a key management service would return it."""

from typing import Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from eth_account import Account
from eth_keys.constants import SECPK1_N
from hypothesis import given
from hypothesis import strategies as st

from registry.adapters.transaction_signatures import (
    address_of_public_key,
    read_der_signature,
    transaction_digest,
    transaction_from_signature,
)
from registry.adapters.transactions import LocalSigner, check_signed, sign_transaction
from registry.chain_ports import AnchorTransaction
from registry.domain.errors import Malformed, ProofMismatch, Refused
from tests.adapters.test_transactions import ACCOUNT, TRANSACTION

KEYS: Final = st.integers(min_value=1, max_value=SECPK1_N - 1)


class HardwareKey:
    """A key as a service keeps it: it signs digests, in DER, with an s of either half."""

    def __init__(self, secret: int) -> None:
        self._key = ec.derive_private_key(secret, ec.SECP256K1())
        numbers = self._key.public_key().public_numbers()
        self._address = address_of_public_key(numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big"))

    @property
    def address(self) -> str:
        return self._address

    def sign(self, transaction: AnchorTransaction) -> bytes:
        der = self._key.sign(transaction_digest(transaction), ec.ECDSA(Prehashed(hashes.SHA256())))
        r, s = read_der_signature(der)
        return transaction_from_signature(transaction, r=r, s=s, address=self._address)


@given(secret=KEYS, nonce=st.integers(min_value=0, max_value=2**64 - 1))
def test_any_signature_of_the_digest_becomes_the_transaction_that_was_asked_for(secret: int, nonce: int) -> None:
    transaction = AnchorTransaction(
        chain_id=TRANSACTION.chain_id,
        contract=TRANSACTION.contract,
        calldata=TRANSACTION.calldata,
        nonce=nonce,
        gas=TRANSACTION.gas,
        max_fee_wei=TRANSACTION.max_fee_wei,
        tip_wei=TRANSACTION.tip_wei,
    )
    key = HardwareKey(secret)

    signed = sign_transaction(key, transaction)

    assert Account.recover_transaction(signed.raw).lower() == key.address


@given(secret=KEYS)
def test_an_address_is_that_of_the_public_key(secret: int) -> None:
    assert HardwareKey(secret).address == Account.from_key(secret.to_bytes(32, "big")).address.lower()


@pytest.mark.parametrize("high", [False, True])
def test_either_half_of_s_leads_to_the_same_bytes(high: bool) -> None:
    signed = Account.from_key("0x" + "01" * 32).unsafe_sign_hash(transaction_digest(TRANSACTION))
    der = encode_dss_signature(signed.r, SECPK1_N - signed.s if high else signed.s)
    r, s = read_der_signature(der)

    raw = transaction_from_signature(TRANSACTION, r=r, s=s, address=ACCOUNT.address)

    assert raw == ACCOUNT.sign(TRANSACTION)


def test_a_transaction_with_the_high_s_is_refused_though_it_recovers_the_account() -> None:
    raw = bytearray(ACCOUNT.sign(TRANSACTION))
    s = int.from_bytes(raw[-32:], "big")
    raw[-32:] = (SECPK1_N - s).to_bytes(32, "big")
    # The parity byte stands before r: 0x80 is zero, 0x01 is one.
    raw[-67] = 0x01 if raw[-67] == 0x80 else 0x80
    assert str(Account.recover_transaction(bytes(raw))).lower() == ACCOUNT.address

    with pytest.raises(ProofMismatch, match="lower half"):
        check_signed(bytes(raw), TRANSACTION, sender=ACCOUNT.address)


def test_a_signature_of_another_key_is_refused() -> None:
    other = LocalSigner(Account.from_key("0x" + "02" * 32))
    signed = Account.from_key("0x" + "01" * 32).unsafe_sign_hash(transaction_digest(TRANSACTION))

    with pytest.raises(Refused, match="another key"):
        transaction_from_signature(TRANSACTION, r=signed.r, s=signed.s, address=other.address)


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (SECPK1_N, 1), (5, SECPK1_N), (2**300, 1), (1, 2**300)])
def test_numbers_that_are_no_signature_are_refused(r: int, s: int) -> None:
    with pytest.raises(Refused):
        transaction_from_signature(TRANSACTION, r=r, s=s, address=ACCOUNT.address)


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x00" * 70, b"\x30\x06\x02\x01\x01\x02\x01\x01\x00"])
def test_what_is_no_der_signature_is_malformed(der: bytes) -> None:
    with pytest.raises(Malformed, match="DER"):
        read_der_signature(der)


def test_a_public_key_of_another_length_is_malformed() -> None:
    with pytest.raises(Malformed, match="64 bytes"):
        address_of_public_key(b"\x04" * 65)


@given(garbage=st.binary(max_size=200).map(lambda tail: b"\x02" + tail))
def test_bytes_that_are_no_transaction_are_malformed(garbage: bytes) -> None:
    with pytest.raises(Malformed):
        check_signed(garbage, TRANSACTION, sender=ACCOUNT.address)


@given(at=st.integers(min_value=0, max_value=10_000), to=st.integers(min_value=0, max_value=255))
def test_no_byte_of_a_signed_transaction_can_be_changed(at: int, to: int) -> None:
    raw = bytearray(ACCOUNT.sign(TRANSACTION))
    at %= len(raw)
    raw[at] = to if raw[at] != to else to ^ 1

    with pytest.raises((Malformed, ProofMismatch)):
        check_signed(bytes(raw), TRANSACTION, sender=ACCOUNT.address)


@pytest.mark.parametrize("tail", [b"\x00", b"\xc0"])
def test_nothing_may_follow_a_signed_transaction(tail: bytes) -> None:
    with pytest.raises((Malformed, ProofMismatch)):
        check_signed(ACCOUNT.sign(TRANSACTION) + tail, TRANSACTION, sender=ACCOUNT.address)

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given
from hypothesis import strategies as st

from registry.adapters.keys import EcdsaSigner
from registry.domain.errors import Malformed
from registry.domain.multikey import CURVES, KeyAlgorithm, PublicKey
from registry.domain.signatures import SIGNATURE_SIZES, verify_signature, write_p1363
from tests.badges import MemorySigner

ORDERS = {
    KeyAlgorithm.P256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    KeyAlgorithm.P384: int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16
    ),
}
CURVES_USED = sorted(ORDERS)


def signer(algorithm: KeyAlgorithm, value: int = 7) -> EcdsaSigner:
    return EcdsaSigner(ec.derive_private_key(value, CURVES[algorithm]))


def spelled(algorithm: KeyAlgorithm, r: int, s: int) -> bytes:
    half = SIGNATURE_SIZES[algorithm] // 2
    return r.to_bytes(half, "big") + s.to_bytes(half, "big")


@pytest.mark.parametrize("algorithm", CURVES_USED)
@given(data=st.binary(max_size=100))
def test_what_a_key_signs_verifies_with_it_and_no_other(algorithm: KeyAlgorithm, data: bytes) -> None:
    signature = signer(algorithm).sign(data)

    assert len(signature) == SIGNATURE_SIZES[algorithm]
    assert verify_signature(signer(algorithm).public_key, signature=signature, data=data)
    assert not verify_signature(signer(algorithm).public_key, signature=signature, data=data + b"x")
    assert not verify_signature(signer(algorithm, 8).public_key, signature=signature, data=data)


@pytest.mark.parametrize("algorithm", CURVES_USED)
def test_numbers_out_of_range_and_other_spellings_sign_nothing(algorithm: KeyAlgorithm) -> None:
    key, good = signer(algorithm), signer(algorithm).sign(b"data")
    half, order = len(good) // 2, ORDERS[algorithm]
    r, s = int.from_bytes(good[:half], "big"), int.from_bytes(good[half:], "big")

    for signature in (
        b"",
        good[:-1],
        good + b"\0",
        b"\0" + good,
        utils.encode_dss_signature(r, s),
        spelled(algorithm, 0, s),
        spelled(algorithm, r, 0),
        spelled(algorithm, 0, 0),
        spelled(algorithm, order, s),
        spelled(algorithm, r, order),
        spelled(algorithm, 2 ** (8 * half) - 1, s),
        spelled(algorithm, r, 2 ** (8 * half) - 1),
        spelled(algorithm, s, r),
    ):
        assert not verify_signature(key.public_key, signature=signature, data=b"data"), signature.hex()


@pytest.mark.parametrize("algorithm", CURVES_USED)
def test_an_ecdsa_signature_has_a_twin_that_verifies_too(algorithm: KeyAlgorithm) -> None:
    # Known of ECDSA, and why nothing here is named by its signature: leaves cover the whole secured document.
    good = signer(algorithm).sign(b"data")
    half = len(good) // 2
    twin = spelled(
        algorithm, int.from_bytes(good[:half], "big"), ORDERS[algorithm] - int.from_bytes(good[half:], "big")
    )

    assert twin != good
    assert verify_signature(signer(algorithm).public_key, signature=twin, data=b"data")


def test_a_key_is_not_used_for_signatures_of_another_kind() -> None:
    ed25519 = MemorySigner()
    p256 = signer(KeyAlgorithm.P256)
    secp = ec.derive_private_key(7, CURVES[KeyAlgorithm.SECP256K1]).public_key().public_numbers()
    secp256k1 = PublicKey(algorithm=KeyAlgorithm.SECP256K1, raw=bytes([2 + secp.y % 2]) + secp.x.to_bytes(32, "big"))

    assert not verify_signature(p256.public_key, signature=ed25519.sign(b"data"), data=b"data")
    assert not verify_signature(ed25519.public_key, signature=p256.sign(b"data"), data=b"data")
    assert not verify_signature(secp256k1, signature=p256.sign(b"data"), data=b"data")


def test_numbers_too_long_for_the_curve_have_no_spelling() -> None:
    der = signer(KeyAlgorithm.P384)._private_key.sign(b"data", ec.ECDSA(hashes.SHA384()))

    with pytest.raises(Malformed, match="at most 32 bytes"):
        write_p1363(KeyAlgorithm.P256, der)


@pytest.mark.parametrize(
    "key", [(1).to_bytes(32, "little"), (2**255 - 18).to_bytes(32, "little")], ids=["plain", "odd"]
)
def test_one_signature_by_a_point_of_small_order_does_not_do_for_every_document(key: bytes) -> None:
    # R is the neutral element and S is zero: the equation holds whatever was signed.
    signature = (1).to_bytes(32, "little") + bytes(32)

    assert not any(
        verify_signature(PublicKey.ed25519(key), signature=signature, data=data) for data in (b"one", b"another")
    )

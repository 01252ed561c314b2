"""Plain signatures over bytes: Ed25519 (RFC 8032), ECDSA over P-256 with SHA-256 and P-384 with SHA-384 (FIPS 186-5).

    Ed25519   64 bytes
    ECDSA     r ‖ s, each as long as the curve's order, big-endian (IEEE P1363); never DER

An ECDSA signature (r, s) has a twin (r, n - s) that verifies too: a signature is no name for what it signs. Leaves do
not suffer: they cover the secured document, the proof's value included (protocol section 1).
"""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.domain.errors import Malformed
from registry.domain.multikey import CURVES, KeyAlgorithm, PublicKey

SIGNATURE_SIZES: Final = {KeyAlgorithm.ED25519: 64, KeyAlgorithm.P256: 64, KeyAlgorithm.P384: 96}
ECDSA_HASHES: Final[dict[KeyAlgorithm, hashes.HashAlgorithm]] = {
    KeyAlgorithm.P256: hashes.SHA256(),
    KeyAlgorithm.P384: hashes.SHA384(),
}

_FIELD: Final = 2**255 - 19
_ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER: Final = frozenset({0, 1, _FIELD - 1, _ORDER_8, _FIELD - _ORDER_8})
"""The second coordinates of the points of Ed25519 whose order divides eight (RFC 8032 section 5.1)."""


def verify_signature(public_key: PublicKey, *, signature: bytes, data: bytes) -> bool:
    """Tell whether the key signed the data; a signature of another length or out of range is none.

    Nor is one by a point of small order: nobody has its private key, and one signature would do for every document.
    """
    if len(signature) != SIGNATURE_SIZES.get(public_key.algorithm):
        return False
    if public_key.algorithm is KeyAlgorithm.ED25519 and _is_of_small_order(public_key.raw):
        return False
    try:
        if public_key.algorithm is KeyAlgorithm.ED25519:
            Ed25519PublicKey.from_public_bytes(public_key.raw).verify(signature, data)
        else:
            _verify_ecdsa(public_key, signature=signature, data=data)
    except InvalidSignature:
        return False
    return True


def write_p1363(algorithm: KeyAlgorithm, der: bytes) -> bytes:
    """Write an ECDSA signature as r ‖ s, from the DER that the library makes.

    Raises Malformed `malformed-signature` for numbers too long for the curve.
    """
    half = SIGNATURE_SIZES[algorithm] // 2
    r, s = utils.decode_dss_signature(der)
    try:
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")
    except OverflowError as error:
        raise Malformed("malformed-signature", f"expected numbers of at most {half} bytes") from error


def _is_of_small_order(raw: bytes) -> bool:
    # The highest bit is the sign of the other coordinate.
    return (int.from_bytes(raw, "little") & (2**255 - 1)) % _FIELD in _SMALL_ORDER


def _verify_ecdsa(public_key: PublicKey, *, signature: bytes, data: bytes) -> None:
    half = len(signature) // 2
    r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    # The library refuses zero and what is not below the curve's order, as FIPS 186-5 section 6.4.2 asks; the
    # vectors hold it to that.
    encoded = utils.encode_dss_signature(r, s)
    key = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[public_key.algorithm], public_key.raw)
    key.verify(encoded, data, ec.ECDSA(ECDSA_HASHES[public_key.algorithm]))
